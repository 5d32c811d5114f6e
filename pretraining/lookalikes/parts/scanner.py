"""What tomography does to a slice: rings, streaks, hardened beams, fringes, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.textures import smooth_noise, standardised


@dataclass(frozen=True)
class Scanner:
    """Artefacts, in units of the contrast between void and solid; 0 switches one off.

    Parameters
    ----------
    blur : float
        Sigma of the partial volume in pixels.
    fringe, fringe_width : float
        Bright and dark seams of phase contrast at borders, and how wide they are.
    rings, streaks, cupping : float
        Rings about the axis, streaks from bright parts, darkening towards the axis.
    curtain : float
        Stripes of an ion beam.
    shine : float
        Light from deeper walls in the voids of a milled slice.
    noise, clumped : float
        Noise, and its correlation length in pixels.
    """

    blur: float
    fringe: float
    fringe_width: float
    rings: float
    streaks: float
    cupping: float
    curtain: float
    shine: float
    noise: float
    clumped: float

    def __call__(
        self, rng: np.random.Generator, tone: np.ndarray, void: np.ndarray, bright: np.ndarray
    ) -> np.ndarray:
        """Reconstruct a slice.

        Parameters
        ----------
        rng : numpy.random.Generator
            Decides everything.
        tone : ndarray, shape (side, side)
            Density.
        void, bright : ndarray of bool, shape (side, side)
            Where nothing is, and where streaks start.

        Returns
        -------
        ndarray of float32, shape (side, side)
        """
        side = len(tone)
        if self.shine:
            deep = ndimage.gaussian_filter(np.roll(tone, (5, 3), (0, 1)), 2.5 + 0.01 * side)
            tone = np.where(void, tone + self.shine * deep, tone)
        image = ndimage.gaussian_filter(tone.astype(np.float32), self.blur)
        if self.fringe:
            image = image + self.fringe * (
                image - ndimage.gaussian_filter(image, self.fringe_width)
            )
        y, x = np.mgrid[:side, :side].astype(np.float32)
        centre = rng.uniform(-1, 2, 2) * side
        radius = np.hypot(y - centre[0], x - centre[1])
        if self.cupping:
            image = image * (1 + self.cupping * ((radius / (1.5 * side)) ** 2 - 0.5))
        if self.rings:
            image = image + self.rings * _rings(
                rng, radius, np.arctan2(y - centre[0], x - centre[1])
            )
        if self.streaks and bright.any():
            image = image + self.streaks * _streaks(rng, bright, y, x)
        if self.curtain:
            stripes = ndimage.gaussian_filter1d(rng.standard_normal((1, side)), 1.5)
            fade = np.clip(0.6 + 0.5 * smooth_noise(rng, side, 0.5 * side), 0, 2)
            image = image + self.curtain * 2 * stripes * fade
        noise = rng.standard_normal((side, side)).astype(np.float32)
        if self.clumped > 0.25:
            noise = standardised(ndimage.gaussian_filter(noise, self.clumped))
        return np.asarray(image + self.noise * noise, np.float32)


def _rings(rng: np.random.Generator, radius: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Arcs about the axis, as bad elements of a detector leave them."""
    far = int(radius.max()) + 3
    profile = 0.35 * rng.standard_normal(far)
    strong = rng.random(far) < 0.05
    profile[strong] += 2.5 * rng.standard_normal(int(strong.sum()))
    profile = ndimage.gaussian_filter1d(profile, 0.6)
    low = radius.astype(int)
    share = radius - low
    value = profile[low] * (1 - share) + profile[low + 1] * share
    part = 0.6 + 0.4 * np.cos(angle + rng.uniform(0, 6.3)) * np.cos(radius / 40)
    return np.asarray(value * part)


def _streaks(
    rng: np.random.Generator, bright: np.ndarray, y: np.ndarray, x: np.ndarray
) -> np.ndarray:
    """Dark and bright rays from a few of the bright parts."""
    rows, columns = np.nonzero(bright)
    total = np.zeros(bright.shape)
    for pick in rng.integers(0, len(rows), 3):
        dy, dx = y - rows[pick], x - columns[pick]
        turn = (np.arctan2(dy, dx) / np.pi * 90 + 180) % 180
        rays = ndimage.gaussian_filter1d(rng.standard_normal(180), 1.2, mode="wrap") * 1.6
        low = turn.astype(int) % 180
        share = turn - np.floor(turn)
        total += (
            (rays[low] * (1 - share) + rays[(low + 1) % 180] * share)
            * np.exp(-np.hypot(dy, dx) / (0.25 * len(bright)))
            * (1 - np.exp(-(dy**2 + dx**2) / 60))
        )
    return total
