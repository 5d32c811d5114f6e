"""The panel in a real viewer; the engine is a fake, so that every state can be looked at."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels, Layer
from npe2 import PluginManager, PluginManifest
from qtpy.QtCore import QEvent, Qt, QThreadPool
from qtpy.QtWidgets import QApplication

from napari_unet.app.state import CurrentModel, Phase
from napari_unet.core.annotations import ClassMap
from napari_unet.core.config import ModelConfig
from napari_unet.core.errors import OneClassOnly
from napari_unet.core.events import (
    ModelImproved,
    Prepared,
    PreviewDone,
    ScoreDone,
    StepDone,
    TileDone,
    TrainResult,
)
from napari_unet.gui import warm_up
from napari_unet.gui.layer_store import id_of, kind_of
from napari_unet.gui.panel import UNetPaint
from napari_unet.gui.shortcuts import CLASS_KEYS

Window = tuple[Any, UNetPaint]


class FakeModel:
    classes = ClassMap((1, 2), 1, ("Background", "Object"))
    config = ModelConfig()
    history: tuple[dict[str, Any], ...] = ()

    def save(self, path, overwrite=False) -> None:
        path.write_text("model")


@pytest.fixture
def window(make_napari_viewer, monkeypatch) -> Callable[..., Window]:
    """A viewer with these layers and the panel docked in it."""
    monkeypatch.setattr(warm_up, "DELAY_MS", 10**8)  # no torch in these tests

    def make(*layers: Layer, proxy: bool = False) -> Window:
        viewer = make_napari_viewer()
        for layer in layers:
            viewer.add_layer(layer)
        given = viewer
        if proxy:
            from napari.utils._proxies import PublicOnlyProxy

            given = PublicOnlyProxy(viewer)
        panel = UNetPaint(given)
        viewer.window.add_dock_widget(panel, name="U-Net Paint")
        return viewer, panel

    yield make
    assert QThreadPool.globalInstance().waitForDone(10_000)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def image(name: str = "cells", **more: Any) -> Image:
    pixels = np.zeros((64, 64), np.float32)
    pixels[20:44, 20:44] = 1
    return Image(more.pop("data", pixels), name=name, **more)


def painted(viewer: Any, panel: UNetPaint, qtbot) -> Labels:
    """Make a paint layer the way a user does, and paint two classes."""
    button = panel.paint.paints.findChild(object, "new_paint_button")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    layer = viewer.layers.selection.active
    with qtbot.waitSignal(panel.paint.editor.painted):
        layer.data_setitem((np.repeat([5, 6], 20), np.tile(np.arange(20), 2)), 1)
        layer.data_setitem((np.repeat([30, 31], 10), np.tile(np.arange(25, 35), 2)), 2)
    return layer


def press(qtbot, button) -> None:
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def fake_training(panel: UNetPaint, *events: Any, wait_for_stop: bool = False) -> threading.Event:
    """Let Train run these events instead of the engine."""
    stopped = threading.Event()

    def job(_painted, _wish, _current, control):
        yield Prepared("CPU, 2 cores", "float32", 2, (40, 20), 2, 0)
        for event in events:
            if isinstance(event, Exception):
                raise event
            yield event
        while wait_for_stop and not control.cancel.cancelled:
            yield StepDone(1, 0.5, 0.5, 3.0)
            stopped.wait(0.01)
        stopped.set()
        return TrainResult(FakeModel(), control.cancel.cancelled, "Done learning.", score=0.9)

    panel.session.train._make_job = job
    return stopped


def done(panel: UNetPaint) -> bool:
    return panel.session.state.phase in {Phase.IDLE, Phase.FAILED}


def collect(references: list[weakref.ref]) -> None:
    """Give Qt and Python the chance to let go of what is dead."""
    for _ in range(4):
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        gc.collect()
        if all(reference() is None for reference in references):
            return


# -- paint ----------------------------------------------------------------------------------


def test_an_empty_viewer_is_told_what_to_do_first(window) -> None:
    _, panel = window()
    assert panel.train.box.state() == "empty"
    assert panel.predict.form.state() == "empty"
    assert "Open an image" in panel.advisor.line.text()
    assert panel.advisor.line.link() == "open a sample"


@pytest.mark.parametrize("proxy", [False, True])
def test_new_paint_layer_has_the_images_shape_and_geometry_and_two_classes(
    window, qtbot, proxy
) -> None:
    viewer, panel = window(
        image(scale=(0.5, 0.25), translate=(3, 4), rotate=20, units=("um", "um")), proxy=proxy
    )
    assert panel.advisor.line.link() == "new paint layer"
    layer = painted(viewer, panel, qtbot)
    source = viewer.layers["cells"]
    assert layer.name == "cells paint"
    assert layer.data.shape == (64, 64)
    assert np.allclose(layer.data_to_world((7, 9)), source.data_to_world((7, 9)))
    assert layer.units == source.units
    assert layer.mode == "paint"
    assert layer.selected_label == 1
    rows = panel.paint.editor.table.value()
    assert [(row.value, row.name, row.key) for row in rows] == [
        (1, "Background", "Q"),
        (2, "Object", "W"),
    ]
    assert [row.pixels for row in rows] == [40, 20]
    assert np.allclose(layer.get_color(2)[:3], [1, 0xB0 / 255, 0], atol=0.01)
    assert panel.train.box.state() == "ready"


@pytest.mark.parametrize(
    ("shape", "more", "wanted"),
    [((32, 40, 3), {"rgb": True}, (32, 40)), ((5, 32, 40), {}, (5, 32, 40))],
)
def test_paint_layers_of_colour_images_and_stacks(window, qtbot, shape, more, wanted) -> None:
    viewer, panel = window(image(data=np.zeros(shape, np.uint8), **more))
    panel.paint.new_paint()
    assert viewer.layers.selection.active.data.shape == wanted


def test_correcting_the_axes_changes_the_paint_layer(window) -> None:
    viewer, panel = window(image(data=np.zeros((3, 32, 40), np.uint8)))
    assert "3 slices" in panel.advisor.line.text()
    choice = panel.paint.images.value()
    panel.paint.images.setValue(type(choice)(choice.key, "CYX"))
    panel.paint.new_paint()
    assert viewer.layers.selection.active.data.shape == (32, 40)


def test_keys_switch_class_and_bring_the_paint_layer_back(window, qtbot) -> None:
    viewer, panel = window(image())
    layer = painted(viewer, panel, qtbot)
    viewer.layers.selection.active = viewer.layers["cells"]
    keys = {str(key): function for key, function in viewer.keymap.items()}
    keys["W"](viewer)
    assert viewer.layers.selection.active is layer
    assert (layer.mode, layer.selected_label) == ("paint", 2)
    assert panel.paint.editor.table.current() == 2
    layer.mode = "erase"
    assert panel.paint.editor.table.current() == 0
    keys["Q"](viewer)
    assert (layer.mode, layer.selected_label) == ("paint", 1)
    taken = {str(key) for key in {**Labels.class_keymap, **type(viewer).class_keymap}}
    assert "E" in taken
    assert taken.isdisjoint(CLASS_KEYS)


def test_classes_are_added_renamed_recoloured_and_stay_with_the_layer(window, qtbot) -> None:
    viewer, panel = window(image())
    layer = painted(viewer, panel, qtbot)
    table = panel.paint.editor.table
    table.add_requested.emit()
    table.rename_requested.emit(3, "Nucleus")
    table.recolour_requested.emit(3, "#010203")
    assert layer.selected_label == 3
    assert [row.name for row in table.value()] == ["Background", "Object", "Nucleus"]
    assert table.value()[2].colour == "#010203"
    assert table.value()[1].colour == "#ffb000"
    assert list(layer.features["class"]) == ["Background", "Object", "Nucleus"]
    again = UNetPaint(viewer)
    assert [row.name for row in again.paint.editor.table.value()] == [
        "Background", "Object", "Nucleus",
    ]  # fmt: skip
    again._lifecycle.close()
    again.deleteLater()


def test_removing_a_class_erases_it_and_undo_brings_the_paint_back(window, qtbot) -> None:
    viewer, panel = window(image())
    layer = painted(viewer, panel, qtbot)
    with qtbot.waitSignal(panel.paint.editor.painted):
        panel.paint.editor.table.remove_requested.emit(2)
    assert not (layer.data == 2).any()
    assert [row.value for row in panel.paint.editor.table.value()] == [1]
    with qtbot.waitSignal(panel.paint.editor.painted):
        layer.undo()
    assert panel.paint.editor.pixels == {1: 40, 2: 20}


def test_a_full_mask_the_user_made_is_adopted_and_the_reading_can_be_overruled(
    window, qtbot
) -> None:
    truth = np.zeros((64, 64), np.uint8)
    truth[20:44, 20:44] = 1
    viewer, panel = window(image(), Labels(truth, name="mine"))
    assert panel.paint.paint is None
    survey = panel.advisor._survey
    with qtbot.waitSignal(survey.found, check_params_cb=lambda f: f.reading is not None):
        panel.paint.paints.setValue(id_of(viewer.layers["mine"]))
        panel.paint._on_paint_picked(id_of(viewer.layers["mine"]))
    assert survey.findings.reading.mode == "mask"
    with qtbot.waitSignal(survey.found, check_params_cb=lambda f: f.reading is not None):
        panel.paint.editor.table.mode_requested.emit("strokes")
    assert survey.findings.reading.mode == "strokes"


def test_paint_of_another_size_is_said_in_words(window, qtbot) -> None:
    viewer, panel = window(image(), Labels(np.ones((5, 5), np.uint8), name="small"))
    panel.paint._on_paint_picked(id_of(viewer.layers["small"]))
    qtbot.waitUntil(lambda: "5 x 5" in panel.advisor.line.text())
    assert panel.advisor.line.severity() == "warning"


def test_removed_and_renamed_layers_are_followed(window, qtbot) -> None:
    viewer, panel = window(image())
    layer = painted(viewer, panel, qtbot)
    with qtbot.waitSignal(panel.paint.pair_changed):
        viewer.layers["cells"].name = "other"
    assert panel.paint.paint is layer
    with qtbot.waitSignal(panel.paint.pair_changed):
        viewer.layers.remove(layer)
    assert panel.paint.paint is None
    assert panel.train.box.state() == "empty"


# -- train ----------------------------------------------------------------------------------


def test_train_becomes_stop_and_ends_with_a_model(window, qtbot) -> None:
    viewer, panel = window(image())
    painted(viewer, panel, qtbot)
    button = panel.train.box.button
    fake_training(
        panel,
        ScoreDone(2, 0.6, 0.7, (0.6, 0.8), True),
        ModelImproved(FakeModel()),
        wait_for_stop=True,
    )
    press(qtbot, button)
    assert button.text() == "Stop"
    qtbot.waitUntil(lambda: panel.session.state.progress.fraction == 0.5)
    assert panel.session.state.phase is Phase.TRAINING
    assert panel.train.section.aside() == "CPU, 2 cores"
    assert len(panel.train.box.plot.value()) == 1
    press(qtbot, button)
    assert not button.isEnabled()
    qtbot.waitUntil(lambda: done(panel))
    assert panel.session.state.phase is Phase.IDLE
    assert button.text() == "Train more"
    assert panel.predict.form.state() == "ready"
    assert panel.session.state.model.score == 0.9
    assert panel.advisor.line.text().startswith("Done learning.")


@pytest.mark.parametrize(
    "err", [OneClassOnly("Only one class is painted. Paint another."), RuntimeError("shape [3, 4]")]
)
def test_an_error_gives_the_button_back_and_a_sentence(window, qtbot, err) -> None:
    viewer, panel = window(image())
    painted(viewer, panel, qtbot)
    fake_training(panel, err)
    press(qtbot, panel.train.box.button)
    qtbot.waitUntil(lambda: done(panel))
    assert panel.session.state.phase is Phase.FAILED
    assert panel.advisor.line.severity() == "error"
    assert panel.train.box.button.isEnabled()
    assert panel.train.box.button.text() == "Train"
    fake_training(panel)
    press(qtbot, panel.train.box.button)
    qtbot.waitUntil(lambda: done(panel))
    assert panel.session.state.phase is Phase.IDLE


def test_the_preview_is_one_layer_and_painting_is_not_disturbed(window, qtbot) -> None:
    viewer, panel = window(image())
    layer = painted(viewer, panel, qtbot)
    layer.selected_label = 2
    box = (slice(0, 8), slice(0, 8))
    labels = np.full((8, 8), 2, np.uint8)
    fake_training(panel, PreviewDone(10**6, 0, 0, box, labels), wait_for_stop=True)
    for _ in range(2):
        press(qtbot, panel.train.box.button)
        qtbot.waitUntil(lambda: panel.session.state.progress.fraction == 0.5)
        previews = [one for one in viewer.layers if kind_of(one) == "preview"]
        assert len(previews) == 1
        assert previews[0].name == "cells preview"
        assert (previews[0].data[:8, :8] == 2).all()
        assert viewer.layers.index(previews[0]) < viewer.layers.index(layer)
        assert viewer.layers.selection.active is layer
        assert set(viewer.layers.selection) == {layer}
        assert (layer.mode, layer.selected_label) == ("paint", 2)
        press(qtbot, panel.train.box.button)
        qtbot.waitUntil(lambda: done(panel))
    assert previews[0] not in panel.paint._store.paints()


def test_a_preview_layer_the_user_removed_is_not_brought_back(window, qtbot) -> None:
    viewer, panel = window(image())
    painted(viewer, panel, qtbot)
    fake_training(panel, wait_for_stop=True)
    press(qtbot, panel.train.box.button)
    viewer.layers.remove("cells preview")
    box = (slice(0, 8), slice(0, 8))
    panel.session.train._on_event(PreviewDone(10**6, 0, 0, box, np.ones((8, 8), np.uint8)))
    assert "cells preview" not in viewer.layers
    panel.session.train.stop()
    qtbot.waitUntil(lambda: done(panel))


def test_what_is_on_screen_is_asked_for_again_when_the_view_moves(window, qtbot) -> None:
    viewer, panel = window(image(data=np.zeros((4, 64, 64), np.float32)))
    panel.paint.new_paint()
    layer = viewer.layers.selection.active
    with qtbot.waitSignal(panel.paint.editor.painted):
        layer.data[0, :2], layer.data[0, 9:] = 1, 2
        layer.refresh()
    desks = []
    make = panel.session.train._make_job
    fake_training(panel, wait_for_stop=True)
    make = panel.session.train._make_job
    panel.session.train._make_job = lambda *given: desks.append(given[-1]) or make(*given)
    viewer.dims.set_point(0, 1)
    press(qtbot, panel.train.box.button)
    assert desks[0].previews.look().sample == 1
    viewer.dims.set_point(0, 3)
    qtbot.waitUntil(lambda: desks[0].previews.look().sample == 3)
    panel.session.train.stop()
    qtbot.waitUntil(lambda: done(panel))


def test_other_painted_images_are_learned_from_too_unless_unticked(window, qtbot) -> None:
    viewer, panel = window(image("a"), image("b"))
    for name in ("a", "b"):
        choice = panel.paint.images.value()
        panel.paint.images.setValue(type(choice)(id_of(viewer.layers[name])))
        painted(viewer, panel, qtbot)
    qtbot.waitUntil(lambda: len(panel.train.wish().pairs) == 2)
    ids = {name: id_of(viewer.layers[name]) for name in ("a", "b", "a paint", "b paint")}
    assert panel.train.wish().pairs == (
        (ids["b"], ids["b paint"]),
        (ids["a"], ids["a paint"]),
    )
    panel.train.box.also.setValue([])
    assert panel.train.wish().pairs == ((ids["b"], ids["b paint"]),)


# -- predict --------------------------------------------------------------------------------


def test_images_with_other_channels_are_not_offered_to_learn_from(window, qtbot) -> None:
    viewer, panel = window(image("grey"), image("rgb", data=np.zeros((64, 64, 3)), rgb=True))
    for name in ("grey", "rgb"):
        choice = panel.paint.images.value()
        panel.paint.images.setValue(type(choice)(id_of(viewer.layers[name])))
        painted(viewer, panel, qtbot)
    assert len(panel.train.wish().pairs) == 1


def test_ticks_follow_the_chosen_image_until_the_user_ticks(window) -> None:
    viewer, panel = window(image("a"), image("b"))
    ids = {name: id_of(viewer.layers[name]) for name in "ab"}
    for name in "ab":
        choice = panel.paint.images.value()
        panel.paint.images.setValue(type(choice)(ids[name]))
        assert panel.predict.form.value().keys == (ids[name],)
    panel.predict.form._layers.setValue([ids["a"], ids["b"]])
    choice = panel.paint.images.value()
    panel.paint.images.setValue(type(choice)(ids["a"]))
    assert panel.predict.form.value().keys == (ids["a"], ids["b"])


def fake_prediction(panel: UNetPaint, wait_for_stop: bool = False) -> None:
    from napari_unet.app.predict_job import ImageBegun, ImageDone

    def job(sources, model, config, keep, cancel, *_):
        for number, source in enumerate(sources):
            yield ImageBegun(number)
            samples, _, *sides = source.canonical_shape
            labels = np.full((samples, *sides), 2, np.uint8)
            half = np.full((samples, 2, *sides), 0.5, np.float16)
            half[:, 1, : sides[0] // 2], half[:, 0, : sides[0] // 2] = 0.9, 0.1
            yield TileDone(1, 2, 0, tuple(slice(0, n) for n in sides), labels[0])
            while wait_for_stop:
                if cancel.cancelled:
                    return
                threading.Event().wait(0.01)
            yield ImageDone(number, labels, half)

    panel.session.predict._make_job = job
    panel.session.state.set_model(CurrentModel(FakeModel(), "m"))


def test_ticked_images_get_masks_that_lie_on_them_and_overwrite_nothing(window, qtbot) -> None:
    viewer, panel = window(
        image("a", scale=(0.5, 2), translate=(7, 8), units=("um", "um")),
        image("b", data=np.zeros((3, 16, 20), np.uint8), axis_labels=("c", "y", "x")),
    )
    active = viewer.layers.selection.active
    fake_prediction(panel)
    panel.predict.form._layers.setValue([id_of(viewer.layers[name]) for name in "ab"])
    for _ in range(2):
        press(qtbot, panel.predict.form.button)
        qtbot.waitUntil(lambda: done(panel))
    names = [layer.name for layer in viewer.layers if kind_of(layer) == "mask"]
    assert len(names) == len(set(names)) == 4
    mask = viewer.layers["a mask"]
    assert np.allclose(mask.data_to_world((3, 3)), viewer.layers["a"].data_to_world((3, 3)))
    assert mask.units == viewer.layers["a"].units
    assert viewer.layers["b mask"].data.shape == (16, 20)
    assert (mask.data == 2).all()
    assert viewer.layers.selection.active is active
    assert mask.colormap.map(np.array([0]))[0, 3] == 0


def test_predicting_is_cancelled_and_leaves_no_half_mask(window, qtbot) -> None:
    viewer, panel = window(image())
    fake_prediction(panel, wait_for_stop=True)
    press(qtbot, panel.predict.form.button)
    qtbot.waitUntil(lambda: panel.session.state.progress.fraction == 0.5)
    assert panel.train.box.state() == "blocked"
    press(qtbot, panel.predict.form.button)
    qtbot.waitUntil(lambda: done(panel))
    assert panel.session.state.phase is Phase.IDLE
    assert [layer.name for layer in viewer.layers] == ["cells"]


def test_a_threshold_changes_the_mask_without_predicting_again(window, qtbot) -> None:
    viewer, panel = window(image())
    fake_prediction(panel)
    press(qtbot, panel.predict.form.button)
    qtbot.waitUntil(lambda: done(panel))
    mask = viewer.layers["cells mask"]
    choice = panel.predict.form.value()
    panel.predict.form.setValue(type(choice)(choice.keys, threshold=0.7))
    panel.predict._on_finish_changed()
    qtbot.waitUntil(lambda: not mask.data[40:].any())
    assert (mask.data[:32] == 2).all()
    mask.data_setitem((np.array([50]), np.array([50])), 2)
    panel.predict.form.setValue(type(choice)(choice.keys, threshold=0.95))
    panel.predict._on_finish_changed()
    assert mask.data[50, 50] == 2


def test_probability_layers_come_on_request(window, qtbot) -> None:
    viewer, panel = window(image(scale=(0.5, 0.5)))
    fake_prediction(panel)
    choice = panel.predict.form.value()
    panel.predict.form.setValue(type(choice)(choice.keys, probabilities=True))
    press(qtbot, panel.predict.form.button)
    qtbot.waitUntil(lambda: done(panel))
    layer = viewer.layers["cells Object probability"]
    assert list(layer.scale) == [0.5, 0.5]
    assert layer not in panel.paint._store.images()


def test_predicting_while_learning_stops_learning_first(window, qtbot) -> None:
    viewer, panel = window(image())
    painted(viewer, panel, qtbot)
    fake_prediction(panel)
    fake_training(panel, wait_for_stop=True)
    press(qtbot, panel.train.box.button)
    qtbot.waitUntil(lambda: panel.session.state.phase is Phase.TRAINING)
    press(qtbot, panel.predict.form.button)
    qtbot.waitUntil(lambda: "cells mask" in viewer.layers and done(panel))
    assert panel.session.state.phase is Phase.IDLE


# -- models ---------------------------------------------------------------------------------


def test_models_are_saved_and_listed(window, qtbot, tmp_path, monkeypatch) -> None:
    _, panel = window(image())
    assert panel.models.picker.value() is None
    panel.session.state.set_model(CurrentModel(FakeModel(), "cells model", score=0.5))
    assert panel.models.section.aside() == "cells model, score 0.50"
    monkeypatch.setattr(panel.models.picker, "ask_save_path", lambda _: str(tmp_path / "mine"))
    panel.models.picker.save_requested.emit()
    qtbot.waitUntil(lambda: panel.session.state.model.saved)
    assert (tmp_path / "mine.safetensors").exists()
    assert panel.models.section.aside().startswith("mine")


def test_a_damaged_file_is_said_in_words(window, qtbot, tmp_path, monkeypatch) -> None:
    _, panel = window(image())
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\x01")
    monkeypatch.setattr(panel.models.picker, "ask_load_path", lambda: str(broken))
    panel.models.picker.load_requested.emit()
    qtbot.waitUntil(lambda: panel.advisor.line.severity() == "error", timeout=30_000)
    assert panel.session.state.model is None


# -- the whole panel ------------------------------------------------------------------------


def test_it_opens_from_the_manifest(make_napari_viewer, monkeypatch) -> None:
    from pathlib import Path

    import napari_unet

    monkeypatch.setattr(warm_up, "DELAY_MS", 10**8)
    manager = PluginManager.instance()
    file = Path(napari_unet.__file__).with_name("napari.yaml")
    if "napari-unet-paint" not in manager:
        manager.register(PluginManifest.from_file(file))
    viewer = make_napari_viewer()
    _, panel = viewer.window.add_plugin_dock_widget("napari-unet-paint", "U-Net Paint")
    assert isinstance(panel, UNetPaint)
    manifest = manager.get_manifest("napari-unet-paint")
    manifest.validate_imports()
    ids = {command.id for command in manifest.contributions.commands}
    for items in manifest.contributions.menus.values():
        assert {item.command for item in items} <= ids


def test_the_engine_is_loaded_while_the_user_paints_and_names_the_devices(
    window, qtbot, monkeypatch
) -> None:
    viewer, panel = window(image())
    monkeypatch.setattr(warm_up, "DELAY_MS", 0)
    monkeypatch.setattr(warm_up, "warm_up", lambda: [("auto", "A GPU"), ("cpu", "CPU, 2 cores")])
    prepared: list[bool] = []
    monkeypatch.setattr(panel.session.glance, "prepare", lambda: prepared.append(True))
    assert panel.train.section.aside() == ""
    with qtbot.waitSignal(panel._warm_up.devices_known):
        painted(viewer, panel, qtbot)
    assert panel.train.section.aside() == "A GPU"
    assert prepared
    panel._advanced_section.set_expanded(True)
    assert panel._advanced.value() == panel.settings()


@pytest.mark.parametrize("name", ["coins", "cell", "ihc", "discs"])
def test_every_sample_opens_with_paint_that_is_read_as_it_is_meant(window, qtbot, name) -> None:
    from napari_unet.data import samples

    layers = [Layer.create(*data) for data in getattr(samples, f"open_{name}")()]
    viewer, panel = window(*layers)
    assert panel.paint.paint is viewer.layers[f"{name} paint"]
    survey = panel.advisor._survey
    qtbot.waitUntil(lambda: survey.findings.reading is not None, timeout=60_000)
    assert survey.findings.reading.mode == ("mask" if name == "discs" else "strokes")
    assert panel.train.box.button.isEnabled()


def test_a_clash_of_packages_is_said(window, monkeypatch) -> None:
    from napari_unet.gui import surroundings

    assert surroundings.clash_warning() == ""
    monkeypatch.setattr(surroundings, "OTHER_PLUGIN", "napari")
    _, panel = window()
    assert "unrelated package" in panel.advisor.line.text()


def test_everything_fits_into_a_small_window(window, qtbot) -> None:
    viewer, panel = window(image())
    painted(viewer, panel, qtbot)
    assert panel.sizeHint().width() == 340
    heights = panel.paint.images, panel.paint.section, panel.train.section, panel.predict.section
    assert sum(part.sizeHint().height() for part in heights) < 640


@pytest.mark.parametrize(("training", "way"), [(False, "viewer"), (True, "viewer"), (True, "dock")])
def test_the_panel_dies_when_it_is_closed(window, qtbot, training, way) -> None:
    viewer, panel = window(image())
    painted(viewer, panel, qtbot)
    stopped = fake_training(panel, wait_for_stop=True)
    state = panel.session.state
    if training:
        press(qtbot, panel.train.box.button)
        qtbot.waitUntil(lambda state=state: state.phase is Phase.TRAINING)
    dead = [weakref.ref(one) for one in (panel, panel.session, panel.paint._store)]
    if way == "viewer":
        viewer.close()
    else:
        viewer.window.remove_dock_widget(panel)
        assert not viewer.keymap
    del panel, state
    if training:
        assert stopped.wait(5)
    assert QThreadPool.globalInstance().waitForDone(5000)
    collect(dead)
    assert [reference() for reference in dead] == [None] * 3
