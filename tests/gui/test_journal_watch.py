"""Paint survives the end of a session: in a real viewer, with the panel's own buttons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels
from qtpy.QtCore import QEvent, Qt, QThreadPool
from qtpy.QtWidgets import QApplication

from napari_unet.gui import journal_watch, warm_up
from napari_unet.gui.layers import choose_axes
from napari_unet.gui.notes import notes_of
from napari_unet.gui.offer_line import OfferLine
from napari_unet.gui.paint_layer import names_of, rename_class
from napari_unet.gui.panel import UNetPaint

Window = tuple[Any, UNetPaint]
PIXELS = np.random.default_rng(0).random((64, 80)).astype(np.float32)


@pytest.fixture
def root(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setattr(journal_watch, "default_journal_folder", lambda: tmp_path / "paint")
    monkeypatch.setattr(warm_up, "DELAY_MS", 10**8)  # no torch in these tests
    return tmp_path / "paint"


@pytest.fixture
def window(make_napari_viewer, root: Path) -> Callable[..., Window]:
    """A viewer with an image and the panel, as in a new session."""

    def make(pixels: np.ndarray = PIXELS, **more: Any) -> Window:
        viewer = make_napari_viewer()
        viewer.add_layer(Image(pixels, name="cells", **more))
        panel = UNetPaint(viewer)
        viewer.window.add_dock_widget(panel, name="U-Net Paint")
        return viewer, panel

    yield make
    assert QThreadPool.globalInstance().waitForDone(10_000)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def new_layer(viewer: Any, panel: UNetPaint) -> Labels:
    panel.paint.new_paint()
    return viewer.layers.selection.active


def block(layer: Labels, top: int, left: int, value: int, side: int = 5) -> None:
    """Paint a square, and let the watch hear of it."""
    rows, columns = np.mgrid[top : top + side, left : left + side]
    layer.data_setitem((rows.ravel(), columns.ravel()), value)


def end(panel: UNetPaint) -> None:
    """The end of a session."""
    panel._lifecycle.close()


def offered(panel: UNetPaint, qtbot) -> str:
    qtbot.waitUntil(lambda: bool(panel.kept.line.sentence()))
    assert panel.kept.line.isVisibleTo(panel)
    return panel.kept.line.sentence()


def looked(panel: UNetPaint, qtbot) -> None:
    """Wait for the search for kept paint."""
    qtbot.waitUntil(lambda: not panel.kept.journal._jobs._runner.busy)


def press(qtbot, line: OfferLine, accept: bool) -> None:
    button = line.accept_button if accept else line.decline_button
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_paint_of_an_earlier_session_is_restored_with_its_classes(window, qtbot) -> None:
    viewer, panel = window()
    layer = new_layer(viewer, panel)
    block(layer, 5, 5, 1)
    panel.paint.editor.table.add_requested.emit()
    rename_class(layer, 3, "Nucleus")
    panel.paint.editor.table.recolour_requested.emit(3, "#010203")
    block(layer, 30, 40, 3)
    block(layer, 50, 70, 2)
    block(layer, 5, 5, 0, 2)
    layer.data_setitem((np.array([0]), np.array([0])), 2)
    layer.undo()
    wanted = layer.data.copy()
    end(panel)
    viewer, panel = window()
    assert "pixels" in offered(panel, qtbot)
    press(qtbot, panel.kept.line, accept=True)
    restored = viewer.layers["cells paint"]
    assert np.array_equal(restored.data, wanted)
    assert names_of(restored) == {1: "Background", 2: "Object", 3: "Nucleus"}
    assert np.allclose(restored.get_color(3)[:3], np.array([1, 2, 3]) / 255, atol=0.01)
    assert panel.paint.paint is restored
    assert not panel.kept.line.isVisibleTo(panel)
    block(restored, 60, 0, 2, 3)
    wanted = restored.data.copy()
    end(panel)
    viewer, panel = window()
    offered(panel, qtbot)
    press(qtbot, panel.kept.line, accept=True)
    assert np.array_equal(viewer.layers["cells paint"].data, wanted)
    looked(panel, qtbot)
    assert not panel.kept.line.isVisibleTo(panel)


def test_restoring_fills_a_paint_layer_and_overwrites_nothing(window, qtbot) -> None:
    viewer, panel = window()
    block(new_layer(viewer, panel), 5, 5, 2)
    end(panel)
    viewer, panel = window()
    layer = new_layer(viewer, panel)
    block(layer, 7, 7, 1)
    before = layer.data.copy()
    offered(panel, qtbot)
    press(qtbot, panel.kept.line, accept=True)
    assert [one.name for one in viewer.layers] == ["cells", "cells paint"]
    assert (layer.data[7:12, 7:12] == 1).all()
    assert (layer.data[5:7, 5:10] == 2).all()
    assert np.count_nonzero(layer.data == 2) == 25 - 9
    layer.undo()
    assert np.array_equal(layer.data, before)


def test_classes_of_another_meaning_are_not_mixed(window, qtbot) -> None:
    viewer, panel = window()
    block(new_layer(viewer, panel), 5, 5, 2)
    end(panel)
    viewer, panel = window()
    layer = new_layer(viewer, panel)
    rename_class(layer, 2, "Membrane")
    block(layer, 7, 7, 2)
    before = layer.data.copy()
    offered(panel, qtbot)
    press(qtbot, panel.kept.line, accept=True)
    assert np.array_equal(layer.data, before)
    (other,) = (one for one in viewer.layers if isinstance(one, Labels) and one is not layer)
    assert names_of(other)[2] == "Object"
    assert (other.data[5:10, 5:10] == 2).all()


def test_dismissed_paint_stays_away_and_other_images_hear_of_none(window, qtbot) -> None:
    viewer, panel = window()
    block(new_layer(viewer, panel), 5, 5, 2)
    end(panel)
    viewer, panel = window(PIXELS + 1)
    looked(panel, qtbot)
    assert not panel.kept.line.sentence()
    end(panel)
    viewer, panel = window()
    offered(panel, qtbot)
    press(qtbot, panel.kept.line, accept=False)
    assert not panel.kept.line.isVisibleTo(panel)
    end(panel)
    viewer, panel = window()
    looked(panel, qtbot)
    assert not panel.kept.line.sentence()
    assert [layer.name for layer in viewer.layers] == ["cells"]


def test_a_paint_layer_removed_by_mistake_comes_back(window, qtbot) -> None:
    viewer, panel = window()
    layer = new_layer(viewer, panel)
    block(layer, 5, 5, 2)
    wanted = layer.data.copy()
    viewer.layers.remove(layer)
    offered(panel, qtbot)
    press(qtbot, panel.kept.line, accept=True)
    assert np.array_equal(viewer.layers["cells paint"].data, wanted)


def test_axes_that_were_corrected_are_corrected_again(window, qtbot) -> None:
    stack = np.random.default_rng(1).random((3, 40, 50)).astype(np.float32)
    viewer, panel = window(stack)
    choose_axes(viewer.layers["cells"], "CYX")
    block(new_layer(viewer, panel), 5, 5, 2)
    end(panel)
    viewer, panel = window(stack)
    offered(panel, qtbot)
    press(qtbot, panel.kept.line, accept=True)
    assert viewer.layers["cells paint"].data.shape == (40, 50)
    assert panel.paint.images.value().axes == "CYX"


def test_results_and_layers_of_nobody_are_not_kept(window, qtbot, root) -> None:
    viewer, panel = window()
    mask = viewer.add_labels(np.zeros((64, 80), np.uint8))
    mask.data_setitem((np.array([1]), np.array([1])), 1)
    layer = new_layer(viewer, panel)
    notes_of(layer)["kind"] = "mask"
    block(layer, 5, 5, 1)
    end(panel)
    assert not root.exists()


def test_a_disk_that_refuses_is_said_in_the_panel(window, qtbot, root) -> None:
    root.write_text("no folder can be made in here")
    viewer, panel = window()
    layer = new_layer(viewer, panel)
    block(layer, 5, 5, 2)
    qtbot.waitUntil(lambda: "not being kept on disk" in panel.advisor.line.text())
    assert panel.advisor.line.severity() == "warning"
    with qtbot.waitSignal(panel.paint.editor.painted):
        block(layer, 20, 20, 2)
    assert np.count_nonzero(layer.data) == 50
    assert panel.paint.section.aside() == "not kept on disk"
    root.unlink()
    assert panel.kept.writer.flush(10)
    qtbot.waitUntil(lambda: not panel.paint.section.aside())
    assert len(list(root.glob("*/*"))) == 1
