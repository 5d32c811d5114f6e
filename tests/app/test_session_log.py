"""The log for bug reports: what happened lately, without paths and file names."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_unet.app.jobs import shielded, single
from napari_unet.app.session_log import SessionLog, without_paths
from napari_unet.app.state import CurrentModel, Phase, Point, SessionState
from napari_unet.core.errors import JobFailed
from napari_unet.core.held_out_score import Interval, Sureness


def test_it_tells_what_happened_in_order() -> None:
    state, times = SessionState(), iter(range(100))
    log = SessionLog(state, lambda: float(next(times)))
    state.move(Phase.PREPARING)
    state.say("Getting on.", "good")
    state.say("")
    state.add_point(Point(5, 0.25, 0.8, (), Sureness((2, 2), Interval(0.7, 0.9))))
    state.fail("It broke. Try again.")
    lines = log.text(["first fact"]).splitlines()
    assert lines[1] == "first fact"
    assert "step 5, loss 0.2500, score 0.80 \u00b1 0.10" in lines
    assert "now: failed" in lines
    assert [line.split("s  ", 1)[1] for line in lines if " s  " in line] == [
        "phase preparing",
        "said (good): Getting on.",
        "said (error): It broke. Try again.",
        "phase failed",
    ]


def broken() -> None:
    raise RuntimeError("shape [3, 4] is not valid in '/home/me/secret.tif'")


def test_an_error_tells_its_kind_and_place_but_no_file() -> None:
    log = SessionLog(SessionState())
    with pytest.raises(JobFailed) as caught:
        list(shielded(single(broken)))
    log.note_error(caught.value)
    text = log.text([])
    assert "RuntimeError: shape [3, 4] is not valid in (path)" in text
    assert "test_session_log.py" in text
    assert "broken" in text
    assert "secret" not in text


def test_the_name_of_a_model_file_is_left_out() -> None:
    state = SessionState()
    log = SessionLog(state)
    state.set_model(CurrentModel(object(), "patient 7", Path("/data/patient 7.unet")))
    state.say("Loaded patient 7, which knows Sky.")
    assert "Loaded (model), which knows Sky." in log.text([])
    assert "patient" not in log.text([])


def test_it_stays_short() -> None:
    state = SessionState()
    log = SessionLog(state)
    for number in range(500):
        state.say(f"sentence {number}")
    text = log.text([])
    assert len(text.splitlines()) < 80
    assert "sentence 499" in text


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("There is no file '/a/b c.tif'. Check.", "There is no file (path). Check."),
        (r"C:\Users\me\x.unet is damaged.", "(path) is damaged."),
        ("cells.tif: too large", "(file): too large"),
        ("Learning on CPU, 2 cores.", "Learning on CPU, 2 cores."),
    ],
)
def test_paths_are_taken_out(said: str, left: str) -> None:
    assert without_paths(said) == left
