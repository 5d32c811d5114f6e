"""Paint changed over a whole area at once, each time as one step that Ctrl+Z takes back."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from napari_unet.core.source import Box
from napari_unet.gui.place import level_zero

_MOST_PIXELS = 4_194_304
"""An undo step holds the place of every pixel: 16 bytes each. 2048 x 2048."""

_UNDO = "Ctrl+Z on the layer takes it back."


def fill_unpainted(paint: Any, box: Box, value: int, name: str) -> str:
    """Paint every unpainted pixel inside a box, in one undo step.

    Parameters
    ----------
    paint : napari labels layer
    box : tuple of slice
        In the axes of the layer's data, with start and stop.
    value : int
        What to paint with.
    name : str
        What that is called.

    Returns
    -------
    str
        One sentence for the user.
    """
    if prod(max(0, part.stop - part.start) for part in box) > _MOST_PIXELS:
        return "That is more than 2048 x 2048 pixels at once. Zoom in, or draw a smaller box."
    inside = np.asarray(level_zero(paint)[box]) == 0
    where = tuple(places + part.start for places, part in zip(np.nonzero(inside), box, strict=True))
    count = len(where[0])
    if not count:
        return "Every pixel there is painted already. Move to another place, or erase some paint."
    paint.data_setitem(where, value)
    return f"{count:,} unpainted pixels became {name}. {_UNDO}"


def move_paint(paint: Any, shift: tuple[int, int]) -> str:
    """Move all paint of a layer, in one undo step; what leaves the image is lost until undone.

    Parameters
    ----------
    paint : napari labels layer
        Its last two axes are rows and columns.
    shift : tuple of int
        Rows down and columns to the right.

    Returns
    -------
    str
        One sentence for the user.
    """
    before = np.asarray(level_zero(paint))
    after = np.zeros_like(before)
    to, since = zip(*(_parts(by, n) for by, n in zip(shift, before.shape[-2:], strict=True)))
    after[(..., *to)] = before[(..., *since)]
    where = np.nonzero(before != after)
    if len(where[0]) > _MOST_PIXELS:
        return "There is too much paint to move in one step. Move it where it was made."
    paint.data_setitem(where, after[where])
    return f"The paint was moved by {shift[0]} rows and {shift[1]} columns. {_UNDO}"


def _parts(by: int, length: int) -> tuple[slice, slice]:
    """Where pixels go along one axis, and where they come from."""
    return (
        slice(max(by, 0), max(length + min(by, 0), 0)),
        slice(max(-by, 0), max(length - max(by, 0), 0)),
    )
