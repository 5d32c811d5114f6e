"""Trees of tapering branches: neurons with dendrites and spines, and fungal hyphae."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.tapering import refined
from pretraining.lookalikes.parts.threads import STEP, wandering


@dataclass(frozen=True)
class Branching:
    """How a tree grows.

    Parameters
    ----------
    length, radius : float
        Of a first branch in pixels.
    taper : float
        Radius at the end of a branch over that at its beginning.
    children : float
        Mean number of branches from each branch.
    fork : float
        Angle between a branch and its child in radians.
    bend, stay : float
        How they wander, as in `wandering`.
    thinnest : float
        No branch starts thinner than this.
    generations : int
        How often branches branch.
    """

    length: float
    radius: float
    taper: float
    children: float
    fork: float
    bend: float
    stay: float
    thinnest: float
    generations: int


def grown(
    rng: np.random.Generator, starts: np.ndarray, angles: np.ndarray, habit: Branching, side: int
) -> np.ndarray:
    """Points of all branches of trees.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    starts, angles : ndarray, shape (n, 2) and (n,)
        Where first branches start and go.
    habit : Branching
        How they grow.
    side : int
        Side of the view; what lies far from it is left out.

    Returns
    -------
    ndarray, shape (m, 6)
        Row, column, radius, position along the branch, direction, and number of the branch.
    """
    radii, found, number = np.full(len(starts), habit.radius), [np.zeros((0, 6))], 0
    length = habit.length
    for _ in range(habit.generations):
        if not len(starts):
            break
        radii = radii * np.exp(rng.normal(0, 0.12, len(radii)))
        paths = wandering(rng, starts, angles, length, habit.bend, habit.stay)
        steps = paths.shape[1]
        nexts: list[tuple[np.ndarray, float, float]] = []
        for path, radius in zip(paths, radii.tolist(), strict=True):
            stop = int(max(rng.uniform(0.45, 1.0) * steps, 3))
            path = path[:stop]
            thick = radius * np.linspace(1, habit.taper, stop)
            moves = np.diff(path, axis=0, append=2 * path[-1:] - path[-2:-1])
            heading = np.arctan2(moves[:, 0], moves[:, 1])
            along = STEP * np.arange(stop)
            number += 1
            found.append(np.column_stack([path, thick, along, heading, np.full(stop, number)]))
            for at in rng.integers(stop // 5, stop, rng.poisson(habit.children)):
                turn = rng.choice([-1, 1]) * habit.fork * rng.uniform(0.6, 1.4)
                if thick[at] > habit.thinnest:
                    nexts.append((path[at], heading[at] + turn, thick[at] * rng.uniform(0.7, 0.95)))
        nexts = nexts[:60]
        starts = np.array([start for start, _, _ in nexts]).reshape(-1, 2)
        angles, radii = (np.array([tree[i] for tree in nexts]) for i in (1, 2))
        length *= 0.75
    points = np.concatenate(found)
    near = ((points[:, :2] > -9) & (points[:, :2] < side + 9)).all(1)
    return points[near]


def spines(rng: np.random.Generator, points: np.ndarray, gap: float, size: float) -> np.ndarray:
    """Small knobs on short necks beside branches, (m, 3): row, column, radius.

    Parameters
    ----------
    rng : numpy.random.Generator
        Places them.
    points : ndarray, shape (n, 6)
        Of branches, from `grown`.
    gap : float
        Mean distance along a branch in pixels.
    size : float
        Radius of a knob in pixels.
    """
    count = int(len(points) * STEP / gap)
    if not count:
        return np.zeros((0, 3))
    roots = points[rng.integers(0, len(points), count)]
    sideways = roots[:, 4] + rng.choice([-1, 1], count) * rng.uniform(1.1, 2.0, count)
    reach = roots[:, 2] + size * rng.uniform(0.6, 3.0, count)
    found = []
    for share in np.linspace(0.5, 1, 5):
        away = share * reach[:, None] * np.stack([np.sin(sideways), np.cos(sideways)], 1)
        knob = size * (rng.uniform(0.7, 1.2, count) if share == 1 else np.full(count, 0.45))
        found.append(np.column_stack([roots[:, :2] + away, knob]))
    return np.concatenate(found)


def soma_outline(
    rng: np.random.Generator, centre: np.ndarray, radius: float, angles: np.ndarray
) -> np.ndarray:
    """Discs that make up a cell body drawn out towards its dendrites, (m, 3)."""
    parts = [np.array([[*centre, radius]])]
    for angle in angles.tolist():
        reach = radius * rng.uniform(1.3, 2.4)
        tip = centre + reach * np.array([np.sin(angle), np.cos(angle)])
        cone = np.array([[*centre, 0.85 * radius], [*tip, 0.18 * radius]])
        parts.append(refined(cone, 1.0))
    return np.concatenate(parts)
