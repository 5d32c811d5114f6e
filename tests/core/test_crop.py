from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.core.crop import CroppedArray


@given(st.data())
def test_reading_a_crop_is_reading_the_crop(data: st.DataObject) -> None:
    shape = tuple(data.draw(st.integers(2, 9)) for _ in range(data.draw(st.integers(1, 3))))
    array = np.arange(np.prod(shape)).reshape(shape)
    box = []
    for n in shape[: data.draw(st.integers(1, len(shape)))]:
        start = data.draw(st.integers(0, n - 1))
        box.append((start, data.draw(st.integers(start + 1, n))))
    crop, cut = CroppedArray(array, tuple(box)), array[tuple(slice(*part) for part in box)]
    assert (crop.shape, crop.ndim, crop.size, crop.nbytes) == (
        cut.shape, cut.ndim, cut.size, cut.nbytes,
    )  # fmt: skip
    index = []
    for n in cut.shape[: data.draw(st.integers(0, cut.ndim))]:
        slices = st.builds(
            slice, st.none() | st.integers(-12, 12), st.none() | st.integers(-12, 12),
            st.none() | st.integers(1, 3),
        )  # fmt: skip
        index.append(data.draw(st.integers(-n, n - 1) | slices))
    assert np.array_equal(crop[tuple(index)], cut[tuple(index)])
    assert np.array_equal(crop[..., -1], cut[..., -1])


def test_what_lies_outside_is_not_reached() -> None:
    crop = CroppedArray(np.zeros((10, 10)), ((2, 5),))
    assert crop.shape == (3, 10)
    for bad in (3, -4):
        with pytest.raises(IndexError):
            crop[bad]
    assert crop[5:].shape == (0, 10)
