"""Stained things in transmitted light: what stains absorb, and colour or grey images of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from pretraining.microscope import Camera, draw_camera
from pretraining.textures import standardised

HAEMATOXYLIN = np.array((0.65, 0.68, 0.30))
EOSIN = np.array((0.12, 0.92, 0.30))
BROWN = np.array((0.28, 0.55, 0.80))
MAGENTA = np.array((0.22, 0.92, 0.38))
BLOOD = np.array((0.10, 0.75, 0.60))
"""Absorption of each stain in red, green and blue."""


def jittered(rng: np.random.Generator, stain: np.ndarray, size: float) -> np.ndarray:
    """A stain as another laboratory and scanner have it."""
    return np.clip(stain + size * rng.standard_normal(3), 0.02, 1.2)


def absorbed(densities: np.ndarray, stains: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Transmitted light (3, side, side) behind densities (n, side, side) of n stains (n, 3)."""
    thickness = np.tensordot(stains.T.astype(np.float32), densities.astype(np.float32), 1)
    return (light[:, None, None] * np.exp(-thickness)).astype(np.float32)


def draw_mixing(rng: np.random.Generator) -> np.ndarray:
    """Channels (C, 3) of the image: colour in 60 % of draws, else grey or one channel."""
    if rng.random() < 0.6:
        return np.eye(3, dtype=np.float32)
    if rng.random() < 0.3:
        return np.eye(3, dtype=np.float32)[[int(rng.integers(3))]]
    return rng.dirichlet((3, 4, 2))[None].astype(np.float32)


def draw_bright_field(rng: np.random.Generator, blur: float, colour: bool) -> Camera:
    """A light microscope or scanner of transmitted light, rarely a bad one.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides its defects.
    blur : float
        Most sigma of the optics in pixels.
    colour : bool
        Whether it takes pictures in colour, which are never inverted.
    """
    if rng.random() < 0.35:
        any_ = draw_camera(rng)
        inverted = any_.inverted and not colour
        return replace(any_, inverted=inverted, shade=0.4 * any_.shade, glow=0.3 * any_.glow)
    return Camera(
        blur=rng.uniform(0.3, blur), noise=rng.uniform(0.01, 0.13), shade=rng.uniform(0, 0.12),
        gamma=float(np.exp(rng.normal(0, 0.18))),
        jpeg=int(rng.integers(38, 95)) if rng.random() < 0.5 else 0,
    )  # fmt: skip


def fine_noise(rng: np.random.Generator, side: int, scale: float) -> np.ndarray:
    """Gaussian noise of a small correlation length, standardised; smooth where it is large."""
    noise = rng.standard_normal((side, side)).astype(np.float32)
    return standardised(ndimage.gaussian_filter(noise, scale))


def stretched_noise(
    rng: np.random.Generator, side: int, direction: np.ndarray, width: float, length: float
) -> np.ndarray:
    """Noise drawn out along a direction (radians, one per pixel): fibres; standardised.

    The direction should change slowly; `width` and `length` are in pixels.
    """
    y, x = np.mgrid[:side, :side].astype(np.float32) - side / 2
    cosine, sine = np.cos(direction), np.sin(direction)
    grid = rng.standard_normal((64, 256)).astype(np.float32)
    rows = (cosine * y + sine * x) / length + 32
    columns = (cosine * x - sine * y) / width + 128
    return standardised(ndimage.map_coordinates(grid, [rows, columns], order=1, mode="wrap"))
