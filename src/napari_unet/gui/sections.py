"""Sections of the panel: a numbered step, or a group that folds away."""

from __future__ import annotations

from qtpy.QtCore import QPoint, Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_unet.gui.style import set_role


class Section(QWidget):
    """A titled part of the panel, under a thin rule.

    Parameters
    ----------
    title : str
        A word or two.
    number : int, optional
        The step's number, shown in a badge.
    collapsible : bool
        True if a click on the title folds the content away.
    expanded : bool
        Whether the content shows at first.
    rule : bool
        Whether a thin line above sets the section apart.
    """

    toggled = Signal(bool)
    """Emitted with True when the content unfolds, False when it folds."""

    def __init__(
        self,
        title: str,
        number: int | None = None,
        *,
        collapsible: bool = False,
        expanded: bool = True,
        rule: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(title if number is None else f"Step {number}: {title}")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._button: QToolButton | None = None
        self._aside = QElidingLabel("", self)
        self._aside.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        set_role(self._aside, "quiet")
        self._content = QWidget(self)
        self._body = QVBoxLayout(self._content)
        self._body.setContentsMargins(0, 0, 0, 0)
        self._body.setSpacing(4)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        if rule:
            layout.addWidget(_rule(self))
        self._header_line = self._header(title, number, collapsible)
        layout.addLayout(self._header_line)
        layout.addWidget(self._content)
        self.set_expanded(expanded or not collapsible)

    def add(self, widget: QWidget) -> None:
        """Put a widget below those already in the section."""
        self._body.addWidget(widget)

    def add_beside(self, widget: QWidget) -> None:
        """Put a widget at the right of the title, where it costs no height."""
        self._header_line.addWidget(widget)

    def set_aside(self, text: str) -> None:
        """Write a quiet word at the right of the title; elided where it is too long."""
        self._aside.setText(text)
        self._aside.setToolTip(text)

    def aside(self) -> str:
        """The word at the right of the title."""
        return str(self._aside.text())

    def expanded(self) -> bool:
        """Whether the content shows."""
        return not self._content.isHidden()

    def set_expanded(self, expanded: bool) -> None:
        """Unfold or fold the content."""
        if self._button is not None:
            self._button.setArrowType(
                Qt.ArrowType.DownArrow if expanded else Qt.ArrowType.RightArrow
            )
        if expanded != self.expanded():
            self._content.setVisible(expanded)
            self.toggled.emit(expanded)

    def _header(self, title: str, number: int | None, collapsible: bool) -> QHBoxLayout:
        header = QHBoxLayout()
        header.setSpacing(6)
        if number is not None:
            badge = QLabel(str(number), self)
            badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
            set_role(badge, "badge")
            header.addWidget(badge)
        if collapsible:
            header.addWidget(self._fold_button(title))
        else:
            label = QLabel(title, self)
            set_role(label, "title")
            header.addWidget(label)
        header.addWidget(self._aside, 1)
        return header

    def _fold_button(self, title: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(title)
        button.setToolTip(f"Show or hide {title}")
        button.setAccessibleName(f"Show or hide {title}")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_role(button, "header")
        button.clicked.connect(self._on_button_clicked)
        self._button = button
        return button

    def _on_button_clicked(self) -> None:
        self.set_expanded(not self.expanded())
        if self.expanded():
            QTimer.singleShot(0, self.show_content)  # once the layout has made room

    def show_content(self) -> None:
        """Scroll as far as the content needs, but never the title out of sight."""
        area = self.parentWidget()
        while area is not None and not isinstance(area, QScrollArea):
            area = area.parentWidget()
        if area is not None:
            top = self.mapTo(area.widget(), QPoint(0, 0)).y()
            bar, room = area.verticalScrollBar(), area.viewport().height()
            wanted = min(top, top + self.sizeHint().height() - room)
            bar.setValue(max(bar.value(), wanted))


def _rule(parent: QWidget) -> QFrame:
    rule = QFrame(parent)
    set_role(rule, "rule")
    return rule
