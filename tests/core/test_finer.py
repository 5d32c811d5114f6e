"""A coarse level of a pyramid is looked at, the finest one answered for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import AxesError
from napari_unet.core.finer import FinerSource, times_finer
from napari_unet.core.pixel_size import level_to_see
from napari_unet.core.rescale import RescaledSource, resampled
from napari_unet.core.source import ImageSource


def places(length: int, times: int) -> np.ndarray:
    """Where the pixels of a level lie, counted in pixels of the finest one."""
    count = -(-length // times)
    return times * np.arange(count) + (times - 1) / 2


@given(st.integers(140, 300), st.sampled_from([2, 3, 4, 8]))
def test_a_slope_comes_back_to_where_it_was(length: int, times: int) -> None:
    fine = ImageSource(np.zeros((length, length)), AxesSpec("YX"))
    rows = places(length, times)
    slope = rows[:, None] + 1000 * rows[None, :]
    source = FinerSource.of(fine, ImageSource(slope, AxesSpec("YX")))
    assert source.times == (times, times)
    box = (slice(0, length), slice(0, length))
    back = source.back()
    needed = tuple(axis.needed(part) for axis, part in zip(back, box, strict=True))
    found = resampled(slope[(np.newaxis, *needed)], back, box)[0]
    inner = slice(times, length - 2 * times)
    expected = np.arange(length)[:, None] + 1000 * np.arange(length)[None, :]
    np.testing.assert_allclose(found[inner, inner], expected[inner, inner], rtol=1e-4)


@given(st.sampled_from([0.5, 0.8, 1.5]))
def test_a_level_may_be_rescaled_besides(factor: float) -> None:
    rows = places(160, 4)
    seen = ImageSource(np.tile(rows[:, None], (1, 40)), AxesSpec("YX"))
    source = FinerSource.of(ImageSource(np.zeros((160, 160)), AxesSpec("YX")), seen)
    rescaled = RescaledSource.of(seen, (factor, factor))
    box = (slice(40, 120), slice(40, 60))
    back = source.back(rescaled)
    needed = tuple(axis.needed(part) for axis, part in zip(back, box, strict=True))
    found = resampled(rescaled.read(0, needed), back, box)[0, :, 0]
    np.testing.assert_allclose(found, np.arange(40, 120), atol=0.6)


def test_slices_that_a_level_has_fewer_of() -> None:
    fine = ImageSource(np.zeros((2, 9, 40, 40)), AxesSpec("TZYX"))
    seen = ImageSource(np.zeros((2, 3, 20, 20)), AxesSpec("TZYX"))
    source = FinerSource.of(fine, seen)
    assert [source.sample_seen(n) for n in range(18)] == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3 + [
        4
    ] * 3 + [5] * 3
    assert source.samples == 18


def test_the_finest_pixels_are_not_read_and_axes_must_agree() -> None:
    class Unread:
        shape, dtype = (64, 64), np.dtype(np.uint8)

        def __getitem__(self, index: object) -> np.ndarray:
            raise AssertionError("read")

    seen = ImageSource(np.zeros((16, 16)), AxesSpec("YX"))
    assert FinerSource.of(ImageSource(Unread(), AxesSpec("YX")), seen).spatial_shape == (64, 64)
    with pytest.raises(AxesError, match="finest level"):
        FinerSource.of(ImageSource(np.zeros((2, 4, 4)), AxesSpec("CYX")), seen)


def test_sides_that_were_rounded_are_whole_times_finer() -> None:
    assert times_finer((200, 321, 7), (50, 81, 7)) == (4, 4, 1)
    assert times_finer((200, 321), (50, 80)) == (4, 4)
    assert times_finer((1000, 1000), (300, 300)) == pytest.approx((10 / 3, 10 / 3))


@pytest.mark.parametrize(
    ("trained", "finer", "expected"),
    [
        ((1.0, 1.0), False, 2),
        (None, False, None),
        ((2.0, 2.0), False, 3),
        ((0.6, 0.6), False, 1),
        ((0.8, 0.8), False, 2),
        ((0.8, 0.8), True, 1),
        ((9.0, 9.0), True, 3),
        ((0.1, 0.1), True, 0),
        ((0.5, 0.5, 0.5), False, None),
    ],
)
def test_the_level_a_model_knows(trained, finer, expected) -> None:
    levels = [(size, size) for size in (0.25, 0.5, 1.0, 2.0)]
    assert level_to_see(trained, levels, finer) == expected


def test_where_sizes_are_in_pixels_only_the_very_same_one_counts() -> None:
    levels = [(1.0, 1.0), (2.0, 2.0), (4.0, 4.0)]
    assert level_to_see((4.0, 4.0), levels) == 2
    assert level_to_see((3.0, 3.0), levels) is None
    assert level_to_see((1.0, 1.0), levels) == 0
    assert level_to_see((1.0, 1.0), [(0.3, 0.3), (0.6, 0.6)]) is None
