"""Which of the models seen so far is the best one."""

from __future__ import annotations

from typing import Literal

from napari_unet.learn.model import Model
from napari_unet.learn.scoring import Score

_CLEARLY = 0.01
"""By how much a learned model must score better than a solved one."""

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
    first_is_solved : bool, optional
        The first model offered was solved in closed form, which is hard to beat from little
        paint: another one must be clearly better, and there must be held-out paint to say so.
    """

    def __init__(
        self, by: Literal["score", "loss"], classes: int, *, first_is_solved: bool = False
    ) -> None:
        self._by, self._first_is_solved = by, first_is_solved
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
        if self.model is not None and self._first_is_solved and not self._clearly_better(score):
            self.offers_without_gain += 1
            return False
        self._first_is_solved = self._first_is_solved and self.model is None
        if key is not None and self._key is not None and key <= self._key:
            self.offers_without_gain += 1
            return False
        self._key = key
        self.model, self.score, self.step = model, score, step
        self.offers_without_gain = 0
        return True

    @property
    def why_first(self) -> str:
        """Why the instant answer is kept, in a sentence."""
        if self.score.mean is None:
            return (
                "The instant answer is kept: there is too little paint to tell whether learning "
                "helps. Paint some more strokes of every class."
            )
        return "The instant answer scored best and is kept."

    def _clearly_better(self, score: Score) -> bool:
        """True if held-out paint says that a model beats the solved one."""
        before = self.score
        if score.mean is None or score.loss is None or before.mean is None or before.loss is None:
            return False
        if self._by == "loss":
            return score.loss < before.loss
        return score.mean >= before.mean + _CLEARLY and score.loss < before.loss

    def _key_of(self, score: Score) -> tuple[float, float] | None:
        if score.mean is None or score.loss is None:
            return None
        if self._by == "loss":
            return -score.loss, 0.0
        return round(score.mean / _SAME_SCORE) * _SAME_SCORE, -score.loss
