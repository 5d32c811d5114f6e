"""Photovoltaic panels as seen from above: farms, and roofs with some."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.aerial import House, blend, cast
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import fractal


@dataclass(frozen=True, eq=False)
class Panels:
    """One sort of photovoltaic panels.

    Parameters
    ----------
    zoom : float
        Enlargement.
    colour, ground : ndarray, shape (3,)
        Of the panels and of the ground between their rows.
    sun : float
        Direction shadows fall.
    """

    zoom: float
    colour: np.ndarray
    ground: np.ndarray
    sun: float

    def _modules(self, image: np.ndarray, cover: np.ndarray, along: np.ndarray,
                 across: np.ndarray, rng: np.random.Generator) -> None:  # fmt: skip
        """Draw panels with the lines between their modules, in place."""
        size = 3.2 * self.zoom
        lines = (along % (1.6 * size) < 0.7) | (across % size < 0.7)
        tone = 1 + rng.uniform(0.1, 0.6) * lines + 0.06 * rng.standard_normal(cover.shape)
        blend(image, cover, self.colour[:, None, None] * tone)

    def farm(self, rng: np.random.Generator, image: np.ndarray, panels: np.ndarray) -> None:
        """Rows of panels on a field, in place."""
        side = len(panels)
        turn, period = rng.normal(0, 0.25), self.zoom * rng.uniform(7, 15)
        y, x = np.mgrid[:side, :side].astype(np.float32)
        along = np.sin(turn) * y + np.cos(turn) * x
        across = np.cos(turn) * y - np.sin(turn) * x
        field = fine_noise(rng, side, 0.3 * side)
        # The farm ends at rows and at whole tables.
        table = self.zoom * rng.uniform(25, 60)
        row, column = np.floor(across / period), np.floor(along / table)
        middle = (row + 0.5) * period, (column + 0.5) * table
        at_y = np.clip(np.cos(turn) * middle[0] + np.sin(turn) * middle[1], 0, side - 1)
        at_x = np.clip(np.cos(turn) * middle[1] - np.sin(turn) * middle[0], 0, side - 1)
        there = field[at_y.astype(int), at_x.astype(int)] > rng.uniform(-0.8, 0.3)
        worn = np.clip(field * 3 + 3, 0, 0.8)[None] * np.ones((3, 1, 1))
        blend(image, worn, self.ground[:, None, None] * (1 + 0.06 * fractal(rng, side, 9)))
        half = period * rng.uniform(0.22, 0.36)
        inside = np.minimum(half - np.abs(across - middle[0]),
                            table / 2 - 0.8 * self.zoom - np.abs(along - middle[1]))  # fmt: skip
        cover = np.clip(inside + 0.5, 0, 1) * there
        shift = (round(0.25 * half + 1), 0)
        image *= 1 - 0.45 * np.roll(cover, shift, (0, 1)) * (1 - cover)
        self._modules(image, cover, along, across - middle[0] + half, rng)
        np.maximum(panels, cover, out=panels)

    def roofs(self, rng: np.random.Generator, image: np.ndarray, panels: np.ndarray,
               covered: np.ndarray) -> None:  # fmt: skip
        """Houses, some with panels on the sunny half of their roof, in place."""
        side, main = len(panels), rng.uniform(0, np.pi)
        scale = 2.5 * self.zoom
        painted, houses = np.zeros_like(image), []
        for _ in range(int(rng.integers(3, 9) * max(side / 192, 0.5) / self.zoom) + 1):
            size = rng.uniform(4, 10) * scale, rng.uniform(3, 6) * scale
            tint = rng.uniform(0.35, 0.7) * np.array([1.15, rng.uniform(0.75, 1), 0.8])
            form = str(rng.choice(["gable", "hip", "flat"]))
            turn = main + rng.choice([0, np.pi / 2])
            houses.append(House(rng.uniform(0, side, 2), turn, size, tint, form, scale))
        for house in houses:
            house.paint(painted, covered, rng, self.sun)
            found = house.local(side)
            if found is None:
                continue
            window, along, across = found
            panels[window] *= 1 - house.cover(along, across)
            if rng.random() < 0.6:
                a, b = np.array(house.size) * rng.uniform(0.3, 0.8, 2)
                middle = house.size[1] / 2
                inside = np.minimum(a - np.abs(along), 0.45 * b - np.abs(across - middle))
                cover = np.clip(inside + 0.5, 0, 1)
                part = painted[(slice(None), *window)]
                self._modules(part, cover, along, across, rng)
                panels[window] = np.maximum(panels[window], cover)
        image *= 1 - 0.5 * cast(covered, scale, self.sun)
        blend(image, (covered > 0).astype(np.float32), painted)
