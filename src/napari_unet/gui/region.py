"""Which part of a huge image is painted on: a plain layer of paint as large as napari can edit.

napari holds and draws the whole plane of a labels layer, and does so again at each stroke where
the plane is larger than the graphics card's textures. So paint on a huge image comes in areas of
their own, each a layer, each where the user looked when it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isqrt, prod
from typing import Any

import numpy as np

from napari_unet.app.stream_job import most_labels

Region = tuple[tuple[int, int], ...]
"""First pixel and the one after the last, along each axis of an image layer."""

_LONGEST, _SHORTEST = 4096, 1024
"""Sides of an area, in pixels; the longer one is still drawn anew without a pause."""

_TEXTURE = 16_384
"""What is wider does not fit into a texture of most graphics cards."""


def too_large(shape: Sequence[int], plane: Sequence[int]) -> bool:
    """True if an image of this shape (without channels) is painted on in areas.

    Parameters
    ----------
    shape : sequence of int
    plane : sequence of int
        Which axes are rows and columns.
    """
    side = max(shape[axis] for axis in plane)
    return side > _TEXTURE or (side > _SHORTEST and prod(shape) > most_labels())


def region_around(shape: Sequence[int], plane: Sequence[int], centre: Sequence[float]) -> Region:
    """An area of a huge image around a pixel, inside the image.

    Parameters
    ----------
    shape : sequence of int
        Along each axis of the layer, 1 for channels.
    plane : sequence of int
    centre : sequence of float
        A pixel, along each axis of the layer.
    """
    deep = prod(n for axis, n in enumerate(shape) if axis not in plane)
    side = int(np.clip(isqrt(most_labels() // deep), _SHORTEST, _LONGEST))
    region = []
    for axis, n in enumerate(shape):
        length = min(n, side) if axis in plane else n
        start = int(np.clip(round(centre[axis] - length / 2), 0, n - length))
        region.append((start, start + length))
    return tuple(region)


def read_region(notes: Mapping[str, Any], shape: Sequence[int]) -> Region | None:
    """The area that was noted, if it lies inside an image of this shape."""
    noted = notes.get("region")
    if not isinstance(noted, list | tuple) or len(noted) != len(shape):
        return None
    region = tuple((int(first), int(last)) for first, last in noted)
    inside = all(0 <= a < b <= n for (a, b), n in zip(region, shape, strict=True))
    return region if inside else None
