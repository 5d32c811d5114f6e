"""The coach: each sentence is said when it is due, and its link mends what it speaks of."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels
from qtpy.QtCore import QEvent, QThreadPool
from qtpy.QtWidgets import QApplication

from napari_unet.app.state import LOADED, CurrentModel, Phase, Point
from napari_unet.core.annotations import ClassMap
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.held_out_score import Interval, Sureness
from napari_unet.gui import warm_up
from napari_unet.gui.layer_store import id_of
from napari_unet.gui.panel import UNetPaint

Window = tuple[Any, UNetPaint]


class FakeModel:
    classes = ClassMap((1, 2), 1, ("Background", "Cell"))
    config = ModelConfig()
    history: tuple[dict[str, Any], ...] = ()
    spacing = (0.5, 0.5)


@pytest.fixture
def window(make_napari_viewer, monkeypatch) -> Callable[..., Window]:
    monkeypatch.setattr(warm_up, "DELAY_MS", 10**8)  # no torch in these tests

    def make(*layers: Any) -> Window:
        viewer = make_napari_viewer()
        for layer in layers:
            viewer.add_layer(layer)
        panel = UNetPaint(viewer)
        viewer.window.add_dock_widget(panel, name="U-Net Paint")
        return viewer, panel

    yield make
    assert QThreadPool.globalInstance().waitForDone(10_000)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def noise(**more: Any) -> Image:
    return Image(np.random.default_rng(0).normal(size=(64, 64)), name="cells", **more)


def stroke(layer: Labels, row: int, value: int) -> None:
    layer.data_setitem((np.repeat([row, row + 1], 30), np.tile(np.arange(30), 2)), value)


def follow_link(panel: UNetPaint) -> None:
    panel.advisor.line._line.followed.emit()


def test_one_class_only_leads_to_the_other(window, qtbot) -> None:
    viewer, panel = window(noise())
    panel.paint.new_paint()
    layer = panel.paint.paint
    stroke(layer, 5, 1)
    qtbot.waitUntil(lambda: "Only Background" in panel.advisor.line.text())
    assert panel.advisor.line.link() == "paint Object"
    viewer.layers.selection.active = viewer.layers["cells"]
    follow_link(panel)
    assert viewer.layers.selection.active is layer
    assert (layer.selected_label, layer.mode) == (2, "paint")


def test_a_mask_beside_the_image_is_moved_by_one_click(window, qtbot) -> None:
    rows, columns = np.mgrid[:200, :200]
    mask = np.zeros((200, 200), np.uint8)
    for row, column in np.random.default_rng(0).uniform(20, 180, (12, 2)):
        mask[np.hypot(rows - row, columns - column) < 11] = 1
    pixels = mask + 0.1 * np.random.default_rng(1).normal(size=mask.shape)
    shifted = np.roll(mask, (6, -5), axis=(0, 1))
    viewer, panel = window(Image(pixels, name="cells"), Labels(shifted, name="mine"))
    panel.paint._on_paint_picked(id_of(viewer.layers["mine"]))
    qtbot.waitUntil(lambda: panel.advisor._survey.findings.reading is not None)
    panel.paint.editor.table.mode_requested.emit("mask")
    qtbot.waitUntil(lambda: panel.advisor.line.link() == "move it there")
    assert "6 pixels up and 5 pixels right" in panel.advisor.line.text()
    follow_link(panel)
    found = viewer.layers["mine"].data
    assert (found != mask)[10:-10, 10:-10].mean() < 0.01
    assert "Ctrl+Z" in panel.advisor.line.text()
    viewer.layers["mine"].undo()
    assert (viewer.layers["mine"].data == shifted).all()


def test_a_loss_that_does_not_move_can_be_begun_afresh(window, monkeypatch) -> None:
    _, panel = window(noise())
    panel.paint.new_paint()
    slow = panel.settings().train.changed(learning_rate=1e-5)
    panel.apply(type(panel.settings())(train=slow))
    state = panel.session.state
    state.set_model(CurrentModel(FakeModel(), "old"))
    state.move(Phase.PREPARING)
    state.move(Phase.TRAINING)
    for step in range(12):
        state.add_point(Point(step, 0.7))
    assert "does not move" in panel.advisor.line.text()
    started = []
    monkeypatch.setattr(panel.session.train, "start", started.append)
    stop = SimpleNamespace(done=False)
    monkeypatch.setattr(panel.session.train, "stop", lambda: setattr(stop, "done", True))
    panel.train.wish = lambda: SimpleNamespace(spatial="YX")  # something is painted
    follow_link(panel)
    assert stop.done
    assert not started
    state.move(Phase.STOPPING)
    state.move(Phase.IDLE)
    assert len(started) == 1
    assert state.model is None
    assert panel.settings().train.learning_rate == TrainConfig().learning_rate


def test_a_model_of_other_pixels_is_told(window, qtbot) -> None:
    viewer, panel = window(noise(scale=(0.1, 0.1)))
    panel.paint.new_paint()
    layer = panel.paint.paint
    stroke(layer, 5, 1)
    stroke(layer, 25, 2)
    panel.session.state.set_model(CurrentModel(FakeModel(), "old"))
    qtbot.waitUntil(lambda: "The pixels measure 0.1 x 0.1" in panel.advisor.line.text())
    assert panel.advisor.line.link() == "paint"
    panel.session.state.say("Loaded old, which knows Cell.", "good", code=LOADED)
    assert "pixels measure" in panel.advisor.line.text()
    panel.session.state.set_model(None)
    assert "pixels measure" not in panel.advisor.line.text()


def test_a_point_of_the_curve_tells_the_score_of_each_class(window) -> None:
    _, panel = window(noise())
    state = panel.session.state
    state.set_model(CurrentModel(FakeModel(), "new"))
    state.start_curve()
    sure = Sureness((3, 2), Interval(0.6, 0.8), (Interval(0.7, 0.9), None))
    state.add_point(Point(10, 0.5, 0.7, (0.8, 0.6), sure))
    state.add_point(Point(20, 0.4))
    panel.train.box.plot.point_clicked.emit(10)
    assert panel.advisor.line.text() == (
        "Step 10, loss 0.500: 0.70 \u00b1 0.10 on 5 held-out strokes "
        "(Background 0.80 \u00b1 0.10, Cell 0.60)."
    )
    panel.train.box.plot.point_clicked.emit(20)
    assert "too little held-out paint to say" in panel.advisor.line.text()


def test_a_link_of_a_message_chooses_the_class(window) -> None:
    _, panel = window(noise())
    panel.paint.new_paint()
    panel.session.state.say(
        "Everything was predicted to be Background.", "warning", "paint", "paint:2"
    )
    follow_link(panel)
    assert panel.paint.paint.selected_label == 2
