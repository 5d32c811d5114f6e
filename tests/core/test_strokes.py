"""Strokes: connected paint, whole across boxes, held out whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage as ndi

from napari_unet.core.annotations import UNPAINTED, Annotation, PaintBox
from napari_unet.core.strokes import Stroke, hold_out, strokes_of


def in_boxes(classes: np.ndarray, side: int) -> Annotation:
    boxes = []
    for corner in np.ndindex(*(-(-n // side) for n in classes.shape)):
        start = tuple(c * side for c in corner)
        part = classes[tuple(slice(a, a + side) for a in start)]
        if (part != UNPAINTED).any():
            boxes.append(PaintBox(0, start, part.copy()))
    return Annotation(tuple(boxes), classes.shape)


def unpainted(*shape: int) -> np.ndarray:
    return np.full(shape, UNPAINTED, np.uint8)


def laid_out(strokes: list[Stroke], shape: tuple[int, ...]) -> np.ndarray:
    """All strokes on one canvas; fails if two share a pixel."""
    canvas = unpainted(*shape)
    for stroke in strokes:
        there = canvas[stroke.box]
        assert (there[stroke.mask] == UNPAINTED).all()
        there[stroke.mask] = stroke.class_number
    return canvas


paint_2d = hnp.arrays(
    np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)),
    elements=st.sampled_from([UNPAINTED, UNPAINTED, 0, 1]),
)  # fmt: skip
paint_3d = hnp.arrays(
    np.uint8, (3, 5, 6), elements=st.sampled_from([UNPAINTED, UNPAINTED, UNPAINTED, 0, 1])
)


@given(paint_2d | paint_3d, st.integers(1, 7))
def test_strokes_are_the_connected_paint_of_each_class_however_it_is_boxed(
    classes: np.ndarray, side: int
) -> None:
    partly = classes.copy()
    partly.flat[0] = UNPAINTED  # A fully painted sample would be cut into blocks.

    strokes = strokes_of(3, in_boxes(partly, side), 2)

    assert np.array_equal(laid_out(strokes, partly.shape), partly)
    for number in (0, 1):
        _, count = ndi.label(partly == number, np.ones((3,) * partly.ndim))
        assert sum(s.class_number == number for s in strokes) == count
    for stroke in strokes:
        assert stroke.image == 3
        assert stroke.pixels == stroke.mask.sum() > 0


def test_a_long_stroke_over_many_boxes_stays_whole() -> None:
    classes = unpainted(300, 400)
    classes[10:14, 5:395] = 0
    classes[10:290, 200:204] = 0

    (stroke,) = strokes_of(0, in_boxes(classes, 100), 1)

    assert stroke.pixels == (classes == 0).sum()


def test_a_full_mask_becomes_many_regions() -> None:
    classes = np.zeros((200, 130), np.uint8)
    classes[50:80, 50:80] = 1

    strokes = strokes_of(0, in_boxes(classes, 256), 2)

    assert sum(s.class_number == 0 for s in strokes) == 12
    assert max(max(s.mask.shape) for s in strokes) <= 64
    assert np.array_equal(laid_out(strokes, classes.shape), classes)


def test_a_very_large_area_is_cut_even_where_the_rest_is_unpainted() -> None:
    classes = unpainted(400, 400)
    classes[20:300, 20:300] = 1

    strokes = strokes_of(0, in_boxes(classes, 90), 2)

    assert len(strokes) == 25
    assert np.array_equal(laid_out(strokes, classes.shape), classes)


def test_what_one_dab_of_a_big_brush_leaves_is_one_stroke() -> None:
    classes = unpainted(300, 300)
    classes[100:200, 100:200] = 0

    assert len(strokes_of(0, in_boxes(classes, 64), 1)) == 1


def test_class_numbers_beyond_the_classes_are_ignored() -> None:
    classes = unpainted(9, 9)
    classes[2, 2], classes[5, 5] = 0, 4

    assert [s.class_number for s in strokes_of(0, in_boxes(classes, 9), 2)] == [0]


def test_nothing_painted_has_no_strokes() -> None:
    assert strokes_of(0, Annotation((), (9, 9)), 2) == []


def stroke(class_number: int, pixels: int) -> Stroke:
    return Stroke(0, 0, class_number, (0, 0), np.ones((1, pixels), bool), pixels)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 200)), max_size=40),
    st.floats(0, 0.5),
    st.integers(0, 100),
)
def test_holding_out_takes_whole_strokes_and_leaves_most_of_each_class(
    made: list[tuple[int, int]], share: float, seed: int
) -> None:
    strokes = [stroke(*m) for m in made]

    kept, held = hold_out(strokes, share, seed)

    assert sorted(map(id, kept + held)) == sorted(map(id, strokes))
    for number in range(4):
        of_all = [s for s in strokes if s.class_number == number]
        of_held = [s for s in held if s.class_number == number]
        if len(of_all) < 3 or share == 0:
            assert not of_held
        if of_all:
            assert len(of_held) < len(of_all)
            assert 2 * sum(s.pixels for s in of_held) <= sum(s.pixels for s in of_all)
    again = hold_out(strokes, share, seed)
    assert [list(map(id, part)) for part in again] == [list(map(id, kept)), list(map(id, held))]


def test_the_share_is_held_out_of_each_class() -> None:
    strokes = [stroke(c, 10) for c in (0, 1) for _ in range(20)]

    _, held = hold_out(strokes, 0.2, 0)

    assert [sum(s.class_number == c for s in held) for c in (0, 1)] == [4, 4]


def test_another_seed_holds_out_others() -> None:
    strokes = [stroke(0, 10) for _ in range(50)]

    chosen = {frozenset(map(id, hold_out(strokes, 0.2, seed)[1])) for seed in range(5)}

    assert len(chosen) > 1


def test_strokes_cannot_be_changed() -> None:
    classes = unpainted(5, 5)
    classes[1:3, 1:3] = 0
    (made,) = strokes_of(0, in_boxes(classes, 5), 1)

    with pytest.raises(ValueError, match="read-only"):
        made.mask[0, 0] = False
