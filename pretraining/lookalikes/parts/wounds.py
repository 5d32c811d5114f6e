"""Open wounds in the skin, photographed at a ward."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.dermis import BLOOD, MELANIN
from pretraining.lookalikes.parts.scenery import Answers, Frame, off_centre, rough_patch, toward
from pretraining.lookalikes.parts.stains import stretched_noise
from pretraining.lookalikes.parts.tapering import fine_noise

FLESH = np.array((0.22, 0.95, 0.9))
"""What red flesh absorbs of red, green and blue."""


@dataclass(frozen=True, eq=False)
class Wound:
    """An open wound photographed at a ward; lengths in pixels.

    Parameters
    ----------
    unit, radius, rough : float
        The zoom, radius of the wound, and raggedness of its border.
    skin : ndarray, shape (3,)
        Colour of the skin.
    slough, necrosis : float
        Thresholds above which yellow and black tissue covers the red one.
    pallor, wet, bumpy, flushed, wrinkles : float
        How dark the red bed is (-0.2 pale); strength of highlights, of relief, of reddened skin
        around, of wrinkles.
    cloth : bool
        Whether a cloth or dressing lies in the view.
    """

    unit: float
    radius: float
    rough: float
    skin: np.ndarray
    slough: float
    necrosis: float
    pallor: float
    wet: float
    bumpy: float
    flushed: float
    wrinkles: float
    cloth: bool

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A field of view, (3, side, side), and its answers."""
        frame, unit = Frame.of(side), self.unit
        radius = self.radius * np.exp(rng.normal(0, 0.2))
        depth = rough_patch(rng, frame, off_centre(rng, side, radius), radius, self.rough)
        image = self._around(rng, side, depth)
        bed, sorts = self._bed(rng, side)
        inside = np.clip(depth / (2.5 * unit) + 0.5, 0, 1)
        toward(image, inside, bed)
        lip = fine_noise(rng, side, 20 * unit)
        edge = np.exp(-(((depth - 2 * unit) / (3.5 * unit)) ** 2)) * np.clip(0.6 + 0.5 * lip, 0, 1)
        image *= 1 - 0.4 * edge
        pale = np.exp(-(((depth + 4 * unit) / (4 * unit)) ** 2)) * np.clip(0.4 - 0.6 * lip, 0, 1)
        toward(image, 0.35 * pale, np.array((0.93, 0.8, 0.74)))
        bumps = 1.3 * fine_noise(rng, side, 6 * unit) + 0.4 * fine_noise(rng, side, 1.8 * unit)
        slope = np.gradient(bumps, axis=0) + np.gradient(bumps, axis=1)
        image *= 1 + self.bumpy * np.clip(unit * slope, -1.5, 1.5) * (0.15 + inside)
        shine = np.clip(bumps - 2.3, 0, 1) * self.wet * inside
        toward(image, np.clip(shine, 0, 1), np.array((0.98, 0.96, 0.95)))
        wound = depth > 0
        if self.cloth:
            wound &= ~self._dress(rng, frame, image)
        return image, {"lesion": wound, "tissue": np.where(wound, sorts, 0)}

    def _around(self, rng: np.random.Generator, side: int, depth: np.ndarray) -> np.ndarray:
        """Skin around the wound."""
        unit = self.unit
        blood = 0.15 * fine_noise(rng, side, 40 * unit) + 0.06 * fine_noise(rng, side, 6 * unit)
        away = np.clip(-depth, 0, None)
        blood += self.flushed * np.exp(-((away / (0.35 * self.radius + 5)) ** 2))
        direction = rng.uniform(0, np.pi) + 0.4 * fine_noise(rng, side, 50 * unit)
        crease = stretched_noise(rng, side, direction, 3 * unit, 25 * unit)
        melanin = 0.08 * fine_noise(rng, side, 25 * unit) + 0.02 * fine_noise(rng, side, 1.0)
        melanin += self.wrinkles * np.clip(-crease - 0.8, -0.6, 2)
        absorbed = MELANIN[:, None, None] * melanin + BLOOD[:, None, None] * blood
        light = 1 + 0.12 * fine_noise(rng, side, 80 * unit)
        return (self.skin[:, None, None] * light * np.exp(-absorbed)).astype(np.float32)

    def _bed(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Colours of the wound's bed, and which tissue it is: 1 red, 2 yellow, 3 black."""
        unit, scale = self.unit, 0.3 * self.radius
        grain = fine_noise(rng, side, 4 * unit) + 0.6 * fine_noise(rng, side, 1.4 * unit)
        deep = 0.55 + 0.1 * grain + 0.15 * fine_noise(rng, side, 18 * unit)
        red = np.exp(-FLESH[:, None, None] * 2.3 * np.clip(deep + self.pallor, 0.1, 2)) * 0.82
        bed = red.astype(np.float32)
        field = fine_noise(rng, side, scale) + 0.4 * fine_noise(rng, side, 6 * unit)
        yellow = field - self.slough
        cream = np.array((0.83, 0.7, 0.45))[:, None, None] * (1 + 0.1 * grain)
        toward(bed, np.clip(yellow * 1.8 + 0.5, 0, 1) * 0.85, cream)
        other = fine_noise(rng, side, scale) + 0.3 * fine_noise(rng, side, 5 * unit)
        black = other - self.necrosis
        dark = np.array((0.16, 0.11, 0.1))[:, None, None] * (1 + 0.25 * grain)
        toward(bed, np.clip(black * 2.5 + 0.5, 0, 1) * 0.92, dark)
        return bed, np.select([black > 0, yellow > 0], [3, 2], 1)

    def _dress(self, rng: np.random.Generator, frame: Frame, image: np.ndarray) -> np.ndarray:
        """A folded cloth over one side of the view; returns where it is."""
        side = image.shape[-1]
        angle = rng.uniform(0, 2 * np.pi)
        off = np.cos(angle) * (frame.y - side / 2) + np.sin(angle) * (frame.x - side / 2)
        over = off - 0.38 * side + 2 * self.unit * fine_noise(rng, side, 30 * self.unit)
        weave = 0.03 * fine_noise(rng, side, 1.0) + 0.1 * fine_noise(rng, side, 20 * self.unit)
        tone = np.array([(0.9, 0.9, 0.88), (0.35, 0.55, 0.65), (0.4, 0.6, 0.5)][rng.integers(3)])
        image *= 1 - 0.4 * np.exp(-np.clip(-over, 0, None) / (5 * self.unit))
        toward(image, np.clip(over + 0.5, 0, 1), tone[:, None, None] * (1 + weave))
        return np.asarray(over > 0)
