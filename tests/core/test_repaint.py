"""Strokes of newer paint: what was kept back stays so, what is new is told from what is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.core.annotations import (
    UNPAINTED,
    AnnotatedImage,
    Annotation,
    ClassMap,
    PaintBox,
)
from napari_unet.core.axes import AxesSpec
from napari_unet.core.dataset import TrainingSet, build_training_set
from napari_unet.core.patch_sampler import FRESH_SHARE, FreshPaint, PatchSampler
from napari_unet.core.repaint import (
    all_strokes,
    fresh_paint,
    renumbered,
    split_again,
    split_strokes,
    strokes_again,
)
from napari_unet.core.source import ImageSource

SIDE = 64
PIXELS = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE)).astype(np.uint8)


def lines(rows: dict[int, int]) -> np.ndarray:
    """A stroke of this class, 10 pixels long, in each of these rows."""
    paint = np.full((SIDE, SIDE), UNPAINTED, np.uint8)
    for row, number in rows.items():
        paint[row, 5:15] = number
    return paint


def training(paint: np.ndarray, values: tuple[int, ...] = (1, 2)) -> TrainingSet:
    source = ImageSource(PIXELS, AxesSpec("YX"))
    annotation = Annotation((PaintBox(0, (0, 0), paint),), paint.shape)
    return build_training_set([AnnotatedImage(source, annotation)], ClassMap(values))


FIRST = {2 * row: row % 2 for row in range(10)}


def pixels(strokes) -> set[tuple[int, int]]:
    return {
        (int(y) + s.start[0], int(x) + s.start[1]) for s in strokes for y, x in np.argwhere(s.mask)
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 2**16), min_size=1, max_size=6))
def test_nothing_that_was_learned_is_ever_scored(seeds):
    paint = lines(FIRST)
    before = training(paint)
    split = split_strokes(before, 0.3, 0)
    learned: set[tuple[int, int]] = set()
    for seed in seeds:
        learned |= pixels(split.kept)
        assert not learned & pixels(split.held)
        random = np.random.default_rng(seed)
        paint = paint.copy()
        y, x = random.integers(0, SIDE - 12, 2)
        h, w = random.integers(1, 12, 2)
        paint[y : y + h, x : x + w] = random.choice([0, 1, UNPAINTED])
        paint[60, :2], paint[62, :2] = 0, 1
        now = training(paint)
        split = split_again(strokes_again(split.strokes, before, now), split, 0.3, 0)
        before = now
        assert pixels(split.strokes) == {(int(y), int(x)) for y, x in np.argwhere(paint < 2)}


def test_a_stroke_kept_back_stays_so_when_others_come():
    before = training(lines(FIRST))
    split = split_strokes(before, 0.3, 0)
    now = training(lines({**FIRST, 40: 0, 44: 1}))
    again = split_again(strokes_again(split.strokes, before, now), split, 0.3, 0)
    assert pixels(split.held) <= pixels(again.held)


def test_new_strokes_are_split_by_the_same_rule():
    before = training(lines(FIRST))
    split = split_strokes(before, 0.2, 0)
    more = {**FIRST, **{row: row // 2 % 2 for row in range(22, 62, 2)}}
    now = training(lines(more))
    again = split_again(strokes_again(split.strokes, before, now), split, 0.2, 0)
    assert len(again.held) == 6
    assert len(split.held) == 2


def test_a_stroke_kept_back_that_grows_into_a_learned_one_is_learned():
    before = training(lines(FIRST))
    split = split_strokes(before, 0.3, 0)
    held = split.held[0]
    neighbour = next(s for s in split.kept if s.class_number == held.class_number)
    paint = lines(FIRST)
    low, high = sorted((held.start[0], neighbour.start[0]))
    paint[low:high, 5] = held.class_number
    again = split_again(all_strokes(training(paint)), split, 0.0, 0)
    assert not pixels(again.held) & pixels([held])


def test_a_class_of_which_only_held_out_strokes_are_left_is_learned():
    before = training(lines(FIRST))
    split = split_strokes(before, 0.3, 0)
    rows = {stroke.start[0] for stroke in split.kept if stroke.class_number == 1}
    now = training(lines({row: c for row, c in FIRST.items() if row not in rows}))
    again = split_again(strokes_again(split.strokes, before, now), split, 0.3, 0)
    assert any(stroke.class_number == 1 for stroke in again.kept)


def test_only_what_was_not_painted_so_before_is_new():
    before = training(lines(FIRST))
    split = split_strokes(before, 0.0, 0)
    paint = lines(FIRST)
    paint[0, 15:18] = 0
    paint[2, 5:7] = 0
    paint[4, 5:9] = UNPAINTED
    now = training(paint)
    again = split_again(strokes_again(split.strokes, before, now), split, 0.0, 0)
    fresh = fresh_paint(again, split, before, now)
    assert pixels(fresh) == {(0, 15), (0, 16), (0, 17), (2, 5), (2, 6)}


def test_a_class_between_others_changes_numbers_and_nothing_else():
    before = training(lines(FIRST), (1, 3))
    split = split_strokes(before, 0.3, 0)
    paint = lines(FIRST)
    paint[paint == 1] = 2
    paint[50, :9] = 1
    now = training(paint, (1, 2, 3))
    old = renumbered(split, before.classes, now.classes)
    again = split_again(strokes_again(old.strokes, before, now), old, 0.3, 0)
    assert pixels(again.held) == pixels(split.held)
    assert pixels(fresh_paint(again, old, before, now)) == {(50, x) for x in range(9)}


def test_samples_without_change_are_not_looked_through(monkeypatch):
    source = ImageSource(np.stack([PIXELS, PIXELS]), AxesSpec("TYX"))
    boxes = [PaintBox(sample, (0, 0), lines(FIRST)) for sample in range(2)]
    images = [AnnotatedImage(source, Annotation(tuple(boxes), (SIDE, SIDE)))]
    before = build_training_set(images, ClassMap((1, 2)))
    split = split_strokes(before, 0.3, 0)
    boxes[1] = PaintBox(1, (0, 0), lines({**FIRST, 40: 1}))
    now = before.with_paint([Annotation(tuple(boxes), (SIDE, SIDE))])
    again = strokes_again(split.strokes, before, now)
    known = {id(stroke) for stroke in split.strokes}
    assert {stroke.sample for stroke in again if id(stroke) not in known} == {1}
    assert len(again) == 21


@pytest.mark.parametrize("image", [None, 0])
def test_new_paint_is_drawn_more_often_for_a_while(image):
    known = all_strokes(training(lines(FIRST)))
    both = all_strokes(training(lines({**FIRST, 60: 0})))
    fresh = next(stroke for stroke in both if stroke.start[0] == 60)
    strokes = [*known, fresh]
    newest = FreshPaint(fresh, 600)
    sampler = PatchSampler(strokes, 2, (4, 4), 0, fresh=[newest])

    def share(n: int) -> float:
        return sum(spec.start[0] > 50 for spec in sampler.draw(n, image)) / n

    assert share(300) > 0.8 * FRESH_SHARE
    assert [(one.stroke, one.patches) for one in sampler.fresh] == [(fresh, 300)]
    share(300)
    assert sampler.fresh == []
    assert share(600) < 0.5 * FRESH_SHARE
