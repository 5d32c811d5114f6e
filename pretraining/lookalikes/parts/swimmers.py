"""Worms, larvae and fish embryos in a dish, in transmitted light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.crumbs import draw_crumbs, draw_hair
from pretraining.lookalikes.parts.scenery import Answers, Frame
from pretraining.lookalikes.parts.tapering import fine_noise, stroke
from pretraining.lookalikes.parts.wandering import walk


@dataclass(frozen=True, eq=False)
class Swimmers:
    """Animals of one sort; lengths in pixels.

    Parameters
    ----------
    fish : bool
        Whether fish with eyes and yolk, else worms.
    unit, width, slender, number, bend : float
        The zoom; half width; length over half width; mean number per 192 pixels squared; how bent.
    dark, gut, grain, line, halo : float
        Density of bodies, of the gut; strength of texture, of the dark outline and of the halo.
    dirt, tracks, eggs : float
        Amount of debris, strength of tracks in the lawn, number of eggs.
    well : bool
        Whether the dark wall of a well is in view.
    """

    fish: bool
    unit: float
    width: float
    slender: float
    number: float
    bend: float
    dark: float
    gut: float
    grain: float
    line: float
    halo: float
    dirt: float
    tracks: float
    eggs: float
    well: bool

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A field of view, (3, side, side), and its answers."""
        unit, frame = self.unit, Frame.of(side)
        density = 0.03 * fine_noise(rng, side, 25 * unit) + 0.02 * fine_noise(rng, side, 3 * unit)
        if self.tracks:
            for _ in range(4):
                track = np.abs(fine_noise(rng, side, 30 * unit))
                density += self.tracks * 0.1 * np.exp(-((track / 0.06) ** 2))
        density += draw_crumbs(rng, side, self.dirt, unit, (0.7, 1.4, 2.5))
        if rng.random() < 0.2:
            density += 0.5 * draw_hair(rng, side, unit)
        body = np.full((side, side), -99.0, np.float32)
        light = np.zeros((side, side), np.float32)
        gut = np.zeros((side, side), bool)
        for _ in range(rng.poisson(self.number * (side / 192) ** 2) + 1):
            depth, added, core = self._animal(rng, side)
            density += added
            light += self.halo * np.exp(-(((depth + 1.5 * unit) / (1.6 * unit)) ** 2)) * (depth < 0)
            body, gut = np.maximum(body, depth), gut | core
        if self.eggs:
            density += self._eggs(rng, frame, side)
        image = (np.exp(-np.clip(density, -0.2, 4)) + light) * (
            1 + 0.1 * fine_noise(rng, side, 100 * unit)
        )
        inside = body > 0
        if self.well:
            middle = side / 2 + rng.uniform(-0.6, 0.6, 2) * side
            edge = 0.85 * side - np.hypot(frame.y - middle[0], frame.x - middle[1])
            image = image * np.clip(edge / (12 * unit) + 0.6, 0.12, 1)
        tint = np.array((1.0, 0.97, 0.9))[:, None, None]
        rim = max(0.3 * self.width, 1.6)
        return (image[None] * tint).astype(np.float32), {
            "objects": inside, "bordered": np.where(inside, np.where(body < rim, 2, 1), 0),
            "one sort": gut & inside, "sorts": np.where(inside, 1 + gut, 0),
        }  # fmt: skip

    def _animal(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One animal: how deep pixels lie in it, what it absorbs, and where its gut (or eye) is."""
        width = self.width * np.exp(rng.normal(0, 0.15))
        length = width * self.slender * rng.uniform(0.8, 1.2)
        angle = rng.uniform(0, 6.3)
        lie = np.array([np.sin(angle), np.cos(angle)])
        middle = rng.uniform(0, side, 2)
        if self.fish:  # the head half should be in view
            middle = side / 2 + rng.uniform(-0.3, 0.3, 2) * side + 0.3 * length * lie
        start = middle - 0.5 * length * lie
        path = walk(rng, start, angle, length, (1, 1), (self.bend, max(0.22 * length, 4)))
        share = np.linspace(0, 1, len(path.points))
        if self.fish:
            shape = 0.3 + 0.75 * np.exp(-(((share - 0.14) / 0.12) ** 2)) - 0.22 * share
            shape = shape * np.clip(share / 0.05, 0, 1) ** 0.5
        else:
            shape = np.clip(share / 0.16, 0, 1) ** 0.5 * np.clip((1 - share) / 0.3, 0, 1) ** 0.7
        radius = np.maximum(width * shape, 0.7)
        # Points closer together than needed cost time without changing the drawing.
        step = max(int(0.35 * width), 1)
        points, radius, share = path.points[::step], radius[::step], share[::step]
        strokes = stroke(points, radius, side, 4 * self.unit + 2)
        depth = -strokes.outside
        return depth, *self._absorbed(rng, side, depth, radius, share, strokes.nearest, points)

    def _absorbed(
        self, rng: np.random.Generator, side: int, depth: np.ndarray, radius: np.ndarray,
        share: np.ndarray, nearest: np.ndarray, points: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """What one animal absorbs, and where its gut (of worms) or eye (of fish) is."""
        unit = self.unit
        inside = np.clip(depth + 0.5, 0, 1)
        across = np.clip(1 - depth / radius[nearest], 0, 1.2)
        along = share[nearest]
        speckled = fine_noise(rng, side, 0.16 * self.width + 0.6)
        density = self.dark * (0.5 + 0.5 * (1 - across**2)) * (1 + self.grain * speckled)
        density += self.line * np.exp(-((depth / max(0.12 * self.width, 1.1)) ** 2))
        if self.fish:
            head = points[max(int(0.07 * len(points)), 0)]
            y, x = np.mgrid[:side, :side]
            away = np.hypot(y - head[0], x - head[1])
            eye = away < 0.38 * self.width
            density += 2.5 * np.clip(0.38 * self.width - away + 0.5, 0, 1)
            yolk = np.exp(-(((along - 0.24) / 0.09) ** 2)) * np.clip(1 - across, 0, 1)
            density += self.gut * yolk
            spots = np.clip(fine_noise(rng, side, 1.6 * unit) - 1.7, 0, 1) * (along < 0.9)
            density += 1.6 * spots * (self.gut > 0.3)
            stripes = np.sin(along * 190) * (along > 0.35) * np.clip(0.8 - across, 0, 1)
            density += 0.12 * stripes
            return density * inside, eye & (depth > 0)
        wall = 0.45 + 0.12 * fine_noise(rng, side, 0.6 * self.width)
        core = (across < wall) & (along > 0.12) & (along < 0.92)
        smooth = ndimage.gaussian_filter(core.astype(np.float32), 0.1 * self.width + 0.5)
        density += self.gut * smooth * (1 + 0.35 * speckled)
        return density * inside, core & (depth > 0)

    def _eggs(self, rng: np.random.Generator, frame: Frame, side: int) -> np.ndarray:
        """Eggs: small ovals with a dark outline that are not asked for."""
        density = np.zeros((side, side), np.float32)
        for _ in range(rng.poisson(self.eggs)):
            at, size = rng.uniform(0, side, 2), 0.55 * self.width + 1
            away = frame.ellipse(at, (1.6 * size, size), rng.uniform(0, 3.1))
            density += 0.5 * self.dark * (away < 1) * (1 + 0.2 * fine_noise(rng, side, 1.0))
            density += 0.7 * np.exp(-(((away - 1) * size / 1.1) ** 2))
        return density
