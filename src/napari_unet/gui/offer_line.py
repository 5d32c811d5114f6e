"""One sentence with two buttons, shown only while there is something to offer."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_unet.gui.style import set_role


class OfferLine(QFrame):
    """An offer that waits for an answer and stands in nobody's way.

    Parameters
    ----------
    accept, decline : tuple of str
        For each of the two buttons its word, and what it does in a sentence.
    parent : QWidget, optional
    """

    accepted = Signal()
    """The first button was pressed."""
    declined = Signal()
    """The second button was pressed."""

    def __init__(
        self,
        accept: tuple[str, str],
        decline: tuple[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("offer_line")
        set_role(self, "advice")
        self._label = QLabel("", self)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.accept_button = self._button(*accept)
        self.decline_button = self._button(*decline)
        self.accept_button.clicked.connect(self.accepted)
        self.decline_button.clicked.connect(self.declined)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        buttons.addWidget(self.accept_button)
        buttons.addWidget(self.decline_button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 5, 8, 6)
        layout.setSpacing(4)
        layout.addWidget(self._label)
        layout.addLayout(buttons)
        self.hide()

    def set_sentence(self, sentence: str) -> None:
        """Show this offer; none if empty."""
        self._label.setText(sentence)
        self.setAccessibleName(sentence)
        self.setVisible(bool(sentence))

    def sentence(self) -> str:
        """What is offered; empty if nothing is."""
        return str(self._label.text())

    def _button(self, words: str, tip: str) -> QPushButton:
        button = QPushButton(words, self)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        return button
