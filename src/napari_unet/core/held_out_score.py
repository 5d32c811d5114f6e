"""What may be said of a model from a few strokes it has not learned from, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

TOO_LITTLE = "too little held-out paint to say"

_FEWEST_STROKES = 3
"""Fewer held-out strokes say nothing: one lucky place would be a score."""

_DRAWS = 400
_MOST_BUNDLES = 200
"""More strokes of a class are drawn in bundles, so that full masks cost no more."""

_COVERED = (2.5, 97.5)
"""Percentiles between which 95 of 100 draws lie."""

_FINEST = 0.005
"""A deviation is shown with two digits and never as 0.00."""


class Interval(NamedTuple):
    """Where a score lies in 95 of 100 draws of the strokes, 0 to 1."""

    low: float
    high: float

    @property
    def deviation(self) -> float:
        """Half its width."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Sureness:
    """How surely a held-out score is known.

    Parameters
    ----------
    strokes : tuple of int
        Held-out strokes of each class.
    interval : Interval or None
        Of the mean over classes; None if a class has less than two strokes, which say nothing
        of how much strokes differ.
    classes : tuple of Interval or None
        Of each class; None likewise.
    """

    strokes: tuple[int, ...]
    interval: Interval | None = None
    classes: tuple[Interval | None, ...] = ()

    @property
    def enough(self) -> bool:
        """True if there is enough held-out paint to name a score at all."""
        return sum(self.strokes) >= _FEWEST_STROKES and all(self.strokes)


def balanced_iou(confusion: np.ndarray) -> np.ndarray:
    """IoU of each class, every class having the same weight however much of it is painted.

    Parameters
    ----------
    confusion : ndarray, shape (..., K, K)
        Pixels by true class (row) and predicted class (column).

    Returns
    -------
    ndarray of float64, shape (..., K)
        0 for a class without true pixels that is never predicted.

    Examples
    --------
    >>> balanced_iou(np.array([[3, 1], [0, 8]])).tolist()
    [0.75, 0.8]
    """
    pixels = confusion.sum(axis=-1)
    share = confusion / np.maximum(pixels, 1e-12)[..., np.newaxis]
    hit = np.diagonal(share, axis1=-2, axis2=-1)
    union: np.ndarray = share.sum(axis=-2) + (pixels > 0) - hit
    return np.asarray(hit / np.maximum(union, 1e-12))


def sureness_of(answers: np.ndarray, truth: np.ndarray, scored: np.ndarray) -> Sureness:
    """How far a score could lie off, from how much the strokes differ.

    Strokes, not pixels, are drawn again with replacement, class by class (the bootstrap of
    Efron 1979, doi:10.1214/aos/1176344552; in clusters, for pixels of a stroke are alike).
    Draws of n strokes vary too little by (n - 1) / n, which is made up for. The seed is fixed.

    Parameters
    ----------
    answers : ndarray of int, shape (strokes, K)
        How many pixels of each stroke were predicted to be each class.
    truth : ndarray of int, shape (strokes,)
        The class each stroke was painted as.
    scored : ndarray of bool, shape (K,)
        The classes that have enough pixels to be scored; others do not count.
    """
    count = answers.shape[1]
    strokes = tuple(int((truth == k).sum()) if scored[k] else 0 for k in range(count))
    rng = np.random.default_rng(0)
    confusions = np.zeros((_DRAWS, count, count))
    for number in np.flatnonzero(scored):
        confusions[:, number] = _draws(answers[truth == number], rng)
    several = np.array(strokes) > 1
    drawn = balanced_iou(confusions)
    low, high = np.percentile(drawn, _COVERED, axis=0)
    classes = tuple(
        Interval(float(low[k]), float(high[k])) if several[k] else None for k in range(count)
    )
    if not several.all():
        return Sureness(strokes, None, classes)
    ends = np.percentile(drawn.mean(axis=1), _COVERED)
    return Sureness(strokes, Interval(float(ends[0]), float(ends[1])), classes)


def score_in_words(score: float | None, interval: Interval | None = None, digits: int = 2) -> str:
    """A score with its deviation, for example ``"0.87 ± 0.04"``, or why there is none."""
    if score is None:
        return TOO_LITTLE
    if interval is None:
        return f"{score:.{digits}f}"
    return f"{score:.{digits}f} ± {max(interval.deviation, _FINEST * 1.001):.2f}"


def classes_in_words(
    names: Sequence[str], scores: Sequence[float | None], sureness: Sureness | None
) -> str:
    """The score of each class by its name, for example ``"Cell 0.84 ± 0.05, Sky none"``."""
    said = []
    for number, score in enumerate(scores):
        name = names[number] if number < len(names) else f"class {number + 1}"
        known = sureness.classes if sureness is not None else ()
        interval = known[number] if number < len(known) else None
        said.append(f"{name} {'none' if score is None else score_in_words(score, interval)}")
    return ", ".join(said)


def _draws(answers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Summed answers of `_DRAWS` draws of the strokes of one class, shape (draws, K)."""
    bundles = np.zeros((min(len(answers), _MOST_BUNDLES), answers.shape[1]))
    np.add.at(bundles, np.arange(len(answers)) % max(len(bundles), 1), answers)
    n, total = len(bundles), bundles.sum(axis=0)
    if n < 2:
        return np.broadcast_to(total, (_DRAWS, len(total)))
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=_DRAWS) @ bundles
    return np.asarray(np.maximum(total + (drawn - total) * np.sqrt(n / (n - 1)), 0))
