"""The line that always says what would help most, and plain text that ends in a link."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QPainter, QPaintEvent
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from napari_unet.app.state import Severity
from napari_unet.gui.style import colours_of, set_role

_MARK_WIDTH = 3


class Line(NamedTuple):
    """What the line says.

    Parameters
    ----------
    text : str
    severity : {"hint", "good", "warning", "error"}
    link : str
        Words of a link that does what the sentence asks for.
    code : str
        Which link it is.
    """

    text: str
    severity: Severity = "hint"
    link: str = ""
    code: str = ""


class LinkLine(QLabel):
    """A quiet sentence, word-wrapped, that may end in a link; keyboard users reach it too."""

    followed = Signal()
    """Emitted when the link is clicked, or Enter pressed on it."""

    def __init__(self, role: str = "link", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence, self._link = "", ""
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        set_role(self, role)
        self.linkActivated.connect(lambda _: self.followed.emit())

    def set_line(self, sentence: str, link: str = "") -> None:
        """Show a sentence and, after it, a link; no link if empty."""
        if (sentence, link) != (self._sentence, self._link):
            self._sentence, self._link = sentence, link
            self._render()

    def sentence(self) -> str:
        """The sentence without the link."""
        return self._sentence

    def link(self) -> str:
        """The words of the link."""
        return self._link

    def changeEvent(self, event: QEvent | None) -> None:
        """Colour the link anew when the theme changes."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange:
            self._render()

    def _render(self) -> None:
        html = escape(self._sentence)
        if self._link:
            colour = colours_of(self).text.name()
            words = escape(self._link).replace(" ", "&nbsp;")
            html += f' <a href="#" style="color: {colour}">{words}</a>'
        if html != super().text():
            self.setText(html)
        self.setAccessibleName(f"{self._sentence} {self._link}".strip())
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
            if self._link
            else Qt.TextInteractionFlag.NoTextInteraction
        )
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if self._link else Qt.FocusPolicy.NoFocus)


class AdviceLine(QFrame):
    """One sentence of advice at the foot of the panel, two lines high, more if it must."""

    follow_requested = Signal(str)
    """Emitted with the code of the advice when its link is followed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("advice_line")
        set_role(self, "advice")
        self._severity: Severity = "hint"
        self._code = ""
        self._line = LinkLine("advice", self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(_MARK_WIDTH + 7, 4, 6, 4)
        layout.addWidget(self._line)
        self._line.followed.connect(lambda: self.follow_requested.emit(self._code))
        self._make_room()

    def set_advice(
        self, text: str, severity: Severity = "hint", *, link: str = "", code: str = ""
    ) -> None:
        """Say something.

        Parameters
        ----------
        text : str
            One or two plain sentences.
        severity : {"hint", "good", "warning", "error"}
            Chooses the colour of the mark at the left.
        link : str
            The words of a link after the text; none if empty.
        code : str
            What `follow_requested` sends when the link is followed.
        """
        self._severity, self._code = severity, code
        self._line.set_line(text, link)
        self.setAccessibleName(f"{severity}: {text}")
        self.update()

    def text(self) -> str:
        """What it says, without the link."""
        return self._line.sentence()

    def severity(self) -> Severity:
        """How serious it is."""
        return self._severity

    def link(self) -> str:
        """The words of the link; empty where there is none."""
        return self._line.link()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint the frame and a mark in the colour of the severity."""
        super().paintEvent(event)
        colours = colours_of(self)
        mark = {
            "hint": colours.loss,
            "good": colours.good,
            "warning": colours.warning,
            "error": colours.error,
        }[self._severity]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mark)
        painter.drawRoundedRect(3, 5, _MARK_WIDTH, self.height() - 10, 1.5, 1.5)

    def changeEvent(self, event: QEvent | None) -> None:
        """Keep room for two lines when the font changes."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange:
            self._make_room()

    def _make_room(self) -> None:
        self._line.setMinimumHeight(2 * self._line.fontMetrics().lineSpacing() + 2)
