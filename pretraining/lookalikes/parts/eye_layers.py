"""Optical coherence tomography of the retina: layers, fluid, drusen, shadows of vessels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.echoes import compressed, speckle
from pretraining.lookalikes.parts.scenery import Answers
from pretraining.lookalikes.parts.tapering import fine_noise

LAYERS = (
    ("nerve fibres", 12, -4), ("ganglion cells", 14, -11), ("inner plexiform", 11, -7),
    ("inner nuclear", 12, -14), ("outer plexiform", 7, -8), ("outer nuclear", 26, -18),
    ("membrane", 2.5, -12), ("inner segments", 6, -14), ("photoreceptors", 5, -3),
    ("outer segments", 7, -9), ("epithelium", 6, 0),
)  # fmt: skip
"""From inside outwards: name, thickness in pixels, echo in decibels."""


@dataclass(frozen=True, eq=False)
class EyeLayers:
    """Scans of retinas; lengths in pixels.

    Parameters
    ----------
    unit : float
        The zoom.
    squeezed : float
        Factor of the vertical scale.
    grain : tuple of float
        Size of speckle down and across.
    averaged : int
        How many scans each image is the mean of.
    decibels, slope, pit : float
        Range of the display; slant of the retina; depth of the fovea.
    cysts, below, drusen, shadows, choroid : float
        Amount of fluid within and below the retina, of drusen, of shadows; vessels behind.
    """

    unit: float
    squeezed: float
    grain: tuple[float, float]
    averaged: int
    decibels: float
    slope: float
    pit: float
    cysts: float
    below: float
    drusen: float
    shadows: float
    choroid: float

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A field of view, (1, side, side), and its answers."""
        edges, gap = self._edges(rng, side)
        rows = np.arange(side, dtype=np.float32)[:, None]
        level: np.ndarray = np.full((side, side), -30.0, np.float32)
        level += 2 * fine_noise(rng, side, 30 * self.unit)
        index = np.full((side, side), -1)
        for number, (_, _, echo) in enumerate(LAYERS):
            inside = (rows >= edges[number]) & (rows < edges[number + 1])
            index[inside] = number
            tone = echo + rng.normal(0, 1.2) + 1.2 * fine_noise(rng, side, 20 * self.unit)
            level = np.where(inside, tone, level)
        hollow = (rows >= edges[-2] - gap) & (rows < edges[-2])
        level = np.where(hollow, -27, level)
        index[hollow] = 98
        behind = rows - edges[-1]
        level = np.where(behind >= 0, self._choroid(rng, side, behind), level)
        cysts = self._cysts(rng, side, index, edges)
        level = level + cysts * (-27 - level)
        fluid = (cysts > 0.5) | hollow
        level = level + 3 * (ndimage.grey_dilation(fluid, 3) & ~fluid)
        level = level - self._shades(rng, side, rows, edges)
        blurred = ndimage.gaussian_filter(level, (0.8 * self.unit, 1.2 * self.unit))
        total = sum(speckle(rng, side, *self.grain) ** 2 for _ in range(self.averaged))
        noise = 10 ** (-rng.uniform(2.2, 3.0)) * rng.exponential(1, (side, side))
        image = compressed(10 ** (blurred / 10) * total / self.averaged + noise, self.decibels)
        return image[None], self._answers(index, fluid, hollow, rows, edges)

    def _edges(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Upper edges of all layers and the last lower edge (12, side); height of fluid (side)."""
        unit, x = self.unit, np.arange(side)
        tall = unit * self.squeezed

        def wave(scale: float) -> np.ndarray:
            return fine_noise(rng, side, max(scale, 2.1))[0]

        fovea = rng.uniform(-1.0, 2.0) * side
        dip = self.pit * np.exp(-(((x - fovea) / (60 * unit)) ** 2))
        steep = self.slope * rng.normal(0, 1) * (x - side / 2) + 8 * tall * wave(120 * unit)
        bumps = np.clip(wave(12 * unit) + 0.5 * wave(5 * unit) - 1.2, 0, 2) * self.drusen * 9 * tall
        gap = np.clip(wave(35 * unit) - 1.4 + self.below, 0, 2) * 16 * tall * (self.below > 0)
        thick = []
        for number, (_, size, _) in enumerate(LAYERS):
            factor = np.exp(0.1 * wave(60 * unit)) * (1 - dip * (number < 5) * 0.92)
            thick.append(size * tall * factor * (1.3 if self.cysts and number in (3, 5) else 1))
        total = np.sum(thick, 0)
        bottom = side / 2 + rng.normal(0, 0.15 * side) + 0.5 * total.mean() + steep - bumps
        edges = bottom - np.cumsum(np.stack([np.zeros(side), *thick[::-1]]), 0)
        edges = edges[::-1]
        edges[:-2] -= gap
        return edges.astype(np.float32), gap.astype(np.float32)

    def _choroid(self, rng: np.random.Generator, side: int, behind: np.ndarray) -> np.ndarray:
        """The choroid with its vessels and the sclera, in decibels."""
        unit = self.unit
        holes = np.clip(
            fine_noise(rng, side, 7 * unit) + 0.4 * fine_noise(rng, side, 3 * unit), -1, 2
        )
        level = -7 - self.choroid * 6 * holes * np.clip(behind / (12 * unit), 0, 1)
        return level - rng.uniform(6, 13) * np.clip(behind, 0, None) / (60 * unit * self.squeezed)

    def _cysts(
        self, rng: np.random.Generator, side: int, index: np.ndarray, edges: np.ndarray
    ) -> np.ndarray:
        """Hollows in the nuclear layers, 0 to 1: heaps of rounded cells between thin walls."""
        if not self.cysts:
            return np.zeros((side, side), np.float32)
        unit = self.unit
        field = fine_noise(rng, side, 7 * unit) + 0.15 * fine_noise(rng, side, 3 * unit)
        heap = fine_noise(rng, side, 45 * unit)
        rows = np.arange(side, dtype=np.float32)[:, None]
        share = (rows - edges[1]) / np.maximum(edges[6] - edges[1], 1)
        deep = np.clip(1 - np.abs(share - 0.62) / 0.42, -1, 1)
        depth = field - 1.9 + self.cysts + 0.6 * heap + 1.1 * np.minimum(deep, 0.6)
        inside = (index >= 1) & (index <= 6)
        return np.clip(depth * 5 * unit + 0.5, 0, 1) * inside

    def _shades(
        self, rng: np.random.Generator, side: int, rows: np.ndarray, edges: np.ndarray
    ) -> np.ndarray:
        """Loss of light below vessels and in cloudy places, in decibels."""
        columns = np.zeros(side)
        for _ in range(rng.poisson(self.shadows * side / 192 / self.unit)):
            at, half = rng.uniform(0, side), rng.uniform(1.5, 5) * self.unit
            columns += rng.uniform(3, 10) * np.exp(-(((np.arange(side) - at) / half) ** 2))
        columns += 1.5 * np.abs(fine_noise(rng, side, 40 * self.unit)[0])
        return columns * (rows > edges[0] + 9 * self.unit)

    def _answers(
        self, index: np.ndarray, fluid: np.ndarray, hollow: np.ndarray, rows: np.ndarray,
        edges: np.ndarray,
    ) -> Answers:  # fmt: skip
        """What is where."""
        retina = (rows >= edges[0]) & (rows < edges[-1])
        inner = (index >= 0) & (index <= 4)
        outer = (index >= 5) & (index <= 7)
        return {
            "fluid": fluid, "kinds of fluid": np.select([hollow, fluid], [2, 1], 0),
            "retina": retina, "nerve fibres": index == 0,
            "epithelium": (index >= 8) & (index <= 10),
            "layers": np.select([inner, outer, retina & ~hollow], [1, 2, 3], 0),
            "outer nuclear": (index == 5) & ~fluid,
        }  # fmt: skip
