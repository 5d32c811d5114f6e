"""What lies about on dishes and slides: crumbs, hairs, cells of a host."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.tubes import Tubes, bent_path
from pretraining.textures import smooth_noise


def draw_crumbs(
    rng: np.random.Generator, side: int, rate: float, unit: float, sizes: tuple[float, ...]
) -> np.ndarray:
    """Small heaps of blurred dots.

    Parameters
    ----------
    rng : numpy.random.Generator
        Places them.
    side : int
        Side of the square in pixels.
    rate : float
        About how many heaps of size 1 there are per 10 000 pixels.
    unit : float
        The zoom.
    sizes : tuple of float
        Radii of dots at zoom 1.

    Returns
    -------
    ndarray of float32, shape (side, side)
        0 where there is nothing, about 1 in the middle of a crumb.
    """
    crumbs = np.zeros((side, side), np.float32)
    rate = rate * side * side / 1e4 * rng.uniform(0.3, 1.7)
    for size in sizes:
        heaps = rng.integers(0, side, (int(rng.poisson(rate / size**1.5)), 2))
        at = np.repeat(heaps, rng.integers(1, 6, len(heaps)), 0)
        spread = rng.normal(0, 1.5 * size * unit, at.shape)
        rows, columns = np.clip(at + spread, 0, side - 1).astype(int).T
        dots = np.zeros_like(crumbs)
        dots[rows, columns] = rng.uniform(-0.25, 0.95, len(at)) / max(size / 2, 1)
        sigma = size * unit
        crumbs += ndimage.gaussian_filter(dots, sigma) * 6.3 * sigma**2
    return crumbs


def draw_hair(rng: np.random.Generator, side: int, unit: float) -> np.ndarray:
    """A bent thread, 1 where it is, float32 (side, side)."""
    hair = Tubes.empty(side, 2.0)
    at, angle = rng.uniform(0, side, 2), rng.uniform(0, 2 * np.pi)
    path = bent_path(rng, at, angle, rng.uniform(20, 90) * unit, 2.0, 12)
    hair.add(path, np.full(12, rng.uniform(0.5, 1.5) * unit), 1)
    faint = np.clip(0.8 + 0.2 * smooth_noise(rng, side, 6 * unit), 0, 1)
    return (np.clip(0.5 - hair.distance, 0, 1) * faint).astype(np.float32)


def draw_leukocytes(rng: np.random.Generator, side: int, rate: float, unit: float) -> np.ndarray:
    """How much dye pale large cells with dark lobed nuclei take up; `rate` per 10 000 pixels."""
    bodies, nuclei = Tubes.empty(side), Tubes.empty(side)
    for number in range(1, 1 + rng.poisson(rate * side**2 / 1e4 / unit**2)):
        at, size = rng.uniform(0, side, 2), rng.uniform(14, 34) * unit
        angle = rng.uniform(0, 6.3)
        bodies.add(bent_path(rng, at, angle, size, 0.6, 3), np.full(3, size), number)
        for _ in range(int(rng.integers(1, 4))):
            lobe = at + rng.normal(0, 0.3 * size, 2)
            path = bent_path(rng, lobe, rng.uniform(0, 6.3), 0.4 * size, 0.8, 3)
            nuclei.add(path, np.full(3, 0.3 * size), number)
    rough = 3 * unit * smooth_noise(rng, side, 10 * unit)
    mottled = 1 + 0.25 * smooth_noise(rng, side, 3 * unit)
    body = np.clip(0.5 - (bodies.distance + rough) / 2, 0, 1) * (bodies.index > 0)
    nucleus = np.clip(0.5 - (nuclei.distance + 0.5 * rough) / 2, 0, 1) * (nuclei.index > 0)
    return np.asarray(0.35 * body * mottled + 0.8 * nucleus * mottled)
