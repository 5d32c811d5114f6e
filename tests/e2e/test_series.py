"""Time series in a real window: paint some frames, learn from all of them, predict some."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_unet.app import glancer, surveyor
from napari_unet.gui.frame_range import SHOWN, FrameChoice
from napari_unet.gui.layer_store import kind_of
from napari_unet.gui.panel import UNetPaint
from tests.e2e.test_main_job import press, wait, window  # noqa: F401


def movie(frames: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[:64, :64]
    masks = np.stack(
        [((rows % 32 - 16) ** 2 + ((columns + 4 * t) % 32 - 16) ** 2) < 64 for t in range(frames)]
    )
    noise = np.random.default_rng(0).normal(300, 30, masks.shape)
    return (400 * masks + noise).astype(np.uint16), masks


def paint_frame(paint: Any, mask: np.ndarray, frame: int) -> None:
    for row in (14, 17, 48):
        for value, columns in (
            (2, np.flatnonzero(mask[row])),
            (1, np.flatnonzero(~mask[row])[::2]),
        ):
            where = (np.full(columns.size, frame), np.full(columns.size, row), columns)
            paint.data_setitem(where, value)


@pytest.fixture
def learned(window, qtbot, monkeypatch) -> tuple[Any, UNetPaint, np.ndarray]:  # noqa: F811
    """A panel that has learned from paint on the frames 0 and 3."""
    for module in (glancer, surveyor):
        monkeypatch.setattr(module, "lower_priority", lambda: None)
    pixels, masks = movie()
    viewer, panel = window(Image(pixels, name="movie", axis_labels=("time", "y", "x")), steps=20)
    panel.paint.new_paint()
    with qtbot.waitSignal(panel.paint.editor.painted):
        for frame in (0, 3):
            paint_frame(panel.paint.paint, masks[frame], frame)
    press(qtbot, panel.train.box.button)
    wait(qtbot, panel)
    return viewer, panel, masks


def predicted(viewer: Any, panel: UNetPaint, qtbot) -> np.ndarray:
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    return next(layer for layer in reversed(viewer.layers) if kind_of(layer) == "mask").data


def test_frames_are_painted_learned_from_and_predicted_as_asked(learned, qtbot) -> None:
    viewer, panel, masks = learned
    frames = panel.predict.form.frames
    assert not frames.isHidden()

    every = predicted(viewer, panel, qtbot)
    for frame in range(4):
        inside, answer = masks[frame], every[frame] == 2
        assert (inside & answer).sum() / (inside | answer).sum() > 0.7

    viewer.dims.set_current_step(0, 2)
    frames.setValue(FrameChoice(SHOWN))
    shown = predicted(viewer, panel, qtbot)
    assert np.array_equal(shown[2], every[2])
    assert not shown[[0, 1, 3]].any()

    frames.setValue(FrameChoice("T", 1, 2))
    some = predicted(viewer, panel, qtbot)
    assert np.array_equal(some[1:3], every[1:3])
    assert not some[[0, 3]].any()
