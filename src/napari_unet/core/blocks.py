"""A result too large for memory: cut into blocks, each computed, written and remembered once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Protocol

import numpy as np

from napari_unet.core.source import Box

_SIDES = {2: (1024, 1024), 3: (32, 256, 256)}
"""Blocks are chunks of the result: large enough that files are few, small enough for a viewer."""


def block_sides(shape: Sequence[int], side: int | None = None) -> tuple[int, ...]:
    """Size of a block of an image of this spatial shape; `side` if given, never larger than it."""
    usual = _SIDES[len(shape)] if side is None else (side,) * len(shape)
    return tuple(min(n, s) for n, s in zip(shape, usual, strict=True))


@dataclass(frozen=True)
class BlockGrid:
    """Equal blocks that partition every sample of an image, numbered from 0, last axis fastest.

    Parameters
    ----------
    samples : int
    shape : tuple of int
        Spatial size of a sample.
    sides : tuple of int
        Size of a block; those at the far edges are cut off.
    """

    samples: int
    shape: tuple[int, ...]
    sides: tuple[int, ...]

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """How many blocks a sample has along each axis."""
        return tuple(-(-n // s) for n, s in zip(self.shape, self.sides, strict=True))

    @cached_property
    def per_sample(self) -> int:
        """How many blocks a sample has."""
        return prod(self.counts)

    def __len__(self) -> int:
        return self.samples * self.per_sample

    def place(self, number: int) -> tuple[int, Box]:
        """Sample number and spatial box of a block."""
        sample, rest = divmod(number, self.per_sample)
        index = np.unravel_index(rest, self.counts)
        return sample, tuple(
            slice(int(i) * s, min((int(i) + 1) * s, n))
            for i, s, n in zip(index, self.sides, self.shape, strict=True)
        )

    def touched(self, sample: int, box: Box) -> list[int]:
        """Numbers of the blocks that share pixels with a box."""
        spans = (range(b.start // s, -(-b.stop // s)) for b, s in zip(box, self.sides, strict=True))
        first = sample * self.per_sample
        return [first + int(np.ravel_multi_index(i, self.counts)) for i in product(*spans)]


@dataclass(frozen=True)
class Setup:
    """How a result was begun to be computed, so that it is continued to the last bit alike.

    Parameters
    ----------
    sides : tuple of int
        Largest size of a tile.
    batch : int
        How many tiles are computed together.
    precision : str
        Number format.
    channels_last : bool
        Memory layout.
    """

    sides: tuple[int, ...]
    batch: int
    precision: str
    channels_last: bool


class BlockStore(Protocol):
    """Where blocks of labels go: stages of one result, each an array, and what is done of them."""

    def grid(self, stage: str) -> BlockGrid:
        """The blocks of a stage."""

    def resume(self, recipe: Mapping[str, str]) -> Setup | None:
        """How the unfinished result that is there was begun; None if there is none.

        Raises
        ------
        OtherResult
            If it was begun from something else.
        OutputExists
            If something else stands there.
        """

    def begin(self, recipe: Mapping[str, str], setup: Setup) -> None:
        """Make room for a new result."""

    def done(self, stage: str) -> Mapping[int, Sequence[int]]:
        """Numbers of the blocks that are written, and how many pixels of each class they have."""

    def write(self, stage: str, number: int, labels: np.ndarray, pixels: Sequence[int]) -> None:
        """Write one block, then remember that it is done."""

    def read(self, stage: str, sample: int, box: Box) -> np.ndarray:
        """Labels of a stage inside a box, shape ``(*box)``."""

    def finish(self) -> None:
        """Do what is left to do when all blocks are written."""
