"""A pyramid of which a coarse level is looked at, and the finest one is answered for.

A level's pixels are unions of those of the finest one: pixel `i` of a level that is `f` times
coarser covers `f` of them from `f * i` on. So all levels begin at the same edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from napari_unet.core.errors import AxesError
from napari_unet.core.rescale import Resampling
from napari_unet.core.source import ImageSource


def times_finer(fine: Sequence[int], coarse: Sequence[int]) -> tuple[float, ...]:
    """How many pixels of the finest level one of a coarser level is wide, along each axis.

    Sides are rounded up or down when a pyramid is made, so a whole number is taken where it is
    within one pixel of the ratio.

    Parameters
    ----------
    fine, coarse : sequence of int
        Shapes of the two levels.

    Examples
    --------
    >>> times_finer((200, 321), (50, 81))
    (4.0, 4.0)
    """
    many, few = np.asarray(fine, float), np.asarray(coarse, float)
    ratio = many / few
    whole = np.maximum(1, np.round(ratio))
    exact = np.where(np.abs(many - whole * few) <= whole, whole, ratio)
    return tuple(float(times) for times in exact)


@dataclass(frozen=True)
class FinerSource(ImageSource):
    """The finest level of a pyramid, for an answer made by looking at a coarser one.

    As an `ImageSource` it is the finest level, whose pixels hardly need to be read.

    Parameters
    ----------
    seen : ImageSource
        The level that is looked at.

    Raises
    ------
    AxesError
        If the two do not have the same axes.
    """

    seen: ImageSource = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        mine, its = self.axes, self.seen.axes
        if (mine.axes, mine.spatial) != (its.axes, its.spatial):
            raise AxesError(
                f"The levels of {self.name!r} have other axes: {mine.axes} and {its.axes}. "
                "Choose the finest level, or write the pyramid again."
            )

    @classmethod
    def of(cls, finest: ImageSource, seen: ImageSource) -> FinerSource:
        """The finest level of a pyramid and the one that is looked at."""
        return cls(finest.array, finest.axes, finest.name, finest.channel_names, seen=seen)

    @property
    def times(self) -> tuple[float, ...]:
        """How many pixels of the finest level one that is seen is wide; see `times_finer`."""
        return times_finer(self.spatial_shape, self.seen.spatial_shape)

    def back(self, rescaled: ImageSource | None = None) -> list[Resampling]:
        """From the pixels that are seen to the finest ones, along each spatial axis.

        Parameters
        ----------
        rescaled : ImageSource, optional
            What is seen, brought to another pixel size.
        """
        shape = (rescaled or self.seen).spatial_shape
        factors = getattr(rescaled, "factors", (1.0,) * len(shape))
        return [
            Resampling(factor / times, coarse, fine)
            for factor, times, coarse, fine in zip(
                factors, self.times, shape, self.spatial_shape, strict=True
            )
        ]

    def sample_seen(self, sample: int) -> int:
        """The sample to look at for one of the finest level; levels may have fewer slices."""
        mine, its = tuple(self.array.shape), tuple(self.seen.array.shape)
        letters = self.axes.axes
        index = tuple(
            i * its[letters.index(a)] // mine[letters.index(a)]
            for a, i in zip(
                self.axes.sample_axes, self.axes.sample_index(sample, mine), strict=True
            )
        )
        return self.axes.sample_number(index, its)
