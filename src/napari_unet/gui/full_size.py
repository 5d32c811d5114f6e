"""Masks of a pyramid at full resolution: which level is looked at, and the box that asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from napari_unet.core.axes import Spatial
from napari_unet.core.finer import FinerSource
from napari_unet.core.pixel_size import level_to_see
from napari_unet.core.source import ImageSource
from napari_unet.gui.input_words import pixel_size_at
from napari_unet.gui.inputs import all_layers, input_source
from napari_unet.gui.layers import axes_of, spatial_spacing_of
from napari_unet.gui.place import chosen_level, worked_on
from napari_unet.gui.pyramid import level_shapes


def has_finer(layer: Any, images: Sequence[Any]) -> bool:
    """True for a pyramid, all channels of which have all of its levels.

    Parameters
    ----------
    layer : napari image layer
    images : sequence of napari image layers
        All there are.
    """
    members = all_layers(layer, images)
    if not all(member.multiscale for member in members) or len(layer.data) < 2:
        return False
    shapes = [[shape[-2:] for shape in level_shapes(member)] for member in members]
    return all(one == shapes[0] for one in shapes)


def level_seen(layer: Any, trained: Sequence[float] | None, spatial: Spatial) -> int:
    """The level a model looks at for a mask at full resolution: that of its own pixel size.

    Parameters
    ----------
    layer : napari image layer
        A pyramid.
    trained : sequence of float or None
        Pixel size the model was trained on; where it says nothing, the level is taken that is
        worked on.
    spatial : {"YX", "ZYX"}
        The axes the network sees.
    """
    sizes = []
    for level in range(len(layer.data)):
        with worked_on([layer], {"level": level}):
            sizes.append(spatial_spacing_of(layer, spatial))
    found = level_to_see(trained, sizes) if all(sizes) else None
    return chosen_level(layer) if found is None else found


def full_source(
    layer: Any, images: Sequence[Any], spatial: Spatial, trained: Sequence[float] | None
) -> ImageSource:
    """The finest level of an image, to be answered for by looking at the level that fits a model.

    Parameters
    ----------
    layer, images
        As `has_finer`.
    spatial, trained
        As `level_seen`.

    Raises
    ------
    UNetError
        As `napari_unet.gui.inputs.input_source`.
    """
    members, level = all_layers(layer, images), level_seen(layer, trained, spatial)
    with worked_on(members, {"level": 0}):
        finest = input_source(layer, images, spatial)
    if level == 0:
        return finest
    with worked_on(members, {"level": level}):
        seen = input_source(layer, images, spatial)
    return FinerSource.of(finest, seen)


class FullSizeOffer(QWidget):
    """One box, ticked at first; shown only where the mask could be of a coarser level instead."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QCheckBox("Mask at full resolution", self)
        self._box.setObjectName("full_size_box")
        self._box.setChecked(True)
        self._box.setToolTip("For a mask in the pixels of the finest level of a pyramid.")
        self.toggled = self._box.toggled
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self.hide()

    def offer(self, image: Any | None, level: int = 0) -> None:
        """Offer it for a pyramid of which this level is looked at; for None do not."""
        self.setVisible(image is not None)
        if image is None:
            return
        letters, shapes = axes_of(image)[: image.ndim], level_shapes(image)
        plane = " \u00d7 ".join(str(shapes[0][letters.index(a)]) for a in "YX")
        size = pixel_size_at(image, level)
        seen = f"level {level} of the pyramid{f' ({size})' if size else ''}"
        self._box.setText(f"Mask at full resolution ({plane})")
        self._box.setToolTip(
            f"The network looks at {seen}, as in training, and its answer\n"
            "is brought to the pixels of the finest level.\n"
            "Untick for a mask of the level you work on, which is faster and smaller."
        )

    def wanted(self) -> bool:
        """True if it is ticked."""
        return self._box.isChecked()
