"""Channels from several places as one array that is read piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import index as as_index
from typing import Any

import numpy as np

from napari_unet.core.array_view import ArrayView, complete_index


@dataclass(frozen=True, eq=False)
class Plane:
    """One channel of a stack.

    Parameters
    ----------
    array : array-like or None
        Where it is; None for a channel that is missing, which reads as not-a-number.
    axis : int or None, optional
        The axis of `array` along which there are channels; None if all of it is one channel.
    place : int, optional
        Which channel along that axis.
    """

    array: Any
    axis: int | None = None
    place: int = 0


class ChannelStack(ArrayView):
    """Channels of one size, wherever they are, as one array; read only when asked for.

    Parameters
    ----------
    planes : sequence of Plane
        At least one of them not missing. Without their channel axis all have the same shape.
    axis : int
        Where the channel axis of the stack is.
    """

    def __init__(self, planes: Sequence[Plane], axis: int) -> None:
        self._planes, self._axis = tuple(planes), axis
        known = [plane for plane in planes if plane.array is not None]
        shape = [int(n) for n in known[0].array.shape]
        if known[0].axis is not None:
            del shape[known[0].axis]
        self.shape = (*shape[:axis], len(self._planes), *shape[axis:])
        kinds = [np.dtype(plane.array.dtype) for plane in known]
        if len(known) < len(self._planes):
            kinds.append(np.dtype(np.float32))  # only these can say that there is nothing
        self.dtype = np.result_type(*kinds)

    def __getitem__(self, index: Any) -> np.ndarray:
        """Read integers and slices, as every image is read here."""
        where = complete_index(index, self.ndim)
        channel, rest = where.pop(self._axis), where
        if not isinstance(channel, slice):
            [(plane, _)] = _runs([self._planes[as_index(channel)]])
            return self._read(plane, 1, rest)[0]
        chosen = self._planes[channel]
        before = sum(isinstance(one, slice) for one in rest[: self._axis])
        parts = [self._read(plane, count, rest) for plane, count in _runs(chosen)]
        parts = parts or [self._read(Plane(None), 0, rest)]
        return np.moveaxis(np.concatenate(parts), 0, before)

    def _read(self, plane: Plane, count: int, rest: Sequence[Any]) -> np.ndarray:
        """So many channels from one place, channels first."""
        if plane.array is None:
            shape = (*self.shape[: self._axis], *self.shape[self._axis + 1 :])
            size = [
                len(range(*one.indices(n)))
                for one, n in zip(rest, shape, strict=True)
                if isinstance(one, slice)
            ]
            return np.full((count, *size), np.nan, self.dtype)
        if plane.axis is None:
            return np.asarray(plane.array[tuple(rest)])[np.newaxis].astype(self.dtype, copy=False)
        here = slice(plane.place, plane.place + count)
        block = np.asarray(plane.array[(*rest[: plane.axis], here, *rest[plane.axis :])])
        place = sum(isinstance(one, slice) for one in rest[: plane.axis])
        return np.moveaxis(block, place, 0).astype(self.dtype, copy=False)


def _runs(planes: Sequence[Plane]) -> Iterator[tuple[Plane, int]]:
    """Channels that lie next to one another, to be read together."""
    first, count = None, 0
    for plane in planes:
        follows = (
            first is not None
            and plane.axis is not None
            and plane.array is first.array
            and plane.axis == first.axis
            and plane.place == first.place + count
        )
        if first is not None and not follows:
            yield first, count
        first, count = (first, count + 1) if follows else (plane, 1)
    if first is not None:
        yield first, count
