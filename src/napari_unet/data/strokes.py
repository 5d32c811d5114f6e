"""Strokes described by their path, and the paint they leave: how ready strokes are stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

Point = tuple[float, float]
"""Row and column, in pixels."""


@dataclass(frozen=True)
class Stroke:
    """One movement of a round brush.

    Parameters
    ----------
    value : int
        Paint value it leaves: 1 background, 2 and up classes.
    points : tuple of (float, float)
        Rows and columns the brush passes, joined by straight lines; one point is a dot.
    radius : float, optional
        Radius of the brush in pixels.
    """

    value: int
    points: tuple[Point, ...]
    radius: float = 1.5


def paint_strokes(shape: tuple[int, int], strokes: Iterable[Stroke]) -> np.ndarray:
    """Return the paint layer that these strokes leave on an empty one.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the layer.
    strokes : iterable of Stroke
        In the order they are painted; later ones cover earlier ones.

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        0 where nothing was painted.

    Examples
    --------
    >>> paint_strokes((3, 5), [Stroke(2, ((1, 1), (1, 3)), radius=0.5)])
    array([[0, 0, 0, 0, 0],
           [0, 2, 2, 2, 0],
           [0, 0, 0, 0, 0]], dtype=uint8)
    """
    paint = np.zeros(shape, np.uint8)
    for stroke in strokes:
        ends = stroke.points[1:] or stroke.points
        for start, end in zip(stroke.points, ends, strict=False):
            _paint_segment(paint, start, end, stroke)
    return paint


def _paint_segment(paint: np.ndarray, start: Point, end: Point, stroke: Stroke) -> None:
    """Paint the pixels whose centre is within the brush radius of one straight piece."""
    reach = stroke.radius
    low = [max(0, int(np.floor(min(a, b) - reach))) for a, b in zip(start, end, strict=True)]
    high = [int(np.ceil(max(a, b) + reach)) + 1 for a, b in zip(start, end, strict=True)]
    window = paint[low[0] : high[0], low[1] : high[1]]
    rows, columns = np.ogrid[low[0] : low[0] + window.shape[0], low[1] : low[1] + window.shape[1]]
    along = (end[0] - start[0], end[1] - start[1])
    length = along[0] ** 2 + along[1] ** 2
    # The share of the piece at which each pixel is nearest to it, kept between its ends.
    share = (rows - start[0]) * along[0] + (columns - start[1]) * along[1]
    share = np.clip(share / length, 0, 1) if length else np.zeros(window.shape)
    away = (rows - start[0] - share * along[0]) ** 2 + (columns - start[1] - share * along[1]) ** 2
    window[away <= reach**2] = stroke.value
