"""A model that looks at an image at the pixel size it was trained on, and answers on its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from napari_unet.core.blocks import Setup
from napari_unet.core.rescale import RescaledSource, resampled
from napari_unet.core.source import Box, ImageSource
from napari_unet.core.tiles import Tile, tile_grid
from napari_unet.learn.devices import Device
from napari_unet.learn.memory import TilePlan
from napari_unet.learn.predictor import Predictor

_RAMP = 8
"""Half the width of the zone in which tiles are blended, in pixels of the image."""

_LEAST_SIDE = 64


class RescaledPredictor:
    """As `Predictor`, for an image of another pixel size than the model's.

    Tiles are boxes of the image's own pixels. For each, what it needs of the image is rescaled,
    with all of the context the network looks at, and the answer is brought back; so the image
    is never rescaled as a whole, and results lie exactly on its pixels.

    Parameters
    ----------
    predictor : Predictor
        On the image as the model is to see it.
    seen : RescaledSource
        That image.
    source : ImageSource
        The image as it is.
    multiple : int
        What the network's boxes start at multiples of.
    """

    def __init__(
        self, predictor: Predictor, seen: RescaledSource, source: ImageSource, multiple: int
    ) -> None:
        self._predictor, self._seen, self._source = predictor, seen, source
        self._multiple = multiple

    @property
    def notices(self) -> list[str]:
        """What the user should know, so far."""
        return self._predictor.notices

    @property
    def setup(self) -> Setup:
        """How the image is cut and computed."""
        return self._predictor.setup

    @property
    def device(self) -> Device:
        """The device in use now."""
        return self._predictor.device

    @property
    def source(self) -> ImageSource:
        """The image, in its own pixels."""
        return self._source

    @cached_property
    def plan(self) -> TilePlan:
        """Size of tiles in pixels of the image; each is computed on its own."""
        predictor, shape = self._predictor, self._source.spatial_shape
        if len(predictor.grid) == 1:
            return TilePlan(shape, 1)  # one tile of the predictor covers all of the image
        margin = 2 * predictor.halo + 4 * self._multiple
        sides = (
            max(_LEAST_SIDE, int((side - margin) / factor))
            for side, factor in zip(predictor.plan.sides, self._seen.factors, strict=True)
        )
        return TilePlan(tuple(sides), 1)

    @cached_property
    def grid(self) -> list[Tile]:
        """The tiles of every sample, in the order they are computed."""
        return tile_grid(self._source.spatial_shape, self.plan.sides, _RAMP, 1, _RAMP)

    def probabilities(self, sample: int, box: Box) -> np.ndarray:
        """Class probabilities inside a box of one sample.

        Parameters
        ----------
        sample : int
            Canonical sample number.
        box : tuple of slice
            Inside the image, in its own pixels.

        Returns
        -------
        ndarray of float32, shape (K, *box)
        """
        axes = self._seen.back
        needed = tuple(axis.needed(wanted) for axis, wanted in zip(axes, box, strict=True))
        return resampled(self._predictor.probabilities(sample, needed), axes, box)

    def answers(self, wanted: Sequence[tuple[int, Tile]]) -> Iterator[tuple[int, Tile, np.ndarray]]:
        """Compute tiles, in the given order; see `Predictor.answers`."""
        for sample, tile in wanted:
            yield sample, tile, self.probabilities(sample, tile.reach)
