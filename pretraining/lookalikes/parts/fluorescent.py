"""What images of glowing dyes share: colours of dyes, light from out of focus, cameras, dirt."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.crumbs import draw_crumbs, draw_hair
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise

HUES = np.array([
    (0.1, 0.2, 1.0), (0.1, 1.0, 0.15), (1.0, 0.12, 0.1), (1.0, 0.1, 1.0), (0.1, 0.95, 1.0),
    (1.0, 0.85, 0.1), (0.9, 0.9, 0.9),
])  # fmt: skip
"""Colours that dyes are shown in; the first is that of stained DNA."""


def draw_hues(rng: np.random.Generator, dyes: int, asked: int, grey: bool) -> np.ndarray:
    """How strongly each dye is seen in each channel.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    dyes : int
        How many there are; the first stains nuclei.
    asked : int
        The dye that must be seen well.
    grey : bool
        Whether the image has one channel instead of three.

    Returns
    -------
    ndarray of float, shape (dyes, channels)
    """
    if grey:
        through = np.array([0.0, rng.uniform(0.02, 0.12), rng.uniform(0.15, 0.6)])
        weights = through[rng.choice(3, dyes, p=(0.4, 0.3, 0.3))][:, None]
        weights[asked] = 1.0
        return weights
    first = 0 if rng.random() < 0.75 else int(rng.integers(1, len(HUES)))
    others = rng.permutation(np.delete(np.arange(1, len(HUES)), max(first - 1, 0)))
    if rng.random() < 0.6:
        others = rng.permutation([hue for hue in (1, 2) if hue != first] + [3])
    hues = HUES[np.concatenate([[first], others])[:dyes]]
    if rng.random() < 0.5:  # Raw channels instead of colours somebody chose.
        hues = (hues > 0.5).astype(float) + rng.uniform(0, 0.15, hues.shape)
    strength = np.exp(rng.normal(-0.2, 0.3, (dyes, 1)))
    strength[asked] = max(float(strength[asked, 0]), 0.85)
    return np.clip(hues * strength, 0, 1.3)


def wide_blur(light: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian blur, fast also where it is wide.

    Parameters
    ----------
    light : ndarray of float32, shape (side, side)
        What is blurred.
    sigma : float
        In pixels.
    """
    step = int(sigma / 2)
    if step < 2:
        return np.asarray(ndimage.gaussian_filter(light, sigma))
    side = len(light)
    few = ndimage.gaussian_filter(
        ndimage.uniform_filter(light, step)[step // 2 :: step, step // 2 :: step], sigma / step
    )
    at = (np.arange(side) - step // 2) / step
    weights = np.maximum(1 - np.abs(at.clip(0, len(few) - 1)[:, None] - np.arange(len(few))), 0)
    weights = weights.astype(np.float32)
    return np.asarray(weights @ few @ weights.T)


def hazed(light: np.ndarray, strength: float, reach: float) -> np.ndarray:
    """Light as seen with what lies above and below the focus; 0 is confocal."""
    if strength < 0.02:
        return light
    near, far = wide_blur(light, reach), wide_blur(light, 4 * reach)
    return np.asarray(light + strength * (0.5 * near + 0.7 * far))


def splat(points: np.ndarray, weights: np.ndarray, side: int) -> np.ndarray:
    """Points at positions between pixels, float32 (side, side).

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Rows and columns; those outside are left out.
    weights : ndarray, shape (n,)
        Light of each.
    side : int
        Side of the square in pixels.
    """
    inside = ((points >= 0) & (points < side - 1)).all(1)
    points, weights = points[inside], weights[inside]
    low = points.astype(np.int64)
    down, right = (points - low).T
    base = low[:, 0] * side + low[:, 1]
    pixels = np.concatenate([base, base + 1, base + side, base + side + 1])
    shares = np.concatenate([
        weights * (1 - down) * (1 - right), weights * (1 - down) * right,
        weights * down * (1 - right), weights * down * right,
    ])  # fmt: skip
    total = np.bincount(pixels, weights=shares, minlength=side * side)
    return np.asarray(total.reshape(side, side), np.float32)


def dirt(rng: np.random.Generator, side: int, rate: float, unit: float) -> np.ndarray:
    """Debris that glows by itself: crumbs, precipitate, now and then a fibre; 0 to 1.5."""
    crumbs = np.clip(draw_crumbs(rng, side, rate, unit, (0.7, 1.3, 3.0)), 0, 1.5)
    if rng.random() < 0.04 * rate:
        crumbs = crumbs + 0.6 * draw_hair(rng, side, unit)
    return np.asarray(crumbs, np.float32)


def faint_ground(rng: np.random.Generator, side: int, strength: float) -> np.ndarray:
    """Medium and tissue that glow a little, never negative."""
    ground = smooth_noise(rng, side, 70) + 0.4 * smooth_noise(rng, side, 18)
    return np.asarray(strength * np.maximum(1 + 0.6 * ground, 0))


def draw_dim_camera(rng: np.random.Generator, sharpest: float) -> Camera:
    """A camera for little light.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    sharpest : float
        The largest blur (sigma in pixels) at which all that is asked for can be made out.
    """

    def sometimes(share: float, low: float, high: float) -> float:
        return rng.uniform(low, high) if rng.random() < share else 0.0

    if rng.random() < 0.2:
        camera = draw_camera(rng)
        limits = {"blur": min(camera.blur, sharpest), "noise": min(camera.noise, 0.25)}
        inverted = camera.inverted and rng.random() < 0.3
        return Camera(**{**camera.__dict__, **limits, "inverted": inverted})
    return Camera(
        shade=sometimes(0.4, 0.05, 0.5),
        glow=sometimes(0.3, 0.1, 0.7),
        light_scale=rng.uniform(80, 300),
        blur=rng.uniform(0.15, 1) * sharpest,
        noise=log_uniform(rng, 0.015, 0.4),
        grainy=sometimes(0.15, 0.03, 0.12),
        shot=sometimes(0.6, 0.03, 0.35),
        stripes=sometimes(0.05, 0.03, 0.12),
        gamma=float(np.exp(rng.normal(-0.15, 0.32))),
        inverted=bool(rng.random() < 0.04),
        jpeg=int(rng.integers(40, 92)) if rng.random() < 0.2 else 0,
    )
