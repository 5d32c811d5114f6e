"""Recorded curves on squared paper: heart beats, chromatograms, earthquakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import ImageFont
from scipy import ndimage

from pretraining.lookalikes.parts.aerial import blend
from pretraining.lookalikes.parts.charts import FINE, canvas, covered
from pretraining.lookalikes.parts.lettering import worn
from pretraining.lookalikes.parts.paper import Paper
from pretraining.lookalikes.parts.tapering import fine_noise


@dataclass(frozen=True, eq=False)
class Curve:
    """A sort of recording.

    Parameters
    ----------
    paper : Paper
        What it is recorded on.
    form : str
        ``"heart"``, ``"peaks"`` or ``"quake"``.
    ink, grid : ndarray, shape (3,)
        Colours.
    half, square, ruled : float
        Half width of the curve and size of small squares in pixels; strength of the grid.
    rows : int
        Curves over 200 pixels.
    wear : float
        How frayed it is.
    """

    paper: Paper
    form: str
    ink: np.ndarray
    grid: np.ndarray
    half: float
    square: float
    ruled: float
    rows: int
    wear: float

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Colours (3, side, side), and where curves and the grid are."""
        image = self.paper.paint(rng, side)
        y, x = np.mgrid[:side, :side].astype(np.float32)
        turn = rng.normal(0, 0.02)
        y, x = y + turn * x + 0.5 * fine_noise(rng, side, 0.5 * side), x - turn * y
        grid = np.zeros((side, side))
        for place in (y + rng.uniform(0, 9), x + rng.uniform(0, 9)):
            for size, strength in ((self.square, 0.45), (5 * self.square, 1.0)):
                off = np.abs((place + size / 2) % size - size / 2)
                grid = np.maximum(grid, strength * np.clip(1.1 - off, 0, 1))
        blend(image, self.ruled * grid, self.grid)
        page, pen = canvas(side)
        rows = max(round(self.rows * side / 200), 1)
        for row in range(rows):
            base, high = (row + 0.6) * side / rows, 0.75 * side / rows
            at = np.arange(-5, side + 5, 0.5)
            value = base - high * self._values(rng, at, side)
            width = max(round(2 * FINE * self.half), 1)
            points = np.stack([at, value], 1) * FINE
            pen.line([tuple(point) for point in points.tolist()], 255, width, "curve")
        names, other_pen = canvas(side)
        if rng.random() < 0.5:
            font = ImageFont.load_default(FINE * 11 * max(self.half, 0.8))
            label = str(rng.choice(["V1", "II", "aVR", "25 mm/s", "12.4", "7.83", "mV"]))
            other_pen.text(tuple(rng.uniform(0, 0.8, 2) * FINE * side), label, 255, font)
        cover, label_cover = covered(page), covered(names)
        blend(image, worn(rng, np.maximum(cover, label_cover), self.wear), self.ink)
        curve = cover > 0.42
        return image, {"curve": curve, "grid": (grid > 0.4) & ~curve & (label_cover < 0.4)}

    def _values(self, rng: np.random.Generator, at: np.ndarray, side: int) -> np.ndarray:
        """Heights of a curve, about 0 to 1."""
        drift = 0.04 * np.sin(at / side * rng.uniform(2, 9) + rng.uniform(0, 6))
        jitter = ndimage.gaussian_filter1d(rng.standard_normal(len(at)), 1.5)
        if self.form == "quake":
            loud = np.exp(fine_noise(rng, 64, 9)[0])
            loud = np.interp(at, np.linspace(0, side, 64), loud)
            shake = ndimage.gaussian_filter1d(rng.standard_normal(len(at)), 3.0)
            return 0.25 + 0.3 * np.clip(loud * shake, -1.2, 1.8) + drift
        if self.form == "peaks":
            value = np.zeros_like(at)
            for _ in range(rng.poisson(7) + 1):
                off = (at - rng.uniform(0, side)) / rng.uniform(1.5, 9)
                tail = np.where(off > 0, np.exp(-off / 1.6), np.exp(-(off**2)))
                value += np.clip(rng.lognormal(-1.6, 0.9), 0, 0.9) * tail
            return value + drift + 0.004 * jitter
        period, value = rng.uniform(0.25, 0.6) * 200, np.zeros_like(at)
        shape = ((-0.2, 0.03, 0.12), (-0.035, 0.012, -0.12), (0, 0.016, 0.85), (0.04, 0.014, -0.25),
                 (0.3, 0.05, 0.22))  # fmt: skip
        sizes = rng.normal(1, 0.25, 5)
        beats = np.cumsum(period * rng.normal(1, 0.04, 24)) - 2 * period
        for beat in beats:
            for (place, width, height), size in zip(shape, sizes, strict=True):
                off = (at - beat) / period - place
                value += size * height * np.exp(-((off / width) ** 2) / 2)
        return value + drift + 0.008 * jitter
