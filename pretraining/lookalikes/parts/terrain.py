"""Land from far above: relief, parcels of fields, woods, water, clouds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.aerial import blend
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.textures import nearest_points, standardised

CROPS = np.array([
    (0.25, 0.36, 0.16), (0.36, 0.43, 0.20), (0.55, 0.50, 0.33), (0.62, 0.54, 0.41),
    (0.42, 0.34, 0.26), (0.30, 0.31, 0.20), (0.66, 0.62, 0.38), (0.20, 0.29, 0.15),
])  # fmt: skip
"""Colours of fields in temperate land."""

DRY = np.array([
    (0.70, 0.58, 0.43), (0.60, 0.48, 0.36), (0.52, 0.44, 0.35), (0.40, 0.41, 0.25),
    (0.28, 0.36, 0.18), (0.66, 0.60, 0.50),
])  # fmt: skip
"""Colours of fields in dry land."""


def fractal(rng: np.random.Generator, side: int, scale: float, gain: float = 0.5) -> np.ndarray:
    """Noise of all sizes from `scale` pixels down, each finer one `gain` as strong."""
    total, weight = np.zeros((side, side), np.float32), 1.0
    while scale >= 0.7 and weight > 0.02:
        total += weight * fine_noise(rng, side, scale)
        scale, weight = scale / 2.2, weight * gain
    return standardised(total)


def ridged(rng: np.random.Generator, side: int, scale: float) -> np.ndarray:
    """Heights of mountains: sharp ridges, branching valleys."""
    total, weight = np.zeros((side, side), np.float32), 1.0
    while scale >= 1.2:
        total -= weight * np.abs(fine_noise(rng, side, scale))
        scale, weight = scale / 2.0, weight * 0.52
    return standardised(total)


def shaded(height: np.ndarray, sun: float, unit: float) -> np.ndarray:
    """Relative brightness of slopes, about 1; `unit` is the height of deviation 1 in pixels."""
    down, right = np.gradient(height * unit)
    towards = down * np.sin(sun) + right * np.cos(sun)
    light = (0.75 + 0.75 * towards) / np.sqrt(1 + down**2 + right**2)
    return np.clip(light / 0.75, 0.15, 1.8).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Parcels:
    """Fields in blocks of one direction each.

    Parameters
    ----------
    number : ndarray of int, shape (side, side)
        Which field, from 0.
    border : ndarray of float32, shape (side, side)
        Distance to its border in pixels.
    across : ndarray of float32, shape (side, side)
        Position across its rows in pixels.
    """

    number: np.ndarray
    border: np.ndarray
    across: np.ndarray


def parcels(rng: np.random.Generator, side: int, size: float, bent: float) -> Parcels:
    """Divide the land into fields of a typical size; `bent` is how curved their borders are."""
    near, second, block = nearest_points(rng, side, 4 * size, 0.5 * bent * size)
    count = int(block.max()) + 1
    turn = (rng.uniform(0, np.pi) + rng.normal(0, 0.5, count))[block]
    y, x = np.mgrid[:side, :side].astype(np.float32)
    curve = bent * size * fine_noise(rng, side, 3 * size)
    down = np.cos(turn) * y - np.sin(turn) * x + curve
    right = np.sin(turn) * y + np.cos(turn) * x + curve
    lines = np.arange(-2 * side, 2 * side, size) + rng.uniform(-0.38, 0.38) * size
    lines = lines + rng.uniform(-0.35, 0.35, len(lines)) * size
    row = np.clip(np.searchsorted(lines, down), 1, len(lines) - 1)
    length = (size * rng.uniform(0.7, 3.2, len(lines)))[row]
    column = right / length + rng.uniform(0, 1, len(lines))[row]
    border = np.minimum(np.minimum(down - lines[row - 1], lines[row] - down), (second - near) / 2)
    border = np.minimum(border, np.abs(column - np.round(column)) * length)
    key = (block * 4096 + row) * 4096 + np.floor(column).astype(int)
    _, number = np.unique(key, return_inverse=True)
    return Parcels(number.reshape(side, side), border.astype(np.float32), down)


@dataclass(frozen=True, eq=False)
class Land:
    """The look of one stretch of land.

    Parameters
    ----------
    colours : ndarray, shape (N, 3)
        Of crops; the first is the one that may be asked for.
    wood : ndarray, shape (3,)
        Colour of woods.
    size : float
        Of fields in pixels.
    bent, wooded, rugged : float
        Curvature of borders; share of woods; strength of the relief.
    sun : float
        Where light comes from.
    """

    colours: np.ndarray
    wood: np.ndarray
    size: float
    bent: float
    wooded: float
    rugged: float
    sun: float

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Colours (3, side, side), where the first crop grows, and where woods are (bool)."""
        plots = parcels(rng, side, self.size, self.bent)
        count = int(plots.number.max()) + 1
        crop = np.minimum(rng.geometric(0.3, count) - 1, 99) % len(self.colours)
        tone = rng.normal(1, 0.07, count)
        patchy = 1 + rng.uniform(0, 0.12, count)[plots.number] * fractal(rng, side, self.size)
        rows = np.sin(plots.across * 2.2) * rng.uniform(0, 0.06, count)[plots.number]
        shade = (tone[plots.number] * patchy + rows) * (1 - 0.18 * (plots.border < 0.8))
        image = np.moveaxis(self.colours[crop][plots.number], -1, 0) * shade
        image *= 1 + 0.03 * fine_noise(rng, side, 0.7)
        asked = (crop == 0)[plots.number]
        # Woods keep to the borders of fields here and there.
        field = (
            fractal(rng, side, 1.3 * self.size, 0.6)
            + 0.7 * rng.standard_normal(count)[plots.number]
        )
        level = np.quantile(field[::3, ::3], 1 - self.wooded)
        wood = np.clip((field - level) * 6 + 0.5, 0, 1)
        hedge = (plots.border < 1.2) & (fine_noise(rng, side, self.size / 2) > 0.8)
        wood = np.maximum(wood, 0.8 * hedge)
        crowns = 1 + 0.22 * fine_noise(rng, side, 0.8) + 0.12 * fractal(rng, side, 12)
        blend(image, wood, self.wood[:, None, None] * np.maximum(crowns, 0.2))
        # Their edge throws a shadow away from the sun.
        shift = (round(-1.5 * np.sin(self.sun)), round(-1.5 * np.cos(self.sun)))
        image *= 1 - 0.35 * np.clip(np.roll(wood, shift, (0, 1)) - wood, 0, 1)
        if self.rugged:
            image *= shaded(ridged(rng, side, 60), self.sun, 3 * self.rugged) ** 0.8
        return image.astype(np.float32), asked & (wood < 0.5), wood > 0.5


def draw_land(rng: np.random.Generator, zoom: float) -> Land:
    """Draw a stretch of land, temperate or dry."""
    dry = rng.random() < 0.3
    colours = DRY if dry else CROPS
    some = colours[rng.permutation(len(colours))[: rng.integers(3, 6)]]
    return Land(
        colours=some * rng.uniform(0.8, 1.15) + rng.normal(0, 0.02, some.shape),
        wood=np.array([0.13, 0.19, 0.10]) * rng.uniform(0.7, 1.4) + rng.normal(0, 0.01, 3),
        size=zoom * float(np.exp(rng.uniform(np.log(9), np.log(45)))),
        bent=rng.uniform(0, 0.4), wooded=rng.uniform(0.02, 0.15) if dry else rng.uniform(0.1, 0.45),
        rugged=rng.choice([0.0, rng.uniform(0.2, 1)]), sun=rng.uniform(0, 2 * np.pi),
    )  # fmt: skip


@dataclass(frozen=True)
class Clouds:
    """How clouds look.

    Parameters
    ----------
    scale : float
        Size of the largest in pixels.
    gain : float
        How ragged they are.
    share : float
        Share of the sky.
    soft : float
        How slowly they thin out.
    most : float
        Opacity of the densest.
    away : float
        Distance of their shadows in pixels.
    sun : float
        Where light comes from.
    """

    scale: float
    gain: float
    share: float
    soft: float
    most: float
    away: float
    sun: float

    def paint(self, rng: np.random.Generator, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Draw clouds and shadows on an image, in place; returns where both are (bool)."""
        side = image.shape[-1]
        pad = int(abs(self.away)) + 1
        field = fractal(rng, side + 2 * pad, self.scale, self.gain)
        level = np.quantile(field[::4, ::4], 1 - self.share * rng.uniform(0.5, 1.5))
        thick = np.clip((field - level) / self.soft, 0, 1)
        thick = thick * thick * (3 - 2 * thick)

        def cut(plane: np.ndarray, distance: float) -> np.ndarray:
            top = pad + round(distance * np.sin(self.sun))
            left = pad + round(distance * np.cos(self.sun))
            return plane[top : top + side, left : left + side]

        shadow = ndimage.gaussian_filter(cut(thick, self.away), 1.0)
        image *= 1 - 0.55 * self.most * shadow * np.array([1, 0.95, 0.85])[:, None, None]
        cover = self.most * cut(thick, 0)
        lit = shaded(cut(field, 0), self.sun, 0.12 * self.scale)
        billows = 0.86 + 0.08 * cut(field, 0) + 0.12 * (lit - 1)
        blend(image, cover, np.clip(billows, 0.5, 1.05)[None] * np.ones((3, 1, 1)))
        seen = cover > 0.3 * self.most
        return seen, (shadow > 0.35) & ~seen


def draw_clouds(rng: np.random.Generator, zoom: float, sun: float) -> Clouds:
    """Draw a sky: from small fair-weather clouds to veils."""
    thin = rng.random() < 0.2
    return Clouds(
        scale=zoom * float(np.exp(rng.uniform(np.log(9), np.log(90)))),
        gain=rng.uniform(0.35, 0.65), share=rng.uniform(0.1, 0.5),
        soft=rng.uniform(0.9, 1.6) if thin else rng.uniform(0.2, 0.9),
        most=rng.uniform(0.4, 0.75) if thin else rng.uniform(0.85, 1),
        away=zoom * float(np.exp(rng.uniform(np.log(4), np.log(35)))), sun=sun,
    )  # fmt: skip
