"""Training, decided without Qt and without torch: what starts, what is shown, how it ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from napari_unet.app.jobs import Job
from napari_unet.app.ports import JobRunner, LayerId, LayerStore
from napari_unet.app.previews import Previews
from napari_unet.app.state import LEARNING, CurrentModel, Phase, Point, Progress, SessionState
from napari_unet.app.train_job import TrainWish, train_job
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.errors import UNetError
from napari_unet.core.events import (
    ModelImproved,
    Notice,
    PaintTaken,
    Prepared,
    PreviewDone,
    Resting,
    ScoreDone,
    StepDone,
    TrainResult,
)
from napari_unet.core.paint_desk import PaintPiece
from napari_unet.core.preview import PreviewRequest
from napari_unet.core.source import Box
from napari_unet.core.training_control import TrainingControl

_AFTERWARDS = "Predict, or paint where it is wrong and train more."
_RESTING = "Resting; paint to go on. Everything painted so far is learned."


class TrainController:
    """Starts and stops training, and turns its events into facts of the session.

    Parameters
    ----------
    state : SessionState
    layers : LayerStore
    runner : JobRunner
    previews : Previews
    make_job : callable, optional
        Makes the job; replaced in tests.
    """

    def __init__(
        self,
        state: SessionState,
        layers: LayerStore,
        runner: JobRunner,
        previews: Previews,
        make_job: Callable[..., Job] = train_job,
    ) -> None:
        self._state, self._layers, self._runner = state, layers, runner
        self._previews, self._make_job = previews, make_job
        self._control = TrainingControl()
        self._wish: TrainWish | None = None
        self._name = ""
        self._view: tuple[LayerId, int, Box] | None = None
        self._previewing = True
        self._resting = False
        self._handlers: dict[type, Callable[[Any], None]] = {
            Prepared: self._on_prepared,
            StepDone: self._on_step,
            ScoreDone: self._on_score,
            ModelImproved: self._on_model,
            PreviewDone: self._on_preview,
            PaintTaken: self._on_paint_taken,
            Resting: self._on_resting,
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
        self._control = TrainingControl(live=wish.live)
        self._resting, self._view = False, None
        self._previews.close(image for image, _ in wish.pairs)
        if self._previewing:
            self._previews.open(*wish.pairs[0], wish.spatial)
        self._state.say("")
        self._state.start_curve()
        self._state.set_progress(Progress(words="Getting ready"))
        self._state.move(Phase.PREPARING)
        current = self._state.model
        job = self._make_job(painted, wish, current.model if current else None, self._control)
        self._runner.run(
            job,
            on_event=self._on_event,
            on_done=self._on_done,
            on_error=self._on_error,
            cancel=self._control.cancel,
            words="learning from paint",
        )

    def stop(self) -> None:
        """Ask training to end; it answers within a second and keeps the best model."""
        if self._state.phase in {Phase.PREPARING, Phase.TRAINING, Phase.PAUSED, Phase.RESTING}:
            self._control.cancel.cancel()
            self._state.move(Phase.STOPPING)

    def pause(self) -> None:
        """Hold: no step is taken until `go_on`; what is on screen is answered all the same."""
        if self._state.phase is Phase.TRAINING:
            self._control.pause()
            self._state.move(Phase.PAUSED)

    def go_on(self) -> None:
        """Go on after a pause, with everything that was painted meanwhile."""
        if self._state.phase is Phase.PAUSED:
            self._control.go_on()
            self._state.move(Phase.RESTING if self._resting else Phase.TRAINING)

    def set_live(self, live: bool) -> None:
        """Rest and wake, or end once everything is learned; a resting training ends then."""
        self._control.set_live(live)

    def number_of(self, paint: LayerId) -> int | None:
        """Index of the image whose paint this is, if it is being learned from now."""
        if self._wish is None or self._state.phase not in LEARNING:
            return None
        paints = [its for _, its in self._wish.pairs]
        return paints.index(paint) if paint in paints else None

    def learns_from(self, image: LayerId) -> bool:
        """True if this image is being learned from now."""
        if self._wish is None or self._state.phase not in LEARNING:
            return False
        return image in dict(self._wish.pairs)

    def repaint(self, pieces: Iterable[PaintPiece], names: Mapping[int, str]) -> None:
        """Hand paint that changed to the training that runs; it is learned within a step.

        Parameters
        ----------
        pieces : iterable of PaintPiece
            Of images by `number_of`.
        names : mapping of int to str
            Name of each paint value.
        """
        self._control.repaint(pieces, names)

    def forget(self) -> None:
        """Let the next training begin afresh."""
        if not self._state.busy:
            self._state.start_curve()
            self._state.set_model(None)

    def show_previews(self, shown: bool) -> None:
        """Answer for what is on screen while learning, or keep all time for learning."""
        self._previewing = shown
        if not shown:
            self._control.previews.clear()

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
        if self._wish is None or self._state.phase not in LEARNING:
            return
        images = [its for its, _ in self._wish.pairs]
        if image not in images or not self._previewing:
            return
        number = images.index(image)  # of an image with several areas, the one that is chosen
        self._previews.open(*self._wish.pairs[number], self._wish.spatial)
        self._view = (image, sample, box)
        generation = self._previews.next_generation()
        self._control.show(PreviewRequest(generation, number, sample, box))

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
        figures = event.score, event.class_scores, event.sureness
        self._state.add_point(Point(event.step, loss, *figures))
        if event.best:
            self._state.set_score(event.score, event.sureness)

    def _on_model(self, event: ModelImproved) -> None:
        self._keep(event.model, self._state.score)

    def _on_preview(self, event: PreviewDone) -> None:
        if self._previewing and self._wish is not None:
            self._previews.show(self._wish.pairs[event.image][0], event)

    def _on_paint_taken(self, _: PaintTaken) -> None:
        if self._resting:
            self._resting = False
            if self._state.message.text == _RESTING:  # what is newer is about this very paint
                self._state.say("")
            self._state.set_progress(Progress(words="Learning"))
        if self._state.phase is Phase.RESTING:
            self._state.move(Phase.TRAINING)
        if self._view is not None:  # an instant answer may have come between: ask anew
            with suppress(UNetError):  # a layer was removed meanwhile
                self.look(*self._view)

    def _on_resting(self, event: Resting) -> None:
        self._resting = True
        self._state.set_score(event.result.score, event.result.sureness)
        self._keep(event.result.model, event.result.score)
        self._state.say(_RESTING, "good")
        if self._state.phase is Phase.TRAINING:
            self._state.move(Phase.RESTING)

    def _on_done(self, result: TrainResult | None) -> None:
        try:
            if result is None:
                self._state.say("Stopped before anything was learned.")
            else:
                self._state.set_score(result.score, result.sureness)
                self._keep(result.model, result.score)
                self._state.say(f"{result.reason} {_AFTERWARDS}", "good")
        finally:  # whatever a listener does, the button comes back
            self._state.move(Phase.IDLE)

    def _on_error(self, err: UNetError) -> None:
        self._state.fail(str(err))

    def _keep(self, model: object, score: float | None) -> None:
        self._state.set_model(CurrentModel(model, self._name, score=score))
