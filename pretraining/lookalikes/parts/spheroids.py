"""Spheroids and organoids in bright field: dark rims, lumens, bubbles, some out of focus."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.agar import bordered
from pretraining.lookalikes.parts.crumbs import draw_crumbs
from pretraining.lookalikes.parts.scenery import Answers
from pretraining.lookalikes.parts.stamps import Painted, apart, draw_stamps
from pretraining.lookalikes.parts.tapering import fine_noise


@dataclass(frozen=True, eq=False)
class Spheroids:
    """A culture in gel or in wells; lengths in pixels.

    Parameters
    ----------
    unit, radius, spread, number : float
        The zoom; radius of bodies, deviation of its logarithm, mean number per 192 pixels squared.
    hollow : float
        Share of bodies with a lumen.
    dark, wall, rough, grain, bright : float
        Density; thickness of walls relative to the radius; raggedness; strength of the texture; of
        the bright line along the rim.
    blurred, bubbles, dirt, gel : float
        Number of bodies out of focus and of bubbles, amount of debris, strength of the gel.
    loose : float
        How fuzzy the outline is, in pixels.
    """

    unit: float
    radius: float
    spread: float
    number: float
    hollow: float
    dark: float
    wall: float
    rough: float
    grain: float
    bright: float
    blurred: float
    bubbles: float
    dirt: float
    gel: float
    loose: float

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A field of view, (3, side, side), and its answers."""
        unit = self.unit
        density = self.gel * (
            fine_noise(rng, side, 9 * unit) + 0.6 * fine_noise(rng, side, 2 * unit)
        )
        if self.blurred:
            ghosts, _ = self._placed(rng, side, self.blurred, 1.0)
            veil, _ = self._density(rng, side, ghosts, np.ones(int(ghosts.instances.max())))
            density = density + 0.8 * ndimage.gaussian_filter(veil, rng.uniform(4, 9) * unit)
        bodies, count = self._placed(rng, side, self.number, 0.95)
        hollow = (rng.random(count) < self.hollow).astype(float)
        body, rim = self._density(rng, side, bodies, hollow)
        density = density * (1 - 0.6 * bodies.inside) + body
        density = density + 1.2 * draw_crumbs(rng, side, self.dirt, unit, (0.8, 1.6, 3.0))
        light = np.exp(-density) * (1 + 0.08 * fine_noise(rng, side, 90 * unit))
        light = light + self.bright * rim
        if self.bubbles:
            light = self._bubbles(rng, side, light)
        image = np.repeat(light[None], 3, 0) * np.array((1.0, 0.98, 0.93))[:, None, None]
        sorts = bodies.spread(1 + hollow)
        return image.astype(np.float32), {
            "objects": bodies.inside,
            "bordered": bordered(bodies.inside, bodies.depth, max(0.14 * self.radius, 2)),
            "one sort": sorts == 2, "sorts": sorts,
        }  # fmt: skip

    def _placed(
        self, rng: np.random.Generator, side: int, number: float, share: float
    ) -> tuple[Painted, int]:
        """Bodies here and there, and how many."""
        count = rng.poisson(number * (side / 192) ** 2) + 1
        margin = 0.3 * self.radius
        centres = rng.uniform(-margin, side + margin, (count, 2))
        if count == 1:
            centres = side / 2 + rng.uniform(-0.45, 0.45, (1, 2)) * side
        radii = self.radius * np.exp(rng.normal(0, self.spread, count))
        kept = apart(centres, radii, share)
        centres, radii = centres[kept], np.maximum(radii[kept], 3)
        stamps = draw_stamps(
            rng, side, centres, radii, stretch=rng.uniform(1, 1.3, len(radii)), rough=self.rough,
            waves=(2, 3, 4, 7, 11),
        )  # fmt: skip
        return stamps.painted(), len(radii)

    def _density(
        self, rng: np.random.Generator, side: int, bodies: Painted, hollow: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """How much light bodies take away, and the bright line outside them."""
        unit, inside = self.unit, bodies.inside
        soft = ndimage.gaussian_filter(inside.astype(np.float32), self.loose * 0.5 + 0.5)
        ball = np.sqrt(np.clip(1 - bodies.distance**2, 0, 1))
        inner = np.clip(1 - bodies.distance - self.wall, 0, 1)
        empty = bodies.spread(hollow) * np.clip(inner * self.radius / (2 * unit), 0, 1)
        speckled = fine_noise(rng, side, 1.6 * unit) + 0.8 * fine_noise(rng, side, 4 * unit)
        solid = self.dark * (0.35 + 0.65 * ball) * (1 + self.grain * speckled)
        shell = self.dark * (0.75 + self.grain * speckled)
        tone = np.exp(bodies.spread(rng.normal(0, 0.2, len(hollow))))
        lumen = 0.14 * self.dark * (1 + 2.5 * self.grain * np.clip(speckled - 1, 0, 2))
        is_hollow = bodies.spread(hollow) > 0
        mix = np.where(is_hollow, shell * (1 - empty) + lumen * empty, solid)
        line = np.exp(-((np.where(inside, bodies.depth, 9) / (1.8 * unit)) ** 2)) * inside
        inner_line = np.exp(
            -((((1 - bodies.distance - self.wall) * self.radius) / (1.3 * unit)) ** 2)
        )
        body = soft * mix * tone + 0.5 * self.dark * line + 0.3 * self.dark * inner_line * is_hollow
        halo = ndimage.gaussian_filter(inside.astype(np.float32), 2.2 * unit) * (1 - soft)
        return body.astype(np.float32), halo

    def _bubbles(self, rng: np.random.Generator, side: int, light: np.ndarray) -> np.ndarray:
        """Bubbles of air: a thick black ring around a bright middle."""
        count = rng.poisson(self.bubbles) + 1
        radii = rng.uniform(3, 18, count) * self.unit
        stamps = draw_stamps(rng, side, rng.uniform(0, side, (count, 2)), radii).painted()
        ring = np.clip((stamps.distance - 0.5) * 4, 0, 1)
        inside = ndimage.gaussian_filter(stamps.inside.astype(np.float32), 0.7)
        tone = 1.05 - ring * 0.95
        return light * (1 - inside) + inside * tone
