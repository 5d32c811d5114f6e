"""What looks like an array and is read piece by piece: what all of these have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import prod
from typing import Any

import numpy as np


class ArrayView(ABC):
    """Knows its shape and type at once, and its values when they are asked for.

    Attributes
    ----------
    shape : tuple of int
    dtype : numpy.dtype
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of values."""
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of all values when read."""
        return self.size * self.dtype.itemsize

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        del copy
        return np.asarray(self[()], dtype)

    @abstractmethod
    def __getitem__(self, index: Any) -> np.ndarray:
        """Read by whole numbers and slices."""


def complete_index(index: Any, ndim: int) -> list[Any]:
    """One whole number or slice for each axis.

    Parameters
    ----------
    index : int, slice, Ellipsis, or tuple of these
        As between the brackets.
    ndim : int
        Number of axes.

    Raises
    ------
    IndexError
        If there are more than axes.
    """
    given = list(index) if isinstance(index, tuple) else [index]
    for number, one in enumerate(given):
        if one is Ellipsis:
            given[number : number + 1] = [slice(None)] * (ndim - len(given) + 1)
            break
    given += [slice(None)] * (ndim - len(given))
    if len(given) != ndim:
        raise IndexError(f"{len(given)} indices for {ndim} axes")
    return given
