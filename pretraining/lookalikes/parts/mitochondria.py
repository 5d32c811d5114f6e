"""Mitochondria in an electron microscope's section: double membrane, dense matrix, folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.organelles import Section, borders
from pretraining.lookalikes.parts.tubes import Tubes, bent_path
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise


@dataclass(frozen=True)
class MitochondriaLook:
    """How mitochondria look: size, density of the matrix, and their folds."""

    unit: float
    radius: float
    length: float
    matrix: float
    folds: float
    period: float
    ordered: bool


def add_mitochondria(
    rng: np.random.Generator, section: Section, look: MitochondriaLook, count: int, free: np.ndarray
) -> np.ndarray:
    """Dark bodies with a double membrane and folds, within profiles.

    Returns
    -------
    ndarray of int32, shape (side, side)
        The number of the mitochondrion, 0 elsewhere.
    """
    unit, side = look.unit, section.side
    room = np.where(free, section.depth, 0)
    rows, columns = np.nonzero(room > max(5 * unit, 0.5 * look.radius))
    tubes = Tubes.empty(side)
    slope = np.stack(np.gradient(ndimage.gaussian_filter(section.depth, 2 * unit)))
    for number in range(1, count + 1 if len(rows) else 0):
        pick = int(rng.integers(len(rows)))
        at = (int(rows[pick]), int(columns[pick]))
        if tubes.distance[at] < 3:
            continue
        radius = min(0.85 * float(room[at]), look.radius * np.exp(rng.normal(0, 0.25)))
        angle = np.arctan2(slope[1][at], -slope[0][at]) + np.pi * rng.integers(2)
        angle = angle + np.pi / 2 + rng.normal(0, 0.25)
        length = radius * log_uniform(rng, 0.3, look.length)
        path = bent_path(rng, np.array(at, float), angle, length, 0.6)
        tubes.add(path, radius * rng.uniform(0.8, 1.1, len(path)), number)
    outline = tubes.distance + 0.12 * look.radius * smooth_noise(rng, side, look.radius)
    outline = np.maximum(outline, 2.2 * unit - section.depth)
    outline = np.where(free, outline, 4.0)
    between = borders(np.where(outline < 0, tubes.index, 0)) & (
        ndimage.minimum_filter(tubes.index, 3) > 0
    )
    if between.any():
        outline = np.maximum(outline, 1.2 * unit - ndimage.distance_transform_edt(~between))
    found = np.where(outline < 0, tubes.index, 0)
    _stain_mitochondria(rng, section, look, outline, tubes, found)
    return found


def _stain_mitochondria(
    rng: np.random.Generator, section: Section, look: MitochondriaLook, outline: np.ndarray,
    tubes: Tubes, found: np.ndarray,
) -> None:  # fmt: skip
    """Matrix, folds and double membrane."""
    side, unit = section.side, look.unit
    phase = tubes.along + 0.7 * look.period * smooth_noise(rng, side, 1.6 * look.period)
    waves = 1.6 * np.sin(2 * np.pi * phase / look.period + 2.4 * found) - 0.6
    waves *= np.clip(0.6 + 0.7 * smooth_noise(rng, side, 1.5 * look.period), 0, 1.2)
    if not look.ordered:
        fine = look.period / 2.2
        waves = 1.3 * (smooth_noise(rng, side, fine) + 0.5 * waves)
    tone = look.matrix + 0.07 * rng.standard_normal(int(found.max()) + 1)[found]
    tone = tone + look.folds * np.clip(waves, -1, 1.2) * np.clip(-outline / (2 * unit) - 0.6, 0, 1)
    rim = np.exp(-(((outline + 0.9 * unit) / (0.9 * unit)) ** 2))
    gap = np.exp(-(((outline + 2.5 * unit) / (0.7 * unit)) ** 2))
    tone = tone + rim * (0.95 - tone) - 0.15 * gap
    soft = np.clip(0.5 - outline, 0, 1) * (tubes.index > 0)
    section.density += soft * (tone - section.density)
