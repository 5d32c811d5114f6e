"""The state of one training run: what it has, what it has seen, and what is best so far."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from typing import Literal

import numpy as np

from napari_unet.core.config import ModelConfig, PredictConfig, TrainConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.errors import OutOfMemory
from napari_unet.core.events import (
    Notice,
    PaintTaken,
    Prepared,
    PreviewDone,
    ScoreDone,
    StepDone,
    TrainResult,
)
from napari_unet.core.preview import PreviewRequest
from napari_unet.learn.answers import Answers
from napari_unet.learn.best import BestModel
from napari_unet.learn.budget import Budget, Every
from napari_unet.learn.devices import choose_device
from napari_unet.learn.first_network import first_network
from napari_unet.learn.instant import AnswerAtOnce
from napari_unet.learn.learner import Learner
from napari_unet.learn.learning_memory import fit_to_memory
from napari_unet.learn.material import Material
from napari_unet.learn.model import Model
from napari_unet.learn.more_classes import learner_for_classes
from napari_unet.learn.schedule import learning_rate
from napari_unet.learn.scoring import score_model
from napari_unet.learn.team import Team
from napari_unet.learn.unet import UNet

_SET_BACK = 0.4
"""New paint sets the clock back to here: most of the time is left to learn it, at falling rates,
which change what is known only as far as needed."""


class TrainingRun:
    """Everything `train` needs between two events; see there for the parameters.

    `learner` takes the steps, `material` is learned from, `notice` says what memory asks for.
    """

    def __init__(
        self,
        training: TrainingSet,
        model_config: ModelConfig,
        config: TrainConfig,
        *,
        start: Model | Literal["auto", "scratch"],
        validation: TrainingSet | None,
        preset: str | None,
        team: Team | None = None,
    ) -> None:
        self._budget, self._config, self._preset = Budget(config), config, preset
        net, trained = first_network(model_config, training, start, config.seed)
        self._trained = trained and not config.takes_no_step
        single = net.config.normalisation == "batch"
        self.material = Material(training, validation, config, single_image=single)
        self.learner = Learner(net, config, choose_device(config.device), team)
        if team is not None:
            self.material.draw_otherwise(team.rank)
        self.notice = fit_to_memory(self.learner, self.material, config)
        self._at_once = AnswerAtOnce(training, self.learner, shows=not self._trained)
        self._answers = Answers(self._snapshot)
        self._history: list[dict[str, float | int | None]] = (
            list(start.history) if isinstance(start, Model) else []
        )
        self._losses: list[float] = []
        self._rate_factor = 1.0
        self._before: Model | None = None
        self._begin_course()

    def _begin_course(self) -> None:
        """Learn from the paint there is now; models that knew other paint do not compete."""
        self._best = BestModel(
            self._config.best_by,
            len(self.material.training.classes),
            first_is_solved=self._before is None and not self._trained and self._has_bank,
        )
        self._agreement_due = self._agrees
        self._first_step, self._last_step = self.learner.steps, math.inf
        self._budget.set_back(_SET_BACK, self._first_step)
        self._reason = "The time for learning is used."
        self.finishing = False

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return self._budget.seconds

    @property
    def best(self) -> Model:
        """The best model so far, apart from the network that goes on learning."""
        return self._to_keep(self._best.model or self._before or self._snapshot())

    def held(self) -> AbstractContextManager[None]:
        """Time that passes inside does not count."""
        return self._budget.held()

    def prepared(self) -> Prepared:
        """What training begins with."""
        return self.material.prepared(self.learner.device.words, self.learner.precision.words)

    @property
    def _good_weights(self) -> UNet:
        """What the best model was made from, to go on learning from."""
        return self._best.learned or self.best.net

    @property
    def _agrees(self) -> bool:
        return self._has_bank and self._config.agreement > 0

    @property
    def _has_bank(self) -> bool:
        return self.learner.net.config.filter_bank

    # -- the instant answer ---------------------------------------------------------------

    @property
    def has_answer_at_once(self) -> bool:
        """True if the head can be solved in closed form, or a trained model is continued."""
        return self._has_bank or self._trained or self._config.takes_no_step

    def answer_at_once(self) -> None:
        """Solve the class head from the paint, unless a trained one goes on learning.

        The strokes held back are left out, so that the score is honest.
        """
        if not self._trained:
            self._at_once.solve(self.material.kept)

    # -- new paint ------------------------------------------------------------------------

    def repaint(self, training: TrainingSet) -> PaintTaken:
        """Go on with newer paint on the same images.

        Strokes kept back stay so where they can. If they were learned at the end of a course,
        learning goes back to the weights from before that, so that scores stay honest.

        Parameters
        ----------
        training : TrainingSet
            It may have more classes than before, but none less.
        """
        classes, learned = self.material.training.classes, self._best.learned
        new_pixels = self.material.repaint(training)
        if self.finishing:
            self.learner.restart_from(self._good_weights)
        self._before = self.best
        if training.classes.values != classes.values:
            self.learner = learner_for_classes(self.learner, training, self._config)
            self._at_once = AnswerAtOnce(training, self.learner, shows=not self._trained)
            self._at_once.solve(self.material.kept)
            self._before, learned = self._snapshot(), None
        self._begin_course()
        self._best.learned = learned
        counts = len(training.classes), len(self.material.strokes), len(self.material.scored)
        return PaintTaken(self.learner.steps, *counts, new_pixels)

    # -- learning -------------------------------------------------------------------------

    def step(self, rate: float | None = None) -> float:
        """Take one step, at a learning rate or at that of the schedule, and return its loss."""
        if self._agreement_due:
            self._agreement_due = False
            self.material.agree_with(self._at_once)
        batch = self.material.draw()
        if rate is None:
            fraction = self._budget.fraction(self.learner.steps)
            rate = self._rate_factor * learning_rate(self._config, fraction, self.learner.steps)
        loss = self.learner.step(batch.image, batch.target, rate, batch.chances)
        self._losses.append(loss)
        return loss

    def step_done(self, loss: float) -> StepDone:
        """The event that says a step was taken."""
        steps = self.learner.steps
        return StepDone(steps, loss, self._budget.fraction(steps), self._budget.seconds_left(steps))

    def ended(self) -> bool:
        """True once the budget is used or nothing improves any more."""
        steps = self.learner.steps
        return steps >= self._last_step or self._budget.fraction(steps) >= 1

    def score_due(self, clock: Every) -> bool:
        """True if the model should be scored now; there is nothing to score by at the end."""
        if self.finishing:
            return False
        if self._config.score_every is not None:
            return self.learner.steps % self._config.score_every == 0
        return clock.due()

    @property
    def unscored_steps(self) -> bool:
        """True if steps were taken since the last score."""
        return bool(self._losses)

    def score(self) -> ScoreDone:
        """Score the averaged weights on held-out paint, and keep them if they are the best."""
        now = self._snapshot()
        score = score_model(now, *self.material.scored_on, self._predict_config())
        loss = float(np.mean(self._losses)) if self._losses else math.nan
        self._losses.clear()
        best = self._best.offer(now, score, self.learner.steps, self.learner.learned_copy())
        self._history.append(score.for_history(self.learner.steps, self.seconds, loss))
        now.history[:] = self._history
        said = score.said, score.said_classes
        return ScoreDone(self.learner.steps, loss, *said, best, score.loss, score.sureness)

    # -- the end: everything is learned ---------------------------------------------------

    def finish_due(self) -> bool:
        """True when the run should turn to its end: nothing improves, or little time is left."""
        if self.finishing:
            return False
        stuck = self._best.offers_without_gain >= self._config.patience
        late = self._budget.fraction(self.learner.steps) >= 1 - self._config.finish
        return stuck or (late and self.material.holds_back and self._config.finish > 0)

    def begin_finish(self) -> None:
        """Return to the best weights and learn the held-out strokes as well, for a while.

        If no gradient step was better than the instant answer, that is solved from all
        strokes, and nothing else follows.
        """
        self.finishing = True
        steps = self.learner.steps
        if self._budget.fraction(steps) < 1 - self._config.finish:
            self._reason = "Learning ended early because nothing improved any more."
        self.learner.restart_from(self._good_weights)
        if not self.material.holds_back:
            self._last_step = steps
        elif self._best.step == 0 and not self._trained:
            self._at_once.solve(self.material.strokes)
            self._last_step = steps
            self._reason = self._best.why_first if steps else "This is the instant answer."
        else:
            share = self._config.finish / (1 - self._config.finish)
            self._last_step = steps + max(1, round((steps - self._first_step) * share))
            self.material.show_all()
            self._agreement_due = self._agrees
            self.learner.tell("all")

    # -- trouble --------------------------------------------------------------------------

    def after_divergence(self) -> Notice:
        """Go back to the best weights with smaller steps."""
        self._losses.clear()
        self._rate_factor /= 2
        self.learner.restart_from(self._good_weights)
        return Notice("The loss grew without limit, so learning went back and takes smaller steps.")

    def after_memory_error(self, error: OutOfMemory) -> Notice:
        """Go on with smaller patches, then on the CPU, or give up if nothing is left to try."""
        if self.material.shrink_patches(self.learner.net.config):
            self.learner.tell("smaller")
            return Notice("Memory ran out, so learning goes on with smaller patches.")
        if not self.learner.fall_back():
            raise error
        self._at_once = AnswerAtOnce(self.material.training, self.learner, shows=not self._trained)
        return Notice("The memory of the device ran out, so learning goes on, on the CPU.")

    # -- models ---------------------------------------------------------------------------

    def preview(self, request: PreviewRequest) -> PreviewDone:
        """Answer a request with the averaged weights."""
        training = self.material.training
        now = (self.learner.steps, self.finishing, training.classes.values)
        return self._answers.answer(request, training, self._predict_config(), now)

    def result(self, *, stopped: bool) -> TrainResult:
        """The best model and why the run ended."""
        if not self.finishing and not self.learner.steps and not stopped:
            self.begin_finish()
        model = self._to_keep(self._snapshot()) if self.finishing else self.best
        model.history[:] = self._history
        if self._config.channel_dropout and not (stopped or self._best.step or self._trained):
            model.spare_heads = self._at_once.spare_heads(model.net, self.material.strokes)
        reason = "Stopped; the best model so far is kept." if stopped else self._reason
        said = self._best.score.said, self._best.score.said_classes, self._best.score.sureness
        return TrainResult(model, stopped, reason, self.learner.steps, self.seconds, *said)

    def _predict_config(self) -> PredictConfig:
        return PredictConfig(device=self.learner.device.name, precision=self._config.precision)

    def _to_keep(self, model: Model) -> Model:
        return self.material.with_statistics(model, self.learner.device, self.learner.precision)

    def _snapshot(self) -> Model:
        steps = self._best.step if self.finishing else self.learner.steps
        net, history = self.learner.shown_copy(), list(self._history)
        return self.material.model(net, history, self._preset, solved=not steps)
