"""What happens to masks, images and paint while a prediction is running."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.layers import Labels

from napari_unet.app.predict_job import ImageBegun, ImageDone
from napari_unet.app.state import CurrentModel, Phase
from napari_unet.core.events import TileDone
from napari_unet.gui.layer_store import id_of, kind_of
from tests.gui.test_panel import FakeModel, done, image, painted, window  # noqa: F401

UPPER, LOWER = (slice(0, 32), slice(0, 64)), (slice(32, 64), slice(0, 64))
OBJECT = np.full((32, 64), 2, np.uint8)


class Predicting:
    """A prediction of which one tile is done; the rest waits for `go_on`."""

    def __init__(self, panel: Any, qtbot: Any, *, probabilities: bool = False) -> None:
        self.panel, self.qtbot, self._gate = panel, qtbot, threading.Event()
        panel.session.state.set_model(CurrentModel(FakeModel(), "m"))
        panel.session.predict._make_job = self._job
        form = panel.predict.form
        form.setValue(replace(form.value(), probabilities=probabilities))
        panel.predict.start()
        qtbot.waitUntil(lambda: any(mask.data.any() for mask in self.masks()))

    def _job(self, _sources, _model, _config, keep, cancel, _samples, _canvases):
        yield ImageBegun(0)
        yield TileDone(1, 2, 0, UPPER, OBJECT.copy())
        self._gate.wait(10)
        if cancel.cancelled:
            return
        yield TileDone(2, 2, 0, LOWER, OBJECT.copy())
        chances = np.full((1, 2, 64, 64), 0.5, np.float16) if keep[0] else None
        yield ImageDone(0, np.full((1, 64, 64), 2, np.uint8), chances)

    def masks(self) -> list[Labels]:
        layers = self.panel.paint._viewer.layers
        return [layer for layer in layers if layer.name.startswith("cells mask")]

    def go_on(self) -> None:
        self._gate.set()
        self.qtbot.waitUntil(lambda: done(self.panel))


def test_what_is_painted_on_a_mask_that_fills_stays(window, qtbot) -> None:  # noqa: F811
    viewer, panel = window(image())
    painted(viewer, panel, qtbot)
    predicting = Predicting(panel, qtbot)
    mine = predicting.masks()[0]
    mine.data_setitem((np.array([40, 41]), np.array([3, 3])), 1)
    predicting.go_on()
    assert mine.data[40, 3] == 1
    others = [mask for mask in predicting.masks() if mask is not mine]
    assert len(others) == 1
    assert (others[0].data == 2).all()
    assert panel.session.state.phase is Phase.IDLE


@pytest.mark.parametrize("chosen", [True, False], ids=["chosen to paint on", "painted on"])
def test_stop_keeps_a_mask_that_was_painted_on(window, qtbot, chosen) -> None:  # noqa: F811
    viewer, panel = window(image())
    painted(viewer, panel, qtbot)
    predicting = Predicting(panel, qtbot)
    mine = predicting.masks()[0]
    if chosen:
        panel.paint._on_paint_picked(id_of(mine))
        assert kind_of(mine) == "paint"
    else:
        mine.data_setitem((np.array([4, 4]), np.array([3, 5])), 1)
    panel.session.predict.stop()
    predicting.go_on()
    assert mine in viewer.layers


def test_an_image_removed_meanwhile_is_told_and_the_mask_stays(window, qtbot) -> None:  # noqa: F811
    viewer, panel = window(image())
    painted(viewer, panel, qtbot)
    predicting = Predicting(panel, qtbot, probabilities=True)
    with qtbot.waitSignal(panel.paint.pair_changed):
        viewer.layers.remove("cells")
    predicting.go_on()
    assert (predicting.masks()[0].data == 2).all()
    assert panel.session.state.phase is Phase.FAILED
    assert "cells: A layer was removed" in panel.session.state.message.text
