"""Live training and instant answers, decided without threads, windows and torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from napari_unet.app.glance_controller import GlanceController
from napari_unet.app.models import ModelLibrary
from napari_unet.app.previews import Previews
from napari_unet.app.session import Session
from napari_unet.app.state import CurrentModel, Phase, SessionState
from napari_unet.app.train_job import TrainWish
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.errors import JobFailed, OneClassOnly, UNetError
from napari_unet.core.events import PaintTaken, PreviewDone, Resting, StepDone, TrainResult
from napari_unet.core.paint_desk import PaintPiece
from tests.app.fakes import FakeLayers, FakeModel, StepRunner, source
from tests.app.test_train_controller import BOX, PREPARED, Bench, wish

TAKEN = PaintTaken(5, 2, 4, 1, 10)
PIECE = PaintPiece(0, BOX, np.ones((4, 4), np.uint8))


def resting() -> Resting:
    return Resting(TrainResult(FakeModel(), False, "Done.", score=0.7))


def test_it_rests_says_so_and_wakes_with_the_next_stroke() -> None:
    events = [PREPARED, resting(), TAKEN, resting()]
    bench = Bench(events=events, result=events[-1].result)
    phases: list[Phase] = []
    bench.control.start(wish())
    bench.state.phase_changed.connect(phases.append)
    for _ in range(2):
        bench.runner.step()
    assert bench.state.phase is Phase.RESTING
    assert bench.state.message.text.startswith("Resting; paint to go on")
    assert bench.state.model.model is events[1].result.model
    assert bench.state.score == 0.7
    bench.runner.step()
    assert bench.state.phase is Phase.TRAINING
    assert bench.state.message.text == ""
    bench.runner.step()
    bench.control.stop()
    bench.runner.finish()
    assert phases == [Phase.TRAINING, Phase.RESTING] * 2 + [Phase.STOPPING, Phase.IDLE]


def test_what_was_said_about_the_paint_that_wakes_it_stays() -> None:
    bench = Bench(events=[PREPARED, resting(), TAKEN])
    bench.control.start(wish())
    for _ in range(2):
        bench.runner.step()
    bench.state.say("500 unpainted pixels became Background.")
    bench.runner.step()
    assert bench.state.phase is Phase.TRAINING
    assert bench.state.message.text == "500 unpainted pixels became Background."


def test_pause_and_go_on_reach_the_training() -> None:
    bench = Bench(events=[PREPARED, StepDone(1, 0.5, 0.1, 1.0)])
    bench.control.start(wish())
    bench.control.pause()
    assert bench.state.phase is Phase.PREPARING
    bench.runner.step()
    bench.control.pause()
    assert bench.state.phase is Phase.PAUSED
    assert bench.talk.paused
    bench.runner.step()
    assert bench.state.phase is Phase.PAUSED
    bench.control.go_on()
    assert bench.state.phase is Phase.TRAINING
    assert not bench.talk.paused


def test_a_training_that_rests_while_paused_goes_on_resting() -> None:
    bench = Bench(events=[PREPARED, resting(), TAKEN])
    bench.control.start(wish())
    bench.runner.step()
    bench.control.pause()
    bench.runner.step()
    assert bench.state.phase is Phase.PAUSED
    bench.control.go_on()
    assert bench.state.phase is Phase.RESTING
    bench.runner.step()
    assert bench.state.phase is Phase.TRAINING


def test_stop_while_paused_ends_it() -> None:
    bench = Bench(events=[PREPARED])
    bench.control.start(wish())
    bench.runner.step()
    bench.control.pause()
    bench.control.stop()
    assert bench.runner.cancel.cancelled
    bench.runner.finish()
    assert bench.state.phase is Phase.IDLE


def test_paint_goes_to_the_training_that_learns_from_it() -> None:
    bench = Bench("a", "b", events=[PREPARED])
    assert bench.control.number_of("b paint") is None
    bench.control.start(wish("a", "b"))
    assert bench.control.number_of("b paint") == 1
    assert bench.control.number_of("c paint") is None
    bench.control.repaint([PIECE], {1: "Background"})
    assert bench.talk.paint.take().pieces == (PIECE,)
    bench.control.stop()
    assert bench.control.number_of("b paint") is None


def test_live_is_asked_for_and_can_be_changed_while_it_runs() -> None:
    bench = Bench(events=[PREPARED])
    bench.control.start(TrainWish((("a", "a paint"),), ModelConfig(), TrainConfig(), live=True))
    assert bench.talk.live
    bench.control.set_live(False)
    assert not bench.talk.live


def test_after_a_stroke_the_view_is_asked_for_anew() -> None:
    bench = Bench("a", events=[PREPARED, TAKEN])
    bench.control.start(wish("a"))
    bench.runner.step()
    bench.control.look("a", 0, BOX)
    first = bench.desk.look()
    bench.runner.step()
    second = bench.desk.look()
    assert second.generation > first.generation
    assert (second.sample, second.box) == (first.sample, first.box)


def test_a_layer_removed_while_it_learns_stops_nothing(monkeypatch) -> None:
    bench = Bench(events=[PREPARED, TAKEN, StepDone(1, 0.5, 0.1, 1.0)])
    bench.control.start(wish())
    bench.runner.step()
    bench.control.look("a", 0, BOX)
    bench.control._previews.forget()  # another image was given other axes

    def gone(*_: Any) -> None:
        raise UNetError("A layer was removed. Choose another.")

    monkeypatch.setattr(bench.layers, "open_preview", gone)
    bench.runner.step()
    bench.runner.step()
    assert bench.state.phase is Phase.TRAINING
    assert bench.state.progress.fraction == 0.1


def test_the_view_reaches_training_and_instant_answer(tmp_path) -> None:
    session = Session(FakeLayers("a"), StepRunner, ModelLibrary(tmp_path))
    session.look("a", 2, BOX)
    assert session.glance._view == ("a", 2, BOX)
    session.train.start(wish("a"))
    session.look("a", 3, BOX)
    assert session.train._control.previews.look().sample == 3


# -- the instant answer ---------------------------------------------------------------------


class FakeGlancer:
    """Answers with the number of the question, or with the error it is given."""

    def __init__(self, painted: Any, log: list[Any]) -> None:
        self.desk, self.log, self.painted = self, log, painted
        self.posted: list[Any] = []
        self.parts = 1

    def let_go(self) -> None:
        self.log.append("let go")

    def post(self, pieces, names) -> None:
        self.posted += pieces

    def prepare(self, wish, model, request, cancel) -> None:
        self.log.append((model, request, cancel))

    def answers(self, wish, model, request, cancel):
        self.log.append((model, request, cancel))
        for _ in range(self.parts):
            labels = np.full((4, 4), request.generation, np.uint8)
            yield PreviewDone(
                request.generation, request.image, request.sample, request.box, labels
            )


class Desk:
    """A painter in front of two images, of which the first is painted on."""

    def __init__(self) -> None:
        self.state, self.layers, self.runner = SessionState(), FakeLayers("a", "b"), StepRunner()
        self.previews = Previews(self.layers)
        self.asked: list[Any] = []
        self.glancers: list[FakeGlancer] = []
        self.wish: TrainWish | None = wish("a")
        self.control = GlanceController(
            self.state, self.layers, self.runner, self.previews, self.make
        )
        self.control.set_source(lambda: self.wish)

    def make(self, painted) -> FakeGlancer:
        self.glancers.append(FakeGlancer(painted, self.asked))
        return self.glancers[-1]

    def ready(self) -> Desk:
        self.control.set_ready()
        self.control.look("a", 0, BOX)
        return self

    @property
    def written(self) -> list[int]:
        return [int(labels[0, 0]) for _, labels in self.layers.called("write")]


def test_a_stroke_is_answered_where_somebody_looks() -> None:
    desk = Desk().ready()
    assert not desk.runner.busy
    desk.control.stroke_done("a paint")
    desk.runner.finish()
    assert desk.written == [1]
    assert desk.layers.called("open_preview") == [("a",)]
    desk.control.look("a", 3, BOX)
    desk.runner.finish()
    assert desk.asked[-1][1].sample == 3
    assert len(desk.glancers) == 1


def test_before_the_first_stroke_features_are_made_ready_and_nothing_is_shown() -> None:
    desk = Desk()
    desk.control.look("a", 0, BOX)
    desk.control.set_ready()
    desk.runner.finish()
    assert len(desk.asked) == 1
    assert desk.written == []
    assert desk.layers.called("open_preview") == []


def test_paint_is_copied_once_and_then_handed_over_in_pieces() -> None:
    desk = Desk().ready()
    assert desk.control.number_of("a paint") is None
    desk.control.stroke_done("a paint")
    assert desk.control.number_of("a paint") == 0
    desk.control.repaint([PIECE], {})
    desk.control.stroke_done("a paint")
    desk.runner.finish()
    assert desk.glancers[0].posted == [PIECE]
    assert len(desk.layers.called("snapshot")) == 1
    desk.control.forget()
    desk.control.stroke_done("a paint")
    assert len(desk.layers.called("snapshot")) == 2


def test_while_one_is_answered_only_the_newest_stroke_waits() -> None:
    desk = Desk().ready()
    for _ in range(5):
        desk.control.stroke_done("a paint")
    desk.runner.finish()
    assert [request.generation for _, request, _ in desk.asked] == [1, 5]
    assert desk.written == [1, 5]


def test_an_answer_for_another_place_is_given_up_when_the_view_moves() -> None:
    desk = Desk().ready()
    desk.control.stroke_done("a paint")
    cancel = desk.control._cancel
    desk.control.look("a", 7, BOX)
    assert cancel.cancelled
    assert not desk.control._cancel.cancelled


def test_a_large_view_is_shown_part_by_part_until_something_newer_is_asked() -> None:
    desk = Desk().ready()
    desk.control.stroke_done("a paint")
    desk.glancers[0].parts = 3
    desk.runner.finish()
    assert desk.written == [1, 1, 1]
    desk.control.stroke_done("a paint")
    desk.runner.step()
    desk.control.stroke_done("a paint")
    desk.runner.finish()
    assert desk.written == [1, 1, 1, 2, 3, 3, 3]


def test_the_answer_begins_at_the_stroke_until_the_view_moves() -> None:
    desk = Desk().ready()
    desk.layers.sources["a"] = source((2, 900, 1400, 3), "TYXC")
    desk.control.stroke_done("a paint")
    where = (slice(1, 2), slice(512, 900), slice(1024, 1400))
    desk.control.repaint([PaintPiece(0, where, np.ones((1, 388, 376), np.uint8))], {})
    desk.control.stroke_done("a paint")
    desk.control.look("a", 1, BOX)
    desk.runner.finish()
    assert [request.focus for _, request, _ in desk.asked] == [None, None]
    desk.control.repaint([PaintPiece(0, where, np.ones((1, 388, 376), np.uint8))], {})
    desk.control.stroke_done("a paint")
    desk.runner.finish()
    assert desk.asked[-1][1].focus == (706, 1212)


def test_each_place_that_is_looked_at_is_made_ready_until_there_is_paint() -> None:
    desk = Desk().ready()
    desk.control.prepare()
    first = desk.control._preparing
    desk.control.look("a", 4, BOX)
    assert first.cancelled  # nobody waits for what was looked at before
    desk.control.prepare()
    desk.runner.finish()
    assert [request.sample for _, request, _ in desk.asked] == [0, 4]
    assert desk.written == []
    second = desk.control._preparing
    desk.control.stroke_done("a paint")
    assert second.cancelled
    desk.runner.finish()
    desk.control.prepare()
    assert not desk.runner.busy
    assert desk.written == [desk.asked[-1][1].generation]


def test_where_there_is_too_little_paint_for_an_answer_it_gets_ready_for_one() -> None:
    desk = Desk().ready()
    desk.control.stroke_done("a paint")
    desk.runner.finish()
    desk.wish = wish("b")  # another image, with nothing painted on it
    log: list[str] = []

    def make(painted: Any) -> FakeGlancer:
        glancer = desk.make(painted)
        glancer.answers = lambda *_: (_ for _ in ()).throw(OneClassOnly("One. Paint."))
        glancer.prepare = lambda *_: log.append("prepare")
        return glancer

    desk.control._make_glancer = make
    desk.control.look("b", 0, BOX)
    desk.runner.finish()
    assert log == ["prepare"]
    desk.control.stroke_done("b paint")
    desk.control.stroke_done("b paint")
    desk.runner.finish()
    assert log == ["prepare"] * 2  # not while there is a newer stroke to answer


def test_getting_ready_does_not_displace_an_answer_that_waits() -> None:
    desk = Desk().ready()
    desk.control.stroke_done("a paint")
    desk.control.look("a", 0, (slice(0, 3), slice(0, 3)))
    assert desk.control._jobs.waiting
    desk.control._known = None
    desk.control.prepare()
    desk.runner.finish()
    desk.runner.finish()
    assert desk.asked[1][1].box == (slice(0, 3), slice(0, 3))
    assert desk.written == [request.generation for _, request, _ in desk.asked]


@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.PREDICTING])
def test_it_does_not_get_ready_while_others_work(phase) -> None:
    desk = Desk().ready()
    desk.control.prepare()
    token = desk.control._preparing
    desk.state.move(phase)
    assert token.cancelled
    desk.runner.finish()
    desk.control.prepare()
    assert not desk.runner.busy


def test_what_goes_wrong_while_getting_ready_is_not_said() -> None:
    desk, wrong = Desk(), JobFailed("No. Stop.")
    desk.control.set_ready()
    desk.control.look("a", 0, BOX)
    desk.control._make_glancer = lambda painted: _failing(desk, painted, lambda: wrong)
    desk.control.prepare()
    desk.runner.finish()
    assert desk.state.message.text == ""


@pytest.mark.parametrize("spoil", ["off", "not ready", "no wish", "other image", "gone"])
def test_nothing_is_asked_when_nobody_wants_or_can_have_an_answer(spoil) -> None:
    desk = Desk()
    if spoil != "not ready":
        desk.control.set_ready()
    desk.control.look("b" if spoil == "other image" else "a", 0, BOX)
    if spoil == "off":
        desk.control.set_on(False)
    if spoil == "no wish":
        desk.wish = None
    if spoil == "gone":
        desk.wish = wish("z")
    desk.control.stroke_done("a paint")
    assert not desk.runner.busy
    desk.wish = wish("a")
    desk.control.set_ready()
    desk.control.set_on(True)
    desk.control.look("a", 1, BOX)
    assert desk.runner.busy


@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.PREDICTING])
def test_it_is_silent_while_others_work(phase) -> None:
    desk = Desk().ready()
    desk.control.stroke_done("a paint")
    cancel = desk.control._cancel
    desk.state.move(phase)
    assert cancel.cancelled
    desk.runner.finish()
    desk.control.stroke_done("a paint")
    assert not desk.runner.busy


def test_a_stroke_while_training_rests_is_answered_with_its_model() -> None:
    desk = Desk().ready()
    for phase in (Phase.PREPARING, Phase.TRAINING, Phase.RESTING):
        desk.state.move(phase)
        desk.state.set_model(CurrentModel("learned", "m"))
    assert desk.runner.busy  # features of the new model are made ready
    desk.runner.finish()
    assert desk.written == []
    desk.control.look("a", 1, BOX)
    assert not desk.runner.busy
    desk.control.stroke_done("a paint")
    desk.state.move(Phase.TRAINING)
    desk.runner.finish()
    assert [model for model, *_ in desk.asked] == ["learned"] * 2
    assert len(desk.written) == 1


def test_features_are_let_go_while_something_else_is_learned() -> None:
    desk = Desk().ready()
    desk.control.stroke_done("a paint")
    desk.runner.finish()
    desk.state.move(Phase.PREPARING)
    assert desk.asked[-1] == "let go"


def test_too_little_paint_is_no_news_but_a_failure_is_said_once() -> None:
    desk = Desk().ready()
    desk.control._make_glancer = lambda painted: _failing(desk, painted, lambda: error)
    error: UNetError = OneClassOnly("Only one class. Paint another.")
    desk.control.stroke_done("a paint")
    desk.runner.finish()
    assert desk.state.message.text == ""
    error = JobFailed("No engine. Install it.")
    desk.control.stroke_done("a paint")
    desk.runner.finish()
    assert "No engine" in desk.state.message.text
    desk.control.stroke_done("a paint")
    assert not desk.runner.busy


def test_what_failed_on_one_image_is_tried_on_the_next() -> None:
    desk = Desk().ready()
    make, error = desk.control._make_glancer, JobFailed("The file cannot be read. Open it again.")
    desk.control._make_glancer = lambda painted: _failing(desk, painted, lambda: error)
    desk.control.stroke_done("a paint")
    desk.runner.finish()
    assert "cannot be read" in desk.state.message.text
    desk.control._make_glancer, desk.wish = make, wish("b")
    desk.control.look("b", 0, BOX)
    desk.control.stroke_done("b paint")
    desk.runner.finish()
    assert desk.layers.called("open_preview") == [("b",)]


def _failing(desk: Desk, painted: Any, error: Callable[[], UNetError]) -> Any:
    glancer = desk.make(painted)

    def fail(*_: Any) -> None:
        raise error()

    glancer.answers = glancer.prepare = fail
    return glancer


def test_after_a_prediction_the_next_answer_opens_the_preview_again() -> None:
    desk = Desk().ready()
    desk.control.stroke_done("a paint")
    desk.runner.finish()
    desk.state.move(Phase.PREDICTING)
    desk.state.move(Phase.IDLE)
    desk.control.stroke_done("a paint")
    desk.runner.finish()
    assert len(desk.layers.called("open_preview")) == 2


def test_an_answer_older_than_the_one_shown_is_dropped() -> None:
    desk = Desk()
    desk.previews.open("a", "a paint", "YX")
    labels = np.zeros((4, 4), np.uint8)
    assert desk.previews.show("a", PreviewDone(3, 0, 0, BOX, labels))
    assert not desk.previews.show("a", PreviewDone(2, 0, 0, BOX, labels))
    assert not desk.previews.show("b", PreviewDone(4, 0, 0, BOX, labels))
    assert len(desk.layers.called("write")) == 1
