"""One engine answers for the screen and for guidance, from the same paint, one at a time."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_unet.app import glancer
from napari_unet.app.glancer import GlanceEngine, Glancer
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import TrainConfig
from napari_unet.core.errors import PaintError
from napari_unet.core.paint_desk import PaintPiece
from napari_unet.core.preview import PreviewRequest
from tests.app.fakes import source
from tests.app.test_train_controller import wish

BOX = (slice(0, 32), slice(0, 32))


class FakeGlance:
    """Notes what it is asked, and whether anybody else is answered meanwhile."""

    made = 0
    lock: Any = None

    def __init__(self, device: str, precision: str) -> None:
        FakeGlance.made += 1
        self.painted: list[int] = []
        self.locked: list[bool] = []

    def prepare(self, training, network, request, model, *, cancel) -> None:
        self.painted.append(sum(training.images[0].annotation.painted_pixels(2)))

    def answers(self, training, network, request, model, *, cancel) -> Any:
        for part in ("middle", "corner"):
            self.locked.append(self.lock.locked())
            yield part

    def probabilities(self, training, network, request, model, *, cancel) -> Any:
        self.painted.append(sum(training.images[0].annotation.painted_pixels(2)))
        return None if cancel.cancelled else (request.sample, request.box, model)


@pytest.fixture(autouse=True)
def _fake_engine(monkeypatch) -> None:
    monkeypatch.setattr(glancer, "engine", lambda _: SimpleNamespace(Glance=FakeGlance))
    monkeypatch.setattr(glancer, "lower_priority", lambda: None)
    FakeGlance.made = 0


def test_chances_are_asked_of_the_same_engine_with_the_newest_paint() -> None:
    paint = np.zeros((32, 32), np.uint8)
    paint[2, 2:6], paint[20, 2:6] = 1, 2
    ours = Glancer([PaintedImage(source((32, 32)), paint, "strokes")])
    request, token = PreviewRequest(1, 0, 0, BOX), CancelToken()
    FakeGlance.lock = ours._lock
    assert list(ours.answers(wish("a"), None, request, token)) == ["middle", "corner"]
    assert ours.chances(wish("a"), "model", 0, BOX, token) == (0, BOX, "model")
    more = paint.copy()
    more[10, 2:6] = 2
    ours.desk.post([PaintPiece(0, BOX, more)])
    ours.chances(wish("a"), None, 0, BOX, token)
    fake = ours._engine.glance(wish("a"))
    assert fake.painted == [8, 12]
    assert fake.locked == [True, True]
    assert sum(ours.training().images[0].annotation.painted_pixels(2)) == 12
    token.cancel()
    assert ours.chances(wish("a"), None, 0, BOX, token) is None
    assert FakeGlance.made == 1


def test_it_gets_ready_without_paint_and_knows_strokes_that_came_since() -> None:
    paint = np.zeros((32, 32), np.uint8)
    ours = Glancer([PaintedImage(source((32, 32)), paint.copy())])
    request, token = PreviewRequest(1, 0, 0, BOX), CancelToken()
    ours.prepare(wish("a"), None, request, token)
    paint[2, 2:6] = 1
    ours.desk.post([PaintPiece(0, BOX, paint.copy())], {1: "Background"})
    with pytest.raises(PaintError):
        ours.training()
    paint[20, 2:6] = 2
    ours.desk.post([PaintPiece(0, BOX, paint.copy())], {2: "Cell"})
    assert ours.training().classes.names == ("Background", "Cell")
    ours.prepare(wish("a"), None, request, token)
    assert ours._engine.glance(wish("a")).painted == [0, 8]


def test_nobody_gets_ready_for_what_is_not_looked_at_any_more() -> None:
    ours = Glancer([PaintedImage(source((32, 32)), np.zeros((32, 32), np.uint8))])
    token = CancelToken()
    token.cancel()
    ours.prepare(wish("a"), None, PreviewRequest(1, 0, 0, BOX), token)
    assert FakeGlance.made == 0


def test_the_engine_outlives_the_paint_but_not_the_device() -> None:
    engine = GlanceEngine()
    first = engine.glance(wish("a"))
    assert engine.glance(wish("a", "b")) is first
    other = replace(wish("a"), config=TrainConfig(precision="float32"))
    second = engine.glance(other)
    assert second is not first
    engine.let_go()
    assert engine.glance(other) is not second
