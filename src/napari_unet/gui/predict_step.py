"""Step 3 of the panel, Predict: which images, and what follows the network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from qtpy.QtCore import QObject, QSignalBlocker

from napari_unet.app.predict_controller import PredictWish
from napari_unet.app.session import Session
from napari_unet.app.state import LEARNING, Phase, Progress
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import UNetError
from napari_unet.gui.advanced_form import AdvancedSettings
from napari_unet.gui.layer_checklist import LayerItem
from napari_unet.gui.layer_store import ViewerLayers, id_of
from napari_unet.gui.layers import channels_in_words
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.paint_step import PaintStep
from napari_unet.gui.predict_form import PredictChoice, PredictForm
from napari_unet.gui.sections import Section


class PredictStep(QObject):
    """Shows the session's prediction and asks for it.

    Parameters
    ----------
    session : Session
    store : ViewerLayers
    paint_step : PaintStep
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
        settings: Callable[[], AdvancedSettings],
        lifecycle: Lifecycle,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._store, self._paint = session, store, paint_step
        self._settings = settings
        self._waiting = False
        self._ticked: tuple[str, ...] = ()
        self._chosen_by_hand = False
        self.form = PredictForm()
        self.section = Section("Predict", 3)
        self.section.add(self.form)
        self.form.predict_requested.connect(self.start)
        self.form.cancel_requested.connect(self._on_cancel)
        self.form.finish_changed.connect(self._on_finish_changed)
        self.form.valueChanged.connect(self._on_value)
        paint_step.pair_changed.connect(self._on_layers)
        state = session.state
        lifecycle.connect(state.phase_changed, self._on_phase)
        lifecycle.connect(state.progress_changed, self._on_progress)
        lifecycle.connect(state.model_changed, self._on_model)
        self._on_layers()

    def config(self) -> PredictConfig:
        """The settings of prediction, those of this step included."""
        choice = self.form.value()
        return self._settings().predict.changed(
            threshold=choice.threshold,
            smallest_object=choice.smallest_object,
            fill_holes=choice.fill_holes,
        )

    def start(self) -> None:
        """Predict the ticked images; a running training is stopped first, its best model kept."""
        if self._session.state.phase in LEARNING:
            self._waiting = True
            self._session.train.stop()
            return
        choice = self.form.value()
        self._session.predict.start(PredictWish(choice.keys, self.config(), choice.probabilities))

    # -- inside ---------------------------------------------------------------------------

    def _on_layers(self) -> None:
        chosen = self._paint.image
        items = [
            LayerItem(id_of(image), image.name, words=_words(image))
            for image in self._store.images()
        ]
        with QSignalBlocker(self.form):
            self.form.set_layers(items)
            if chosen is not None and not self._chosen_by_hand:
                self.form.setValue(replace(self.form.value(), keys=(id_of(chosen),)))
        self._ticked = self.form.value().keys
        self._show_phase()

    def _on_value(self, choice: PredictChoice) -> None:
        """Once the user ticked something, the ticks no longer follow the chosen image."""
        if choice.keys != self._ticked:
            self._ticked, self._chosen_by_hand = choice.keys, True
        self._show_phase()

    def _on_cancel(self) -> None:
        self._session.predict.stop()

    def _on_finish_changed(self) -> None:
        self._session.predict.refine(self.config())

    def _on_model(self, _: object) -> None:
        self._show_phase()

    def _on_phase(self, phase: Phase) -> None:
        self._show_phase()
        if self._waiting and phase in {Phase.IDLE, Phase.FAILED}:
            self._waiting = False
            if phase is Phase.IDLE:
                self.start()

    def _show_phase(self, _: object = None) -> None:
        state = self._session.state
        if state.phase is Phase.PREDICTING:
            self.form.set_state("predicting")
        elif state.phase is Phase.STOPPING and self.form.state() in {"predicting", "stopping"}:
            self.form.set_state("stopping")
        elif state.phase is Phase.STOPPING:
            self.form.set_state("blocked", "Training is ending.")
        elif state.model is None:
            self.form.set_state("empty", "Train a model or load one first.")
        elif not self.form.value().keys:
            self.form.set_state("empty", "Tick an image to predict.")
        elif state.busy:
            self.form.set_state("ready", "Stop learning, keep the best model, and predict.")
        else:
            self.form.set_state("ready")

    def _on_progress(self, progress: Progress) -> None:
        if self._session.state.phase is Phase.PREDICTING:
            done = round(1000 * (progress.fraction or 0))
            self.form.set_progress(done, 1000, progress.words)


def _words(image: object) -> str:
    try:
        return channels_in_words(image)
    except UNetError:
        return ""
