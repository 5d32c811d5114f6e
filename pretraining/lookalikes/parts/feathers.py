"""Feathers with barbs and dark bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.aerial import blend
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import fractal
from pretraining.lookalikes.parts.venation import Found, framed, moved


@dataclass(frozen=True, eq=False)
class Feather:
    """A sort of feather.

    Parameters
    ----------
    length, stretch : float
        In pixels; length over half width.
    barbs, lean : float
        Number of barbs; how far they point to the tip.
    bars : float
        Number of dark bars.
    light, dark, ground : ndarray, shape (3,)
        Colours.
    spotted : bool
        Whether bars break up into spots.
    """

    length: float
    stretch: float
    barbs: float
    lean: float
    bars: float
    light: np.ndarray
    dark: np.ndarray
    ground: np.ndarray
    spotted: bool

    def paint(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Found]:
        """Colours (3, side, side), and where the feather and its dark bars are."""
        frame = framed(rng, side, self.length, rng.normal(0, 0.15))
        off = np.abs(frame.across) / self.length
        barb = frame.along - self.lean * off + 0.004 * fine_noise(rng, side, 0.1 * self.length)
        table = rng.standard_normal((2, 4096))
        smooth = np.convolve(table[0], np.ones(9) / 3, "same")
        at = (barb * self.barbs) % 4096
        low = at.astype(int) % 4096
        u = np.clip(frame.along, 0, 1)
        half = self.length / self.stretch * np.sin(np.pi * u**0.7).clip(0) ** 0.5
        half = half * (1 - 0.06 * np.abs(smooth[low]) - 0.25 * (smooth[low] > 2.2)) + 0.1
        rachis = np.clip(0.013 * self.length * (1.05 - u) - np.abs(frame.across) + 0.5, 0, 1)
        body = np.clip(half - np.abs(frame.across) + 0.5, 0, 1) * (frame.along > 0.02)
        wave = np.sin(2 * np.pi * self.bars * (frame.along - 0.4 * self.lean * off)
                      + 0.6 * fractal(rng, side, 0.12 * self.length))  # fmt: skip
        if self.spotted:
            wave = wave * np.cos(40 * off + fine_noise(rng, side, 20)) - 0.2
        bars = np.clip((wave - 0.1 + 0.08 * table[1][low]) * 5 + 0.5, 0, 1)
        image = self.ground[:, None, None] * (1 + 0.04 * fractal(rng, side, 0.4 * side))
        shift = max(round(0.01 * self.length), 1)
        image = image * (1 - 0.3 * moved(body, shift))
        lit = 1 + 0.13 * np.cos(2 * np.pi * at) + 0.06 * table[0][low] + 0.05 * smooth[low]
        lit = lit * (1 + 0.12 * np.sign(frame.across) - 0.15 * off * self.stretch)
        face = self.light[:, None, None] * lit
        blend(face, bars, self.dark[:, None, None] * lit)
        blend(image, body, face)
        rachis = rachis * (frame.along > -0.12) * (frame.along < 0.98)
        blend(image, rachis, np.clip(self.light * 1.15 + 0.05, 0, 0.95))
        there = (body > 0.5) | (rachis > 0.5)
        return image, {"feather": there, "bars": (bars > 0.5) & (body > 0.5) & (rachis < 0.5)}
