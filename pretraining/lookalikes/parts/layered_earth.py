"""Seismic sections: reflecting layers, faults, bodies of salt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import fractal


@dataclass(frozen=True, eq=False)
class Seismic:
    """A sort of seismic section.

    Parameters
    ----------
    period : float
        Distance of reflections in pixels.
    bend, faulted, salt, noisy : float
        How folded layers are; how many faults; share of salt; strength of noise.
    colours : ndarray, shape (3, 3)
        Of low, middle and high amplitudes.
    """

    period: float
    bend: float
    faulted: float
    salt: float
    noisy: float
    colours: np.ndarray

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Colours (3, side, side), and where salt, one unit of layers and faults are."""
        y, x = np.mgrid[:side, :side].astype(np.float32)
        depth = y + self.bend * 0.12 * side * fine_noise(rng, side, 0.45 * side)
        depth = depth + rng.normal(0, 0.15) * x
        faults = np.zeros((side, side), bool)
        for _ in range(rng.poisson(self.faulted)):
            line = x - rng.uniform(0, side) - rng.normal(0, 0.5) * (y - side / 2)
            line = line + 0.02 * side * fine_noise(rng, side, 0.3 * side)
            depth = depth + rng.choice([-1, 1]) * self.period * rng.uniform(0.6, 2.5) * (line > 0)
            faults |= np.abs(line) < 1.5
        size = 3 * side
        pulses = rng.standard_normal(size) * (rng.random(size) < 2.5 / self.period)
        sigma = self.period / 5
        wavelet = -ndimage.gaussian_filter1d(pulses, sigma, order=2)
        # Units of layers differ in how strongly they reflect.
        marks = np.cumsum(rng.uniform(0.1, 0.3, 12)) * side - 0.5 * side
        unit = np.searchsorted(marks, depth)
        loud = np.exp(rng.normal(0, 0.6, 14))
        asked = int(unit[side // 2, side // 2])
        loud[asked] = rng.choice([0.12, 2.2])
        at = np.clip(depth + side, 0, size - 2)
        low = at.astype(int)
        values = wavelet[low] * (1 - at + low) + wavelet[low + 1] * (at - low)
        values = values / (wavelet.std() + 1e-6) * loud[unit]
        values = values * (1 + 0.35 * fractal(rng, side, 0.3 * side))
        grain = rng.standard_normal((side, side)).astype(np.float32)
        grain = ndimage.gaussian_filter(grain, (0.3 * self.period / 2, 0.5 * self.period))
        salt = np.zeros((side, side), bool)
        if self.salt:
            field = fractal(rng, side, 0.4 * side, 0.35) + 2 * (y / side - 0.5)
            level = np.quantile(field[::3, ::3], 1 - self.salt)
            body = np.clip((field - level) * 9, 0, 1)
            salt = body > 0.5
            chaos = fractal(rng, side, self.period, 0.8)
            edge = np.exp(-(((body - 0.5) / 0.35) ** 2))
            values = values * (1 - body) + 0.45 * body * chaos + 2.0 * edge * (field < level + 0.2)
        values = values + self.noisy * grain / (grain.std() + 1e-6)
        # Traces differ in strength.
        values = values * (1 + 0.1 * rng.standard_normal(side))
        share = np.clip(0.5 + 0.22 * values, 0, 1)
        steps = np.array([0, 0.5, 1])
        image = np.stack([np.interp(share, steps, column) for column in self.colours.T])
        free = ~salt
        return image, {
            "salt": salt, "unit": (unit == asked) & free,
            "faults": ndimage.binary_dilation(faults) & free,
        }  # fmt: skip
