"""Step 2 of the panel, Train: the button, what is learned from, and how it goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from qtpy.QtCore import QObject, QSignalBlocker, QTimer

from napari_unet.app.session import Session
from napari_unet.app.state import Phase, Point, Progress
from napari_unet.app.train_job import TrainWish
from napari_unet.core.axes import Spatial
from napari_unet.core.errors import UNetError
from napari_unet.core.held_out_score import classes_in_words, score_in_words
from napari_unet.gui.advanced_form import CUSTOM, AdvancedSettings
from napari_unet.gui.inputs import beside_others, chosen_channels, input_name
from napari_unet.gui.layer_checklist import LayerItem
from napari_unet.gui.layer_store import ViewerLayers, id_of
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.loss_plot import PlotPoint
from napari_unet.gui.paint_step import PaintStep
from napari_unet.gui.preview_watch import PreviewWatch
from napari_unet.gui.sections import Section
from napari_unet.gui.train_form import TrainBox, TrainState

_LOOKS: dict[Phase, TrainState] = {
    Phase.PREPARING: "preparing",
    Phase.TRAINING: "training",
    Phase.PAUSED: "paused",
    Phase.RESTING: "waiting",
    Phase.STOPPING: "stopping",
    Phase.PREDICTING: "blocked",
}


_PAUSE_MS = 1000
"""Progress is shown this often. Whatever changes in the panel, napari's whole window is put
together anew, canvas included: without a graphics card that takes as long as half a dab."""


class TrainStep(QObject):
    """Shows the session's training and asks for it.

    Parameters
    ----------
    session : Session
    store : ViewerLayers
    paint_step : PaintStep
    watch : PreviewWatch
    settings : callable
        Gives the settings of the moment.
    lifecycle : Lifecycle
    parent : QObject
    """

    def __init__(
        self,
        session: Session,
        store: ViewerLayers,
        paint_step: PaintStep,
        watch: PreviewWatch,
        settings: Callable[[], AdvancedSettings],
        lifecycle: Lifecycle,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._store, self._paint = session, store, paint_step
        self._watch, self._settings = watch, settings
        self._listed: set[str] = set()
        self._unticked: set[str] = set()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self._show_progress)
        self.box = TrainBox()
        self.section = Section("Train", 2)
        self.section.add(self.box)
        self.box.train_requested.connect(self.start)
        self.box.stop_requested.connect(session.train.stop)
        self.box.also.valueChanged.connect(self._on_also)
        self.box.step_requested.connect(self._on_step_requested)
        self.box.pause_requested.connect(session.train.pause)
        self.box.go_on_requested.connect(session.train.go_on)
        self.box.preview_toggled.connect(self._on_preview_toggled)
        self.box.live_toggled.connect(session.train.set_live)
        self.box.answers_toggled.connect(session.glance.set_on)
        session.glance.set_source(self.wish)
        paint_step.input_changed.connect(self._on_input)
        paint_step.pair_changed.connect(self._on_pair)
        paint_step.editor.table.mode_requested.connect(session.forget_paint)
        paint_step.editor.painted.connect(self._show_phase)
        state = session.state
        lifecycle.connect(state.phase_changed, self._show_phase)
        lifecycle.connect(state.progress_changed, self._on_progress)
        lifecycle.connect(state.curve_changed, self._on_curve)
        lifecycle.connect(state.score_changed, self._on_score)
        lifecycle.connect(state.device_changed, self.section.set_aside)
        lifecycle.connect(state.model_changed, self._show_phase)
        self._on_pair()

    def wish(self) -> TrainWish | None:
        """What Train would train now; None if there is no paint layer."""
        image, paint = self._paint.image, self._paint.paint
        if image is None or paint is None:
            return None
        settings = self._settings()
        ticked = set(self.box.also.value())
        others = tuple(
            (id_of(other), id_of(its))
            for other in self._store.images()
            if id_of(other) in ticked and (its := self._store.paint_of(other)) is not None
        )
        areas = [(id_of(image), id_of(its)) for its in self._store.areas_of(image) if its != paint]
        preset = settings.preset
        return TrainWish(
            ((id_of(image), id_of(paint)), *areas, *others),
            settings.model,
            settings.train,
            None if preset == CUSTOM else preset,
            settings.start,
            self.box.live(),
        )

    def start(self) -> None:
        """Train, or go on training."""
        wish = self.wish()
        if wish is None:
            return
        self._session.train.start(wish)
        if self._session.state.busy:
            self._watch.watch(self._paint.image, wish.spatial)

    # -- inside ---------------------------------------------------------------------------

    def _on_input(self) -> None:
        """The image is another one for the network now; what runs was begun on the former."""
        self._session.forget_images()
        image = self._paint.image
        learning = self._session.train.learns_from(id_of(image)) if image is not None else False
        if learning:
            self._session.train.stop()
            self._session.state.say(
                "The image is read in another way now. Press Train to begin anew."
            )

    def _on_pair(self) -> None:
        chosen, images = self._paint.image, self._store.images()
        beside = beside_others(images)
        others = [
            LayerItem(id_of(image), input_name(image, images))
            for image in images
            if image != chosen
            and id_of(image) not in beside
            and self._store.paint_of(image) is not None
            and _alike(image, chosen, images)
        ]
        ticked = [item.key for item in others if item.key not in self._unticked]
        with QSignalBlocker(self.box.also):
            self.box.also.set_layers(others, ticked=ticked)
        self._listed = {item.key for item in others}
        self._watch.watch(chosen, self._spatial_now())
        self._show_phase()

    def _on_also(self, ticked: tuple[str, ...]) -> None:
        """Remember what is not wanted, for a layer may leave the list and come back."""
        self._unticked = (self._unticked - set(ticked)) | (self._listed - set(ticked))

    def _spatial_now(self) -> Spatial:
        return "ZYX" if self._settings().model.dimensions == 3 else "YX"

    def _on_preview_toggled(self, shown: bool) -> None:
        self._session.train.show_previews(shown)
        if shown:
            self._watch.post()

    def _show_phase(self, _: object = None) -> None:
        state = self._session.state
        if state.phase in _LOOKS:
            reason = (
                "Predicting; wait for it or stop it." if state.phase is Phase.PREDICTING else ""
            )
            look = _LOOKS[state.phase]
        else:
            look, reason = self._at_rest(state.phase)
        if look != self.box.state() or reason:
            self.box.set_state(look, reason)

    def _at_rest(self, phase: Phase) -> tuple[TrainState, str]:
        if self._paint.image is None:
            return "empty", "Open an image first."
        if self._paint.paint is None:
            return "empty", "Press New to make a paint layer."
        if not self._paint.editor.pixels:
            return "empty", "Paint a few strokes of background and of an object first."
        if self._session.state.model is not None:
            return "resting", ""
        return ("failed" if phase is Phase.FAILED else "ready"), ""

    def _on_progress(self, _: Progress) -> None:
        if not self._pause.isActive():
            self._show_progress()
            self._pause.start()

    def _show_progress(self) -> None:
        progress = self._session.state.progress
        if self._session.state.phase in {Phase.PREPARING, Phase.TRAINING}:
            self.box.set_progress(progress.fraction, progress.seconds_left)

    def _on_curve(self, curve: tuple[Point, ...]) -> None:
        if not curve:
            self.box.plot.clear()
            self.box.clear_score()
            return
        last = curve[-1]
        self.box.plot.add_point(PlotPoint(last.step, last.loss, last.score))
        if all(point.score is None for point in curve):
            self.box.set_score(None)

    def _on_step_requested(self, step: int) -> None:
        """Say in words what a point of the curve stands for."""
        state = self._session.state
        model = state.model.model if state.model is not None else None
        names = model.classes.names if model is not None else ()
        points = [point for point in state.curve if point.step == step]
        if points:
            self.box.plot.set_marker(step)
            state.say(point_in_words(points[-1], names))

    def _on_score(self, score: float | None) -> None:
        if score is not None:
            self.box.set_score(score, self._session.state.interval)


def point_in_words(point: Point, names: Sequence[str]) -> str:
    """What a point of the curve stands for: its score class by class, or why there is none."""
    loss = "" if point.loss is None else f", loss {point.loss:.3f}"
    interval = point.sureness.interval if point.sureness is not None else None
    said = f"Step {point.step}{loss}: {score_in_words(point.score, interval)}"
    if point.score is None:
        return f"{said}."
    classes = classes_in_words(names, point.class_scores, point.sureness)
    strokes = f" on {sum(point.sureness.strokes)} held-out strokes" if point.sureness else ""
    return f"{said}{strokes} ({classes})." if classes else f"{said}{strokes}."


def _alike(image: Any, chosen: Any | None, images: Sequence[Any]) -> bool:
    """True if one network can learn from both images."""
    try:
        if chosen is None:
            return True
        return len(chosen_channels(image, images)) == len(chosen_channels(chosen, images))
    except UNetError:
        return False
