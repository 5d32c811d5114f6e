"""Where paint would help most: places where the answer is in doubt, away from fresh paint.

Uncertainty sampling (Lewis and Gale 1994, arXiv:cmp-lg/9407020) with places instead of pixels:
doubt is gathered over as much as a brush covers, places are apart from each other and from paint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np
from scipy import ndimage as ndi

from napari_unet.core.annotations import UNPAINTED, Annotation, ClassMap
from napari_unet.core.source import Box

_CELLS = 300_000
"""Working size: an answer is averaged down to at most so many cells before it is ranked."""

_SIDE = 96
"""Side, in pixels, of the box that is shown around a place."""

_FLOOR = 0.1
"""Places with less doubt than this share of the best one's are not worth going to."""

_EDGE = 12
"""Nearer to the edge of the image, in pixels, a place counts less: half of what the network sees
there is a mirror image, and half of what the user sees is empty."""

_CHANGED = 0.25
"""From this mean change of probabilities on, a place is said to have changed its mind."""


@dataclass(frozen=True)
class Ranking:
    """How places are ranked.

    What is best was measured (``python -m benchmarks.next_place --rankings``): doubt on few
    pixels beats doubt over wide regions, and disagreement is of use between equals only.

    Parameters
    ----------
    measure : {"entropy", "margin", "error"}
        Doubt of a pixel: entropy of its probabilities; how little the likeliest class is ahead
        of the second; how likely it is that the likeliest is wrong. Each from 0 to 1.
    spread : float
        Doubt is gathered over a Gaussian of this standard deviation, in pixels.
    disagreement : float
        Weight of the change since the answer before.
    balance : float
        From 0, all classes alike, to 1: doubt weighs inversely to how much of the class in
        question is painted.
    clear : float
        No place is nearer to paint, in pixels; up to twice as far the weight grows to one.
    apart : float
        Least distance between two places, in pixels.
    """

    measure: Literal["entropy", "margin", "error"] = "entropy"
    spread: float = 2.0
    disagreement: float = 0.05
    balance: float = 0.0
    clear: float = 12.0
    apart: float = 64.0


@dataclass(frozen=True, eq=False)
class Outlook:
    """What the answer was in one box, at working size.

    Parameters
    ----------
    sample : int
        Canonical sample number.
    box : tuple of slice
        Spatial box inside the image.
    step : int
        Pixels of the image to a cell, along each axis.
    chances : ndarray of float32, shape (K, *cells)
        Mean class probabilities of each cell.
    """

    sample: int
    box: Box
    step: int
    chances: np.ndarray

    def alike(self, other: Outlook | None) -> bool:
        """True if both are about the same pixels and classes, so that they can be compared."""
        return (
            other is not None
            and (self.sample, self.box) == (other.sample, other.box)
            and self.chances.shape == other.chances.shape
        )


@dataclass(frozen=True)
class Place:
    """A place to paint next.

    Parameters
    ----------
    sample : int
        Canonical sample number.
    centre : tuple of int
        Pixel along each spatial axis.
    box : tuple of slice
        What to look at, inside the image.
    reason : str
        Why there, in a sentence.
    doubt : float
        What it was ranked by.
    """

    sample: int
    centre: tuple[int, ...]
    box: Box
    reason: str
    doubt: float


def outlook_of(sample: int, box: Box, probabilities: np.ndarray) -> Outlook:
    """Bring an answer to working size.

    Parameters
    ----------
    sample : int
    box : tuple of slice
        Where it is an answer for.
    probabilities : ndarray of float, shape (K, *box)
    """
    shape = probabilities.shape[1:]
    step = max(1, int(np.ceil((prod(shape) / _CELLS) ** (1 / len(shape)))))
    chances = np.stack([_averaged(plane, step) for plane in probabilities])
    return Outlook(sample, box, step, chances.astype(np.float32))


def next_places(
    outlooks: Sequence[Outlook],
    annotation: Annotation,
    classes: ClassMap,
    *,
    before: Sequence[Outlook] = (),
    ranking: Ranking | None = None,
    most: int = 12,
) -> list[Place]:
    """Rank where one more stroke would help most.

    Parameters
    ----------
    outlooks : sequence of Outlook
        The answer now, in boxes of one image.
    annotation : Annotation
        The paint on that image.
    classes : ClassMap
        Names the classes of the probabilities.
    before : sequence of Outlook, optional
        An earlier answer; boxes that are not in it have no disagreement.
    ranking : Ranking, optional
    most : int, optional
        How many places at most.

    Returns
    -------
    list of Place
        The best first, all `Ranking.apart` from each other; empty where nothing is in doubt.
    """
    ranking = ranking or Ranking()
    found: list[Place] = []
    for outlook in outlooks:
        old = next((o for o in before if outlook.alike(o)), None)
        change = None if old is None else _change(outlook.chances, old.chances)
        weight = _weights(annotation, len(classes), ranking.balance)
        worth = doubt_of(outlook.chances, ranking.measure)
        worth *= np.tensordot(weight, outlook.chances, 1)
        if change is not None:
            worth += ranking.disagreement * change
        worth = ndi.gaussian_filter(worth, ranking.spread / outlook.step)
        worth *= _clearance(outlook, annotation, ranking.clear)
        found += [
            Place(
                outlook.sample,
                tuple(s.start + outlook.step * i for s, i in zip(outlook.box, cell, strict=True)),
                _box_around(outlook, cell, annotation.spatial_shape),
                _reason(outlook, cell, classes, change),
                float(worth[cell]),
            )
            for cell in _peaks(worth, ranking.apart / outlook.step, most)
        ]
    found.sort(key=lambda place: -place.doubt)
    return [place for place in found if place.doubt >= _FLOOR * found[0].doubt][:most]


def doubt_of(chances: np.ndarray, measure: str = "entropy") -> np.ndarray:
    """How much in doubt an answer is, between 0 and 1.

    Parameters
    ----------
    chances : ndarray of float, shape (K, *cells)
    measure : {"entropy", "margin", "error"}
        As in `Ranking`.

    Returns
    -------
    ndarray of float32, shape (*cells)
    """
    count = len(chances)
    if count < 2:
        return np.zeros(chances.shape[1:], np.float32)
    if measure == "entropy":
        logs = np.log(np.maximum(chances, 1e-7))
        return np.asarray(-(chances * logs).sum(0) / np.log(count), np.float32).clip(0, 1)
    ordered = np.partition(chances, count - 2, axis=0)
    if measure == "margin":
        return np.asarray(1 - (ordered[-1] - ordered[-2]), np.float32).clip(0, 1)
    return np.asarray((1 - ordered[-1]) * count / (count - 1), np.float32).clip(0, 1)


def _averaged(plane: np.ndarray, step: int) -> np.ndarray:
    """Means of cells; those at the far ends may be of fewer pixels."""
    total = plane
    for axis, length in enumerate(plane.shape):
        edges = np.arange(0, length, step)
        sizes = np.diff([*edges, length])
        shape = [-1 if a == axis else 1 for a in range(plane.ndim)]
        total = np.add.reduceat(total, edges, axis=axis) / sizes.reshape(shape)
    return total


def _change(now: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Total variation between two answers, from 0 to 1."""
    return np.asarray(np.abs(now - before).sum(0) / 2, np.float32)


def _weights(annotation: Annotation, classes: int, balance: float) -> np.ndarray:
    """Weight of each class, at most one."""
    painted = np.array(annotation.painted_pixels(classes), np.float32) + 1
    return np.asarray((painted.min() / painted) ** balance, np.float32)


def _clearance(outlook: Outlook, annotation: Annotation, clear: float) -> np.ndarray:
    """0 near paint, 1 away from it, for each cell; little at the very edge of the image."""
    painted = annotation.read(outlook.sample, outlook.box) != UNPAINTED
    cells = _averaged(painted.astype(np.float32), outlook.step) > 0
    weight = np.ones(cells.shape, np.float32)
    if cells.any():
        distance = outlook.step * ndi.distance_transform_edt(~cells)
        weight = np.clip(distance / clear - 1, 0, 1).astype(np.float32)
    for axis, (side, n) in enumerate(zip(outlook.box, annotation.spatial_shape, strict=True)):
        pixel = np.arange(side.start, side.stop, outlook.step) + outlook.step / 2
        inside = np.minimum(pixel, n - pixel) / min(_EDGE, n / 4)
        shape = [-1 if a == axis else 1 for a in range(cells.ndim)]
        weight *= np.clip(inside, 0.05, 1).astype(np.float32).reshape(shape)
    return weight


def _peaks(worth: np.ndarray, apart: float, most: int) -> list[tuple[int, ...]]:
    """The cells worth most, each away from the ones before."""
    left = worth.copy()
    grid = np.ogrid[tuple(slice(0, n) for n in worth.shape)]
    cells: list[tuple[int, ...]] = []
    while len(cells) < most:
        cell = tuple(int(i) for i in np.unravel_index(left.argmax(), left.shape))
        if left[cell] <= 0:
            break
        cells.append(cell)
        left[sum((g - i) ** 2 for g, i in zip(grid, cell, strict=True)) < apart**2] = 0
    return cells


def _box_around(outlook: Outlook, cell: tuple[int, ...], shape: tuple[int, ...]) -> Box:
    """The box that is shown for a place, moved inside the image."""
    box = []
    for side, i, length in zip(outlook.box, cell, shape, strict=True):
        size = min(_SIDE, length)
        start = side.start + outlook.step * i - size // 2
        start = min(max(start, 0), length - size)
        box.append(slice(start, start + size))
    return tuple(box)


def _reason(
    outlook: Outlook, cell: tuple[int, ...], classes: ClassMap, change: np.ndarray | None
) -> str:
    """Why a place was chosen, in a sentence."""
    reach = max(1, round(_SIDE / 8 / outlook.step))
    near = tuple(slice(max(0, i - reach), i + reach + 1) for i in cell)
    mean = outlook.chances[(slice(None), *near)].reshape(len(outlook.chances), -1).mean(1)
    order = np.argsort(-mean)
    first, second = (classes.names[int(k)] for k in order[:2])
    if change is not None and float(change[near].mean()) > _CHANGED:
        return f"Your last paint changed the answer here: {first} or {second}?"
    return f"Unsure here: {first} or {second}?"
