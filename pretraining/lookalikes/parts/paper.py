"""Paper: its colour, fibres, stains, folds, and what shines through from the other side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.aerial import blend
from pretraining.lookalikes.parts.lettering import handwriting, printed, worn
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import fractal


@dataclass(frozen=True, eq=False)
class Paper:
    """A sort of paper.

    Parameters
    ----------
    colour : ndarray, shape (3,)
        Mean colour.
    stained, folded, fibrous : float
        About 0 to 1.
    """

    colour: np.ndarray
    stained: float
    folded: float
    fibrous: float

    def paint(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Colours, (3, side, side)."""
        slow = fractal(rng, side, 0.6 * side, 0.45)
        tone = 1 + 0.04 * self.stained * slow + 0.02 * self.fibrous * fine_noise(rng, side, 0.8)
        tone = tone + 0.025 * self.fibrous * fractal(rng, side, 6)
        image = self.colour[:, None, None] * tone
        if self.stained > 0.3:
            field = fractal(rng, side, 0.35 * side, 0.4)
            inside = np.clip((field - 1.5 + self.stained) * 5, 0, 1)
            rim = np.exp(-(((inside - 0.4) / 0.25) ** 2))
            brown = np.array([0.75, 0.62, 0.42])
            blend(image, 0.4 * self.stained * inside + 0.15 * rim, self.colour * brown)
            foxed = np.clip(fine_noise(rng, side, 3) - 2.6 + 0.5 * self.stained, 0, 0.6)
            blend(image, foxed, np.array([0.5, 0.33, 0.18]))
        for _ in range(rng.poisson(1.5 * self.folded)):
            turn = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.05)
            y, x = np.mgrid[:side, :side].astype(np.float32) - rng.uniform(0.2, 0.8) * side
            off = np.cos(turn) * y + np.sin(turn) * x + fine_noise(rng, side, 10)
            image = image * (1 - 0.18 * np.exp(-(off**2) / 2) + 0.05 * np.sign(off))
        return image


@dataclass(frozen=True, eq=False)
class Writing:
    """A sort of written or printed page.

    Parameters
    ----------
    paper : Paper
        What it is written on.
    hand : bool
        Whether by hand.
    size, half, slant : float
        Height of small letters and half width of the pen in pixels; lean.
    ink, second : ndarray, shape (3,)
        Colours of the ink, and of stamps and marks in another one.
    density, wear, through : float
        Of the ink; how frayed it is; how far the other side shines through.
    ruled : float
        Strength of ruled lines.
    marked : bool
        Whether there are marks of the second ink.
    """

    paper: Paper
    hand: bool
    size: float
    half: float
    slant: float
    ink: np.ndarray
    second: np.ndarray
    density: float
    wear: float
    through: float
    ruled: float
    marked: bool

    def _text(self, rng: np.random.Generator, side: int) -> np.ndarray:
        if self.hand:
            return handwriting(rng, side, self.size, self.half, self.slant)
        return printed(rng, side, 2 * self.size, int(self.half > 1.4))

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Colours (3, side, side), and where the first, the second or any ink is."""
        image = self.paper.paint(rng, side)
        if self.through > 0.05:
            back = ndimage.gaussian_filter(self._text(rng, side)[:, ::-1], 1.2)
            patchy = np.clip(0.7 + 0.4 * fine_noise(rng, side, 30), 0, 1)
            blend(image, self.through * back * patchy, 0.5 * self.ink + 0.25 * self.paper.colour)
        if self.ruled:
            y = np.mgrid[:side, :side][0] + rng.uniform(0, 9)
            line = np.clip(1.2 - np.abs((y % (3 * self.size)) - 1.5), 0, 1)
            blend(image, self.ruled * line, np.array([0.45, 0.55, 0.75]))
        cover = self._text(rng, side)
        blend(image, self.density * worn(rng, cover, self.wear), self.ink)
        marks = np.zeros((side, side), np.float32)
        if self.marked:
            marks = self._marks(rng, side)
            blend(image, 0.8 * worn(rng, marks, self.wear), self.second)
        first, other = cover > 0.42, marks > 0.42
        return image, {
            "ink": first | other, "second": other, "both": np.where(other, 2, first),
        }  # fmt: skip

    def _marks(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Cover of stamps, strokes and words of another ink."""
        y, x = np.mgrid[:side, :side].astype(np.float32)
        middle, radius = rng.uniform(0.15, 0.85, 2) * side, self.size * rng.uniform(3, 7)
        off = np.hypot(y - middle[0], x - middle[1])
        ring = np.abs(off - radius) < 0.8 + 0.06 * radius
        marks = np.where(off < 0.75 * radius, printed(rng, side, 1.6 * self.size, 1), 0.0)
        marks = np.maximum(marks, ring)
        if rng.random() < 0.6:
            words = handwriting(rng, side, 1.6 * self.size, 1.3 * self.half, 0.3)
            marks = np.maximum(marks, words * (fine_noise(rng, side, 0.3 * side) > 0.3))
        return marks.astype(np.float32)
