"""How bacteria lie: scattered, in packed colonies, in chains and heaps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pretraining.lookalikes.parts.tubes import Tubes, bent_path
from pretraining.textures import smooth_noise


@dataclass(frozen=True)
class Form:
    """One species.

    Parameters
    ----------
    width : float
        Width of a cell in pixels.
    length, spread : float
        Typical length of its middle line over the width, and the deviation of its logarithm.
    bend : float
        Deviation of its total turn in radians.
    cover : float
        Share of the image that is covered, about.
    packed : float
        Chance that a cell grows next to another one instead of anywhere.
    chained : float
        Chance that it then lies end to end instead of side by side.
    jitter : float
        Deviation of the direction from that of its neighbour in radians.
    heaped : bool
        Whether cells may lie on top of each other.
    dividing : float
        Share of cells with a waist.
    species : int
        1 or 2.
    """

    width: float
    length: float
    spread: float
    bend: float
    cover: float
    packed: float
    chained: float
    jitter: float
    heaped: bool
    dividing: float
    species: int = 1

    def cell(self, rng: np.random.Generator, at: np.ndarray, angle: float) -> np.ndarray:
        """The middle line of a cell."""
        length = max(self.length * self.width * np.exp(rng.normal(0, self.spread)), 0.3)
        points = (
            int(
                np.clip(
                    0.7 * length / self.width * (0.5 + self.bend), 3 if self.bend < 0.1 else 5, 21
                )
            )
            | 1
        )
        bend = self.bend * min(length / (self.length * self.width), 2)
        return bent_path(rng, at, angle, length, bend, points)

    def radii(self, rng: np.random.Generator, points: int) -> np.ndarray:
        """Half the width along a cell."""
        radii = np.full(points, self.width / 2 * np.exp(rng.normal(0, 0.05)))
        if rng.random() < self.dividing:
            radii[points // 2] *= rng.uniform(0.55, 0.85)
        return radii


@dataclass(eq=False)
class Colony:
    """Bacteria being placed in a field of view.

    Parameters
    ----------
    side : int
        Side of the field.
    tubes : Tubes
        Their outlines.
    species : list of int
        Of each cell, 0 for number 0.
    """

    side: int
    tubes: Tubes
    species: list[int] = field(default_factory=lambda: [0])

    @classmethod
    def empty(cls, side: int, width: float) -> Colony:
        """No cell yet; none will be wider than `width`."""
        return cls(side, Tubes.empty(side, 0.45 * width + 1.5))

    def grow(self, rng: np.random.Generator, form: Form, most: int = 150) -> None:
        """Add the cells of one species."""
        side, width = self.side, form.width
        area = width**2 * (form.length + 0.8)
        cover = form.cover * rng.uniform(0.5, 1.5)
        count = int(np.clip(cover * side**2 / area, 2, most * max(side / 192, 1) ** 2))
        heap = smooth_noise(rng, side, max(10 * width, 40))
        main = rng.uniform(0, np.pi)
        mine: list[tuple[np.ndarray, float]] = []
        tries = 0
        while len(mine) < count and tries < 30:
            tries += 1
            at, angle = self._place(rng, form, mine, heap, main)
            if (at < -width).any() or (at > side + width).any():
                continue
            least = (-0.15 if form.heaped else 0.4) * width
            if self._nearest(at[None]) < least:
                continue
            path = form.cell(rng, at, angle)
            if self._nearest(path) < least:
                continue
            tries = 0
            mine.append((path, angle))
            self.species.append(form.species)
            number = len(self.species) - 1
            self.tubes.add(path, form.radii(rng, len(path)), number, over=form.heaped)

    def _place(
        self, rng: np.random.Generator, form: Form, mine: list[tuple[np.ndarray, float]],
        heap: np.ndarray, main: float,
    ) -> tuple[np.ndarray, float]:  # fmt: skip
        """A centre and a direction for the next cell."""
        if not mine or rng.random() > form.packed:
            centres = rng.uniform(0, self.side, (4, 2))
            best = 0
            if form.packed > 0.3:
                cells = centres.astype(int)
                best = int(np.argmax(heap[cells[:, 0], cells[:, 1]]))
            return centres[best], rng.normal(main, 0.25 + form.jitter * 4)
        # Chains grow at their tip, colonies anywhere.
        recent = form.chained > 0.75 and rng.random() < 0.85
        path, angle = mine[-1 if recent else int(rng.integers(len(mine)))]
        half = form.length * form.width / 2
        turned = rng.normal(angle, form.jitter)
        if rng.random() < form.chained:
            sign = rng.choice([-1, 1])
            end = path[-1] if sign > 0 else path[0]
            way = sign * np.array([np.sin(turned), np.cos(turned)])
            return end + way * (half + 1.02 * form.width), turned
        if form.length < 0.5:
            turned = rng.uniform(0, 2 * np.pi)
        way = rng.choice([-1, 1]) * np.array([np.cos(turned), -np.sin(turned)])
        middle = path[len(path) // 2] + way * 1.02 * form.width
        along = np.array([np.sin(turned), np.cos(turned)]) * half * rng.uniform(-1.2, 1.2)
        return middle + along * (form.length > 0.5), turned

    def _nearest(self, points: np.ndarray) -> float:
        """The least distance from points to a cell."""
        cells = np.minimum(np.maximum(points, 0), self.side - 1).astype(int)
        return float(self.tubes.distance[cells[:, 0], cells[:, 1]].min())
