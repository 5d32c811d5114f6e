"""Thin things drawn smoothly: paths of changing width, each pixel knows where across it lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage


@dataclass(frozen=True, eq=False)
class Path:
    """A path, sampled about every half pixel.

    Parameters
    ----------
    points : ndarray of float, shape (n, 2)
        Row and column.
    angles : ndarray of float, shape (n,)
        Direction at each point; a step is (sin, cos) of it.
    widths : ndarray of float, shape (n,)
        Half width at each point in pixels.
    """

    points: np.ndarray
    angles: np.ndarray
    widths: np.ndarray


def walk(
    rng: np.random.Generator,
    start: np.ndarray,
    angle: float,
    length: float,
    widths: tuple[float, float],
    wander: tuple[float, float] = (0.3, 30.0),
    pull: tuple[float, float] = (0.0, 0.0),
) -> Path:
    """Draw a path that wanders.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides the turns.
    start : ndarray of float, shape (2,)
        Row and column of its first point.
    angle : float
        Its first direction.
    length : float
        In pixels.
    widths : tuple of float
        Half width at its start and at its end.
    wander : tuple of float
        Deviation of the direction in radians, and over how many pixels it stays.
    pull : tuple of float
        A direction the path turns to, and how strongly per pixel (gravity).

    Returns
    -------
    Path
    """
    steps = max(int(2 * length), 6)
    knots = rng.standard_normal((2, int(length / wander[1]) + 4))
    last = knots.shape[1] - 1
    at = np.minimum(np.arange(steps) / (2 * wander[1]), last)
    kinks = np.interp(at, np.arange(last + 1), knots[0])
    kinks += 0.3 * np.interp(last * np.abs(np.sin(3 * at / last)), np.arange(last + 1), knots[1])
    kinks *= wander[0]
    kinks = ndimage.uniform_filter1d(kinks - kinks[0], max(int(wander[1]), 3), mode="nearest")
    away = (angle - pull[0] + np.pi) % (2 * np.pi) - np.pi
    angles = angle + kinks - away * (1 - np.exp(-pull[1] * np.arange(steps) / 2))
    points = start + np.cumsum(0.5 * np.stack([np.sin(angles), np.cos(angles)], 1), 0)
    share = np.linspace(0, 1, steps)
    return Path(points, angles, widths[0] + (widths[1] - widths[0]) * share)


def drawn(paths: list[Path], side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw paths of about the same width.

    Parameters
    ----------
    paths : list of Path
        Where they lie.
    side : int
        Side of the image in pixels.

    Returns
    -------
    tuple of ndarray, each (side, side)
        How much of each pixel is covered (0 to 1), where across its path it lies (-1 to 1; beyond
        outside), and which path is nearest.
    """
    empty = np.ones((side, side), bool)
    index = np.zeros((side, side), np.int32)
    if paths:
        points = np.concatenate([p.points for p in paths])
        angles = np.concatenate([p.angles for p in paths])
        widths = np.concatenate([p.widths for p in paths])
        owner = np.repeat(np.arange(len(paths)), [len(p.points) for p in paths])
        at = points.round().astype(int)
        inside = np.flatnonzero(((at >= 0) & (at < side)).all(1))
        rows, columns = at[inside].T
        empty[rows, columns] = False
        index[rows, columns] = inside
    if empty.all():
        return np.zeros((side, side), np.float32), np.full((side, side), 9.0, np.float32), index
    _, nearest = ndimage.distance_transform_edt(empty, return_indices=True)
    index = index[nearest[0], nearest[1]]
    y, x = np.mgrid[:side, :side]
    dy, dx = y - points[index, 0], x - points[index, 1]
    sine, cosine = np.sin(angles)[index], np.cos(angles)[index]
    across, along = dx * sine - dy * cosine, dx * cosine + dy * sine
    # Ends are round: what lies beyond them counts by its distance, not across.
    distance = np.hypot(across, np.maximum(np.abs(along) - 0.8, 0))
    cover = np.clip(widths[index] - distance + 0.5, 0, 1) * np.minimum(widths[index] * 2, 1)
    side_of = np.sign(across) * distance / np.maximum(widths[index], 0.5)
    return cover.astype(np.float32), side_of.astype(np.float32), owner[index]
