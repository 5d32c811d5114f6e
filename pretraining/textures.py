"""Random textures: what the inside of an object or the ground between objects looks like.

A texture is drawn once (its kind and parameters) and can then be rendered again and again, each
time another piece of the same material.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from skimage import data, io

Texture = Callable[[np.random.Generator, int], np.ndarray]
"""``(rng, side) -> float32 (side, side)`` with mean 0 and deviation 1."""


PHOTOGRAPHS = (
    "brick.png", "grass.png", "gravel.png", "moon.png", "hubble_deep_field.jpg", "ihc.png",
    "chelsea.png", "coffee.png", "camera.png", "retina.jpg", "rocket.jpg",
)  # fmt: skip
"""Files of scikit-image's wheel that serve as textures (CC0 or public domain)."""


def draw_texture(rng: np.random.Generator) -> Texture:
    """Draw a material.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides the kind and its parameters.

    Returns
    -------
    Texture
        Renders pieces of that material.
    """
    kinds = (_noise, _band_noise, _fibres, _cells, _grains, _bricks, _waves, _photographed)
    share = (0.22, 0.13, 0.16, 0.1, 0.13, 0.06, 0.06, 0.14)
    base = kinds[rng.choice(len(kinds), p=share)](rng)
    return partial(_shaped, base=base, power=_draw_shape(rng))


def standardised(values: np.ndarray) -> np.ndarray:
    """`values` with mean 0 and deviation 1, float32; zeros where they are all the same."""
    values = values - values.mean()
    deviation = float(values.std())
    return (values / deviation if deviation > 1e-9 else values * 0).astype(np.float32)


def smooth_noise(rng: np.random.Generator, side: int, scale: float) -> np.ndarray:
    """Gaussian noise of a correlation length in pixels, float32 (side, side), standardised."""
    coarse = max(int(np.ceil(side / max(scale, 1.0))) + 4, 5)
    grid = rng.standard_normal((coarse, coarse), np.float32)
    grid = ndimage.gaussian_filter(grid, 1.0, mode="reflect")
    at = (np.arange(side) + 0.5) * (coarse - 4) / side + 1.5
    low = np.minimum(at.astype(int), coarse - 2)
    share = (at - low).astype(np.float32)
    rows = grid[low] * (1 - share)[:, None] + grid[low + 1] * share[:, None]
    return standardised(rows[:, low] * (1 - share) + rows[:, low + 1] * share)


def _draw_shape(rng: np.random.Generator) -> float:
    """How the values are bent: 0 leaves them, positive makes bright spots, negative dark ones."""
    return float(rng.choice([0.0, rng.uniform(0.3, 1.5), -rng.uniform(0.3, 1.5)]))


def _shaped(rng: np.random.Generator, side: int, *, base: Texture, power: float) -> np.ndarray:
    """Bend the distribution of a texture so that it is skewed."""
    values = standardised(base(rng, side))
    if power:
        values = np.sign(power) * np.exp(np.clip(abs(power) * np.sign(power) * values, -4, 4))
    return standardised(values)


def _spectral(
    rng: np.random.Generator, side: int, *, gain: Callable[..., np.ndarray]
) -> np.ndarray:
    """White noise filtered by a gain over frequency (cycles per pixel) and direction."""
    noise = np.fft.rfft2(rng.standard_normal((side, side)).astype(np.float32))
    fy = np.fft.fftfreq(side).astype(np.float32)[:, None]
    fx = np.fft.rfftfreq(side).astype(np.float32)[None]
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = 1.0
    weights = gain(frequency, np.arctan2(fy, fx))
    weights[0, 0] = 0
    return np.fft.irfft2(noise * weights, s=(side, side)).astype(np.float32)


def _noise(rng: np.random.Generator) -> Texture:
    """Noise whose power falls with frequency: clouds to sand."""
    slope, cut = rng.uniform(0.3, 2.6), rng.uniform(0.02, 0.5)

    def gain(frequency: np.ndarray, _: np.ndarray) -> np.ndarray:
        return frequency**-slope * np.exp(-((frequency / cut) ** 2))

    return partial(_spectral, gain=gain)


def _band_noise(rng: np.random.Generator) -> Texture:
    """Noise of one spatial frequency in all directions: spots and mazes."""
    centre = np.exp(rng.uniform(np.log(0.02), np.log(0.3)))
    width = centre * rng.uniform(0.1, 0.6)

    def gain(frequency: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.exp(-0.5 * ((frequency - centre) / width) ** 2)

    return partial(_spectral, gain=gain)


def _fibres(rng: np.random.Generator) -> Texture:
    """Noise of one direction: fibres, wood, brushed metal."""
    centre = np.exp(rng.uniform(np.log(0.02), np.log(0.3)))
    width, spread = centre * rng.uniform(0.2, 0.8), rng.uniform(0.08, 0.5)
    direction = rng.uniform(0, np.pi)

    def gain(frequency: np.ndarray, angle: np.ndarray) -> np.ndarray:
        off = (angle - direction + np.pi / 2) % np.pi - np.pi / 2
        radial = np.exp(-0.5 * ((frequency - centre) / width) ** 2)
        return radial * np.exp(-0.5 * (off / spread) ** 2)

    return partial(_spectral, gain=gain)


def _cells(rng: np.random.Generator) -> Texture:
    """A mosaic: walls between cells, domes, or flat facets."""
    spacing, look = np.exp(rng.uniform(np.log(6), np.log(50))), int(rng.integers(3))
    sharp = rng.uniform(0.15, 1.0)

    def render(rng: np.random.Generator, side: int) -> np.ndarray:
        near, second, index = nearest_points(rng, side, spacing)
        if look == 0:
            return np.minimum((second - near) / (spacing * 0.3), sharp)
        if look == 1:
            return near
        return rng.standard_normal(index.max() + 1)[index]

    return render


def nearest_points(
    rng: np.random.Generator, side: int, spacing: float, warp: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances to the nearest and second random point, and which point is nearest.

    Parameters
    ----------
    rng : numpy.random.Generator
        Places the points.
    side : int
        Side of the square in pixels.
    spacing : float
        Mean distance between points in pixels.
    warp : float, optional
        How far the coordinates are bent, in pixels.

    Returns
    -------
    tuple of ndarray, each (side, side)
        Nearest distance, second distance (float32), index of the nearest (int).
    """
    margin = 2 * spacing
    count = max(int(((side + 2 * margin) / spacing) ** 2), 4)
    points = rng.uniform(-margin, side + margin, (count, 2))
    at = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), -1).astype(float)
    if warp:
        scale = spacing * 0.6
        at += warp * np.stack([smooth_noise(rng, side, scale) for _ in range(2)], -1)
    distances, index = cKDTree(points).query(at.reshape(-1, 2), k=2)
    shape = (side, side)
    near, second = (distances[:, i].reshape(shape).astype(np.float32) for i in range(2))
    return near, second, index[:, 0].reshape(shape)


def _grains(rng: np.random.Generator) -> Texture:
    """Scattered dots of one size: granules, seeds, sand."""
    radius, density = np.exp(rng.uniform(np.log(0.7), np.log(5))), rng.uniform(0.05, 0.6)
    hollow = rng.random() < 0.3

    def render(rng: np.random.Generator, side: int) -> np.ndarray:
        chance = density / (np.pi * radius**2 + 1)
        dots = (rng.random((side, side)) < chance) * rng.uniform(0.4, 1, (side, side))
        smooth = ndimage.gaussian_filter(dots.astype(np.float32), radius)
        if hollow:
            smooth -= ndimage.gaussian_filter(dots.astype(np.float32), radius * 1.6)
        return smooth

    return render


def _bricks(rng: np.random.Generator) -> Texture:
    """A jittered, turned lattice of blocks with joints."""
    height = np.exp(rng.uniform(np.log(6), np.log(40)))
    width, joint = height * rng.uniform(1, 3), rng.uniform(0.08, 0.3)
    turn, shift, bend = rng.uniform(0, np.pi), rng.choice([0.0, 0.5]), rng.uniform(0, 0.15)

    def render(rng: np.random.Generator, side: int) -> np.ndarray:
        y, x = _turned(rng, side, turn, bend * height)
        row = np.floor(y / height)
        column = x / width + shift * (row % 2)
        edge = np.minimum(_to_line(y / height) * height, _to_line(column) * width)
        tone = np.sin(row * 12.9898 + np.floor(column) * 78.233) * 0.4
        return np.clip(edge / (joint * height), 0, 1) + tone

    return render


def _waves(rng: np.random.Generator) -> Texture:
    """Bent stripes, in one direction or crossed."""
    period, bend = np.exp(rng.uniform(np.log(4), np.log(40))), rng.uniform(0, 1.0)
    turn, crossed = rng.uniform(0, np.pi), rng.random() < 0.3

    def render(rng: np.random.Generator, side: int) -> np.ndarray:
        y, x = _turned(rng, side, turn, bend * period)
        waves = np.sin(2 * np.pi * y / period)
        return waves + np.sin(2 * np.pi * x / period) if crossed else waves

    return render


def _photographed(rng: np.random.Generator) -> Texture:
    """Pieces of one photograph at one enlargement, with its slow changes taken out."""
    number, zoom = int(rng.integers(len(PHOTOGRAPHS))), np.exp(rng.uniform(-1.0, 0.7))
    turns, flat = int(rng.integers(4)), rng.random() < 0.7

    def render(rng: np.random.Generator, side: int) -> np.ndarray:
        photo = photographs()[number]
        step = np.arange(side, dtype=np.float32) / zoom
        rows, columns = (
            _folded(step + rng.uniform(0, n), n).round().astype(int) for n in photo.shape
        )
        smooth = max(0.4 / zoom, 0.3)
        piece = ndimage.gaussian_filter(photo, smooth)[np.ix_(rows, columns)]
        if flat:
            piece = piece - ndimage.gaussian_filter(piece, side / 10)
        return np.rot90(piece, turns)

    return render


def _folded(positions: np.ndarray, size: int) -> np.ndarray:
    """Positions reflected back into an axis of that size."""
    last = size - 1
    return last - np.abs(positions % (2 * last) - last)


@lru_cache(maxsize=1)
def photographs() -> tuple[np.ndarray, ...]:
    """Grey photographs of scikit-image's wheel, float32, each of shape (Y, X)."""
    read = []
    for name in PHOTOGRAPHS:
        photo = io.imread(Path(data.__file__).parent / name).astype(np.float32)
        read.append(photo[..., :3].mean(-1) if photo.ndim == 3 else photo)
    return tuple(read)


def _turned(
    rng: np.random.Generator, side: int, turn: float, bend: float
) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates turned by an angle, shifted and bent."""
    y, x = np.mgrid[:side, :side].astype(np.float32) + rng.uniform(0, 1000)
    first = np.cos(turn) * y + np.sin(turn) * x + bend * smooth_noise(rng, side, 4 * bend + 20)
    return first, np.cos(turn) * x - np.sin(turn) * y


def _to_line(values: np.ndarray) -> np.ndarray:
    """Distance to the nearest whole number."""
    return np.abs(values - np.round(values))
