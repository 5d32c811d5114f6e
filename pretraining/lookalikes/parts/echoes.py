"""Speckle: what coherent waves make of tissue."""

from __future__ import annotations

import numpy as np
from scipy import ndimage


def speckle(rng: np.random.Generator, side: int, down: float, across: float) -> np.ndarray:
    """Amplitude of a fully developed speckle pattern, of mean square 1 (side, side).

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides the pattern.
    side : int
        Side of the square in pixels.
    down, across : float
        Size of a grain in pixels.
    """
    total = np.zeros((side, side), np.float32)
    for _ in range(2):
        wave = ndimage.gaussian_filter(
            rng.standard_normal((side, side), np.float32), (down, across), truncate=3
        )
        total += wave**2
    return np.sqrt(total / max(float(total.mean()), 1e-9))


def compressed(power: np.ndarray, decibels: float) -> np.ndarray:
    """Logarithm of a power, of which so many decibels below the highest are shown."""
    level = 10 * np.log10(np.maximum(power, 1e-9))
    top = float(np.percentile(level[::2, ::2], 99.7))
    return np.clip(1 + (level - top) / decibels, 0, 1).astype(np.float32)
