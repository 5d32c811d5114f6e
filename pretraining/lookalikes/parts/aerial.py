"""What stands and grows along roads as seen from above: houses, trees, cars, fields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.street_network import Network
from pretraining.lookalikes.parts.tapering import FAR, fine_noise, stroke
from pretraining.textures import nearest_points

ROOFS = np.array([
    (0.62, 0.60, 0.58), (0.45, 0.42, 0.40), (0.62, 0.38, 0.28), (0.52, 0.40, 0.33),
    (0.85, 0.84, 0.82), (0.33, 0.34, 0.37), (0.70, 0.62, 0.52), (0.45, 0.52, 0.58),
])  # fmt: skip
"""Colours of roofs."""


def blend(image: np.ndarray, cover: np.ndarray, colour: np.ndarray) -> None:
    """Paint a colour (3,) or (3, ...) onto an image (3, ...) where `cover` is, in place."""
    colour = colour.reshape(3, *([1] * (image.ndim - 1))) if colour.ndim == 1 else colour
    colour, cover = colour.astype(image.dtype, copy=False), cover.astype(image.dtype, copy=False)
    image += cover * (colour - image)


@dataclass(frozen=True, eq=False)
class House:
    """A building seen from above.

    Parameters
    ----------
    centre : ndarray, shape (2,)
        Row and column.
    angle : float
        Direction of its ridge: angle of (row, column) steps, in radians.
    size : tuple of float
        Half length along and across the ridge, in pixels.
    colour : ndarray, shape (3,)
        Of the roof.
    form : str
        ``"gable"``, ``"hip"`` or ``"flat"``.
    high : float
        Height in pixels.
    """

    centre: np.ndarray
    angle: float
    size: tuple[float, float]
    colour: np.ndarray
    form: str
    high: float

    def local(self, side: int) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray] | None:
        """The window around the house and the coordinates along and across its ridge in it."""
        far = float(np.hypot(*self.size)) + 2
        low = np.clip((self.centre - far).astype(int), 0, side)
        high = np.clip((self.centre + far).astype(int) + 1, 0, side)
        if (low >= high).any():
            return None
        y = np.arange(low[0], high[0], dtype=np.float32)[:, None] - np.float32(self.centre[0])
        x = np.arange(low[1], high[1], dtype=np.float32) - np.float32(self.centre[1])
        along = np.sin(self.angle) * y + np.cos(self.angle) * x
        across = np.cos(self.angle) * y - np.sin(self.angle) * x
        return (slice(low[0], high[0]), slice(low[1], high[1])), along, across

    def cover(self, along: np.ndarray, across: np.ndarray) -> np.ndarray:
        """Share of each pixel that is roof."""
        outside = np.maximum(np.abs(along) - self.size[0], np.abs(across) - self.size[1])
        return np.clip(0.5 - outside, 0, 1)

    def paint(self, image: np.ndarray, mask: np.ndarray, rng: np.random.Generator,
              sun: float) -> None:  # fmt: skip
        """Draw its roof on an image (3, side, side) and into a mask, in place."""
        found = self.local(len(mask))
        if found is None:
            return
        window, along, across = found
        cover = self.cover(along, across)
        towards = np.cos(sun - self.angle), np.sin(sun - self.angle)
        if self.form == "flat":
            inner = np.maximum(np.abs(along) - self.size[0], np.abs(across) - self.size[1])
            light = 1 + 0.12 * (inner > -1.2)
            for _ in range(int(rng.integers(0, 6))):
                at = rng.uniform(-0.8, 0.8, 2) * self.size
                near = np.maximum(np.abs(along - at[0]), np.abs(across - at[1]))
                light = light + rng.choice([-0.3, 0.25]) * (near < rng.uniform(0.8, 2.5))
        else:
            light = 1 - 0.26 * np.sign(across) * towards[1]
            if self.form == "hip":
                ends = np.abs(along) - (self.size[0] - self.size[1]) > np.abs(across)
                light = np.where(ends, 1 - 0.26 * np.sign(along) * towards[0], light)
            light = light + 0.12 * np.exp(-(across**2)) * (np.abs(along) < self.size[0])
        grain = 1 + 0.04 * rng.standard_normal(along.shape, np.float32)
        blend(image[(slice(None), *window)], cover, self.colour[:, None, None] * light * grain)
        np.maximum(mask[window], cover, out=mask[window])


def cast(cover: np.ndarray, length: float, sun: float) -> np.ndarray:
    """Shadow of what covers the ground, as long as that many pixels."""
    shadow = cover
    for share in np.linspace(1, 0, max(int(length / 3), 2), endpoint=False):
        shift = (round(share * length * np.sin(sun)), round(share * length * np.cos(sun)))
        shadow = np.maximum(shadow, np.roll(cover, shift, (0, 1)))
    return shadow


def plant(
    image: np.ndarray, rng: np.random.Generator, centres: np.ndarray, radius: np.ndarray,
    sun: float, colour: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Draw trees and their shadows on an image (3, side, side), in place.

    Returns
    -------
    ndarray of float, shape (side, side)
        Where crowns are, 0 to 1.
    """
    side = image.shape[-1]
    if not len(centres):
        return np.zeros((side, side))
    crowns = stroke(centres, radius, side, 2)
    here, middle = radius[crowns.nearest], centres[crowns.nearest]
    ragged = np.minimum(0.25 * here, 2) * fine_noise(rng, side, 1.1)
    cover = np.clip(0.5 - crowns.outside - ragged, 0, 1) * (crowns.outside < FAR)
    away = 0.7 * float(np.median(radius)) + 1
    image *= 1 - 0.55 * cast(cover, away, sun) * (1 - cover)
    rows, columns = np.mgrid[:side, :side]
    lit = (rows - middle[..., 0]) * np.sin(sun) + (columns - middle[..., 1]) * np.cos(sun)
    leaves = 1 - 0.35 * np.clip(lit / here, -1.3, 1.3) + 0.2 * fine_noise(rng, side, 0.8)
    tone = rng.uniform(0.75, 1.25, len(centres))[crowns.nearest]
    blend(image, cover, colour[:, None, None] * np.maximum(leaves * tone, 0.1))
    return cover


def wood(rng: np.random.Generator, side: int, size: float, sun: float) -> np.ndarray:
    """Relative brightness of a closed wood's crowns of one size."""
    lumps = fine_noise(rng, side, max(0.5 * size, 0.7))
    down, right = np.gradient(lumps)
    lit = -(np.sin(sun) * down + np.cos(sun) * right) * size
    return np.maximum(0.85 + 0.22 * lit + 0.2 * lumps + 0.1 * fine_noise(rng, side, 0.7), 0.15)


def fields(
    rng: np.random.Generator, side: int, size: float, colours: np.ndarray, scale: float
) -> np.ndarray:
    """Fields of several crops with their rows, (3, side, side).

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    side : int
        Side of the square in pixels.
    size : float
        Typical size of a field in pixels.
    colours : ndarray, shape (N, 3)
        Of the crops.
    scale : float
        Pixels per metre.
    """
    near, second, index = nearest_points(rng, side, size)
    count = int(index.max()) + 1
    crop, turn = rng.integers(0, len(colours), count), rng.uniform(0, np.pi, count)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    across = np.cos(turn)[index] * y - np.sin(turn)[index] * x
    period = np.maximum(rng.uniform(2.5, 9, count) * scale, 2.5)[index]
    rows = np.sin(2 * np.pi * across / period) * (rng.uniform(0, 0.07, count) ** 1.0)[index]
    value = 1 + rows + 0.06 * fine_noise(rng, side, 0.3 * size)
    value = value * rng.uniform(0.85, 1.15, count)[index]
    value = value - 0.2 * ((second - near) < 2.5 * scale)
    return np.moveaxis(colours[crop][index], -1, 0) * value


def park(image: np.ndarray, rng: np.random.Generator, network: Network, scale: float) -> None:
    """Draw cars on roads, mostly at their sides, in place.

    Parameters
    ----------
    image : ndarray, shape (3, side, side)
        What is drawn on.
    rng : numpy.random.Generator
        Decides everything.
    network : Network
        The roads.
    scale : float
        Pixels per metre.
    """
    side = image.shape[-1]
    inside = np.flatnonzero(((network.points > 0) & (network.points < side)).all(1))
    if not len(inside):
        return
    for at in rng.choice(inside, min(rng.poisson(0.03 * side / scale**0.5), 25)):
        angle = network.angle[at]
        aside = np.array([np.cos(angle), -np.sin(angle)]) * network.half[at]
        centre = network.points[at] + aside * rng.choice([-1, 1]) * rng.uniform(0.35, 0.75)
        tint = np.clip(rng.choice([0.08, 0.9, 0.75, 0.3]) + rng.normal(0, 0.06, 3), 0, 1)
        car = House(centre, angle, (2.3 * scale, 0.95 * scale), tint, "flat", scale)
        found = car.local(side)
        if found is not None:
            window, along, across = found
            blend(image[(slice(None), *window)], car.cover(along, across), tint)


def palette(rng: np.random.Generator, dry: bool) -> dict[str, np.ndarray]:
    """Colours of one place and season.

    Returns
    -------
    dict of str to ndarray, each of shape (3,)
        Of grass, road, tree and water.
    """
    grass = np.array([0.55, 0.48, 0.36] if dry else [0.33, 0.4, 0.24]) + rng.normal(0, 0.04, 3)
    road = rng.uniform(0.3, 0.68) + np.array([0.02, 0, -0.02]) * rng.uniform(-1, 2)
    tree = np.array([0.19, 0.26, 0.15]) * rng.uniform(0.7, 1.3) + rng.normal(0, 0.015, 3)
    water = np.array([0.14, 0.22, 0.25]) * rng.uniform(0.6, 1.8) + rng.normal(0, 0.03, 3)
    colours = {"grass": grass, "road": road, "tree": tree, "water": water}
    return {name: np.clip(colour, 0.04, 0.9) for name, colour in colours.items()}


def lots(
    image: np.ndarray, rng: np.random.Generator, houses: list[House], network: Network,
    road: np.ndarray, scale: float,
) -> np.ndarray:  # fmt: skip
    """Draw drives, footpaths, car parks and pools, in place: what looks like roads but is none.

    Returns
    -------
    ndarray of float, shape (side, side)
        Where they are, 0 to 1.
    """
    side = image.shape[-1]
    grey = road * rng.uniform(0.9, 1.3)
    starts = [(house.centre, 1.4) for house in houses if rng.random() < 0.6]
    starts += [(rng.uniform(0, side, 2), 0.8) for _ in range(rng.poisson(1.0))]
    paths, widths = [np.full((1, 2), -99.0)], [np.ones(1)]
    for centre, metres in starts:
        gaps = np.hypot(*(network.points - centre).T)
        aim = int(np.argmin(gaps))
        if gaps[aim] < 70 * scale:
            at = np.linspace(0, 1, int(2 * gaps[aim]) + 2)[:, None]
            paths.append(centre + at * (network.points[aim] - centre) + 3 * at * (1 - at))
            widths.append(np.full(len(at), max(metres * scale, 0.7)))
    covered = stroke(np.concatenate(paths), np.concatenate(widths), side).cover
    blend(image, 0.8 * covered, rng.uniform(0.9, 1.15) * (grey + 0.05))
    for house in houses[:: max(len(houses) // 3, 1)]:
        pool = rng.random() < 0.5
        size = (rng.uniform(8, 22) * scale, rng.uniform(6, 14) * scale)
        size = (3.5 * scale, 2 * scale) if pool else size
        colour = np.array([0.35, 0.68, 0.72]) if pool else grey
        centre = house.centre + rng.normal(0, 12, 2) * scale
        area = House(centre, house.angle, size, colour, "flat", 0.0)
        found = area.local(side) if rng.random() < 0.6 else None
        if found is not None:
            window, along, across = found
            cover = area.cover(along, across)
            blend(image[(slice(None), *window)], 0.9 * cover, colour)
            np.maximum(covered[window], cover, out=covered[window])
    return covered
