"""Masks that are too large for memory: written to a folder, read from it while it fills."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_unet.app import predict_controller, stream_job
from napari_unet.gui.frame_range import FrameChoice
from napari_unet.gui.layer_store import kind_of
from tests.e2e.test_main_job import press, wait, window  # noqa: F401

pytest.importorskip("zarr")


class Lazy:
    """An array that is read in pieces only."""

    def __init__(self, array: np.ndarray) -> None:
        self._array, self.shape, self.dtype, self.ndim = array, array.shape, array.dtype, array.ndim
        self.size = array.size

    def __getitem__(self, index: Any) -> np.ndarray:
        return np.array(self._array[index])

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise AssertionError("the whole array was read")


def discs(side: int) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side]
    mask = ((rows % 32 - 16) ** 2 + (columns % 32 - 16) ** 2) < 64
    noise = np.random.default_rng(0).normal(300, 30, mask.shape)
    return (400 * mask + noise).astype(np.uint16)


def learned(make: Any, qtbot: Any, layer: Image) -> tuple[Any, Any]:
    viewer, panel = make(layer, steps=2)
    panel.paint.new_paint()
    paint = panel.paint.paint
    where = tuple(np.full(24, 0) for _ in range(paint.ndim - 2))
    with qtbot.waitSignal(panel.paint.editor.painted):
        paint.data_setitem((*where, np.full(24, 16), np.arange(24) + 4), 2)
        paint.data_setitem((*where, np.full(24, 0), np.arange(24) + 4), 1)
    press(qtbot, panel.train.box.button)
    wait(qtbot, panel)
    assert panel.session.state.model is not None, panel.session.state.message
    return viewer, panel


@pytest.fixture
def make(window):  # noqa: F811
    """A viewer with layers and the panel."""
    return window


@pytest.fixture
def small_memory(monkeypatch) -> None:
    """Labels of more than 200 x 200 pixels go to disk, and only those."""
    monkeypatch.setattr(predict_controller, "too_many", lambda s: s.spatial_shape[0] > 200)


def result(viewer: Any) -> Labels:
    return next(layer for layer in reversed(viewer.layers) if kind_of(layer) in {"mask", "stored"})


def test_a_large_mask_is_streamed_shown_and_the_same_as_in_memory(
    make, qtbot, small_memory, monkeypatch
) -> None:
    pixels = discs(1100)
    lazy, half = Lazy(pixels), pixels[::2, ::2]
    image = Image(
        [lazy, half], multiscale=True, name="a slide", scale=(0.5, 0.5), units=("um", "um"),
        translate=(3, 4), contrast_limits=(0, 900),
    )  # fmt: skip
    viewer, panel = learned(make, qtbot, image)
    settings = panel.settings()
    panel.apply(replace(settings, predict=settings.predict.changed(tile_size=256)))
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    state = panel.session.state
    assert state.message.severity == "good", state.message
    folder = str(stream_job.masks_folder())
    assert folder in state.message.text
    mask = result(viewer)
    assert mask.multiscale
    assert not mask.editable
    assert [level.shape for level in mask.data] == [(1100, 1100), (550, 550), (275, 275)]
    assert np.allclose(mask.data_to_world((7, 9)), image.data_to_world((7, 9)))
    streamed = np.asarray(mask.data[0][:, :])
    assert np.array_equal(np.asarray(mask.data[1][:, :]), streamed[::2, ::2])

    monkeypatch.setattr(predict_controller, "too_many", lambda s: False)
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    assert np.array_equal(result(viewer).data, streamed)


def test_predicting_again_goes_on_in_the_same_folder_and_layer(make, qtbot, small_memory) -> None:
    movie = np.stack([discs(256)] * 3)
    image = Image(movie, name="movie", axis_labels=("t", "y", "x"))
    viewer, panel = learned(make, qtbot, image)
    panel.predict.form.frames.setValue(FrameChoice("T", 1, 1))
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    assert panel.session.state.message.severity == "good", panel.session.state.message
    mask = result(viewer)
    assert np.asarray(mask.data[1]).any()
    assert not np.asarray(mask.data[0]).any()
    panel.predict.form.frames.setValue(FrameChoice())
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    assert result(viewer) is mask
    assert all(np.asarray(mask.data[frame]).any() for frame in range(3))


def test_channels_in_the_middle_keep_the_sliders_together(make, qtbot, small_memory) -> None:
    stack = np.stack([[discs(256), discs(256)]] * 2)
    image = Image(stack, name="stack", axis_labels=("t", "c", "y", "x"))
    viewer, panel = learned(make, qtbot, image)
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    assert panel.session.state.message.severity == "good", panel.session.state.message
    mask = result(viewer)
    assert mask.data.shape == (2, 1, 256, 256)
    assert np.asarray(mask.data[1, 0]).any()
    assert np.asarray(mask.data[1, 0:1, 3:9, 5]).shape == (1, 6)
