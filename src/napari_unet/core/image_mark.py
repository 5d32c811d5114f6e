"""What tells one image from another by its content, whatever its axes are taken for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np

_ALL_BYTES = 2**22
"""Arrays up to this size are read whole."""

_BLOCKS = 24
_SIDE = 64
"""Of larger ones, this many blocks of this many pixels a side."""


def image_mark(array: Any) -> str:
    """Shape, type and a bounded sample of an array as 32 hexadecimal digits.

    Parameters
    ----------
    array : array-like
        Anything with ``shape``, ``dtype`` and basic slicing; at most a few hundred kilobytes of
        a large one are read.
    """
    shape = tuple(int(n) for n in array.shape)
    dtype = np.dtype(array.dtype)
    digest = hashlib.blake2b(f"{shape} {dtype.str}".encode(), digest_size=16)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    boxes = iter([(slice(None),) * len(shape)]) if size <= _ALL_BYTES else _sample(shape)
    for box in boxes:
        digest.update(np.ascontiguousarray(array[box]).tobytes())
    return digest.hexdigest()


def _sample(shape: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Boxes spread evenly over an array, the same ones every time.

    Their places follow an additive recurrence with the square roots of primes, which fills
    a cube evenly (Niederreiter 1992, Random Number Generation, section 3.1).
    """
    largest = sorted(range(len(shape)), key=lambda axis: shape[axis])[-2:]
    sides = [min(n, _SIDE) if axis in largest else 1 for axis, n in enumerate(shape)]
    steps = np.sqrt([2, 3, 5, 7, 11, 13, 17, 19])[: len(shape)] % 1
    for number in range(_BLOCKS):
        place = (0.5 + number * steps) % 1
        yield tuple(
            slice(start := int(part * (n - side + 1)), start + side)
            for part, n, side in zip(place, shape, sides, strict=True)
        )
