"""Another pixel size: boxes of it fit together, and the way back leads to the same place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage as ndi

from napari_unet.core.axes import AxesSpec
from napari_unet.core.pixel_size import in_micrometres, known_size, rescaling
from napari_unet.core.rescale import RescaledSource, resampled
from napari_unet.core.source import ImageSource


def smooth(shape: tuple[int, ...]) -> np.ndarray:
    return ndi.gaussian_filter(np.random.default_rng(0).random(shape), 4) * 1000


factors = st.floats(0.2, 4.0)


@given(st.data(), factors, factors)
def test_a_box_is_the_same_as_in_the_whole(data: st.DataObject, fy: float, fx: float) -> None:
    source = ImageSource(smooth((2, 37, 51)), AxesSpec("TYX"))
    seen = RescaledSource.of(source, (fy, fx))
    whole = seen.read(1)
    assert whole.shape == (1, *seen.spatial_shape)
    box = []
    for length in seen.spatial_shape:
        start = data.draw(st.integers(0, length - 1))
        box.append(slice(start, data.draw(st.integers(start + 1, length))))
    assert np.array_equal(seen.read(1, tuple(box)), whole[(slice(None), *box)])


@given(factors)
def test_there_and_back_again(factor: float) -> None:
    image = ndi.gaussian_filter(np.random.default_rng(0).random((60, 60)), 8) * 1000
    seen = RescaledSource.of(ImageSource(image, AxesSpec("YX")), (factor, factor))
    box = (slice(0, 60), slice(0, 60))
    needed = tuple(a.needed(w) for a, w in zip(seen.back, box, strict=True))
    again = resampled(seen.read(0, needed), seen.back, box)[0]
    inner = (slice(8, -8), slice(8, -8))
    assert np.abs(again - image)[inner].max() < 0.12 * np.ptp(image)


@pytest.mark.parametrize("factor", [0.25, 0.4, 1.7, 3.0])
def test_flat_stays_flat_and_a_point_keeps_its_place(factor) -> None:
    flat = RescaledSource.of(ImageSource(np.full((30, 40), 7.0), AxesSpec("YX")), (factor,) * 2)
    assert np.allclose(flat.read(0), 7)
    y, x = np.mgrid[:80, :80]
    image = np.exp(-((y - 30) ** 2 + (x - 50) ** 2) / 50)
    seen = RescaledSource.of(ImageSource(image, AxesSpec("YX")), (factor, factor))
    centre = (np.array(ndi.center_of_mass(seen.read(0)[0])) + 0.5) / factor - 0.5
    assert np.allclose(centre, (30, 50), atol=0.3)


def test_only_what_a_box_needs_is_read() -> None:
    read: list[tuple[slice, ...]] = []

    class Noted:
        shape, dtype = (1000, 1000), np.dtype(np.uint8)

        def __getitem__(self, index: tuple[slice, ...]) -> np.ndarray:
            read.append(index)
            return np.zeros((1000, 1000), np.uint8)[index]

    seen = RescaledSource.of(ImageSource(Noted(), AxesSpec("YX")), (0.5, 2.0))
    assert seen.read(0, (slice(10, 20), slice(100, 120))).shape == (1, 10, 20)
    [(rows, columns)] = read
    assert 15 <= rows.start <= 20
    assert 40 <= rows.stop <= 44
    assert 47 <= columns.start <= 50
    assert 60 <= columns.stop <= 63


def test_what_is_missing_stays_missing() -> None:
    image = np.full((2, 20, 20), np.nan)
    image[1] = 5
    seen = RescaledSource.of(ImageSource(image, AxesSpec("CYX")), (0.7, 1.3)).read(0)
    assert np.isnan(seen[0]).all()
    assert np.allclose(seen[1], 5)


def test_rescaling_is_known_only_where_both_sizes_are() -> None:
    assert rescaling((0.5, 0.5), (0.25, 0.25)) == (0.5, 0.5)
    assert rescaling((0.5, 0.5), (0.51, 0.5)) is None
    for trained, now in (((1.0, 1.0), (0.5, 0.5)), ((0.5, 0.5), (1.0, 1.0)), (None, (0.5, 0.5))):
        assert rescaling(trained, now) is None
    assert rescaling((2.0, 0.5, 0.5), (0.5, 0.5)) is None
    assert not known_size(())


def test_lengths_in_one_unit() -> None:
    assert in_micrometres(250, "nanometer") == pytest.approx(0.25)
    assert in_micrometres(0.5, "\u03bcm") == 0.5
    assert in_micrometres(3, "pixel") == 3
