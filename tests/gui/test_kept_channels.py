"""The channels that paint was made on come back with it, in a real viewer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtCore import QEvent, QThreadPool
from qtpy.QtWidgets import QApplication

from napari_unet.gui import journal_watch, warm_up
from napari_unet.gui.image_picker import ImageChoice
from napari_unet.gui.inputs import chosen_channels, key_of
from napari_unet.gui.kept_channels import channels_to_keep
from napari_unet.gui.layer_checklist import LayerChecklist
from napari_unet.gui.layer_store import id_of
from napari_unet.gui.panel import UNetPaint

Window = tuple[Any, UNetPaint]
NAMES = ("cells DAPI", "cells GFP", "cells RFP")


def pixels(number: int) -> np.ndarray:
    return np.random.default_rng(number).random((64, 80)).astype(np.float32)


@pytest.fixture
def window(make_napari_viewer, tmp_path: Path, monkeypatch) -> Callable[..., Window]:
    """A viewer with some of three layers of one size, and the panel, as in a new session."""
    monkeypatch.setattr(journal_watch, "default_journal_folder", lambda: tmp_path / "paint")
    monkeypatch.setattr(warm_up, "DELAY_MS", 10**8)  # no torch in these tests

    def make(numbers: tuple[int, ...] = (0, 1, 2)) -> Window:
        viewer = make_napari_viewer()
        for number in numbers:
            viewer.add_layer(Image(pixels(number), name=NAMES[number]))
        panel = UNetPaint(viewer)
        viewer.window.add_dock_widget(panel, name="U-Net Paint")
        panel.paint.images.setValue(ImageChoice(id_of(viewer.layers[NAMES[0]])))
        return viewer, panel

    yield make
    assert QThreadPool.globalInstance().waitForDone(10_000)
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def paint(viewer: Any, panel: UNetPaint) -> Any:
    panel.paint.new_paint()
    layer = viewer.layers.selection.active
    rows, columns = np.mgrid[5:10, 5:10]
    layer.data_setitem((rows.ravel(), columns.ravel()), 2)
    return layer


def tick(viewer: Any, panel: UNetPaint, *names: str) -> None:
    """As ticking under Change does."""
    keys = ["#0", *(key_of(viewer.layers[name]) for name in names)]
    panel.paint.images.findChild(LayerChecklist).setValue(tuple(keys))


def names_now(viewer: Any) -> list[str]:
    images = [layer for layer in viewer.layers if isinstance(layer, Image)]
    first = viewer.layers[NAMES[0]]
    named = {key_of(image): image.name for image in images}
    return [named.get(key, first.name) for key in chosen_channels(first, images)]


def restore(panel: UNetPaint, qtbot: Any) -> str:
    qtbot.waitUntil(lambda: bool(panel.kept.line.sentence()))
    sentence = panel.kept.line.sentence()
    panel.kept.line.accept_button.click()
    return sentence


def test_ticked_layers_are_ticked_again(window, qtbot) -> None:
    viewer, panel = window()
    paint(viewer, panel)
    tick(viewer, panel, NAMES[2])  # after the last stroke
    panel._lifecycle.close()
    viewer, panel = window()
    assert names_now(viewer) == [NAMES[0]]
    assert "cells DAPI + cells RFP" in restore(panel, qtbot)
    assert names_now(viewer) == [NAMES[0], NAMES[2]]
    shown = panel.paint.images.value()
    assert shown.channels == chosen_channels(viewer.layers[NAMES[0]], list(viewer.layers)[:3])


def test_what_is_missing_is_said_and_the_paint_comes_back_all_the_same(window, qtbot) -> None:
    viewer, panel = window()
    tick(viewer, panel, NAMES[1], NAMES[2])
    wanted = paint(viewer, panel).data.copy()
    panel._lifecycle.close()
    viewer, panel = window((0, 1))
    restore(panel, qtbot)
    assert np.array_equal(viewer.layers[-1].data, wanted)
    assert names_now(viewer) == [NAMES[0]]
    assert "'cells RFP'" in panel.session.state.message.text


def test_channels_chosen_since_stay(window, qtbot) -> None:
    viewer, panel = window()
    tick(viewer, panel, NAMES[2])
    paint(viewer, panel)
    panel._lifecycle.close()
    viewer, panel = window()
    tick(viewer, panel, NAMES[1])
    restore(panel, qtbot)
    assert names_now(viewer) == [NAMES[0], NAMES[1]]


def test_nothing_is_kept_where_nothing_was_chosen(window, qtbot) -> None:
    viewer, panel = window()
    images = [layer for layer in viewer.layers if isinstance(layer, Image)]
    assert channels_to_keep(images[0], images) == []
    paint(viewer, panel)
    panel._lifecycle.close()
    viewer, panel = window()
    assert "channels" not in restore(panel, qtbot)
    assert names_now(viewer) == [NAMES[0]]
