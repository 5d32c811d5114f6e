"""Fingerprints: ridges that run side by side, fork and end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.aerial import blend
from pretraining.lookalikes.parts.paper import Paper
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import fractal


@dataclass(frozen=True, eq=False)
class Ridges:
    """A sort of fingerprint.

    Parameters
    ----------
    paper : Paper
        What it is on.
    ink : ndarray, shape (3,)
        Colour of the ridges.
    period : float
        Distance of ridges in pixels.
    share : float
        How thick ridges are, -0.5 to 0.5.
    form : str
        ``"loop"``, ``"whorl"`` or ``"arch"``.
    ends : float
        How often ridges fork or end.
    patchy, pores, faint : float
        How uneven the pressure is; pores on ridges; how weak the print.
    """

    paper: Paper
    ink: np.ndarray
    period: float
    share: float
    form: str
    ends: float
    patchy: float
    pores: float
    faint: float

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Colours (3, side, side), and where ridges and the whole print are."""
        y, x = np.mgrid[:side, :side].astype(np.float32)
        middle = side * rng.uniform(0.2, 0.8, 2)
        turn = rng.normal(0, 0.5)
        y, x = y - np.float32(middle[0]), x - np.float32(middle[1])
        y, x = np.cos(turn) * y + np.sin(turn) * x, np.cos(turn) * x - np.sin(turn) * y
        bend = 4 * self.period
        if self.form == "whorl":
            height = np.hypot(1.0 * y, 1.35 * x) + self.period * np.arctan2(y, x) / (2 * np.pi)
        elif self.form == "loop":
            # Arches above the core, nearly straight flanks below it.
            down = np.maximum(y, 0)
            height = np.hypot(np.minimum(y, 0), 1.2 * x * (1 - 0.15 * down / side))
        else:
            height = y + bend * np.exp(-((x / (0.35 * side)) ** 2)) * np.exp(-y / side)
        height = height + 0.5 * bend * fine_noise(rng, side, 0.5 * side)
        phase = 2 * np.pi * height / self.period
        for _ in range(rng.poisson(self.ends * (side / self.period) ** 2 / 60)):
            at = rng.uniform(-side / 2, side / 2, 2)
            phase = phase + rng.choice([-1, 1]) * np.arctan2(y - at[0], x - at[1])
        # Folds and scars cross all ridges.
        press = fractal(rng, side, 0.2 * side, 0.5)
        wave = np.cos(phase) + 2 * self.share + 0.15 * fine_noise(rng, side, 2)
        slope = 2 * np.pi / self.period
        cover = np.clip((wave + 0.25 * self.patchy * press) / slope + 0.5, 0, 1)
        y, x = np.mgrid[:side, :side] / side - 0.5
        shape = np.hypot(y * rng.uniform(0.9, 1.4), x * rng.uniform(1.1, 1.8))
        area = np.clip((rng.uniform(0.45, 0.75) - shape + 0.04 * press) * 8, 0, 1)
        for _ in range(rng.poisson(0.7)):
            angle = rng.uniform(0, np.pi)
            off = np.cos(angle) * y + np.sin(angle) * x - rng.uniform(-0.3, 0.3)
            area = area * (np.abs(off * side + 2 * press) > rng.uniform(0.6, 1.6))
        cover = cover * (area > 0.5)
        image = self.paper.paint(rng, side)
        dark = np.clip(0.75 + 0.3 * self.patchy * press + 0.15 * fine_noise(rng, side, 1), 0.15, 1)
        hole = np.clip((fine_noise(rng, side, 0.16 * self.period + 0.3) - 1.6) * 2, 0, 1)
        dark = dark * (1 - 0.6 * self.pores * hole)
        blend(image, 0.08 * area * (1 - self.faint), self.ink)
        blend(image, cover * dark * (1 - 0.75 * self.faint), self.ink)
        return image, {"ridges": cover > 0.5, "print": area > 0.5}
