"""A model at work on image files, as a shell shows it: a bar for each image, words for the rest."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack
from typing import Any, TypeVar

from napari_unet.batch.events import BatchResult, FileBegun, FileFailed
from napari_unet.cli.report import Bar, Report
from napari_unet.core.drive import exhaust
from napari_unet.core.events import Notice, TileDone

Result = TypeVar("Result")


def shown(events: Generator[Any, None, Result], report: Report, words: str = "") -> Result:
    """Drive a prediction to its end, and show how far it is.

    Parameters
    ----------
    events : generator
        One image, or a batch.
    report : Report
    words : str, optional
        Stand before the bar, until a batch says which image it is at.
    """
    with ExitStack() as bars:
        bar: list[Bar] = [bars.enter_context(report.progress(words))] if words else []

        def show(event: Any) -> None:
            match event:
                case FileBegun(number, of, image):
                    bars.close()
                    bar[:] = [bars.enter_context(report.progress(f"{number}/{of} {image.name}"))]
                case FileFailed(image, error):
                    report.complain(f"{image}: {error}")
                case Notice(text):
                    report.say(text)
                case TileDone(done, of) if bar:
                    bar[0].show(done / of)

        return exhaust(events, show)


def closing_words(result: BatchResult) -> list[str]:
    """What to say after the results of a batch."""
    words = []
    if result.skipped:
        words.append(f"{_images(len(result.skipped))} done before and skipped.")
    if result.failed:
        words.append(f"{_images(len(result.failed))} failed:")
        words += [f"  {one.image}: {one.error}" for one in result.failed]
    return [*words, f"Table: {result.summary}"]


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"
