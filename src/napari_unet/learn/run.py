"""The state of one training run: what it has, what it has seen, and what is best so far."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from napari_unet.core.config import ModelConfig, PredictConfig, TrainConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.errors import OutOfMemory
from napari_unet.core.events import Notice, Prepared, PreviewDone, ScoreDone, StepDone, TrainResult
from napari_unet.core.postprocess import finish
from napari_unet.core.preview import PreviewRequest
from napari_unet.core.strokes import Stroke, hold_out, strokes_of
from napari_unet.learn.batches import Batches
from napari_unet.learn.best import BestModel
from napari_unet.learn.budget import Budget, Every
from napari_unet.learn.devices import choose_device
from napari_unet.learn.first_network import first_network
from napari_unet.learn.instant import AnswerAtOnce
from napari_unet.learn.learner import Learner
from napari_unet.learn.model import Model
from napari_unet.learn.predictor import Predictor
from napari_unet.learn.schedule import learning_rate
from napari_unet.learn.scoring import score_model


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
        self._training, self._config, self._preset = training, config, preset
        self._strokes = _all_strokes(training)
        if validation is None:
            self._validation = training
            kept, held = hold_out(self._strokes, config.held_out, config.seed)
        else:
            self._validation = validation
            kept, held = self._strokes, _all_strokes(validation)
        self._holds_back = bool(held) and validation is None
        self._held = held
        net, self._trained = first_network(model_config, training, start, config.seed)
        self._learner = Learner(net, config, choose_device(config.device))
        self._batches = self._make_batches(kept, held if self._holds_back else [])
        self._at_once = AnswerAtOnce(training, self._learner)
        self._kept = kept
        self._history: list[dict[str, float | int | None]] = (
            list(start.history) if isinstance(start, Model) else []
        )
        self._losses: list[float] = []
        self._rate_factor = 1.0
        self._best = BestModel(config.best_by, len(training.classes))
        self._last_step: float = math.inf
        self._reason = "The time for learning is used."
        self.finishing = False

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return self._budget.seconds

    @property
    def best(self) -> Model:
        """The best model so far, apart from the network that goes on learning."""
        return self._best.model or self._snapshot()

    def prepared(self) -> Prepared:
        """What training begins with."""
        classes = len(self._training.classes)
        painted = np.bincount(
            [s.class_number for s in self._strokes],
            weights=[s.pixels for s in self._strokes],
            minlength=classes,
        )
        return Prepared(
            device=self._learner.device.words,
            precision=self._learner.precision.words,
            classes=classes,
            painted_pixels=tuple(int(n) for n in painted),
            strokes=len(self._strokes),
            held_out_strokes=len(self._held),
        )

    # -- the instant answer ---------------------------------------------------------------

    @property
    def has_answer_at_once(self) -> bool:
        """True if the head can be solved in closed form, or a trained model is continued."""
        bank = self._learner.net.config.filter_bank
        return bank or self._trained or self._config.max_seconds == 0

    def answer_at_once(self) -> None:
        """Solve the class head from the paint, unless a trained one is continued.

        The strokes held back are left out, so that the score is honest.
        """
        if not self._trained:
            self._at_once.solve(self._kept)

    # -- learning -------------------------------------------------------------------------

    def step(self) -> float:
        """Take one step and return its loss."""
        image, target = self._batches.draw()
        fraction = self._budget.fraction(self._learner.steps)
        rate = learning_rate(self._config, fraction, self._learner.steps)
        loss = self._learner.step(image, target, rate * self._rate_factor)
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
        score = score_model(now, self._validation, self._held, self._predict_config())
        loss = float(np.mean(self._losses)) if self._losses else math.nan
        self._losses.clear()
        best = self._best.offer(now, score, self._learner.steps)
        self._history.append(
            {
                "step": self._learner.steps,
                "seconds": round(self.seconds, 2),
                "loss": None if math.isnan(loss) else loss,
                "score": score.mean,
                "validation_loss": score.loss,
            }
        )
        now.history[:] = self._history
        return ScoreDone(self._learner.steps, loss, score.mean, score.classes, best, score.loss)

    # -- the end: everything is learned ---------------------------------------------------

    def finish_due(self) -> bool:
        """True when the run should turn to its end: nothing improves, or little time is left."""
        if self.finishing:
            return False
        stuck = self._best.offers_without_gain >= self._config.patience
        late = self._budget.fraction(self._learner.steps) >= 1 - self._config.finish
        return stuck or (late and self._holds_back and self._config.finish > 0)

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
        if not self._holds_back:
            self._last_step = steps
        elif self._best.step == 0 and not self._trained:
            self._at_once.solve(self._strokes)
            self._last_step = steps
            self._reason = "The instant answer scored best and is kept."
            if not steps:
                self._reason = "This is the instant answer."
        else:
            share = self._config.finish / (1 - self._config.finish)
            self._last_step = steps + max(1, round(steps * share))
            self._batches = self._make_batches(self._strokes, [])

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
        return Notice("The memory of the device ran out, so learning goes on, on the CPU.")

    # -- models ---------------------------------------------------------------------------

    def preview(self, request: PreviewRequest) -> PreviewDone:
        """Answer a request with the averaged weights."""
        source = self._training.images[request.image].source
        predictor = Predictor(self._snapshot(), source, self._predict_config())
        scores = predictor.probabilities(request.sample, request.box)
        labels = finish(scores, self._training.classes)
        return PreviewDone(request.generation, request.image, request.sample, request.box, labels)

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
            score=self._best.score.mean,
            class_scores=self._best.score.classes,
        )

    def _make_batches(self, strokes: list[Stroke], held: list[Stroke]) -> Batches:
        single = self._learner.net.config.normalisation == "batch"
        return Batches(self._training, strokes, held, self._config, single_image=single)

    def _predict_config(self) -> PredictConfig:
        # the theoretical halo: looking for the least one pays for whole images only
        return PredictConfig(
            device=self._learner.device.name,
            precision=self._config.precision,
            halo=self._learner.net.radius,
        )

    def _snapshot(self) -> Model:
        first = self._training.images[0].source
        return Model(
            net=self._learner.average_copy(),
            classes=self._training.classes,
            normalisation=self._training.normalisations[0],
            spacing=first.axes.spatial_spacing,
            axes=first.axes.axes,
            history=list(self._history),
            preset=self._preset,
        )


def _all_strokes(training: TrainingSet) -> list[Stroke]:
    classes = len(training.classes)
    return [
        stroke
        for number, image in enumerate(training.images)
        for stroke in strokes_of(number, image.annotation, classes)
    ]
