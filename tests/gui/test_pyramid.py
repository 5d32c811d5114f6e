"""Multiscale images: paint and results of a level lie where the level's pixels lie."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.layers import Image

from napari_unet.core.annotations import ClassMap
from napari_unet.gui.layer_store import ViewerLayers, id_of
from napari_unet.gui.layers import source_of
from napari_unet.gui.level_picker import LevelPicker
from napari_unet.gui.paint_counts import PaintCounts
from napari_unet.gui.paint_layer import new_paint_layer
from napari_unet.gui.place import choose_level, chosen_level, level_factors, pixel_at, point_of
from napari_unet.gui.pyramid import MOST_PIXELS, factors, sensible_level
from napari_unet.gui.view import shown_sample, view_of
from tests.gui.test_panel import window  # noqa: F401


def pyramid(shape: tuple[int, ...] = (200, 321), levels: int = 3, **more: Any) -> Image:
    """A pyramid of means of 2 by 2 pixels; the last rows and columns stand alone."""
    data = [np.random.default_rng(0).random(shape).astype(np.float32)]
    while len(data) < levels:
        rows, columns = data[-1].shape[-2:]
        odd = [(0, 0)] * (data[-1].ndim - 2) + [(0, rows % 2), (0, columns % 2)]
        even = np.pad(data[-1], odd, mode="edge")
        data.append(
            (even[..., ::2, ::2] + even[..., 1::2, ::2] + even[..., ::2, 1::2]
             + even[..., 1::2, 1::2]) / 4
        )  # fmt: skip
    return Image(data, multiscale=True, name="slide", **more)


class Lazy:
    """An array that may not be read."""

    def __init__(self, *shape: int) -> None:
        self.shape, self.dtype, self.ndim = shape, np.dtype(np.uint16), len(shape)

    def __getitem__(self, item: Any) -> np.ndarray:
        raise AssertionError("read")


@given(st.integers(1, 4000), st.integers(1, 4), st.sampled_from([2, 3, 4]), st.booleans())
def test_factors_are_whole_whichever_way_sides_were_rounded(
    side: int, level: int, step: int, up: bool
) -> None:
    shapes = [(side, side)]
    for _ in range(level):
        n = shapes[-1][0]
        n = -(-n // step) if up else max(1, n // step)
        shapes.append((n, n))
    if shapes[-1][0] > 2 * step**level:  # of a few pixels nobody could tell
        assert factors(shapes, level).tolist() == [step**level] * 2


def test_the_finest_level_that_is_not_too_large_is_worked_on() -> None:
    shapes = [(100_000, 80_000), (50_000, 40_000), (10_000, 10_000), (5_000, 5_000)]
    assert sensible_level(shapes, (-2, -1)) == 2
    assert sensible_level([(100, 100), (50, 50)], (-2, -1)) == 0
    assert sensible_level([(MOST_PIXELS, 2)], (-2, -1)) == 0


@pytest.mark.parametrize("level", [0, 1, 2])
@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"scale": (0.5, -0.25), "translate": (10, -4)},
        {"scale": (2, 3), "rotate": 30, "shear": [0.2], "translate": (1, 2)},
        {"scale": (0.5, 0.5), "affine": [[0, 2, 5], [1, 0.3, -7], [0, 0, 1]]},
    ],
)
def test_paint_lies_on_the_pixels_of_its_level(level: int, geometry: dict[str, Any]) -> None:
    image = pyramid(**geometry)
    choose_level(image, level)
    paint = new_paint_layer(image)
    assert paint.data.shape == image.data[level].shape
    factor = 2**level
    for pixel in ((0, 0), (7, 11), (40, 60)):
        covered = [
            image.data_to_world((factor * pixel[0] + i, factor * pixel[1] + j))
            for i in range(factor)
            for j in range(factor)
        ]
        assert np.allclose(paint.data_to_world(pixel), np.mean(covered, axis=0))
        assert np.allclose(point_of(image, np.array(pixel)), paint.data_to_world(pixel))
        assert np.allclose(pixel_at(image, tuple(point_of(image, np.array(pixel)))), pixel)
    spacing = np.abs(np.asarray(image.scale)) * factor
    assert source_of(image).axes.spatial_spacing == pytest.approx(tuple(spacing))


def test_a_level_is_read_and_nothing_else() -> None:
    levels = [Lazy(64_000, 64_000), Lazy(32_000, 32_000), np.zeros((8_000, 8_000), np.uint8)]
    layer = SimpleNamespace(
        data=levels, multiscale=True, ndim=2, rgb=False, metadata={}, scale=np.ones(2),
        units=("pixel", "pixel"), axis_labels=("y", "x"), name="slide",
    )  # fmt: skip
    assert chosen_level(layer) == 2
    assert level_factors(layer).tolist() == [8, 8]
    assert source_of(layer).array is levels[2]
    choose_level(layer, 1)
    assert source_of(layer).array is levels[1]


def test_view_and_frame_are_those_of_the_level(make_napari_viewer) -> None:
    viewer = make_napari_viewer()
    image = viewer.add_layer(pyramid((5, 200, 320), axis_labels=("t", "y", "x")))
    viewer.dims.set_current_step(0, 3)
    choose_level(image, 1)
    view = view_of(image, viewer.dims.point, "YX")
    assert view is not None
    assert view.sample == shown_sample(image, viewer.dims.point, "YX") == 3
    assert all(
        0 <= part.start < part.stop <= n for part, n in zip(view.box, (100, 160), strict=True)
    )


def test_results_lie_on_the_level_and_each_level_has_its_own_paint(
    make_napari_viewer, qtbot
) -> None:
    viewer = make_napari_viewer()
    image = viewer.add_layer(pyramid(scale=(0.5, 0.5), units=("um", "um")))
    store = ViewerLayers(viewer, PaintCounts(), viewer.window._qt_window)
    paints = {}
    for level in (0, 2):
        choose_level(image, level)
        assert store.paint_of(image) is None
        paints[level] = viewer.add_layer(new_paint_layer(image))
    assert store.paint_of(image) is paints[2]
    mask = store.find(store.open_mask(id_of(image), ClassMap((1, 2)), "YX"))
    assert mask.data.shape == image.data[2].shape
    assert np.allclose(mask.scale, (2, 2))
    assert np.allclose(mask.data_to_world((3, 4)), paints[2].data_to_world((3, 4)))
    snapshot = store.snapshot(id_of(image), id_of(paints[2]), "YX")
    assert snapshot.source.canonical_shape[2:] == image.data[2].shape
    choose_level(image, 0)
    assert store.paint_of(image) is paints[0]


def test_the_picker_says_sizes_in_real_units_and_hides_for_plain_images(docked) -> None:
    picker = LevelPicker()
    docked(picker)
    assert picker.isHidden()
    picker.set_image(pyramid(scale=(0.5, 0.5), units=("um", "um")))
    assert picker.isVisible()
    assert picker.levels() == [
        "full: 200 \u00d7 321, 0.5 \u00b5m pixels",
        "100 \u00d7 161, 1 \u00b5m pixels",
        "50 \u00d7 81, 2 \u00b5m pixels",
    ]  # fmt: skip
    picker.set_image(Image(np.zeros((8, 8))))
    assert picker.isHidden()


def test_choosing_a_level_is_told(docked, qtbot) -> None:
    picker = LevelPicker()
    docked(picker)
    picker.set_image(pyramid())
    with qtbot.waitSignal(picker.chosen) as told:
        picker.set_level(2)
    assert told.args == [2]


def test_the_panel_paints_on_the_chosen_level_and_comes_back_to_it(window) -> None:  # noqa: F811
    viewer, panel = window(pyramid())
    assert panel.paint.level.isVisibleTo(panel)
    panel.paint.level.set_level(1)
    panel.paint.new_paint()
    middle = panel.paint.paint
    assert middle.data.shape == (100, 161)
    panel.paint.level.set_level(0)
    assert panel.paint.paint is None
    panel.paint.new_paint()
    assert panel.paint.paint.data.shape == (200, 321)
    panel.paint.level.set_level(1)
    assert panel.paint.paint is middle
