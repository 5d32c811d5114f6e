"""Many thin threads at once: paths that wander, their light, and where they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.fluorescent import splat
from pretraining.textures import smooth_noise

STEP = 0.7
"""Pixels from point to point."""


@dataclass(frozen=True, eq=False)
class Threads:
    """Threads of about one width.

    Parameters
    ----------
    points : ndarray of float, shape (n, steps, 2)
        Rows and columns.
    light : ndarray of float, shape (n, steps)
        Brightness at each point, 0 where a thread has ended.
    sigma : float
        Half width in pixels, as deviation of a Gaussian profile.
    """

    points: np.ndarray
    light: np.ndarray
    sigma: float

    def lit(self, side: int) -> np.ndarray:
        """Light of all, about 1 in the middle of a thread of brightness 1; adds up at crossings."""
        dots = splat(self.points.reshape(-1, 2), self.light.ravel(), side)
        gain = STEP * np.sqrt(2 * np.pi) * self.sigma
        return np.asarray(gain * ndimage.gaussian_filter(dots, self.sigma))

    def mask(self, side: int, least: float) -> np.ndarray:
        """Where there is a thread at least that bright, as bool."""
        at = self.points[self.light > least].round().astype(int)
        at = at[((at >= 0) & (at < side)).all(1)]
        empty = np.ones((side, side), bool)
        empty[at[:, 0], at[:, 1]] = False
        if empty.all():
            return ~empty
        half = max(1.25 * self.sigma, 0.9)
        return np.asarray(ndimage.distance_transform_edt(empty) <= half)


def wandering(
    rng: np.random.Generator, starts: np.ndarray, angles: np.ndarray, length: float, bend: float,
    stay: float,
) -> np.ndarray:  # fmt: skip
    """Paths, each of the same number of points.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides the turns.
    starts, angles : ndarray, shape (n, 2) and (n,)
        First points and directions.
    length : float
        In pixels.
    bend : float
        Deviation of the direction after 30 pixels, in radians.
    stay : float
        Over how many pixels a turn is spread.

    Returns
    -------
    ndarray, shape (n, steps, 2)
    """
    steps = max(int(length / STEP), 4)
    turns = rng.standard_normal((len(starts), steps), np.float32) * bend * np.sqrt(STEP / 30)
    heading = np.cumsum(turns, 1)
    heading = ndimage.gaussian_filter1d(heading, max(stay / STEP, 0.5), axis=1, mode="nearest")
    heading = heading - heading[:, :1] + angles[:, None]
    moves = STEP * np.stack([np.sin(heading), np.cos(heading)], -1)
    return np.asarray(starts[:, None] + np.cumsum(moves, 1))


def uneven(
    rng: np.random.Generator, shape: tuple[int, ...], strength: float, scale: float
) -> np.ndarray:
    """Brightness that changes along each thread, about 1, of the shape (threads, steps)."""
    noise = rng.standard_normal(shape, np.float32)
    noise = ndimage.gaussian_filter1d(noise, max(scale / STEP, 0.5), axis=1)
    noise /= noise.std() + 1e-6
    return np.asarray(np.exp(strength * noise - 0.5 * strength**2))


def looked_up(values: np.ndarray, points: np.ndarray, outside: float) -> np.ndarray:
    """A map's values at points (..., 2), and `outside` beyond the map."""
    side = len(values)
    at = points.astype(int)
    good = ((points >= 0) & (at < side)).all(-1)
    at = at.clip(0, side - 1)
    return np.where(good, values[at[..., 0], at[..., 1]], outside)


def woven(
    rng: np.random.Generator, side: int, count: int, aligned: float, bend: float, stay: float
) -> np.ndarray:
    """Threads that cross the whole view, in one main direction or any, (count, steps, 2)."""
    main = rng.uniform(0, 2 * np.pi)
    swirl = smooth_noise(rng, side, 0.6 * side)
    middle = rng.uniform(-0.1 * side, 1.1 * side, (count, 2))
    here = looked_up(swirl, middle, 0.0)
    angles = main + 0.5 * here + rng.normal(0, 0.2, count)
    angles = np.where(rng.random(count) < aligned, angles, rng.uniform(0, 2 * np.pi, count))
    length = 1.5 * side
    back = np.stack([np.sin(angles), np.cos(angles)], 1) * 0.5 * length
    return wandering(rng, middle - back, angles, length, bend, stay)
