from __future__ import annotations

import gc
import threading
import weakref

import pytest
from qtpy.QtCore import QThread, QThreadPool

from napari_unet.core.cancel import CancelToken
from napari_unet.core.errors import JobFailed, NothingPainted
from napari_unet.gui.workers import QtRunner


@pytest.fixture
def runner(qtbot):
    runner = QtRunner()
    yield runner
    runner.close()
    assert QThreadPool.globalInstance().waitForDone(5000)


def run(runner: QtRunner, qtbot, job, **more) -> dict:
    seen: dict = {"events": [], "threads": set()}

    def on_event(event):
        seen["threads"].add(QThread.currentThread() is main)
        seen["events"].append(event)

    main = QThread.currentThread()
    runner.run(
        job,
        on_event=on_event,
        on_done=lambda result: seen.update(done=result, busy=runner.busy),
        on_error=lambda err: seen.update(error=err, busy=runner.busy),
        **more,
    )
    qtbot.waitUntil(lambda: "done" in seen or "error" in seen)
    return seen


def test_the_job_runs_elsewhere_and_everything_arrives_here(runner, qtbot) -> None:
    def job():
        yield threading.get_ident()
        yield 2
        return "end"

    seen = run(runner, qtbot, job())
    assert seen["events"][0] != threading.get_ident()
    assert seen["events"][1:] == [2]
    assert seen["done"] == "end"
    assert seen["threads"] == {True}
    assert seen["busy"] is False


@pytest.mark.parametrize(
    ("err", "kind"),
    [
        (RuntimeError("CUDA out of memory"), JobFailed),
        (StopIteration(), JobFailed),
        (KeyError("x"), JobFailed),
        (NothingPainted("Paint."), NothingPainted),
    ],
)
def test_no_error_is_swallowed_and_the_runner_is_free_again(runner, qtbot, err, kind) -> None:
    def job():
        yield 1
        raise err

    seen = run(runner, qtbot, job())
    assert type(seen["error"]) is kind
    assert seen["busy"] is False

    def next_job():
        yield 1

    assert run(runner, qtbot, next_job())["events"] == [1]


def test_two_jobs_at_once_are_refused(runner, qtbot) -> None:
    cancel = CancelToken()

    def job():
        while not cancel.cancelled:
            yield 1

    nothing = {"on_event": lambda _: None, "on_done": lambda _: None, "on_error": lambda _: None}
    runner.run(job(), cancel=cancel, **nothing)
    with pytest.raises(RuntimeError, match="another job"):
        runner.run(job(), **nothing)
    cancel.cancel()
    qtbot.waitUntil(lambda: not runner.busy)


def test_closing_ends_the_job_and_nothing_of_it_arrives(runner, qtbot) -> None:
    cancel, ended, heard = CancelToken(), threading.Event(), []

    def job():
        while not cancel.cancelled:
            yield 1
        ended.set()

    runner.run(
        job(), on_event=heard.append, on_done=heard.append, on_error=heard.append, cancel=cancel
    )
    qtbot.waitUntil(lambda: bool(heard))
    runner.close()
    heard.clear()
    assert ended.wait(5)
    qtbot.wait(20)
    assert heard == []
    runner.run(job(), on_event=heard.append, on_done=heard.append, on_error=heard.append)
    assert not runner.busy


def test_what_napari_calls_on_closing_ends_the_job_normally(runner, qtbot) -> None:
    cancel = CancelToken()
    seen: dict = {}

    def job():
        yield "begun"
        while not cancel.cancelled:
            yield None
        return "kept"

    def on_event(event):
        if event == "begun":
            runner._worker.quit()

    runner.run(
        job(),
        on_event=on_event,
        on_done=lambda result: seen.update(done=result),
        on_error=lambda err: seen.update(error=err),
        cancel=cancel,
    )
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == {"done": "kept"}


def test_a_job_without_a_token_that_is_aborted_reports_it(runner, qtbot) -> None:
    seen: dict = {}

    def job():
        while True:
            yield 1

    def on_event(_):
        runner._worker and runner._worker.quit()

    runner.run(
        job(), on_event=on_event, on_done=seen.update, on_error=lambda err: seen.update(error=err)
    )
    qtbot.waitUntil(lambda: bool(seen))
    assert isinstance(seen["error"], JobFailed)
    assert not runner.busy


def test_a_finished_job_is_let_go(runner, qtbot) -> None:
    class Held:
        pass

    held = Held()
    reference = weakref.ref(held)

    def job(thing):
        yield 1
        return None if thing else thing

    run(runner, qtbot, job(held))
    del held
    assert QThreadPool.globalInstance().waitForDone(5000)
    qtbot.wait(1)
    gc.collect()
    assert reference() is None


def test_a_job_that_sleeps_keeps_no_other_from_its_thread(runner, qtbot) -> None:
    pool = QThreadPool.globalInstance()
    threads, token, go = pool.maxThreadCount(), CancelToken(), threading.Event()
    token.listen(go.set)

    def sleeps():
        go.wait(20)
        yield 1

    pool.setMaxThreadCount(1)
    small = QtRunner()
    try:
        ended: list[object] = []
        runner.run(
            sleeps(),
            on_event=lambda _: None,
            on_done=ended.append,
            on_error=ended.append,
            cancel=token,
        )
        assert run(small, qtbot, iter_of("small"))["done"] == "small"
        assert not ended
        token.cancel()
        qtbot.waitUntil(lambda: len(ended) == 1)
    finally:
        token.cancel()
        small.close()
        assert pool.waitForDone(5000)
        pool.setMaxThreadCount(threads)
    assert pool.activeThreadCount() == 0


def iter_of(result):
    yield from ()
    return result
