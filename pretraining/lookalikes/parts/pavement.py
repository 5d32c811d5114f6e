"""What cracks run through: asphalt, concrete, plaster, stone, metal and brick, and dirt on them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.shapes import log_uniform

SURFACES = ("asphalt", "concrete", "plaster", "stone", "metal", "brick")
"""Names of the surfaces that `surface` draws."""


def turned(side: int, angle: float, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates along and across a direction in pixels, 0 in the middle of the image.

    Parameters
    ----------
    side : int
        Side of the square in pixels.
    angle : float
        Direction in radians.
    shift : float, optional
        Moves the line across = 0 away from the middle.
    """
    y, x = np.mgrid[:side, :side].astype(np.float32) - side / 2
    return np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x - shift


def _lit(height: np.ndarray, light: float, step: float) -> np.ndarray:
    """Shading of a relief by a low light."""
    down, right = np.gradient(height)
    return (np.cos(light) * right + np.sin(light) * down) * step


def surface(
    name: str, rng: np.random.Generator, side: int, zoom: float, light: float, rough: float
) -> np.ndarray:
    """Brightness of a clean surface.

    Parameters
    ----------
    name : str
        One of `SURFACES`.
    rng : numpy.random.Generator
        Decides the piece.
    side : int
        Side of the square in pixels.
    zoom : float
        Enlargement.
    light : float
        Where the light comes from, in radians.
    rough : float
        Strength of the texture, about 1.

    Returns
    -------
    ndarray of float32, shape (side, side)
        With a mean of about 0 and a deviation of 0.02 to 0.2.
    """
    return rough * _MAKERS[name](rng, side, zoom, light)


def _asphalt(rng: np.random.Generator, side: int, zoom: float, light: float) -> np.ndarray:
    grit, stones = fine_noise(rng, side, 0.6 * zoom), fine_noise(rng, side, 1.5 * zoom)
    height = stones + 0.6 * grit
    tone = 0.05 * np.tanh(2 * stones) + 0.05 * grit + _lit(height, light, 0.06 * zoom)
    bright = np.clip(fine_noise(rng, side, 1.1 * zoom) * 3 - 5.2, 0, 1)
    holes = np.clip(-fine_noise(rng, side, 1.3 * zoom) * 3 - 4.2, 0, 1)
    return tone + 0.22 * bright - 0.16 * holes


def _concrete(rng: np.random.Generator, side: int, zoom: float, light: float) -> np.ndarray:
    height = fine_noise(rng, side, 2.5 * zoom) + 0.7 * fine_noise(rng, side, 0.8 * zoom)
    clouds = 0.03 * fine_noise(rng, side, 18 * zoom) + 0.03 * fine_noise(rng, side, 60 * zoom)
    streaks = rng.standard_normal((side, side), np.float32)
    streaks = ndimage.gaussian_filter(streaks, (0.7 * zoom, 14 * zoom)) * rng.choice([0, 0.12])
    return clouds + _lit(height, light, 0.02 * zoom) + 0.012 * grain(rng, side) + streaks


def _plaster(rng: np.random.Generator, side: int, zoom: float, light: float) -> np.ndarray:
    bumps = np.maximum(fine_noise(rng, side, 3.5 * zoom), -0.5)
    height = bumps + 0.4 * fine_noise(rng, side, 1.0 * zoom)
    return _lit(height, light, 0.06 * zoom) + 0.02 * fine_noise(rng, side, 40 * zoom)


def _stone(rng: np.random.Generator, side: int, zoom: float, light: float) -> np.ndarray:
    crystals = np.tanh(3 * fine_noise(rng, side, 1.8 * zoom)) * 0.07
    dark = np.clip(fine_noise(rng, side, 1.2 * zoom) * 3 - 3.6, 0, 1) * -0.2
    layers = np.sin(turned(side, light)[1] / (6 * zoom) + 2 * fine_noise(rng, side, 30 * zoom))
    veins = np.exp(-((fine_noise(rng, side, 35 * zoom) / 0.08) ** 2))
    return crystals + dark + 0.025 * layers + 0.1 * veins


def _metal(rng: np.random.Generator, side: int, zoom: float, light: float) -> np.ndarray:
    brushed = ndimage.gaussian_filter1d(rng.standard_normal((side, side), np.float32), 12 * zoom)
    along, across = turned(side, light + 0.9, rng.uniform(-0.3, 0.3) * side)
    width = rng.uniform(14, 30) * zoom
    ripple = np.sin((along + 0.02 / zoom * across**2) / (1.6 * zoom) + fine_noise(rng, side, 4))
    dome = np.clip(1 - (across / width) ** 2, 0, 1)
    bead = 0.25 * np.sqrt(dome) * (across / width) + 0.07 * ripple * (dome > 0) + 0.05 * dome
    heat = 0.08 * np.exp(-(((np.abs(across) - 1.8 * width) / width) ** 2))
    return rng.uniform(0.05, 0.25) * brushed + 0.02 * grain(rng, side) + bead - heat


def _brick(rng: np.random.Generator, side: int, zoom: float, light: float) -> np.ndarray:
    along, across = turned(side, round(light) * 0.04, rng.uniform(0, 40))
    bend = 0.8 * zoom * fine_noise(rng, side, 3 * zoom)
    height, width = 22 * zoom, 62 * zoom
    row = np.floor((across + bend) / height)
    column = (along + bend) / width + 0.5 * (row % 2)
    joint = np.minimum(
        _to_whole((across + bend) / height) * height, _to_whole(column) * width
    )  # fmt: skip
    tone = 0.08 * np.sin(row * 12.9898 + np.floor(column) * 78.233)
    rough = _lit(fine_noise(rng, side, 1.2 * zoom), light, 0.05 * zoom)
    inside = np.clip(joint - 1.6 * zoom, 0, 1)
    return inside * tone + (1 - inside) * 0.16 + rough + _lit(inside, light, 0.25)


def _to_whole(values: np.ndarray) -> np.ndarray:
    return np.abs(values - np.round(values))


def grain(rng: np.random.Generator, side: int) -> np.ndarray:
    """White noise, float32 (side, side)."""
    return rng.standard_normal((side, side), np.float32)


def _stain(rng: np.random.Generator, side: int, zoom: float) -> np.ndarray:
    """Dirt or damp with a soft outline, now and then run down or with a rim."""
    field = fine_noise(rng, side, rng.uniform(20, 70) * zoom) + 0.15 * fine_noise(rng, side, 3)
    alpha = 1 / (1 + np.exp(-(field - rng.uniform(0.3, 1.5)) * log_uniform(rng, 2, 12)))
    if rng.random() < 0.3:
        alpha = 0.4 * alpha + 2.4 * alpha * (1 - alpha)
    if rng.random() < 0.3:
        alpha = ndimage.gaussian_filter1d(alpha, 25 * zoom, axis=int(rng.integers(2)))
    return rng.choice([-1, -1, 1]) * rng.uniform(0.08, 0.4) * alpha


def _joint(rng: np.random.Generator, side: int, zoom: float) -> np.ndarray:
    """Straight grooves with smooth sides, perhaps a pair."""
    dark = np.zeros((side, side), np.float32)
    angle = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.08)
    for turn in (0, np.pi / 2)[: int(rng.integers(1, 3))]:
        across = turned(side, angle + turn, rng.uniform(-0.45, 0.45) * side)[1]
        half = rng.uniform(0.6, 3.5) * zoom
        dark += np.clip(half - np.abs(across) + 0.5, 0, 1)
    return -rng.uniform(0.1, 0.45) * np.minimum(dark, 1)


def _shadow(rng: np.random.Generator, side: int, zoom: float) -> np.ndarray:
    """The shadow of a pole, a wall or leaves."""
    across = turned(side, rng.uniform(0, np.pi), rng.uniform(-0.4, 0.4) * side)[1]
    soft = rng.uniform(0.8, 6) * zoom
    if rng.random() < 0.4:
        across = across + 14 * zoom * fine_noise(rng, side, 12 * zoom)
    shade = 1 / (1 + np.exp(-np.clip(across / soft, -30, 30)))
    if rng.random() < 0.4:
        shade = shade - 1 / (1 + np.exp(-np.clip((across - 16 * zoom) / soft, -30, 30)))
    return -rng.uniform(0.15, 0.5) * shade


def _tyre(rng: np.random.Generator, side: int, zoom: float) -> np.ndarray:
    """A soft dark band, or scratches of one direction."""
    angle = rng.uniform(0, np.pi)
    along, across = turned(side, angle, rng.uniform(-0.4, 0.4) * side)
    across = across + along**2 * rng.normal(0, 0.0012)
    if rng.random() < 0.5:
        lines = sum(np.exp(-(((across - s) / (0.6 * zoom)) ** 2)) for s in rng.normal(0, 30, 5))
        worn = fine_noise(rng, side, 40 * zoom) > 0
        return rng.choice([-0.12, 0.2]) * lines * ndimage.gaussian_filter(worn * 1.0, 2)
    band = np.exp(-((across / (rng.uniform(6, 16) * zoom)) ** 4))
    return -rng.uniform(0.08, 0.25) * band * (1 + 0.3 * fine_noise(rng, side, 1.2 * zoom))


def dirt(rng: np.random.Generator, side: int, zoom: float, count: int) -> np.ndarray:
    """Relative change of brightness by stains, grooves, shadows and tyre marks.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    side : int
        Side of the square in pixels.
    zoom : float
        Enlargement.
    count : int
        How many of them.
    """
    change = np.ones((side, side), np.float32)
    for number in rng.choice(4, count, p=(0.4, 0.2, 0.2, 0.2)):
        change *= 1 + (_stain, _joint, _shadow, _tyre)[number](rng, side, zoom)
    return change


_MAKERS = {
    "asphalt": _asphalt,
    "concrete": _concrete,
    "plaster": _plaster,
    "stone": _stone,
    "metal": _metal,
    "brick": _brick,
}
