"""Where to look and where to paint next, without the whole of a huge image."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.core.annotations import UNPAINTED, Annotation, ClassMap, PaintBox
from napari_unet.core.lookout import where_to_look
from napari_unet.core.next_place import Ranking, doubt_of, next_places, outlook_of

CLASSES = ClassMap((1, 2, 3), 1, ("Background", "Cell", "Rim"))


def answer(shape: tuple[int, ...], *doubtful: tuple[int, ...], radius: int = 8) -> np.ndarray:
    """Probabilities that are sure of the background, but for discs between Background and Cell."""
    chances = np.zeros((3, *shape), np.float32)
    chances[0] = 1
    grid = np.ogrid[tuple(slice(0, n) for n in shape)]
    for centre in doubtful:
        disc = sum((g - c) ** 2 for g, c in zip(grid, centre, strict=True)) <= radius**2
        chances[:, disc] = np.array([0.5, 0.5, 0], np.float32)[:, None]
    return chances


def whole(shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(0, n) for n in shape)


def paint(shape: tuple[int, ...], *strokes: tuple[slice, slice], sample: int = 0) -> Annotation:
    classes = np.full(shape, UNPAINTED, np.uint8)
    for stroke in strokes:
        classes[stroke] = 0
    return Annotation((PaintBox(sample, (0,) * len(shape), classes),), shape)


NOTHING = Annotation((), (200, 300))


def near(place, centre, reach=6) -> bool:
    return max(abs(a - b) for a, b in zip(place.centre, centre, strict=True)) <= reach


def test_places_are_where_the_answer_is_in_doubt_and_say_so():
    outlook = outlook_of(4, whole((200, 300)), answer((200, 300), (50, 60), (150, 240)))
    places = next_places([outlook], NOTHING, CLASSES)
    assert len(places) == 2
    assert {near(p, (50, 60)) for p in places} == {True, False}
    assert all(p.sample == 4 for p in places)
    assert all(p.reason == "Unsure here: Background or Cell?" for p in places)
    assert all(p.doubt >= q.doubt for p, q in pairwise(places))


def test_where_all_is_sure_there_is_no_place():
    outlook = outlook_of(0, whole((60, 60)), answer((60, 60)))
    assert next_places([outlook], Annotation((), (60, 60)), CLASSES) == []


def test_no_place_beside_fresh_paint():
    outlook = outlook_of(0, whole((200, 300)), answer((200, 300), (50, 60), (150, 240)))
    painted = paint((200, 300), (slice(44, 56), slice(50, 70)))
    places = next_places([outlook], painted, CLASSES)
    assert len(places) == 1
    assert near(places[0], (150, 240))


def test_paint_in_another_sample_clears_nothing():
    outlook = outlook_of(1, whole((200, 300)), answer((200, 300), (50, 60)))
    painted = paint((200, 300), (slice(44, 56), slice(50, 70)), sample=0)
    assert near(next_places([outlook], painted, CLASSES)[0], (50, 60))


def test_disagreement_makes_a_place_and_is_named():
    now = answer((200, 300))
    before = now.copy()
    before[:, 90:110, 190:210] = np.array([0, 1, 0], np.float32)[:, None, None]
    outlooks = [outlook_of(0, whole((200, 300)), chances) for chances in (now, before)]
    assert next_places(outlooks[:1], NOTHING, CLASSES) == []
    ranking = Ranking(disagreement=0.5)
    places = next_places(outlooks[:1], NOTHING, CLASSES, before=outlooks[1:], ranking=ranking)
    assert near(places[0], (100, 200), 12)
    assert "changed" in places[0].reason
    elsewhere = outlook_of(0, (slice(1, 201), slice(0, 300)), before)
    assert next_places(outlooks[:1], NOTHING, CLASSES, before=[elsewhere], ranking=ranking) == []


def test_a_class_with_much_paint_counts_less_where_that_is_wanted():
    chances = answer((200, 300), (50, 60))
    chances[:, 140:160, 230:250] = np.array([0.02, 0.49, 0.49], np.float32)[:, None, None]
    outlook = outlook_of(0, whole((200, 300)), chances)
    painted = paint((200, 300), (slice(0, 20), slice(200, 300)))
    best = next_places([outlook], painted, CLASSES, ranking=Ranking(spread=8, balance=1.0))[0]
    assert near(best, (150, 240), 12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.tuples(st.integers(1, 90), st.integers(1, 90)))
def test_places_are_apart_inside_and_few(seed, shape):
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet([0.3] * 3, shape).transpose(2, 0, 1).astype(np.float32)
    box = (slice(7, 7 + shape[0]), slice(3, 3 + shape[1]))
    image = (shape[0] + 20, shape[1] + 5)
    ranking = Ranking(apart=20)
    outlook = outlook_of(0, box, chances)
    places = next_places([outlook], Annotation((), image), CLASSES, ranking=ranking, most=5)
    assert 1 <= len(places) <= 5
    for number, place in enumerate(places):
        for side, c, its, n in zip(box, place.centre, place.box, image, strict=True):
            assert side.start <= c < side.stop
            assert 0 <= its.start <= c < its.stop <= n
        for other in places[:number]:
            assert np.hypot(*np.subtract(place.centre, other.centre)) >= 20


@pytest.mark.parametrize("shape", [(700, 900), (50, 100, 120)])
def test_a_large_answer_is_ranked_at_working_size(shape):
    centre = tuple(n // 3 for n in shape)
    outlook = outlook_of(0, whole(shape), answer(shape, centre, radius=16))
    assert prod(outlook.chances.shape[1:]) <= 300_000
    assert outlook.step > 1
    assert np.allclose(outlook.chances.sum(0), 1, atol=1e-4)
    best = next_places([outlook], Annotation((), shape), CLASSES)[0]
    assert near(best, centre, 16)


@pytest.mark.parametrize("measure", ["entropy", "margin", "error"])
def test_doubt_is_none_for_the_sure_and_all_for_the_clueless(measure):
    chances = np.array([[1, 1 / 3, 0.6], [0, 1 / 3, 0.4], [0, 1 / 3, 0]], np.float32)
    sure, clueless, leaning = doubt_of(chances, measure)
    assert sure == pytest.approx(0, abs=1e-5)
    assert clueless == pytest.approx(1, abs=1e-5)
    assert 0 < leaning < 1
    assert not doubt_of(np.ones((1, 4), np.float32), measure).any()


# -- where to look --------------------------------------------------------------------------


def test_a_small_sample_is_looked_at_whole_and_others_far_from_paint():
    painted = paint((200, 300), (slice(0, 5), slice(0, 5)), sample=2)
    parts = where_to_look(painted, 20, 3, (slice(10, 20), slice(10, 20)))
    assert parts[0] == (3, whole((200, 300)))
    assert [sample for sample, _ in parts[1:]] == [19, 11]
    assert all(box == whole((200, 300)) for _, box in parts)


def test_one_small_image_has_one_part():
    assert len(where_to_look(NOTHING, 1, 0, whole((200, 300)))) == 1


@pytest.mark.parametrize(
    ("shape", "samples"), [((20_000, 30_000), 1), ((4000, 4000), 3000), ((600, 800, 900), 2)]
)
def test_of_a_huge_image_only_bounded_parts_are_looked_at(shape, samples):
    view = tuple(slice(n // 2, n // 2 + 5) for n in shape)
    parts = where_to_look(Annotation((), shape), samples, 0, view)
    assert len(parts) == 3
    assert sum(prod(s.stop - s.start for s in box) for _, box in parts) < 3_000_000
    for sample, box in parts:
        assert 0 <= sample < samples
        assert all(0 <= s.start < s.stop <= n for s, n in zip(box, shape, strict=True))
    here = parts[0][1]
    assert all(h.start <= v.start and v.stop <= h.stop for h, v in zip(here, view, strict=True))
    assert parts[1] != parts[2]


def test_parts_elsewhere_keep_away_from_paint():
    shape = (6000, 6000)
    classes = np.zeros((128, 128), np.uint8)
    corners = [(0, 0), (0, 5800), (5800, 0)]
    painted = Annotation(tuple(PaintBox(0, c, classes) for c in corners), shape)
    _, first, _ = where_to_look(painted, 1, 0, (slice(0, 100), slice(0, 100)))
    assert all(s.start > 3000 for s in first[1])
