"""Thin sections of rock in polarised and plain light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.aerial import blend
from pretraining.lookalikes.parts.stamps import draw_stamps
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import fractal
from pretraining.textures import nearest_points

MINERALS = {
    "quartz": (60, 260, (0.93, 0.93, 0.92)), "plagioclase": (40, 220, (0.92, 0.92, 0.9)),
    "pyroxene": (350, 780, (0.72, 0.76, 0.66)), "olivine": (500, 1100, (0.86, 0.88, 0.76)),
    "mica": (600, 1100, (0.55, 0.40, 0.24)), "hornblende": (250, 500, (0.45, 0.52, 0.34)),
    "carbonate": (1900, 2600, (0.88, 0.86, 0.82)), "ore": (0, 0, (0.05, 0.05, 0.05)),
    "pore": (0, 0, (0.30, 0.50, 0.85)), "garnet": (0, 8, (0.82, 0.66, 0.64)),
}  # fmt: skip
"""Least and greatest retardation in nanometres, and colour in plain light."""


def interference(retardation: np.ndarray) -> np.ndarray:
    """Colours (3, ...) between crossed polarisers."""
    waves = np.array([635.0, 545.0, 460.0]).reshape(3, *([1] * retardation.ndim))
    width = np.exp(-((retardation / 2200.0) ** 2))  # Of high orders all colours mix to white.
    return 0.5 - 0.5 * width * np.cos(2 * np.pi * retardation / waves)


@dataclass(frozen=True, eq=False)
class Rock:
    """One sort of rock.

    Parameters
    ----------
    minerals : tuple of str
        Of `MINERALS`; the first is the one that may be asked for.
    shares : ndarray
        How frequent each is.
    size, warp : float
        Of crystals in pixels; how sutured their borders are.
    large : float
        Share of large crystals in a finer ground mass; 0 for none.
    crossed : bool
        Whether between crossed polarisers.
    cracked : float
        Strength of cracks and cleavage.
    """

    minerals: tuple[str, ...]
    shares: np.ndarray
    size: float
    warp: float
    large: float
    crossed: bool
    cracked: float

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Colours (3, side, side), and where the first mineral and the borders are."""
        near, second, grain = nearest_points(rng, side, self.size, self.warp * self.size)
        edge = (second - near) / 2
        count = int(grain.max()) + 1
        if self.large:
            number = max(int(self.large * (side / (4 * self.size)) ** 2), 2)
            crystals = draw_stamps(
                rng, side, rng.uniform(0, side, (number, 2)),
                self.size * rng.uniform(1.2, 3.2, number), stretch=rng.uniform(1, 2.5, number),
                facets=int(rng.integers(5, 8)),
            ).painted()  # fmt: skip
            inside = crystals.inside
            grain = np.where(inside, count + crystals.instances, grain)
            edge = np.where(inside, crystals.depth * 1.0, edge)
            count += number + 1
        kind = rng.choice(len(self.minerals), count, p=self.shares)
        if self.large:
            kind[-number - 1 :] = rng.choice(min(2, len(self.minerals)), number + 1)
        image = self._lit(rng, side, grain, kind, count)
        asked = (kind == 0)[grain]
        border = np.clip(1 - edge / 1.0, 0, 1)
        image = image * (1 - border * (0.75 if self.crossed else 0.55))
        if self.cracked:
            first, later, _ = nearest_points(rng, side, 0.5 * self.size, 0.2 * self.size)
            crack = np.clip(1 - (later - first) / 1.1, 0, 1) * (fine_noise(rng, side, 15) > 0.2)
            image = image * (1 - 0.6 * self.cracked * crack)
        dust = np.clip(fine_noise(rng, side, 0.8) - 2.2, 0, 1)
        image = image * (1 - 0.8 * dust)
        return image, {"mineral": asked, "borders": edge < 1.3}

    def _lit(
        self, rng: np.random.Generator, side: int, grain: np.ndarray, kind: np.ndarray, count: int
    ) -> np.ndarray:
        """Light behind each crystal, with twins, cleavage, zoning and alteration."""
        names = [self.minerals[k] for k in kind]
        low, high = np.array([MINERALS[name][:2] for name in names], float).T
        turn = rng.uniform(0, np.pi, count)
        y, x = np.mgrid[:side, :side].astype(np.float32)
        across = np.cos(turn)[grain] * y + np.sin(turn)[grain] * x
        period = (self.size * rng.uniform(0.06, 0.25, count))[grain]
        stripe = np.sin(2 * np.pi * across / np.maximum(period, 2.5))
        twinned = np.array([name == "plagioclase" for name in names])[grain]
        split = np.array([name in ("mica", "hornblende", "pyroxene") for name in names])[grain]
        cloudy = fractal(rng, side, 12, 0.7)
        if self.crossed:
            full = (low + (high - low) * rng.random(count))[grain]
            full = full * (1 + 0.05 * fractal(rng, side, 0.8 * self.size, 0.4))
            bright = np.sin(2 * rng.uniform(0, np.pi, count)) ** 2
            bright = bright[grain] + 0.1 * fine_noise(rng, side, 0.5 * self.size)
            other = np.clip(1.1 - bright, 0, 1)
            bright = np.where(twinned & (stripe > 0.1), other, bright)
            image = interference(full) * np.clip(bright, 0.06, 1) + 0.015
        else:
            plain = np.array([MINERALS[name][2] for name in names])
            plain = plain * (1 + 0.05 * rng.standard_normal((count, 1)))
            image = np.moveaxis(plain[grain], -1, 0).copy()
            solid = np.array([name not in ("ore", "pore") for name in names])[grain]
            blend(image, solid * np.clip(0.15 * cloudy - 0.1, 0, 0.4), np.array([0.55, 0.48, 0.4]))
        image = image * (1 - 0.35 * split * np.clip(stripe * 3 - 2, 0, 1))
        pore = np.array([name == "pore" for name in names])[grain]
        if self.crossed:
            image = np.where(pore[None], 0.02, image)
        return image * (1 + 0.03 * cloudy + 0.03 * fine_noise(rng, side, 0.8))
