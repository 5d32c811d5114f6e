"""Which parts of an image to ask for an answer, when not all of it can be afforded."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
from scipy.spatial import cKDTree

from napari_unet.core.annotations import Annotation
from napari_unet.core.source import Box

Part = tuple[int, Box]
"""Sample and spatial box."""

_WHOLE = 1_500_000
"""A sample of at most so many pixels is one part."""

_NEAR = {2: 512, 3: 96}
"""Least side of the part on screen, where a sample is larger."""

_FAR = {2: 256, 3: 64}
"""Side of the parts elsewhere."""

_MOST_PARTS = 4096
"""Parts of an image that are thought of; of more, evenly spread ones."""


def where_to_look(
    annotation: Annotation, samples: int, sample: int, view: Box, elsewhere: int = 2
) -> list[Part]:
    """Choose what to look at: what is on screen with its surroundings, and far from all paint.

    Parameters
    ----------
    annotation : Annotation
        The paint on the image.
    samples : int
        How many samples the image has.
    sample : int
        Canonical number of the sample on screen.
    view : tuple of slice
        Spatial box on screen.
    elsewhere : int, optional
        How many parts that are not on screen.

    Returns
    -------
    list of (int, box)
        Of a small sample the whole; so the cost does not grow with the image.
    """
    shape = annotation.spatial_shape
    if prod(shape) <= _WHOLE:
        here: Box = tuple(slice(0, n) for n in shape)
        sides = shape
    else:
        here = _around(view, shape, _NEAR[len(shape)])
        sides = tuple(min(n, _FAR[len(shape)]) for n in shape)
    parts = _parts(samples, shape, sides)
    centres = np.array([_centre(part, sides) for part in parts])
    taken = [(box.sample, box.box) for box in annotation.boxes] + [(sample, here)]
    corners = np.array([_centre(part, sides) for part in taken])
    distance, _ = cKDTree(corners).query(centres, p=np.inf)
    found = [(sample, here)]
    for _ in range(elsewhere):
        best = int(distance.argmax())
        if distance[best] < 1:
            break
        found.append(parts[best])
        distance = np.minimum(distance, np.abs(centres - centres[best]).max(1))
    return found


def _parts(samples: int, shape: tuple[int, ...], sides: tuple[int, ...]) -> list[Part]:
    """The image cut into parts, or evenly spread ones of them."""
    counts = (samples, *(-(-n // side) for n, side in zip(shape, sides, strict=True)))
    stride = max(1, int(np.ceil((prod(counts) / _MOST_PARTS) ** (1 / len(counts)))))
    ranges = [range((n - 1) % stride // 2, n, stride) for n in counts]
    return [
        (
            number,
            tuple(
                slice(min(i * side, n - side), min(i * side, n - side) + side)
                for i, side, n in zip(cell, sides, shape, strict=True)
            ),
        )
        for number, *cell in product(*ranges)
    ]


def _centre(part: Part, sides: tuple[int, ...]) -> tuple[float, ...]:
    """The middle of a part, counted in parts."""
    sample, box = part
    middle = [(s.start + s.stop) / 2 / side for s, side in zip(box, sides, strict=True)]
    return (float(sample), *middle)


def _around(view: Box, shape: tuple[int, ...], least: int) -> Box:
    """The view; where it is small, a larger box that stays the same while it moves a little."""
    box = []
    for seen, length in zip(view, shape, strict=True):
        size = min(2 * least, length)
        if least <= seen.stop - seen.start <= size:
            box.append(seen)
            continue
        size = min(least, length)
        middle = (seen.start + seen.stop) // 2
        start = min(max(round((middle - size / 2) / (least / 2)) * least // 2, 0), length - size)
        box.append(slice(start, start + size))
    return tuple(box)
