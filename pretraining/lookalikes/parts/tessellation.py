"""Cells or grains that fill the plane, their borders known to a part of a pixel, each by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from pretraining.textures import smooth_noise


@dataclass(frozen=True, eq=False)
class Tiling:
    """A plane divided into cells.

    Parameters
    ----------
    index : ndarray of int32, shape (side, side)
        Which cell each pixel belongs to.
    gap : ndarray of float32, shape (side, side)
        Pixels to the nearest border.
    edge : ndarray of int64, shape (side, side)
        Which border that is; spread evenly over 0..65535 and the same from both of its sides.
    corner : ndarray of float32, shape (side, side)
        About how far the second nearest border is, in pixels: small where three cells meet.
    count : int
        Cells have numbers below it.
    """

    index: np.ndarray
    gap: np.ndarray
    edge: np.ndarray
    corner: np.ndarray
    count: int

    def per_edge(self, values: np.ndarray) -> np.ndarray:
        """One of `values` for each border, as a map."""
        return np.asarray(values[self.edge % len(values)])


def lattice(
    rng: np.random.Generator, side: int, spacing: float, jitter: float, stretch: float = 1.0,
    brick: float = 0.5,
) -> np.ndarray:  # fmt: skip
    """Places of cells: rows of them, more or less disordered, in any direction.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    side : int
        Side of the square that they cover, and a margin around it.
    spacing : float
        Square root of the area of a cell.
    jitter : float
        Deviation from a regular order as a share of the spacing; 0.5 and more leaves none.
    stretch : float, optional
        Length over width.
    brick : float, optional
        By how much of a length a row is shifted against the next.

    Returns
    -------
    ndarray, shape (n, 2)
    """
    angle = rng.uniform(0, np.pi)
    reach = 0.72 * side + 2.5 * spacing * stretch**0.5
    high, wide = spacing / stretch**0.5, spacing * stretch**0.5
    rows, columns = np.arange(-reach, reach, high), np.arange(-reach, reach, wide)
    y, x = (part.astype(float) for part in np.meshgrid(rows, columns, indexing="ij"))
    shift = rng.uniform(0, 1, (len(rows), 1)) * min(2 * jitter, 1)
    x += wide * (brick * (np.arange(len(rows)) % 2)[:, None] + shift)
    y += jitter * high * rng.standard_normal(y.shape)
    x += jitter * wide * rng.standard_normal(x.shape)
    cosine, sine = np.cos(angle), np.sin(angle)
    points = np.stack([cosine * y + sine * x, cosine * x - sine * y], -1).reshape(-1, 2) + side / 2
    near = ((points > -2.5 * wide) & (points < side + 2.5 * wide)).all(1)
    return points[near] if near.sum() > 3 else points


def tiling(
    rng: np.random.Generator, side: int, points: np.ndarray, bends: tuple[tuple[float, float], ...],
    owners: np.ndarray | None = None,
) -> Tiling:  # fmt: skip
    """Divide the plane among points.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides how borders bend.
    side : int
        Side of the square.
    points : ndarray, shape (n, 2)
        Where cells are.
    bends : tuple of pairs of float
        Scale and size, in pixels, of each bending of the borders.
    owners : ndarray of int, shape (n,), optional
        Several points may belong to one cell; each to its own without it.
    """
    y, x = np.mgrid[:side, :side].astype(np.float32)
    for scale, size in bends:
        y = y + size * smooth_noise(rng, side, scale)
        x = x + size * smooth_noise(rng, side, scale)
    at = np.stack([y.ravel(), x.ravel()], 1)
    owners = np.arange(len(points)) if owners is None else owners
    many = min(3 if len(np.unique(owners)) == len(owners) else 5, len(points))
    squares, found = cKDTree(points).query(at, k=many)
    squares = squares**2
    first, mine = points[found[:, 0]], owners[found[:, 0]]
    best, second = np.full((2, len(at)), 1e3)
    across, other = np.zeros((len(at), 2)), mine.copy()
    for rank in range(1, many):
        apart = points[found[:, rank]] - first
        length = np.maximum(np.hypot(apart[:, 0], apart[:, 1]), 1e-3)
        gap = (squares[:, rank] - squares[:, 0]) / (2 * length)
        gap = np.where(owners[found[:, rank]] == mine, 1e3, gap)
        closer = gap < best
        second = np.where(closer, best, np.minimum(second, gap))
        best = np.where(closer, gap, best)
        other = np.where(closer, owners[found[:, rank]], other)
        across = np.where(closer[:, None], apart / length[:, None], across)
    if bends:
        squeeze = _squeeze(y, x, across)
        best, second = best / squeeze, second / squeeze
    edge = np.minimum(mine, other) * 40503 + np.maximum(mine, other) * 25717
    edge = (edge * 2654435761 >> 13) % 65536
    shape = (side, side)
    return Tiling(
        mine.reshape(shape).astype(np.int32), best.reshape(shape).astype(np.float32),
        edge.reshape(shape), second.reshape(shape).astype(np.float32), int(owners.max()) + 1,
    )  # fmt: skip


def _squeeze(y: np.ndarray, x: np.ndarray, across: np.ndarray) -> np.ndarray:
    """How much bent coordinates squeeze the plane across borders, so as to undo it; (pixels,)."""
    normal_y, normal_x = across.T.reshape(2, *y.shape)
    (y_y, y_x), (x_y, x_x) = np.gradient(y), np.gradient(x)
    squeeze = np.hypot(y_y * normal_y + x_y * normal_x, y_x * normal_y + x_x * normal_x)
    return np.maximum(squeeze, 0.3).ravel()


def merged(rng: np.random.Generator, points: np.ndarray, share: float) -> np.ndarray:
    """Owners of points, about that share of which join neighbours to large cells of any outline."""
    large = points[rng.random(len(points)) < 0.13]
    if not share or len(large) < 2:
        return np.arange(len(points))
    _, nearest = cKDTree(large).query(points)
    taken = rng.random(len(large))[nearest] + rng.normal(0, 0.1, len(points)) < share
    return np.where(taken, len(points) + nearest, np.arange(len(points)))
