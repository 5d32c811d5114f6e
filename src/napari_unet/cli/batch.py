"""Many images, one after the other: what fails is told at the end, what is done is skipped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from napari_unet.cli.report import Report
from napari_unet.cli.summary import DIGEST_LENGTH, DONE, FAILED, STARTED, Summary
from napari_unet.cli.tasks import Task, Tasks
from napari_unet.core.errors import (
    DeviceUnavailable,
    InvalidSetting,
    MissingPackage,
    OtherResult,
    UNetError,
)
from napari_unet.data.files import check_output

Work = Callable[[Task, str, bool], dict[str, Any] | None]
"""Predicts one image, with words for the bar and leave to overwrite; None if cancelled."""

_HOPELESS = (DeviceUnavailable, InvalidSetting, MissingPackage)
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
    report : Report

    Raises
    ------
    OutputExists
        If a result would replace a file that is not of this batch.
    """

    def __init__(
        self, tasks: Tasks, classes: tuple[str, ...], settings: str, overwrite: bool, report: Report
    ) -> None:
        assert tasks.folder is not None
        self._settings, self._overwrite, self._report = settings, overwrite, report
        self._summary = Summary(tasks.folder, classes, fresh=overwrite)
        self._tasks = [task for task in tasks.each if not self._is_result(task.image, tasks.folder)]
        for task in self._tasks:
            self._check(task, [each.image for each in self._tasks])

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
                    "settings. Choose another folder, or replace results with --overwrite."
                )
            check_output(path, inputs, self._overwrite or noted == STARTED)

    def _made_of(self, task: Task) -> str:
        """A short digest of the image, as far as its file tells, and the settings."""
        facts: tuple[Any, ...] = (self._settings, task.image.name, bool(task.probabilities))
        if task.image.is_file():
            stat = task.image.stat()
            facts += (stat.st_size, stat.st_mtime_ns)
        return sha256(repr(facts).encode()).hexdigest()[:DIGEST_LENGTH]

    def run(self, work: Work, cancelled: Callable[[], bool]) -> dict[str, Any]:
        """Predict what is not done yet.

        Returns
        -------
        dict
            ``results``, ``skipped`` and ``failed``, each a list with one entry an image, and
            the ``summary``.
        """
        told: dict[str, Any] = {"results": [], "skipped": [], "failed": []}
        self._summary.begin()
        for number, task in enumerate(self._tasks, 1):
            if self._is_done(task):
                told["skipped"].append(str(task.image))
                continue
            words = f"{number}/{len(self._tasks)} {task.image.name}"
            self._one(task, words, work, told)
            if cancelled():
                break
        return told | {"summary": str(self._summary.finish())}

    def _is_done(self, task: Task) -> bool:
        done = self._summary.status(task.labels, self._made_of(task)) == DONE
        return done and not task.streams and all(path.is_file() for path in task.results)

    def _one(self, task: Task, words: str, work: Work, told: dict[str, Any]) -> None:
        made_of, begin = self._made_of(task), time.monotonic()
        may_replace = self._overwrite
        if not task.streams:
            may_replace |= self._summary.status(task.labels, made_of) == STARTED
        self._summary.note(task.image, task.labels, made_of, STARTED)
        try:
            done = work(task, words, may_replace)
        except _HOPELESS:
            raise
        except (UNetError, OSError, MemoryError) as err:
            error = str(err) or "Memory ran out. Close other programs, or predict it as OME-Zarr."
            self._report.complain(f"{task.image}: {error}")
            told["failed"].append({"image": str(task.image), "error": error})
            self._summary.note(task.image, task.labels, made_of, FAILED, error=error)
            return
        if done is None:
            return
        told["results"].append(done)
        self._summary.note(
            task.image, task.labels, made_of, DONE,
            seconds=time.monotonic() - begin, pixels=done["pixels"],
        )  # fmt: skip


def closing_words(told: Mapping[str, Any]) -> list[str]:
    """What to say after the results of a batch."""
    words = []
    if told["skipped"]:
        words.append(f"{_images(len(told['skipped']))} done before and skipped.")
    if told["failed"]:
        words.append(f"{_images(len(told['failed']))} failed:")
        words += [f"  {one['image']}: {one['error']}" for one in told["failed"]]
    return [*words, f"Table: {told['summary']}"]


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"
