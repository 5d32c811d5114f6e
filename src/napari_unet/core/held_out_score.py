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
"""More strokes of a class are weighted in bundles, so that full masks cost no more."""

_UNSEEN = 0.5
"""So many strokes nobody has seen stand beside those of each class."""

_COVERED = (2.5, 97.5)
"""Percentiles between which 95 of 100 draws lie."""

_FINEST = 0.005
"""A deviation is shown with two digits and never as 0.00."""


class Interval(NamedTuple):
    """Where a score lies in 95 of 100 weightings of the strokes, 0 to 1."""

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
        Of the mean over classes; None if a class has no stroke.
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

    Strokes, not pixels, are weighted anew at random, class by class (the Bayesian bootstrap of
    Rubin 1981, doi:10.1214/aos/1176345338), for pixels of a stroke are alike. Beside them
    stands half a stroke nobody has seen, of which any share may be right (as in Ferguson 1973,
    doi:10.1214/aos/1176342360): a few perfect strokes are no proof. The seed is fixed.

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
    known, drawn = np.zeros((count, count)), np.zeros((_DRAWS, count, count))
    for number in np.flatnonzero(scored):
        of_class = answers[truth == number]
        known[number], drawn[:, number] = of_class.sum(axis=0), _draws(of_class, int(number), rng)
    scores, draws = balanced_iou(known), balanced_iou(drawn)
    classes = tuple(_interval(scores[k], draws[:, k]) if strokes[k] else None for k in range(count))
    if not all(strokes):
        return Sureness(strokes, None, classes)
    return Sureness(strokes, _interval(scores.mean(), draws.mean(axis=1)), classes)


def score_in_words(score: float | None, interval: Interval | None = None) -> str:
    """A score with its deviation, for example ``"0.87 ± 0.04"``, or why there is none."""
    if score is None:
        return TOO_LITTLE
    if interval is None:
        return f"{score:.2f}"
    return f"{score:.2f} ± {max(interval.deviation, _FINEST * 1.001):.2f}"


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


def _interval(score: float, draws: np.ndarray) -> Interval:
    low, high = np.percentile(draws, _COVERED)
    return Interval(min(float(low), float(score)), max(float(high), float(score)))


def _draws(answers: np.ndarray, number: int, rng: np.random.Generator) -> np.ndarray:
    """Summed answers on the strokes of one class under `_DRAWS` weightings, shape (draws, K)."""
    bundles = np.zeros((min(len(answers), _MOST_BUNDLES), answers.shape[1]))
    np.add.at(bundles, np.arange(len(answers)) % len(bundles), answers)
    drawn = rng.exponential(size=(_DRAWS, len(bundles))) @ bundles
    right = rng.uniform(size=(_DRAWS, 1))
    unseen = np.repeat((1 - right) / max(answers.shape[1] - 1, 1), answers.shape[1], axis=1)
    unseen[:, number] = right[:, 0]
    size = answers.sum() / len(answers)
    return np.asarray(drawn + rng.gamma(_UNSEEN, size=(_DRAWS, 1)) * size * unseen)
