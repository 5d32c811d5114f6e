"""Threads within cells: microtubules, actin bundles, mitochondria."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.cell_bodies import Bodies, CellsLook
from pretraining.lookalikes.parts.nuclei import Nuclei, NucleiLook
from pretraining.lookalikes.parts.threads import Threads, looked_up, uneven, wandering


@dataclass(frozen=True, eq=False)
class Drawn:
    """Light of DNA, threads and all else that glows, and where threads and bodies are."""

    dna: np.ndarray
    threads: np.ndarray
    rest: np.ndarray
    is_thread: np.ndarray
    is_body: np.ndarray


@dataclass(frozen=True)
class InCells:
    """Cells with threads of one sort.

    Parameters
    ----------
    sort : str
        ``"microtubules"``, ``"actin"`` or ``"mitochondria"``.
    nuclei, cells : NucleiLook, CellsLook
        The cells.
    count : float
        Threads per cell.
    sigma : float
        Half width in pixels.
    bend : float
        As in `wandering`.
    variety, beaded : float
        How much brightness differs between threads and along them.
    diffuse : float
        Light of the cell between its threads.
    unit : float
        The zoom.
    """

    sort: str
    nuclei: NucleiLook
    cells: CellsLook
    count: float
    sigma: float
    bend: float
    variety: float
    beaded: float
    diffuse: float
    unit: float

    def draw(self, rng: np.random.Generator, side: int) -> Drawn:
        """Cells of a field of view."""
        nuclei = self.nuclei.place(rng, side)
        bodies = self.cells.grow(rng, nuclei)
        near = ((nuclei.centres > -60) & (nuclei.centres < side + 60)).all(1) & ~nuclei.special
        cells = np.flatnonzero(near)
        each = min(self.count, 900 / max(len(cells), 1))
        owner = np.repeat(cells, rng.poisson(each, len(cells)))
        drawers = {"microtubules": self._rays, "actin": self._bundles}
        groups = drawers.get(self.sort, self._worms)(rng, nuclei, bodies, owner)
        light = np.sum([group.lit(side) for group in groups], 0)
        mask = np.any([group.mask(side, 0.3) for group in groups], 0)
        cover = bodies.instances > 0
        soft = np.clip(2 * bodies.inward, 0, 1) ** 0.7 * np.clip(bodies.depth / 3, 0, 1)
        rim = np.exp(-(((bodies.depth - 1) / (1.3 * self.unit)) ** 2)) * cover
        rest = self.diffuse * (soft + (0.8 * rim if self.sort == "actin" else 0))
        inner = nuclei.stamps.painted().inside
        return Drawn(self.nuclei.lit(rng, nuclei), light, rest, mask, inner)

    def _alive(self, paths: np.ndarray, bodies: Bodies, owner: np.ndarray) -> np.ndarray:
        """1 along each thread until it leaves its cell."""
        number = owner[:, None] + 1
        own = np.where(looked_up(bodies.instances, paths, -1) == number, True,
                       looked_up(bodies.instances, paths, -1) == -1)  # fmt: skip
        return np.asarray(np.logical_and.accumulate(own, 1), float)

    def _shine(self, rng: np.random.Generator, count: int, steps: int) -> np.ndarray:
        """Brightness of threads and along them."""
        own = np.exp(self.variety * rng.standard_normal((count, 1)))
        return np.asarray(own * uneven(rng, (count, steps), self.beaded, 6 * self.unit))

    def _rays(
        self, rng: np.random.Generator, nuclei: Nuclei, bodies: Bodies, owner: np.ndarray
    ) -> list[Threads]:
        """Microtubules from a centre beside the nucleus, bent along the outline."""
        turn = rng.uniform(0, 2 * np.pi, len(nuclei.radii))
        beside = nuclei.centres + (nuclei.radii * 1.1)[:, None] * np.stack(
            [np.sin(turn), np.cos(turn)], 1
        )
        starts = beside[owner] + rng.normal(0, 0.5 * self.nuclei.radius, (len(owner), 2))
        free = rng.random(len(owner)) < 0.35
        far = rng.uniform(-2, 2, (len(owner), 2)) * self.nuclei.radius
        starts[free] = (nuclei.centres[owner] + far)[free]
        angles = rng.uniform(0, 2 * np.pi, len(owner))
        length = 2.2 * self.nuclei.radius * self.cells.reach
        paths = wandering(rng, starts, angles, length, self.bend, 8 * self.unit)
        shine = self._shine(rng, *paths.shape[:2]) * self._alive(paths, bodies, owner)
        shine *= 1 - 0.55 * looked_up(bodies.nucleus, paths, 0.0)
        return [Threads(paths, 0.8 * shine, self.sigma)]

    def _bundles(
        self, rng: np.random.Generator, nuclei: Nuclei, bodies: Bodies, owner: np.ndarray
    ) -> list[Threads]:
        """Stress fibres, most of a cell one way."""
        turn = np.pi / 2 - nuclei.angles + rng.normal(0, 0.3, len(nuclei.radii))
        groups = []
        for sigma, members in zip(
            (0.75 * self.sigma, 1.3 * self.sigma),
            np.split(rng.permutation(owner), [int(0.6 * len(owner))]), strict=True,
        ):  # fmt: skip
            length = self.nuclei.radius * self.cells.reach * rng.uniform(0.8, 2)
            angles = turn[members] + rng.normal(0, 0.12, len(members))
            off = rng.normal(0, 0.4, (len(members), 2)) * self.nuclei.radius * self.cells.reach
            along = np.stack([np.sin(angles), np.cos(angles)], 1)
            starts = nuclei.centres[members] + off - 0.5 * length * along
            paths = wandering(rng, starts, angles, length, 0.25 * self.bend, 15 * self.unit)
            steps = paths.shape[1]
            ends = np.sin(np.linspace(0.02, np.pi - 0.02, steps)) ** 0.6
            inside = looked_up(bodies.instances, paths, -1)
            own = (inside == members[:, None] + 1) | (inside == -1)
            groups.append(Threads(paths, self._shine(rng, len(paths), steps) * ends * own, sigma))
        return groups

    def _worms(
        self, rng: np.random.Generator, nuclei: Nuclei, bodies: Bodies, owner: np.ndarray
    ) -> list[Threads]:
        """Mitochondria: short winding tubes, most of them near the nucleus."""
        turn = rng.uniform(0, 2 * np.pi, len(owner))
        reach = nuclei.radii[owner] * (1.0 + 0.75 * rng.exponential(1, len(owner)))
        away = reach[:, None] * np.stack([np.sin(turn), np.cos(turn)], 1)
        starts = nuclei.centres[owner] + away
        angles = turn + rng.normal(0, 0.9, len(owner))
        length = rng.uniform(14, 45) * self.unit
        paths = wandering(rng, starts, angles, length, 2.6 * self.bend, 2 * self.unit)
        steps = paths.shape[1]
        stop = rng.uniform(0.1, 1, (len(owner), 1)) * steps
        shine = self._shine(rng, len(owner), steps) * (np.arange(steps) < stop)
        shine *= self._alive(paths, bodies, owner)
        shine *= looked_up(bodies.nucleus, paths, 0.0) < 0.4
        return [Threads(paths, shine, 1.3 * self.sigma)]
