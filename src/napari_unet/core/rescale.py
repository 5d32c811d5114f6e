"""An image seen at another pixel size, box by box; and the way back to its own pixels.

Resampling is linear; where pixels become fewer, the filter is as much wider, so that fine texture
is averaged instead of aliased. Every pixel depends on its place in the image alone, never on the
box that was asked for, so that boxes fit together without seams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from napari_unet.core.source import Box, ImageSource

_NOTHING = 1e-6
"""A weight this small is a rounding error."""


@dataclass(frozen=True)
class Resampling:
    """One axis resampled to a grid that begins at the same edge.

    Parameters
    ----------
    step : float
        How many pixels of the old grid one of the new is wide.
    old, new : int
        Pixels of the whole axis before and after.
    """

    step: float
    old: int
    new: int

    def needed(self, wanted: slice) -> slice:
        """The old pixels that new ones depend on."""
        first, last = self._centres(np.array([wanted.start, wanted.stop - 1]))
        width = self._width
        start = int(np.clip(np.ceil(first - width), 0, self.old - 1))
        stop = int(np.clip(np.floor(last + width) + 1, start + 1, self.old))
        return slice(start, stop)

    def weights(self, wanted: slice) -> csr_array:
        """Matrix that makes the new pixels from those `needed`, each row of sum one."""
        kept = self.needed(wanted)
        centres = self._centres(np.arange(wanted.start, wanted.stop))
        reach = int(np.ceil(self._width))
        places = np.floor(centres)[:, None].astype(np.int64) + np.arange(-reach, reach + 2)
        weights = np.maximum(0.0, 1 - np.abs(places - centres[:, None]) / self._width)
        weights[(places < 0) | (places >= self.old) | (weights < _NOTHING)] = 0
        weights /= weights.sum(1, keepdims=True)
        rows, columns = np.nonzero(weights)
        values = weights[rows, columns].astype(np.float32)
        size = (len(centres), kept.stop - kept.start)
        return csr_array((values, (rows, places[rows, columns] - kept.start)), shape=size)

    @property
    def _width(self) -> float:
        return max(1.0, self.step)

    def _centres(self, places: np.ndarray) -> np.ndarray:
        """Where the middles of new pixels are, counted in old ones."""
        return np.clip((places + 0.5) * self.step - 0.5, 0, self.old - 1)


def resampled(block: np.ndarray, axes: Sequence[Resampling], box: Box) -> np.ndarray:
    """New pixels from the old ones they need.

    Parameters
    ----------
    block : ndarray, shape (C, *spatial)
        The old pixels `Resampling.needed` for the box.
    axes : sequence of Resampling
        One for each spatial axis.
    box : tuple of slice
        The new pixels wanted.

    Returns
    -------
    ndarray of float32, shape (C, *box)
    """
    out = block.astype(np.float32, copy=False)
    for number, (axis, wanted) in enumerate(zip(axes, box, strict=True), start=1):
        rows = np.moveaxis(out, number, 0)
        flat = np.ascontiguousarray(rows).reshape(len(rows), -1)
        turned = (axis.weights(wanted) @ flat).reshape(-1, *rows.shape[1:])
        out = np.moveaxis(turned, 0, number)
    return np.ascontiguousarray(out)


@dataclass(frozen=True)
class RescaledSource(ImageSource):
    """An image at another pixel size; as `ImageSource`, and as lazy.

    Parameters
    ----------
    factors : tuple of float
        How many pixels one pixel of the image becomes, along each spatial axis.
    """

    factors: tuple[float, ...] = ()

    @classmethod
    def of(cls, source: ImageSource, factors: Sequence[float]) -> RescaledSource:
        """The same image seen at another pixel size."""
        return cls(source.array, source.axes, source.name, source.channel_names, tuple(factors))

    @property
    def canonical_shape(self) -> tuple[int, ...]:
        """Shape ``(S, C, *spatial)`` after rescaling."""
        samples, channels, *spatial = super().canonical_shape
        sizes = (max(1, round(n * f)) for n, f in zip(spatial, self.factors, strict=True))
        return (samples, channels, *sizes)

    def _grids(self) -> list[tuple[float, int, int]]:
        own = super().canonical_shape[2:]
        return list(zip(self.factors, own, self.spatial_shape, strict=True))

    @property
    def there(self) -> list[Resampling]:
        """From the image's own pixels to these."""
        return [Resampling(1 / factor, own, new) for factor, own, new in self._grids()]

    @property
    def back(self) -> list[Resampling]:
        """From these pixels to the image's own."""
        return [Resampling(factor, new, own) for factor, own, new in self._grids()]

    def read(self, sample: int, box: Box | None = None) -> np.ndarray:
        """Return one box of one sample, float32 ``(C, *box)``; only what it needs is read."""
        if box is None:
            box = tuple(slice(0, n) for n in self.spatial_shape)
        axes = self.there
        needed = tuple(axis.needed(wanted) for axis, wanted in zip(axes, box, strict=True))
        return resampled(super().read(sample, needed), axes, box)
