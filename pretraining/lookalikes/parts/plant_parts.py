"""Plants, ears, fruits and spots of a disease, each drawn onto a scene from above."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.leaves import Leaf
from pretraining.lookalikes.parts.wandering import drawn, walk
from pretraining.textures import smooth_noise

GOLDEN = 2.4
"""Angle from a leaf to the next in radians."""


@dataclass(frozen=True, eq=False)
class Plant:
    """A sort of plant: leaves around a middle.

    Parameters
    ----------
    leaf : Leaf
        What its leaves look like.
    count : float
        Mean number of leaves.
    size : float
        Length of the longest in pixels.
    spread : float
        Deviation of the logarithm of the size from plant to plant.
    """

    leaf: Leaf
    count: float
    size: float
    spread: float

    def paint(
        self, rng: np.random.Generator, canvas: np.ndarray, classes: np.ndarray,
        centre: np.ndarray, class_number: int, light: float,
    ) -> None:  # fmt: skip
        """Draw a plant, the old leaves first."""
        size = self.size * np.exp(rng.normal(0, self.spread))
        count = max(int(rng.poisson(self.count)), 2)
        start, tone = rng.uniform(0, 6.3), np.exp(rng.normal(0, 0.1))
        for number in range(count):
            youth = number / count
            length = size * (1 - 0.75 * youth**1.3) * rng.uniform(0.75, 1.1)
            angle = start + GOLDEN * number + rng.normal(0, 0.25)
            if self.count < 3:
                angle = start + np.pi * number + rng.normal(0, 0.15)
            self.leaf.paint(
                rng, canvas, classes, centre + rng.normal(0, 0.02 * size, 2), angle, length,
                class_number, light, shadow=0.35 + 0.2 * (number == 0),
                tone=tone * (0.85 + 0.3 * youth),
            )  # fmt: skip


def paint_ear(
    rng: np.random.Generator, canvas: np.ndarray, classes: np.ndarray, angle: float, zoom: float,
    colour: np.ndarray, light: float, awned: bool,
) -> None:  # fmt: skip
    """An ear of wheat: two or three rows of grains along an axis, and awns."""
    side = canvas.shape[-1]
    length, half = zoom * rng.uniform(20, 34), zoom * rng.uniform(3.4, 5)
    axis = walk(rng, rng.uniform(0, side, 2), angle, length, (half, half), (0.25, 20))
    low = np.clip(axis.points.min(0) - 22 * zoom, 0, side).astype(int)
    high = np.clip(axis.points.max(0) + 22 * zoom, 0, side).astype(int)
    part = canvas[:, low[0] : high[0], low[1] : high[1]]
    size = int(max(part.shape[1:], default=0))
    if min(part.shape[1:]) < 4:
        return
    share = np.linspace(0, 1, len(axis.points))
    profile = half * np.sqrt(np.sin(np.pi * np.clip(0.08 + 0.9 * share, 0, 1)))
    shape = replace(axis, points=axis.points - low, widths=profile)
    step = max(int(5 * zoom), 1)
    turn = float(axis.angles.mean())
    grains = [
        walk(rng, shape.points[at], turn + lean, profile[at] * 2.8, (0.4, 0.4))
        for at in range(0, len(axis.points), step)
        for lean in (-0.55, 0.55)
    ]
    if awned:
        awns = drawn(grains, size)[0][: part.shape[1], : part.shape[2]]
        part += 0.45 * awns * (colour[:, None, None] * 1.1 - part)
    cover, across, _ = (a[: part.shape[1], : part.shape[2]] for a in drawn([shape], size))
    y, x = np.mgrid[: part.shape[1], : part.shape[2]].astype(np.float32)
    along = y * np.sin(turn) + x * np.cos(turn)
    rows = np.cos(2 * np.pi * (along / (zoom * 4.6) - 0.8 * np.abs(across)))
    bumps = 0.5 * rows + 0.5 * np.cos(np.clip(across, -1, 1) * 4.5)
    shade = 0.92 + 0.28 * bumps + 0.2 * np.clip(across, -1, 1) * np.sin(turn - light)
    shade *= (1 + 0.06 * rng.standard_normal(shade.shape)) * np.exp(rng.normal(0, 0.12))
    part *= 1 - 0.45 * ndimage.gaussian_filter(np.roll(cover, int(2 * zoom), 0), 1.5 * zoom)
    part += cover * (colour[:, None, None] * shade - part)
    classes[low[0] : high[0], low[1] : high[1]][cover > 0.5] = 1


def paint_fruit(
    rng: np.random.Generator, canvas: np.ndarray, classes: np.ndarray, centre: np.ndarray,
    radius: float, ripe: np.ndarray, leaf: Leaf, light: float,
) -> None:  # fmt: skip
    """A round fruit with its light and dark side, gleam and blush."""
    side, radius = canvas.shape[-1], radius * np.exp(rng.normal(0, 0.12))
    low = np.clip(centre - 1.5 * radius - 3, 0, side).astype(int)
    high = np.clip(centre + 1.5 * radius + 3, 0, side).astype(int)
    if (high - low < 3).any():
        return
    y, x = np.mgrid[low[0] : high[0], low[1] : high[1]].astype(np.float32)
    y, x = (y - centre[0]) / radius, (x - centre[1]) / radius / rng.uniform(0.9, 1.1)
    theta = np.arctan2(y, x) + rng.uniform(0, 6.3)
    distance = np.hypot(y, x) * (1 + 0.03 * np.sin(3 * theta) + 0.02 * np.sin(5 * theta))
    alpha = np.clip((1 - distance) * radius + 0.5, 0, 1)
    lift = np.sqrt(np.clip(1 - distance**2, 0, 1))
    sine, cosine = np.sin(light), np.cos(light)
    facing = 0.6 * lift - 0.5 * (y * sine + x * cosine)
    blush = np.clip(0.6 + 0.35 * np.sin(theta) + rng.normal(0, 0.3), 0, 1)
    green = leaf.colour[:, None, None] * 1.3
    colour = ripe[:, None, None] * blush + green * (1 - blush)
    face = colour * np.clip(0.45 + 0.85 * facing, 0.15, 1.4)
    face = face * (1 + 0.04 * rng.standard_normal(face.shape[1:]))
    gleam = np.exp(-((y + 0.4 * sine) ** 2 + (x + 0.4 * cosine) ** 2) / 0.03)
    face = face + leaf.gloss * gleam
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    part = canvas[:, window[0], window[1]]
    part *= 1 - 0.5 * np.exp(-np.clip(distance - 1, 0, None) * 5)
    part += alpha * (face - part)
    classes[window][alpha > 0.5] = 1


def paint_spots(
    rng: np.random.Generator, canvas: np.ndarray, classes: np.ndarray, on_leaf: np.ndarray,
    radius: float, colour: np.ndarray, halo_strength: float, pale_middle: bool,
) -> None:  # fmt: skip
    """Lesions with a rim, a halo and a paler middle; and gleams that are none."""
    side = canvas.shape[-1]
    depth = np.full((side, side), -9.0, np.float32)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    bent = 0.25 * smooth_noise(rng, side, radius) + 0.12 * smooth_noise(rng, side, 2.5)
    for _ in range(int(np.clip(0.05 * side**2 / radius**2 * rng.uniform(0.3, 1.5), 2, 45))):
        at, own = rng.uniform(0, side, 2), radius * np.exp(rng.normal(-0.1, 0.5))
        long = rng.uniform(0.7, 1.4)
        depth = np.maximum(
            depth, own * (1 - np.hypot((y - at[0]) * long, (x - at[1]) / long) / own)
        )
    depth += bent * radius * 0.7
    depth[~on_leaf] = -9
    halo = np.clip(1 + depth / (0.6 * radius), 0, 1) * on_leaf
    yellow = np.array((0.68, 0.62, 0.2))[:, None, None]
    canvas += halo_strength * halo * (yellow - canvas)
    alpha = np.clip(depth + 0.5, 0, 1)
    rim = np.exp(-((depth / 1.6) ** 2)) * 0.45
    pale = 0.5 * np.clip(depth / (0.8 * radius), 0, 1) * pale_middle
    face = colour[:, None, None] * (
        1 - rim + pale + 0.12 * smooth_noise(rng, side, 2.5) + 0.15 * smooth_noise(rng, side, 9)
    )
    canvas += 0.9 * alpha * (face - canvas)
    gleam = np.clip(smooth_noise(rng, side, 9) - 1.6, 0, 1) * on_leaf
    canvas += 0.15 * gleam
    classes[alpha > 0.5] = 1
