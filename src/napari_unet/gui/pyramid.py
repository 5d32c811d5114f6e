"""Multiscale image layers: which of their levels is worked on, and where its pixels lie.

A level's pixels are unions of those of the finest one: pixel `i` of a level that is `f` times
coarser covers `f` of them from `f * i` on, so its middle lies at ``f * i + (f - 1) / 2``.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from napari_unet.core.finer import times_finer

MOST_PIXELS = 100_000_000
"""In a plane; the finest level with no more is worked on unless another one is chosen."""


def level_shapes(layer: Any) -> list[tuple[int, ...]]:
    """Shape of each level along the layer's own axes, finest first; of a plain image its own."""
    levels = layer.data if layer.multiscale else [layer.data]
    return [tuple(int(n) for n in level.shape[: layer.ndim]) for level in levels]


def sensible_level(shapes: Sequence[tuple[int, ...]], plane: Sequence[int]) -> int:
    """The finest level that is not too large to paint on and to predict in one go.

    Parameters
    ----------
    shapes : sequence of tuple of int
    plane : sequence of int
        Which axes are rows and columns.
    """
    sizes = [prod(shape[axis] for axis in plane) for shape in shapes]
    return next((k for k, size in enumerate(sizes) if size <= MOST_PIXELS), len(sizes) - 1)


def factors(shapes: Sequence[tuple[int, ...]], level: int) -> np.ndarray:
    """How many pixels of the finest level one of this level is wide; see `times_finer`."""
    return np.array(times_finer(shapes[0], shapes[level]))


def shift_of(layer: Any, factor: np.ndarray, first: np.ndarray) -> np.ndarray:
    """How far the middle of a pixel of a level lies from that of the finest level's first one.

    In the layer's own physical space, before its affine transform.

    Parameters
    ----------
    layer : napari image layer
    factor : ndarray
        Of the level; see `factors`.
    first : ndarray
        The pixel.
    """
    step = np.asarray(layer.scale, float) * ((factor - 1) / 2 + factor * first)
    return np.asarray(layer.rotate) @ shear_of(layer) @ step


def shear_of(layer: Any) -> np.ndarray:
    """The layer's shear as a matrix; napari keeps the upper triangle in a row."""
    shear = np.asarray(layer.shear, float)
    if shear.ndim == 2:
        return shear
    matrix = np.eye(layer.ndim)
    matrix[np.triu_indices(layer.ndim, 1)] = shear
    return matrix
