"""Ground that lies open: soil, gravel, tray; shared by the kinds that grow in or on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.wandering import drawn, walk
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise

EARTHS = (
    (0.36, 0.26, 0.18), (0.45, 0.33, 0.22), (0.27, 0.20, 0.15), (0.50, 0.40, 0.30),
    (0.42, 0.28, 0.17), (0.33, 0.29, 0.25), (0.55, 0.46, 0.36), (0.20, 0.15, 0.12),
)  # fmt: skip
"""Colours of soils, dry and wet."""


def lit(height: np.ndarray, angle: float, strength: float = 1.0) -> np.ndarray:
    """Brightness factor (about 1) of a relief under light from an angle, float32 (side, side)."""
    down, right = np.gradient(height)
    slope = -(np.sin(angle) * down + np.cos(angle) * right)
    hollow = height - ndimage.gaussian_filter(height, 4)
    return np.clip(1 + strength * (slope + 0.25 * hollow), 0.15, 2.2).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Soil:
    """Soil seen from near or far.

    Parameters
    ----------
    colour : ndarray of float, shape (3,)
        Its mean colour.
    clod : float
        Size of its clods in pixels.
    rough : float
        Strength of its relief.
    damp : float
        Strength of slow changes of brightness and hue.
    stones : float
        Share of the ground under stones.
    stone : float
        Radius of a stone in pixels.
    pores : float
        How much of it is dark holes, 0 to 1.
    residues : float
        Bits of straw and roots per 10,000 pixels.
    light : float
        Angle of the light.
    """

    colour: np.ndarray
    clod: float
    rough: float
    damp: float
    stones: float
    stone: float
    pores: float
    residues: float
    light: float

    def paint(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Render a piece of it, float32 (3, side, side), about 0 to 1."""
        fine = rng.standard_normal((side, side)).astype(np.float32)
        height = 0.35 * ndimage.gaussian_filter(fine, 0.6)
        for scale in (2.5, self.clod * 0.5, self.clod):
            height += 0.2 * scale**0.6 * np.abs(smooth_noise(rng, side, scale))
        shade = lit(height, self.light, 0.55 * self.rough)
        crumbs = ndimage.gaussian_filter(rng.standard_normal((side, side)).astype(np.float32), 1.2)
        shade *= np.exp(self.rough * (0.13 * fine + 0.9 * np.minimum(crumbs, 0.1)))
        wet = self.damp * smooth_noise(rng, side, side / 3) + 0.08 * smooth_noise(rng, side, 6)
        if self.pores:
            gap = smooth_noise(rng, side, self.clod) + 0.4 * smooth_noise(rng, side, 4)
            shade *= 1 - 0.7 * np.clip(2 * (gap - 3 + 2 * self.pores), 0, 1)
        canvas = self.colour[:, None, None] * (shade * np.exp(wet))[None]
        tint = 0.02 * smooth_noise(rng, side, self.clod * 2)
        canvas *= 1 + np.stack([tint, 0 * tint, -tint])
        canvas = canvas.astype(np.float32)
        if self.stones:
            self._lay_stones(rng, canvas)
        if self.residues:
            self._lay_residues(rng, canvas)
        return canvas

    def _lay_stones(self, rng: np.random.Generator, canvas: np.ndarray) -> None:
        """Stones, each with its own grey."""
        side = canvas.shape[-1]
        deep, index = self._stone_depths(rng, side)
        count = int(index.max()) + 1
        alpha = np.clip(deep, 0, 1)
        dome = np.minimum(np.sqrt(np.clip(deep, 0, None)), 0.7 * np.sqrt(self.stone)) * 0.9
        dome = ndimage.gaussian_filter(dome, 0.5 + 0.05 * self.stone)
        dome += 0.12 * smooth_noise(rng, side, 2) + 0.1 * smooth_noise(rng, side, 5)
        tone = self.colour[:, None] * 0.5 + 0.5 * rng.uniform(0.25, 0.75, count)
        tone = tone * (1 + 0.02 * rng.standard_normal((3, count)))
        face = tone[:, index] * lit(dome, self.light, 0.5)[None]
        offset = max(self.stone * 0.25, 1)
        shadow = ndimage.shift(
            alpha, (-offset * np.sin(self.light), -offset * np.cos(self.light)), order=1
        )
        canvas *= 1 - 0.5 * ndimage.gaussian_filter(shadow, 0.7)
        canvas += alpha * (face - canvas)

    def _stone_depths(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """How deep inside a stone each pixel lies (negative outside), and which is nearest."""
        count = int(np.clip(self.stones * side**2 / (2 * self.stone**2), 2, 900))
        size = self.stone * np.exp(rng.normal(-0.2, 0.45, count))
        at = rng.integers(0, side, (count, 2))
        empty, owner = np.ones((side, side), bool), np.zeros((side, side), np.int32)
        empty[at[:, 0], at[:, 1]], owner[at[:, 0], at[:, 1]] = False, np.arange(count)
        _, nearest = ndimage.distance_transform_edt(empty, return_indices=True)
        index = owner[nearest[0], nearest[1]]
        y, x = np.mgrid[:side, :side].astype(np.float32)
        y, x = y - nearest[0], x - nearest[1]
        # A stone is what lies within six facets, so that most are angular.
        turn = rng.uniform(0, 6.3, count).astype(np.float32)
        near = 0.9 * np.hypot(y, x)
        for number, facet in enumerate(rng.uniform(0.8, 2.0, (6, count)).astype(np.float32)):
            angle = (turn + number * 1.05 + rng.normal(0, 0.3, count).astype(np.float32))[index]
            near = np.maximum(near, (y * np.sin(angle) + x * np.cos(angle)) * facet[index])
        return size[index] - near + 0.5, index

    def _lay_residues(self, rng: np.random.Generator, canvas: np.ndarray) -> None:
        """Straw, dead roots, chips."""
        side = canvas.shape[-1]
        paths = []
        for _ in range(rng.poisson(self.residues * side * side / 1e4)):
            length = log_uniform(rng, 2, 12) * max(self.clod, 3) / 4
            half = rng.uniform(0.3, 1.1) * max(length / 12, 0.7)
            start, angle = rng.uniform(0, side, 2), rng.uniform(0, 6.3)
            paths.append(walk(rng, start, angle, length, (half, half * 0.8), (0.2, 6)))
        if not paths:
            return
        cover, across, owner = drawn(paths, side)
        tone = rng.uniform(0.6, 2.0, len(paths))
        face = (self.colour[:, None] * tone + 0.03)[:, owner] * (1 - 0.25 * across)
        canvas += cover * rng.uniform(0.6, 1) * (face - canvas)


def draw_soil(rng: np.random.Generator, zoom: float) -> Soil:
    """Draw a soil; `zoom` is the enlargement."""
    colour = np.array(EARTHS[rng.integers(len(EARTHS))]) * rng.uniform(0.75, 1.25)
    colour = colour * (1 + 0.03 * rng.standard_normal(3))
    colour += rng.uniform(0.1, 0.7) * (colour.mean() - colour) + rng.uniform(0, 0.1)
    return Soil(
        colour=colour,
        clod=zoom * log_uniform(rng, 4, 20),
        rough=rng.uniform(0.35, 1.2),
        damp=rng.uniform(0.03, 0.3),
        stones=float(rng.choice([0.0, rng.uniform(0.01, 0.1), rng.uniform(0.1, 0.33)])),
        stone=zoom * log_uniform(rng, 2.0, 11),
        pores=float(rng.choice([0.0, rng.uniform(0.2, 0.9)])),
        residues=float(rng.choice([0.0, rng.uniform(0.5, 12)])),
        light=rng.uniform(0, 2 * np.pi),
    )
