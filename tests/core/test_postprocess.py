"""Deciding, removing specks and filling holes do what the settings say, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unet.core.annotations import ClassMap
from napari_unet.core.postprocess import decide, finish, tidy

TWO = ClassMap((1, 2))
THREE = ClassMap((1, 2, 3))
NO_BACKGROUND = ClassMap((2, 3), background=None)


def probabilities_of(numbers: np.ndarray, classes: int, sure: float = 0.9) -> np.ndarray:
    """Probabilities whose likeliest class is `numbers`."""
    rest = (1 - sure) / (classes - 1)
    return np.stack([np.where(numbers == k, sure, rest) for k in range(classes)]).astype("f4")


@given(hnp.arrays(np.float32, (4, 5, 6), elements=st.floats(0, 1, width=32)))
def test_without_a_threshold_the_likeliest_class_wins(scores):
    classes = ClassMap((1, 2, 3, 4))
    assert np.array_equal(decide(scores, classes), scores.argmax(0))


@given(
    hnp.arrays(np.float32, (4, 5), elements=st.floats(0, 1, width=32)),
    st.floats(0.01, 1),
)
def test_with_two_classes_the_threshold_is_on_the_second(object_, threshold):
    scores = np.stack([1 - object_, object_])
    assert np.array_equal(decide(scores, TWO, threshold), 1 - scores[0] >= threshold)


def test_a_pixel_leaves_the_background_for_its_likeliest_other_class():
    scores = np.array([[0.5, 0.5, 0.8], [0.2, 0.3, 0.1], [0.3, 0.2, 0.1]], np.float32)
    assert decide(scores, THREE, 0.4).tolist() == [2, 1, 0]
    assert decide(scores, THREE, 0.9).tolist() == [0, 0, 0]


def test_background_may_be_any_class():
    background_last = ClassMap((2, 3), background=3)
    scores = np.array([[0.4, 0.6], [0.6, 0.4]], np.float32)
    assert decide(scores, background_last, 0.3).tolist() == [0, 0]
    assert finish(scores, background_last).tolist() == [0, 2]


def test_a_threshold_means_nothing_without_background():
    scores = np.array([[0.4, 0.6], [0.6, 0.4]], np.float32)
    assert decide(scores, NO_BACKGROUND, 0.9).tolist() == [1, 0]


def test_labels_are_the_painted_values_and_zero_for_background():
    numbers = np.array([[0, 1], [2, 0]])
    classes = ClassMap((1, 7, 200))
    labels = finish(probabilities_of(numbers, 3), classes)
    assert labels.tolist() == [[0, 7], [200, 0]]
    assert labels.dtype == np.uint8


def objects() -> np.ndarray:
    """A square of 25 with a hole of one, a diagonal pair, and an object of another class."""
    numbers = np.zeros((12, 12), np.uint8)
    numbers[1:6, 1:6] = 1
    numbers[3, 3] = 0
    numbers[8, 1] = numbers[9, 2] = 1
    numbers[8:10, 6:10] = 2
    return numbers


@pytest.mark.parametrize(("smallest", "pair_stays"), [(0, True), (1, True), (2, True), (3, False)])
def test_objects_of_fewer_pixels_are_removed_and_diagonals_connect(smallest, pair_stays):
    result = tidy(objects(), THREE, smallest_object=smallest)
    assert (result[8, 1] == 1) == pair_stays
    assert (result[9, 2] == 1) == pair_stays
    assert (result[1:6, 1:6] == objects()[1:6, 1:6]).all()
    assert (result[8:10, 6:10] == 2).all()


def test_size_counts_per_class():
    numbers = np.zeros((6, 6), np.uint8)
    numbers[1:3, 1:4] = 1
    numbers[3, 1:4] = 2  # touches, but is an object of its own, of 3 pixels
    assert (tidy(numbers, THREE, smallest_object=4) == 2).sum() == 0


def test_a_removed_object_takes_the_class_around_it():
    numbers = np.zeros((9, 9), np.uint8)
    numbers[1:8, 1:8] = 1
    numbers[4, 4] = 2
    assert tidy(numbers, THREE, smallest_object=5)[4, 4] == 1


@pytest.mark.parametrize(("largest", "filled"), [(0, False), (1, True), (50, True)])
def test_holes_of_at_most_that_size_are_filled(largest, filled):
    result = tidy(objects(), THREE, fill_holes=largest)
    assert result[3, 3] == int(filled)
    outside = objects() == 0
    outside[3, 3] = False
    assert (result[outside] == 0).all()


def test_background_at_the_edge_is_not_a_hole():
    numbers = np.ones((5, 5), np.uint8)
    numbers[0, 2] = 0
    assert tidy(numbers, TWO, fill_holes=10)[0, 2] == 0


def test_a_hole_does_not_leak_through_a_diagonal():
    numbers = np.zeros((5, 5), np.uint8)
    numbers[1, 2] = numbers[2, 1] = numbers[2, 3] = numbers[3, 2] = 1
    assert tidy(numbers, TWO, fill_holes=1)[2, 2] == 1


def test_an_image_that_is_all_specks_becomes_background_or_stays():
    numbers = np.array([[1]], np.uint8)
    assert tidy(numbers, TWO, smallest_object=5).tolist() == [[0]]
    assert tidy(numbers, NO_BACKGROUND, smallest_object=5).tolist() == [[1]]


def test_volumes_work_too():
    numbers = np.zeros((5, 6, 6), np.uint8)
    numbers[1:4, 1:5, 1:5] = 1
    numbers[2, 2, 2] = 0
    result = tidy(numbers, TWO, smallest_object=10, fill_holes=1)
    assert result[2, 2, 2] == 1
    assert result.sum() == 48


@given(hnp.arrays(np.uint8, (9, 9), elements=st.integers(0, 2)), st.integers(0, 8))
def test_tidying_leaves_its_input_alone_and_no_small_object_behind(numbers, smallest):
    before = numbers.copy()
    result = tidy(numbers, THREE, smallest_object=smallest)
    assert np.array_equal(numbers, before)
    assert np.array_equal(tidy(result, THREE, smallest_object=smallest), result)
