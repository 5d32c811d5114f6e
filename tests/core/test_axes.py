"""Round trips through canonical axes, over every legal axes string of 2 to 6 letters."""

from __future__ import annotations

from itertools import permutations
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.core.axes import AXIS_LETTERS, AxesSpec
from napari_unet.core.errors import AxesError


def legal(spatial: str) -> list[str]:
    return [
        "".join(letters)
        for length in range(2, 7)
        for letters in permutations(AXIS_LETTERS, length)
        if set(spatial) <= set(letters)
    ]


specs = st.sampled_from([AxesSpec(a) for a in legal("YX")]) | st.sampled_from(
    [AxesSpec(a, spatial="ZYX") for a in legal("ZYX")]
)
lengths = st.lists(st.integers(1, 4), min_size=6, max_size=6)


@given(specs, lengths)
def test_canonical_and_back_is_the_identity(spec: AxesSpec, sizes: list[int]) -> None:
    shape = tuple(sizes[: spec.ndim])
    array = np.arange(prod(shape)).reshape(shape)

    canonical = spec.to_canonical(array)

    assert canonical.shape == spec.canonical_shape(shape)
    for channel in range(canonical.shape[1]):
        labels = spec.labels_from_canonical(canonical[:, channel], shape)
        expected = array.take(channel, axis=spec.axes.index("C")) if "C" in spec.axes else array
        assert np.array_equal(labels, expected)


@given(specs, lengths)
def test_labels_have_the_shape_of_the_image_without_channels(
    spec: AxesSpec, sizes: list[int]
) -> None:
    shape = tuple(sizes[: spec.ndim])
    labels = spec.without_channels()

    assert labels.axes == spec.label_axes
    assert labels.canonical_shape(spec.label_shape(shape))[0] == spec.canonical_shape(shape)[0]


@given(specs, lengths, st.data())
def test_a_sample_number_and_its_index_are_one(
    spec: AxesSpec, sizes: list[int], data: st.DataObject
) -> None:
    shape = tuple(sizes[: spec.ndim])
    sample = data.draw(st.integers(0, spec.canonical_shape(shape)[0] - 1))

    assert spec.sample_number(spec.sample_index(sample, shape), shape) == sample


def test_spacing_follows_the_spatial_axes() -> None:
    spec = AxesSpec("XTZCY", (0.1, 60.0, 2.0, 1.0, 0.2), "ZYX")

    assert spec.spatial_spacing == (2.0, 0.2, 0.1)
    assert spec.without_channels().spacing == (0.1, 60.0, 2.0, 0.2)


@pytest.mark.parametrize(
    ("axes", "spacing", "spatial"),
    [
        ("YXQ", (), "YX"),
        ("YYX", (), "YX"),
        ("TX", (), "YX"),
        ("YX", (), "ZYX"),
        ("YX", (1.0,), "YX"),
    ],
)
def test_senseless_axes_are_refused(axes: str, spacing: tuple[float, ...], spatial: str) -> None:
    with pytest.raises(AxesError, match=r"\.$"):
        AxesSpec(axes, spacing, spatial)  # type: ignore[arg-type]


def test_a_shape_of_another_length_is_refused() -> None:
    with pytest.raises(AxesError, match="one letter per axis"):
        AxesSpec("YX").canonical_shape((2, 3, 4))
