"""Arrays that stay where they are: read by chunk, a few chunks remembered, errors in our words."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from operator import index as as_index
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from napari_unet.core.array_view import ArrayView, complete_index
from napari_unet.core.errors import UnreadableImage

REMEMBERED_BYTES = 64 * 1024**2
"""Decoded chunks are kept up to this size: tiles overlap, and a chunk is decoded whole."""

_CORNER = 4
_MOST_BYTES = 2**30

Interval = tuple[int, int]
"""First pixel, and the one after the last."""


class LazyArray(ArrayView):
    """An array in a file, read by box; as much of numpy's interface as reading needs.

    Parameters
    ----------
    array : array-like
        With ``shape``, ``dtype`` and slicing, for example of zarr, dask or tifffile. If it has
        regular ``chunks``, those that were just decoded are remembered, because neighbouring
        tiles read them again.
    path : Path
        The file, for messages.
    shape : sequence of int, optional
        Show only this much of it, from the start of every axis.
    remembered_bytes : int, optional
        How much to remember; of large chunks at least those around a corner.
    """

    def __init__(
        self,
        array: Any,
        path: Path,
        shape: Sequence[int] | None = None,
        remembered_bytes: int = REMEMBERED_BYTES,
    ) -> None:
        self._array, self._path = array, path
        self.shape = tuple(int(n) for n in (array.shape if shape is None else shape))
        stored = np.dtype(array.dtype)
        self.dtype = np.dtype(np.uint8) if stored.kind == "b" else stored
        self.chunks = _regular(getattr(array, "chunks", None))
        chunk = 0 if self.chunks is None else prod(self.chunks) * self.dtype.itemsize
        self._most = max(remembered_bytes, min(_CORNER * chunk, _MOST_BYTES))
        self._remembered: OrderedDict[tuple[int, ...], np.ndarray] = OrderedDict()
        self._lock = Lock()

    def cropped(self, axis: int, length: int) -> LazyArray:
        """The same array with less of one axis."""
        shape = [*self.shape[:axis], length, *self.shape[axis + 1 :]]
        return LazyArray(self._array, self._path, shape, self._most)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read integers and slices with step 1, as every image is read here.

        Raises
        ------
        UnreadableImage
            If the file is damaged at that place.
        """
        intervals, dropped = _resolved(index, self.shape)
        block = self._read(intervals).astype(self.dtype, copy=False)
        return block.reshape([n for i, n in enumerate(block.shape) if i not in dropped])

    def _read(self, intervals: list[Interval]) -> np.ndarray:
        if self.chunks is None or not all(stop > start for start, stop in intervals):
            return self._decoded(intervals)
        spans = [
            (start // chunk, (stop - 1) // chunk + 1)
            for (start, stop), chunk in zip(intervals, self.chunks, strict=True)
        ]
        touched = prod(stop - start for start, stop in spans) * prod(self.chunks)
        if touched * self.dtype.itemsize > self._most:
            return self._decoded(intervals)
        out = np.empty([stop - start for start, stop in intervals], self.dtype)
        for number in product(*(range(*span) for span in spans)):
            origin = [i * n for i, n in zip(number, self.chunks, strict=True)]
            chunk = self._chunk(number, origin)
            here, there = zip(*_shared(intervals, origin, chunk.shape), strict=True)
            out[tuple(there)] = chunk[tuple(here)]
        return out

    def _chunk(self, number: tuple[int, ...], origin: list[int]) -> np.ndarray:
        with self._lock:
            known = self._remembered.get(number)
            if known is not None:
                self._remembered.move_to_end(number)
                return known
        assert self.chunks is not None
        ends = (min(a + n, m) for a, n, m in zip(origin, self.chunks, self.shape, strict=True))
        chunk = self._decoded(list(zip(origin, ends, strict=True)))
        with self._lock:
            self._remembered[number] = chunk
            held = sum(c.nbytes for c in self._remembered.values())
            while held > self._most:
                held -= self._remembered.popitem(last=False)[1].nbytes
        return chunk

    def _decoded(self, intervals: list[Interval]) -> np.ndarray:
        where = tuple(slice(start, stop) for start, stop in intervals)
        try:
            return np.asarray(self._array[where])
        # Decoders fail in many ways on damaged data: all of them mean the same to a user.
        except Exception as err:
            raise UnreadableImage(
                f"A part of {self._path} cannot be read ({err}). "
                "Copy it again from where it came from."
            ) from err


def _regular(chunks: Any) -> tuple[int, ...] | None:
    """Size of a chunk, from zarr's or dask's way to say it; None if there is no one size."""
    if not chunks:
        return None
    each = [(n,) if isinstance(n, int) else tuple(n) for n in chunks]
    if any(len(set(lengths[:-1])) > 1 or lengths[-1] > lengths[0] for lengths in each):
        return None
    return tuple(int(lengths[0]) for lengths in each)


def _resolved(index: Any, shape: tuple[int, ...]) -> tuple[list[Interval], set[int]]:
    """First and last pixel along every axis, and which axes an integer takes away."""
    given = complete_index(index, len(shape))
    intervals, dropped = [], set()
    for axis, (one, length) in enumerate(zip(given, shape, strict=True)):
        if isinstance(one, slice):
            start, stop, step = one.indices(length)
            if step != 1:
                raise IndexError("slices of an array in a file have step 1")
            intervals.append((start, max(start, stop)))
            continue
        start = as_index(one)
        if not -length <= start < length:
            raise IndexError(f"index {start} is outside an axis of length {length}")
        intervals.append((start % length, start % length + 1))
        dropped.add(axis)
    return intervals, dropped


def _shared(
    intervals: list[Interval], origin: Sequence[int], size: Sequence[int]
) -> Iterator[tuple[slice, slice]]:
    """Along each axis what a chunk and a box share: counted in the chunk, and in the box."""
    for (start, stop), first, length in zip(intervals, origin, size, strict=True):
        low, high = max(start, first), min(stop, first + length)
        yield slice(low - first, high - first), slice(low - start, high - start)
