"""Running work that yields events: the shield around it, and the runner that needs no threads."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from napari_unet.app.ports import JobRunner
from napari_unet.core.cancel import CancelToken
from napari_unet.core.errors import JobFailed, OutOfMemory, UNetError

Job = Generator[Any, None, Any]
"""Work: yields events (frozen facts), returns a result, raises a `UNetError`."""

REPORT = "Please report it with the text above if it happens again."


def shielded(job: Job) -> Job:
    """Run a job and re-raise everything it raises as one of our errors.

    A worker thread of superqt takes a RuntimeError for a deleted Qt object and
    drops it without a word, and most errors of torch are RuntimeErrors.

    Raises
    ------
    UNetError
        Whatever went wrong, with a sentence for the user.
    """
    try:
        return (yield from job)
    except UNetError:
        raise
    except MemoryError as err:
        raise OutOfMemory(
            "The computer ran out of memory. Close other programs or images, then try again."
        ) from err
    except Exception as err:
        raise JobFailed(f"{_in_words(err)} {REPORT}") from err


def _in_words(err: Exception) -> str:
    """The error's own text as one sentence, or its type if it has none."""
    text = " ".join(str(err).split()) or type(err).__name__
    text = text if len(text) <= 300 else text[:297] + "..."
    return f"Something went wrong: {text.rstrip('.')}."


class InlineRunner:
    """Run a job here and now, in the caller's thread: for tests and scripts."""

    busy = False

    def run(
        self,
        job: Job,
        *,
        on_event: Callable[[Any], None],
        on_done: Callable[[Any], None],
        on_error: Callable[[UNetError], None],
        cancel: CancelToken | None = None,  # noqa: ARG002  (nobody can close us from outside)
        words: str = "",  # noqa: ARG002
    ) -> None:
        """Exhaust `job`, handing on what it yields, returns or raises."""
        work = shielded(job)
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                return on_done(end.value)
            except UNetError as err:
                return on_error(err)
            on_event(event)


def _ignore(event: Any) -> None:
    """Take an event and do nothing."""


class LatestOnly:
    """Small jobs of one kind, one at a time: while one runs, only the newest other one waits.

    Parameters
    ----------
    runner : JobRunner
        Who runs them; nobody else may use it.
    """

    def __init__(self, runner: JobRunner) -> None:
        self._runner = runner
        self._waiting: Callable[[], None] | None = None

    @property
    def waiting(self) -> bool:
        """True if a newer job waits, so that the running one had better end. Any thread may ask."""
        return self._waiting is not None

    def submit(
        self,
        make_job: Callable[[], Job],
        *,
        on_done: Callable[[Any], None],
        on_error: Callable[[UNetError], None],
        on_event: Callable[[Any], None] = _ignore,
        cancel: CancelToken | None = None,
        words: str = "",
    ) -> None:
        """Run the job that `make_job` makes, now or as soon as the running one is done.

        When the window closes, `cancel` is raised.
        """
        if self._runner.busy:
            self._waiting = lambda: self.submit(
                make_job,
                on_done=on_done,
                on_error=on_error,
                on_event=on_event,
                cancel=cancel,
                words=words,
            )
            return

        def done(result: Any) -> None:
            on_done(result)
            self._next()

        def failed(err: UNetError) -> None:
            on_error(err)
            self._next()

        self._runner.run(
            make_job(),
            on_event=on_event,
            on_done=done,
            on_error=failed,
            cancel=cancel,
            words=words,
        )

    def _next(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting()


def single(function: Callable[[], Any]) -> Job:
    """Make a job of a plain function: it yields nothing and returns what `function` returns."""
    yield from ()
    return function()
