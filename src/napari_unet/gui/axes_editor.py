"""Says what each axis of an image is, whatever their order."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QWidget

from napari_unet.core.axes import AXIS_LETTERS
from napari_unet.gui.keyed_combo import only_when_focused
from napari_unet.gui.style import set_role

_WORDS = {
    "T": "time",
    "P": "position",
    "C": "channel",
    "Z": "z, slices",
    "Y": "y, rows",
    "X": "x, columns",
}
_NEEDED = "YX"


class AxesEditor(QWidget):
    """One small box for each axis, with its length above.

    A letter that another axis has is swapped with it, so that every choice makes sense.
    """

    valueChanged = Signal(str)
    """Emitted with one letter per axis when the user chose."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axes, self._rgb = "", False
        self._sizes: tuple[int, ...] = ()
        self._boxes: list[QComboBox] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(1)

    def value(self) -> str:
        """One letter per axis; of an image in colour, with a C at the end."""
        return self._axes

    def show_axes(self, axes: str, sizes: Sequence[int]) -> None:
        """Show these axes.

        Parameters
        ----------
        axes : str
        sizes : sequence of int
            Length of each axis that may be named; where there is one less than letters, the
            last is the colours.
        """
        if (axes, tuple(sizes)) == (self._axes, self._sizes):
            return
        self._axes, self._sizes = axes, tuple(sizes)
        self._rgb = len(axes) > len(sizes)
        while (item := self._grid.takeAt(0)) is not None:
            old = item.widget()
            old.setParent(None)
            old.deleteLater()  # later: the choice that led here may have been made in it
        self._boxes = [self._box(place, letter) for place, letter in enumerate(axes[: len(sizes)])]
        for place, (box, size) in enumerate(zip(self._boxes, sizes, strict=True)):
            label = QLabel(str(size), self)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setToolTip(f"Axis {place} is {size} long.")
            set_role(label, "number")
            self._grid.addWidget(label, 0, place)
            self._grid.addWidget(box, 1, place)

    def choose(self, place: int, letter: str) -> None:
        """Say that an axis is this; the axis that was it becomes what this one was."""
        before = self._axes
        if letter in before:
            swapped = {letter: before[place], before[place]: letter}
            axes = "".join(swapped.get(a, a) for a in before)
        else:
            axes = before[:place] + letter + before[place + 1 :]
        if axes != before:
            self.show_axes(axes, self._sizes)
            self.valueChanged.emit(axes)

    def _box(self, place: int, letter: str) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(f"Axis {place}")
        box.setToolTip(f"What axis {place} of the image is: {_WORDS[letter]}")
        for other in self._possible(letter):
            box.addItem(other, other)
            box.setItemData(box.count() - 1, _WORDS[other], Qt.ItemDataRole.ToolTipRole)
        box.setCurrentIndex(box.findData(letter))
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        box.setMinimumWidth(44)
        only_when_focused(box)
        box.activated.connect(lambda _: self.choose(place, box.currentData()))
        return box

    def _possible(self, letter: str) -> list[str]:
        """Rows and columns must stay somewhere, and only colours are channels of colours."""
        free = AXIS_LETTERS if letter not in _NEEDED else self._axes
        return [a for a in AXIS_LETTERS if a in free and not (self._rgb and a == "C")]
