"""Saving, loading and listing models, on a worker; the window only shows what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psygnal import Signal

from napari_unet.app.jobs import Job, LatestOnly, single
from napari_unet.app.models import ModelEntry, ModelLibrary
from napari_unet.app.ports import JobRunner
from napari_unet.app.state import LOADED, CurrentModel, SessionState
from napari_unet.core.errors import UNetError


class ModelController:
    """Moves models between the session and files.

    Parameters
    ----------
    state : SessionState
    library : ModelLibrary
    listing, files : JobRunner
        One for looking into files, one for reading and writing them; used by nobody else.
    """

    entries_changed = Signal(object)

    def __init__(
        self, state: SessionState, library: ModelLibrary, listing: JobRunner, files: JobRunner
    ) -> None:
        self._state, self._library = state, library
        self._listing = LatestOnly(listing)
        self._files = files
        self._entries: tuple[ModelEntry, ...] = ()

    @property
    def entries(self) -> tuple[ModelEntry, ...]:
        """The model files as they were last listed."""
        return self._entries

    @property
    def library(self) -> ModelLibrary:
        """The folder."""
        return self._library

    def refresh(self) -> None:
        """Look into the folder again; `entries_changed` follows."""
        self._listing.submit(
            lambda: single(self._library.entries),
            on_done=self._on_listed,
            on_error=self._on_error,
            words="looking for models",
        )

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the current model to a file; see `ModelLibrary.save`."""
        current = self._state.model
        if current is None or self._files.busy:
            return

        def saved(where: Path) -> None:
            now = self._state.model
            if now is not None and now.model is current.model:
                named = CurrentModel(current.model, where.stem, where, current.score)
                self._state.set_model(named)
            self._state.say(f"Saved as {where}.", "good")
            self.refresh()

        job = single(lambda: self._library.save(current.model, path, overwrite=overwrite))
        self._run(job, saved, "saving a model")

    def load(self, path: Path) -> None:
        """Make the model in this file the current one."""
        if self._state.busy:
            self._state.say("Stop learning or predicting first, then load the model.")
        if self._state.busy or self._files.busy:
            return

        def loaded(model: Any) -> None:
            if self._state.busy:
                return
            self._state.start_curve()
            self._state.set_model(CurrentModel(model, path.stem, path, _score_of(model)))
            names = ", ".join(model.classes.names)
            self._state.say(f"Loaded {path.stem}, which knows {names}.", "good", code=LOADED)

        self._run(single(lambda: self._library.load(path)), loaded, "loading a model")

    def _run(self, job: Job, on_done: Any, words: str) -> None:
        self._files.run(
            job, on_event=lambda _: None, on_done=on_done, on_error=self._on_error, words=words
        )

    def _on_listed(self, entries: list[ModelEntry]) -> None:
        self._entries = tuple(entries)
        self.entries_changed.emit(self._entries)

    def _on_error(self, err: UNetError) -> None:
        self._state.say(str(err), "error")


def _score_of(model: Any) -> float | None:
    """Best score in a model's history, if it was ever scored."""
    scores = [entry.get("score") for entry in model.history]
    return max((score for score in scores if score is not None), default=None)
