"""What a glance looks at: parts of what is on screen, and in large volumes cells of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

from napari_unet.core.cancel import CancelToken
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.preview import PreviewRequest
from napari_unet.core.source import Box
from napari_unet.core.strokes import Stroke
from napari_unet.learn.feature_cache import FeatureCache
from napari_unet.learn.painted_parts import pictured_of
from napari_unet.learn.unet import UNet
from napari_unet.learn.volume_cells import cells, cells_of

_MOST_VOXELS = 1_500_000
"""A larger volume is answered for cell by cell."""

_NEAR_CELLS = 20
"""So many of them are remembered as features: a slice of 512 x 512, with some room beside it."""

ROOM = {2: 1_000_000_000, 3: 1_500_000_000}
"""Bytes of features that are remembered, by dimensions."""


@dataclass(frozen=True)
class Part:
    """A part of what was asked for, and what features to compute and to keep for it.

    Parameters
    ----------
    request : PreviewRequest
    look : tuple of slice
        What features are computed of.
    keep : tuple of slice, optional
        What of it is kept; all when not given.
    near : bool, optional
        Whether its features are remembered.
    """

    request: PreviewRequest
    look: Box
    keep: Box | None = None
    near: bool = True


def is_large_volume(shape: Sequence[int]) -> bool:
    """True if no features of all of it can be had in one go."""
    return len(shape) == 3 and prod(shape) > _MOST_VOXELS


def parts_in_cells(net: UNet, shape: Sequence[int], request: PreviewRequest) -> list[Part]:
    """Cells of a large volume that were asked for, the nearest first.

    A cell is eight slices deep or more, so that going to the next slice mostly costs no features.
    Those of strokes are of the same grid.
    """
    focus = request.focus or tuple((side.start + side.stop) / 2 for side in request.box)
    return [
        Part(replace(request, box=box), cell.look, cell.keep, number < _NEAR_CELLS)
        for number, (cell, box) in enumerate(cells_of(shape, request.box, focus, net))
    ]


def look_at_strokes(
    net: UNet,
    features: FeatureCache,
    training: TrainingSet,
    strokes: Sequence[Stroke],
    cancel: CancelToken | None = None,
) -> bool:
    """Have the features around strokes in large volumes remembered, cell by cell.

    Returns
    -------
    bool
        False if it was cancelled; what was computed until then stays.
    """
    for image, sample in sorted({(stroke.image, stroke.sample) for stroke in strokes}):
        pictured = pictured_of(training, image)
        shape = pictured.source.spatial_shape
        if not is_large_volume(shape):
            continue
        own = [stroke for stroke in strokes if (stroke.image, stroke.sample) == (image, sample)]
        for cell in cells(shape, own, net):
            if over(cancel):
                return False
            features.maps(pictured, sample, cell.look, cell.keep)
    return True


def shape_of(training: TrainingSet, request: PreviewRequest) -> tuple[int, ...]:
    """Spatial shape of the image that a request is about."""
    return training.images[request.image].source.spatial_shape


def size_of(box: Box) -> int:
    """Pixels in a box."""
    return prod(side.stop - side.start for side in box)


def over(cancel: CancelToken | None) -> bool:
    """True if somebody asked the work to end."""
    return cancel is not None and cancel.cancelled
