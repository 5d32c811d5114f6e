"""Choosing the level of a pyramid that is painted on, learned and predicted."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QWidget

from napari_unet.gui.input_words import pixel_size_at
from napari_unet.gui.keyed_combo import KeyedCombo
from napari_unet.gui.labelled_row import labelled_row
from napari_unet.gui.layers import axes_of
from napari_unet.gui.place import chosen_level
from napari_unet.gui.pyramid import level_shapes


class LevelPicker(QWidget):
    """Offers the levels of a multiscale image; hidden for all others."""

    chosen = Signal(int)
    """Emitted with the level the user chose, 0 the finest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._combo = KeyedCombo("", self)
        self._combo.setAccessibleName("Level of the pyramid")
        self.setLayout(labelled_row("Level", self._combo))
        self._combo.chosen.connect(self._on_chosen)
        self.set_image(None)

    def set_image(self, image: Any | None) -> None:
        """Offer the levels of this image layer."""
        several = image is not None and image.multiscale and len(image.data) > 1
        self.setVisible(several)
        if image is None or not several:
            return
        with QSignalBlocker(self._combo):
            count = len(image.data)
            self._combo.set_items([(str(k), level_in_words(image, k)) for k in range(count)])
            self._combo.set_key(str(chosen_level(image)))
        self._combo.setToolTip(
            "Paint, train and predict at this size of the image. A coarser level is faster and\n"
            "sees more around a pixel; each level has paint layers of its own."
        )

    def levels(self) -> list[str]:
        """What is offered."""
        return [self._combo.itemText(i) for i in range(self._combo.count())]

    def set_level(self, level: int) -> None:
        """Choose a level, as the user would."""
        self._combo.set_key(str(level))

    def _on_chosen(self, key: str | None) -> None:
        if key is not None:
            self.chosen.emit(int(key))


def level_in_words(image: Any, level: int) -> str:
    """Size and pixel size of a level, for example ``"1024 × 2048, 0.5 µm pixels"``.

    Parameters
    ----------
    image : napari image layer
    level : int
    """
    letters, shape = axes_of(image)[: image.ndim], level_shapes(image)[level]
    plane = " \u00d7 ".join(str(shape[letters.index(a)]) for a in "YX")
    size = pixel_size_at(image, level)
    words = f"{plane}, {size}" if size else plane
    return f"full: {words}" if level == 0 else words
