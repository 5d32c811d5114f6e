"""Who answers for the view hears of it while it moves, and once when it has come to rest."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QObject, Qt
from qtpy.QtWidgets import QApplication

from napari_unet.gui import preview_watch
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.preview_watch import PreviewWatch


@pytest.fixture
def watched(qtbot, monkeypatch):
    """A stack of images, and what is said of the view."""
    monkeypatch.setattr(preview_watch, "_PAUSE_MS", 5)
    monkeypatch.setattr(preview_watch, "_SETTLED_MS", 30)
    viewer, owner, said = ViewerModel(), QObject(), []
    layer = viewer.add_image(np.zeros((4, 30, 40)))
    life = Lifecycle()
    watch = PreviewWatch(
        viewer, lambda _, sample, box: said.append(sample), lambda: said.append("rest"), life, owner
    )
    watch.watch(layer)
    yield SimpleNamespace(viewer=viewer, said=said, owner=owner)
    life.close()


def test_it_says_what_is_seen_and_then_that_nothing_moves(watched, qtbot) -> None:
    qtbot.waitUntil(lambda: "rest" in watched.said)
    assert watched.said[-1] == "rest"
    watched.said.clear()
    for step in (1, 2, 3):
        watched.viewer.dims.set_point(0, step)
    qtbot.waitUntil(lambda: "rest" in watched.said)
    assert watched.said[-2:] == [3, "rest"]
    assert watched.said.count("rest") == 1


def test_while_a_mouse_button_is_down_nothing_has_come_to_rest(watched, qtbot, monkeypatch) -> None:
    asked: list[int] = []
    down = Qt.MouseButton.LeftButton

    def buttons() -> Qt.MouseButton:
        asked.append(1)
        return down

    monkeypatch.setattr(QApplication, "mouseButtons", staticmethod(buttons))
    qtbot.waitUntil(lambda: len(asked) >= 2)
    assert "rest" not in watched.said
    down = Qt.MouseButton.NoButton
    qtbot.waitUntil(lambda: "rest" in watched.said)
