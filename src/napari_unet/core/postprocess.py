"""From class probabilities to a labels array: decide, remove specks, fill holes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from napari_unet.core.annotations import ClassMap


def finish(
    probabilities: np.ndarray,
    classes: ClassMap,
    *,
    threshold: float | None = None,
    smallest_object: int = 0,
    fill_holes: int = 0,
) -> np.ndarray:
    """Turn the class probabilities of one sample into result labels.

    Parameters
    ----------
    probabilities : ndarray of float, shape (K, *spatial)
        They sum to one over the classes.
    classes : ClassMap
        What each class is written as.
    threshold, smallest_object, fill_holes
        As in `decide` and `tidy`.

    Returns
    -------
    ndarray of unsigned int, shape (*spatial)
        0 for background, else the value the class was painted with.
    """
    numbers = decide(probabilities, classes, threshold)
    return classes.to_labels(
        tidy(numbers, classes, smallest_object=smallest_object, fill_holes=fill_holes)
    )


def decide(
    probabilities: np.ndarray, classes: ClassMap, threshold: float | None = None
) -> np.ndarray:
    """Choose one class per pixel.

    Parameters
    ----------
    probabilities : ndarray of float, shape (K, *spatial)
    classes : ClassMap
    threshold : float, optional
        A pixel leaves the background if the probability that it is something else is at least
        this; it then takes the likeliest other class. Without a threshold, or without a
        background class, the likeliest of all classes. Ties go to the lower class.

    Returns
    -------
    ndarray of uint8, shape (*spatial)
        Class numbers.
    """
    background = classes.background_class
    if threshold is None or background is None:
        return _likeliest(probabilities, range(len(classes)))
    others = [k for k in range(len(classes)) if k != background]
    numbers = _likeliest(probabilities, others)
    numbers[1 - probabilities[background] < threshold] = background
    return numbers


def _likeliest(probabilities: np.ndarray, among: range | list[int]) -> np.ndarray:
    """Class of the largest probability; class by class, which beats argmax over a short axis."""
    first, *rest = among
    numbers = np.full(probabilities.shape[1:], first, np.uint8)
    if not rest:
        return numbers
    best = probabilities[first]
    for k in rest:
        better = probabilities[k] > best
        np.copyto(numbers, k, where=better, casting="unsafe")
        if k != rest[-1]:
            best = np.maximum(best, probabilities[k])
    return numbers


def tidy(
    numbers: np.ndarray, classes: ClassMap, *, smallest_object: int = 0, fill_holes: int = 0
) -> np.ndarray:
    """Remove small objects, then fill small holes; both take the class that surrounds them.

    Parameters
    ----------
    numbers : ndarray of uint8, shape (*spatial)
        Class numbers of one sample.
    classes : ClassMap
        Without a background class there are no holes, and objects are regions of any class.
    smallest_object : int
        Objects, connected regions of one class other than background (diagonals connect), of
        fewer pixels than this are removed.
    fill_holes : int
        Holes, regions of background (diagonals do not connect) that do not touch the edge of
        the image, of at most this many pixels are filled.

    Returns
    -------
    ndarray of uint8, shape (*spatial)
    """
    background = classes.background_class
    if smallest_object > 1:
        numbers = _absorb(numbers, _small_objects(numbers, classes, smallest_object), classes)
    if fill_holes > 0 and background is not None:
        numbers = _absorb(numbers, _small_holes(numbers == background, fill_holes), classes)
    return numbers


def _small_objects(numbers: np.ndarray, classes: ClassMap, smallest: int) -> np.ndarray:
    """Connected regions below a size, numbered from 1; shape as `numbers`."""
    everywhere = np.ones((3,) * numbers.ndim, bool)
    regions = np.zeros(numbers.shape, np.int32)
    found = 0
    for k in range(len(classes)):
        if k == classes.background_class:
            continue
        labelled, count = ndimage.label(numbers == k, structure=everywhere)
        small = np.bincount(labelled.ravel(), minlength=count + 1) < smallest
        small[0] = False
        found = _renumber(labelled, small, regions, found)
    return regions


def _small_holes(background: np.ndarray, largest: int) -> np.ndarray:
    """Regions of background up to a size that touch no edge, numbered from 1."""
    labelled, count = ndimage.label(background)
    small = np.bincount(labelled.ravel(), minlength=count + 1) <= largest
    small[0] = False
    for axis in range(background.ndim):
        for side in (0, -1):
            small[np.take(labelled, side, axis)] = False
    regions = np.zeros(background.shape, np.int32)
    _renumber(labelled, small, regions, 0)
    return regions


def _renumber(labelled: np.ndarray, chosen: np.ndarray, into: np.ndarray, found: int) -> int:
    """Write the chosen regions into `into` as ``found + 1`` and up; the last number used."""
    last = found + int(chosen.sum())
    fresh = np.zeros(chosen.size, np.int32)
    fresh[chosen] = np.arange(found + 1, last + 1, dtype=np.int32)
    into += fresh[labelled]
    return last


def _absorb(numbers: np.ndarray, regions: np.ndarray, classes: ClassMap) -> np.ndarray:
    """Give each region the class most of its neighbours outside all regions have.

    A region without such a neighbour becomes background, or stays if there is no background.
    """
    where = np.nonzero(regions)
    if not where[0].size:
        return numbers
    owner = regions[where].astype(np.int64)
    votes = np.zeros((int(owner.max()) + 1) * len(classes), np.int64)
    for axis, length in enumerate(numbers.shape):
        for step in (-1, 1):
            place = where[axis] + step
            valid = (place >= 0) & (place < length)
            beside = tuple((place if a == axis else w)[valid] for a, w in enumerate(where))
            outside = regions[beside] == 0
            voted = numbers[beside][outside]
            ballots = owner[valid][outside] * len(classes) + voted
            votes += np.bincount(ballots, minlength=votes.size)
    table = votes.reshape(-1, len(classes))
    winner = table.argmax(axis=1).astype(np.uint8)[owner]
    alone = (table.sum(axis=1) == 0)[owner]
    background = classes.background_class
    winner[alone] = numbers[where][alone] if background is None else background
    result = numbers.copy()
    result[where] = winner
    return result
