from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.app.state import (
    BUSY,
    LEGAL_MOVES,
    CurrentModel,
    IllegalMove,
    Phase,
    Point,
    Progress,
    SessionState,
)


def test_every_phase_has_a_way_back_to_rest() -> None:
    for phase in Phase:
        seen, reached = {phase}, {phase}
        while reached:
            reached = {after for one in reached for after in LEGAL_MOVES[one]} - seen
            seen |= reached
        assert Phase.IDLE in seen


def test_no_busy_phase_begins_but_from_rest_or_another_busy_one() -> None:
    for phase, after in LEGAL_MOVES.items():
        if phase is Phase.STOPPING:
            assert after.isdisjoint(BUSY)
        if phase in BUSY:
            assert Phase.FAILED in after
            assert Phase.IDLE in after


@given(st.lists(st.sampled_from(list(Phase)), max_size=12))
def test_only_legal_moves_change_the_phase(wanted: list[Phase]) -> None:
    state = SessionState()
    announced: list[Phase] = []
    state.phase_changed.connect(announced.append)
    passed = []
    for phase in wanted:
        if phase in LEGAL_MOVES[state.phase]:
            state.move(phase)
            passed.append(phase)
        else:
            before = state.phase
            with pytest.raises(IllegalMove):
                state.move(phase)
            assert state.phase is before
    assert announced == passed


def test_a_change_from_another_thread_is_refused() -> None:
    state, caught = SessionState(), []

    def change() -> None:
        try:
            state.say("hello")
        except IllegalMove as err:
            caught.append(err)

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    assert caught
    assert state.message.text == ""


def test_failing_says_why_and_rest_clears_the_progress() -> None:
    state = SessionState()
    state.move(Phase.PREPARING)
    state.set_progress(Progress(0.5, 3.0, "Learning"))
    state.fail("Nothing is painted. Paint something.")
    assert state.phase is Phase.FAILED
    assert state.message.severity == "error"
    assert state.progress == Progress()
    assert not state.busy


def test_a_new_curve_forgets_points_and_score() -> None:
    state = SessionState()
    state.add_point(Point(3, 0.5, 0.8))
    state.set_score(0.8)
    state.start_curve()
    assert state.curve == ()
    assert state.score is None


def test_a_model_without_a_file_is_not_saved(tmp_path) -> None:
    assert not CurrentModel(object(), "m").saved
    assert CurrentModel(object(), "m", tmp_path / "m").saved
