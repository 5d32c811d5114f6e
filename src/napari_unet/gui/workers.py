"""Jobs on Qt's thread pool: the only place that makes workers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, NamedTuple

from napari.qt.threading import GeneratorWorker, create_worker
from qtpy.QtCore import QObject, QThreadPool, Signal, Slot

from napari_unet.app.jobs import Job, shielded
from napari_unet.core.cancel import CancelToken
from napari_unet.core.errors import JobFailed, UNetError
from napari_unet.gui.lifecycle import Lifecycle


class _Worker(GeneratorWorker):
    """A worker whose `quit` raises the job's cancel token, if it has one.

    napari calls `quit` when its window closes. A worker that obeyed it in napari's own way
    would stop between two events and leave the job hanging there with all it holds; this one
    lets the job end by itself, at its next step.
    """

    token: CancelToken | None = None

    def quit(self) -> None:
        """Ask the job to end."""
        if self.token is None:
            super().quit()
        else:
            self.token.cancel()

    def work(self) -> Any:
        """Run the job, and hold nothing of it afterwards, even if it never began.

        Who lets go of a worker, Qt or Python, and when, is up to the binding.
        """
        try:
            return super().work()
        finally:
            self._gen.close()
            self._gen: Generator[Any, Any, Any] = _nothing()


def _nothing() -> Generator[Any, None, Any]:
    """A job that is over before it begins."""
    yield from ()


class _Named(partial):
    """A generator function that napari's list of running tasks shows in words."""

    words = ""

    def __repr__(self) -> str:
        return self.words


class _Failure(NamedTuple):
    """How a job ended that did not give a result."""

    error: UNetError


class _Callbacks(NamedTuple):
    """Who hears of the running job."""

    on_event: Callable[[Any], None]
    on_done: Callable[[Any], None]
    on_error: Callable[[UNetError], None]


_SWITCH_SECONDS = 0.001


def share_interpreter(lifecycle: Lifecycle) -> None:
    """Let the window have the interpreter back within a millisecond, until `lifecycle` ends.

    Drawing one frame calls into OpenGL hundreds of times, and after each call the window
    waits for the interpreter lock; beside a worker that runs Python that is up to Python's
    switch interval each time, by default 5 ms.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _SWITCH_SECONDS))
    lifecycle.at_close(lambda: sys.setswitchinterval(before))


class QtRunner(QObject):
    """Runs one job at a time on Qt's pool; every callback arrives on the main thread.

    Parameters
    ----------
    parent : QObject, optional
        Deletes the runner with itself; what a worker still sends is then dropped by Qt.
    """

    failed = Signal(object)
    """Emitted with the error when a job ended in one, before anybody else hears of it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: _Worker | None = None
        self._callbacks: _Callbacks | None = None
        self._closed = False

    @property
    def busy(self) -> bool:
        """True from `run` until the result or the error is handed over."""
        return self._callbacks is not None

    def run(
        self,
        job: Job,
        *,
        on_event: Callable[[Any], None],
        on_done: Callable[[Any], None],
        on_error: Callable[[UNetError], None],
        cancel: CancelToken | None = None,
        words: str = "",
    ) -> None:
        """Start `job`; see `napari_unet.app.ports.JobRunner`.

        Raises
        ------
        RuntimeError
            If a job runs already.
        """
        if self._closed:
            return
        if self.busy:
            raise RuntimeError("This runner runs another job already.")
        body = _Named(_body)
        body.words = f"U-Net Paint, {words}" if words else "U-Net Paint"
        # the job is an argument, not a part of the function, which napari's slots hold on to
        worker = create_worker(
            body, job, cancel is not None, _ignore_errors=True, _worker_class=_Worker
        )
        worker.token = cancel
        # Slots of an object that lives on the main thread: Qt queues the calls for it.
        worker.yielded.connect(self._take_event)
        worker.returned.connect(self._take_result)
        worker.errored.connect(self._take_error)
        worker.aborted.connect(self._take_abort)
        self._worker, self._callbacks = worker, _Callbacks(on_event, on_done, on_error)
        worker.start()

    def close(self) -> None:
        """Tell whatever runs to end, and hear nothing of it any more."""
        self._closed = True
        worker, self._worker, self._callbacks = self._worker, None, None
        if worker is not None:
            worker.quit()

    @Slot(object)  # type: ignore[untyped-decorator]
    def _take_event(self, event: Any) -> None:
        if self._callbacks is not None:
            self._callbacks.on_event(event)

    @Slot(object)  # type: ignore[untyped-decorator]
    def _take_result(self, result: Any) -> None:
        if isinstance(result, _Failure):
            self._take_error(result.error)
        elif (callbacks := self._let_go()) is not None:
            callbacks.on_done(result)

    @Slot(object)  # type: ignore[untyped-decorator]
    def _take_error(self, err: UNetError) -> None:
        if (callbacks := self._let_go()) is not None:
            self.failed.emit(err)
            callbacks.on_error(err)

    @Slot()  # type: ignore[untyped-decorator]
    def _take_abort(self) -> None:
        self._take_error(JobFailed("Stopped because napari was closing. Start it again."))

    def _let_go(self) -> _Callbacks | None:
        """Be free for the next job before anybody hears that this one ended."""
        callbacks, self._callbacks, self._worker = self._callbacks, None, None
        return callbacks


def _body(job: Job, long: bool) -> Generator[Any, None, Any]:
    """What the worker runs; superqt wants a generator function, not a generator.

    Qt's pool has as many threads as there are cores. A long job, which may even sleep until
    there is more paint, must not keep small ones from theirs: the pool gets one more meanwhile.

    An error is handed over like a result: napari listens to `errored` with a function that
    takes no error, which PySide6 does not forgive.
    """
    pool = QThreadPool.globalInstance()
    if long:
        pool.releaseThread()
    try:
        return (yield from shielded(job))
    except UNetError as err:
        return _Failure(err)
    finally:
        if long:
            pool.reserveThread()
