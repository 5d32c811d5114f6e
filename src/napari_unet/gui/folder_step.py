"""Predict a folder, a part of step 3 that is folded away until it is wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, QTimer

from napari_unet.app.folder_controller import FolderWish
from napari_unet.app.session import Session
from napari_unet.app.state import LEARNING, Phase, Progress
from napari_unet.batch.events import FileFailed
from napari_unet.core.config import PredictConfig
from napari_unet.gui.folder_form import FolderForm
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.sections import Section


class FolderStep(QObject):
    """Shows how the prediction of a folder goes and asks for it.

    Parameters
    ----------
    session : Session
    config : callable
        Gives the settings of prediction of the moment.
    lifecycle : Lifecycle
    parent : QObject

    Attributes
    ----------
    form : FolderForm or None
        Made when it is first unfolded.
    """

    def __init__(
        self,
        session: Session,
        config: Callable[[], PredictConfig],
        lifecycle: Lifecycle,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._config, self._lifecycle = session, config, lifecycle
        self._waiting = False
        self.form: FolderForm | None = None
        self.section = Section("Predict a folder", collapsible=True, expanded=False, rule=False)
        self.section.toggled.connect(self._on_toggled)

    def start(self) -> None:
        """Predict the files; a running training is stopped first, its best model kept."""
        if self._session.state.phase in LEARNING:
            self._waiting = True
            self._session.train.stop()
            return
        choice = self.form.value() if self.form is not None else None
        if choice is None or choice.output is None:
            return
        self._session.folder.start(
            FolderWish(
                choice.output,
                self._config(),
                choice.folder,
                choice.pattern,
                choice.files,
                choice.write_as,
            )
        )

    def _on_toggled(self, unfolded: bool) -> None:
        if not unfolded or self.form is not None:
            return
        self.form = FolderForm()
        self.section.add(self.form)
        self.form.start_requested.connect(self.start)
        self.form.stop_requested.connect(self._session.folder.stop)
        self.form.valueChanged.connect(self._show_phase)
        state, connect = self._session.state, self._lifecycle.connect
        connect(state.phase_changed, self._on_phase)
        connect(state.progress_changed, self._on_progress)
        connect(state.model_changed, self._show_phase)
        connect(self._session.folder.failures_changed, self._on_failures)
        self._show_phase()

    def _on_failures(self, failed: tuple[FileFailed, ...]) -> None:
        if self.form is not None:
            self.form.set_failures(failed)

    def _on_phase(self, phase: Phase) -> None:
        self._show_phase()
        if self._session.folder.running or (self.form is not None and self.form.failures()):
            QTimer.singleShot(0, self.section.show_content)  # once the layout has made room
        if self._waiting and phase in {Phase.IDLE, Phase.FAILED}:
            self._waiting = False
            if phase is Phase.IDLE:
                self.start()

    def _show_phase(self, _: Any = None) -> None:
        state, form = self._session.state, self.form
        if form is None:
            return
        choice = form.value()
        if self._session.folder.running:
            form.set_state("stopping" if state.phase is Phase.STOPPING else "running")
        elif state.phase in {Phase.PREDICTING, Phase.STOPPING}:
            form.set_state("blocked", "Something else is at work.")
        elif state.model is None:
            form.set_state("empty", "Train a model or load one first.")
        elif choice.folder is None and not choice.files:
            form.set_state("empty", "Choose a folder of images.")
        elif choice.output is None:
            form.set_state("empty", "Choose a folder for the masks.")
        else:
            form.set_state("ready")

    def _on_progress(self, progress: Progress) -> None:
        if self.form is not None and self._session.folder.running:
            done = round(1000 * (progress.fraction or 0))
            self.form.set_progress(done, 1000, progress.words)
