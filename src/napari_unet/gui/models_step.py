"""The Models section: which model predicts, saved and loaded."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import QObject

from napari_unet.app.models import ModelEntry
from napari_unet.app.session import Session
from napari_unet.app.state import CurrentModel
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.model_picker import ModelFacts, ModelPicker
from napari_unet.gui.sections import Section

_CURRENT = "current"


class ModelsStep(QObject):
    """Shows the session's models and asks for others.

    Parameters
    ----------
    session : Session
    lifecycle : Lifecycle
    parent : QObject
    """

    def __init__(self, session: Session, lifecycle: Lifecycle, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self.picker = ModelPicker()
        self.section = Section("Models", collapsible=True, expanded=False)
        self.section.add(self.picker)
        self.picker.save_requested.connect(self._on_save)
        self.picker.load_requested.connect(self._on_load)
        self.picker.valueChanged.connect(self._on_picked)
        self.section.toggled.connect(self._on_toggled)
        lifecycle.connect(session.models.entries_changed, self._show)
        lifecycle.connect(session.state.model_changed, self._show)
        self._show()

    def _show(self, _: object = None) -> None:
        """Offer the current model, where it is no file, and the files of the library."""
        current = self._session.state.model
        entries = self._session.models.entries
        facts = [_facts_of_entry(entry) for entry in entries]
        key = None
        if current is not None:
            key = str(current.path) if current.path is not None else _CURRENT
            if key not in {fact.key for fact in facts}:
                facts.insert(0, _facts_of_current(current, key))
        self.picker.set_models(facts)
        self.picker.setValue(key)
        self.picker.set_enabled_save(current is not None, "There is no model to save yet.")
        self.section.set_aside(_in_short(current) if current is not None else "")

    def _on_toggled(self, unfolded: bool) -> None:
        if unfolded:
            self._session.models.refresh()

    def _on_save(self) -> None:
        current = self._session.state.model
        if current is None:
            return
        library = self._session.models.library
        library.folder.mkdir(parents=True, exist_ok=True)
        chosen = self.picker.ask_save_path(str(library.free_path(current.name)))
        if chosen:
            # The dialog has asked already whether a file may be replaced.
            self._session.models.save(Path(chosen), overwrite=True)

    def _on_load(self) -> None:
        chosen = self.picker.ask_load_path()
        if chosen:
            self._session.models.load(Path(chosen))

    def _on_picked(self, key: str | None) -> None:
        current = self._session.state.model
        is_current = current is not None and key in {_CURRENT, str(current.path)}
        if key and not is_current:
            self._session.models.load(Path(key))
            self._show()  # until it is loaded, the one in use stays chosen


def _in_short(model: CurrentModel) -> str:
    return model.name if model.score is None else f"{model.name}, score {model.score:.2f}"


def _facts_of_entry(entry: ModelEntry) -> ModelFacts:
    if entry.problem:
        return ModelFacts(str(entry.path), entry.name, words=entry.problem)
    card = entry.card
    scores = [point.get("score") for point in card["history"]]
    return ModelFacts(
        str(entry.path),
        entry.name,
        tuple(card["classes"]["names"]),
        card["config"]["input_channels"],
        max((score for score in scores if score is not None), default=None),
    )


def _facts_of_current(current: CurrentModel, key: str) -> ModelFacts:
    return ModelFacts(
        key,
        current.name,
        tuple(current.model.classes.names),
        current.model.config.input_channels,
        current.score,
        current.saved,
    )
