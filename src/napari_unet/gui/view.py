"""What of an image is on screen, in the canonical axes that the engine speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_unet.core.axes import Spatial
from napari_unet.core.source import Box
from napari_unet.gui.layers import axes_of, level_zero, source_of

MOST_PIXELS = 1024
"""Longest side of what is previewed; of a larger view, its middle."""


@dataclass(frozen=True)
class View:
    """The part of one image that is on screen.

    Parameters
    ----------
    sample : int
        Canonical sample number.
    box : tuple of slice
        Spatial box inside the image.
    """

    sample: int
    box: Box


def view_of(layer: Any, point: tuple[float, ...], spatial: Spatial) -> View | None:
    """What is on screen of an image layer; None if nothing is.

    Parameters
    ----------
    layer : napari image layer
    point : tuple of float
        Where the sliders stand, in world coordinates; ``viewer.dims.point``.
    spatial : {"YX", "ZYX"}
        The axes the network sees.
    """
    source = source_of(layer, spatial)
    axes, shape = source.axes, tuple(level_zero(layer).shape)
    letters = axes_of(layer)[: layer.ndim]
    position = np.asarray(layer.world_to_data(point[-layer.ndim :]))
    corners = _corners(layer)
    ranges: dict[str, tuple[int, int]] = {}
    for number, letter in enumerate(letters):
        here = int(np.clip(np.round(position[number]), 0, shape[number] - 1))
        low, high = (int(corner[number]) for corner in corners)
        seen = high > low
        ranges[letter] = (low, min(high + 1, shape[number])) if seen else (here, here + 1)
    samples = tuple(
        _middle(ranges[a], round(float(position[letters.index(a)]))) for a in axes.sample_axes
    )
    box = tuple(slice(*_shortened(ranges[a])) for a in spatial)
    if any(part.stop <= part.start for part in box):
        return None
    return View(axes.sample_number(samples, shape), box)


def _corners(layer: Any) -> np.ndarray:
    """First and last visible pixel along each layer axis, on the finest level."""
    corners = np.asarray(layer.corner_pixels, float)
    if layer.multiscale:
        corners = corners * np.asarray(layer.downsample_factors[layer.data_level])
    return corners


def _middle(limits: tuple[int, int], position: int) -> int:
    """The position of a slider, kept inside the image."""
    return min(max(position, limits[0]), limits[1] - 1)


def _shortened(limits: tuple[int, int]) -> tuple[int, int]:
    """The middle of a range that is too long."""
    first, last = limits
    excess = last - first - MOST_PIXELS
    if excess <= 0:
        return first, last
    return first + excess // 2, first + excess // 2 + MOST_PIXELS
