"""How wrong an answer was where somebody painted, told before it has seen that paint.

The share of painted pixels that were answered otherwise, stroke by stroke. It is honest, because
the answer did not know the stroke, and it is no score of the image: people paint where an
answer is wrong, so it stays above the share of wrong pixels elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_unet.core.annotations import BACKGROUND_VALUE
from napari_unet.core.edits import Edit, MaskEdit
from napari_unet.core.source import Box

LAST = 10
"""So many strokes are taken together where one figure is told."""

_MOST_BOXES = 512
"""Answered parts that are remembered, the newest ones."""


@dataclass(frozen=True)
class StrokeError:
    """What the answer was worth under one stroke.

    Parameters
    ----------
    value : int
        The paint value of the stroke.
    painted : int
        Pixels it changed that had an answer and no paint before.
    wrong : int
        Those of them that were answered otherwise.
    place : tuple of int
        A wrong pixel in the middle of the wrong ones, or a painted one if none was wrong; along
        each axis of the paint layer.
    seconds : float
        When it was painted, in seconds since the epoch.
    """

    value: int
    painted: int
    wrong: int
    place: tuple[int, ...]
    seconds: float = 0.0

    @property
    def share(self) -> float:
        """The share of its pixels that were answered otherwise, 0 to 1."""
        return self.wrong / self.painted


@dataclass(frozen=True, eq=False)
class AnswerBelow:
    """The answer under a stroke, as it was when the stroke ended.

    Parameters
    ----------
    box : tuple of slice
        Along each axis of the paint layer.
    labels : ndarray of int
        The answer in this box, a copy: 0 for background, else a paint value.
    answered : tuple of tuple of slice
        The parts of the layer that had an answer.
    """

    box: Box
    labels: np.ndarray
    answered: tuple[Box, ...]


class AnsweredParts:
    """Remembers which parts of a layer were answered; a bounded number of boxes."""

    def __init__(self) -> None:
        self._boxes: deque[Box] = deque(maxlen=_MOST_BOXES)

    def add(self, box: Box) -> None:
        """Note that this part was answered."""
        if not any(_holds(other, box) for other in self._boxes):
            kept = [other for other in self._boxes if not _holds(box, other)]
            self._boxes = deque([*kept, box], maxlen=_MOST_BOXES)

    def meeting(self, box: Box) -> tuple[Box, ...]:
        """The answered parts that share a pixel with a box."""
        return tuple(other for other in self._boxes if _meet(box, other))


def judge(
    edits: Sequence[Edit], below: AnswerBelow, *, mask: bool = False, seconds: float = 0.0
) -> StrokeError | None:
    """Compare one stroke with the answer under it.

    Pixels that were painted before do not count, for the answer was told something else there,
    unless the layer is a full mask that is being corrected.

    Parameters
    ----------
    edits : sequence of Edit
        What the stroke changed, all inside the box of `below`.
    below : AnswerBelow
    mask : bool, optional
        True if the layer is a full mask, in which 0 is background and any value a class.
    seconds : float, optional
        When it was painted.

    Returns
    -------
    StrokeError or None
        None if it was no stroke (it erased, or wrote several values) or had no answer under it.
    """
    value = _one_value(edits)
    if not value:
        return None
    expected = 0 if value == BACKGROUND_VALUE and not mask else value
    counted = np.zeros(below.labels.shape, bool)
    for edit in edits:
        _count(counted, edit, below.box, even_painted=mask)
    answered = np.zeros(below.labels.shape, bool)
    for part in below.answered:
        answered[_inside(part, below.box)] = True
    counted &= answered
    wrong = counted & (below.labels != expected)
    painted = int(counted.sum())
    if not painted:
        return None
    place = _middle(wrong if wrong.any() else counted)
    place = tuple(at + side.start for at, side in zip(place, below.box, strict=True))
    return StrokeError(value, painted, int(wrong.sum()), place, seconds)


def running_mean(errors: Sequence[StrokeError], last: int = LAST) -> list[float]:
    """At each stroke the mean share of wrong pixels of the last so many; strokes weigh alike."""
    shares = [error.share for error in errors]
    return [
        sum(shares[max(0, end - last) : end]) / min(end, last) for end in range(1, len(shares) + 1)
    ]


def errors_in_words(errors: Sequence[StrokeError], last: int = LAST) -> str:
    """One sentence about the last strokes; empty if there are none.

    Examples
    --------
    >>> errors_in_words([StrokeError(2, 10, 5, (0, 0)), StrokeError(2, 10, 0, (0, 0))])
    'Last 2 strokes: the answer was wrong on 25 %.'
    """
    if not errors:
        return ""
    count = min(len(errors), last)
    which = "stroke" if count == 1 else f"{count} strokes"
    percent = round(100 * running_mean(errors[-last:], last)[-1])
    return f"Last {which}: the answer was wrong on {percent} %."


def _one_value(edits: Sequence[Edit]) -> int | None:
    """The value that all edits wrote; None if they wrote several."""
    values = {int(edit.values) if np.ndim(edit.values) == 0 else -1 for edit in edits}
    return values.pop() if len(values) == 1 and -1 not in values else None


def _count(counted: np.ndarray, edit: Edit, box: Box, *, even_painted: bool) -> None:
    """Mark the pixels of one edit, those that were not painted before."""
    fresh = np.True_ if edit.before is None or even_painted else np.asarray(edit.before) == 0
    if not isinstance(edit, MaskEdit):
        where = tuple(axis - side.start for axis, side in zip(edit.where, box, strict=True))
        counted[where] = fresh
        return
    part = counted[_inside(edit.box, box)]
    if edit.mask is None:
        part |= fresh
    else:
        part[edit.mask] |= fresh


def _inside(part: Box, box: Box) -> Box:
    """A part in coordinates of a box, as far as it lies inside."""
    return tuple(
        slice(max(p.start - b.start, 0), max(min(p.stop, b.stop) - b.start, 0))
        for p, b in zip(part, box, strict=True)
    )


def _middle(chosen: np.ndarray) -> tuple[int, ...]:
    """The chosen pixel that is nearest to the middle of all of them."""
    places = np.argwhere(chosen)
    away = ((places - places.mean(axis=0)) ** 2).sum(axis=1)
    return tuple(int(n) for n in places[away.argmin()])


def _holds(outer: Box, inner: Box) -> bool:
    return all(o.start <= i.start and i.stop <= o.stop for o, i in zip(outer, inner, strict=True))


def _meet(one: Box, other: Box) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(one, other, strict=True))
