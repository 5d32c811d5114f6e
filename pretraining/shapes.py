"""Random layouts: where objects lie. Each returns a map of instances, 0 where there is none.

A layout is drawn once (its kind and parameters) and rendered again for every image of a task.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.textures import nearest_points, smooth_noise

Layout = Callable[[np.random.Generator, int], np.ndarray]
"""``(rng, side) -> int32 (side, side)``: 0 outside, 1..n one object each."""


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between two, its logarithm evenly distributed."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


@dataclass(frozen=True)
class Blobs:
    """Closed objects: round, long, bent or irregular; scattered, touching or in clusters.

    Parameters
    ----------
    radius : float
        Typical radius in pixels.
    spread : float
        Deviation of the logarithm of the radius.
    stretch : float
        Length over width.
    rough : float
        How far the outline strays from an ellipse, as a share of the radius.
    corners : float
        Exponent of the outline: 2 an ellipse, larger nearer to a box.
    cover : float
        Share of the image that is covered, about.
    cluster : float
        0 scattered evenly, 1 in tight heaps.
    aligned : bool
        Whether all point the same way.
    hollow : float
        0 filled, else the share of the radius that is empty inside.
    """

    radius: float
    spread: float
    stretch: float
    rough: float
    corners: float
    cover: float
    cluster: float
    aligned: bool
    hollow: float

    def __call__(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Render the layout; see `Layout`."""
        area = np.pi * self.radius**2 * self.stretch
        count = int(np.clip(self.cover * side * side / area, 2, 220))
        out = np.zeros((side, side), np.int32)
        heap = smooth_noise(rng, side, max(6 * self.radius, 20))
        direction = rng.uniform(0, np.pi)
        for number in range(1, count + 1):
            centre = self._place(rng, side, heap)
            angle = direction + rng.normal(0, 0.15) if self.aligned else rng.uniform(0, np.pi)
            self._stamp(rng, out, number, centre, angle)
        return out

    def _place(self, rng: np.random.Generator, side: int, heap: np.ndarray) -> np.ndarray:
        """A centre; where the heap is high if objects cluster."""
        centres = rng.uniform(-0.02 * side, 1.02 * side, (5, 2))
        at = np.clip(centres.astype(int), 0, side - 1)
        best = int(np.argmax(heap[at[:, 0], at[:, 1]]))
        return centres[best if rng.random() < self.cluster else 0]

    def _stamp(
        self, rng: np.random.Generator, out: np.ndarray, number: int, centre: np.ndarray,
        angle: float,
    ) -> None:  # fmt: skip
        """Draw one object onto the map, beneath those that are there."""
        radius = self.radius * np.exp(rng.normal(0, self.spread))
        reach = radius * max(self.stretch, 1) * 1.5 + 2
        low = np.clip((centre - reach).astype(int), 0, out.shape)
        high = np.clip((centre + reach).astype(int) + 1, 0, out.shape)
        if (low >= high).any():
            return
        y, x = np.mgrid[low[0] : high[0], low[1] : high[1]].astype(np.float32)
        y, x = y - centre[0], x - centre[1]
        along = (np.cos(angle) * y + np.sin(angle) * x) / (radius * self.stretch)
        across = (np.cos(angle) * x - np.sin(angle) * y) / radius
        distance = (np.abs(along) ** self.corners + np.abs(across) ** self.corners) ** (
            1 / self.corners
        )
        theta = np.arctan2(across, along)
        for wave in (2, 3, 5):
            lift = self.rough * rng.normal() / np.sqrt(wave)
            distance = distance * (1 + lift * np.cos(wave * theta + rng.uniform(0, 6.3)))
        inside = (distance <= 1) & (distance >= self.hollow)
        window = out[low[0] : high[0], low[1] : high[1]]
        window[inside & (window == 0)] = number


def draw_blobs(rng: np.random.Generator) -> Blobs:
    """Draw a layout of closed objects: nuclei, bacteria, grains, pores, rings."""
    rod = rng.random() < 0.3
    return Blobs(
        radius=log_uniform(rng, 2.5, 14) if rod else log_uniform(rng, 3, 45),
        spread=rng.uniform(0.05, 0.5),
        stretch=rng.uniform(2, 6) if rod else rng.uniform(1, 1.7),
        rough=float(rng.choice([0.0, rng.uniform(0, 0.12), rng.uniform(0.1, 0.35)])),
        corners=float(rng.choice([2.0, 2.0, rng.uniform(2, 6)])),
        cover=log_uniform(rng, 0.02, 0.6),
        cluster=float(rng.choice([0.0, rng.uniform(0.3, 1)])),
        aligned=bool(rng.random() < 0.3),
        hollow=rng.uniform(0.5, 0.85) if rng.random() < 0.12 else 0.0,
    )


@dataclass(frozen=True)
class Curves:
    """Thin things: vessels, roots, roads, cracks, scratches, filaments.

    Parameters
    ----------
    width : float
        Half width of the thickest part in pixels.
    taper : float
        Factor of the width from a branch to its child.
    branches : float
        Mean number of children per path.
    bend : float
        Change of direction per step in radians.
    jagged : bool
        Sudden turns (cracks) instead of smooth ones.
    count : int
        Paths that start by themselves.
    length : float
        Length of a path as a share of the side.
    aligned : bool
        Whether paths run the same way.
    """

    width: float
    taper: float
    branches: float
    bend: float
    jagged: bool
    count: int
    length: float
    aligned: bool

    def __call__(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Render the layout; see `Layout`."""
        direction = rng.uniform(0, 2 * np.pi)
        todo = []
        for _ in range(self.count):
            angle = rng.normal(direction, 0.2) if self.aligned else rng.uniform(0, 2 * np.pi)
            todo.append((rng.uniform(0, side, 2), angle, self.width * rng.uniform(0.7, 1.2)))
        by_width: dict[int, list[np.ndarray]] = {}
        drawn = 0
        while todo and drawn < 160:
            start, angle, width = todo.pop(0)
            path, angles = self._walk(rng, side, start, angle)
            by_width.setdefault(round(width * 2), []).append(path)
            drawn += 1
            if width * self.taper >= 0.6:
                todo += self._children(rng, path, angles, width)
        return self._draw(by_width, side)

    def _walk(
        self, rng: np.random.Generator, side: int, start: np.ndarray, angle: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """One path: points half a pixel apart and the direction at each."""
        steps = max(int(2 * side * self.length * rng.uniform(0.4, 1.2)), 8)
        if self.jagged:
            turns = rng.normal(0, 0.6, steps) * (rng.random(steps) < 0.08 + self.bend)
            turns -= 0.05 * np.cumsum(turns)
        else:
            turns = ndimage.gaussian_filter1d(rng.normal(0, 1, steps), 12) * self.bend * 5
        angles = angle + np.cumsum(turns)
        step = 0.5 * np.stack([np.sin(angles), np.cos(angles)], 1)
        return start + np.cumsum(step, 0), angles

    def _children(
        self, rng: np.random.Generator, path: np.ndarray, angles: np.ndarray, width: float
    ) -> list[tuple[np.ndarray, float, float]]:
        """Where branches leave a path."""
        found = []
        for _ in range(rng.poisson(self.branches)):
            at = int(rng.integers(len(path)))
            turn = rng.choice([-1, 1]) * rng.uniform(0.3, 1.2)
            found.append((path[at], angles[at] + turn, width * self.taper))
        return found

    def _draw(self, by_width: dict[int, list[np.ndarray]], side: int) -> np.ndarray:
        """All paths, each as thick as it is."""
        out = np.zeros((side, side), np.int32)
        for doubled, paths in by_width.items():
            points = np.concatenate(paths).round().astype(int)
            inside = ((points >= 0) & (points < side)).all(1)
            empty = np.ones((side, side), bool)
            empty[tuple(points[inside].T)] = False
            if not inside.any():
                continue
            radius = max(doubled / 2, 0.5)
            near = ndimage.distance_transform_edt(empty) if radius > 0.9 else empty * 9.0
            out[near <= radius] = 1
        return out


def draw_curves(rng: np.random.Generator) -> Curves:
    """Draw a layout of lines."""
    width = log_uniform(rng, 0.6, 9)
    tree = rng.random() < 0.55
    return Curves(
        width=width,
        taper=rng.uniform(0.5, 0.85),
        branches=rng.uniform(1, 4) if tree else 0.0,
        bend=log_uniform(rng, 0.003, 0.06),
        jagged=bool(rng.random() < 0.3),
        count=int(rng.integers(1, 5)) if tree else int(rng.integers(2, 24 if width < 3 else 8)),
        length=rng.uniform(0.25, 1.3),
        aligned=bool(rng.random() < 0.3),
    )


@dataclass(frozen=True)
class Regions:
    """Large areas: a threshold on smooth noise, so that they have any outline.

    Parameters
    ----------
    scale : float
        Typical size in pixels.
    level : float
        The threshold; 0 covers one half.
    detail : float
        How rough the outline is.
    """

    scale: float
    level: float
    detail: float

    def __call__(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Render the layout; see `Layout`."""
        height = smooth_noise(rng, side, self.scale)
        height += self.detail * smooth_noise(rng, side, self.scale / 5)
        return (height > self.level).astype(np.int32)


def draw_regions(rng: np.random.Generator) -> Regions:
    """Draw a layout of large areas: tissue, fields, phases."""
    return Regions(log_uniform(rng, 25, 140), rng.uniform(-0.6, 1.2), rng.uniform(0, 0.5))


@dataclass(frozen=True)
class Mosaic:
    """Cells that fill the plane, or only their walls.

    Parameters
    ----------
    spacing : float
        Typical size of a cell in pixels.
    warp : float
        How bent the walls are, as a share of the spacing.
    wall : float
        Thickness of the walls in pixels; 0 gives the cells themselves.
    gaps : float
        Share of the walls that is missing.
    """

    spacing: float
    warp: float
    wall: float
    gaps: float

    def __call__(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Render the layout; see `Layout`."""
        near, second, index = nearest_points(rng, side, self.spacing, self.warp * self.spacing)
        if not self.wall:
            return index.astype(np.int32) + 1
        walls = (second - near) < self.wall
        if self.gaps:
            walls &= smooth_noise(rng, side, self.spacing) > -1.5 + self.gaps
        return walls.astype(np.int32)


def draw_walls(rng: np.random.Generator) -> Mosaic:
    """Draw a layout of membranes."""
    spacing = log_uniform(rng, 14, 90)
    wall = min(log_uniform(rng, 1.5, 9), spacing / 3)
    return Mosaic(spacing, rng.uniform(0, 0.35), wall, float(rng.choice([0, rng.uniform(0, 1)])))
