"""Where to paint next: asked, answered and announced, without threads, windows and torch."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from napari_unet.app import surveyor
from napari_unet.app.glance_controller import GlanceController
from napari_unet.app.guidance_controller import GuidanceController
from napari_unet.app.models import ModelLibrary
from napari_unet.app.previews import Previews
from napari_unet.app.session import Session
from napari_unet.app.state import CurrentModel, Phase, SessionState
from napari_unet.core.assemble import assemble_arrays
from napari_unet.core.errors import OneClassOnly
from tests.app.fakes import FakeLayers, FakeModel, StepRunner
from tests.app.test_train_controller import BOX, wish

SIDE = 96
FIRST, SECOND = (15, 75), (60, 20)


class FakeGlancer:
    """In doubt around some pixels, and nowhere else."""

    def __init__(self, log: list[Any]) -> None:
        self.desk, self.log = self, log
        self.doubtful: list[tuple[int, int]] = [FIRST, SECOND]
        self.likely = 0.0
        self.error: Exception | None = None
        pixels = np.random.default_rng(0).random((SIDE, SIDE))
        paint = np.zeros((SIDE, SIDE), np.uint8)
        paint[2, 2:12], paint[90, 5:25] = 1, 2
        self.read = assemble_arrays(pixels, paint, mode="strokes").training

    def let_go(self) -> None: ...

    def training(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.read

    def chances(self, wish, model, sample, box, cancel) -> np.ndarray:
        self.log.append((model, sample, box))
        doubt = np.full((SIDE, SIDE), self.likely, np.float32)
        for strength, (row, column) in zip((0.5, 0.4), self.doubtful, strict=False):
            doubt[row - 5 : row + 6, column - 5 : column + 6] = strength
        return np.stack([1 - doubt, doubt])


class Desk:
    """A painter in front of an image."""

    def __init__(self) -> None:
        self.state, layers = SessionState(), FakeLayers("a", "b")
        self.glance = GlanceController(
            self.state, layers, StepRunner(), Previews(layers), self.make
        )
        self.wish: Any = wish("a")
        self.glance.set_source(lambda: self.wish)
        self.runner = StepRunner()
        self.asked: list[Any] = []
        self.control = GuidanceController(self.state, self.glance, self.runner)
        self.glancer = FakeGlancer(self.asked)
        self.places: list[Any] = []
        self.surveys: list[Any] = []
        self.looking: list[bool] = []
        self.control.found.connect(self.places.append)
        self.control.surveyed.connect(self.surveys.append)
        self.control.looking.connect(self.looking.append)
        self.control.look("a", 0, BOX)

    def make(self, _painted) -> FakeGlancer:
        return self.glancer

    def next(self) -> None:
        self.control.next()
        self.runner.finish()

    @property
    def said(self) -> str:
        return self.state.message.text


def near(place, centre) -> bool:
    return max(abs(a - b) for a, b in zip(place.centre, centre, strict=True)) <= 6


def test_next_goes_to_the_best_place_then_to_the_following_without_asking_again() -> None:
    desk = Desk()
    desk.next()
    assert near(desk.places[0], FIRST)
    assert "Unsure here" in desk.said
    assert desk.looking == [True, False]
    desk.control.next()
    assert not desk.runner.busy
    assert near(desk.places[1], SECOND)
    assert len(desk.asked) == 1


def test_after_a_stroke_places_are_looked_for_anew() -> None:
    desk = Desk()
    desk.next()
    desk.glancer.doubtful = [SECOND]
    desk.control.stroke_done()
    assert not desk.runner.busy  # nobody asked yet
    desk.next()
    assert near(desk.places[1], SECOND)
    assert len(desk.asked) == 2


def test_when_all_places_were_shown_it_begins_again() -> None:
    desk = Desk()
    for _ in range(3):
        desk.next()
    assert desk.places[2] == desk.places[0]


def test_two_presses_while_it_looks_are_one_answer() -> None:
    desk = Desk()
    desk.control.next()
    desk.control.next()
    desk.runner.finish()
    assert len(desk.places) == 1


def test_places_of_another_image_are_forgotten() -> None:
    desk = Desk()
    desk.next()
    desk.wish = wish("b")
    desk.control.look("b", 0, BOX)
    desk.next()
    assert len(desk.asked) == 2
    assert near(desk.places[1], FIRST)


def test_the_last_two_answers_that_differ_are_compared(monkeypatch) -> None:
    compared = []
    ranked = surveyor.next_places

    def note(outlooks, annotation, classes, *, before):
        compared.append([round(float(old.chances[1].min()), 2) for old in before])
        return ranked(outlooks, annotation, classes, before=before)

    monkeypatch.setattr(surveyor, "next_places", note)
    desk = Desk()
    for likely in (0.1, 0.1, 0.2, 0.2, 0.3):
        desk.glancer.likely = likely
        desk.control.stroke_done()
        desk.next()
    assert compared == [[], [], [0.1], [0.1], [0.2]]
    desk.control.forget()
    desk.next()
    assert compared[-1] == []


@pytest.mark.parametrize("spoil", ["no paint layer", "one class", "sure"])
def test_where_there_is_no_place_it_says_why(spoil) -> None:
    desk = Desk()
    if spoil == "no paint layer":
        desk.wish = None
    if spoil == "one class":
        desk.glancer.error = OneClassOnly("Only one class. Paint another.")
    if spoil == "sure":
        desk.glancer.doubtful = []
    desk.next()
    wanted = {"no paint layer": "Make a paint layer", "one class": "Only one", "sure": "Nothing is"}
    assert desk.said.startswith(wanted[spoil])
    assert desk.places == []
    assert desk.looking[-1] is False


def test_watched_it_answers_after_each_stroke_and_goes_nowhere() -> None:
    desk = Desk()
    desk.control.watch(True)
    desk.runner.finish()
    for _ in range(3):
        desk.control.stroke_done()
    desk.runner.finish()
    assert len(desk.surveys) == 2  # the first and the newest; those between were overtaken
    assert desk.places == []
    assert desk.said == ""
    desk.control.look("a", 0, (slice(1, 3), slice(1, 3)))
    assert not desk.runner.busy  # it was looked over as a whole
    desk.control.watch(False)
    desk.control.stroke_done()
    assert not desk.runner.busy


def test_a_stroke_while_it_looks_does_not_lose_the_wish_to_go() -> None:
    desk = Desk()
    desk.control.watch(True)
    desk.control.next()
    desk.control.stroke_done()
    desk.runner.finish()
    assert len(desk.places) == 1


def test_an_answer_for_paint_that_was_forgotten_is_dropped() -> None:
    desk = Desk()
    desk.control.next()
    desk.control.forget()
    desk.runner.finish()
    assert desk.places == []
    assert desk.surveys == []


class FakePredictor:
    """Doubts one place only."""

    def __init__(self, model, source, config, *, cancel) -> None:
        self.model = model

    def probabilities(self, sample, box) -> np.ndarray:
        doubt = np.zeros((SIDE, SIDE), np.float32)
        doubt[44:55, 44:55] = 0.5
        return np.stack([1 - doubt, doubt])


@pytest.mark.parametrize(
    ("painted", "phase", "channels", "model_answers"),
    [
        (False, Phase.IDLE, 1, True),
        (True, Phase.IDLE, 1, False),
        (True, Phase.TRAINING, 1, True),
        (False, Phase.IDLE, 3, False),
    ],
)
def test_a_model_that_knows_the_paint_is_asked_itself(
    monkeypatch, painted, phase, channels, model_answers
) -> None:
    monkeypatch.setattr(surveyor, "engine", lambda _: SimpleNamespace(Predictor=FakePredictor))
    desk = Desk()
    model = FakeModel()
    model.config = model.config.changed(input_channels=channels)
    desk.state.set_model(CurrentModel(model, "m"))
    if phase is Phase.TRAINING:
        desk.state.move(Phase.PREPARING)
        desk.state.move(Phase.TRAINING)
    if painted:
        desk.glance.stroke_done("a paint")
    desk.next()
    assert near(desk.places[0], (49, 49)) is model_answers
    assert [asked[0] for asked in desk.asked] == ([] if model_answers else [model])


def test_a_new_model_makes_places_stale() -> None:
    desk = Desk()
    desk.next()
    desk.state.set_model(CurrentModel(FakeModel(), "m"))
    desk.glance._painted = True
    desk.next()
    assert len(desk.asked) == 2


def test_the_session_tells_guidance_of_views_strokes_and_layers(tmp_path) -> None:
    session = Session(FakeLayers("a"), StepRunner, ModelLibrary(tmp_path))
    told: list[str] = []
    session.guidance.stroke_done = lambda: told.append("stroke")  # type: ignore[method-assign]
    session.guidance.forget = lambda: told.append("forget")  # type: ignore[method-assign]
    session.look("a", 2, BOX)
    session.stroke_done("a paint")
    session.forget_paint()
    assert session.guidance._view.sample == 2
    assert told == ["stroke", "forget"]
