"""Axes, channels and pixel size in the whole panel: what is corrected is followed everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtCore import QEvent, QThreadPool
from qtpy.QtWidgets import QApplication, QCheckBox, QComboBox

from napari_unet.app.state import CurrentModel, Phase
from napari_unet.core.annotations import ClassMap
from napari_unet.core.channels import KnownChannels
from napari_unet.core.config import ModelConfig
from napari_unet.gui import warm_up
from napari_unet.gui.advanced_form import AdvancedSettings
from napari_unet.gui.image_picker import ImageChoice
from napari_unet.gui.layer_checklist import LayerChecklist
from napari_unet.gui.layer_store import id_of
from napari_unet.gui.panel import UNetPaint

Window = tuple[Any, UNetPaint]


class TwoChannels:
    classes = ClassMap((1, 2), 1, ("Background", "Cell"))
    config = ModelConfig(input_channels=2)
    history: tuple[dict[str, Any], ...] = ()
    spacing = (0.5, 0.5)
    known_channels = KnownChannels(2, ("DAPI", "GFP"))


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


def image(name: str, shape: tuple[int, ...] = (32, 40), **more: Any) -> Image:
    return Image(np.random.default_rng(0).normal(size=shape), name=name, **more)


def choose(panel: UNetPaint, layer: Any) -> None:
    panel.paint.images.setValue(ImageChoice(id_of(layer)))


def tick(panel: UNetPaint, *keys: str) -> None:
    panel.paint.images.findChild(LayerChecklist).setValue(keys)


def say_axis(panel: UNetPaint, place: int, letter: str) -> None:
    box = next(
        box
        for box in panel.paint.images.findChildren(QComboBox)
        if box.accessibleName() == f"Axis {place}"
    )
    box.setCurrentIndex(box.findData(letter))
    box.activated.emit(box.currentIndex())


def test_a_corrected_axis_is_followed_by_line_paint_view_and_prediction(window) -> None:
    viewer, panel = window(image("stack", (3, 32, 40)))
    assert panel.paint.images.text().startswith("Guessed: 3 slices of 32 \u00d7 40")
    say_axis(panel, 0, "T")
    assert panel.paint.images.text() == "3 time points of 32 \u00d7 40, grey"
    say_axis(panel, 0, "C")
    assert panel.paint.images.text() == "32 \u00d7 40, 3 channels"
    panel.paint.new_paint()
    layer = viewer.layers["stack"]
    assert panel.paint.paint.data.shape == (32, 40)
    assert panel.paint.source("YX").canonical_shape == (1, 3, 32, 40)
    snapshot = panel.train._store.snapshot(id_of(layer), id_of(panel.paint.paint), "YX")
    assert snapshot.source.axes.axes == "CYX"


def test_channels_of_one_layer_are_followed_and_come_back(window) -> None:
    _, panel = window(image("movie", (2, 3, 32, 40), axis_labels=("t", "c", "y", "x")))
    tick(panel, "#2", "#0")
    assert "2 of 3 channels" in panel.paint.images.text()
    assert panel.paint.source("YX").names == ("channel 0", "channel 2")
    assert panel.predict.form._layers._list.item(0).text() == "movie \u00b7 2 of 3 channels"
    say_axis(panel, 1, "Z")
    assert panel.paint.source("YX").channels == 1
    say_axis(panel, 1, "C")
    assert panel.paint.source("YX").channels == 3


def test_layers_ticked_as_channels_are_one_image_everywhere(window) -> None:
    dapi, gfp, other = image("a DAPI"), image("a GFP"), image("b DAPI")
    viewer, panel = window(dapi, gfp, other, image("b GFP"))
    choose(panel, dapi)
    tick(panel, "#0", id_of(gfp))
    assert panel.paint.images.text() == "32 \u00d7 40, 2 channels from 2 layers"
    rows = panel.predict.form._layers._list
    shown = [rows.item(i).text() for i in range(rows.count())]
    assert shown == ["a DAPI + a GFP \u00b7 2 layers", "b DAPI + b GFP \u00b7 2 layers"]
    source = panel.train._store.source(id_of(other), "YX")
    assert source.channel_names == ("DAPI", "GFP")
    viewer.layers.remove(gfp)
    panel.paint.sync()
    assert panel.paint.source("YX").channels == 1


def test_a_layer_that_lies_elsewhere_is_not_ticked_and_said(window) -> None:
    here, there = image("here"), image("there", translate=(5, 0))
    _, panel = window(here, there)
    choose(panel, here)
    tick(panel, "#0", id_of(there))
    assert "differ in translate" in panel.session.state.message.text
    assert panel.paint.images.findChild(LayerChecklist).value() == ("#0",)


def test_a_training_of_the_former_input_is_stopped(window, monkeypatch) -> None:
    _, panel = window(image("stack", (3, 32, 40)))
    panel.paint.new_paint()
    stopped: list[bool] = []
    train = panel.session.train
    monkeypatch.setattr(train, "stop", lambda: stopped.append(True))
    say_axis(panel, 0, "T")
    assert stopped == []
    train._wish = panel.train.wish()
    panel.session.state.move(Phase.PREPARING)
    say_axis(panel, 0, "P")
    assert stopped == [True]
    assert "Press Train" in panel.session.state.message.text
    panel.session.state.move(Phase.IDLE)


def test_other_channels_are_said_before_anything_begins(window) -> None:
    viewer, panel = window(image("three", (3, 32, 40), axis_labels=("c", "y", "x")))
    panel.session.state.set_model(CurrentModel(TwoChannels(), "two"))
    panel.predict.start()
    assert panel.session.state.phase is Phase.FAILED
    assert "2 channels (DAPI, GFP)" in panel.session.state.message.text
    assert len(viewer.layers) == 1


def test_rescaling_is_offered_where_pixels_differ_and_done_when_ticked(window) -> None:
    _, panel = window(image("fine", scale=(0.1, 0.1)), image("like", scale=(0.5, 0.5)))
    box = panel.predict.form.findChild(QCheckBox, "rescale_box")
    assert box.parent().isHidden()
    panel.session.state.set_model(CurrentModel(TwoChannels(), "two"))
    choose(panel, panel.train._store.images()[0])
    assert not box.parent().isHidden()
    assert "(0.5)" in box.text()
    assert panel.predict.config().rescale == "ask"
    box.setChecked(True)
    assert panel.predict.config().rescale == "on"
    choose(panel, panel.train._store.images()[1])
    assert box.parent().isHidden()
    assert panel.predict.config().rescale == "ask"


def test_how_volumes_are_learned_is_said_once(window) -> None:
    _, panel = window(image("stack", (3, 32, 40), axis_labels=("z", "y", "x")))

    def said(words: str) -> int:
        return f"{panel.paint.images.text()} {panel.volume.words()}".count(words)

    assert (said("slice by slice"), panel.volume.words()) == (0, "2D: only 3 slices")
    panel._on_settings(AdvancedSettings(ModelConfig(dimensions=3)))
    assert said("as a volume") == 1
    panel.volume.choose("2")
    assert (said("slice by slice"), said("as a volume")) == (1, 0)
