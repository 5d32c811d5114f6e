"""One row of the class table: swatch, name, painted pixels, key."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from qtpy.QtWidgets import (
    QAbstractButton,
    QColorDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QWidget,
)
from superqt import QElidingLabel

from napari_unet.gui.style import colours_of, set_role

ERASER = 0
"""The paint value that takes paint away."""

_ROW_HEIGHT = 24
_KEY_WIDTH = 20


@dataclass(frozen=True)
class ClassRow:
    """A class as the table shows it.

    Parameters
    ----------
    value : int
        Its paint value.
    name : str
    colour : str
        ``"#rrggbb"``.
    pixels : int
        How many pixels of it are painted.
    key : str
        The key that switches to it; none if empty.
    """

    value: int
    name: str
    colour: str
    pixels: int = 0
    key: str = ""


def grouped(number: int) -> str:
    """A number with thin spaces between groups of three digits."""
    return f"{number:,}".replace(",", "\u2009")


class Swatch(QAbstractButton):
    """A small square of colour to click; checked like a chessboard for the eraser."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour: QColor | None = None
        self.setFixedSize(16, 16)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_colour(self, colour: QColor | None) -> None:
        """Show a colour, or a chessboard for None."""
        self._colour = colour
        self.update()

    def sizeHint(self) -> QSize:
        """A fixed, small square."""
        return QSize(16, 16)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Paint the square, with a ring while it has the focus."""
        colours = colours_of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colours.text if self.hasFocus() else colours.line)
        painter.setBrush(self._colour or colours.background)
        inside = self.rect().adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(inside, 3, 3)
        if self._colour is None:
            half = inside.width() // 2
            x, y = inside.x() + 1, inside.y() + 1
            painter.fillRect(x, y, half - 1, half - 1, colours.hover)
            painter.fillRect(x + half - 1, y + half - 1, half - 1, half - 1, colours.hover)


class ClassRowView(QFrame):
    """Shows one class and lets it be selected, renamed, recoloured and removed."""

    selected = Signal(int)
    renamed = Signal(int, str)
    recoloured = Signal(int, str)
    removed = Signal(int)
    stepped = Signal(int)
    """Emitted with -1 or 1 when the up or down key is pressed."""

    def __init__(self, row: ClassRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = row
        self._is_eraser = row.value == ERASER
        self.setFixedHeight(_ROW_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._swatch = Swatch(self)
        self._name = QElidingLabel("", self)
        self._name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._edit = QLineEdit(self)
        self._edit.setAccessibleName("Name of the class")
        self._edit.setMaxLength(60)
        self._edit.hide()
        self._pixels = QLabel(self)
        set_role(self._pixels, "number")
        self._key = QLabel(self)
        self._key.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._key.setMinimumWidth(_KEY_WIDTH)
        set_role(self._key, "key")
        self._remove = self._remove_button()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 0, 2, 0)
        layout.setSpacing(6)
        layout.addWidget(self._swatch)
        layout.addWidget(self._name, 1)
        layout.addWidget(self._edit, 1)
        for widget in (self._pixels, self._key, self._remove):
            layout.addWidget(widget)
        self._swatch.clicked.connect(self._on_swatch_clicked)
        self._edit.editingFinished.connect(self._on_edit_finished)
        self.set_row(row)
        self.set_current(False)

    def row(self) -> ClassRow:
        """What the row shows."""
        return self._row

    def tab_stops(self) -> tuple[QWidget, ...]:
        """What the tab key stops at, in order."""
        return (self, self._swatch, self._edit)

    def set_row(self, row: ClassRow) -> None:
        """Show this class; a name being edited is left alone."""
        self._row = row
        self._swatch.set_colour(None if self._is_eraser else QColor(row.colour))
        self._swatch.setAccessibleName(f"Colour of {row.name}")
        self._swatch.setToolTip("Eraser" if self._is_eraser else "Click to change the colour.")
        self._name.setText(row.name)
        self._pixels.setText("" if self._is_eraser else f"{grouped(row.pixels)} px")
        self._key.setText(row.key)
        self._key.setVisible(bool(row.key) and self._remove.isHidden())
        key = f" Key: {row.key}." if row.key else ""
        double = "" if self._is_eraser else " Double-click to rename."
        self.setToolTip(f"{row.name}: click to paint with it.{double}{key}")
        self.setAccessibleName(f"{row.name}, {row.pixels} pixels painted")

    def set_current(self, current: bool) -> None:
        """Mark the row as the one painted with."""
        set_role(self, "current" if current else "row")

    def set_removable(self, removable: bool, why_not: str) -> None:
        """Allow or forbid to remove the class."""
        self._remove.setEnabled(removable)
        self._remove.setToolTip("Remove this class." if removable else why_not)

    def edit_name(self) -> None:
        """Let the name be typed in place."""
        if not self._is_eraser:
            self._edit.setText(self._row.name)
            self._name.hide()
            self._edit.show()
            self._edit.selectAll()
            self._edit.setFocus(Qt.FocusReason.OtherFocusReason)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Select the class."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self.selected.emit(self._row.value)

    def mouseDoubleClickEvent(self, _event: QMouseEvent | None) -> None:
        """Start to rename the class."""
        self.edit_name()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Space selects, F2 renames, Delete removes, up and down move on.

        Enter does nothing here: it comes from the name that has just been typed.
        """
        if event is None:
            return
        key = event.key()
        if self._edit.isVisible():
            if key == Qt.Key.Key_Escape:
                self._edit.setText(self._row.name)
                self._edit.clearFocus()
        elif key == Qt.Key.Key_Space:
            self.selected.emit(self._row.value)
        elif key == Qt.Key.Key_F2:
            self.edit_name()
        elif key == Qt.Key.Key_Delete and self._remove.isEnabled():
            self.removed.emit(self._row.value)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(-1 if key == Qt.Key.Key_Up else 1)
        elif key not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def enterEvent(self, _event: QEvent | None) -> None:
        """Offer to remove the class while the mouse is over it."""
        if not self._is_eraser:
            self._key.hide()
            self._remove.show()

    def leaveEvent(self, _event: QEvent | None) -> None:
        """Look calm again."""
        self._remove.hide()
        self._key.setVisible(bool(self._row.key))

    def _remove_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setText("\u00d7")
        button.setFixedSize(_KEY_WIDTH, 18)
        button.setAccessibleName("Remove this class")
        button.setToolTip("Remove this class.")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.hide()
        button.clicked.connect(lambda: self.removed.emit(self._row.value))
        return button

    def _on_swatch_clicked(self) -> None:
        if self._is_eraser:
            self.selected.emit(ERASER)
            return
        colour = QColorDialog.getColor(
            QColor(self._row.colour), self.window(), f"Colour of {self._row.name}"
        )
        if colour.isValid() and colour.name() != self._row.colour:
            self.recoloured.emit(self._row.value, colour.name())

    def _on_edit_finished(self) -> None:
        if self._edit.isHidden():
            return
        name = self._edit.text().strip()
        self._edit.hide()
        self._name.show()
        self._edit.clearFocus()
        if name and name != self._row.name:
            self.renamed.emit(self._row.value, name)
