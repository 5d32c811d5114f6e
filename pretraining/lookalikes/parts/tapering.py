"""Lines of varying width drawn with sub-pixel accuracy, and fine noise for what they lie on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.textures import standardised

FAR = 99.0
"""Distance of pixels that no stroke is near to."""


def fine_noise(rng: np.random.Generator, side: int, scale: float) -> np.ndarray:
    """Isotropic Gaussian noise of a correlation length in pixels, standardised float32."""
    if scale >= 2:
        # Sums of Gaussian bumps on a coarse lattice: two small matrix products.
        lattice = np.arange(-2.5, side / scale + 3, dtype=np.float32)
        away = np.arange(side, dtype=np.float32)[:, None] / scale - lattice
        bumps = np.exp(-(away**2))
        coarse = rng.standard_normal((len(lattice), len(lattice)), np.float32)
        return standardised(bumps @ coarse @ bumps.T)
    white = rng.standard_normal((side, side), np.float32)
    return standardised(ndimage.gaussian_filter(white, scale, truncate=2.5, mode="wrap"))


@dataclass(frozen=True, eq=False)
class Strokes:
    """Where strokes lie.

    Parameters
    ----------
    outside : ndarray of float32, shape (side, side)
        Distance to the nearest edge of a stroke, negative within; `FAR` away from all.
    nearest : ndarray of int, shape (side, side)
        Index of the point whose disc decides that, 0 away from all.
    """

    outside: np.ndarray
    nearest: np.ndarray

    @property
    def cover(self) -> np.ndarray:
        """Share of each pixel that is covered, 0 to 1."""
        return np.clip(0.5 - self.outside, 0, 1)

    def across(self, radius: np.ndarray) -> np.ndarray:
        """Distance from the middle line as a share of the radius; large away from all."""
        here = radius[self.nearest]
        return np.where(self.outside < FAR, (self.outside + here) / here, FAR)

    def everywhere(self) -> tuple[np.ndarray, np.ndarray]:
        """`outside` and `nearest`, about, also where they are not known."""
        known = self.outside < FAR
        if not known.any():
            return self.outside, self.nearest
        far, at = ndimage.distance_transform_edt(~known, return_indices=True)
        reach = float(self.outside[known].max())
        return np.where(known, self.outside, far + reach), self.nearest[at[0], at[1]]


def stroke(points: np.ndarray, radius: np.ndarray, side: int, margin: float = 1.5) -> Strokes:
    """Draw discs along lines.

    Parameters
    ----------
    points : ndarray, shape (N, 2)
        Rows and columns, closer together than the radius.
    radius : ndarray, shape (N,)
        Half width at each point in pixels.
    side : int
        Side of the square in pixels.
    margin : float, optional
        How far outside the strokes distances are known.
    """
    outside = np.full(side * side, FAR, np.float32)
    nearest = np.zeros(side * side, np.int64)
    reach = np.ceil(radius + margin).astype(int)
    seen = ((points > -reach[:, None]) & (points < side + reach[:, None])).all(1)
    found = []
    for half in np.unique(reach[seen]):
        members = np.flatnonzero(seen & (reach == half))
        found.append(_stamp(outside, points[members], radius[members], members, int(half), side))
    for pixel, distance, member in found:
        best = distance <= outside[pixel]
        nearest[pixel[best]] = member[best]
    return Strokes(outside.reshape(side, side), nearest.reshape(side, side))


def _stamp(
    outside: np.ndarray, points: np.ndarray, radius: np.ndarray, members: np.ndarray,
    half: int, side: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Lower `outside` to the distances of discs of one size; returns what was offered."""
    points = points.astype(np.float32)
    base = points.round()
    step = np.arange(-half, half + 1, dtype=np.float32)
    rows, columns = base[:, 0, None] + step, base[:, 1, None] + step
    squared = ((rows - points[:, :1]) ** 2)[:, :, None] + ((columns - points[:, 1:]) ** 2)[:, None]
    distance = np.sqrt(squared) - radius[:, None, None].astype(np.float32)
    good = ((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[:, None]
    good &= distance < half - radius[:, None, None]
    pixel = (rows[:, :, None] * side + columns[:, None]).astype(np.int64)[good]
    which = np.broadcast_to(members[:, None, None], good.shape)[good]
    offered = distance[good]
    np.minimum.at(outside, pixel, offered)
    return pixel, offered, which


def refined(path: np.ndarray, step: float) -> np.ndarray:
    """A polyline with points a step apart.

    Parameters
    ----------
    path : ndarray, shape (N, K)
        Rows, columns and anything else that goes along.
    step : float
        Distance between the points of the result in pixels.
    """
    gaps = np.hypot(*np.diff(path[:, :2], axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(gaps)])
    wanted = np.arange(0, at[-1] + step / 2, step)
    return np.stack([np.interp(wanted, at, column) for column in path.T], 1)
