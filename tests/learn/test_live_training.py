"""Training that goes on while somebody paints: taken over, rested, woken, held and ended."""

from __future__ import annotations

import copy
import threading

import numpy as np
import pytest

from napari_unet.core import preview
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.axes import AxesSpec
from napari_unet.core.config import PredictConfig
from napari_unet.core.events import (
    ModelImproved,
    PaintTaken,
    Prepared,
    PreviewDone,
    Resting,
    ScoreDone,
    StepDone,
    TrainResult,
)
from napari_unet.core.paint_desk import PaintPiece
from napari_unet.core.paint_feed import PaintFeed
from napari_unet.core.preview import PreviewRequest
from napari_unet.core.source import ImageSource
from napari_unet.core.training_control import TrainingControl
from napari_unet.learn.predictor import Predictor
from napari_unet.learn.run import TrainingRun
from napari_unet.learn.training import train
from tests.learn.test_training import FEW, SIDE, TINY, drive, iou, of, squares, strokes

WHOLE = (slice(0, SIDE), slice(0, SIDE))
LIMIT = 20.0
USUAL = (StepDone, ModelImproved)


class Painter:
    """A layer somebody paints on while a network learns from it."""

    def __init__(self, *, live: bool = True) -> None:
        self.pixels, self.mask = squares()
        found = strokes(self.mask)
        self.layer = np.where(found == 255, 0, found + 1).astype(np.uint8)
        self.control = TrainingControl(live=live)
        source = ImageSource(self.pixels, AxesSpec("YX"))
        self.feed = PaintFeed([PaintedImage(source, self.layer.copy())], self.control.paint)

    def paint(self, where, value: int) -> None:
        self.layer[where] = value
        self.control.repaint([PaintPiece(0, WHOLE, self.layer.copy())], {3: "Third"})

    def train(self, **changes):
        return train(
            self.feed.training,
            TINY,
            FEW.changed(**changes),
            control=self.control,
            paint=self.feed,
        )

    def run(self) -> TrainingRun:
        return TrainingRun(
            self.feed.training, TINY, FEW, start="scratch", validation=None, preset=None
        )


def until(kind, generator):
    """Drive a run up to an event, which is returned with all before it."""
    events = []
    for event in generator:
        events.append(event)
        if isinstance(event, kind):
            return events
    raise AssertionError(f"no {kind.__name__} came")


def test_a_stroke_made_while_it_learns_is_taken_at_the_next_step():
    painter = Painter()
    generator = painter.train(max_steps=50)
    until(ScoreDone, generator)
    painter.paint(np.s_[40:42, 40:50], 2)
    taken = next(event for event in generator if not isinstance(event, USUAL))
    assert isinstance(taken, PaintTaken)
    assert taken.step <= 4
    assert taken.classes == 2
    assert 0 < taken.new_pixels <= 20
    painter.control.cancel.cancel()


def test_it_rests_when_done_and_a_stroke_wakes_it():
    painter = Painter()
    generator = painter.train()
    (*_, resting) = until(Resting, generator)
    assert isinstance(resting.result, TrainResult)
    assert iou(resting.result) > 0.6
    painter.paint(np.s_[40:42, 40:50], 2)
    taken = next(generator)
    assert isinstance(taken, PaintTaken)
    more = until(Resting, generator)
    assert max(event.step for event in of(ScoreDone, more)) > taken.step
    painter.control.cancel.cancel()
    events, result = drive(generator)
    assert not events
    assert result is more[-1].result
    assert not result.stopped


def test_while_it_rests_it_sleeps_until_somebody_says_something():
    painter = Painter()
    generator = painter.train(max_steps=2)
    until(Resting, generator)
    answers: list[object] = []
    worker = threading.Thread(target=lambda: answers.extend(drive(generator)), daemon=True)
    worker.start()
    worker.join(0.2)
    assert worker.is_alive()
    painter.control.set_live(False)
    worker.join(LIMIT)
    assert isinstance(answers[-1], TrainResult)


@pytest.mark.parametrize("end", ["cancel", "not live"])
def test_a_resting_training_ends_when_asked(end):
    painter = Painter()
    generator = painter.train(max_steps=2)
    until(Resting, generator)
    if end == "cancel":
        painter.control.cancel.cancel()
    else:
        painter.control.set_live(False)
    assert drive(generator)[1].model is not None


def test_without_live_it_ends_as_ever_but_follows_the_paint():
    painter = Painter(live=False)
    generator = painter.train()
    until(ScoreDone, generator)
    painter.paint(np.s_[40:42, 40:50], 2)
    events, result = drive(generator)
    assert of(PaintTaken, events)
    assert not of(Resting, events)
    assert not result.stopped


def test_a_pause_holds_it_and_the_view_is_answered_meanwhile():
    painter = Painter()
    generator = painter.train(max_steps=8)
    until(ScoreDone, generator)
    painter.control.pause()
    painter.control.show(PreviewRequest(7, 0, 0, (slice(0, 8), slice(0, 16))))
    answer = next(event for event in generator if not isinstance(event, USUAL))
    assert isinstance(answer, PreviewDone)
    assert answer.generation == 7
    painter.paint(np.s_[40:42, 40:50], 2)
    painter.control.go_on()
    events = until(Resting, generator)
    assert len(of(PaintTaken, events)) == 1
    painter.control.cancel.cancel()


def test_new_paint_comes_before_the_rest_of_a_preview(monkeypatch):
    monkeypatch.setattr(preview, "_LARGEST", 32)
    painter = Painter()
    generator = painter.train(max_steps=4)
    until(Resting, generator)
    painter.control.show(PreviewRequest(1, 0, 0, WHOLE))
    assert isinstance(next(generator), PreviewDone)
    painter.paint(np.s_[40:42, 40:50], 2)
    assert isinstance(next(generator), PaintTaken)
    painter.control.cancel.cancel()


def test_a_preview_in_parts_is_the_preview_in_one(monkeypatch):
    painter = Painter()
    painter.control.show(PreviewRequest(1, 0, 0, WHOLE))
    run = painter.run()
    run.answer_at_once()
    whole = run.preview(PreviewRequest(1, 0, 0, WHOLE)).labels
    monkeypatch.setattr(preview, "_LARGEST", 40)
    parts = [run.preview(part) for part in PreviewRequest(1, 0, 0, WHOLE).parts()]
    assert len(parts) == 9
    pieced = np.zeros_like(whole)
    for part in parts:
        pieced[part.box] = part.labels
    assert (pieced != whole).mean() < 1e-3


def test_a_large_view_does_not_keep_learning_waiting_and_is_answered_whole_at_rest(monkeypatch):
    monkeypatch.setattr(preview, "_LARGEST", 24)
    painter = Painter()
    request = PreviewRequest(1, 0, 0, WHOLE)
    painter.control.show(request)
    generator = painter.train(max_steps=2)
    before = [event.box for event in until(Resting, generator) if isinstance(event, PreviewDone)]
    parts = [part.box for part in request.parts()]
    assert before == parts[:4]
    assert [next(generator).box for _ in parts] == parts
    painter.control.cancel.cancel()


def test_stop_ends_a_pause():
    painter = Painter()
    generator = painter.train(max_steps=100)
    until(Prepared, generator)
    painter.control.pause()
    worker = threading.Thread(target=drive, args=(generator,), daemon=True)
    worker.start()
    painter.control.cancel.cancel()
    worker.join(LIMIT)
    assert not worker.is_alive()


@pytest.mark.parametrize("value", [3, 7])
def test_a_class_added_while_it_learns_is_learned(value):
    painter = Painter()
    generator = painter.train(max_steps=30)
    until(ScoreDone, generator)
    left = painter.mask & (np.arange(SIDE) < SIDE // 3)
    painter.paint(left & (np.arange(SIDE)[:, None] % 4 == 0), value)
    (*_, taken) = until(PaintTaken, generator)
    assert taken.classes == 3
    (*_, resting) = until(Resting, generator)
    model = resting.result.model
    assert model.classes.values == (1, 2, value)
    assert model.classes.names[2] == ("Third" if value == 3 else "Class 7")
    assert model.config.classes == 3
    source = ImageSource(painter.pixels, AxesSpec("YX"))
    predictor = Predictor(model, source, PredictConfig(precision="float32"))
    found = predictor.probabilities(0, WHOLE).argmax(0)
    assert (found[painter.mask] > 0).mean() > 0.6
    painter.control.cancel.cancel()


def test_a_class_between_others_moves_their_numbers():
    painter = Painter()
    painter.layer[painter.layer == 2] = 5
    source = ImageSource(painter.pixels, AxesSpec("YX"))
    painter.feed = PaintFeed([PaintedImage(source, painter.layer.copy())], painter.control.paint)
    run = painter.run()
    held = [stroke.box for stroke in run.material.scored if stroke.class_number == 1]
    painter.paint(np.s_[0:3, 0:3], 3)
    run.repaint(painter.feed.news())
    assert held == [s.box for s in run.material.scored if s.class_number == 2]
    assert run.best.config.classes == 3


def test_new_paint_sets_the_clock_back_and_starts_patience_anew():
    painter = Painter()
    run = painter.run()
    run.learner.steps = 10
    assert run._budget.fraction(10) > 0.8
    run._best.offers_without_gain = 11
    painter.paint(np.s_[40:42, 40:50], 2)
    run.repaint(painter.feed.news())
    assert run._budget.fraction(10) == pytest.approx(0.4)
    assert not run.ended()
    run._best.offers_without_gain += 1
    assert not run.finish_due()


def test_after_the_finish_new_paint_returns_to_weights_that_do_not_know_the_held_out():
    painter = Painter()
    run = painter.run()
    run.answer_at_once()
    run.step()
    run.score()
    before = copy.deepcopy(run.learner.average)
    run.begin_finish()
    run.step()
    painter.paint(np.s_[40:42, 40:50], 2)
    run.repaint(painter.feed.news())
    now = copy.deepcopy(run.learner.average).state_dict()
    assert all((now[name] == w).all() for name, w in before.state_dict().items())
    assert not run.finishing
    run.step()
    run.after_divergence()  # before anything was scored with the new paint
    now = run.learner.average.state_dict()
    assert all((now[name] == w).all() for name, w in before.state_dict().items())


def test_paint_erased_down_to_one_class_changes_nothing():
    painter = Painter()
    painter.paint(painter.layer == 2, 0)
    assert painter.feed.news() is None
    painter.paint(np.s_[40:42, 40:50], 2)
    assert painter.feed.news() is not None


def test_paint_that_changes_cannot_be_scored_elsewhere():
    painter = Painter()
    with pytest.raises(ValueError, match="scored"):
        next(
            train(
                painter.feed.training,
                TINY,
                FEW,
                validation=painter.feed.training,
                paint=painter.feed,
            )
        )
