"""The dock widget: owns one session, builds the steps, wires them, and ends them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_unet.app.session import Session
from napari_unet.app.session_log import SessionLog
from napari_unet.gui.advanced_form import AdvancedForm, AdvancedSettings
from napari_unet.gui.advisor import Advisor
from napari_unet.gui.class_editor import ClassEditor
from napari_unet.gui.coach import Coach
from napari_unet.gui.draft import Draft
from napari_unet.gui.journal_watch import JournalWatch
from napari_unet.gui.key_list import KeyList
from napari_unet.gui.layer_store import ViewerLayers
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.live_paint import LivePaint
from napari_unet.gui.log_button import LogButton
from napari_unet.gui.models_step import ModelsStep
from napari_unet.gui.next_place import NextPlace
from napari_unet.gui.pages import Pages
from napari_unet.gui.paint_counts import PaintCounts
from napari_unet.gui.paint_step import PaintStep
from napari_unet.gui.paint_watch import PaintWatch
from napari_unet.gui.predict_step import PredictStep
from napari_unet.gui.preview_watch import PreviewWatch
from napari_unet.gui.sections import Section
from napari_unet.gui.stroke_scores import StrokeScores
from napari_unet.gui.style import follow_theme
from napari_unet.gui.surroundings import clash_warning
from napari_unet.gui.survey import Survey
from napari_unet.gui.train_step import TrainStep
from napari_unet.gui.training_offer import TrainingOffer
from napari_unet.gui.volume_line import VolumeLine
from napari_unet.gui.warm_up import WarmUp
from napari_unet.gui.workers import QtRunner, share_interpreter


class UNetPaint(QWidget):
    """Paint, train, predict: the whole plugin in one panel.

    Parameters
    ----------
    napari_viewer : napari.Viewer
        The viewer it works on.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self.setObjectName("unet_paint")
        self._lifecycle = Lifecycle()
        self._settings = AdvancedSettings()
        self._devices: list[tuple[str, str]] = []
        self._advanced: AdvancedForm | None = None
        self._docked = False
        counts = PaintCounts(self)
        store = ViewerLayers(napari_viewer, counts, self)
        life = self._lifecycle
        self.session = Session(store, self._new_runner)
        self._events = SessionLog(self.session.state)
        self.cut_short = TrainingOffer(self.session, life)
        editor = ClassEditor(napari_viewer, counts, life, self)
        self.paint = PaintStep(napari_viewer, store, editor, life, self)
        self.volume = VolumeLine(self)
        self.volume.changed.connect(self._on_volume)
        self.strokes = PaintWatch(napari_viewer, life, self)
        state, runner = self.session.state, self._new_runner()
        self.kept = JournalWatch(
            napari_viewer, state, store, self.paint, self.strokes, runner, life, self
        )
        train, glance = self.session.train, self.session.glance
        watch = PreviewWatch(napari_viewer, self.session.look, glance.prepare, life, self)
        self.live = LivePaint(
            store,
            self.strokes,
            (train, glance),
            self.session.stroke_done,
            self.session.forget_paint,
            self,
        )
        self.train = TrainStep(self.session, store, self.paint, watch, self.settings, life, self)
        self.predict = PredictStep(self.session, store, self.paint, self.settings, life, self)
        self.draft = Draft(store, self.paint, self)
        self.pages = Pages(napari_viewer, store, lambda: self.paint.image, life)
        self.next = NextPlace(napari_viewer, self.session.guidance, store, self.paint, life, self)
        self.scores = self._new_scores(store)
        self.models = ModelsStep(self.session, life, self)
        survey = Survey(store, self._new_runner(), self)
        self.log = LogButton(self.session, self._events, self.paint, self.settings, self)
        coach = Coach(
            self.session, self.paint, self.settings, self.apply, self.train.start, life, self
        )
        self.advisor = Advisor(
            napari_viewer, self.session, self.paint, survey, coach, clash_warning(), life, self
        )
        self._warm_up = WarmUp(self._new_runner(), self)
        self._warm_up.devices_known.connect(self._on_devices)
        self.paint.pair_changed.connect(self._on_pair)
        share_interpreter(life)
        self._build()
        self.destroyed.connect(life.close)
        self._on_pair()

    def settings(self) -> AdvancedSettings:
        """The settings under Advanced, whether or not it was ever unfolded."""
        return self._settings

    def apply(self, settings: AdvancedSettings) -> None:
        """Change the settings under Advanced."""
        self._settings = settings
        if self._advanced is not None:
            self._advanced.setValue(settings)

    def sizeHint(self) -> QSize:
        """The width at which everything stands on one line."""
        return QSize(340, 600)

    def event(self, event: QEvent | None) -> bool:
        """Notice that napari took the panel out of its dock, which is all it says on closing."""
        if event is not None and event.type() == QEvent.Type.ParentChange:
            if self.parent() is not None:
                self._docked = True
            elif self._docked and not self._lifecycle.closed:
                self._lifecycle.close()
                self.deleteLater()
        return bool(super().event(event))

    # -- inside ---------------------------------------------------------------------------

    def _new_runner(self) -> QtRunner:
        runner = QtRunner(self)
        runner.failed.connect(self._on_failed)
        self._lifecycle.at_close(runner.close)
        return runner

    def _new_scores(self, store: ViewerLayers) -> StrokeScores:
        box, life = self.train.box, self._lifecycle
        return StrokeScores(
            self.session, store, self.strokes, self.paint, box, self.next, life, self
        )

    def _build(self) -> None:
        self._advanced_section = Section(
            "Advanced and keys", collapsible=True, expanded=False, rule=False
        )
        self._advanced_section.toggled.connect(self._on_advanced)
        self.paint.section.add_beside(self.next.row)
        self.predict.section.add(self.draft.line)
        self.predict.section.add(self.predict.folder.section)
        inside = QWidget()
        steps = QVBoxLayout(inside)
        steps.setContentsMargins(8, 6, 8, 6)
        steps.setSpacing(6)
        for part in (
            self.kept.line,
            self.cut_short,
            self.paint.images,
            self.paint.level,
            self.volume,
            self.paint.section,
            self.train.section,
            self.predict.section,
            self.models.section,
            self._advanced_section,
        ):
            steps.addWidget(part)
        steps.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(scroll, 1)
        layout.addWidget(self.advisor.line)
        follow_theme(self)

    def _on_pair(self) -> None:
        if self.paint.paint is not None:
            self._warm_up.begin()
        state = self.session.state
        if not state.busy:
            model = state.model.model.config.dimensions if state.model else None
            self.volume.look(self.paint.image, self.paint.paint, model)

    def _on_volume(self, dimensions: int) -> None:
        """Learn in 2D or 3D from now on; what runs was begun in the other way."""
        model = self._settings.model.changed(dimensions=dimensions)
        self.apply(replace(self._settings, model=model))
        self.paint.input_changed.emit()

    def _on_advanced(self, unfolded: bool) -> None:
        """Build the form when it is first wanted: it has more fields than all the rest."""
        if not unfolded or self._advanced is not None:
            return
        self._advanced = AdvancedForm()
        self._advanced.setValue(self._settings)
        self._advanced.set_devices(self._devices)
        self._advanced.valueChanged.connect(self._on_settings)
        self._advanced.afresh_requested.connect(self.session.train.forget)
        self._advanced_section.add(self._advanced)
        parts = self.paint.editor.keys, self.pages.keys, self.next.keys
        self._advanced_section.add(KeyList(*parts, lifecycle=self._lifecycle))
        self._advanced_section.add(self.log.made())

    def _on_failed(self, err: Exception) -> None:
        self._events.note_error(err)

    def _on_settings(self, settings: AdvancedSettings) -> None:
        turned = settings.model.dimensions != self._settings.model.dimensions
        self._settings = settings
        if turned:
            self.volume.take(settings.model.dimensions)

    def _on_devices(self, devices: list[tuple[str, str]]) -> None:
        self.session.state.set_device(dict(devices)["auto"])
        self.session.glance.set_ready()
        self._devices = [(name, words) for name, words in devices if name != "auto"]
        if self._advanced is not None:
            self._advanced.set_devices(self._devices)
