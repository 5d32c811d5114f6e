"""A box of an array that is too large to work on as a whole, read lazily."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_unet.core.array_view import ArrayView, complete_index


class CroppedArray(ArrayView):
    """What lies inside a box of an array, which is not read before it is wanted.

    Parameters
    ----------
    array : array-like
        Anything with ``shape``, ``dtype`` and basic slicing.
    box : tuple of (int, int)
        First pixel and the one after the last, along the leading axes; the others are whole.
    """

    def __init__(self, array: Any, box: tuple[tuple[int, int], ...]) -> None:
        self._array = array
        whole = [(0, int(n)) for n in array.shape[len(box) :]]
        self._box = (*box, *whole)
        self.shape = tuple(stop - start for start, stop in self._box)
        self.dtype = np.dtype(array.dtype)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read by whole numbers and slices."""
        moved = tuple(
            _moved(one, start, stop - start)
            for one, (start, stop) in zip(complete_index(index, self.ndim), self._box, strict=True)
        )
        return np.asarray(self._array[moved])


def _moved(index: Any, start: int, length: int) -> Any:
    """An index into the box as one into the array."""
    if isinstance(index, slice):
        first, last, step = index.indices(length)
        if step < 0:
            raise IndexError("a cropped array is read forwards")
        return slice(first + start, max(first, last) + start, step)
    place = int(index)
    if not -length <= place < length:
        raise IndexError(f"{place} lies outside {length} elements")
    return place % length + start
