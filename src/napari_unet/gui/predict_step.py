"""Step 3 of the panel, Predict: which images, and what follows the network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from qtpy.QtCore import QObject, QSignalBlocker

from napari_unet.app.ports import LayerId
from napari_unet.app.predict_run import PredictWish
from napari_unet.app.session import Session
from napari_unet.app.state import LEARNING, Phase, Progress
from napari_unet.core.arrays import pixel_size_notice
from napari_unet.core.axes import Spatial
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import UNetError
from napari_unet.core.frames import samples_in
from napari_unet.gui.advanced_form import AdvancedSettings
from napari_unet.gui.folder_step import FolderStep
from napari_unet.gui.frame_range import ALL, SHOWN
from napari_unet.gui.full_size import has_finer, level_seen
from napari_unet.gui.inputs import beside_others, chosen_channels, input_layers, input_name
from napari_unet.gui.layer_checklist import LayerItem
from napari_unet.gui.layer_store import ViewerLayers, id_of
from napari_unet.gui.layers import (
    channels_in_words,
    channels_of,
    source_of,
    spatial_spacing_of,
)
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.paint_step import PaintStep
from napari_unet.gui.place import chosen_level, whole, worked_on
from napari_unet.gui.predict_form import PredictChoice, PredictForm
from napari_unet.gui.sections import Section
from napari_unet.gui.view import shown_sample


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
        self.folder = FolderStep(session, self.config, lifecycle, self)
        self.form.predict_requested.connect(self.start)
        self.form.cancel_requested.connect(self._on_cancel)
        self.form.finish_changed.connect(self._on_finish_changed)
        self.form.valueChanged.connect(self._on_value)
        self.form.full.toggled.connect(self._show_full)
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
            **({"rescale": "on"} if self.form.rescale.wanted() else {}),
        )

    def start(self) -> None:
        """Predict the ticked images; a running training is stopped first, its best model kept."""
        if self._session.state.phase in LEARNING:
            self._waiting = True
            self._session.train.stop()
            return
        choice = self.form.value()
        try:
            samples = self._samples(choice.keys)
        except UNetError as err:
            self._session.state.fail(str(err))
            return
        wish = PredictWish(
            choice.keys, self.config(), choice.probabilities, samples, self._full(choice.keys)
        )
        self._session.predict.start(wish)

    # -- inside ---------------------------------------------------------------------------

    @property
    def _spatial(self) -> Spatial:
        """The axes the network sees that would predict now."""
        model = self._session.state.model
        return "ZYX" if model is not None and model.model.config.dimensions == 3 else "YX"

    @property
    def _trained(self) -> tuple[float, ...] | None:
        """The pixel size the model was trained on."""
        model = self._session.state.model
        return getattr(model.model, "spacing", None) if model is not None else None

    def _level(self, image: Any) -> int | None:
        """The level a model looks at for a mask at full resolution; None if that is no choice."""
        if not has_finer(image, self._store.images()):
            return None
        level = level_seen(image, self._trained, self._spatial)
        return level if level or chosen_level(image) else None

    def _full(self, keys: Sequence[LayerId]) -> frozenset[LayerId]:
        """The images whose masks are wanted at full resolution, where they would be coarser."""
        images = {key: self._store.find(key) for key in keys if self.form.full.wanted()}
        return frozenset(
            key
            for key, image in images.items()
            if image is not None and self._level(image) is not None
        )

    def _samples(self, keys: tuple[str, ...]) -> dict[LayerId, tuple[int, ...]]:
        """What is wanted of the images of which not everything is."""
        choice = self.form.frames.value()
        wanted: dict[LayerId, tuple[int, ...]] = {}
        for key in keys:
            image = self._store.find(key)
            if image is None or choice.kind == ALL:
                continue
            with worked_on([image], whole(image, key in self._full(keys))):
                source = source_of(image, self._spatial)
                shown = shown_sample(image, self._store.point, self._spatial)
            if choice.kind == SHOWN:
                wanted[key] = (shown,)
                continue
            parts = tuple(part for part in choice.parts if part.axis in source.axes.sample_axes)
            found = samples_in(parts, source.axes, tuple(source.array.shape), source.name)
            if found is not None:
                wanted[key] = found
        return wanted

    def _show_frames(self) -> None:
        """Offer a choice of frames where a ticked image has several."""
        sizes: dict[str, int] = {}
        full = self._full(self.form.value().keys)
        for key in self.form.value().keys:
            image = self._store.find(key)
            if image is None:
                continue
            try:
                with worked_on([image], whole(image, key in full)):
                    source = source_of(image, self._spatial)
            except UNetError:
                continue  # said when it is predicted
            size = dict(zip(source.axes.axes, source.array.shape, strict=True))
            for axis in source.axes.sample_axes:
                sizes[axis] = max(int(size[axis]), sizes.get(axis, 1))
        self.form.frames.set_sizes(sizes)

    def _show_rescale(self) -> None:
        """Offer to rescale where a ticked image has other pixels than the model knows."""
        keys, trained, said = self.form.value().keys, self._trained, ""
        full = self._full(keys)
        for key in keys if trained is not None else ():
            image = self._store.find(key)
            if image is not None and not said:
                level = self._level(image) if key in full else chosen_level(image)
                with worked_on([image], {"level": level}):
                    said = pixel_size_notice(trained, spatial_spacing_of(image, self._spatial))
        self.form.rescale.offer(said, trained or ())

    def _show_full(self, _: object = None) -> None:
        """Offer a mask at full resolution for the first ticked pyramid that has it to offer."""
        images = [self._store.find(key) for key in self.form.value().keys]
        offers = ((one, self._level(one)) for one in images if one is not None)
        image, level = next(((i, k) for i, k in offers if k is not None), (None, 0))
        self.form.full.offer(image, level)
        self._show_frames()
        self._show_rescale()

    def _on_layers(self) -> None:
        chosen, images = self._paint.image, self._store.images()
        beside = beside_others(images)
        items = [
            LayerItem(id_of(image), input_name(image, images), words=_words(image, images))
            for image in images
            if image == chosen or id_of(image) not in beside
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
        self._show_full()
        if self._session.folder.running:
            self.form.set_state("blocked", "A folder is being predicted.")
        elif state.phase is Phase.PREDICTING:
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
        if self.form.state() == "predicting":
            done = round(1000 * (progress.fraction or 0))
            self.form.set_progress(done, 1000, progress.words)


def _words(image: object, images: Sequence[object]) -> str:
    try:
        layers = input_layers(image, images)
        chosen, own = len(chosen_channels(image, images)), channels_of(image)
        if layers == [image] and chosen == own:
            return channels_in_words(image)
        return f"{chosen} of {own} channels" if layers == [image] else f"{len(layers)} layers"
    except UNetError:
        return ""
