"""Small bright things: where they lie and how they glow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.stamps import apart, draw_stamps
from pretraining.textures import smooth_noise

PROFILES = ("blurred", "ball", "shell")
"""How light falls off: a point's image, a filled ball, a stained surface."""


@dataclass(frozen=True, eq=False)
class Spots:
    """Spots of one field of view.

    Parameters
    ----------
    centres, radii, tones : ndarray, shape (n, 2), (n,) and (n,)
        Rows and columns, where light has fallen to half in pixels, brightness.
    """

    centres: np.ndarray
    radii: np.ndarray
    tones: np.ndarray

    def drawn(
        self, rng: np.random.Generator, side: int, profile: str, least: float, blur: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Light of all, and where those are that can be seen.

        Parameters
        ----------
        rng, side : numpy.random.Generator and int
            Decides outlines; side of the view.
        profile : str
            One of `PROFILES`.
        least : float
            Brightness of the faintest that count.
        blur : float
            That the camera adds, as a deviation in pixels.

        Returns
        -------
        tuple of ndarray, each (side, side)
            Light, float32, and a mask, bool.
        """
        point = profile == "blurred"
        wide = 2.3 if point else 1.3  # How far light is drawn, over the radius.
        stamps = draw_stamps(
            rng, side, self.centres, wide * self.radii, rough=0.02 if point else 0.045,
            stretch=1 + (0.15 if point else 0.25) * rng.random(len(self.radii)),
        )  # fmt: skip
        off = wide * stamps.distance
        inside = np.clip((1 - off) * self.radii[stamps.number] + 0.5, 0, 1)
        if point:
            light = np.exp(-0.69 * off**2)
        elif profile == "ball":
            light = inside * (0.35 + 0.65 * np.sqrt(np.clip(1 - off**2, 0, 1)))
        else:
            width = np.maximum(0.9 / self.radii, 0.3)[stamps.number]
            light = np.exp(-(((off - 1 + width) / width) ** 2)) + 0.25 * inside
        tones = self.tones[stamps.number]
        # What the camera blurs looks larger.
        seen = np.hypot(self.radii, 0.8 * blur) if point else self.radii
        near = (off * self.radii[stamps.number] < seen[stamps.number]) & (tones >= least)
        mask = np.zeros(side * side, bool)
        mask[stamps.pixel[near]] = True
        return stamps.summed((tones * light).astype(np.float32)), mask.reshape(side, side)


@dataclass(frozen=True, eq=False)
class Scene:
    """Light of DNA, spots and the rest, and where spots and cells that hold them are."""

    dna: np.ndarray
    spots: np.ndarray
    rest: np.ndarray
    is_spot: np.ndarray
    holds: np.ndarray


def strewn(rng: np.random.Generator, chance: np.ndarray, most: int = 900) -> np.ndarray:
    """Positions of points that are as frequent as a map (side, side) of expected numbers says."""
    rows, columns = np.nonzero(rng.random(chance.shape) < chance)
    at = np.stack([rows, columns], 1) + rng.uniform(-0.5, 0.5, (len(rows), 2))
    return np.asarray(at if len(at) <= most else at[rng.permutation(len(at))[:most]])


def draw_spots(
    rng: np.random.Generator, centres: np.ndarray, radius: float, spread: float, variety: float,
    gap: float = 0.0,
) -> Spots:  # fmt: skip
    """Sizes and brightness for positions.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    centres : ndarray, shape (n, 2)
        Where they lie.
    radius, spread : float
        Typical radius in pixels, deviation of its logarithm.
    variety : float
        Deviation of the logarithm of brightness.
    gap : float
        Least distance over the sum of two radii, as in `apart`.
    """
    count = len(centres)
    radii = np.maximum(radius * np.exp(spread * rng.standard_normal(count).clip(-2, 2.2)), 1.2)
    tones = np.exp(variety * rng.standard_normal(count).clip(-2.5, 2.2))
    # Nobody could say of those in between whether they count.
    tones = np.where((tones > 0.25) & (tones < 0.4), rng.choice([0.12, 0.5], count), tones)
    if gap:
        stays = apart(centres, radii, gap)
        centres, radii, tones = centres[stays], radii[stays], tones[stays]
    return Spots(centres, radii, tones)


def heaped(
    rng: np.random.Generator, side: int, rate: float, cluster: float, scale: float
) -> np.ndarray:
    """Expected number of points at each pixel: even, or in patches.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides the patches.
    side : int
        Side of the view.
    rate : float
        Mean number per pixel.
    cluster : float
        0 even, 1 in tight patches.
    scale : float
        Size of patches in pixels.
    """
    patches = np.exp(2.2 * cluster * smooth_noise(rng, side, scale))
    return np.asarray(rate * patches / patches.mean())
