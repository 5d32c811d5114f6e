"""A model that looks at an image at the pixel size it was trained on, and answers on its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import prod

import numpy as np

from napari_unet.core.blocks import Setup
from napari_unet.core.finer import FinerSource
from napari_unet.core.rescale import Resampling, resampled
from napari_unet.core.source import Box, ImageSource
from napari_unet.core.tiles import Tile, tile_grid
from napari_unet.learn.devices import Device
from napari_unet.learn.memory import TilePlan
from napari_unet.learn.predictor import Predictor

_RAMP = 8
"""Half the width of the zone in which tiles are blended, in pixels of the image."""

_LEAST_SIDE = 64

_MOST_PIXELS = 2048**2
"""In a tile; a few pixels seen may become very many of the image."""


class RescaledPredictor:
    """As `Predictor`, for an image of another pixel size than what the network looks at.

    Tiles are boxes of the image's own pixels. For each, what it needs of what is looked at is
    predicted, with all of the context the network looks at, and the answer is brought back; so
    nothing is rescaled as a whole, and results lie exactly on the image's pixels.

    Parameters
    ----------
    predictor : Predictor
        On the image as the model is to see it: rescaled, or a coarser level of a pyramid.
    back : sequence of Resampling
        From there to the image's own pixels, along each spatial axis.
    source : ImageSource
        The image as it is.
    multiple : int
        What the network's boxes start at multiples of.
    """

    def __init__(
        self, predictor: Predictor, back: Sequence[Resampling], source: ImageSource, multiple: int
    ) -> None:
        self._predictor, self._back, self._source = predictor, tuple(back), source
        self._multiple = multiple
        self._answered: tuple[int, np.ndarray] | None = None

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
        if self._at_once:
            sides = list(map(float, shape))
        else:
            margin = 2 * predictor.halo + 4 * self._multiple
            sides = [
                max(_LEAST_SIDE, (side - margin) / axis.step)
                for side, axis in zip(predictor.plan.sides, self._back, strict=True)
            ]
        shrink = min(1.0, (_MOST_PIXELS / prod(sides)) ** (1 / len(sides)))
        return TilePlan(tuple(max(_LEAST_SIDE, int(side * shrink)) for side in sides), 1)

    @property
    def _at_once(self) -> bool:
        """True if one tile covers all that the network looks at."""
        return len(self._predictor.grid) == 1

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
        seen, needed = self._seen(sample), self._needed(box)
        return resampled(self._predictor.probabilities(seen, needed), self._back, box)

    def answers(self, wanted: Sequence[tuple[int, Tile]]) -> Iterator[tuple[int, Tile, np.ndarray]]:
        """Compute tiles, in the given order; see `Predictor.answers`."""
        for sample, tile in wanted:
            if self._at_once:
                needed = self._needed(tile.reach)
                values = self._all_of(self._seen(sample))[(slice(None), *needed)]
                yield sample, tile, resampled(values, self._back, tile.reach)
            else:
                yield sample, tile, self.probabilities(sample, tile.reach)

    def _needed(self, box: Box) -> Box:
        """What a box of the image depends on, of what is looked at."""
        return tuple(axis.needed(wanted) for axis, wanted in zip(self._back, box, strict=True))

    def _seen(self, sample: int) -> int:
        return self._source.sample_seen(sample) if isinstance(self._source, FinerSource) else sample

    def _all_of(self, seen: int) -> np.ndarray:
        """The answer for all of a sample that one tile covers; remembered until the next one."""
        if self._answered is None or self._answered[0] != seen:
            whole = tuple(slice(0, n) for n in self._predictor.source.spatial_shape)
            self._answered = (seen, self._predictor.probabilities(seen, whole))
        return self._answered[1]
