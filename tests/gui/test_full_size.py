"""A model of a coarse level and the mask at full resolution, which lies on the finest pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtWidgets import QCheckBox

from napari_unet.app import predict_controller
from napari_unet.app.state import CurrentModel
from napari_unet.core.finer import FinerSource
from napari_unet.gui.frame_range import FrameChoice
from napari_unet.gui.full_size import full_source, has_finer, level_seen
from napari_unet.gui.layer_store import id_of, kind_of
from napari_unet.gui.place import choose_level, chosen_level
from tests.e2e.test_main_job import press, wait, window  # noqa: F401
from tests.gui.test_panel_inputs import TwoChannels
from tests.gui.test_pyramid import pyramid


@pytest.fixture
def make(window):  # noqa: F811
    """A viewer with layers and the panel."""
    return window


def discs(side: int = 256) -> tuple[list[np.ndarray], np.ndarray]:
    """Three levels of an image, and where the discs in it are."""
    rows, columns = np.mgrid[:side, :side]
    mask = ((rows % 64 - 35) ** 2 + (columns % 64 - 29) ** 2) < 15**2
    levels = [400 * mask + np.random.default_rng(0).normal(300, 30, mask.shape)]
    while len(levels) < 3:
        n = len(levels[-1]) // 2
        levels.append(levels[-1].reshape(n, 2, n, 2).mean((1, 3)))
    return levels, mask


def learned_on(make: Any, qtbot: Any, image: Image, mask: np.ndarray) -> tuple[Any, Any]:
    """A model of level 2."""
    viewer, panel = make(image, steps=2)
    panel.paint.level.set_level(2)
    panel.paint.new_paint()
    paint, coarse = panel.paint.paint, mask[::4, ::4]
    with qtbot.waitSignal(panel.paint.editor.painted):
        for value, where in ((2, coarse), (1, ~coarse)):
            rows, columns = np.nonzero(where[:24])
            paint.data_setitem((rows, columns), value)
    press(qtbot, panel.train.box.button)
    wait(qtbot, panel)
    assert panel.session.state.model is not None, panel.session.state.message
    return viewer, panel


def results(viewer: Any) -> list[Any]:
    return [layer for layer in viewer.layers if kind_of(layer) in {"mask", "stored"}]


def box_of(panel: Any) -> QCheckBox:
    return panel.predict.form.findChild(QCheckBox, "full_size_box")


GEOMETRY = {"scale": (0.5, -0.25), "translate": (10, -4), "rotate": 20, "units": ("um", "um")}


def test_the_mask_lies_on_the_finest_pixels_or_on_the_levels(make, qtbot, monkeypatch) -> None:
    levels, truth = discs()
    image = Image(levels, multiscale=True, name="slide", **GEOMETRY)
    viewer, panel = learned_on(make, qtbot, image, truth)
    box = box_of(panel)
    assert box.isVisibleTo(panel)
    assert box.text() == "Mask at full resolution (256 \u00d7 256)"
    assert "level 2 of the pyramid" in box.toolTip()
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    [full] = results(viewer)
    assert full.data.shape == (256, 256)
    for pixel in ((0, 0), (255, 3), (100, 200)):
        assert np.allclose(full.data_to_world(pixel), image.data_to_world(pixel))
    found = np.asarray(full.data) > 0
    assert (found & truth).sum() / (found | truth).sum() > 0.75
    shifted = np.roll(found, 4, axis=0)
    assert (found & truth).sum() > (shifted & truth).sum()
    assert chosen_level(image) == 2

    box.setChecked(False)
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    coarse = results(viewer)[-1] if results(viewer)[-1] is not full else results(viewer)[0]
    assert coarse.data.shape == (64, 64)
    agree = np.asarray(coarse.data) > 0
    middles = found.reshape(64, 4, 64, 4).mean((1, 3)) > 0.5
    assert (agree == middles).mean() > 0.99

    pytest.importorskip("zarr")
    box.setChecked(True)
    monkeypatch.setattr(predict_controller, "too_many", lambda _: True)
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    stored = next(layer for layer in results(viewer) if kind_of(layer) == "stored")
    finest = stored.data[0] if stored.multiscale else stored.data
    assert np.array_equal(np.asarray(finest[:, :]), np.asarray(full.data))
    assert np.allclose(stored.data_to_world((9, 7)), image.data_to_world((9, 7)))


def test_it_is_offered_where_a_mask_would_be_coarser(make) -> None:
    image, plain = pyramid(scale=(0.5, 0.5)), Image(np.zeros((32, 32)), name="plain")
    _, panel = make(plain, image)
    box = box_of(panel)
    assert box.isHidden() or box.parent().isHidden()
    panel.paint.level.set_level(1)
    assert not box.parent().isHidden()
    panel.paint.level.set_level(0)
    assert box.parent().isHidden()
    model = replace_spacing((2.0, 2.0))
    panel.session.state.set_model(CurrentModel(model, "of level 2"))
    assert not box.parent().isHidden()
    assert "level 2" in box.toolTip()
    rescale = panel.predict.form.findChild(QCheckBox, "rescale_box")
    assert rescale.parent().isHidden()  # level 2 has the model's pixels
    box.setChecked(False)
    assert not rescale.parent().isHidden()


def replace_spacing(spacing: tuple[float, ...]) -> Any:
    model = TwoChannels()
    model.spacing = spacing
    return model


def test_the_level_of_the_model_is_seen_else_the_one_worked_on() -> None:
    image = pyramid(scale=(0.5, 0.5), units=("um", "um"))
    choose_level(image, 1)
    assert level_seen(image, (2.0, 2.0), "YX") == 2
    assert level_seen(image, None, "YX") == 1
    source = full_source(image, [image], "YX", (2.0, 2.0))
    assert isinstance(source, FinerSource)
    assert source.seen.spatial_shape == (50, 81)
    assert source.axes.spatial_spacing == (0.5, 0.5)
    assert not isinstance(full_source(image, [image], "YX", (0.5, 0.5)), FinerSource)
    assert chosen_level(image) == 1


def test_layers_that_lack_levels_give_masks_of_the_level() -> None:
    image = pyramid()
    assert has_finer(image, [image])
    assert not has_finer(Image(np.zeros((32, 32))), [])
    assert not has_finer(Image([np.zeros((32, 32))], multiscale=True), [])


def test_frames_are_counted_on_the_level_that_is_answered_for(make) -> None:
    data = [np.zeros((6, 64, 64)), np.zeros((3, 32, 32))]
    image = Image(data, multiscale=True, name="stack", axis_labels=("z", "y", "x"))
    _, panel = make(image)
    choose_level(image, 1)
    panel.paint.sync()
    panel.predict.form.frames.setValue(FrameChoice("Z", 4, 5))
    keys = (id_of(image),)
    assert panel.predict._samples(keys) == {id_of(image): (4, 5)}
