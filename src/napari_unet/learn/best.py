"""Which of the models seen so far is the best one."""

from __future__ import annotations

from typing import Literal

from napari_unet.learn.model import Model
from napari_unet.learn.scoring import Score
from napari_unet.learn.unet import UNet

_CLEARLY = 0.02
"""By how much a learned model must score worse than a solved one to be turned down."""

_WORSE_LOSS = 1.1
"""And how many times the loss it must have, too."""

_FAR = 0.1
"""Or by how much it must score worse, whatever the loss."""

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
        The first model offered was solved in closed form. What was learned since is better in
        most cases, and a few held-out strokes can hardly tell: it is taken unless they say
        clearly that it is worse.
    """

    def __init__(
        self, by: Literal["score", "loss"], classes: int, *, first_is_solved: bool = False
    ) -> None:
        self._by, self._first_is_solved = by, first_is_solved
        self._key: tuple[float, float] | None = None
        self.model: Model | None = None
        self.learned: UNet | None = None
        self.score = Score(None, (None,) * classes, None)
        self.step = 0
        self.offers_without_gain = 0

    def offer(self, model: Model, score: Score, step: int, learned: UNet | None = None) -> bool:
        """Keep the model if it beats all before; True if it does.

        `learned` are the weights it was made from, to go on learning from.

        A model without a score always does: with too little held-out paint to say, the one
        that learned longest is taken.
        """
        key = self._key_of(score)
        against_solved = self._first_is_solved and self.model is not None
        if against_solved and self._clearly_worse(score):
            self.offers_without_gain += 1
            return False
        self._first_is_solved = self._first_is_solved and self.model is None
        if against_solved:
            self._key = None
        if key is not None and self._key is not None and key <= self._key:
            self.offers_without_gain += 1
            return False
        self._key = key
        self.model, self.score, self.step, self.learned = model, score, step, learned
        self.offers_without_gain = 0
        return True

    why_first = "The instant answer scored best and is kept."
    """Why no learned model was taken, in a sentence."""

    def _clearly_worse(self, score: Score) -> bool:
        """True if held-out paint says that a model is worse than the solved one."""
        before = self.score
        if score.mean is None or score.loss is None or before.mean is None or before.loss is None:
            return False
        if self._by == "loss":
            return score.loss > _WORSE_LOSS * before.loss
        doubtful = score.mean < before.mean - _CLEARLY and score.loss > _WORSE_LOSS * before.loss
        return doubtful or score.mean < before.mean - _FAR

    def _key_of(self, score: Score) -> tuple[float, float] | None:
        if score.mean is None or score.loss is None:
            return None
        if self._by == "loss":
            return -score.loss, 0.0
        return round(score.mean / _SAME_SCORE) * _SAME_SCORE, -score.loss
