"""White cells and parasites of blood smears."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.stains import fine_noise
from pretraining.lookalikes.parts.stamps import draw_stamps


@dataclass(frozen=True, eq=False)
class WhiteCells:
    """Where white cells and their nuclei are, bool (side, side)."""

    cell: np.ndarray
    nucleus: np.ndarray


LOBES = {"neutrophil": (4, 0.36, 0.5), "eosinophil": (2, 0.45, 0.48), "monocyte": (5, 0.45, 0.34),
         "lymphocyte": (1, 0.8, 0.06)}  # fmt: skip
"""Lobes of the nucleus, their radius, and how far from the middle, in radii of the cell."""


def draw_white_cells(
    rng: np.random.Generator, side: int, centres: np.ndarray, radii: np.ndarray, granular: float
) -> tuple[WhiteCells, np.ndarray]:
    """Draw white cells of all sorts.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides the sorts and outlines.
    side : int
        Side of the image.
    centres, radii : ndarray, shape (n, 2) and (n,)
        Where they are and how large.
    granular : float
        How grainy their plasma is.

    Returns
    -------
    tuple of WhiteCells and ndarray
        Where they are, and densities (4, side, side) of red, purple, blue and pink.
    """
    densities = np.zeros((4, side, side), np.float32)
    sorts = rng.choice([*LOBES], p=(0.45, 0.12, 0.15, 0.28), size=len(radii))
    radii = radii * np.where(sorts == "lymphocyte", 0.72, 1)
    stamps = draw_stamps(rng, side, centres, radii, rough=0.05, stretch=1.08)
    cells = stamps.painted()
    nucleus = _nuclei(rng, side, centres, radii, sorts) & cells.inside
    mean = float(radii.mean()) if len(radii) else 10.0
    cover = ndimage.gaussian_filter(cells.inside.astype(np.float32), 0.8)
    edge = np.exp(-((cells.depth / (0.06 * mean + 0.5)) ** 2)) * cells.inside
    coarse = np.clip(fine_noise(rng, side, 0.04 * mean + 0.3), -1, 3)
    tones = np.exp(rng.normal(0, 0.3, len(radii)))
    plasma = cells.spread(np.where(np.isin(sorts, ("neutrophil", "eosinophil")), 0.25, 0.6) * tones)
    pink = cells.spread(np.where(sorts == "eosinophil", 0.9, 0.22))
    densities[2] = cover * plasma * (1 + 0.25 * granular * coarse + 0.4 * edge)
    densities[3] = cover * pink * np.clip(0.5 + granular * coarse, 0.1, 3)
    solid = ndimage.gaussian_filter(nucleus.astype(np.float32), 0.03 * mean + 0.4)
    clumps = 0.2 * fine_noise(rng, side, 0.07 * mean + 0.4)
    clumps += 0.18 * fine_noise(rng, side, 0.14 * mean + 0.4)
    tone = np.where(cells.inside, cells.spread(np.exp(rng.normal(0, 0.12, len(radii)))), 1)
    densities[1] = 1.05 * solid * tone * np.clip(1 + clumps, 0.4, 2)
    return WhiteCells(cells.inside, nucleus), densities


def _nuclei(
    rng: np.random.Generator, side: int, centres: np.ndarray, radii: np.ndarray,
    sorts: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Lobes on an arc in each cell, grown together."""
    places, sizes = [], []
    for centre, radius, sort in zip(centres, radii, sorts):
        lobes, size, off = LOBES[str(sort)]
        lobes = max(lobes + int(rng.integers(-1, 2)), 1) if lobes > 2 else lobes
        step = {"monocyte": 0.65, "eosinophil": 2.2}.get(str(sort), 1.35)
        angles = rng.uniform(0, 6.3) + step * np.arange(lobes) + rng.normal(0, 0.15, lobes)
        away = radius * off * rng.uniform(0.75, 1.15, lobes)
        places.append(centre + np.stack([np.sin(angles), np.cos(angles)], 1) * away[:, None])
        sizes.append(radius * size * rng.uniform(0.8, 1.1, lobes))
    if not places:
        return np.zeros((side, side), bool)
    stamps = draw_stamps(
        rng, side, np.concatenate(places), np.concatenate(sizes), rough=0.08, stretch=1.15
    )
    grown = stamps.painted().inside.astype(np.float32)
    return ndimage.gaussian_filter(grown, 0.09 * float(radii.mean())) > 0.42


def draw_parasites(
    rng: np.random.Generator, side: int, places: np.ndarray, radius: float, stage: str
) -> tuple[np.ndarray, np.ndarray]:
    """Draw parasites in red cells.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides sizes and outlines.
    side : int
        Side of the image.
    places : ndarray, shape (n, 2)
        Where they are.
    radius : float
        Of a red cell, in pixels.
    stage : str
        ``"ring"``, ``"blob"``, ``"dots"`` or ``"banana"``.

    Returns
    -------
    tuple of ndarray
        Where they are, bool, and densities (4, side, side) of red, purple, blue and pink.
    """
    densities = np.zeros((4, side, side), np.float32)
    count = len(places)
    size = {"ring": 0.27, "blob": 0.42, "dots": 0.55, "banana": 0.3}[stage]
    radii = np.maximum(radius * size * rng.uniform(0.75, 1.2, count), 2)
    stamps = draw_stamps(
        rng, side, places, radii, rough=0.2 if stage == "blob" else 0.07,
        stretch=3.0 if stage == "banana" else rng.uniform(1, 1.35, count),
        bend=0.9 if stage == "banana" else 0.0, waves=(2, 3, 4, 5),
    )  # fmt: skip
    cover = stamps.coverage()
    angles = rng.uniform(0, 6.3, count)
    away = radii * (0.85 if stage == "ring" else 0.3)
    dots = places + np.stack([np.sin(angles), np.cos(angles)], 1) * away[:, None]
    body = np.clip(stamps.distance, 0, 1) ** 4 if stage == "ring" else 0.55
    if stage == "dots":
        body = 0.3
        dots = np.repeat(places, 12, 0) + rng.normal(0, 0.45, (12 * count, 2)) * np.repeat(
            radii, 12
        )[:, None]  # fmt: skip
    grains = np.clip(1 + 0.35 * fine_noise(rng, side, 0.05 * radius + 0.4), 0.2, 2)
    densities[2] = stamps.summed(cover * body) * 1.1 * grains
    densities[1] = 0.35 * densities[2]
    chromatin = draw_stamps(
        rng, side, dots, np.maximum(radius * rng.uniform(0.06, 0.12, len(dots)), 1), rough=0.1
    )
    dark = np.minimum(chromatin.summed(chromatin.coverage()), 1)
    densities[1] += 1.1 * dark
    inside = stamps.painted().inside
    if stage == "ring":
        inside |= chromatin.painted().inside
    return inside, densities
