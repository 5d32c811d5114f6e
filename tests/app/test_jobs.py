from __future__ import annotations

import pytest

from napari_unet.app.jobs import InlineRunner, LatestOnly, shielded, single
from napari_unet.core.errors import JobFailed, NothingPainted, OutOfMemory, UNetError
from tests.app.fakes import StepRunner


def raising(err: Exception):
    yield 1
    raise err


def run(job) -> dict:
    seen: dict = {"events": []}
    InlineRunner().run(
        job,
        on_event=seen["events"].append,
        on_done=lambda result: seen.update(done=result),
        on_error=lambda err: seen.update(error=err),
    )
    return seen


def test_what_a_job_yields_and_returns_arrives_in_order() -> None:
    def job():
        yield 1
        yield 2
        return "end"

    assert run(job()) == {"events": [1, 2], "done": "end"}


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), JobFailed),
        (StopIteration(), JobFailed),
        (ValueError(), JobFailed),
        (MemoryError(), OutOfMemory),
        (NothingPainted("Paint something."), NothingPainted),
    ],
)
def test_every_error_becomes_one_of_ours_with_a_sentence(raised, kind) -> None:
    seen = run(raising(raised))
    assert seen["events"] == [1]
    assert type(seen["error"]) is kind
    assert str(seen["error"]).endswith(".")
    assert isinstance(seen["error"], UNetError)


def test_the_cause_is_kept_and_long_texts_are_cut() -> None:
    cause = RuntimeError("x" * 5000)
    with pytest.raises(JobFailed) as caught:
        list(shielded(raising(cause)))
    assert caught.value.__cause__ is cause
    assert len(str(caught.value)) < 500


def test_while_one_small_job_runs_only_the_newest_other_one_waits() -> None:
    runner, results = StepRunner(), []
    jobs = LatestOnly(runner)
    for number in range(4):
        jobs.submit(
            lambda n=number: single(lambda: n), on_done=results.append, on_error=results.append
        )
    runner.finish()
    assert results == [0, 3]


def test_a_failed_small_job_lets_the_next_one_run() -> None:
    runner, results = StepRunner(), []
    jobs = LatestOnly(runner)

    def wrong():
        raise ValueError("no")

    jobs.submit(lambda: single(wrong), on_done=results.append, on_error=results.append)
    jobs.submit(lambda: single(lambda: 7), on_done=results.append, on_error=results.append)
    runner.finish()
    assert isinstance(results[0], JobFailed)
    assert results[1] == 7
