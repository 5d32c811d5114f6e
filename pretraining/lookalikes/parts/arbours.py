"""Neurons and fungal hyphae as they are seen: light of branches, bodies, walls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.cytoskeleton import Drawn
from pretraining.lookalikes.parts.neurons import Branching, grown, soma_outline, spines
from pretraining.lookalikes.parts.tapering import FAR, stroke
from pretraining.lookalikes.parts.threads import STEP, Threads, uneven, woven
from pretraining.textures import smooth_noise


@dataclass(frozen=True)
class Arbour:
    """Trees of one sort.

    Parameters
    ----------
    tree : Branching
        How they grow.
    density : float
        About how many there are.
    aligned : float
        How much they grow one way.
    beside : float
        Those out of focus, over those in focus.
    knobs : float
        Radius of spines, 0 for none; of hyphae whether walls are stained.
    glows : bool
        Whether light comes from them instead of through them.
    sigma, bend, beaded : float
        Half width of axons in pixels, how they wander, how uneven they are.
    unit : float
        The zoom.
    """

    tree: Branching
    density: float
    aligned: float
    beside: float
    knobs: float
    glows: bool
    sigma: float
    bend: float
    beaded: float
    unit: float

    def neurons(self, rng: np.random.Generator, side: int) -> Drawn:
        """Cell bodies, dendrites with spines, thin beaded axons, others out of focus."""
        unit = self.unit
        count = max(rng.poisson(0.7 * self.density), 1)
        layers = []
        for number, share in enumerate((1.0, self.beside)):
            if not share:
                continue
            points, bodies = self._trees(rng, side, max(int(count * share), 1))
            knobs = np.zeros((0, 3))
            if self.knobs and not number:
                knobs = spines(rng, points, 7 * unit, self.knobs)
            discs = np.concatenate([points[:, :3], bodies, knobs])
            drawn = stroke(discs[:, :2], np.maximum(discs[:, 2], 0.6), side)
            big = stroke(bodies[:, :2], bodies[:, 2], side)
            across = np.clip(drawn.across(np.maximum(discs[:, 2], 0.6)), 0, 1)
            thick = np.sqrt(1 - across**2) * (drawn.outside < FAR)
            radius = discs[:, 2][drawn.nearest] / max(self.tree.radius, 1)
            light = (0.3 * drawn.cover + 0.7 * thick) * np.clip(radius, 0.15, 2.2) ** 0.5
            light = light * np.clip(1 + 0.3 * smooth_noise(rng, side, 9 * unit), 0.3, 2)
            layers.append((light, drawn.outside < 0, big.outside < 0))
        axons = woven(rng, side, 1 + rng.poisson(3 * self.density), self.aligned, self.bend, 6)
        shine = uneven(rng, axons.shape[:2], 0.2 + self.beaded, 3 * unit)
        thin = Threads(axons, 0.5 * shine * np.exp(0.3 * rng.standard_normal((len(axons), 1))),
                       max(0.7 * self.sigma, 0.7))  # fmt: skip
        light, mask, bodies_mask = layers[0]
        rest = np.zeros((side, side), np.float32)
        if self.beside:
            rest = 0.6 * ndimage.gaussian_filter(layers[1][0], rng.uniform(2.5, 6) * unit)
        light = light + thin.lit(side)
        inner = np.clip(ndimage.distance_transform_edt(bodies_mask) / (4 * unit) - 1, 0, 1)
        return Drawn(inner, light, rest, mask | thin.mask(side, 0.2), bodies_mask)

    def _trees(
        self, rng: np.random.Generator, side: int, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Points of dendrites, and discs that make up the cell bodies."""
        radius = 3.2 * self.tree.radius
        bodies, starts, angles = [np.zeros((0, 3))], [np.zeros((0, 2))], [np.zeros(0)]
        for number in range(count):
            beyond = 0.15 * side if number else -0.1 * side  # One at least is in view.
            centre = rng.uniform(-beyond, side + beyond, 2)
            out = rng.uniform(0, 6.28) + np.arange(rng.integers(2, 7)) * 1.25
            out = out + rng.normal(0, 0.25, len(out))
            bodies.append(soma_outline(rng, centre, radius * rng.uniform(0.75, 1.25), out))
            starts.append(centre + radius * np.stack([np.sin(out), np.cos(out)], 1))
            angles.append(out)
        points = grown(rng, np.concatenate(starts), np.concatenate(angles), self.tree, side)
        return points, np.concatenate(bodies)

    def hyphae(self, rng: np.random.Generator, side: int) -> Drawn:
        """Branching tubes with cross walls and vacuoles."""
        tree, unit = self.tree, self.unit
        count = 5 + rng.poisson(2 * self.density)
        main = rng.uniform(0, 6.28)
        angles = rng.uniform(0, 6.28, count)
        angles = np.where(rng.random(count) < self.aligned, rng.normal(main, 0.4, count), angles)
        starts = rng.uniform(-0.3 * side, 1.3 * side, (count, 2))
        points = grown(rng, starts, angles, tree, side)
        points = points[:: max(int(0.4 * tree.radius / STEP), 1)]
        radius = points[:, 2]
        if not len(points):
            nothing = np.zeros((side, side), np.float32)
            return Drawn(nothing, nothing, nothing, nothing > 0, nothing > 0)
        drawn = stroke(points[:, :2], radius, side, 2.5)
        across = drawn.across(radius)
        inside = np.clip(1 - across, 0, 1)
        wall = np.exp(-(((drawn.outside + 0.5) / (0.35 * unit + 0.5)) ** 2))
        wall = wall * (drawn.outside < FAR)
        period = 14 * tree.radius
        place = points[:, 3][drawn.nearest] / period + points[:, 5][drawn.nearest] * 0.37
        septum = np.abs(place - place.round()) * period < 0.6 * unit + 0.4
        wall = np.maximum(wall, 0.8 * septum * (drawn.outside < 0))
        lumps = smooth_noise(rng, side, 1.1 * tree.radius + 0.8)
        content = np.sqrt(1 - (1 - inside) ** 2) * np.clip(0.75 + 0.35 * lumps, 0.05, 1.6)
        mask = drawn.outside < 0
        if self.glows:
            shell = self.knobs > 0  # Dyes stain either walls (calcofluor) or contents.
            light = 0.25 * content + wall if shell else drawn.cover * content
            return Drawn(wall * 0, light, wall * 0, mask, mask & False)
        return Drawn(wall, drawn.cover * content, drawn.cover, mask, mask & False)
