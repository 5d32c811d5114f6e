"""What a command says: results on standard output, progress and notices on standard error."""

from __future__ import annotations

import json
import math
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from napari_unet.core.cancel import CancelToken


class Report:
    """Where a command's words go.

    Parameters
    ----------
    quiet : bool
        Say nothing but results.
    as_json : bool
        Print the result as one JSON object instead of for people.
    """

    def __init__(self, quiet: bool, as_json: bool) -> None:
        self._quiet, self._as_json = quiet, as_json
        self._out = Console(soft_wrap=True, highlight=False)
        self._err = Console(stderr=True, soft_wrap=True, highlight=False)

    def say(self, text: str) -> None:
        """Tell the user something while work goes on."""
        if text and not self._quiet:
            self._err.print(Text(text, style="yellow"))

    def complain(self, text: str) -> None:
        """Tell the user, in any case, that something went wrong while work goes on."""
        self._err.print(Text(text, style="bold red"))

    def result(self, data: dict[str, Any], *words: RenderableType) -> None:
        """Print what the command was asked for: `words` for people, `data` for programs."""
        if self._as_json:
            typer.echo(json.dumps(without_nan(data), ensure_ascii=False))
            return
        for word in words:
            self._out.print(Text(word) if isinstance(word, str) else word)

    @contextmanager
    def progress(self, words: str) -> Iterator[Bar]:
        """A progress bar on standard error while the block runs."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=self._err, disable=self._quiet) as progress:
            yield Bar(progress, progress.add_task(words, total=1.0, note=""))


class Bar:
    """One progress bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def show(self, fraction: float | None = None, note: str | None = None) -> None:
        """Show how much is done, 0 to 1, and a few words behind the bar."""
        if fraction is not None:
            self._progress.update(self._task, completed=fraction)
        if note is not None:
            self._progress.update(self._task, note=note)


def clock(seconds: float) -> str:
    """Minutes and seconds, for example ``1:05``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def score_words(score: float | None) -> str:
    """A score between 0 and 1 for people; a dash where there is none."""
    return "–" if score is None else f"{score:.3f}"


def without_nan(data: Any) -> Any:
    """The same data with None for numbers that JSON does not know."""
    if isinstance(data, dict):
        return {key: without_nan(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [without_nan(value) for value in data]
    if isinstance(data, float) and not math.isfinite(data):
        return None
    return data


class Interrupted:
    """Which signal asked the command to end, if any."""

    def __init__(self) -> None:
        self.signal: int | None = None

    @property
    def exit_code(self) -> int:
        """What the shell expects of a command ended by this signal: 130 after Ctrl+C."""
        return 128 + (self.signal or signal.SIGINT)


@contextmanager
def stopping_gently(cancel: CancelToken, report: Report, words: str) -> Iterator[Interrupted]:
    """Turn the first Ctrl+C (or a request to terminate) into a cancel; the second ends at once."""
    interrupted = Interrupted()

    def on_signal(number: int, frame: FrameType | None) -> None:
        del frame
        if cancel.cancelled:
            raise KeyboardInterrupt
        interrupted.signal = number
        cancel.cancel()
        report.say(words)

    if threading.current_thread() is not threading.main_thread():
        yield interrupted  # only the main thread may listen to signals
        return
    before = {s: signal.signal(s, on_signal) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
