"""One engine answers for the screen and for guidance, from the same paint, one at a time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from napari_unet.app import glancer
from napari_unet.app.glancer import Glancer
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.cancel import CancelToken
from napari_unet.core.paint_desk import PaintPiece
from napari_unet.core.preview import PreviewRequest
from tests.app.fakes import source
from tests.app.test_train_controller import wish

BOX = (slice(0, 32), slice(0, 32))


class FakeGlance:
    """Notes what it is asked, and whether anybody else is answered meanwhile."""

    made = 0

    def __init__(self, device: str, precision: str) -> None:
        FakeGlance.made += 1
        self.painted: list[int] = []

    def answer(self, training, network, request, model, *, cancel) -> str:
        return "answer"

    def probabilities(self, training, network, request, model, *, cancel) -> Any:
        self.painted.append(sum(training.images[0].annotation.painted_pixels(2)))
        return None if cancel.cancelled else (request.sample, request.box, model)


def test_chances_are_asked_of_the_same_engine_with_the_newest_paint(monkeypatch) -> None:
    monkeypatch.setattr(glancer, "engine", lambda _: SimpleNamespace(Glance=FakeGlance))
    monkeypatch.setattr(glancer, "lower_priority", lambda: None)
    FakeGlance.made = 0
    paint = np.zeros((32, 32), np.uint8)
    paint[2, 2:6], paint[20, 2:6] = 1, 2
    ours = Glancer([PaintedImage(source((32, 32)), paint, "strokes")])
    request, token = PreviewRequest(1, 0, 0, BOX), CancelToken()
    assert ours.answer(wish("a"), None, request, token) == "answer"
    assert ours.chances(wish("a"), "model", 0, BOX, token) == (0, BOX, "model")
    more = paint.copy()
    more[10, 2:6] = 2
    ours.desk.post([PaintPiece(0, BOX, more)])
    ours.chances(wish("a"), None, 0, BOX, token)
    assert ours._engine.painted == [8, 12]
    assert sum(ours.training().images[0].annotation.painted_pixels(2)) == 12
    token.cancel()
    assert ours.chances(wish("a"), None, 0, BOX, token) is None
    assert FakeGlance.made == 1
