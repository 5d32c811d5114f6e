"""How cultured cells lie on a dish: their outlines and nuclei."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.tubes import Tubes, bent_path
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise


@dataclass(frozen=True)
class Culture:
    """The cells of one line and how they grow; lengths in pixels.

    Parameters
    ----------
    shape : str
        ``"spindle"``, ``"spread"``, ``"star"`` or ``"round"``.
    radius : float
        Half the width of a cell.
    stretch : float
        Length of a cell or of its arms, over the radius.
    ruffled : float
        How far the outline strays, as a share of the radius.
    cover : float
        Share of the image that is covered, about.
    cluster, aligned : float
        0 scattered or any direction, 1 in tight patches or all one way.
    lamella, body, nucleus, grains, folds : float
        Thickness of the parts of a cell.
    rounded : float
        Share of round (dividing, dying) cells.
    debris : float
        Number of crumbs per 10 000 pixels.
    """

    shape: str
    radius: float
    stretch: float
    ruffled: float
    cover: float
    cluster: float
    aligned: float
    lamella: float
    body: float
    nucleus: float
    grains: float
    folds: float
    rounded: float
    debris: float

    def place(self, rng: np.random.Generator, side: int) -> tuple[Tubes, Tubes, np.ndarray]:
        """Cells, their nuclei, and the number of each round cell."""
        area = np.pi * self.radius**2 * (1 + 0.6 * self.stretch)
        cover = self.cover * rng.uniform(0.6, 1.4)
        count = int(np.clip(cover * side * side / area, 2, 140))
        cells, nuclei = Tubes.empty(side, 0.35 * self.radius + 3), Tubes.empty(side, 3.0)
        heap = smooth_noise(rng, side, max(5 * self.radius, 25))
        main = rng.uniform(0, np.pi)
        flow = smooth_noise(rng, side, 8 * self.radius)
        round_ones = []
        for number in range(1, count + 1):
            at = rng.uniform(-0.05 * side, 1.05 * side, (6, 2))
            near = np.clip(at.astype(int), 0, side - 1)
            taken = cells.distance[near[:, 0], near[:, 1]] < 0
            score = self.cluster * heap[near[:, 0], near[:, 1]] - 3 * taken
            best = int(np.argmax(score + (1 - self.cluster) * rng.standard_normal(6)))
            angle = rng.uniform(0, 2 * np.pi)
            if rng.random() < self.aligned:
                angle = main + 0.5 * flow[tuple(near[best])] + rng.normal(0, 0.15)
            if rng.random() < self.rounded:
                round_ones.append(number)
                self._add_round(rng, cells, at[best], number)
            else:
                self._add_cell(rng, cells, at[best], angle, number)
                size = min(0.5 * self.radius, 14) * rng.uniform(0.7, 1.0)
                path = bent_path(rng, at[best], angle, size * rng.uniform(0.3, 1.2), 0.2, 2)
                nuclei.add(path, np.full(2, size), number)
        return cells, nuclei, np.array(round_ones, np.int32)

    def _add_round(
        self, rng: np.random.Generator, cells: Tubes, at: np.ndarray, number: int
    ) -> None:
        """A round cell on top of the others, or two daughters."""
        size = min(self.radius, 20) * rng.uniform(0.55, 0.9)
        apart = rng.uniform(0.7, 1.6) if rng.random() < 0.25 else rng.uniform(0.02, 0.3)
        path = bent_path(rng, at, rng.uniform(0, 6.3), size * apart, 0.1, 2)
        cells.add(path, size * rng.uniform(0.9, 1, 2), number, over=True)

    def _add_cell(
        self, rng: np.random.Generator, cells: Tubes, at: np.ndarray, angle: float, number: int
    ) -> None:
        """One flat cell."""
        radius = self.radius * np.exp(rng.normal(0, 0.2))
        if self.shape in ("spindle", "round"):
            length = radius * self.stretch * rng.uniform(0.6, 1.4) * 2
            path = bent_path(rng, at, angle, length, 0.5, 8)
            middle = rng.uniform(0.35, 0.65)
            where = np.linspace(0, 1, 8)
            where = np.where(where < middle, where / middle, (1 - where) / (1 - middle))
            power = log_uniform(rng, 0.8, 3.5) if self.shape == "spindle" else 0.4
            radii = radius * (0.08 + 0.92 * np.sin(where * np.pi / 2) ** power)
            cells.add(path, np.maximum(radii, 0.9), number)
            return
        arms = int(rng.integers(3, 8) if self.shape == "spread" else rng.integers(2, 6))
        turns = angle + 2 * np.pi * (np.arange(arms) + rng.uniform(-0.35, 0.35, arms)) / arms
        for turn in turns:
            reach = radius * self.stretch * log_uniform(rng, 0.4, 1.5)
            path = bent_path(rng, np.zeros(2), turn, reach, 0.5, 5)
            end = log_uniform(rng, 0.12, 1.0) if self.shape == "spread" else 0.06
            share = np.linspace(0, 1, 5) ** (1.0 if self.shape == "spread" else 0.55)
            radii = radius * ((1 - share) * rng.uniform(0.7, 0.95) + share * end)
            cells.add(path - path[0] + at, np.maximum(radii, 0.8), number)
