"""Labels in OME-Zarr as a viewer shows them: all levels, piece by piece, in any order of axes."""

from __future__ import annotations

from operator import index as as_index
from pathlib import Path
from typing import Any

import numpy as np

from napari_unet.core.array_view import ArrayView, complete_index
from napari_unet.data.canvas import Canvas
from napari_unet.data.ome_zarr import zarr_package


class LabelLevel(ArrayView):
    """One level of labels, in the axes of its image instead of those the format asks for.

    Nothing that was read is remembered, so that it can be looked at while it fills.

    Parameters
    ----------
    array : zarr array
    stored : str
        Its axes, one letter each.
    axes : str
        The wanted ones: the same letters in another order, and C for an axis of length one.
    """

    def __init__(self, array: Any, stored: str, axes: str) -> None:
        self._array, self._stored, self._axes = array, stored, axes
        size = dict(zip(stored, array.shape, strict=True))
        self.shape = tuple(int(size.get(a, 1)) for a in axes)
        self.dtype = np.dtype(array.dtype)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read by whole numbers and slices."""
        wanted = {
            letter: one if isinstance(one, slice) else as_index(one)
            for letter, one in zip(self._axes, complete_index(index, self.ndim), strict=True)
        }
        block = np.asarray(self._array[tuple(_plain(wanted[a]) for a in self._stored)])
        kept = [a for a in self._stored if isinstance(wanted[a], slice)]
        channel = wanted.get("C")
        if isinstance(channel, slice):
            block, kept = block[..., np.newaxis][..., channel], [*kept, "C"]
        order = [kept.index(a) for a in self._axes if a in kept]
        return block.transpose(order)


def _plain(one: slice | int) -> slice | int:
    """A slice in Python's own numbers: zarr does not take those of numpy."""
    if not isinstance(one, slice):
        return one
    return slice(*(None if n is None else int(n) for n in (one.start, one.stop, one.step)))


def label_levels(path: Path, canvas: Canvas, axes: str) -> list[LabelLevel]:
    """Open every level of labels that were written for an image, finest first.

    Parameters
    ----------
    path : Path
        As for `napari_unet.data.label_store.LabelStore`.
    canvas : Canvas
    axes : str
        The wanted axes; see `LabelLevel`.

    Raises
    ------
    MissingPackage
        If zarr is not installed.
    """
    group = zarr_package(f"Reading {path}").open_group(str(path), mode="r")
    names = sorted((name for name in group.array_keys() if name.isdigit()), key=int)
    return [LabelLevel(group[name], canvas.letters, axes) for name in names]
