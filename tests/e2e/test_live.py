"""The conversation in a real viewer with the real engine: paint, look, correct, look again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.layers import Layer
from qtpy.QtWidgets import QApplication

from napari_unet.app import engine, glancer, surveyor, train_job
from napari_unet.app.state import Phase
from napari_unet.core.events import PaintTaken
from napari_unet.gui.panel import UNetPaint
from tests.e2e.test_main_job import LONG, coins, iou, paint, press, window  # noqa: F401

Window = Callable[..., tuple[Any, UNetPaint]]


@pytest.fixture
def live(window: Window, monkeypatch) -> Window:  # noqa: F811
    """A window in which training rests and wakes."""
    for module in (engine, glancer, surveyor, train_job):
        monkeypatch.setattr(module, "lower_priority", lambda: None)

    def make(*layers: Layer, **more: Any) -> tuple[Any, UNetPaint]:
        viewer, panel = window(*layers, **more)
        panel.train.box.set_live(True)
        return viewer, panel

    return make


def phase_is(panel: UNetPaint, *phases: Phase) -> Callable[[], bool]:
    return lambda: panel.session.state.phase in phases


def taken(panel: UNetPaint) -> list[PaintTaken]:
    """Collects what the training says of new paint."""
    seen: list[PaintTaken] = []
    handlers = panel.session.train._handlers
    before = handlers[PaintTaken]
    handlers[PaintTaken] = lambda event: (seen.append(event), before(event))
    return seen


def stop(qtbot, panel: UNetPaint) -> None:
    panel.session.train.stop()
    qtbot.waitUntil(phase_is(panel, Phase.IDLE), timeout=LONG)


def test_strokes_undo_and_a_new_class_are_followed_while_it_learns(live, qtbot) -> None:
    viewer, panel = live(coins(), steps=None)
    layer = paint(viewer, panel, qtbot)
    seen = taken(panel)
    press(qtbot, panel.train.box.button)
    qtbot.waitUntil(phase_is(panel, Phase.TRAINING), timeout=LONG)
    layer.paint((100, 150), 2)
    qtbot.waitUntil(lambda: len(seen) == 1, timeout=LONG)
    assert seen[0].new_pixels > 0
    strokes = seen[0].strokes
    layer.undo()
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=LONG)
    assert seen[1].strokes < strokes
    panel.paint.editor.table.add_requested.emit()
    value = layer.selected_label
    layer.paint((140, 150), value)
    qtbot.waitUntil(lambda: len(seen) == 3, timeout=LONG)
    assert seen[2].classes == 3
    stop(qtbot, panel)
    model = panel.session.state.model.model
    assert model.classes.values == (1, 2, value)


def test_it_rests_and_the_next_stroke_wakes_it(live, qtbot) -> None:
    viewer, panel = live(coins())
    layer = paint(viewer, panel, qtbot)
    press(qtbot, panel.train.box.button)
    qtbot.waitUntil(phase_is(panel, Phase.RESTING), timeout=LONG)
    assert "Resting" in panel.advisor.line.text()
    assert panel.session.state.model is not None
    first = panel.session.state.model.model
    layer.paint((100, 150), 2)
    qtbot.waitUntil(phase_is(panel, Phase.TRAINING), timeout=LONG)
    qtbot.waitUntil(phase_is(panel, Phase.RESTING), timeout=LONG)
    assert panel.session.state.model.model is not first
    press(qtbot, panel.predict.form.button)
    qtbot.waitUntil(lambda: "coins mask" in viewer.layers, timeout=LONG)
    qtbot.waitUntil(phase_is(panel, Phase.IDLE), timeout=LONG)


def test_pause_holds_and_go_on_goes_on(live, qtbot) -> None:
    viewer, panel = live(coins(), steps=None)
    paint(viewer, panel, qtbot)
    press(qtbot, panel.train.box.button)
    qtbot.waitUntil(phase_is(panel, Phase.TRAINING), timeout=LONG)
    press(qtbot, panel.train.box.pause_button)
    assert panel.session.state.phase is Phase.PAUSED
    press(qtbot, panel.train.box.pause_button)
    assert panel.session.state.phase is Phase.TRAINING
    stop(qtbot, panel)


def test_closing_while_it_rests_ends_the_worker(live, qtbot) -> None:
    viewer, panel = live(coins(), steps=2)
    paint(viewer, panel, qtbot)
    press(qtbot, panel.train.box.button)
    qtbot.waitUntil(phase_is(panel, Phase.RESTING), timeout=LONG)
    viewer.window.remove_dock_widget("all")
    QApplication.processEvents()  # the fixture waits for the worker


def test_an_instant_answer_follows_each_stroke_before_training(live, qtbot) -> None:
    viewer, panel = live(coins())
    panel.session.glance.set_ready()
    layer = paint(viewer, panel, qtbot)
    qtbot.waitUntil(lambda: "coins preview" in viewer.layers, timeout=LONG)
    preview = viewer.layers["coins preview"]
    assert set(np.unique(preview.data)) == {0, 2}
    before = layer.data.copy()
    layer.paint((100, 150), 2)
    after = layer.data.copy()
    old = preview.data.copy()
    qtbot.waitUntil(lambda: not np.array_equal(preview.data, old), timeout=LONG)
    assert not np.array_equal(before, after)
    assert np.array_equal(layer.data, after)
    assert viewer.layers.selection.active is layer
    assert panel.session.state.phase is Phase.IDLE
