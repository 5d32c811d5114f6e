"""What is left unpainted in a place that is fully painted becomes background, in one undo step."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from napari.components import Dims
from napari.layers import Image, Labels
from napari.utils._proxies import PublicOnlyProxy, ReadOnlyWrapper
from napari.utils.interactions import (
    mouse_move_callbacks,
    mouse_press_callbacks,
    mouse_release_callbacks,
)
from qtpy.QtCore import QEvent, Qt, QThreadPool
from qtpy.QtWidgets import QApplication

from napari_unet.gui import warm_up
from napari_unet.gui.fill_rest import drawn_box, screen_box
from napari_unet.gui.paint_area import fill_unpainted, move_paint
from napari_unet.gui.panel import UNetPaint
from napari_unet.gui.place import level_zero

Window = tuple[Any, UNetPaint]


@pytest.fixture
def window(make_napari_viewer, monkeypatch) -> Callable[..., Window]:
    monkeypatch.setattr(warm_up, "DELAY_MS", 10**8)  # no torch in these tests

    def make(*layers: Any) -> Window:
        viewer = make_napari_viewer()
        for layer in layers:
            viewer.add_layer(layer)
        panel = UNetPaint(PublicOnlyProxy(viewer))  # as napari's menu gives it
        viewer.window.add_dock_widget(panel, name="U-Net Paint")
        panel.paint.new_paint()
        return viewer, panel

    yield make
    assert QThreadPool.globalInstance().waitForDone(10_000)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def noise(*shape: int, **more: Any) -> Image:
    return Image(np.random.default_rng(0).normal(size=shape), name="cells", **more)


def paint_cell(layer: Labels) -> None:
    rows, columns = np.nonzero(np.ones((4, 4)))
    layer.data_setitem((rows + 10, columns + 10), 2)


def mouse(kind: str, *position: float) -> ReadOnlyWrapper:
    """A mouse event as napari's interaction functions take it."""
    event = SimpleNamespace(type=kind, position=position, is_dragging=kind == "mouse_move")
    return ReadOnlyWrapper(event, exceptions=("handled",))


def test_on_screen_unpainted_pixels_become_background_in_one_undo_step(window, qtbot) -> None:
    _, panel = window(noise(64, 64))
    layer = panel.paint.paint
    paint_cell(layer)
    layer.corner_pixels = np.array([[5, 0], [24, 39]])
    with qtbot.waitSignal(panel.strokes.changed):
        qtbot.mouseClick(panel.paint.rest.button, Qt.MouseButton.LeftButton)
    assert (layer.data == 2).sum() == 16
    assert (layer.data == 1).sum() == 20 * 40 - 16
    assert (layer.data[5:25, :40] > 0).all()
    qtbot.waitUntil(lambda: panel.paint.editor.pixels == {1: 784, 2: 16})
    assert "784 unpainted pixels became Background" in panel.advisor.line.text()
    layer.undo()
    assert (layer.data == 1).sum() == 0
    assert (layer.data == 2).sum() == 16


def test_only_the_slice_that_is_shown_is_filled(window) -> None:
    viewer, panel = window(noise(3, 32, 32))
    layer = panel.paint.paint
    viewer.dims.set_current_step(0, 1)
    layer.corner_pixels = np.array([[0, 0, 0], [2, 31, 31]])
    panel.paint.rest.fill_screen(2)
    assert (layer.data[1] == 2).all()
    assert not layer.data[[0, 2]].any()


def test_a_box_that_is_drawn_is_filled_and_leaves_nothing_behind(window, qtbot) -> None:
    viewer, panel = window(noise(64, 64, scale=(0.5, 0.5)))
    layer = panel.paint.paint
    paint_cell(layer)
    panel.paint.rest.draw_box(1)
    box = viewer.layers.selection.active
    assert box.mode == "add_rectangle"
    mouse_press_callbacks(box, mouse("mouse_press", 4, 4))
    mouse_move_callbacks(box, mouse("mouse_move", 10, 8))
    mouse_release_callbacks(box, mouse("mouse_release", 10, 8))
    qtbot.waitUntil(lambda: box not in viewer.layers)
    filled = np.argwhere(layer.data)
    assert np.abs(filled.min(axis=0) - [8, 8]).max() <= 1
    assert np.abs(filled.max(axis=0) - [20, 16]).max() <= 1
    assert (layer.data == 2).sum() == 16
    assert viewer.layers.selection.active is layer


def test_a_mask_a_3d_view_and_a_full_screen_are_told(window) -> None:
    viewer, panel = window(noise(4, 16, 16))
    layer = panel.paint.paint
    layer.corner_pixels = np.array([[0, 0, 0], [3, 15, 15]])
    panel.paint.rest.fill_screen(1)
    panel.paint.rest.fill_screen(1)
    assert "painted already" in panel.advisor.line.text()
    viewer.dims.ndisplay = 3
    panel.paint.rest.fill_screen(1)
    assert "2D view" in panel.advisor.line.text()
    viewer.dims.ndisplay = 2
    panel.paint.editor.table.set_reading("mask")
    panel.paint.rest.fill_screen(1)
    assert "full mask" in panel.advisor.line.text()


def test_the_menu_offers_every_class_twice(window) -> None:
    _, panel = window(noise(16, 16))
    panel.paint.rest._offer()
    names = [a.text() for a in panel.paint.rest._menu.actions() if not a.isSeparator()]
    assert names == ["Background", "Object", "Background", "Object"]
    panel.paint.paint.corner_pixels = np.array([[0, 0], [15, 15]])
    panel.paint.rest._menu.actions()[2].trigger()
    assert (panel.paint.paint.data == 2).all()


def test_a_fully_painted_layer_stays_strokes(window, qtbot) -> None:
    _, panel = window(noise(32, 32))
    layer = panel.paint.paint
    paint_cell(layer)
    layer.corner_pixels = np.array([[0, 0], [31, 31]])
    panel.paint.rest.fill_screen(1)
    survey = panel.advisor._survey
    qtbot.waitUntil(lambda: survey.findings.reading is not None)
    assert survey.findings.reading.mode == "strokes"


def test_too_large_an_area_is_refused() -> None:
    layer = Labels(np.zeros((3000, 3000), np.uint8))
    said = fill_unpainted(layer, (slice(0, 3000), slice(0, 3000)), 1, "Background")
    assert "Zoom in" in said
    assert not layer.data.any()


def test_a_box_covers_the_pixels_whose_middles_it_holds() -> None:
    corners = np.array([[1, 2.2, 3.6], [1, 2.2, 9.1], [1, 7.0, 9.1], [1, 7.0, 3.6]])
    assert drawn_box(corners, (4, 20, 9)) == (slice(1, 2), slice(3, 8), slice(4, 9))
    assert drawn_box(corners + np.array([0, 50, 0]), (4, 20, 9)) is None


def test_the_screen_of_a_layer_beside_the_view_is_nothing() -> None:
    layer = Labels(np.zeros((8, 8), np.uint8))
    layer.corner_pixels = np.array([[9, 0], [12, 7]])
    assert screen_box(layer, Dims(ndim=2)) is None


@pytest.mark.parametrize("shift", [(2, -3), (-1, 0), (0, 4)])
def test_moved_paint_comes_from_there(shift: tuple[int, int]) -> None:
    before = np.random.default_rng(0).integers(0, 3, (2, 12, 14)).astype(np.uint8)
    layer = Labels(before.copy())
    move_paint(layer, shift)
    padded = np.zeros((2, 40, 40), np.uint8)
    padded[:, 10 + shift[0] : 22 + shift[0], 10 + shift[1] : 24 + shift[1]] = before
    assert (level_zero(layer) == padded[:, 10:22, 10:24]).all()
    layer.undo()
    assert (layer.data == before).all()
