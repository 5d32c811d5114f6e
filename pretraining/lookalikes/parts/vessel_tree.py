"""Arteries and veins of the eye's ground: trees that leave the optic disc and bend round the fovea.

Lengths are in degrees of view, positions relative to the disc.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

STEP = 0.25
"""Degrees from point to point of a growing vessel."""


@dataclass(frozen=True, eq=False)
class Habit:
    """How vessels grow.

    Parameters
    ----------
    fovea : ndarray, shape (2,)
        Where the fovea is.
    temporal : int
        1 if the fovea is to the right of the disc, else -1.
    degree : float
        Pixels per degree.
    wiggle, density : float
        How winding they are; factor on the number of branches.
    """

    fovea: np.ndarray
    temporal: int
    degree: float
    wiggle: float
    density: float


def grown_tree(
    rng: np.random.Generator, habit: Habit, artery: bool, low: np.ndarray, high: np.ndarray
) -> list[np.ndarray]:
    """Vessels from the disc outwards.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    habit : Habit
        How they grow.
    artery : bool
        Whether arteries or veins.
    low, high : ndarray, shape (2,)
        Corners of what is seen, in degrees from the disc.

    Returns
    -------
    list of ndarray, each (N, 3)
        Degrees down and right from the disc, and half width in degrees.
    """
    side, fovea = habit.temporal, habit.fovea
    angles = np.array([1.45, -1.45, 2.4, -2.4]) + rng.normal(0, 0.16, 4) + 0.1 * artery
    start = np.stack([np.sin(angles), np.cos(angles) * side], 1) * rng.uniform(0, 0.6, (4, 1))
    radius = rng.uniform(0.24, 0.34, 4) * (0.75 if artery else 1) * np.array([1, 1, 0.75, 0.75])
    length = np.full(4, 32.0)
    paths: list[np.ndarray] = []
    for generation in range(4):
        arcade = angles if generation == 0 else None
        grown = _walk(rng, start, angles, length, fovea, side, habit.wiggle, arcade)
        births = []
        for (path, heading), first, reach in zip(grown, radius, length, strict=True):
            along = np.arange(len(path)) * STEP / reach
            thick = first * (1 - 0.75 * np.clip(along, 0, 1)) ** 0.8
            near = ((path > low - 1) & (path < high + 1)).all(1)
            if near.any():
                paths.append(_fine(np.column_stack([path, thick]), habit.degree))
            births += _births(rng, path, heading, thick, habit.density, generation)
        births = [b for b in births if ((b[0] > low - b[3]) & (b[0] < high + b[3])).all()]
        if not births:
            break
        births = [births[i] for i in rng.permutation(len(births))[:100]]
        start, angles = np.array([b[0] for b in births]), np.array([b[1] for b in births])
        radius, length = np.array([b[2] for b in births]), np.array([b[3] for b in births])
    return paths


def _births(
    rng: np.random.Generator, path: np.ndarray, heading: np.ndarray, thick: np.ndarray,
    density: float, generation: int,
) -> list[tuple[np.ndarray, float, float, float]]:  # fmt: skip
    """Where branches leave a vessel: start, heading, radius, length."""
    count = rng.poisson(len(path) * STEP * density / (2.2, 2.1, 2.0, 99)[generation])
    found, hand = [], rng.choice([-1, 1])
    for at in np.sort(rng.uniform(0.04, 0.97, count) * len(path)).astype(int):
        hand = -hand if rng.random() < 0.75 else hand
        radius = thick[at] * rng.uniform(0.4, 0.85)
        if radius > 0.03:
            length = float(np.clip(radius * 80 * rng.uniform(0.6, 1.4), 1.5, 16))
            found.append((path[at], heading[at] + hand * rng.uniform(0.6, 1.35), radius, length))
    return found


def _walk(
    rng: np.random.Generator, start: np.ndarray, angles: np.ndarray, length: np.ndarray,
    fovea: np.ndarray, side: int, wiggle: float, arcade: np.ndarray | None,
) -> list[tuple[np.ndarray, np.ndarray]]:  # fmt: skip
    """Paths and headings (0 towards the temple); arcades bend around the fovea."""
    steps = int(length.max() / STEP) + 2
    turns = rng.standard_normal((len(start), steps))
    turns = ndimage.gaussian_filter1d(turns, 2.2, axis=1) * wiggle
    place, heading = start.copy(), angles.copy()
    places, headings = [place], [heading]
    ends = np.maximum((length / STEP).astype(int), 3)
    for step in range(1, steps):
        to_fovea = fovea - place
        distance = np.hypot(to_fovea[:, 0], to_fovea[:, 1])
        towards = np.arctan2(to_fovea[:, 0], to_fovea[:, 1] * side)
        inner = distance < 9
        if arcade is not None:
            bends = np.where(np.abs(arcade) < 2, np.clip(1 - step * STEP / 16, -0.4, 1), 1)
            heading = heading + 0.3 * np.sin(arcade * bends - heading) + turns[:, step]
        else:
            target = np.where(inner, towards, towards + np.pi)
            pull = np.where(inner, 0.05, 0.012)
            heading = heading + pull * np.sin(target - heading) + turns[:, step]
        place = place + STEP * np.stack([np.sin(heading), np.cos(heading) * side], 1)
        ends = np.where((distance < 1.3) & (ends > step), step, ends)
        places.append(place)
        headings.append(heading)
    all_places, all_headings = np.stack(places, 1), np.stack(headings, 1)
    return [(p[:n], h[:n]) for p, h, n in zip(all_places, all_headings, ends + 1, strict=True)]


def _fine(path: np.ndarray, degree: float) -> np.ndarray:
    """A path with points about half a pixel, or a third of a radius, apart."""
    gap = max(0.5, 0.3 * path[:, 2].min() * degree)
    wanted = np.linspace(0, len(path) - 1, max(int(len(path) * STEP * degree / gap), 2))
    whole = np.arange(len(path))
    return np.stack([np.interp(wanted, whole, column) for column in path.T], 1)
