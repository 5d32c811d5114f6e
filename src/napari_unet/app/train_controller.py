"""Training, decided without Qt and without torch: what starts, what is shown, how it ends."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from napari_unet.app.engine import engine, lower_priority
from napari_unet.app.jobs import Job
from napari_unet.app.ports import JobRunner, LayerId, LayerStore
from napari_unet.app.state import CurrentModel, Phase, Point, Progress, SessionState
from napari_unet.core.assemble import PaintedImage, assemble
from napari_unet.core.axes import Spatial
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.errors import UNetError
from napari_unet.core.events import (
    ModelImproved,
    Notice,
    Prepared,
    PreviewDone,
    ScoreDone,
    StepDone,
    TrainResult,
)
from napari_unet.core.preview import PreviewDesk, PreviewRequest
from napari_unet.core.settings import network_for
from napari_unet.core.source import Box

_AFTERWARDS = "Predict, or paint where it is wrong and train more."


@dataclass(frozen=True)
class TrainWish:
    """What the user wants to train.

    Parameters
    ----------
    pairs : tuple of (image, paint)
        Layers to learn from; the first is the one in view.
    model : ModelConfig
        Shape of the network; channels and classes are filled in from the data.
    config : TrainConfig
    preset : str or None, optional
        Name of the preset `model` came from.
    start : {"auto", "scratch"}, optional
        Where to begin when there is no model to continue from.
    """

    pairs: tuple[tuple[LayerId, LayerId], ...]
    model: ModelConfig
    config: TrainConfig
    preset: str | None = None
    start: Literal["auto", "scratch"] = "auto"

    @property
    def spatial(self) -> Spatial:
        """The axes the network sees."""
        return "ZYX" if self.model.dimensions == 3 else "YX"


def train_job(
    painted: list[PaintedImage],
    wish: TrainWish,
    current: Any,
    cancel: CancelToken,
    desk: PreviewDesk,
) -> Job:
    """Read the paint, load the engine, train; on a worker from the first `send`.

    Parameters
    ----------
    painted : list of PaintedImage
    wish : TrainWish
    current : napari_unet.learn.model.Model or None
        Continue from this model if it is a network of the wished shape.
    cancel : CancelToken
    desk : PreviewDesk
    """
    lower_priority()
    training = assemble(painted).training
    model_config = network_for(wish.model, training.channels, len(training.classes))
    start: Any = wish.start
    if current is not None:
        if _same_shape(current.config, model_config):
            start = current
        else:
            yield Notice("The network is another than before, so learning begins afresh.")
    if cancel.cancelled:
        return None
    return (
        yield from engine("training").train(
            training,
            model_config,
            wish.config,
            start=start,
            cancel=cancel,
            desk=desk,
            preset=wish.preset,
        )
    )


def _same_shape(one: ModelConfig, other: ModelConfig) -> bool:
    """True if two networks differ in nothing but channels and classes."""
    return bool(
        one.changed(input_channels=1, classes=2) == other.changed(input_channels=1, classes=2)
    )


class TrainController:
    """Starts and stops training, and turns its events into facts of the session.

    Parameters
    ----------
    state : SessionState
    layers : LayerStore
    runner : JobRunner
    make_job : callable, optional
        Makes the job; replaced in tests.
    """

    def __init__(
        self,
        state: SessionState,
        layers: LayerStore,
        runner: JobRunner,
        make_job: Callable[..., Job] = train_job,
    ) -> None:
        self._state, self._layers, self._runner = state, layers, runner
        self._make_job = make_job
        self._cancel = CancelToken()
        self._desk = PreviewDesk()
        self._wish: TrainWish | None = None
        self._name = ""
        self._previews: dict[int, LayerId] = {}
        self._previewing = True
        self._generation = 0
        self._shown = 0
        self._handlers: dict[type, Callable[[Any], None]] = {
            Prepared: self._on_prepared,
            StepDone: self._on_step,
            ScoreDone: self._on_score,
            ModelImproved: self._on_model,
            PreviewDone: self._on_preview,
            Notice: lambda event: state.say(event.text),
        }

    def start(self, wish: TrainWish) -> None:
        """Train on a copy of the paint as it is now; every failure becomes one sentence."""
        if self._state.busy:
            return
        try:
            painted = [self._layers.snapshot(*pair, wish.spatial) for pair in wish.pairs]
        except UNetError as err:
            self._state.fail(str(err))
        else:
            self._run(wish, painted)

    def _run(self, wish: TrainWish, painted: list[PaintedImage]) -> None:
        self._wish = wish
        self._name = f"{self._layers.name(wish.pairs[0][0])} model"
        self._cancel, self._desk = CancelToken(), PreviewDesk()
        self._previews, self._shown = {}, 0
        if self._previewing:
            self._open_preview(0)
        self._state.say("")
        self._state.start_curve()
        self._state.set_progress(Progress(words="Getting ready"))
        self._state.move(Phase.PREPARING)
        current = self._state.model
        job = self._make_job(
            painted, wish, current.model if current else None, self._cancel, self._desk
        )
        self._runner.run(
            job,
            on_event=self._on_event,
            on_done=self._on_done,
            on_error=self._on_error,
            cancel=self._cancel,
            words="learning from paint",
        )

    def stop(self) -> None:
        """Ask training to end; it answers within a second and keeps the best model."""
        if self._state.phase in {Phase.PREPARING, Phase.TRAINING, Phase.PAUSED}:
            self._cancel.cancel()
            self._state.move(Phase.STOPPING)

    def forget(self) -> None:
        """Let the next training begin afresh."""
        if not self._state.busy:
            self._state.start_curve()
            self._state.set_model(None)

    def show_previews(self, shown: bool) -> None:
        """Answer for what is on screen while learning, or keep all time for learning."""
        self._previewing = shown
        if not shown:
            self._desk.clear()

    def look(self, image: LayerId, sample: int, box: Box) -> None:
        """Say what is on screen, so that the preview shows the answer there next.

        Parameters
        ----------
        image : LayerId
            Ignored unless it is being learned from.
        sample : int
            Canonical sample number.
        box : tuple of slice
            Spatial box inside the image.
        """
        if self._wish is None or not self._state.busy:
            return
        images = [image_id for image_id, _ in self._wish.pairs]
        if image not in images or not self._previewing:
            return
        number = images.index(image)
        if number not in self._previews:
            self._open_preview(number)
        self._generation += 1
        self._desk.post(PreviewRequest(self._generation, number, sample, box))

    def _open_preview(self, number: int) -> None:
        if self._wish is not None:
            image, paint = self._wish.pairs[number]
            self._previews[number] = self._layers.open_preview(image, paint, self._wish.spatial)

    def _on_event(self, event: Any) -> None:
        self._handlers[type(event)](event)

    def _on_prepared(self, event: Prepared) -> None:
        self._state.set_device(event.device)
        self._state.set_progress(Progress(words="Learning"))
        if self._state.phase is Phase.PREPARING:
            self._state.move(Phase.TRAINING)

    def _on_step(self, event: StepDone) -> None:
        self._state.set_progress(Progress(event.fraction, event.seconds_left, "Learning"))

    def _on_score(self, event: ScoreDone) -> None:
        loss = None if math.isnan(event.loss) else event.loss
        self._state.add_point(Point(event.step, loss, event.score))
        if event.best:
            self._state.set_score(event.score)

    def _on_model(self, event: ModelImproved) -> None:
        self._keep(event.model, self._state.score)

    def _on_preview(self, event: PreviewDone) -> None:
        late = event.generation < self._shown or not self._previewing
        if late or event.image not in self._previews:
            return
        self._shown = event.generation
        self._layers.write(self._previews[event.image], event.sample, event.box, event.labels)

    def _on_done(self, result: TrainResult | None) -> None:
        try:
            if result is None:
                self._state.say("Stopped before anything was learned.")
            else:
                self._state.set_score(result.score)
                self._keep(result.model, result.score)
                self._state.say(f"{result.reason} {_AFTERWARDS}", "good")
        finally:  # whatever a listener does, the button comes back
            self._state.move(Phase.IDLE)

    def _on_error(self, err: UNetError) -> None:
        self._state.fail(str(err))

    def _keep(self, model: object, score: float | None) -> None:
        self._state.set_model(CurrentModel(model, self._name, score=score))
