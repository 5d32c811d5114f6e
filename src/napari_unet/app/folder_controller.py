"""Prediction of image files into a folder, decided without Qt and without torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psygnal import Signal

from napari_unet.app.engine import lower_priority
from napari_unet.app.jobs import Job
from napari_unet.app.ports import JobRunner
from napari_unet.app.state import Phase, Progress, SessionState
from napari_unet.batch.events import BatchResult, FileBegun, FileFailed
from napari_unet.batch.file_prediction import FilePrediction
from napari_unet.batch.run import Batch
from napari_unet.batch.tasks import WriteAs, images_in_folder, tasks_for
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import UNetError
from napari_unet.core.events import Notice, TileDone


@dataclass(frozen=True)
class FolderWish:
    """Which files the user wants to predict.

    Parameters
    ----------
    output : Path
        The folder to write to.
    config : PredictConfig
    folder : Path or None, optional
        Where the images are.
    pattern : str, optional
        Which names in the folder; all images when empty.
    files : tuple of Path, optional
        The images themselves, instead of a folder.
    write_as : {"image", "ome-tiff", "ome-zarr"}, optional
        What results are.
    """

    output: Path
    config: PredictConfig
    folder: Path | None = None
    pattern: str = ""
    files: tuple[Path, ...] = ()
    write_as: WriteAs = "image"


def folder_job(wish: FolderWish, model: Any, cancel: CancelToken) -> Job:
    """Predict file after file; one that fails does not stop the others.

    Parameters
    ----------
    wish : FolderWish
    model : napari_unet.learn.model.Model
    cancel : CancelToken
    """
    lower_priority()
    files = list(wish.files)
    if wish.folder is not None and not files:
        files = images_in_folder(wish.folder, wish.pattern)
    tasks = tasks_for(files, wish.output, False, wish.write_as, into_folder=True)
    prediction = FilePrediction(model, wish.config, None, cancel)
    batch = Batch(tasks, model.classes.names, prediction.made_with(), False)
    return (yield from batch.run(prediction.write, lambda: cancel.cancelled))


class FolderController:
    """Predicts files one after the other; one job at a time with training and the rest.

    Parameters
    ----------
    state : SessionState
    runner : JobRunner
        For the heavy job.
    make_job : callable, optional
        Makes the heavy job; replaced in tests.
    """

    failures_changed = Signal(object)
    """Emitted with the `FileFailed` so far, a tuple, whenever there is another or a new start."""

    def __init__(
        self,
        state: SessionState,
        runner: JobRunner,
        make_job: Callable[..., Job] = folder_job,
    ) -> None:
        self._state, self._runner, self._make_job = state, runner, make_job
        self._cancel: CancelToken | None = None
        self._begun: FileBegun | None = None
        self._failures: tuple[FileFailed, ...] = ()

    @property
    def running(self) -> bool:
        """True while files are predicted."""
        return self._cancel is not None

    def start(self, wish: FolderWish) -> None:
        """Predict what is not done yet."""
        current = self._state.model_to_use()
        if current is None:
            return
        self._cancel, self._begun = CancelToken(), None
        self._set_failures(())
        self._state.say("")
        self._state.set_progress(Progress(words="Looking for images"))
        self._state.move(Phase.PREDICTING)
        self._runner.run(
            self._make_job(wish, current.model, self._cancel),
            on_event=self._on_event,
            on_done=self._on_done,
            on_error=self._on_error,
            cancel=self._cancel,
            words="predicting a folder",
        )

    def stop(self) -> None:
        """Ask prediction to end; results that are finished stay."""
        if self._state.phase is Phase.PREDICTING and self._cancel is not None:
            self._cancel.cancel()
            self._state.move(Phase.STOPPING)

    def _set_failures(self, failures: tuple[FileFailed, ...]) -> None:
        self._failures = failures
        self.failures_changed.emit(failures)

    def _on_event(self, event: Any) -> None:
        match event:
            case FileBegun():
                self._begun = event
                self._show(0.0)
            case TileDone():
                self._show(event.done / max(1, event.of))
            case FileFailed():
                self._set_failures((*self._failures, event))
            case Notice(text=text):
                self._state.say(text)

    def _show(self, share: float) -> None:
        if self._begun is not None:
            number, of = self._begun.number, self._begun.of
            words = f"{number} of {of}: {self._begun.image.name}"
            self._state.set_progress(Progress((number - 1 + share) / of, None, words))

    def _on_done(self, result: BatchResult) -> None:
        self._cancel = None
        text = _closing_words(result)
        nothing = bool(result.failed) and not result.written and not result.skipped
        self._state.say(text, "error" if nothing else "warning" if result.failed else "good")
        self._state.move(Phase.IDLE)

    def _on_error(self, err: UNetError) -> None:
        self._cancel = None
        self._state.fail(str(err))


def _closing_words(result: BatchResult) -> str:
    """What became of a batch, in a few sentences."""
    words = "Stopped; press Start to go on. " if result.stopped else "Done. "
    words += f"{_images(len(result.written))} predicted into {result.summary.parent.name}"
    if result.skipped:
        words += f", {len(result.skipped)} done before"
    if result.failed:
        words += f", {len(result.failed)} failed: see the list"
    return f"{words}. {result.summary.name} there has a line for each."


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"
