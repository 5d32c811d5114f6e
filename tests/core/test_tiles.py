"""Tiles partition any image exactly, agree with the network's grids, and blend to what was cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.core.mosaic import Mosaic, add_tile, blend_weights
from napari_unet.core.tiles import (
    Tile,
    axis_starts,
    box_shape,
    inside,
    moved,
    overlap,
    round_up,
    smallest_tile,
    spread_boxes,
    tile_grid,
)

shapes = st.one_of(
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20)),
)
grids = st.tuples(
    shapes,
    st.integers(1, 60),  # tile
    st.integers(0, 12),  # halo
    st.sampled_from([1, 2, 4, 8]),  # multiple
    st.integers(0, 16),  # ramp
)


@given(grids)
def test_write_boxes_partition_the_image(grid):
    shape = grid[0]
    written = np.zeros(shape, int)
    for tile in tile_grid(*grid):
        written[tile.write] += 1
    assert (written == 1).all()


@given(grids)
def test_read_boxes_lie_inside_start_on_the_grid_and_have_context(grid):
    shape, _, halo, multiple, _ = grid
    for tile in tile_grid(*grid):
        for read, write, reach, n in zip(tile.read, tile.write, tile.reach, shape, strict=True):
            assert 0 <= read.start <= reach.start <= write.start < write.stop
            assert write.stop <= reach.stop <= read.stop <= n
            assert read.start % multiple == 0
            assert read.start == 0 or write.start - read.start >= halo
            assert read.stop == n or read.stop - write.stop >= halo


@given(grids)
def test_all_tiles_have_one_size_once_padded_and_keep_to_the_limit(grid):
    shape, side, halo, multiple, _ = grid
    padded = {tuple(round_up(n, multiple) for n in t.shape) for t in tile_grid(*grid)}
    assert len(padded) == 1
    limit = max(side // multiple * multiple, smallest_tile(halo, multiple))
    assert all(n <= limit for n in next(iter(padded)))


@given(grids)
def test_crops_say_where_the_boxes_lie_in_what_was_read(grid):
    shape = grid[0]
    image = np.arange(np.prod(shape)).reshape(shape)
    for tile in tile_grid(*grid):
        block = image[tile.read]
        assert np.array_equal(block[tile.crop], image[tile.write])
        assert np.array_equal(block[tile.reach_crop], image[tile.reach])


@settings(max_examples=50)
@given(grids)
def test_an_answer_that_does_not_depend_on_the_tile_is_put_together_unchanged(grid):
    shape = grid[0]
    image = np.random.default_rng(0).random((2, *shape), dtype=np.float32)
    tiles = tile_grid(*grid)
    mosaic = Mosaic(tiles, 2)
    rows = []
    for tile in tiles:
        finished = mosaic.add(tile, image[(slice(None), *tile.reach)])
        if finished is not None:
            box, values = finished
            assert values.shape == (2, *box_shape(box))
            assert box[0].start == sum(row.shape[1] for row in rows)
            rows.append(values)
    np.testing.assert_allclose(np.concatenate(rows, axis=1), image, atol=1e-6)


@settings(max_examples=50)
@given(grids, st.data())
def test_any_box_is_blended_like_the_whole(grid, data):
    """Even where neighbouring tiles do not agree."""
    shape = grid[0]
    tiles = tile_grid(*grid)
    rng = np.random.default_rng(1)
    answers = [rng.random((1, *box_shape(t.reach)), dtype=np.float32) for t in tiles]
    whole = np.zeros((1, *shape), np.float32)
    everywhere = tuple(slice(0, n) for n in shape)
    for tile, values in zip(tiles, answers, strict=True):
        add_tile(whole, everywhere, tile, values)
    starts = [data.draw(st.integers(0, n - 1)) for n in shape]
    box = tuple(
        slice(a, data.draw(st.integers(a + 1, n))) for a, n in zip(starts, shape, strict=True)
    )
    part = np.zeros((1, *box_shape(box)), np.float32)
    for tile, values in zip(tiles, answers, strict=True):
        add_tile(part, box, tile, values)
    assert np.array_equal(part, whole[(slice(None), *box)])


def test_neighbours_are_blended_smoothly():
    tiles = tile_grid((96, 8), 64, 16, 8, 8)
    values = [np.full((1, *box_shape(t.reach)), k, np.float32) for k, t in enumerate(tiles)]
    target = np.zeros((1, 96, 8), np.float32)
    for tile, value in zip(tiles, values, strict=True):
        add_tile(target, (slice(0, 96), slice(0, 8)), tile, value)
    profile = target[0, :, 0]
    assert len(tiles) == 2
    assert profile[0] == 0
    assert profile[-1] == 1
    assert (np.diff(profile) >= 0).all()
    assert np.diff(profile).max() < 0.15  # no step


@given(st.integers(1, 32), st.integers(64, 90))
def test_the_ramps_of_neighbours_sum_to_one(half, cut):
    left = blend_weights(slice(0, cut + half), slice(0, cut))
    right = blend_weights(slice(cut - half, 200), slice(cut, 200))
    np.testing.assert_allclose(left[-2 * half :] + right[: 2 * half], 1, atol=1e-6)
    assert (left[: -2 * half] == 1).all()


def test_little_is_computed_twice():
    tiles = tile_grid((4096, 4096), 1440, 48, 8, 8)
    read = sum(np.prod(t.shape) for t in tiles)
    assert len(tiles) == 9
    assert read / 4096**2 < 1.11


def test_a_side_per_axis_leaves_a_thin_volume_whole():
    tiles = tile_grid((10, 100, 100), (16, 64, 64), 16, 8)
    assert all(t.read[0] == slice(0, 10) for t in tiles)
    assert len(tiles) > 1


def test_a_tile_too_small_for_its_halo_still_moves_on():
    side, starts = axis_starts(100, 8, 16, 8)
    assert side == smallest_tile(16, 8) == 40
    assert starts == [0, 8, 16, 24, 32, 40, 48, 56, 64]


def test_moving_a_tile_moves_its_boxes_and_keeps_its_crop():
    tile = tile_grid((50, 50), 32, 8, 8, 4)[-1]
    there = moved(tile, (100, 200))
    assert inside(there.read, (slice(100, 150), slice(200, 250))) == tile.read
    assert there.reach[1].start == tile.reach[1].start + 200
    assert there.crop == tile.crop


@pytest.mark.parametrize(
    ("a", "b", "shared"),
    [
        (slice(0, 5), slice(3, 9), slice(3, 5)),
        (slice(0, 5), slice(5, 9), None),
        (slice(0, 9), slice(3, 4), slice(3, 4)),
    ],
)
def test_overlap(a, b, shared):
    assert overlap((a,), (b,)) == (None if shared is None else (shared,))


@given(shapes, st.integers(1, 12), st.integers(1, 9), st.sampled_from([1, 8]))
def test_spread_boxes_lie_inside_and_are_always_the_same(shape, count, samples, multiple):
    size = [min(n, 8) for n in shape]
    boxes = spread_boxes(samples, shape, size, count, multiple)
    assert boxes == spread_boxes(samples, shape, size, count, multiple)
    assert len(boxes) == count
    for sample, box in boxes:
        assert 0 <= sample < samples
        for part, n, s in zip(box, shape, size, strict=True):
            assert part.start % multiple == 0
            assert 0 <= part.start < part.stop <= n
            assert part.stop - part.start == s


def test_spread_boxes_reach_every_quarter():
    boxes = spread_boxes(1, (4096, 4096), (256, 256), 8, 8)
    quarters = {(b[0].start >= 2048, b[1].start >= 2048) for _, b in boxes}
    assert len(quarters) == 4


def test_a_tile_is_a_value():
    box = (slice(0, 1),)
    assert Tile(box, box, box, box) == Tile(box, box, box, box)
