"""Scores on held-out strokes: named only where there are enough of them."""

from __future__ import annotations

import numpy as np
import pytest

import napari_unet.learn.scoring as scoring
from napari_unet.core.annotations import UNPAINTED, AnnotatedImage, Annotation, ClassMap, PaintBox
from napari_unet.core.axes import AxesSpec
from napari_unet.core.config import PredictConfig
from napari_unet.core.dataset import build_training_set
from napari_unet.core.source import ImageSource
from napari_unet.core.strokes import strokes_of
from napari_unet.learn.scoring import score_model


class Half:
    """Answers that the left half is class 0 and the right half class 1."""

    def __init__(self, *_: object) -> None:
        self.asked: list[object] = []

    def probabilities(self, sample: int, box: tuple[slice, slice]) -> np.ndarray:
        columns = np.arange(box[1].start, box[1].stop)
        right = np.broadcast_to(columns >= 50, (box[0].stop - box[0].start, len(columns)))
        return np.stack([~right, right]).astype(np.float32)


def scored(paint: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> scoring.Score:
    monkeypatch.setattr(scoring, "Predictor", Half)
    classes = ClassMap((1, 2))
    note = Annotation((PaintBox(0, (0, 0), paint),), (100, 100))
    image = np.random.default_rng(0).normal(size=(100, 100))
    painted = AnnotatedImage(ImageSource(image, AxesSpec("YX")), note)
    training = build_training_set([painted], classes)
    strokes = strokes_of(0, note, 2)
    return score_model(None, training, strokes, PredictConfig())  # type: ignore[arg-type]


def canvas(*columns: tuple[int, int]) -> np.ndarray:
    """Strokes of 5 x 8 pixels: pairs of the first column and the class."""
    paint = np.full((100, 100), UNPAINTED, np.uint8)
    for row, (column, number) in enumerate(columns):
        paint[10 * row : 10 * row + 5, column : column + 8] = number
    return paint


def test_every_stroke_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paint = canvas((10, 0), (46, 0), (70, 1), (80, 1))
    score = scored(paint, monkeypatch)
    # of 80 pixels of class 0, 20 lie right of the middle
    assert score.mean == pytest.approx((0.75 / 1 + 1 / 1.25) / 2)
    assert score.classes == pytest.approx((0.75, 0.8))
    assert score.sureness is not None
    assert score.sureness.strokes == (2, 2)
    low, high = score.sureness.interval
    assert low <= score.said <= high
    assert score.for_history(1, 2.0, 0.5)["score_low"] == low


def test_strokes_too_far_apart_for_one_box_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    paint = canvas((10, 0), (46, 0), (70, 1), (80, 1))
    together = scored(paint, monkeypatch)
    monkeypatch.setattr(scoring, "_LARGEST_BOX", 10)
    assert scored(paint, monkeypatch) == together


def test_a_perfect_answer_on_two_strokes_is_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    score = scored(canvas((10, 0), (70, 1)), monkeypatch)
    assert score.mean == 1
    assert score.said is None
    assert score.said_classes == (None, None)
    assert score.for_history(1, 2.0, 0.5)["score"] is None
