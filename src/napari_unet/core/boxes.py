"""Arithmetic on spatial boxes: where two meet, and which of many meet one."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from napari_unet.core.source import Box

Start = tuple[int, ...]
"""First pixel along each spatial axis; negative outside the image."""


def overlap(box: Box, start: Start, shape: tuple[int, ...]) -> tuple[Box, Box] | None:
    """Where an array placed at `start` meets a box.

    Parameters
    ----------
    box : tuple of slice
        Spatial box; it may have negative starts.
    start, shape : tuple of int
        Place and size of the array, in the same coordinates.

    Returns
    -------
    tuple of two boxes, or None
        The common part counted from the box's own corner, and from the array's; None if
        there is none.
    """
    to, fro = [], []
    for s, a, n in zip(box, start, shape, strict=True):
        low, high = max(s.start, a), min(s.stop, a + n)
        if low >= high:
            return None
        to.append(slice(low - s.start, high - s.start))
        fro.append(slice(low - a, high - a))
    return tuple(to), tuple(fro)


class BoxIndex:
    """Find quickly which of many boxes meet a given one.

    Parameters
    ----------
    boxes : iterable of tuple of slice
        The boxes, all with the same number of axes.
    """

    def __init__(self, boxes: Iterable[Box]) -> None:
        boxes = list(boxes)
        self._starts = np.array([[s.start for s in b] for b in boxes], np.int64)
        self._stops = np.array([[s.stop for s in b] for b in boxes], np.int64)

    def meeting(self, box: Box, margin: int = 0) -> list[int]:
        """Numbers of the boxes that share a pixel with `box` grown by `margin` pixels."""
        if not len(self._starts):
            return []
        start = np.array([s.start - margin for s in box])
        stop = np.array([s.stop + margin for s in box])
        hits = ((self._starts < stop) & (self._stops > start)).all(axis=1)
        return [int(i) for i in np.flatnonzero(hits)]


def mirrored(start: int, size: int, length: int) -> np.ndarray:
    """Positions inside ``0 .. length - 1`` of a run that may leave it, mirrored at the ends.

    The end pixels are not repeated, as in ``numpy.pad(mode="reflect")``.
    """
    run = np.arange(start, start + size)
    if length == 1:
        return np.zeros_like(run)
    run = np.mod(run, 2 * (length - 1))
    return np.minimum(run, 2 * (length - 1) - run)


def bounding_box(mask: np.ndarray) -> Box:
    """The smallest box that holds every True pixel of a mask that has at least one."""
    box = []
    for axis in range(mask.ndim):
        others = tuple(a for a in range(mask.ndim) if a != axis)
        hit = np.flatnonzero(mask.any(axis=others))
        box.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return tuple(box)
