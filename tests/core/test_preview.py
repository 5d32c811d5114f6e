"""A request for what is on screen, whole and in parts."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.core.preview import (
    PreviewRequest,
    PreviewTurns,
    from_afar,
    middle_of,
    spread_cells,
)

SIDES = st.tuples(st.integers(0, 300), st.integers(1, 1100))
COUNTS = st.lists(st.integers(1, 9), min_size=1, max_size=2)


@settings(max_examples=30, deadline=None)
@given(st.lists(SIDES, min_size=2, max_size=2))
def test_parts_cover_the_box_once_and_are_small(sides):
    box = tuple(slice(start, start + size) for start, size in sides)
    parts = PreviewRequest(4, 1, 2, box).parts()
    count = np.zeros([side.stop for side in box], np.uint8)
    for part in parts:
        assert (part.generation, part.image, part.sample) == (4, 1, 2)
        assert all(0 < side.stop - side.start <= 512 for side in part.box)
        count[part.box] += 1
    assert (count[box] == 1).all()
    assert count.sum() == count[box].size


def _request(*sides: int, generation: int = 1) -> PreviewRequest:
    return PreviewRequest(generation, 0, 0, tuple(slice(0, n) for n in sides))


def test_the_middle_comes_first_and_the_corners_last():
    parts = _request(2560, 1536).parts()
    assert parts[0].box == (slice(1024, 1536), slice(512, 1024))
    corners = {(0, 0), (0, 1024), (2048, 0), (2048, 1024)}
    assert {tuple(side.start for side in part.box) for part in parts[-4:]} == corners


def test_where_somebody_painted_comes_before_the_middle():
    request = PreviewRequest(1, 0, 0, (slice(0, 2560), slice(0, 1536)), focus=(2400, 90))
    first, second, *_ = request.parts()
    assert first.box == (slice(2048, 2560), slice(0, 512))
    assert second.box in [
        (slice(1536, 2048), slice(0, 512)),
        (slice(2048, 2560), slice(512, 1024)),
    ]


def test_a_small_view_is_answered_whole_at_every_turn():
    turns, request = PreviewTurns(), _request(1024, 1000)
    assert turns.turn(request) == turns.turn(request) == request.parts()


def test_a_large_view_is_answered_turn_by_turn_and_its_middle_every_time():
    turns, request = PreviewTurns(), _request(2560, 1536)
    middle, seen = request.parts()[:2], []
    for number in range(7):
        # the same place asked for again, as after a stroke, does not begin anew
        part = turns.turn(_request(2560, 1536, generation=number))
        assert [one.box for one in part[:2]] == [one.box for one in middle]
        assert {one.generation for one in part} == {number}
        assert len(part) == 4
        seen += [str(one.box) for one in part[2:]]
    assert len(set(seen)) == 13
    everything = {str(one.box) for one in request.parts()}
    assert set(seen) | {str(one.box) for one in middle} == everything


def test_another_view_begins_next_to_its_middle():
    turns, request, other = PreviewTurns(), _request(2560, 1536), _request(2560, 2048)
    first = turns.turn(request)
    turns.turn(request)
    assert turns.turn(other) == other.parts()[:4]
    assert turns.turn(request) == first


@settings(max_examples=30, deadline=None)
@given(st.lists(SIDES, min_size=1, max_size=3), st.integers(1, 500))
def test_the_middle_of_a_box_is_as_far_from_either_end(sides, most):
    box = tuple(slice(start, start + size) for start, size in sides)
    for side, part in zip(box, middle_of(box, most), strict=True):
        assert part.stop - part.start == min(most, side.stop - side.start)
        assert abs((part.start - side.start) - (side.stop - part.stop)) <= 1


@settings(max_examples=30, deadline=None)
@given(COUNTS)
def test_the_first_cells_lie_evenly_over_a_grid(counts):
    cells = np.array(spread_cells(tuple(counts)))
    assert sorted(map(tuple, cells)) == list(np.ndindex(*counts))
    assert tuple(cells[0]) == tuple(n // 2 for n in counts)
    step = 1
    while step < max(counts):
        step *= 2
        on_lattice = ((cells - cells[0]) % step == 0).all(axis=1)
        count = int(on_lattice.sum())
        assert on_lattice[:count].all()  # all of a coarse lattice before anything between
        away = np.abs(cells[:, None] - cells[None, :count]).max(axis=2).min(axis=1)
        assert away.max() < step


def test_a_view_from_afar_is_judged_soon_and_where_somebody_painted_comes_first():
    request = PreviewRequest(1, 0, 0, (slice(0, 8192), slice(0, 8192)), focus=(8000, 90))
    parts = request.parts()
    assert from_afar(request.box)
    assert len({str(part.box) for part in parts}) == len(parts) == 256
    assert parts[0].box == (slice(7680, 8192), slice(0, 512))
    starts = np.array([[side.start for side in part.box] for part in parts])
    away = np.abs(starts[:, None] - starts[None, 1:17]).max(axis=2).min(axis=1)
    assert away.max() <= 3 * 512  # after 16 of 256 parts no place is far from an answer
    again = PreviewRequest(2, 0, 0, request.box, focus=(700, 700)).parts()
    assert [part.box for part in again[1:6]] == [part.box for part in parts[1:6]]


def test_each_turn_of_a_view_from_afar_answers_the_focus_and_three_new_parts():
    turns, request = PreviewTurns(), _request(4096, 4096)
    parts = request.parts()
    first, second = turns.turn(request), turns.turn(request)
    assert first == parts[:4]
    assert second == [parts[0], *parts[4:7]]
