from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLabel, QProgressBar

from napari_unet.core.held_out_score import Interval
from napari_unet.gui.layer_checklist import LayerItem
from napari_unet.gui.train_form import TrainBox, clock


@pytest.fixture
def box(docked):
    box = TrainBox()
    docked(box)
    return box


def said(box) -> str:
    return " ".join(label.text() for label in box.findChildren(QLabel))


@pytest.mark.parametrize(
    ("state", "text", "enabled"),
    [
        ("empty", "Train", False),
        ("ready", "Train", True),
        ("preparing", "Stop", True),
        ("training", "Stop", True),
        ("paused", "Stop", True),
        ("waiting", "Stop", True),
        ("stopping", "Stopping\u2026", False),
        ("resting", "Train more", True),
        ("failed", "Train", True),
        ("blocked", "Train", False),
    ],
)
def test_each_state_has_an_honest_button(box, state, text, enabled):
    box.set_state(state, "because")
    assert (box.button.text(), box.button.isEnabled()) == (text, enabled)
    assert box.button.toolTip() == "because"
    assert box.state() == state


@pytest.mark.parametrize(
    ("state", "signal"),
    [
        ("ready", "train_requested"),
        ("resting", "train_requested"),
        ("failed", "train_requested"),
        ("preparing", "stop_requested"),
        ("training", "stop_requested"),
        ("paused", "stop_requested"),
        ("waiting", "stop_requested"),
    ],
)
def test_the_button_asks_for_what_it_says(qtbot, box, state, signal):
    box.set_state(state)
    with qtbot.waitSignal(getattr(box, signal)):
        qtbot.mouseClick(box.button, Qt.MouseButton.LeftButton)


def test_progress_and_time_left(box):
    bar = box.findChild(QProgressBar)
    box.set_state("preparing")
    assert "getting ready" in said(box)
    assert bar.value() == 0 < bar.maximum()  # an endless bar would keep the window drawing
    box.set_state("training")
    box.set_progress(0.25, 42.4)
    assert bar.value() / bar.maximum() == pytest.approx(0.25)
    assert "0:42 left" in said(box)
    box.set_progress(7.0, None)
    assert bar.value() == bar.maximum()
    box.set_state("resting")
    assert bar.value() == 0
    assert "left" not in said(box)


def test_no_score_is_said_as_no_score(box):
    box.set_score(None)
    assert box.score_text() == "too little held-out paint to say"
    box.set_score(0.871)
    assert box.score_text() == "held-out score 0.87"
    box.set_score(0.871, Interval(0.8, 0.9))
    assert box.score_text() == "held-out score 0.87 \u00b1 0.05"
    box.clear_score()
    assert box.score_text() == ""


@pytest.mark.parametrize(
    ("ask", "signal", "change"),
    [
        ("preview_shown", "preview_toggled", "set_preview_shown"),
        ("live", "live_toggled", "set_live"),
        ("answers_shown", "answers_toggled", "set_answers_shown"),
    ],
)
def test_preview_live_and_answers_are_on_and_can_be_turned_off(qtbot, box, ask, signal, change):
    assert getattr(box, ask)()
    with qtbot.waitSignal(getattr(box, signal)) as emitted:
        getattr(box, change)(False)
    assert emitted.args == [False]
    assert not getattr(box, ask)()


@pytest.mark.parametrize(
    ("state", "text", "signal"),
    [("training", "Pause", "pause_requested"), ("paused", "Go on", "go_on_requested")],
)
def test_one_button_pauses_and_goes_on(qtbot, box, state, text, signal):
    box.set_state(state)
    assert box.pause_button.isVisible()
    assert box.pause_button.text() == text
    with qtbot.waitSignal(getattr(box, signal)):
        qtbot.mouseClick(box.pause_button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("state", ["ready", "preparing", "waiting", "stopping", "resting"])
def test_where_there_is_nothing_to_hold_there_is_no_pause(box, state):
    box.set_state(state)
    assert not box.pause_button.isVisible()


@pytest.mark.parametrize(("state", "words"), [("paused", "paused"), ("waiting", "resting")])
def test_asleep_it_says_so_instead_of_a_time(box, state, words):
    box.set_state("training")
    box.set_progress(0.5, 10)
    box.set_state(state)
    box.set_progress(0.6, 9)
    assert words in said(box)
    assert "left" not in said(box)


def test_other_images_are_offered_only_where_there_are_some(qtbot, box):
    assert box.also.isHidden()
    box.also.set_layers([LayerItem("b", "other", words="paint: 120 px")])
    assert not box.also.isHidden()
    with qtbot.waitSignal(box.also.valueChanged) as emitted:
        box.also.setValue(("b",))
    assert emitted.args == [("b",)]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-3, "0:00"), (0.4, "0:00"), (42, "0:42"), (61, "1:01"), (3725, "1:02:05")],
)
def test_clock(seconds, words):
    assert clock(seconds) == words
