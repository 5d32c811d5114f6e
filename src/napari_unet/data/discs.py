"""Random coloured discs on black with their masks: the images of the historical tutorial."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

TRAINING_DISCS = 1000
VALIDATION_DISCS = 200
SIDE = 128
SMALLEST_RADIUS = 10

_FAINTEST = 32
"""Lowest value of a disc's strongest colour, so that no disc is black on black."""


@dataclass(frozen=True, eq=False)
class Disc:
    """One image and its truth.

    Parameters
    ----------
    image : ndarray of uint8, shape (Y, X, 3)
        One disc of one colour on black.
    truth : ndarray of uint8, shape (Y, X)
        1 on the disc, 0 elsewhere.
    """

    image: np.ndarray
    truth: np.ndarray


def discs(count: int, *, side: int = SIDE, seed: int = 0) -> Iterator[Disc]:
    """Generate images of random discs.

    Parameters
    ----------
    count : int
        How many; the tutorial trains on 1000 and validates on 200.
    side : int, optional
        Rows and columns of each image.
    seed : int, optional
        The same seed gives the same discs; give training and validation different ones.

    Yields
    ------
    Disc
        Each with its centre anywhere, a radius from 10 pixels to a quarter of the side, and a
        random colour.

    Examples
    --------
    >>> disc = next(discs(1))
    >>> disc.image.shape, disc.truth.shape
    ((128, 128, 3), (128, 128))
    """
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield _random_disc(rng, side)


def _random_disc(rng: np.random.Generator, side: int) -> Disc:
    radius = rng.integers(SMALLEST_RADIUS, max(SMALLEST_RADIUS, side // 4), endpoint=True)
    row, column = rng.integers(0, side, 2)
    colour = rng.integers(0, 256, 3)
    colour[rng.integers(3)] = rng.integers(_FAINTEST, 256)
    rows, columns = np.ogrid[:side, :side]
    inside = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    image = np.zeros((side, side, 3), np.uint8)
    image[inside] = colour
    return Disc(image, inside.astype(np.uint8))
