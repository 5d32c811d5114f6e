"""Many images, one after the other: what fails is told at the end, what is done is skipped."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from hashlib import sha256
from pathlib import Path
from typing import Any

from napari_unet.batch.events import BatchResult, FileBegun, FileFailed
from napari_unet.batch.file_prediction import Work
from napari_unet.batch.summary import DIGEST_LENGTH, DONE, FAILED, STARTED, Summary
from napari_unet.batch.tasks import Task, Tasks
from napari_unet.core.errors import DeviceUnavailable, InvalidSetting, OtherResult, UNetError
from napari_unet.core.events import Notice, TileDone
from napari_unet.data.files import check_output
from napari_unet.data.scenes import file_of

MakeWork = Callable[[Task, bool], Work]
"""Predicts one image, with leave to overwrite."""

BatchWork = Generator[FileBegun | FileFailed | TileDone | Notice, None, BatchResult]

_HOPELESS = (DeviceUnavailable, InvalidSetting)
"""What is wrong with the command and not with an image."""


class Batch:
    """A folder of results that fills image by image.

    Parameters
    ----------
    tasks : Tasks
        With a folder.
    classes : sequence of str
        Names of the classes.
    settings : str
        Model and settings in any form: results of others are not taken for done.
    overwrite : bool
        Begin anew, and replace files that exist.

    Raises
    ------
    OutputExists
        If a result would replace a file that is not of this batch.
    """

    def __init__(
        self, tasks: Tasks, classes: tuple[str, ...], settings: str, overwrite: bool
    ) -> None:
        assert tasks.folder is not None
        self._settings, self._overwrite = settings, overwrite
        self._summary = Summary(tasks.folder, classes, fresh=overwrite)
        self._tasks = [task for task in tasks.each if not self._is_result(task.image, tasks.folder)]
        inputs = [task.image for task in self._tasks]
        for task in self._tasks:
            self._check(task, inputs)

    def _is_result(self, image: Path, folder: Path) -> bool:
        """True for what this batch wrote itself into the folder the images are in."""
        return image.parent.resolve() == folder.resolve() and self._summary.knows(image)

    def _check(self, task: Task, inputs: list[Path]) -> None:
        """Raise if a result would replace something else."""
        if task.streams or self._is_done(task):
            return  # what is written block by block knows itself what it is made of
        noted = self._summary.status(task.labels, self._made_of(task))
        for path in task.results:
            if path.exists() and not self._overwrite and self._summary.knows(path) and not noted:
                raise OtherResult(
                    f"{path} was predicted from another image, or with another model or "
                    "settings. Choose another folder; from a shell, --overwrite replaces results."
                )
            check_output(path, inputs, self._overwrite or noted == STARTED)

    def _made_of(self, task: Task) -> str:
        """A short digest of the image, as far as its file tells, and the settings."""
        facts: tuple[Any, ...] = (self._settings, task.image.name, bool(task.probabilities))
        if (file := file_of(task.image)).is_file():
            stat = file.stat()
            facts += (stat.st_size, stat.st_mtime_ns)
        return sha256(repr(facts).encode()).hexdigest()[:DIGEST_LENGTH]

    def run(self, work: MakeWork, cancelled: Callable[[], bool]) -> BatchWork:
        """Predict what is not done yet; tell of each image and what its prediction tells."""
        result = BatchResult(self._summary.path)
        self._summary.begin()
        stopped = False
        for number, task in enumerate(self._tasks, 1):
            if self._is_done(task):
                result.skipped.append(task.image)
                continue
            yield FileBegun(number, len(self._tasks), task.image)
            yield from self._one(task, work, result)
            stopped = cancelled()
            if stopped:
                break
        self._summary.finish()
        return BatchResult(result.summary, result.written, result.skipped, result.failed, stopped)

    def _is_done(self, task: Task) -> bool:
        done = self._summary.status(task.labels, self._made_of(task)) == DONE
        return done and not task.streams and all(path.is_file() for path in task.results)

    def _one(
        self, task: Task, work: MakeWork, result: BatchResult
    ) -> Generator[FileFailed | TileDone | Notice, None, None]:
        made_of, begin = self._made_of(task), time.monotonic()
        may_replace = self._overwrite
        if not task.streams:
            may_replace |= self._summary.status(task.labels, made_of) == STARTED
        self._summary.note(task.image, task.labels, made_of, STARTED)
        try:
            done = yield from work(task, may_replace)
        except _HOPELESS:
            raise
        except (UNetError, OSError, MemoryError) as err:
            error = str(err) or "Memory ran out. Close other programs, or predict it as OME-Zarr."
            result.failed.append(FileFailed(task.image, error))
            self._summary.note(task.image, task.labels, made_of, FAILED, error=error)
            yield result.failed[-1]
            return
        if done is None:
            return
        result.written.append(done)
        self._summary.note(
            task.image, task.labels, made_of, DONE,
            seconds=time.monotonic() - begin, pixels=done.pixels,
        )  # fmt: skip
