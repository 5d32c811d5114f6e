"""Exposure as in ordinary photographs, which do not stretch every scene to full contrast."""

from __future__ import annotations

import numpy as np

from pretraining.microscope import Camera


def exposed(
    camera: Camera, scene: np.ndarray, rng: np.random.Generator, natural: float
) -> np.ndarray:
    """Take an image of a scene whose brightness is that of a photograph.

    Parameters
    ----------
    camera : Camera
        Its `shoot` stretches the scene to 0..1, which this takes back in part.
    scene : ndarray of float32, shape (C, side, side)
        About 0 to 1.
    rng : numpy.random.Generator
        Decides the noise.
    natural : float
        0 keeps the stretched image, 1 restores the scene's own range.

    Returns
    -------
    ndarray of float32, shape (C, side, side)
        Between 0 and 1.
    """
    shot = camera.varied(rng).shoot(scene, rng)
    low, high = np.clip(np.percentile(scene[:, ::3, ::3], (0.2, 99.8)), 0, 1) * (natural, natural)
    high = max(high + 1 - natural, low + 0.15)
    if camera.inverted:
        low, high = 1 - high, 1 - low
    return np.clip(low + (high - low) * shot, 0, 1).astype(np.float32)
