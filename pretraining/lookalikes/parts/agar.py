"""Colonies on agar in a dish."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.scenery import Answers, Frame, toward
from pretraining.lookalikes.parts.stamps import Painted, apart, draw_stamps
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.wandering import drawn, walk


def bordered(inside: np.ndarray, depth: np.ndarray, rim: float) -> np.ndarray:
    """Classes of inside (1) and border (2)."""
    return np.where(inside, np.where(depth < rim, 2, 1), 0)


def areas(objects: Painted, count: int) -> np.ndarray:
    """At each pixel of an object, how many of its pixels are seen."""
    return objects.spread(np.bincount(objects.instances.ravel(), minlength=count + 1)[1:])


@dataclass(frozen=True, eq=False)
class Agar:
    """Plates with colonies of one or two sorts; lengths in pixels.

    Parameters
    ----------
    unit, radius, spread, number : float
        The zoom; radius of colonies, deviation of its logarithm, mean number per 192 pixels
        squared.
    touching : float
        How close colonies may lie: 1 side by side, 0 anyhow.
    ground, colours : ndarray, shape (3,) and (2, 3)
        Colour of the agar, and of the sorts.
    second, rough, opacity, gloss, edge, core, cast : float
        Share of the second sort; raggedness; how opaque colonies are; strength of highlights, of
        the rim, of the middle and of shadows.
    halo : float
        Strength of clear zones around colonies.
    rim : bool
        Whether the wall of the dish is in view.
    writing, glare, grain : float
        Number of strokes of a pen, strength of reflections and of the agar's grain.
    """

    unit: float
    radius: float
    spread: float
    number: float
    touching: float
    ground: np.ndarray
    colours: np.ndarray
    second: float
    rough: float
    opacity: float
    gloss: float
    edge: float
    core: float
    cast: float
    halo: float
    rim: bool
    writing: float
    glare: float
    grain: float

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A field of view, (3, side, side), and its answers."""
        frame = Frame.of(side)
        plate = self._plate(rng, frame)
        image = self._ground(rng, side)
        colonies, sorts = self._colonies(rng, side, plate)
        cover = ndimage.gaussian_filter(colonies.inside.astype(np.float32), 0.7)
        if self.halo:
            near = ndimage.gaussian_filter(cover, 0.6 * self.radius)
            clear = np.clip(2.5 * near, 0, 1) * (1 - cover)
            toward(image, self.halo * clear, self.ground * 0.5 + 0.45)
        if self.cast:
            far = 0.25 * self.radius
            shade = ndimage.shift(cover, (far, 0.6 * far), order=1)
            image *= 1 - self.cast * ndimage.gaussian_filter(shade, 0.4 * far + 0.6) * (1 - cover)
        self._paint(rng, side, image, colonies, sorts, cover)
        self._clutter(rng, frame, image, plate)
        inside = colonies.inside
        pair = colonies.spread(sorts + 1)
        return np.clip(image, 0, 1.05), {
            "objects": inside,
            "bordered": bordered(inside, colonies.depth, max(0.2 * self.radius, 1.6)),
            "one sort": pair == 2, "sorts": pair,
        }  # fmt: skip

    def _plate(self, rng: np.random.Generator, frame: Frame) -> np.ndarray:
        """How far pixels lie within the wall of the dish."""
        side = frame.y.shape[0]
        if not self.rim:
            return np.full((side, side), 99.0, np.float32)
        size, angle = rng.uniform(180, 320) * self.unit, rng.uniform(0, 6.3)
        away = size - rng.uniform(0.2, 0.6) * side
        middle = side / 2 + away * np.array([np.sin(angle), np.cos(angle)])
        return (size - np.hypot(frame.y - middle[0], frame.x - middle[1])).astype(np.float32)

    def _ground(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """The agar under uneven light."""
        unit = self.unit
        tone = 1 + 0.06 * fine_noise(rng, side, 70 * unit) + 0.02 * fine_noise(rng, side, 15 * unit)
        tone += self.grain * (fine_noise(rng, side, 0.9) + fine_noise(rng, side, 2.5 * unit))
        slant = rng.normal(0, 0.12, 2)
        steps = np.linspace(-1, 1, side)
        tone = tone + slant[0] * steps[:, None] + slant[1] * steps
        return (self.ground[:, None, None] * tone).astype(np.float32)

    def _colonies(
        self, rng: np.random.Generator, side: int, plate: np.ndarray
    ) -> tuple[Painted, np.ndarray]:
        """Place colonies; the sort of each is 0 or 1."""
        count = rng.poisson(self.number * (side / 192) ** 2) + 2
        centres = rng.uniform(-0.3 * self.radius, side + 0.3 * self.radius, (count, 2))
        crowd = fine_noise(rng, side, 60 * self.unit)
        at = tuple(np.clip(centres, 0, side - 1).astype(int).T)
        radii = self.radius * np.exp(rng.normal(0, self.spread, count) - 0.15 * crowd[at])
        fits = plate[at] > radii + 4
        centres, radii = centres[fits], radii[fits]
        kept = apart(centres, radii, self.touching)
        centres, radii = centres[kept], np.maximum(radii[kept], 1.2)
        stamps = draw_stamps(rng, side, centres, radii, stretch=rng.uniform(1, 1.12, len(radii)),
                             rough=self.rough, waves=(2, 3, 5, 9))  # fmt: skip
        return stamps.painted(), (rng.random(len(radii)) < self.second).astype(int)

    def _paint(
        self, rng: np.random.Generator, side: int, image: np.ndarray, colonies: Painted,
        sorts: np.ndarray, cover: np.ndarray,
    ) -> None:  # fmt: skip
        """Domes with a rim, a middle and a highlight, in place."""
        count = len(sorts)
        hue = self.colours[sorts] * np.exp(rng.normal(0, 0.05, (count, 1)))
        colour = np.stack([colonies.spread(channel) for channel in hue.T])
        dome = np.sqrt(np.clip(1 - colonies.distance**2, 0, 1))
        tone = 0.85 + 0.18 * dome + 0.03 * fine_noise(rng, side, 1.5 * self.unit)
        tone += self.core * np.exp(-((colonies.distance / 0.35) ** 2))
        tone += self.edge * np.exp(-((colonies.depth / max(0.12 * self.radius, 1)) ** 2))
        toward(image, cover * np.clip(self.opacity * (0.7 + 0.4 * dome), 0, 1), colour * tone)
        if self.gloss:
            # The slope of the squared distance tells where within a colony a pixel lies.
            down, right = np.gradient(np.where(colonies.inside, colonies.distance, 0) ** 2)
            reach = 0.5 * np.sqrt(areas(colonies, len(sorts)) / np.pi)
            spark = np.hypot(down * reach + 0.33, right * reach + 0.28) / 0.2
            spark = np.exp(-(spark**2)) * (colonies.distance < 0.85) * colonies.inside
            image += 0.6 * self.gloss * ndimage.gaussian_filter(spark, 0.6)

    def _clutter(
        self, rng: np.random.Generator, frame: Frame, image: np.ndarray, plate: np.ndarray
    ) -> None:
        """The wall of the dish, the bench outside, a pen's strokes, reflections, bubbles."""
        side, unit = image.shape[-1], self.unit
        if self.rim:
            wall = sum(
                weight * np.exp(-(((plate - off * unit) / (1.6 * unit)) ** 2))
                for off, weight in ((0, -0.3), (3, 0.4), (8, -0.18), (12, 0.15))
            )
            bench = np.clip(-plate / 2, 0, 1)
            tone = np.full(3, rng.uniform(0.02, 0.25)) * rng.uniform(0.8, 1.2, 3)
            toward(image, bench, tone)
            image += wall
        for _ in range(rng.poisson(self.glare * 2)):
            turn, off = rng.uniform(0, 3.1), rng.uniform(0, side)
            line = np.cos(turn) * (frame.y - off) + np.sin(turn) * (frame.x - side / 2)
            image += 0.16 * self.glare * np.exp(-((line / (9 * unit)) ** 4))
        if self.writing:
            start, paths = rng.uniform(0, side, 2), []
            for _ in range(rng.poisson(self.writing) + 1):
                paths.append(walk(rng, start, rng.uniform(0, 6.3), rng.uniform(15, 70) * unit,
                                  (1.7 * unit, 1.5 * unit), (1.5, 10 * unit)))  # fmt: skip
                start = start + rng.normal(0, 14 * unit, 2)
            toward(image, 0.75 * drawn(paths, side)[0], np.array((0.1, 0.1, 0.16)))
        for _ in range(rng.poisson(1.2)):
            at, size = rng.uniform(0, side, 2), rng.uniform(1.5, 5) * unit
            ring = (frame.ellipse(at, (size, size)) - 1) * size / unit
            image += 0.12 * np.exp(-(ring**2))
