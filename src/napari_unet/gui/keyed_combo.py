"""A combo box for layers and models: chosen by key, long names elided, no accidental scrolling."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QPaintEvent
from qtpy.QtWidgets import (
    QComboBox,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QWidget,
)

_KEY = Qt.ItemDataRole.UserRole


class KeyedCombo(QComboBox):
    """A combo box of named things with keys; long names are elided, never cut off.

    Parameters
    ----------
    empty : str
        What to show when there is nothing to choose.
    """

    chosen = Signal(object)
    """Emitted with the key, or None, when another thing is chosen."""

    def __init__(self, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._empty = empty
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        only_when_focused(self)
        self._key: str | None = None
        self.setToolTip(empty)
        self.currentIndexChanged.connect(self._on_index_changed)

    def set_items(self, items: Sequence[tuple[str, str]]) -> None:
        """Offer these pairs of key and name; keep the choice if it is still among them."""
        before = self.key()
        if items != [(self.itemData(i, _KEY), self.itemText(i)) for i in range(self.count())]:
            with QSignalBlocker(self):
                self.clear()
                for key, name in items:
                    self.addItem(name, key)
                    self.setItemData(self.count() - 1, name, Qt.ItemDataRole.ToolTipRole)
                found = self.findData(before)
                self.setCurrentIndex(found if found >= 0 else min(0, self.count() - 1))
        self._on_index_changed()

    def key(self) -> str | None:
        """The key of what is chosen."""
        return self.currentData(_KEY)

    def set_key(self, key: str | None) -> None:
        """Choose the thing with this key; an unknown key changes nothing."""
        index = self.findData(key) if key is not None else -1
        if index >= 0 or key is None:
            self.setCurrentIndex(index)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Paint the box with its text elided in the middle."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        option.currentText = self.fontMetrics().elidedText(
            self.currentText() or self._empty, Qt.TextElideMode.ElideMiddle, field.width() - 4
        )
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def _on_index_changed(self) -> None:
        self.setEnabled(self.count() > 0)
        self.setToolTip(self.currentText() or self._empty)
        self.update()
        if self.key() != self._key:
            self._key = self.key()
            self.chosen.emit(self._key)


class _FocusedWheel(QObject):
    """Lets the wheel scroll the panel instead of turning a control that has no focus."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Pass wheel turns on to the parent unless the control has the focus."""
        if (
            event is not None
            and event.type() == QEvent.Type.Wheel
            and isinstance(watched, QWidget)
            and not watched.hasFocus()
        ):
            event.ignore()
            return True
        return False


def only_when_focused(control: QWidget) -> None:
    """Make `control` heed the mouse wheel only while it has the keyboard focus."""
    control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    control.installEventFilter(_FocusedWheel(control))
