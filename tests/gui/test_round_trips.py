"""Results lie on their image in a real viewer, whatever the order of the axes and the transform."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers import Image, Labels
from qtpy.QtCore import QObject

from napari_unet.core.annotations import ClassMap
from napari_unet.core.axes import AxesSpec
from napari_unet.gui.layer_store import ViewerLayers, id_of
from napari_unet.gui.layers import choose_axes, label_geometry
from napari_unet.gui.paint_counts import PaintCounts
from napari_unet.gui.paint_layer import new_paint_layer

ORDERS = sorted(
    {
        "".join(order)
        for length in range(2, 7)
        for order in permutations("TPCZYX", length)
        if {"Y", "X"} <= set(order)
    }
)
"""Every order of axes there is: 2 of length 2, 24 of length 3 and so on to 720 of length 6."""

SIZES = (2, 3, 4, 5, 6, 7)
"""Lengths of the first, second, ... axis, whatever it is."""

UNITS = ("second", "pixel", "um", "um", "nm", "mm")


def image_of(axes: str, **layout: Any) -> Image:
    layer = Image(np.zeros(SIZES[: len(axes)], np.uint8), name="im", **layout)
    choose_axes(layer, axes)
    return layer


def layout_of(count: int) -> dict[str, Any]:
    """Another size, some negative, and another place for every axis."""
    return {
        "scale": np.array([(-1) ** i * (0.5 + 0.3 * n) for i, n in enumerate(SIZES[:count])]),
        "translate": np.arange(1, count + 1) * 1.5,
        "units": UNITS[:count],
        "axis_labels": tuple(f"axis {i}" for i in range(count)),
    }


def viewer_with(layer: Image) -> tuple[ViewerModel, ViewerLayers]:
    viewer, parent = ViewerModel(), QObject()
    viewer.add_layer(layer)
    store = ViewerLayers(viewer, PaintCounts(parent), parent)
    store.kept_alive = parent
    return viewer, store


def results_of(layer: Image) -> tuple[ViewerModel, list[Any]]:
    """Paint layer, preview and mask of an image, in a viewer."""
    viewer, store = viewer_with(layer)
    paint = viewer.add_layer(new_paint_layer(layer))
    preview = store.find(store.open_preview(id_of(layer), id_of(paint), "YX"))
    mask = store.find(store.open_mask(id_of(layer), ClassMap((1, 2)), "YX"))
    return viewer, [paint, preview, mask]


def corners_agree(layer: Image, result: Any, axes: str) -> None:
    """Corners, seen from the viewer: what napari shows as one pixel is one pixel."""
    first = layer.ndim - result.ndim
    kept = [i for i, letter in enumerate(axes) if letter != "C"]
    for corner in product((0, 1), repeat=len(kept)):
        place = np.zeros(layer.ndim)
        place[kept] = [c * (SIZES[i] - 1) for c, i in zip(corner, kept, strict=True)]
        world = np.array(layer.data_to_world(place))
        back = np.array(result.world_to_data(world[first:]))  # counted from the last, as in napari
        here = [i - first for i in kept]
        assert np.allclose(back[here], place[kept], atol=1e-5)


def labels_agree(layer: Image, result: Any, axes: str) -> None:
    first = layer.ndim - result.ndim
    assert set(axes[:first]) <= {"C"}
    assert result.axis_labels == layer.axis_labels[first:]
    assert result.units == layer.units[first:]
    for i, letter in enumerate(axes[first:]):
        if letter == "C":
            assert result.data.shape[i] == 1
            continue
        assert result.scale[i] == layer.scale[first + i]
        assert result.translate[i] == layer.translate[first + i]
        assert result.data.shape[i] == layer.data.shape[first + i]


@pytest.mark.parametrize("length", [2, 3, 4, 5, 6])
def test_labels_lie_on_their_image_for_every_order_of_axes(length) -> None:
    layer = image_of("YXZTPC"[:length], **layout_of(length))
    made: dict[str, Labels] = {}  # orders that differ in nothing but names have one geometry
    for axes in (axes for axes in ORDERS if len(axes) == length):
        choose_axes(layer, axes)
        geometry = label_geometry(layer)
        key = repr((geometry.shape, geometry.layout))
        if key not in made:
            made[key] = Labels(np.zeros(geometry.shape, np.uint8), **geometry.layout)
        labels_agree(layer, made[key], axes)
        corners_agree(layer, made[key], axes)
    assert len(made) == (length if length > 2 else 0) + (length < 6)


@pytest.mark.parametrize("length", [2, 3, 4, 5, 6])
def test_every_kind_of_result_lies_on_its_image_in_a_viewer(qtbot, length) -> None:
    orders = [axes for axes in ORDERS if len(axes) == length]
    for axes in orders[:: -(-len(orders) // 3)]:
        layer = image_of(axes, **layout_of(length))
        viewer, results = results_of(layer)
        assert viewer.dims.ndim == layer.ndim
        for result in results:
            labels_agree(layer, result, axes)
            corners_agree(layer, result, axes)


def test_there_is_every_order() -> None:
    assert [sum(len(a) == n for a in ORDERS) for n in range(2, 7)] == [2, 24, 144, 480, 720]


@st.composite
def placed(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    axes = draw(st.sampled_from(ORDERS))
    count = len(axes)
    layout = layout_of(count)
    factor = st.floats(0.1, 5).flatmap(lambda f: st.sampled_from([f, -f]))
    layout["scale"] = np.array(draw(st.lists(factor, min_size=count, max_size=count)))
    layout["translate"] = draw(st.lists(st.floats(-9, 9), min_size=count, max_size=count))
    spatial = [i for i, a in enumerate(axes) if a in "ZYX"][-2:]
    turned, angle = np.eye(count), np.deg2rad(draw(st.floats(-180, 180)))
    turned[np.ix_(spatial, spatial)] = [
        [np.cos(angle), -np.sin(angle)],
        [np.sin(angle), np.cos(angle)],
    ]
    layout["rotate"] = turned
    return axes, layout


@pytest.mark.filterwarnings("ignore:Non-orthogonal")
@settings(max_examples=10, deadline=None)
@given(placed())
def test_results_lie_on_their_image_under_scale_translation_and_rotation(case) -> None:
    axes, layout = case
    layer = image_of(axes, **layout)
    viewer, results = results_of(layer)
    for result in results:
        corners_agree(layer, result, axes)


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(ORDERS), st.data())
def test_what_is_written_into_a_result_shows_where_it_was_read(axes, data) -> None:
    """A pixel of the image, found through the viewer, has the label made from it."""
    layer = image_of(axes, **layout_of(len(axes)))
    random = np.random.default_rng(0)
    layer.data = random.integers(0, 200, layer.data.shape).astype(np.uint8)
    viewer, store = viewer_with(layer)
    mask = store.find(store.open_mask(id_of(layer), ClassMap(tuple(range(1, 202))), "YX"))
    source = store.source(id_of(layer), "YX")
    first = [source.read(sample)[0] for sample in range(source.samples)]
    for sample, labels in enumerate(first):
        store.write(id_of(mask), sample, tuple(slice(0, n) for n in labels.shape), labels)
    place = [
        data.draw(st.integers(0, n - 1)) if a != "C" else 0
        for a, n in zip(axes, SIZES, strict=False)
    ]
    world = np.array(layer.data_to_world(place))[-mask.ndim :]
    at = tuple(round(float(x)) for x in mask.world_to_data(world))
    at = tuple(min(max(i, 0), n - 1) for i, n in zip(at, mask.data.shape, strict=True))
    assert mask.data[at] == layer.data[tuple(place)]
    spec = AxesSpec(axes)
    assert mask.data.size == np.prod(spec.label_shape(layer.data.shape))
