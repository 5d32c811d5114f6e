"""Which frames, slices or positions to predict: all, what is shown, or a range of one axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QLabel, QSpinBox, QWidget

from napari_unet.core.frames import Part
from napari_unet.gui.keyed_combo import KeyedCombo
from napari_unet.gui.labelled_row import labelled_row
from napari_unet.gui.number_box import number_box
from napari_unet.gui.style import set_role

ALL, SHOWN = "all", "shown"
_RANGES = {"T": "frames", "Z": "slices", "P": "positions"}


@dataclass(frozen=True)
class FrameChoice:
    """What of a series or stack is wanted.

    Parameters
    ----------
    kind : str
        ``"all"``, ``"shown"``, or the axis of a range: ``"T"``, ``"Z"`` or ``"P"``.
    first, last : int
        Of the range, counted from 0 as napari's sliders do; both are in it.
    """

    kind: str = ALL
    first: int = 0
    last: int = 0

    @property
    def parts(self) -> tuple[Part, ...]:
        """The range; empty if there is none."""
        if self.kind in (ALL, SHOWN):
            return ()
        return (Part(self.kind, min(self.first, self.last), max(self.first, self.last) + 1),)


class FrameRange(QWidget):
    """Asks which frames to predict; hidden for images that have only one."""

    valueChanged = Signal(object)
    """Emitted with a `FrameChoice`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sizes: dict[str, int] = {}
        self._combo = KeyedCombo("all", self)
        self._combo.setAccessibleName("Which frames")
        self._combo.setToolTip(
            "Predict everything, only the frame and slice that is shown now, or a range\n"
            "counted from 0 as the sliders do."
        )
        self._first, self._last = self._box("First"), self._box("Last")
        self._to = QLabel("to", self)
        set_role(self._to, "quiet")
        layout = labelled_row("Which", self._combo, tip=self._combo.toolTip(), stretch=2)
        self.setLayout(layout)
        layout.addWidget(self._first, 1)
        layout.addWidget(self._to)
        layout.addWidget(self._last, 1)
        self._combo.chosen.connect(self._on_kind)
        for box in (self._first, self._last):
            box.valueChanged.connect(self._announce)
        self.set_sizes({})

    def set_sizes(self, sizes: Mapping[str, int]) -> None:
        """Say how many frames (T), slices (Z) and positions (P) there are to choose from."""
        several = {axis: sizes[axis] for axis in _RANGES if sizes.get(axis, 1) > 1}
        self.setVisible(bool(several))
        if several == self._sizes:
            return
        self._sizes = several
        words = " and ".join(_RANGES[axis] for axis in several)
        items = [(ALL, f"all {words}"), (SHOWN, "what is shown")]
        items += [(axis, _RANGES[axis]) for axis in several]
        with QSignalBlocker(self._combo):
            self._combo.set_items(items)
        self._on_kind()

    def value(self) -> FrameChoice:
        """What is chosen; everything while there is nothing to choose from."""
        if not self._sizes:
            return FrameChoice()
        return FrameChoice(self._combo.key() or ALL, self._first.value(), self._last.value())

    def setValue(self, choice: FrameChoice) -> None:
        """Choose; a kind that is not offered changes nothing."""
        self._combo.set_key(choice.kind)
        self._first.setValue(choice.first)
        self._last.setValue(choice.last)

    def _box(self, name: str) -> QSpinBox:
        tip = f"{name} one to predict, counted from 0 as the sliders do."
        return number_box(self, f"{name} one to predict", tip)

    def _on_kind(self, _: object = None) -> None:
        """Offer the two ends of a range, all of the axis at first."""
        kind = self._combo.key() or ALL
        size = self._sizes.get(kind)
        for widget in (self._first, self._to, self._last):
            widget.setVisible(size is not None)
        if size is not None:
            whole = self._last.maximum() != size - 1
            for box in (self._first, self._last):
                box.setRange(0, size - 1)
            if whole:
                self._first.setValue(0)
                self._last.setValue(size - 1)
        self._announce()

    def _announce(self, _: object = None) -> None:
        self.valueChanged.emit(self.value())
