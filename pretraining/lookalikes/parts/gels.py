"""Gels and blots: bands in lanes, or spots."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import fractal


@dataclass(frozen=True)
class Gel:
    """A sort of gel.

    Parameters
    ----------
    form : str
        ``"lanes"``, ``"blot"`` or ``"spots"``.
    pitch, thick : float
        Distance of lanes, half thickness of bands in pixels.
    bands : float
        Mean number of bands of a lane over 200 pixels.
    smile, smear, dirt, diffuse : float
        How bent bands are; haze along lanes; specks; slow background.
    saturated : float
        How flat strong bands are.
    dark : bool
        Whether bands are dark on a bright ground.
    tint : tuple of float
        Colour of the brightest.
    """

    form: str
    pitch: float
    thick: float
    bands: float
    smile: float
    smear: float
    dirt: float
    diffuse: float
    saturated: float
    dark: bool
    tint: tuple[float, float, float]

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Colours (3, side, side), and where bands and lanes are."""
        signal, found, lanes = (
            self._spots(rng, side) if self.form == "spots" else self._lanes(rng, side)
        )
        slow = fractal(rng, side, 0.6 * side, 0.4)
        signal = signal + 0.1 * self.diffuse * (slow + 1) + 0.01 * fractal(rng, side, 5)
        dots = np.clip(fine_noise(rng, side, 0.8) - 3.4 + 0.6 * self.dirt, 0, 1)
        signal = signal + dots * rng.choice([-0.5, 1.0])
        if self.dirt > 0.6:  # Scratches and bubbles.
            y, x = np.mgrid[:side, :side].astype(np.float32) - rng.uniform(0, side)
            turn = rng.uniform(0, np.pi)
            line = np.cos(turn) * y + np.sin(turn) * x + fine_noise(rng, side, 40)
            signal = signal + 0.25 * np.exp(-(line**2)) * (fine_noise(rng, side, 25) > 0.3)
        level = 0.08 + 0.85 * self._seen(signal)
        level = 1 - level if self.dark else level
        image = np.array(self.tint)[:, None, None] * level
        return image, {"bands": found, "lanes": lanes}

    def _seen(self, signal: np.ndarray | float) -> np.ndarray:
        """What a film makes of a signal."""
        return np.tanh(self.saturated * np.asarray(signal)) / np.tanh(self.saturated)

    def _lanes(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Bands, some at the same height in all lanes."""
        signal, found = np.zeros((side, side), np.float32), np.zeros((side, side), bool)
        lanes = np.zeros((side, side), bool)
        y = np.arange(side, dtype=np.float32)[:, None]
        count = max(self.bands * side / 200, 1)
        shared = rng.uniform(0, side, rng.poisson(count) + 1)
        width, lean = self.pitch * rng.uniform(0.32, 0.44), rng.normal(0, 0.02)
        start = rng.uniform(0, self.pitch)
        for middle in np.arange(start - self.pitch, side + self.pitch, self.pitch):
            left, right = max(int(middle - 0.6 * self.pitch), 0), int(middle + 0.6 * self.pitch) + 1
            if right <= 0 or left >= side or rng.random() < 0.06:
                continue
            window = (slice(None), slice(left, min(right, side)))
            x = np.arange(left, min(right, side), dtype=np.float32)[None]
            bow = self.smile * ((x - middle) / width) ** 2
            profile = np.exp(-(np.abs((x - middle - lean * y) / width) ** 8))
            lanes[window] |= profile > 0.5
            own = rng.uniform(0, side, rng.poisson(0.4 * count))
            heights = np.concatenate([shared[rng.random(len(shared)) < 0.7], own])
            if rng.random() < 0.15:
                heights = np.cumsum(np.geomspace(0.03, 0.16, 12)) * side
            load = np.exp(rng.normal(0, 0.35))
            haze = np.exp(-(((y - rng.uniform(0, side)) / (0.4 * side)) ** 2))
            signal[window] += self.smear * 0.3 * load * haze * profile
            for height in heights + self.smile * rng.normal(0, 1):
                strength = float(np.clip(load * rng.lognormal(-0.7, 0.7), 0.16, 2))
                thick = self.thick * np.exp(rng.normal(0, 0.15)) * (1 + 0.5 * height / side)
                off = (y - height - bow) / thick
                # The front of a band is sharper than its tail.
                band = np.exp(-((off * np.where(off > 0, 1.25, 0.9)) ** 2)) * profile
                signal[window] += strength * band
                found[window] |= self._seen(strength * band) > 0.5 * self._seen(strength)
        return signal, found, lanes

    def _spots(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Spots of proteins separated twice, with streaks."""
        signal, found = np.zeros((side, side), np.float32), np.zeros((side, side), bool)
        y, x = np.mgrid[:side, :side].astype(np.float32)
        for _ in range(rng.poisson(0.0014 * self.bands * (side / self.thick) ** 2) + 3):
            middle = rng.uniform(0, side, 2)
            radius = self.thick * np.exp(rng.normal(0.3, 0.4, 2)) * (1, 1.3)
            low = np.clip(middle - 3 * radius, 0, side).astype(int)
            high = np.clip(middle + 3 * radius + 1, 0, side).astype(int)
            window = (slice(low[0], high[0]), slice(low[1], high[1]))
            off = ((y[window] - middle[0]) / radius[0]) ** 2
            spot = np.exp(-off - ((x[window] - middle[1]) / radius[1]) ** 2)
            strength = float(np.clip(rng.lognormal(-0.7, 0.8), 0.16, 2))
            signal[window] += strength * spot
            found[window] |= self._seen(strength * spot) > 0.5 * self._seen(strength)
        streaks = np.clip(fine_noise(rng, side, 3)[:, :1] + 0 * x, 0, 3) * fractal(rng, side, 40)
        return signal + 0.08 * self.smear * streaks, found, found
