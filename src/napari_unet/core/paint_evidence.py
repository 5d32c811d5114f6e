"""What paint looks like on its image: the measurements by which masks and strokes are told.

A mask ends where things end: across its border the image changes, and what lies beyond it
does not look like what lies inside. A stroke lies somewhere inside a thing: beyond its border
the image goes on as before. The rank statistic is that of Mann and Whitney (1947,
doi:10.1214/aoms/1177730491), as the probability that one of two pixels is the brighter one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage as ndi

_REACH = 4
"""How far beyond a border, in pixels, the neighbourhood reaches."""
_MOST_PIXELS = 4000
_FEWEST_PIXELS = 16
_MOST_CHANNELS = 4
_STRONG = 0.75
"""A look with this share of the best look's contrast tells inside from outside, too."""


@dataclass(frozen=True, eq=False)
class Window:
    """A part of one plane of the paint, with the image there.

    Parameters
    ----------
    paint : ndarray of int, shape (Y, X)
        Paint values, 0 where not painted.
    image : ndarray, shape (C, Y, X), or None
        Pixels as stored.
    """

    paint: np.ndarray
    image: np.ndarray | None


@dataclass(frozen=True)
class Shape:
    """What the pieces of one value look like, whatever the image.

    Parameters
    ----------
    pieces : int
        Number of connected pieces, those in overlapping windows counted twice.
    together : int
        Most pieces in one window.
    spread : float
        Mean over pixels of a piece's area over that of the largest disc in it: near 1 for
        blobs, large for lines and networks.
    """

    pieces: int
    together: int
    spread: float


@dataclass(frozen=True)
class Border:
    """How the image changes across the border of one value's paint.

    Parameters
    ----------
    contrast : float
        0 if pixels just inside and just outside cannot be told apart, 1 if always.
    beside, beyond : float
        Share of the unpainted pixels next to the paint, and farther away, that look like
        most of the painted ones; `beyond` is None if no unpainted pixel is far away.
    """

    contrast: float
    beside: float
    beyond: float | None


def shapes(windows: Sequence[Window]) -> dict[int, Shape]:
    """Measure the pieces of each value over all windows."""
    measured: dict[int, list[np.ndarray]] = {}
    for window in windows:
        depth = _depth(window.paint)
        values, numbers = np.unique(window.paint, return_inverse=True)
        numbers = numbers.reshape(window.paint.shape)  # numpy 1 leaves it flat
        for value, where in zip(values, ndi.find_objects(numbers + 1), strict=True):
            if value == 0:
                continue
            labels, count = ndi.label(window.paint[where] == value, np.ones((3, 3)))
            area = np.bincount(labels.ravel(), minlength=count + 1)[1:]
            radius = ndi.maximum(depth[where], labels, np.arange(1, count + 1))
            pieces = np.stack([area, np.pi * np.square(radius)])
            measured.setdefault(int(value), []).append(pieces)
    return {value: _shape(m) for value, m in measured.items()}


def _shape(measured: list[np.ndarray]) -> Shape:
    area, disc = np.concatenate(measured, axis=1)
    together = max(m.shape[1] for m in measured)
    return Shape(len(area), together, float((area * (area / disc)).sum() / area.sum()))


def _depth(paint: np.ndarray) -> np.ndarray:
    """Distance of every painted pixel to the nearest pixel of another value."""
    edge = np.zeros(paint.shape, bool)
    rows, columns = paint[1:] != paint[:-1], paint[:, 1:] != paint[:, :-1]
    edge[1:] |= rows
    edge[:-1] |= rows
    edge[:, 1:] |= columns
    edge[:, :-1] |= columns
    # Padded, so that a piece cut by the window counts as going on.
    inside = np.pad((paint > 0) & ~edge, 1, mode="edge")
    return ndi.distance_transform_edt(inside)[1:-1, 1:-1] + 1.0


def border(windows: Sequence[Window], value: int | None) -> Border | None:
    """Measure the image across the border between a value and unpainted pixels.

    Parameters
    ----------
    windows : sequence of Window
        Those without image are left out.
    value : int or None
        The paint value; None for all values together.

    Returns
    -------
    Border or None
        None where too few pixels lie on either side to say anything.
    """
    parts = [_sides(w, value) for w in windows if w.image is not None]
    sides = [np.concatenate([p[i] for p in parts], axis=1) for i in range(4)] if parts else []
    if not sides or min(sides[0].shape[1], sides[1].shape[1]) < _FEWEST_PIXELS:
        return None
    inner, beside, inside, beyond = (_thinned(s) for s in sides)
    signed = np.array([2 * _brighter(i, b) - 1 for i, b in zip(inner, beside, strict=True)])
    contrast = np.abs(signed)
    alike = []
    for look in np.flatnonzero(contrast >= _STRONG * contrast.max()):
        sign = 1.0 if signed[look] >= 0 else -1.0
        limit = np.quantile(sign * inside[look], 0.25)
        far = np.mean(sign * beyond[look] >= limit) if beyond.size else np.nan
        alike.append((np.mean(sign * beside[look] >= limit), far))
    # What looks alike must do so in every telling look: the least of the shares bounds it.
    near, far = np.min(alike, axis=0)
    return Border(float(contrast.max()), float(near), None if np.isnan(far) else float(far))


def _sides(window: Window, value: int | None) -> list[np.ndarray]:
    """Looks ``(F, pixels)`` just inside, just outside, anywhere inside, and far outside."""
    zero = window.paint <= 0
    here = ~zero if value is None else window.paint == value
    inner = here & _grown(zero, _REACH - 1)
    beside = zero & _grown(here, _REACH) & ~_grown(here, 1)
    beyond = zero & ~_grown(~zero, _REACH)
    look = _looks(window.image)
    return [look[:, where] for where in (inner, beside, here, beyond)]


def _grown(mask: np.ndarray, by: int) -> np.ndarray:
    return ndi.maximum_filter(mask.view(np.uint8), 2 * by + 1, mode="constant").astype(bool)


def _looks(image: np.ndarray | None) -> np.ndarray:
    """Smoothed brightness of each channel and the roughness of their mean, float32 (F, Y, X)."""
    assert image is not None
    pixels = np.nan_to_num(image[:_MOST_CHANNELS].astype(np.float32), posinf=0.0, neginf=0.0)
    smooth = ndi.gaussian_filter(pixels, (0, 1, 1))
    mean = pixels.mean(axis=0)
    scale = mean.std() or 1.0
    mean = (mean - mean.mean()) / scale
    variance = ndi.gaussian_filter(mean**2, 2) - ndi.gaussian_filter(mean, 2) ** 2
    return np.concatenate([smooth, np.maximum(variance, 0)[np.newaxis]])


def _thinned(pixels: np.ndarray) -> np.ndarray:
    return pixels[:, :: max(1, pixels.shape[1] // _MOST_PIXELS)]


def _brighter(one: np.ndarray, two: np.ndarray) -> float:
    """Probability that a pixel of the first lot is brighter than one of the second."""
    two = np.sort(two)
    below = np.searchsorted(two, one, side="left") + np.searchsorted(two, one, side="right")
    return float(below.mean() / (2 * len(two)))
