"""The best model of a training that still goes on, on disk; and those that were cut short."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from psygnal import Signal

from napari_unet.app.jobs import LatestOnly, single
from napari_unet.app.models import SUFFIX, ModelLibrary
from napari_unet.app.ports import JobRunner
from napari_unet.app.state import CurrentModel, Phase, SessionState
from napari_unet.core.errors import UNetError
from napari_unet.data.processes import is_running, this_process

PAUSE_SECONDS = 20.0
"""A better model is written at most this often."""

UNFINISHED = "Unfinished training"
_FOLDER = "unfinished"
_NAME = re.compile(r"(\d+)-([\d.]+)(?:-\w+)?")


@dataclass(frozen=True)
class CutShort:
    """A training that did not come to its end.

    Parameters
    ----------
    path : Path
        Its best model.
    sentence : str
        What to say to the user.
    """

    path: Path
    sentence: str


class TrainingKeeper:
    """Writes what a training has reached, while it goes on and when it ends.

    Parameters
    ----------
    state : SessionState
    library : ModelLibrary
    runner : JobRunner
        Writes and looks; used by nobody else.
    clock : callable, optional
        Seconds that never go back.
    """

    offer_changed = Signal(object)
    """The `CutShort` to be shown, or None."""

    def __init__(
        self,
        state: SessionState,
        library: ModelLibrary,
        runner: JobRunner,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state, self._library, self._clock = state, library, clock
        self._jobs = LatestOnly(runner)
        number, began = this_process()
        self._folder = library.folder / _FOLDER
        # a program may have several windows, each with a training of its own
        self._path = self._folder / f"{number}-{began}-{secrets.token_hex(4)}{SUFFIX}"
        self._training = False
        self._written: Any = None
        self._last: Any = None
        self._next = -float("inf")
        self._offer: CutShort | None = None
        state.phase_changed.connect(self._on_phase)
        state.model_changed.connect(self._on_news)
        state.progress_changed.connect(self._on_news)

    @property
    def offer(self) -> CutShort | None:
        """What is offered now."""
        return self._offer

    def look(self) -> None:
        """Look in the background for a training that was cut short; `offer_changed` follows."""
        self._jobs.submit(
            lambda: single(self._find),
            on_done=self._show,
            on_error=lambda _: None,  # the list of models will say what is wrong there
            words="looking for unfinished trainings",
        )

    def take(self) -> Path | None:
        """Accept what is offered: its model in the library, to be loaded from there.

        Returns
        -------
        Path or None
            None if it is gone.
        """
        offer, self._offer = self._offer, None
        self.offer_changed.emit(None)
        if offer is None:
            return None
        try:
            return offer.path.rename(self._library.free_path(UNFINISHED))
        except OSError as err:
            self._state.say(
                f"The model cannot be moved: {err.strerror or err}. It stays in {self._folder}.",
                "error",
            )
            return None

    def close(self) -> None:
        """Write what is not written yet, to be offered next time; here and now."""
        current = self._unwritten()
        if not self._training:
            return
        try:
            if current is not None:
                self._save(current.model)
            if self._path.exists():
                self._path.rename(self._folder / f"0-{time.time()}{SUFFIX}")
        except (OSError, UNetError) as err:
            self._state.say(str(err), "error")

    # -- inside ---------------------------------------------------------------------------

    def _on_phase(self, phase: Phase) -> None:
        if phase is Phase.PREPARING:
            self._training, self._next = True, -float("inf")
            self._show(None)
        elif phase in {Phase.PAUSED, Phase.RESTING}:
            self._write()
        elif phase in {Phase.IDLE, Phase.FAILED} and self._training:
            self._training = False
            current = self._state.model
            new = current is not None and not current.saved and current.model is not self._last
            self._last = current.model if current is not None and new else self._last
            self._submit(lambda: self._finish(current.model if current and new else None))

    def _on_news(self, _: object = None) -> None:
        if self._training and self._clock() >= self._next:
            self._write()

    def _write(self) -> None:
        """Write a better model than the one that was written before."""
        current = self._unwritten()
        if current is not None:
            self._next = self._clock() + PAUSE_SECONDS
            self._submit(lambda: self._save(current.model))

    def _save(self, model: Any) -> None:
        """Write a model; it counts as written only now, for a job may be dropped unbegun."""
        self._library.save(model, self._path, overwrite=True)
        self._written = model

    def _unwritten(self) -> CurrentModel | None:
        current = self._state.model
        if (
            current is None
            or current.saved
            or any(current.model is known for known in (self._written, self._last))
        ):
            return None
        return current

    def _finish(self, model: Any | None) -> None:
        """Write what the training gave, if it gave something; runs on a worker."""
        if model is not None:
            self._library.keep_last(model)
        self._path.unlink(missing_ok=True)

    def _submit(self, work: Callable[[], Any]) -> None:
        self._jobs.submit(
            lambda: single(work),
            on_done=lambda _: None,
            on_error=lambda err: self._state.say(str(err), "error"),
            words="keeping the model",
        )

    def _show(self, offer: CutShort | None) -> None:
        if self._training:
            offer = None
        if offer is not None or self._offer is not None:
            self._offer = offer
            self.offer_changed.emit(offer)

    def _find(self) -> CutShort | None:
        """The newest model whose training did not end; runs on a worker."""
        files = self._folder.glob(f"*{SUFFIX}") if self._folder.is_dir() else ()
        for file in sorted(files, key=lambda file: file.stat().st_mtime, reverse=True):
            writer = _NAME.fullmatch(file.stem)
            if writer is not None and is_running((int(writer[1]), float(writer[2]))):
                continue
            entry = self._library.entry(file)
            if not entry.problem:
                then = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
                names = ", ".join(entry.card["classes"]["names"])
                return CutShort(
                    file,
                    f"A training was cut short on {then:%d %b, %H:%M}; its best model is kept. "
                    f"It knows {names}.",
                )
        return None
