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
from napari_unet.learn.material import Material
from napari_unet.learn.model import Model
from napari_unet.learn.more_classes import learner_for_classes
from napari_unet.learn.schedule import learning_rate
from napari_unet.learn.scoring import score_model

_SET_BACK = 0.5
"""New paint sets the clock back to here: half of the time is left to learn it, at rates from
the middle of the schedule downwards, which change what is known only as far as needed."""


class TrainingRun:
    """Everything `train` needs between two events; see there for the parameters."""

    def __init__(
        self,
        training: TrainingSet,
        model_config: ModelConfig,
        config: TrainConfig,
        *,
        start: Model | Literal["auto", "scratch"],
        validation: TrainingSet | None,
        preset: str | None,
    ) -> None:
        self._budget = Budget(config)
        self._config, self._preset = config, preset
        net, self._trained = first_network(model_config, training, start, config.seed)
        single = net.config.normalisation == "batch"
        self._material = Material(training, validation, config, single_image=single)
        self._learner = Learner(net, config, choose_device(config.device))
        self._at_once = AnswerAtOnce(training, self._learner)
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
            len(self._material.training.classes),
            first_is_solved=self._before is None and not self._trained and self._has_bank,
        )
        self._agreement_due = self._has_bank and self._config.agreement > 0
        self._first_step, self._last_step = self._learner.steps, math.inf
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
        return self._best.model or self._before or self._snapshot()

    def held(self) -> AbstractContextManager[None]:
        """Time that passes inside does not count."""
        return self._budget.held()

    def prepared(self) -> Prepared:
        """What training begins with."""
        learner = self._learner
        return self._material.prepared(learner.device.words, learner.precision.words)

    @property
    def _has_bank(self) -> bool:
        return self._learner.net.config.filter_bank

    # -- the instant answer ---------------------------------------------------------------

    @property
    def has_answer_at_once(self) -> bool:
        """True if the head can be solved in closed form, or a trained model is continued."""
        return self._has_bank or self._trained or self._config.max_seconds == 0

    def answer_at_once(self) -> None:
        """Solve the class head from the paint, unless a trained one is continued.

        The strokes held back are left out, so that the score is honest.
        """
        if not self._trained:
            self._at_once.solve(self._material.kept)

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
        classes = self._material.training.classes
        new_pixels = self._material.repaint(training)
        if self.finishing:
            self._learner.restart_from(self.best.net)
        self._before = self.best
        if training.classes.values != classes.values:
            self._learner = learner_for_classes(self._learner, training, self._config)
            self._at_once = AnswerAtOnce(training, self._learner)
            self._at_once.solve(self._material.kept)
            self._before = self._snapshot()
        self._begin_course()
        counts = len(training.classes), len(self._material.strokes), len(self._material.scored)
        return PaintTaken(self._learner.steps, *counts, new_pixels)

    # -- learning -------------------------------------------------------------------------

    def step(self) -> float:
        """Take one step and return its loss."""
        if self._agreement_due:
            self._agreement_due = False
            self._material.agree_with(self._at_once)
        batch = self._material.draw()
        fraction = self._budget.fraction(self._learner.steps)
        rate = learning_rate(self._config, fraction, self._learner.steps)
        rate *= self._rate_factor
        loss = self._learner.step(batch.image, batch.target, rate, batch.chances)
        self._losses.append(loss)
        return loss

    def step_done(self, loss: float) -> StepDone:
        """The event that says a step was taken."""
        steps = self._learner.steps
        return StepDone(steps, loss, self._budget.fraction(steps), self._budget.seconds_left(steps))

    def ended(self) -> bool:
        """True once the budget is used or nothing improves any more."""
        steps = self._learner.steps
        return steps >= self._last_step or self._budget.fraction(steps) >= 1

    def score_due(self, clock: Every) -> bool:
        """True if the model should be scored now; there is nothing to score by at the end."""
        if self.finishing:
            return False
        if self._config.score_every is not None:
            return self._learner.steps % self._config.score_every == 0
        return clock.due()

    @property
    def unscored_steps(self) -> bool:
        """True if steps were taken since the last score."""
        return bool(self._losses)

    def score(self) -> ScoreDone:
        """Score the averaged weights on held-out paint, and keep them if they are the best."""
        now = self._snapshot()
        score = score_model(
            now, self._material.validation, self._material.scored, self._predict_config()
        )
        loss = float(np.mean(self._losses)) if self._losses else math.nan
        self._losses.clear()
        best = self._best.offer(now, score, self._learner.steps)
        self._history.append(score.for_history(self._learner.steps, self.seconds, loss))
        now.history[:] = self._history
        said = score.said, score.said_classes
        return ScoreDone(self._learner.steps, loss, *said, best, score.loss, score.sureness)

    # -- the end: everything is learned ---------------------------------------------------

    def finish_due(self) -> bool:
        """True when the run should turn to its end: nothing improves, or little time is left."""
        if self.finishing:
            return False
        stuck = self._best.offers_without_gain >= self._config.patience
        late = self._budget.fraction(self._learner.steps) >= 1 - self._config.finish
        return stuck or (late and self._material.holds_back and self._config.finish > 0)

    def begin_finish(self) -> None:
        """Return to the best weights and learn the held-out strokes as well, for a while.

        If no gradient step was better than the instant answer, that is solved from all
        strokes, and nothing else follows.
        """
        self.finishing = True
        steps = self._learner.steps
        if self._budget.fraction(steps) < 1 - self._config.finish:
            self._reason = "Learning ended early because nothing improved any more."
        self._learner.restart_from(self.best.net)
        if not self._material.holds_back:
            self._last_step = steps
        elif self._best.step == 0 and not self._trained:
            self._at_once.solve(self._material.strokes)
            self._last_step = steps
            self._reason = self._best.why_first
            if not steps:
                self._reason = "This is the instant answer."
        else:
            share = self._config.finish / (1 - self._config.finish)
            self._last_step = steps + max(1, round((steps - self._first_step) * share))
            self._material.show_all()

    # -- trouble --------------------------------------------------------------------------

    def has_diverged(self, loss: float) -> bool:
        """True if the loss is not a number any more."""
        return not math.isfinite(loss)

    def after_divergence(self) -> Notice:
        """Go back to the best weights with smaller steps."""
        self._losses.clear()
        self._rate_factor /= 2
        self._learner.restart_from(self.best.net)
        return Notice("The loss grew without limit, so learning went back and takes smaller steps.")

    def after_memory_error(self, error: OutOfMemory) -> Notice:
        """Go on, on the CPU, or give up if that is where memory ran out."""
        if not self._learner.fall_back():
            raise error
        self._at_once = AnswerAtOnce(self._material.training, self._learner)
        return Notice("The memory of the device ran out, so learning goes on, on the CPU.")

    # -- models ---------------------------------------------------------------------------

    def preview(self, request: PreviewRequest) -> PreviewDone:
        """Answer a request with the averaged weights."""
        now = (self._learner.steps, self.finishing, self._material.training.classes.values)
        return self._answers.answer(request, self._material.training, self._predict_config(), now)

    def result(self, *, stopped: bool) -> TrainResult:
        """The best model and why the run ended."""
        if not self.finishing and not self._learner.steps and not stopped:
            self.begin_finish()
        model = self._snapshot() if self.finishing else self.best
        model.history[:] = self._history
        return TrainResult(
            model=model,
            stopped=stopped,
            reason="Stopped; the best model so far is kept." if stopped else self._reason,
            steps=self._learner.steps,
            seconds=self.seconds,
            score=self._best.score.said,
            class_scores=self._best.score.said_classes,
            sureness=self._best.score.sureness,
        )

    def _predict_config(self) -> PredictConfig:
        # the theoretical halo: looking for the least one pays for whole images only
        return PredictConfig(
            device=self._learner.device.name,
            precision=self._config.precision,
            halo=self._learner.net.radius,
        )

    def _snapshot(self) -> Model:
        training = self._material.training
        first = training.images[0].source
        return Model(
            net=self._learner.average_copy(),
            classes=training.classes,
            normalisation=training.normalisations[0],
            spacing=first.axes.spatial_spacing,
            axes=first.axes.axes,
            history=list(self._history),
            preset=self._preset,
        )
