"""Ships on the sea as seen from above, with their wakes."""

from __future__ import annotations

import numpy as np

from pretraining.lookalikes.parts.aerial import blend
from pretraining.lookalikes.parts.tapering import fine_noise


def paint_ship(
    rng: np.random.Generator, image: np.ndarray, ships: np.ndarray, angle: float, long: float,
    colour: np.ndarray, moving: bool, sun: float | None,
) -> None:  # fmt: skip
    """Draw a ship anywhere, with its wake and shadow, in place.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides where it is and what stands on its deck.
    image : ndarray, shape (3, side, side)
        What is drawn on.
    ships : ndarray of float, shape (side, side)
        Where ships are, 0 to 1.
    angle, long : float
        Where it goes, and half its length in pixels.
    colour : ndarray, shape (3,)
        Of its deck.
    moving : bool
        Whether it leaves a wake.
    sun : float or None
        Direction of its shadow; None in radar images, which have none.
    """
    side = len(ships)
    centre, half = rng.uniform(0, side, 2), max(long * rng.uniform(0.14, 0.24), 1.1)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    y, x = y - np.float32(centre[0]), x - np.float32(centre[1])
    along = np.sin(angle) * y + np.cos(angle) * x
    across = np.cos(angle) * y - np.sin(angle) * x
    if moving:
        behind = -(along + 0.8 * long)
        spread = half * 0.8 + 0.06 * np.maximum(behind, 0)
        trail = np.exp(-((across / spread) ** 2)) * (behind > 0) * np.exp(-behind / (7 * long))
        arms = np.exp(-(((np.abs(across) - half - 0.3 * (behind + 2 * long)) / 1.2) ** 2))
        arms = arms * (behind > -1.6 * long) * np.exp(-(behind + 2 * long) / (3 * long))
        foam = (0.5 * trail + 0.3 * arms) * (0.9 + 0.3 * fine_noise(rng, side, 1.2))
        blend(image, np.clip(foam, 0, 0.8), np.array([0.7, 0.75, 0.77]))
    bow = np.clip((along / long - 0.45) / 0.55, 0, 1)
    width = half * np.sqrt(np.maximum(1 - bow**2, 0)) * (0.9 + 0.1 * (along > -0.85 * long))
    hull = np.clip(0.5 - np.maximum(np.abs(across) - width, np.abs(along) - long), 0, 1)
    blocks = np.floor(along / max(0.16 * long, 1.5)).astype(int) % 16
    deck = 1 + rng.normal(0, 0.22, 16)[blocks] - 0.15 * (np.abs(across) > width - 1)
    cabin = np.abs(along + long * rng.uniform(0.4, 0.75)) < 0.13 * long
    deck = np.where(cabin, 1.0, deck)
    paint = np.where(cabin, np.array([0.9, 0.9, 0.88])[:, None, None],
                     colour[:, None, None] * deck)  # fmt: skip
    if sun is not None:
        shift = (round(1.2 * np.sin(sun)), round(1.2 * np.cos(sun)))
        image *= 1 - 0.4 * np.roll(hull, shift, (0, 1)) * (1 - hull)
    blend(image, hull, paint)
    np.maximum(ships, hull, out=ships)
