"""Strokes and the answer under them: none is left out, and each layer has its own series."""

from __future__ import annotations

import numpy as np

from napari_unet.app.jobs import InlineRunner
from napari_unet.app.stroke_judge import JudgedStroke, StrokeJudge
from napari_unet.core.edits import MaskEdit
from napari_unet.core.stroke_errors import AnswerBelow
from tests.app.fakes import StepRunner

BOX = (slice(4, 8), slice(2, 6))


def stroke(paint: str = "paint", value: int = 2, answer: int = 0, **more) -> JudgedStroke:
    edit = MaskEdit(BOX, None, value, np.zeros((4, 4), np.uint8))
    return JudgedStroke(paint, [edit], AnswerBelow(BOX, np.full((4, 4), answer), (BOX,)), **more)


def test_strokes_of_each_layer_are_a_series_with_times():
    times = iter([10.0, 11.0, 12.0])
    judge, grown = StrokeJudge(InlineRunner(), lambda: next(times)), []
    judge.changed.connect(grown.append)
    judge.take(stroke())
    judge.take(stroke(answer=2))
    judge.take(stroke("other", value=1, mask=True))
    assert [(e.wrong, e.painted, e.seconds) for e in judge.series("paint")] == [
        (16, 16, 10.0),
        (0, 16, 11.0),
    ]
    assert judge.series("other")[0].wrong == 16  # in a mask 1 is no background
    assert grown == ["paint", "paint", "other"]
    assert judge.series(None) == judge.series("nobody") == ()


def test_what_is_no_stroke_changes_nothing():
    judge, grown = StrokeJudge(InlineRunner()), []
    judge.changed.connect(grown.append)
    judge.take(stroke(value=0))
    assert not grown
    assert judge.series("paint") == ()


def test_strokes_that_follow_quickly_are_all_judged_in_order():
    runner = StepRunner()
    judge, grown = StrokeJudge(runner), []
    judge.changed.connect(grown.append)
    for answer in (0, 2, 0):
        judge.take(stroke(answer=answer))
    assert judge.series("paint") == ()
    runner.finish()
    assert [e.wrong for e in judge.series("paint")] == [16, 0, 16]
    assert len(runner.words) == 2


def test_a_failure_costs_one_stroke_and_no_more():
    runner = StepRunner()
    judge = StrokeJudge(runner)
    judge.take(JudgedStroke("paint", [object()], stroke().below))
    runner.finish()
    judge.take(stroke())
    runner.finish()
    assert len(judge.series("paint")) == 1
