"""Geometry: what a layer means, and where its labels lie."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.layers import Image, Labels

from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import AxesError, ShapeMismatch
from napari_unet.gui.label_arrays import labels_for, paint_view, write_labels
from napari_unet.gui.layers import (
    axes_choices,
    axes_of,
    channels_in_words,
    choose_axes,
    guess_axes,
    label_geometry,
    source_of,
)
from napari_unet.gui.view import MOST_PIXELS, view_of


def image(shape: tuple[int, ...], **more: Any) -> Image:
    return Image(np.zeros(shape, np.float32), name="im", **more)


@pytest.mark.parametrize(
    ("shape", "more", "axes", "said"),
    [
        ((5, 6), {}, "YX", False),
        ((5, 6, 3), {"rgb": True}, "YXC", False),
        ((4, 5, 6), {}, "ZYX", True),
        ((4, 5, 6, 3), {"rgb": True}, "ZYXC", True),
        ((2, 4, 5, 6), {}, "TZYX", True),
        ((2, 4, 3, 5, 6), {}, "TZCYX", True),
        ((4, 5, 6), {"axis_labels": ("time", "y", "x")}, "TYX", False),
        ((3, 5, 6), {"axis_labels": ("Channel", "Y", "X")}, "CYX", False),
        ((4, 5, 6), {"axis_labels": ("a", "b", "c")}, "ZYX", True),
        ((7, 5, 6, 3), {"rgb": True, "axis_labels": ("t", "y", "x")}, "TYXC", False),
    ],
)
def test_axes_are_taken_from_labels_or_guessed_and_a_guess_is_said(shape, more, axes, said) -> None:
    guess = guess_axes(image(shape, **more))
    assert guess.axes == axes
    assert bool(guess.sentence) is said


def test_what_the_user_says_counts_and_must_fit() -> None:
    layer = image((3, 5, 6))
    assert axes_choices(layer)[0] == "ZYX"
    choose_axes(layer, "CYX")
    assert axes_of(layer) == "CYX"
    assert channels_in_words(layer) == "3 channels"
    with pytest.raises(AxesError):
        choose_axes(layer, "YX")
    assert axes_of(layer) == "CYX"


def test_more_axes_than_understood_are_refused_with_a_sentence() -> None:
    with pytest.raises(AxesError, match="7 axes"):
        guess_axes(image((1,) * 5 + (4, 4)))


def test_spacing_comes_from_the_scale_also_under_rgb() -> None:
    assert source_of(image((5, 6, 3), rgb=True, scale=(0.5, 0.25))).axes.spacing == (0.5, 0.25, 1.0)
    assert source_of(image((4, 5, 6), scale=(2, 1, 1)), "ZYX").axes.spatial_spacing == (2, 1, 1)


def test_a_3d_network_on_a_flat_image_is_refused_with_a_sentence() -> None:
    with pytest.raises(AxesError, match="slices"):
        source_of(image((5, 6)), "ZYX")


def test_a_pyramid_is_read_at_its_finest_level_and_lazily() -> None:
    levels = [da.zeros((64, 64)), da.zeros((32, 32))]
    layer = Image(levels, multiscale=True)
    source = source_of(layer)
    assert source.array is levels[0]
    assert label_geometry(layer).shape == (64, 64)


@st.composite
def transforms(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    axes = draw(st.sampled_from(["YX", "ZYX", "TZYX", "CYX", "CZYX"]))
    number = st.floats(-3, 3).map(lambda x: round(x, 3))
    ndim = len(axes)
    linear = np.eye(ndim + 1)
    linear[-3:-1, -3:-1] += draw(st.lists(st.lists(number, min_size=2, max_size=2), min_size=2,
                                          max_size=2).map(np.array)) * 0.1  # fmt: skip
    return axes, {
        "scale": draw(st.lists(st.floats(0.1, 4), min_size=ndim, max_size=ndim)),
        "translate": draw(st.lists(number, min_size=ndim, max_size=ndim)),
        "rotate": draw(st.floats(-80, 80)),
        "affine": linear,
        "shear": [0.0] * (ndim * (ndim - 1) // 2 - 1) + [draw(st.floats(-0.5, 0.5))],
    }


@given(transforms(), st.data())
def test_labels_lie_on_their_image_under_any_transform(case, data) -> None:
    axes, more = case
    layer = image(tuple(range(3, 3 + len(axes))), **more)
    choose_axes(layer, axes)
    geometry = label_geometry(layer)
    labels = Labels(np.zeros(geometry.shape, np.uint8), **geometry.layout)
    place = [data.draw(st.integers(0, n - 1)) for n in layer.data.shape]
    flat = place[1:] if axes[0] == "C" else place
    there = np.array(labels.data_to_world(flat))
    assert np.allclose(there, np.array(layer.data_to_world(place))[-len(flat) :], atol=1e-6)


def test_scale_units_and_axis_labels_are_copied_and_c_is_dropped() -> None:
    layer = image(
        (3, 4, 5, 6),
        scale=(1, 2, 0.5, 0.25),
        translate=(0, 1, 2, 3),
        units=("pixel", "um", "um", "um"),
        axis_labels=("c", "z", "y", "x"),
    )
    geometry = label_geometry(layer)
    labels = Labels(np.zeros(geometry.shape, np.uint8), **geometry.layout)
    assert geometry.shape == (4, 5, 6)
    assert list(labels.scale) == [2, 0.5, 0.25]
    assert list(labels.translate) == [1, 2, 3]
    assert labels.units == layer.units[1:]
    assert labels.axis_labels == ("z", "y", "x")


def test_channels_between_other_axes_keep_the_sliders_aligned() -> None:
    layer = image((2, 4, 5, 6), axis_labels=("t", "c", "y", "x"), scale=(1, 3, 1, 1))
    geometry = label_geometry(layer)
    assert geometry.shape == (2, 1, 5, 6)
    labels = Labels(np.zeros(geometry.shape, np.uint8), **geometry.layout)
    for channel in range(4):
        at = labels.world_to_data(layer.data_to_world((1, channel, 2, 3)))
        assert [round(float(x)) for x in at] == [1, 0, 2, 3]


@pytest.mark.parametrize("axes", ["YX", "YXC", "CYX", "TCYX", "TZYX", "ZYX"])
def test_paint_of_a_layer_made_for_an_image_is_read_in_its_axes(axes) -> None:
    layer = image(tuple(range(3, 3 + len(axes))))
    choose_axes(layer, axes)
    paint = Labels(np.zeros(label_geometry(layer).shape, np.uint8))
    assert paint_view(paint, layer).shape == AxesSpec(axes).label_shape(layer.data.shape)


def test_paint_with_a_channel_axis_of_its_own_is_taken_together() -> None:
    layer = image((3, 5, 6), axis_labels=("c", "y", "x"))
    paint = Labels(np.zeros((3, 5, 6), np.uint8))
    paint.data[1, 2, 2] = 2
    assert paint_view(paint, layer)[2, 2] == 2


def test_paint_of_another_size_is_refused_with_both_sizes() -> None:
    with pytest.raises(ShapeMismatch, match=r"4 x 4.*5 x 6"):
        paint_view(Labels(np.zeros((4, 4), np.uint8), name="p"), image((5, 6)))


@pytest.mark.parametrize("axes", ["YX", "YXC", "CYX", "TCYX", "TZYX", "ZTYX", "XY"])
def test_blocks_written_one_by_one_equal_all_labels_at_once(axes) -> None:
    layer = image(tuple(range(3, 3 + len(axes))))
    choose_axes(layer, axes)
    samples, _, *sides = source_of(layer).canonical_shape
    canonical = np.random.default_rng(0).integers(0, 9, (samples, *sides)).astype(np.uint8)
    out, spec = np.zeros(label_geometry(layer).shape, np.uint8), AxesSpec(axes)
    for sample in range(samples):
        for rows in (slice(0, 2), slice(2, sides[0])):
            box = (rows, slice(0, sides[1]))
            write_labels(out, spec, sample, box, canonical[sample][box])
    channel = label_geometry(layer).channel_axis
    assert np.array_equal(out, labels_for(spec, layer.data.shape, canonical, channel))


def test_the_view_is_the_visible_box_of_the_visible_sample() -> None:
    layer = image((4, 100, 200))
    layer.corner_pixels = np.array([[0, 10, 20], [0, 59, 119]])
    view = view_of(layer, (2.0, 50.0, 50.0), "YX")
    assert view.sample == 2
    assert view.box == (slice(10, 60), slice(20, 120))


def test_a_large_view_is_cut_to_its_middle() -> None:
    layer = Image(da.zeros((10_000, 10_000)))
    layer.corner_pixels = np.array([[0, 0], [9999, 9999]])
    (rows, columns) = view_of(layer, (0.0, 0.0), "YX").box
    assert rows.stop - rows.start == columns.stop - columns.start == MOST_PIXELS
    assert rows.start == 10_000 // 2 - MOST_PIXELS // 2


def test_a_3d_network_sees_the_slice_on_screen() -> None:
    layer = image((8, 20, 20))
    layer.corner_pixels = np.array([[0, 0, 0], [0, 19, 19]])
    view = view_of(layer, (5.0, 0.0, 0.0), "ZYX")
    assert view.sample == 0
    assert view.box == (slice(5, 6), slice(0, 20), slice(0, 20))
