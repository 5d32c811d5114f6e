"""Intensities brought to one range: fitted once per image, stored, re-applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from napari_unet.core.errors import ChannelMismatch, FlatImage
from napari_unet.core.source import Box, ImageSource

CLIP = 3.0
"""Normalised values end here, so that a few hot pixels cannot dominate."""

_BLOCK_PIXELS = 128 * 128
_MOST_SAMPLES = 32
_SECOND_LOOK = 16


@dataclass(frozen=True)
class Normalisation:
    """The linear map of each channel that brings `low` to -1 and `high` to 1.

    Parameters
    ----------
    low, high : tuple of float
        One value per channel, in the units of the image; ``low < high``.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]

    def apply(self, block: np.ndarray) -> np.ndarray:
        """Return the block normalised.

        Parameters
        ----------
        block : ndarray, shape (C, *spatial), any real dtype
            Pixels as stored.

        Returns
        -------
        ndarray of float32, shape (C, *spatial)
            Clipped to ``[-3, 3]``; 0 (mid grey) where the pixel is NaN or infinite.

        Raises
        ------
        ChannelMismatch
            If the block has another number of channels.
        """
        if block.shape[0] != len(self.low):
            raise ChannelMismatch(
                f"The image has {block.shape[0]} channels, but {len(self.low)} were expected. "
                "Choose an image with the same channels, or train a new model."
            )
        each = (len(self.low),) + (1,) * (block.ndim - 1)
        exact = np.float32 if np.can_cast(block.dtype, np.float32) else np.float64
        low = np.array(self.low, np.float64).reshape(each)
        scale = 2.0 / (np.array(self.high, np.float64).reshape(each) - low)
        with np.errstate(over="ignore", invalid="ignore"):
            out = np.subtract(block, low.astype(exact), dtype=exact)
            out *= scale.astype(exact)
            out -= 1
        if block.dtype.kind == "f":
            out[~np.isfinite(block)] = 0
        return np.clip(out, -CLIP, CLIP, out=out).astype(np.float32, copy=False)

    def to_json(self) -> dict[str, list[float]]:
        """Return a dictionary that survives JSON."""
        return {"low": list(self.low), "high": list(self.high)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Sequence[float]]) -> Normalisation:
        """Return the normalisation that `to_json` described."""
        return cls(tuple(map(float, stored["low"])), tuple(map(float, stored["high"])))


def fit_normalisation(
    source: ImageSource, *, low: float = 0.5, high: float = 99.5, most: int = 2_000_000
) -> Normalisation:
    """Return the range of each channel, as robust percentiles of its finite pixels.

    An image of more than `most` pixels is judged by evenly spread blocks, always the same
    ones, so that a huge or lazy array is never read whole.

    Parameters
    ----------
    source : ImageSource
        The image.
    low, high : float
        Percentiles that become -1 and 1.
    most : int
        How many pixels per channel to look at.

    Raises
    ------
    FlatImage
        If no channel varies.
    """
    ranges = _ranges(source, low, high, most)
    if not any(ranges) and most < _pixels(source):
        # Rare bright spots can fall between the blocks: look much closer before giving up.
        ranges = _ranges(source, low, high, most * _SECOND_LOOK)
    if not any(ranges):
        raise FlatImage(
            f"The image {source.name!r} has the same value everywhere, so there is nothing to "
            "learn from. Choose another image or another channel."
        )
    # A flat channel beside others becomes mid grey everywhere and says nothing.
    usable = [r or (-0.5, 0.5) for r in ranges]
    return Normalisation(tuple(r[0] for r in usable), tuple(r[1] for r in usable))


def _pixels(source: ImageSource) -> int:
    return source.samples * int(np.prod(source.spatial_shape, dtype=np.int64))


def _ranges(
    source: ImageSource, low: float, high: float, most: int
) -> list[tuple[float, float] | None]:
    """The range of each channel; None where it does not vary."""
    blocks = [source.read(s, box) for s, box in _sample_boxes(source, most)]
    pixels = [b.reshape(source.channels, -1) for b in blocks if b.size]
    if not pixels:
        return [None] * source.channels
    together = np.concatenate(pixels, axis=1)
    return [_range(channel, low, high) for channel in together]


def _range(values: np.ndarray, low: float, high: float) -> tuple[float, float] | None:
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if not values.size:
        return None
    with np.errstate(over="ignore"):
        bottom, top = (float(v) for v in np.percentile(values, (low, high)))
    if not _apart(bottom, top):
        # Less than a half per cent of the pixels differ: they are what there is to see.
        bottom, top = float(values.min()), float(values.max())
    return (bottom, top) if _apart(bottom, top) else None


def _apart(bottom: float, top: float) -> bool:
    """True if the two differ by more than rounding."""
    return top - bottom > 1e-6 * max(abs(bottom), abs(top))


def _sample_boxes(source: ImageSource, most: int) -> Iterator[tuple[int, Box]]:
    """Evenly spread boxes of about `most` pixels in all; everything if that is less."""
    shape = source.spatial_shape
    if _pixels(source) <= most:
        for sample in range(source.samples):
            yield sample, tuple(slice(0, n) for n in shape)
        return
    samples = min(source.samples, _MOST_SAMPLES)
    side = round(_BLOCK_PIXELS ** (1 / len(shape)))
    size = [min(side, n) for n in shape]
    counts = _spread(shape, size, most / samples / float(np.prod(size)))
    starts = [
        [max(0, min(n - s, round((i + 0.5) * n / k - s / 2))) for i in range(k)]
        for n, s, k in zip(shape, size, counts, strict=True)
    ]
    for i in range(samples):
        sample = int((i + 0.5) * source.samples / samples)
        for start in product(*starts):
            yield sample, tuple(slice(a, a + s) for a, s in zip(start, size, strict=True))


def _spread(shape: Sequence[int], size: Sequence[int], blocks: float) -> list[int]:
    """How many blocks to place along each axis so that there are about `blocks` in all."""
    room = [n / s for n, s in zip(shape, size, strict=True)]
    counts: list[int] = [1] * len(shape)
    left = max(blocks, 1.0)
    # Short axes first: what they cannot hold is left to the long ones.
    order: list[Any] = sorted(range(len(shape)), key=lambda axis: room[axis])
    for position, axis in enumerate(order):
        rest = order[position:]
        share = (left / float(np.prod([room[a] for a in rest]))) ** (1 / len(rest))
        counts[axis] = max(1, int(min(room[axis], room[axis] * share)))
        left = max(left / counts[axis], 1.0)
    return counts
