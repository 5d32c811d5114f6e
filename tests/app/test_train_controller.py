from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from napari_unet.app.jobs import InlineRunner
from napari_unet.app.previews import Previews
from napari_unet.app.state import CurrentModel, Phase, SessionState
from napari_unet.app.train_controller import TrainController
from napari_unet.app.train_job import TrainWish
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.errors import OneClassOnly
from napari_unet.core.events import (
    ModelImproved,
    Notice,
    Prepared,
    PreviewDone,
    ScoreDone,
    StepDone,
    TrainResult,
)
from napari_unet.core.held_out_score import Interval, Sureness
from tests.app.fakes import FakeLayers, FakeModel, StepRunner

BOX = (slice(0, 4), slice(0, 4))
PREPARED = Prepared("CPU, 2 cores", "float32", 2, (10, 10), 4, 1)


def wish(*images: str) -> TrainWish:
    pairs = tuple((image, f"{image} paint") for image in images or ("a",))
    return TrainWish(pairs, ModelConfig(), TrainConfig())


class Bench:
    """A controller whose job is a list of events, advanced by hand."""

    def __init__(self, *names: str, events: Any = (), result: Any = None) -> None:
        self.state, self.layers = SessionState(), FakeLayers(*names or ("a",))
        self.runner = StepRunner()
        self.events, self.result = list(events), result
        self.given: list[tuple[Any, ...]] = []
        self.control = TrainController(
            self.state, self.layers, self.runner, Previews(self.layers), self.job
        )

    def job(self, *given: Any):
        self.given.append(given)
        return self.events_of_job()

    def events_of_job(self):
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event
        return self.result

    @property
    def talk(self) -> Any:
        return self.given[-1][-1]

    @property
    def desk(self) -> Any:
        return self.talk.previews


def test_a_whole_training_goes_through_its_phases_and_ends_with_a_model() -> None:
    model = FakeModel()
    bench = Bench(
        events=[
            PREPARED,
            StepDone(1, 0.7, 0.25, 12.0),
            ScoreDone(4, math.nan, 0.6, (0.5, 0.7), True),
            ModelImproved(model),
            ScoreDone(9, 0.4, 0.5, (0.5, 0.5), False),
        ],
        result=TrainResult(model, False, "The time is used.", score=0.6),
    )
    phases: list[Phase] = []
    bench.state.phase_changed.connect(phases.append)
    bench.control.start(wish())
    assert bench.state.phase is Phase.PREPARING
    bench.runner.step()
    assert bench.state.device == "CPU, 2 cores"
    bench.runner.step()
    assert bench.state.progress.fraction == 0.25
    assert bench.state.progress.seconds_left == 12.0
    bench.runner.finish()
    assert phases == [Phase.PREPARING, Phase.TRAINING, Phase.IDLE]
    assert bench.state.model is not None
    assert bench.state.model.model is model
    assert not bench.state.model.saved
    assert [point.loss for point in bench.state.curve] == [None, 0.4]
    assert bench.state.score == 0.6
    assert bench.state.message.text.startswith("The time is used.")


def test_stop_raises_the_token_and_keeps_the_model_found_so_far() -> None:
    model = FakeModel()
    bench = Bench(
        events=[PREPARED, ModelImproved(model)], result=TrainResult(model, True, "Stopped.")
    )
    bench.control.start(wish())
    bench.runner.step()
    bench.control.stop()
    assert bench.runner.cancel.cancelled
    assert bench.state.phase is Phase.STOPPING
    bench.control.stop()
    bench.runner.finish()
    assert bench.state.phase is Phase.IDLE
    assert bench.state.model.model is model


def test_stop_before_the_first_step_is_answered_too() -> None:
    bench = Bench(events=[PREPARED])
    bench.control.start(wish())
    bench.control.stop()
    bench.runner.finish()
    assert bench.state.phase is Phase.IDLE
    assert bench.state.model is None
    assert "Stopped" in bench.state.message.text


@pytest.mark.parametrize(
    "err", [OneClassOnly("Only one class. Paint another."), RuntimeError("boom")]
)
def test_an_error_at_any_step_ends_in_failed_with_a_sentence(err) -> None:
    bench = Bench(events=[PREPARED, StepDone(1, 0.5, 0.1, 1.0), err])
    bench.control.start(wish())
    bench.runner.finish()
    assert bench.state.phase is Phase.FAILED
    assert bench.state.message.severity == "error"
    assert bench.state.message.text.endswith(".")
    bench.events = [PREPARED]
    bench.control.start(wish())
    bench.runner.finish()
    assert bench.state.phase is Phase.IDLE


def test_a_layer_that_is_gone_fails_before_anything_starts() -> None:
    bench = Bench()
    bench.control.start(wish("b"))
    assert bench.state.phase is Phase.FAILED
    assert not bench.runner.busy
    assert bench.given == []


def test_a_second_training_gets_the_current_model_and_forget_takes_it_away() -> None:
    bench = Bench()
    bench.state.set_model(CurrentModel("before", "m"))
    bench.control.start(wish())
    bench.runner.finish()
    assert bench.given[-1][2] == "before"
    bench.control.forget()
    bench.control.start(wish())
    assert bench.given[-1][2] is None


def test_a_start_while_busy_changes_nothing() -> None:
    bench = Bench(events=[PREPARED])
    bench.control.start(wish())
    bench.control.start(wish())
    assert len(bench.layers.called("snapshot")) == 1


def test_the_newest_view_lies_on_the_desk_and_stale_answers_are_dropped() -> None:
    bench = Bench("a", events=[PREPARED])
    bench.control.look("a", 0, BOX)
    bench.control.start(wish("a"))
    bench.runner.step()
    bench.control.look("a", 0, BOX)
    bench.control.look("a", 3, BOX)
    request = bench.desk.look()
    assert request.sample == 3
    labels = np.zeros((4, 4), np.uint8)
    newest = PreviewDone(request.generation, 0, 3, BOX, labels)
    stale = PreviewDone(request.generation - 1, 0, 0, BOX, labels)
    for answer in (newest, stale, newest):
        bench.control._on_event(answer)
    assert len(bench.layers.called("write")) == 2
    assert bench.layers.called("open_preview") == [("a",)]


def test_images_that_are_not_learned_from_get_no_preview() -> None:
    bench = Bench("a", "b", events=[PREPARED])
    bench.control.start(wish("a"))
    bench.control.look("b", 0, BOX)
    assert bench.desk.look() is None
    bench.control.look("a", 0, BOX)
    assert bench.desk.look().image == 0


def test_the_preview_follows_to_another_image_of_the_training() -> None:
    bench = Bench("a", "b", events=[PREPARED])
    bench.control.start(wish("a", "b"))
    bench.control.look("b", 0, BOX)
    request = bench.desk.look()
    assert request.image == 1
    bench.control._on_event(PreviewDone(request.generation, 1, 0, BOX, np.zeros((4, 4))))
    assert bench.layers.called("write")[0][0] == ("preview", "b")


def test_without_previews_the_desk_stays_empty() -> None:
    bench = Bench(events=[PREPARED])
    bench.control.show_previews(False)
    bench.control.start(wish())
    bench.control.look("a", 0, BOX)
    assert bench.desk.look() is None
    assert bench.layers.called("open_preview") == []
    bench.control.show_previews(True)
    bench.control.look("a", 0, BOX)
    assert bench.desk.look() is not None
    bench.control.show_previews(False)
    assert bench.desk.look() is None


def test_a_notice_is_said_and_work_goes_on() -> None:
    bench = Bench(events=[PREPARED, Notice("Memory ran out; going on, on the CPU.")])
    bench.control.start(wish())
    bench.runner.step()
    bench.runner.step()
    assert bench.state.message.text.startswith("Memory ran out")
    assert bench.state.phase is Phase.TRAINING


def test_it_works_without_threads() -> None:
    state, model = SessionState(), FakeModel()

    def job(*_: Any):
        yield PREPARED
        return TrainResult(model, False, "Done.")

    layers = FakeLayers("a")
    TrainController(state, layers, InlineRunner(), Previews(layers), job).start(wish())
    assert state.phase is Phase.IDLE
    assert state.model.model is model


def test_a_point_of_the_curve_keeps_the_figures_of_each_class() -> None:
    sure = Sureness((2, 2), Interval(0.5, 0.7))
    bench = Bench(events=[PREPARED, ScoreDone(4, 0.5, 0.6, (0.5, 0.7), True, None, sure)])
    bench.control.start(wish())
    for _ in range(2):
        bench.runner.step()
    [point] = bench.state.curve
    assert point.class_scores == (0.5, 0.7)
    assert point.sureness is sure
    assert bench.state.interval == Interval(0.5, 0.7)
