"""Learning a stack as a volume or slice by slice: chosen for the user, said, and changeable."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import psutil
from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QWidget

from napari_unet.core.errors import UNetError
from napari_unet.core.volume_choice import VolumeChoice, choose_dimensions
from napari_unet.gui.keyed_combo import KeyedCombo
from napari_unet.gui.labelled_row import labelled_row
from napari_unet.gui.layers import axes_of
from napari_unet.gui.place import level_zero

AUTO = "auto"

_MOST_PAINT = 200_000_000
"""Voxels of paint that are looked through to count painted slices."""

_NAMES = {2: "2D, slice by slice", 3: "3D, as a volume"}
_TIP = (
    "3D sees the slices above and below and learns from strokes on a few of them;\n"
    "2D sees each slice by itself, is faster and needs less memory."
)


class VolumeLine(QWidget):
    """Offers 2D, 3D, or what suits the image; hidden for images without slices."""

    changed = Signal(int)
    """Emitted with 2 or 3 when images are to be learned in another way."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._combo = KeyedCombo("", self)
        self._combo.setAccessibleName("Learn as")
        self.setLayout(labelled_row("Learn", self._combo, tip=_TIP))
        self._best = VolumeChoice(2)
        self._dimensions = 2
        self._combo.chosen.connect(self._on_chosen)
        self._offer()
        self.hide()

    def dimensions(self) -> int:
        """2 or 3: how images are to be learned now."""
        return self._dimensions

    def words(self) -> str:
        """What is chosen, as it is shown."""
        return self._combo.currentText()

    def choose(self, key: Literal["auto", "2", "3"]) -> None:
        """Choose, as the user would."""
        self._combo.set_key(key)

    def look(self, image: Any | None, paint: Any | None, model: int | None) -> None:
        """Choose anew for another image, unless the user has.

        Parameters
        ----------
        image, paint : napari layers or None
        model : int or None
            Dimensions of the model there is, which is gone on with if it can be.
        """
        size = None if image is None else _volume(image)
        self.setVisible(size is not None)
        if size is None:
            self._best = VolumeChoice(2)
        elif model is not None:
            self._best = VolumeChoice(3 if model == 3 else 2, "as the model was")
        else:
            free = int(psutil.virtual_memory().available)
            painted = painted_slices(paint, size[2])
            self._best = choose_dimensions(*size[:2], painted_slices=painted, free=free)
        self._offer()
        self._settle(2 if size is None else self._wanted())

    def take(self, dimensions: int) -> None:
        """Show what was set elsewhere."""
        if dimensions != self._dimensions:
            self._dimensions = dimensions
            with QSignalBlocker(self._combo):
                self._combo.set_key(str(dimensions))

    def _wanted(self) -> int:
        key = self._combo.key()
        return int(key) if key in ("2", "3") else self._best.dimensions

    def _offer(self) -> None:
        name = _NAMES[3] if self._best.dimensions == 3 else "2D"
        best = f"{name}: {self._best.why}" if self._best.why else _NAMES[self._best.dimensions]
        with QSignalBlocker(self._combo):
            self._combo.set_items([(AUTO, best), ("3", _NAMES[3]), ("2", _NAMES[2])])
        self._combo.setItemText(0, best)
        self._combo.setToolTip(f"{self._combo.currentText()}.\n{_TIP}")

    def _on_chosen(self, _key: str | None) -> None:
        self._combo.setToolTip(f"{self._combo.currentText()}.\n{_TIP}")
        self._settle(self._wanted())

    def _settle(self, dimensions: int) -> None:
        if dimensions != self._dimensions:
            self._dimensions = dimensions
            self.changed.emit(dimensions)


def _volume(image: Any) -> tuple[list[int], list[float], str] | None:
    """Size and spacing along Z, Y and X, and the axes; None for images without slices."""
    try:
        axes = axes_of(image)
    except UNetError:
        return None
    size = dict(zip(axes, level_zero(image).shape, strict=True))
    if size.get("Z", 1) < 2:
        return None
    scale = dict(zip(axes, image.scale, strict=False))
    return [int(size[a]) for a in "ZYX"], [float(scale.get(a, 1.0)) for a in "ZYX"], axes


def painted_slices(paint: Any | None, axes: str) -> int:
    """How many slices of a paint layer have paint; 0 if it is too large to be looked through."""
    if paint is None or not isinstance(paint.data, np.ndarray) or paint.data.size > _MOST_PAINT:
        return 0
    letters = axes.replace("C", "")
    if len(letters) != paint.data.ndim or "Z" not in letters:
        return 0
    others = tuple(i for i, letter in enumerate(letters) if letter != "Z")
    return int(np.count_nonzero(paint.data.any(axis=others)))
