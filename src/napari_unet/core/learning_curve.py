"""Whether learning gets anywhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_FEWEST = 9
"""Fewer points of the curve say nothing: the loss of single batches differs."""

_MOVED = 0.97
_LOW_LOSS = 0.35
_GOOD_SCORE = 0.7


def loss_is_stuck(losses: Sequence[float | None], scores: Sequence[float | None]) -> bool:
    """True if the loss is high and as high as it was at first.

    A loss that is low, or comes with a good score, may stay: there is nothing left to learn.

    Parameters
    ----------
    losses : sequence of float or None
        In the order they were measured.
    scores : sequence of float or None
        Held-out scores, 0 to 1.
    """
    known = [loss for loss in losses if loss is not None]
    if len(known) < _FEWEST:
        return False
    third = len(known) // 3
    first, last = float(np.median(known[:third])), float(np.median(known[-third:]))
    good = max((score for score in scores if score is not None), default=0.0) >= _GOOD_SCORE
    return last > _LOW_LOSS and last > _MOVED * first and not good
