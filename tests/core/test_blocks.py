"""Blocks partition an image, and tiles put together one by one give what the mosaic gives."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.core.axes import AxesSpec
from napari_unet.core.blocks import BlockGrid, block_sides
from napari_unet.core.fingerprint import fingerprint
from napari_unet.core.mosaic import Mosaic, Seams
from napari_unet.core.source import ImageSource
from napari_unet.core.tiles import box_shape, tile_grid


@given(
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 5)), min_size=1, max_size=3),
)
def test_blocks_partition_every_sample(samples: int, axes: list[tuple[int, int]]) -> None:
    shape, sides = zip(*axes, strict=True)
    grid = BlockGrid(samples, shape, sides)
    covered = np.zeros((samples, *shape), int)
    for number in range(len(grid)):
        sample, box = grid.place(number)
        covered[(sample, *box)] += 1
        assert grid.touched(sample, box) == [number]
    assert (covered == 1).all()
    everything = tuple(slice(0, n) for n in shape)
    first = (samples - 1) * grid.per_sample
    assert grid.touched(samples - 1, everything) == list(range(first, len(grid)))


def test_blocks_are_no_larger_than_the_image() -> None:
    assert block_sides((5000, 300)) == (1024, 300)
    assert block_sides((10, 5000, 300)) == (10, 256, 256)
    assert block_sides((5000, 300), 64) == (64, 64)


@settings(max_examples=40)
@given(
    st.lists(st.integers(1, 40), min_size=2, max_size=3),
    st.integers(8, 30),
    st.integers(0, 5),
    st.sampled_from([1, 2, 4]),
    st.integers(0, 9),
)
def test_tiles_one_by_one_give_what_the_mosaic_gives(
    shape: list[int], tile: int, halo: int, multiple: int, ramp: int
) -> None:
    tiles = tile_grid(shape, tile, halo, multiple, ramp)
    rng = np.random.default_rng(0)
    mosaic, seams = Mosaic(tiles, 2), Seams(tiles)
    expected = np.full((2, *shape), np.nan, np.float32)
    found = expected.copy()
    for each in tiles:
        values = rng.random((2, *box_shape(each.reach)), np.float32)
        done = mosaic.add(each, values)
        if done is not None:
            expected[(slice(None), *done[0])] = done[1]
        box, final = seams.add(each, values)
        assert np.isnan(found[(slice(None), *box)]).all()
        found[(slice(None), *box)] = final
    np.testing.assert_array_equal(found, expected)
    assert not seams._held


def test_images_are_told_apart_by_size_axes_and_content() -> None:
    array = np.random.default_rng(0).integers(0, 255, (60, 70), dtype=np.uint8)
    other = array.copy()
    other[::2] += 1
    sources = [
        ImageSource(array, AxesSpec("YX")),
        ImageSource(array, AxesSpec("XY")),
        ImageSource(array[:, :-1], AxesSpec("YX")),
        ImageSource(array.astype(np.uint16), AxesSpec("YX")),
        ImageSource(other, AxesSpec("YX")),
    ]
    assert len({fingerprint(source) for source in sources}) == len(sources)
    assert fingerprint(sources[0]) == fingerprint(ImageSource(array.copy(), AxesSpec("YX"), "b"))
