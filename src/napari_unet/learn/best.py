"""Which of the models seen so far is the best one."""

from __future__ import annotations

from typing import Literal

from napari_unet.learn.model import Model
from napari_unet.learn.scoring import Score

_SAME_SCORE = 0.002
"""Scores closer than this are the same; then the loss decides."""


class BestModel:
    """Keeps the best model it is offered.

    Parameters
    ----------
    by : {"score", "loss"}
        What decides: the score on held-out paint, or the loss there.
    classes : int
        Number of classes.
    """

    def __init__(self, by: Literal["score", "loss"], classes: int) -> None:
        self._by = by
        self._key: tuple[float, float] | None = None
        self.model: Model | None = None
        self.score = Score(None, (None,) * classes, None)
        self.step = 0
        self.offers_without_gain = 0

    def offer(self, model: Model, score: Score, step: int) -> bool:
        """Keep the model if it beats all before; True if it does.

        A model without a score always does: with too little held-out paint to say, the one
        that learned longest is taken.
        """
        key = self._key_of(score)
        if key is not None and self._key is not None and key <= self._key:
            self.offers_without_gain += 1
            return False
        self._key = key
        self.model, self.score, self.step = model, score, step
        self.offers_without_gain = 0
        return True

    def _key_of(self, score: Score) -> tuple[float, float] | None:
        if score.mean is None or score.loss is None:
            return None
        if self._by == "loss":
            return -score.loss, 0.0
        return round(score.mean / _SAME_SCORE) * _SAME_SCORE, -score.loss
