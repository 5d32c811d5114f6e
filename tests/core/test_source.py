"""An image source reads what indexing its canonical view would give."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import AxesError
from napari_unet.core.source import ImageSource

specs = st.sampled_from(["YX", "XY", "YXC", "CYX", "TZYX", "ZCYX", "XTCYZ", "PTCZYX"]).flatmap(
    lambda a: st.sampled_from([AxesSpec(a)] + ([AxesSpec(a, spatial="ZYX")] if "Z" in a else []))
)


class Lazy:
    """An array that can only be sliced, and remembers how much was read."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype
        self.read = 0

    def __getitem__(self, index: Any) -> np.ndarray:
        block = self._array[index]
        self.read += block.size
        return block


@given(specs, st.lists(st.integers(1, 5), min_size=6, max_size=6), st.data())
def test_reading_equals_indexing_the_canonical_view(
    spec: AxesSpec, sizes: list[int], data: st.DataObject
) -> None:
    shape = tuple(sizes[: spec.ndim])
    array = np.arange(prod(shape)).reshape(shape)
    lazy = Lazy(array)
    source = ImageSource(lazy, spec)
    box = []
    for n in source.spatial_shape:
        start = data.draw(st.integers(0, n - 1))
        box.append(slice(start, data.draw(st.integers(start + 1, n))))
    sample = data.draw(st.integers(0, source.samples - 1))

    block = source.read(sample, tuple(box))

    assert np.array_equal(block, spec.to_canonical(array)[(sample, slice(None), *box)])
    assert lazy.read == block.size


def test_without_a_box_the_whole_sample_is_read() -> None:
    array = np.arange(24).reshape(2, 3, 4)

    assert np.array_equal(ImageSource(array, AxesSpec("TYX")).read(1), array[1][np.newaxis])


def test_axes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(AxesError):
        ImageSource(np.zeros((2, 3)), AxesSpec("TYX"))
