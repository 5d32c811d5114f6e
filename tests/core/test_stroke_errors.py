"""How wrong an answer was under a stroke: counted as somebody would by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.core.edits import MaskEdit, PointEdit
from napari_unet.core.stroke_errors import (
    AnswerBelow,
    AnsweredParts,
    StrokeError,
    errors_in_words,
    judge,
    running_mean,
)

SIDE = 12
PLANES = st.integers(0, 2**32).map(
    lambda seed: np.random.default_rng(seed).integers(0, 4, (SIDE, SIDE), np.uint8)
)
SPANS = st.tuples(st.integers(0, SIDE - 1), st.integers(1, SIDE)).map(
    lambda pair: slice(pair[0], min(SIDE, pair[0] + pair[1]))
)
BOXES = st.tuples(SPANS, SPANS)
ALL = (slice(0, SIDE), slice(0, SIDE))


def below(answer: np.ndarray, *answered) -> AnswerBelow:
    return AnswerBelow(ALL, answer, answered or (ALL,))


def stroke(paint: np.ndarray, value: int, *boxes, points: bool = False):
    """Dabs as napari makes them: each changes what has not the value yet, and knows what was."""
    edits = []
    for box in boxes:
        changed = paint[box] != value
        before = paint[box][changed]
        if points:
            where = np.nonzero(changed)
            where = tuple(axis + side.start for axis, side in zip(where, box, strict=True))
            edits.append(PointEdit(where, value, before))
        elif changed.all():
            edits.append(MaskEdit(box, None, value, paint[box].copy()))
        else:
            edits.append(MaskEdit(box, changed, value, before))
        paint[box] = value
    return edits


@given(
    PLANES, PLANES, st.lists(BOXES, min_size=1, max_size=4), st.lists(BOXES, max_size=3),
    st.integers(1, 3), st.booleans(), st.booleans(),
)  # fmt: skip
def test_counts_are_those_made_pixel_by_pixel(paint, answer, dabs, answered, value, mask, points):
    before = paint.copy()
    edits = stroke(paint, value, *dabs, points=points)
    error = judge(edits, AnswerBelow(ALL, answer, tuple(answered)), mask=mask)
    known = np.zeros((SIDE, SIDE), bool)
    for box in answered:
        known[box] = True
    counts = (before != paint) & known
    if not mask:
        counts &= before == 0
    expected = 0 if value == 1 and not mask else value
    wrong = counts & (answer != expected)
    if not counts.any():
        assert error is None
        return
    assert (error.value, error.painted, error.wrong) == (value, counts.sum(), wrong.sum())
    assert wrong[error.place] if wrong.any() else counts[error.place]
    assert 0 <= error.share <= 1


@given(BOXES, st.integers(1, 3), st.booleans())
def test_what_is_right_counts_nothing_and_what_is_wrong_counts_all(box, value, mask):
    paint = np.zeros((SIDE, SIDE), np.uint8)
    edits = stroke(paint, value, box)
    answer = np.full((SIDE, SIDE), 0 if value == 1 and not mask else value)
    assert judge(edits, below(answer), mask=mask).share == 0
    assert judge(edits, below(answer + 1), mask=mask).share == 1


def test_erasing_and_many_values_are_no_strokes():
    answer = np.full((SIDE, SIDE), 2, np.uint8)
    paint = np.full((SIDE, SIDE), 2, np.uint8)
    assert judge(stroke(paint, 0, ALL), below(answer)) is None
    places = (np.array([1, 2]), np.array([3, 4]))
    restored = PointEdit(places, np.array([1, 2]), np.array([0, 0]))
    assert judge([restored], below(answer)) is None
    assert judge([], below(answer)) is None
    two = [PointEdit(places, 1, 0), PointEdit(places, 2, 0)]
    assert judge(two, below(answer)) is None


def test_a_stroke_where_nothing_was_answered_has_no_score():
    paint = np.zeros((SIDE, SIDE), np.uint8)
    part = (slice(0, 3), slice(0, 3))
    edits = stroke(paint, 2, (slice(6, 9), slice(6, 9)))
    assert judge(edits, below(np.zeros_like(paint), part)) is None


def test_the_place_is_in_the_axes_of_the_layer_and_among_the_wrong_pixels():
    box = (slice(3, 4), slice(10, 16), slice(20, 40))
    answer = np.zeros((1, 6, 20), np.uint8)
    answer[0, 4, 15] = 2
    error = judge([MaskEdit(box, None, 1, np.zeros((1, 6, 20)))], AnswerBelow(box, answer, (box,)))
    assert (error.painted, error.wrong, error.place) == (120, 1, (3, 14, 35))


@given(st.lists(BOXES, min_size=1, max_size=30), BOXES)
def test_answered_parts_are_all_those_that_were_written(written, asked):
    parts, painted = AnsweredParts(), np.zeros((SIDE, SIDE), bool)
    for box in written:
        parts.add(box)
        painted[box] = True
    found = np.zeros((SIDE, SIDE), bool)
    for box in parts.meeting(asked):
        found[box] = True
    assert np.array_equal(found[asked], painted[asked])
    assert not (found & ~painted).any()


def test_answered_parts_stay_few():
    parts = AnsweredParts()
    for row in range(600):
        parts.add((slice(row, row + 1), slice(0, 1)))
    assert 100 < len(parts.meeting((slice(0, 2000), slice(0, 1)))) < 600
    parts.add((slice(0, 2000), slice(0, 2)))
    assert len(parts.meeting((slice(0, 2000), slice(0, 2)))) == 1


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), max_size=40))
def test_the_running_mean_is_of_the_last_strokes(pairs):
    errors = [StrokeError(2, n, min(n, wrong), (0, 0)) for n, wrong in pairs]
    means = running_mean(errors, 10)
    assert len(means) == len(errors)
    for end, mean in enumerate(means, 1):
        assert mean == pytest.approx(np.mean([e.share for e in errors[max(0, end - 10) : end]]))


def test_the_sentence_says_of_how_many_strokes():
    wrong, right = StrokeError(2, 4, 4, (0, 0)), StrokeError(2, 4, 0, (0, 0))
    assert errors_in_words([]) == ""
    assert errors_in_words([wrong]) == ("Last stroke: the answer was wrong on 100 %.")
    assert errors_in_words([wrong] * 30 + [right] * 5 + [wrong] * 5) == (
        "Last 10 strokes: the answer was wrong on 50 %."
    )
