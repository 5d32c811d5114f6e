"""What the panel reads of images that are not in memory: little, and hardly anything twice."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_unet.app import glancer, surveyor
from napari_unet.gui.frame_range import SHOWN, FrameChoice
from napari_unet.gui.place import set_place
from tests.e2e.test_main_job import LONG, press, wait, window  # noqa: F401

CHUNK = 256


class Recorded:
    """Noise with bright squares, computed chunk by chunk; notes what the plugin reads.

    napari reads what it draws from the same array; whoever stands nearer to the read in the stack
    of calls is who reads.
    """

    def __init__(self, *shape: int) -> None:
        self.shape, self.dtype, self.ndim = shape, np.dtype(np.uint16), len(shape)
        self.size = int(np.prod(shape))
        self.bytes, self.largest = 0, 0
        self.chunks_read: Counter[tuple[int, ...]] = Counter()
        self.readers: Counter[str] = Counter()

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self[(slice(None),) * self.ndim].astype(dtype or self.dtype)

    def __getitem__(self, index: Any) -> np.ndarray:
        index = index if isinstance(index, tuple) else (index,)
        index = (*index, *[slice(None)] * (self.ndim - len(index)))
        axes = [np.atleast_1d(np.arange(n)[i]) for n, i in zip(self.shape, index, strict=True)]
        rows, columns = (a.astype(np.uint32) for a in axes[-2:])
        square = (rows[:, None] // 24 + columns // 24) % 3 == 0
        noise = (rows[:, None] * 7919 + columns * 104729) % 97
        plane = (200 + 400 * square + noise).astype(np.uint16)
        lead = [len(a) for a in axes[:-2]]
        out = np.broadcast_to(plane, (*lead, *plane.shape))
        self._note(axes, out.nbytes)
        return out[tuple(slice(None) if isinstance(i, slice) else 0 for i in index)]

    def _note(self, axes: list[np.ndarray], size: int) -> None:
        reader = _reader()
        if not reader.startswith("napari_unet."):
            return
        self.bytes += size
        self.largest = max(self.largest, size)
        self.readers[reader] += size
        sides = [1] * (self.ndim - 2) + [CHUNK, CHUNK]
        spans = [np.unique(a // side) for a, side in zip(axes, sides, strict=True)]
        places = np.stack(np.meshgrid(*spans), -1).reshape(-1, self.ndim)
        self.chunks_read.update(tuple(map(int, place)) for place in places)


def _reader() -> str:
    """The module that reads: the plugin's or napari's that is the nearest in the stack."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("napari_unet.") and not name.endswith((".source", ".crop")):
            return f"{name}:{frame.f_code.co_name}"
        if name.startswith("napari."):
            return name
        frame = frame.f_back
    return ""


@pytest.fixture
def make(window, monkeypatch):  # noqa: F811
    """A viewer with layers and the panel."""
    for module in (glancer, surveyor):
        monkeypatch.setattr(module, "lower_priority", lambda: None)
    return window


def stroke(panel: Any, qtbot: Any, value: int, row: int, *where: int) -> None:
    """Across a bright square (2) or the dark between two of them (1)."""
    paint = panel.paint.paint
    columns = np.arange(0, 23) if value == 2 else np.arange(26, 70)
    index = (*(np.full(len(columns), w) for w in where), np.full(len(columns), row), columns)
    with qtbot.waitSignal(panel.paint.editor.painted):
        paint.data_setitem(index, value)


def work(panel: Any, qtbot: Any, *where: int) -> None:
    """Paint, see the instant answer, train a few steps, and paint again."""
    panel.session.glance.set_ready()
    panel.paint.new_paint()
    stroke(panel, qtbot, 1, 10, *where)
    stroke(panel, qtbot, 2, 12, *where)
    qtbot.waitUntil(lambda: bool(panel.paint._store.results()), timeout=LONG)
    press(qtbot, panel.train.box.button)
    wait(qtbot, panel)
    assert panel.session.state.model is not None, panel.session.state.message


def shown(panel: Any) -> bool:
    """True if an answer stands in the preview."""
    return any(bool(np.any(preview.data)) for preview in panel.paint._store.results())


def paint_more(panel: Any, qtbot: Any, array: Recorded, *where: int) -> list[int]:
    """Paint three strokes, each answered; return what was read for each, in bytes."""
    read = []
    for row in (13, 14, 15):
        before = array.bytes
        for preview in panel.paint._store.results():
            preview.data[...] = 0
        with qtbot.waitSignal(panel.advisor._survey.found, timeout=LONG):
            stroke(panel, qtbot, 2, row, *where)
            qtbot.waitUntil(lambda: shown(panel), timeout=LONG)
        read.append(array.bytes - before)
    return read


def test_of_a_huge_level_what_is_on_screen_and_a_sample_is_read(make, qtbot) -> None:
    levels = [Recorded(16384 // 2**k, 16384 // 2**k) for k in range(6)]
    image = Image(levels, multiscale=True, name="slide", contrast_limits=(0, 900))
    set_place(image, {"level": 0, "region": ((4096, 5120), (4096, 5120))})
    viewer, panel = make(image, steps=3)
    camera = getattr(viewer, "scene", viewer).camera
    camera.center, camera.zoom = (0, 4250, 4250), 2
    work(panel, qtbot)
    finest = levels[0]
    assert [level.bytes for level in levels[1:]] == [0] * 5
    assert 0 < finest.bytes < 30e6  # of 537e6
    assert finest.largest < 5e6
    assert len(finest.chunks_read) < 100  # of 4096
    each = paint_more(panel, qtbot, finest)
    assert max(each[1:]) < 1e6  # what is around the strokes


def test_of_a_series_the_frame_and_a_sample_of_the_others_is_read(make, qtbot) -> None:
    array = Recorded(200, 512, 512)
    image = Image(array, name="movie", contrast_limits=(0, 900), axis_labels=("t", "y", "x"))
    viewer, panel = make(image, steps=3)
    viewer.dims.set_current_step(0, 7)
    getattr(viewer, "scene", viewer).camera.zoom = 2
    work(panel, qtbot, 7)
    assert 0 < array.bytes < 30e6  # of 105e6
    assert array.largest < 2e6
    assert len({chunk[0] for chunk in array.chunks_read}) < 90
    each = paint_more(panel, qtbot, array, 7)
    assert max(each[1:]) < 2e6
    before = array.bytes
    panel.predict.form.frames.setValue(FrameChoice(SHOWN))
    press(qtbot, panel.predict.form.button)
    wait(qtbot, panel)
    assert panel.session.state.message.severity == "good", panel.session.state.message
    assert array.bytes - before < 8e6  # one frame has 0.5e6; the rest is the sample
