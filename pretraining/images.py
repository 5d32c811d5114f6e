"""Real images with masks as kinds: many questions are drawn from one mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from pretraining.microscope import Camera, draw_camera
from pretraining.pairs import Pair, load_data_set
from pretraining.scenes import Relabel
from pretraining.wheel import WHEEL, load_wheel

SEMANTIC = frozenset({"sandstone_ct"})
"""Data sets whose mask values are classes, not objects."""


@dataclass(frozen=True, eq=False)
class Photographed:
    """A kind made of real images of one series.

    Parameters
    ----------
    pairs : sequence of Pair
        Images that are alike.
    relabel : Relabel
        The question, for objects.
    lut : ndarray of uint8 or None
        The question, for classes: mask value to class.
    zoom : float
        Enlargement of the crops.
    mixing : ndarray, shape (channels, C)
        How the image's channels make those of the task.
    camera : Camera
        Further defects.
    """

    pairs: Sequence[Pair]
    relabel: Relabel
    lut: np.ndarray | None
    zoom: float
    mixing: np.ndarray
    camera: Camera

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Image float32 (channels, side, side) in 0 to 1, and its classes uint8 (side, side)."""
        pair = self.pairs[int(rng.integers(len(self.pairs)))]
        zoom = self.zoom * float(np.exp(rng.normal(0, 0.08)))
        image, mask = _crop(pair, rng, side, zoom)
        scene = np.tensordot(self.mixing, image, 1).astype(np.float32)
        shot = self.camera.varied(rng).shoot(scene, rng)
        if self.lut is not None:
            return shot, self.lut[mask]
        return shot, self.relabel((mask > 0).astype(np.uint8), mask)


def _crop(
    pair: Pair, rng: np.random.Generator, side: int, zoom: float
) -> tuple[np.ndarray, np.ndarray]:
    """A random piece, enlarged, mirrored and turned; continued by reflection if too small."""
    zoom = max(zoom, 0.7 * side / min(pair.mask.shape))
    step = np.arange(side, dtype=np.float32) / zoom
    rows, columns = (
        _mirrored(step + rng.uniform(0, max(n - side / zoom, 0)), n) for n in pair.mask.shape
    )
    grid = np.meshgrid(rows, columns, indexing="ij")
    image = np.stack(
        [ndimage.map_coordinates(p, grid, order=1, mode="reflect") for p in pair.image]
    )
    mask = pair.mask[np.ix_(rows.round().astype(int), columns.round().astype(int))]
    turns, flip = int(rng.integers(4)), int(rng.choice([-1, 1]))
    return np.rot90(image, turns, (1, 2))[..., ::flip], np.rot90(mask, turns)[:, ::flip]


def _mirrored(positions: np.ndarray, size: int) -> np.ndarray:
    """Positions folded back into an axis of that size."""
    last = size - 1
    return last - np.abs(positions % (2 * last) - last)


def draw_photographed(rng: np.random.Generator, folders: Sequence[Path]) -> Photographed:
    """Draw a kind from real images.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    folders : sequence of Path
        The data sets to draw from, each twice as often as each picture of the wheel.
    """
    number = int(rng.integers(2 * len(folders) + len(WHEEL)))
    folder = folders[number // 2] if number < 2 * len(folders) else None
    pairs = load_data_set(folder) if folder else load_wheel(WHEEL[number - 2 * len(folders)])
    series = str(rng.choice([pair.series for pair in pairs]))
    alike = [pair for pair in pairs if pair.series == series]
    if rng.random() < 0.5:
        alike = [alike[int(rng.integers(len(alike)))]]
    relabel, lut = Relabel(), None
    if folder is not None and folder.name in SEMANTIC:
        lut = _draw_classes(rng, int(max(pair.mask.max() for pair in alike)))
    else:
        relabel = _draw_question(rng, alike, all(pair.mask.all() for pair in alike))
    plain = Camera(inverted=bool(rng.random() < 0.3), gamma=float(np.exp(rng.normal(0, 0.2))))
    return Photographed(
        alike, relabel, lut, float(np.exp(rng.uniform(np.log(0.6), np.log(2.2)))),
        _draw_mixing(rng, len(alike[0].image)),
        draw_camera(rng) if rng.random() < 0.4 else plain,
    )  # fmt: skip


def _draw_classes(rng: np.random.Generator, most: int) -> np.ndarray:
    """Mask value to class: all of them, or one against the rest."""
    values = np.arange(most + 1)
    if rng.random() < 0.35:
        return values.astype(np.uint8)
    return (values == rng.integers(1, most + 1)).astype(np.uint8)


def _draw_question(rng: np.random.Generator, pairs: Sequence[Pair], dense: bool) -> Relabel:
    """The objects, their outlines, or those of one size."""
    mode = str(
        rng.choice(["outline", "inside and outline"])
        if dense
        else rng.choice(
            ["as is", "outline", "inside and outline", "large", "small"],
            p=(0.6, 0.1, 0.15, 0.08, 0.07),
        )
    )
    if mode in ("large", "small"):
        areas = np.concatenate([np.bincount(pair.mask.ravel())[1:] for pair in pairs])
        return Relabel(mode, float(np.median(areas[areas > 0])))
    return Relabel(mode, float(rng.integers(1, 3)))


def _draw_mixing(rng: np.random.Generator, channels: int) -> np.ndarray:
    """Channels of the task from those of the image: the same, recoloured, or grey."""
    if rng.random() < (0.35 if channels > 1 else 0.85):
        return rng.dirichlet((3,) * channels)[None]
    if channels == 1:
        return rng.uniform(0.3, 1.2, (3, 1))
    jitter = np.eye(3, channels) + rng.normal(0, 0.2, (3, channels))
    return jitter[rng.permutation(3)] if rng.random() < 0.3 else jitter
