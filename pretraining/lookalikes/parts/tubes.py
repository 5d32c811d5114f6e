"""Bodies along bent paths with a thickness: rods, filaments, cells with arms, mitochondria."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(eq=False)
class Tubes:
    """Distances to all bodies drawn so far.

    Parameters
    ----------
    distance : ndarray of float32, shape (side, side)
        To the nearest outline in pixels, negative inside; exact up to `reach` outside.
    index : ndarray of int32, shape (side, side)
        The nearest body, 0 where none is within reach.
    along : ndarray of float32, shape (side, side)
        Position along the path of that body in pixels.
    reach : float
        How far from a body distances are of interest.
    """

    distance: np.ndarray
    index: np.ndarray
    along: np.ndarray
    reach: float

    @classmethod
    def empty(cls, side: int, reach: float = 4.0) -> Tubes:
        """No body yet."""
        shape = (side, side)
        far = np.full(shape, reach, np.float32)
        return cls(far, np.zeros(shape, np.int32), np.zeros(shape, np.float32), reach)

    @property
    def inside(self) -> np.ndarray:
        """Where a body is, as bool."""
        return self.distance < 0

    @property
    def instances(self) -> np.ndarray:
        """The number of the body at each pixel, 0 outside."""
        return np.where(self.inside, self.index, 0)

    def add(self, path: np.ndarray, radii: np.ndarray, number: int, over: bool = False) -> None:
        """Draw a body.

        Parameters
        ----------
        path : ndarray, shape (n, 2)
            Its middle line (row, column), n >= 2.
        radii : ndarray, shape (n,)
            Half its width at each point.
        number : int
            Its index.
        over : bool, optional
            Whether it covers what is there instead of sharing the border with it.
        """
        start = 0.0
        for first in range(0, len(path) - 1, 3):
            # Pieces have small windows, which a long body as a whole has not.
            piece = slice(first, first + 4)
            start += self._add_piece(path[piece], radii[piece], number, over, start)

    def _add_piece(
        self, path: np.ndarray, radii: np.ndarray, number: int, over: bool, start: float
    ) -> float:
        """Draw a part of a body that begins at a position along it; returns its length."""
        side = self.distance.shape[0]
        length = float(np.hypot(*np.diff(path, axis=0).T).sum())
        margin = radii.max() + self.reach + 1
        low, high = (path.min(0) - margin).tolist(), (path.max(0) + margin).tolist()
        top, left = (min(max(int(value), 0), side) for value in low)
        bottom, right = (min(max(int(value) + 2, 0), side) for value in high)
        if top >= bottom or left >= right:
            return length
        window = (slice(top, bottom), slice(left, right))
        y = np.arange(top, bottom, dtype=np.float32)[:, None]
        x = np.arange(left, right, dtype=np.float32)[None]
        distance, along = _to_path(y, x, path, radii)
        closer = distance < self.distance[window]
        if over:
            closer |= (distance < 0) & (self.index[window] != number)
        np.copyto(self.distance[window], distance, where=closer)
        self.index[window][closer] = number
        np.copyto(self.along[window], along + np.float32(start), where=closer)
        return length


def _to_path(
    y: np.ndarray, x: np.ndarray, path: np.ndarray, radii: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Signed distance to a path with a thickness, and the position along it."""
    best = along = np.zeros((0, 0), np.float32)
    start = 0.0
    for (row, column), (end_row, end_column), (width, end_width) in zip(
        path[:-1].tolist(), path[1:].tolist(), np.stack([radii[:-1], radii[1:]], 1).tolist(),
        strict=True,
    ):  # fmt: skip
        dy, dx = end_row - row, end_column - column
        length = max((dy**2 + dx**2) ** 0.5, 1e-3)
        off_y, off_x = y - row, x - column
        share = off_y * (dy / length**2) + off_x * (dx / length**2)
        share = np.minimum(np.maximum(share, 0), 1)
        off = np.sqrt((off_y - share * dy) ** 2 + (off_x - share * dx) ** 2)
        off -= width + share * (end_width - width)
        if not best.size:
            best, along = off, share * length
        else:
            closer = off < best
            np.copyto(best, off, where=closer)
            np.copyto(along, start + share * length, where=closer)
        start += length
    return best, along


def bent_path(
    rng: np.random.Generator, centre: np.ndarray, angle: float, length: float, bend: float,
    points: int = 5,
) -> np.ndarray:  # fmt: skip
    """A path of that length around a centre.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides how it bends.
    centre : ndarray, shape (2,)
        Its middle (row, column).
    angle : float
        Its direction in radians (0 along a row of growing column).
    length : float
        In pixels.
    bend : float
        Deviation of its total turn in radians.
    points : int, optional
        How many it is made of.

    Returns
    -------
    ndarray, shape (points, 2)
    """
    turn = rng.normal(0, bend) * np.linspace(-0.5, 0.5, points - 1)
    turn = turn + np.cumsum(rng.normal(0, 0.3 * bend / points**0.5, points - 1))
    step = length / (points - 1)
    steps = step * np.stack([np.sin(angle + turn), np.cos(angle + turn)], 1)
    path = np.concatenate([np.zeros((1, 2)), np.cumsum(steps, 0)])
    return path - path.mean(0) + centre
