"""The main job in a real viewer with the real engine: paint, train, predict, on real images."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import imageio.v3 as iio
import numpy as np
import pytest
from napari.layers import Layer
from napari.utils._proxies import PublicOnlyProxy
from qtpy.QtCore import QEvent, Qt, QThreadPool
from qtpy.QtWidgets import QApplication

from benchmarks.coins_mask import MASK_FILE
from napari_unet.app import engine, predict_job, train_job
from napari_unet.app.models import LAST
from napari_unet.app.state import Phase
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.training_control import TrainingControl
from napari_unet.data.samples import load_sample, open_coins
from napari_unet.gui import warm_up
from napari_unet.gui.layer_store import id_of, kind_of
from napari_unet.gui.panel import UNetPaint

CROP = (slice(0, 160), slice(0, 192))
TINY = ModelConfig(base_width=4, depth=2, head_levels=2)
LONG = 120_000
"""Milliseconds a busy machine may take; an idle one needs two seconds."""


@pytest.fixture
def window(make_napari_viewer, monkeypatch) -> Callable[..., tuple[Any, UNetPaint]]:
    monkeypatch.setattr(warm_up, "DELAY_MS", 10**8)
    for module in (engine, train_job, predict_job):
        # A test must end on a busy machine too; that the job asks for it is tested below.
        monkeypatch.setattr(module, "lower_priority", lambda: None)

    def make(*layers: Layer, steps: int | None = 6) -> tuple[Any, UNetPaint]:
        viewer = make_napari_viewer()
        for layer in layers:
            viewer.add_layer(layer)
        panel = UNetPaint(PublicOnlyProxy(viewer))  # as napari hands it to a plugin
        viewer.window.add_dock_widget(panel, name="U-Net Paint")
        config = TrainConfig(
            max_seconds=None if steps else 600, max_steps=steps, patch_size=64, batch_size=2
        )
        panel.apply(replace(panel.settings(), model=TINY, train=config))
        panel.train.box.set_live(False)  # the end is what these tests wait for
        return viewer, panel

    yield make
    assert QThreadPool.globalInstance().waitForDone(LONG)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def coins(**more: Any) -> Layer:
    return Layer.create(load_sample("coins").image[CROP], {"name": "coins", **more}, "image")


def press(qtbot, button) -> None:
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def wait(qtbot, panel: UNetPaint) -> None:
    qtbot.waitUntil(lambda: not panel.session.state.busy, timeout=LONG)


def paint(viewer: Any, panel: UNetPaint, qtbot) -> Any:
    """Press New and paint with the brush: background between coins, and a few coins."""
    press(qtbot, panel.paint.paints.findChild(object, "new_paint_button"))
    layer = viewer.layers.selection.active
    layer.brush_size = 5
    strokes = {
        1: [((12, 15), (12, 100)), ((88, 10), (88, 110)), ((40, 121), (75, 121))],
        2: [((50, 25), (62, 50)), ((55, 85), (60, 105)), ((125, 30), (135, 50)),
            ((120, 85), (130, 110)), ((55, 140), (65, 160))],
    }  # fmt: skip
    with qtbot.waitSignal(panel.paint.editor.painted, timeout=LONG):
        for value, lines in strokes.items():
            for start, end in lines:
                for along in np.linspace(0, 1, 25):
                    place = np.array(start) * (1 - along) + np.array(end) * along
                    layer.paint(tuple(place), value)
    return layer


def iou(labels: np.ndarray, truth: np.ndarray) -> float:
    found = labels > 0
    return float((found & truth).sum() / (found | truth).sum())


def test_paint_train_and_predict_give_a_mask_that_lies_on_the_coins(window, qtbot) -> None:
    viewer, panel = window(
        coins(scale=(0.5, 0.25), translate=(3, 4), rotate=10, units=("um", "um"))
    )
    layer = paint(viewer, panel, qtbot)
    layer.selected_label = 2
    press(qtbot, panel.train.box.button)
    wait(qtbot, panel)
    state = panel.session.state
    assert state.phase is Phase.IDLE, state.message
    assert state.device
    assert state.model is not None
    assert panel.train.box.plot.value()
    preview = viewer.layers["coins preview"]
    assert set(np.unique(preview.data)) == {0, 2}
    assert viewer.layers.selection.active is layer
    assert (layer.mode, layer.selected_label) == ("paint", 2)
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    assert state.phase is Phase.IDLE, state.message
    mask, image = viewer.layers["coins mask"], viewer.layers["coins"]
    assert set(np.unique(mask.data)) == {0, 2}
    assert iou(mask.data, iio.imread(MASK_FILE)[CROP] > 0) > 0.7
    assert np.allclose(mask.data_to_world((7, 9)), image.data_to_world((7, 9)))
    assert mask.units == image.units
    assert np.allclose(mask.get_color(2), layer.get_color(2))


def test_stop_answers_keeps_the_model_and_train_more_continues_from_it(window, qtbot) -> None:
    viewer, panel = window(coins(), steps=None)
    paint(viewer, panel, qtbot)
    press(qtbot, panel.train.box.button)
    qtbot.waitUntil(lambda: panel.session.state.model is not None, timeout=LONG)
    press(qtbot, panel.train.box.button)
    assert panel.session.state.phase is Phase.STOPPING
    wait(qtbot, panel)
    state, first = panel.session.state, panel.session.state.model.model
    assert state.phase is Phase.IDLE
    assert "Stopped" in state.message.text
    library = panel.session.models.library
    qtbot.waitUntil(lambda: library.path_for(LAST).exists(), timeout=LONG)
    started = []
    run = panel.session.train._make_job
    panel.session.train._make_job = lambda *given: started.append(given[2]) or run(*given)
    tiny = panel.settings().train.changed(max_seconds=0)
    panel.apply(replace(panel.settings(), train=tiny))
    press(qtbot, panel.train.box.button)
    wait(qtbot, panel)
    assert started == [first]
    assert state.phase is Phase.IDLE, state.message


def test_a_saved_model_predicts_the_same_after_loading(window, qtbot, tmp_path) -> None:
    viewer, panel = window(coins())
    paint(viewer, panel, qtbot)
    panel.apply(
        replace(panel.settings(), train=TrainConfig(max_seconds=0, patch_size=64, batch_size=2))
    )
    press(qtbot, panel.train.box.button)
    wait(qtbot, panel)
    state, file = panel.session.state, tmp_path / "coins.safetensors"
    qtbot.waitUntil(lambda: not panel.session.models._files.busy, timeout=LONG)
    panel.session.models.save(file)
    qtbot.waitUntil(lambda: state.model.saved, timeout=LONG)
    saved = state.model.model
    panel.session.models.load(file)
    qtbot.waitUntil(lambda: state.model.model is not saved, timeout=LONG)
    for _ in range(2):
        press(qtbot, panel.predict.form.button)
        wait(qtbot, panel)
        assert state.phase is Phase.IDLE, state.message
        panel.session.state.set_model(replace(state.model, model=saved))
    loaded, before = (layer.data for layer in viewer.layers if kind_of(layer) == "mask")
    assert np.array_equal(loaded, before)


def test_the_sample_is_ready_to_train(window, qtbot) -> None:
    viewer, panel = window(*(Layer.create(*data) for data in open_coins()))
    assert panel.paint.paint is viewer.layers["coins paint"]
    qtbot.waitUntil(lambda: panel.train.box.state() == "ready", timeout=LONG)
    names = [row.name for row in panel.paint.editor.table.value()]
    assert names[0] == "Background"
    qtbot.waitUntil(lambda: panel.advisor._survey.findings.reading is not None, timeout=LONG)
    assert panel.advisor._survey.findings.reading.mode == "strokes"


@pytest.mark.parametrize("trouble", ["one class", "flat image", "no memory"])
def test_what_goes_wrong_is_said_and_the_button_comes_back(
    window, qtbot, monkeypatch, trouble
) -> None:
    viewer, panel = window(coins())
    layer = paint(viewer, panel, qtbot)
    if trouble == "one class":
        layer.data[layer.data == 2] = 0
    elif trouble == "flat image":
        viewer.layers["coins"].data = np.full((160, 192), np.nan, np.float32)
    else:
        from napari_unet.learn import training

        def no_memory(*_: Any, **__: Any):
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            yield

        monkeypatch.setattr(training, "train", no_memory)
    press(qtbot, panel.train.box.button)
    wait(qtbot, panel)
    assert panel.session.state.phase is Phase.FAILED
    assert panel.advisor.line.severity() == "error"
    assert panel.advisor.line.text().endswith(".")
    assert panel.train.box.button.isEnabled()


def test_an_image_with_other_channels_is_refused_and_the_other_is_predicted(window, qtbot) -> None:
    colour = Layer.create(np.zeros((64, 64, 3), np.uint8), {"name": "rgb", "rgb": True}, "image")
    viewer, panel = window(colour, coins())
    paint(viewer, panel, qtbot)
    panel.apply(replace(panel.settings(), train=TrainConfig(max_seconds=0, patch_size=64)))
    press(qtbot, panel.train.box.button)
    wait(qtbot, panel)
    panel.predict.form._layers.setValue([id_of(viewer.layers[n]) for n in ("rgb", "coins")])
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    assert panel.session.state.phase is Phase.FAILED
    assert "rgb" in panel.advisor.line.text()
    assert [layer.name for layer in viewer.layers if kind_of(layer) == "mask"] == ["coins mask"]


def test_closing_while_it_learns_ends_the_worker_and_leaks_nothing(window, qtbot) -> None:
    viewer, panel = window(coins(), steps=None)
    paint(viewer, panel, qtbot)
    press(qtbot, panel.train.box.button)
    qtbot.waitUntil(lambda state=panel.session.state: state.model is not None, timeout=LONG)
    dead = [weakref.ref(panel), weakref.ref(panel.session), weakref.ref(panel.session.state.model)]
    viewer.close()
    del panel
    assert QThreadPool.globalInstance().waitForDone(LONG)

    def forgotten() -> bool:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
        return all(reference() is None for reference in dead)

    qtbot.waitUntil(forgotten, timeout=LONG)  # the last model may still be on its way to the disk


def test_jobs_lower_their_own_priority(monkeypatch) -> None:
    """Of the thread they run on, before the network does anything."""
    asked: list[str] = []
    monkeypatch.setattr(predict_job, "lower_priority", lambda: asked.append("predict"))
    monkeypatch.setattr(train_job, "lower_priority", lambda: asked.append("train"))
    monkeypatch.setattr(
        train_job, "PaintFeed", lambda *_, **__: (_ for _ in ()).throw(KeyError("stop here"))
    )
    predicting = predict_job.predict_job([], None, None, [], None, [], [])
    assert list(predicting) == []
    with pytest.raises(KeyError):
        next(train_job.train_job([], None, None, TrainingControl()))
    assert asked == ["predict", "train"]
