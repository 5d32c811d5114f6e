"""Scores count what is painted, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unet.core.annotations import UNPAINTED, ClassMap
from napari_unet.core.errors import NothingPainted, PaintError, ShapeMismatch
from napari_unet.core.metrics import evaluate_classes, labels_to_classes, truth_to_classes
from napari_unet.core.paint_reading import PaintReading

TWO = ClassMap((1, 2))
THREE = ClassMap((1, 2, 5))
STROKES = PaintReading("strokes", TWO, "")
MASK = PaintReading("mask", ClassMap((0, 1), 0), "")

numbers = hnp.arrays(np.uint8, (6, 7), elements=st.integers(0, 2))


@given(predicted=numbers, truth=numbers)
def test_scores_are_those_of_sets_of_pixels(predicted: np.ndarray, truth: np.ndarray) -> None:
    result = evaluate_classes(predicted, truth, THREE)
    for number, scores in enumerate(result.classes):
        p, t = predicted == number, truth == number
        both, either = (p & t).sum(), (p | t).sum()
        assert scores.pixels == t.sum()
        assert scores.iou == (pytest.approx(both / either) if either else None)
        assert scores.dice == (pytest.approx(2 * both / (p.sum() + t.sum())) if either else None)
        assert scores.precision == (pytest.approx(both / p.sum()) if p.any() else None)
        assert scores.recall == (pytest.approx(both / t.sum()) if t.any() else None)


@given(predicted=numbers, truth=numbers, hidden=hnp.arrays(bool, (6, 7)), other=numbers)
def test_unpainted_pixels_change_no_score(
    predicted: np.ndarray, truth: np.ndarray, hidden: np.ndarray, other: np.ndarray
) -> None:
    truth = np.where(hidden, UNPAINTED, truth).astype(np.uint8)
    changed = np.where(hidden, other, predicted)
    assert evaluate_classes(predicted, truth, THREE) == evaluate_classes(changed, truth, THREE)


def test_a_perfect_and_an_empty_answer() -> None:
    truth = np.array([[0, 0, 1, 1]], np.uint8)
    assert evaluate_classes(truth, truth, TWO).mean_iou == 1
    nothing = evaluate_classes(truth, np.full_like(truth, UNPAINTED), TWO)
    assert (nothing.pixels, nothing.mean_iou, nothing.mean_dice) == (0, None, None)


def test_classes_that_are_not_in_the_truth_do_not_enter_the_mean() -> None:
    truth = np.array([0, 0, 1, 1], np.uint8)
    result = evaluate_classes(truth, truth, THREE)
    assert result.classes[2].iou is None
    assert result.mean_iou == 1


def test_an_unknown_prediction_is_a_miss_and_no_hit() -> None:
    truth = np.array([0, 1], np.uint8)
    result = evaluate_classes(np.array([0, UNPAINTED], np.uint8), truth, TWO)
    assert [c.recall for c in result.classes] == [1, 0]


def test_shapes_must_agree() -> None:
    with pytest.raises(ShapeMismatch):
        evaluate_classes(np.zeros(3, np.uint8), np.zeros(4, np.uint8), TWO)


def test_labels_become_class_numbers() -> None:
    labels = np.array([0, 2, 5, 9])
    assert labels_to_classes(labels, THREE).tolist() == [0, 1, 2, UNPAINTED]


@pytest.mark.parametrize("value", [1, 2, 255])
def test_a_mask_of_one_class_may_use_any_number(value: int) -> None:
    truth = np.array([0, value, 0])
    assert truth_to_classes(truth, MASK, TWO).tolist() == [0, 1, 0]


def test_objects_that_are_numbered_are_one_class() -> None:
    objects = PaintReading("mask", ClassMap((0, 1), 0), "", instances=True)
    assert truth_to_classes(np.array([0, 1, 2, 30]), objects, TWO).tolist() == [0, 1, 1, 1]


def test_strokes_leave_the_rest_unknown() -> None:
    assert truth_to_classes(np.array([0, 1, 2]), STROKES, TWO).tolist() == [UNPAINTED, 0, 1]


def test_strokes_under_a_model_of_masks_know_no_background() -> None:
    of_masks = ClassMap((0, 1), background=0)
    assert truth_to_classes(np.array([0, 1]), STROKES, of_masks).tolist() == [UNPAINTED, 1]


def test_a_mask_of_several_classes_must_use_their_values() -> None:
    assert truth_to_classes(np.array([0, 2, 5]), MASK, THREE).tolist() == [0, 1, 2]
    with pytest.raises(PaintError, match=r"1\. Its classes are 1 \(Background\), 2"):
        truth_to_classes(np.array([0, 1, 2]), MASK, THREE)


def test_an_empty_truth_is_refused_unless_it_is_a_mask() -> None:
    empty = PaintReading("strokes", ClassMap(()), "")
    with pytest.raises(NothingPainted, match="say that it is a mask"):
        truth_to_classes(np.zeros(3, int), empty, TWO)
    only = PaintReading("mask", ClassMap((0,), 0), "")
    assert truth_to_classes(np.zeros(3, int), only, TWO).tolist() == [0, 0, 0]
