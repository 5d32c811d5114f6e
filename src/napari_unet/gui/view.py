"""What of an image is on screen, in the canonical axes that the engine speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_unet.core.axes import Spatial
from napari_unet.core.preview import middle_of
from napari_unet.core.source import Box
from napari_unet.gui.layers import axes_of, source_of
from napari_unet.gui.place import chosen_level, first_pixel, level_factors, level_zero, pixel_at
from napari_unet.gui.pyramid import level_shapes
from napari_unet.gui.region import Region, region_around, too_large

MOST_PIXELS = 8192
"""Longest side of what is previewed; of a larger view, its middle."""

_MOST_PIXELS_3D = 1024


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
    position = pixel_at(layer, point)
    corners = _corners(layer) - first_pixel(layer)
    ranges: dict[str, tuple[int, int]] = {}
    for number, letter in enumerate(letters):
        here = int(np.clip(np.round(position[number]), 0, shape[number] - 1))
        low, high = (int(corner[number]) for corner in corners)
        seen = high > low
        inside = max(low, 0), min(high + 1, shape[number])
        ranges[letter] = inside if seen else (here, here + 1)
    samples = tuple(
        _middle(ranges[a], round(float(position[letters.index(a)]))) for a in axes.sample_axes
    )
    most = _MOST_PIXELS_3D if len(spatial) == 3 else MOST_PIXELS
    box = middle_of(tuple(slice(*ranges[a]) for a in spatial), most)
    if any(part.stop <= part.start for part in box):
        return None
    return View(axes.sample_number(samples, shape), box)


def shown_sample(layer: Any, point: tuple[float, ...], spatial: Spatial) -> int:
    """The canonical number of the frame and slice of an image at which the sliders stand.

    Parameters
    ----------
    layer : napari image layer
    point : tuple of float
        In world coordinates; ``viewer.dims.point``.
    spatial : {"YX", "ZYX"}
        The axes the network sees.
    """
    source = source_of(layer, spatial)
    shape, letters = tuple(source.array.shape), axes_of(layer)[: layer.ndim]
    position = pixel_at(layer, point)
    places = [letters.index(a) for a in source.axes.sample_axes]
    index = tuple(int(np.clip(round(float(position[i])), 0, shape[i] - 1)) for i in places)
    return source.axes.sample_number(index, shape)


def _corners(layer: Any) -> np.ndarray:
    """First and last visible pixel along each layer axis, on all of the level worked on."""
    corners = np.asarray(layer.corner_pixels, float)
    if layer.multiscale:
        shown = np.asarray(layer.downsample_factors[layer.data_level])
        corners = corners * shown // level_factors(layer)
    return corners


def middle_of_view(layer: Any) -> np.ndarray:
    """The pixel in the middle of what is on screen, on the level that is worked on."""
    return np.asarray(_corners(layer).mean(axis=0))


def area_on_screen(layer: Any) -> Region | None:
    """The area around what is on screen, of an image too large to paint on at once; else None."""
    letters = axes_of(layer)[: layer.ndim]
    shape = level_shapes(layer)[chosen_level(layer)]
    labels = [1 if letter == "C" else n for letter, n in zip(letters, shape, strict=True)]
    plane = [letters.index(a) for a in "YX"]
    if not too_large(labels, plane):
        return None
    region = region_around(labels, plane, tuple(middle_of_view(layer)))
    return tuple(
        (0, n) if letter == "C" else part
        for letter, n, part in zip(letters, shape, region, strict=True)
    )


def _middle(limits: tuple[int, int], position: int) -> int:
    """The position of a slider, kept inside the image."""
    return min(max(position, limits[0]), limits[1] - 1)
