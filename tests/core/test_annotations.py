"""Class maps, and annotations that read like the dense array they stand for."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unet.core.annotations import UNPAINTED, Annotation, ClassMap, PaintBox

value_sets = st.sets(st.integers(0, 300), min_size=1, max_size=6).map(lambda v: tuple(sorted(v)))
class_planes = hnp.arrays(
    np.uint8,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.sampled_from([0, 1, UNPAINTED]),
)


def in_boxes(classes: np.ndarray, side: int) -> Annotation:
    """The same paint cut into boxes, empty ones left out."""
    boxes = []
    for y in range(0, classes.shape[0], side):
        for x in range(0, classes.shape[1], side):
            part = classes[y : y + side, x : x + side]
            if (part != UNPAINTED).any():
                boxes.append(PaintBox(0, (y, x), part.copy()))
    return Annotation(tuple(boxes), classes.shape)


@given(class_planes, st.integers(1, 5), st.tuples(*[st.integers(-6, 12)] * 4))
def test_reading_a_box_equals_cutting_the_dense_paint(
    classes: np.ndarray, side: int, corners: tuple[int, int, int, int]
) -> None:
    annotation = in_boxes(classes, side)
    low_y, low_x, height, width = corners[0], corners[1], abs(corners[2]) + 1, abs(corners[3]) + 1
    around = 40
    dense = np.pad(classes, around, constant_values=UNPAINTED)

    read = annotation.read(0, (slice(low_y, low_y + height), slice(low_x, low_x + width)))

    top, left = low_y + around, low_x + around
    assert np.array_equal(read, dense[top : top + height, left : left + width])


@given(class_planes, st.integers(1, 5))
def test_painted_pixels_are_counted_by_class(classes: np.ndarray, side: int) -> None:
    counted = in_boxes(classes, side).painted_pixels(2)

    assert counted == ((classes == 0).sum(), (classes == 1).sum())


def test_other_samples_hold_nothing() -> None:
    annotation = Annotation((PaintBox(1, (0, 0), np.zeros((2, 2), np.uint8)),), (2, 2))

    assert (annotation.read(0, (slice(0, 2), slice(0, 2))) == UNPAINTED).all()
    assert (annotation.read(1, (slice(0, 2), slice(0, 2))) == 0).all()


@given(value_sets, st.data())
def test_class_numbers_turn_back_into_what_was_painted(
    values: tuple[int, ...], data: st.DataObject
) -> None:
    background = data.draw(st.sampled_from(values))
    classes = ClassMap(values, background)
    paint = data.draw(hnp.arrays(np.int64, (4, 4), elements=st.sampled_from(values)))

    labels = classes.to_labels(classes.to_classes(paint))

    assert np.array_equal(labels, np.where(paint == background, 0, paint))


def test_values_that_are_no_class_are_not_painted() -> None:
    numbers = ClassMap((1, 3)).to_classes(np.array([0, 1, 2, 3]))

    assert numbers.tolist() == [UNPAINTED, 0, UNPAINTED, 1]
    assert numbers.dtype == np.uint8


def test_background_may_be_absent() -> None:
    classes = ClassMap((2, 3))

    assert classes.background_class is None
    assert classes.label_values == (2, 3)
    assert classes.names == ("Class 2", "Class 3")
    assert len(classes) == 2


def test_labels_take_the_smallest_dtype() -> None:
    assert ClassMap((1, 2)).to_labels(np.array([[0, 1]])).dtype == np.uint8
    assert ClassMap((1, 300)).to_labels(np.array([[0, 1]])).dtype == np.uint16
