"""Images too large for one layer of paint: areas of their own, and nothing is read whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_unet.core.annotations import ClassMap
from napari_unet.core.assemble import assemble
from napari_unet.gui import region as regions
from napari_unet.gui import view as view_module
from napari_unet.gui.layer_store import ViewerLayers, id_of
from napari_unet.gui.layers import label_geometry, source_of
from napari_unet.gui.paint_counts import PaintCounts
from napari_unet.gui.paint_layer import new_paint_layer
from napari_unet.gui.place import (
    level_zero,
    pixel_at,
    place_of,
    point_of,
    set_place,
    whole,
    worked_on,
)
from napari_unet.gui.region import region_around, too_large
from napari_unet.gui.view import area_on_screen, view_of
from tests.gui.test_panel import window  # noqa: F401


class Counting:
    """A huge image made of its coordinates, that may be read in pieces only."""

    def __init__(self, *shape: int, most: int = 40_000_000) -> None:
        self.shape, self.dtype, self.ndim = shape, np.dtype(np.uint16), len(shape)
        self.size = int(np.prod(shape))
        self.most, self.largest = most, 0

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self[(slice(None),) * self.ndim].astype(dtype or self.dtype)

    def __getitem__(self, index: Any) -> np.ndarray:
        index = index if isinstance(index, tuple) else (index,)
        index = (*index, *[slice(None)] * (self.ndim - len(index)))
        axes = [np.arange(n)[i] for n, i in zip(self.shape, index, strict=True)]
        size = int(np.prod([np.size(axis) for axis in axes]))
        self.largest = max(self.largest, size)
        assert size <= self.most, f"{size} elements were read at once"
        sides = [np.atleast_1d(axis) for axis in axes]
        total = sum(
            side.reshape([-1 if i == k else 1 for k in range(len(sides))])
            for i, side in enumerate(sides)
        )
        return (total % 251).astype(np.uint16).reshape([np.size(a) for a in axes if np.ndim(a)])


def huge(side: int = 20_000, **more: Any) -> tuple[Image, Counting]:
    """A pyramid whose finest level is huge, as napari shows such images."""
    finest = Counting(side, side)
    levels = [finest, *[Counting(side // 2**k, side // 2**k, most=10**9) for k in range(1, 6)]]
    image = Image(levels, multiscale=True, name="slide", contrast_limits=(0, 255), **more)
    set_place(image, {"level": 0})
    return image, finest


def test_what_is_too_large_depends_on_size_and_memory(monkeypatch) -> None:
    assert not too_large((4096, 4096), (0, 1))
    assert too_large((20_000, 20_000), (0, 1))
    assert too_large((100, 3000, 3000), (1, 2))
    assert not too_large((5000, 512, 512), (1, 2))  # areas of it would be no smaller
    monkeypatch.setattr(regions, "most_labels", lambda: 1_000_000)
    assert too_large((4096, 4096), (0, 1))


def test_an_area_lies_inside_around_a_pixel_as_large_as_may_be() -> None:
    assert region_around((20_000, 30_000), (0, 1), (10_000, 15_000)) == (
        (7952, 12_048), (12_952, 17_048),
    )  # fmt: skip
    assert region_around((20_000, 30_000), (0, 1), (0, 29_999)) == ((0, 4096), (25_904, 30_000))
    assert region_around((10, 20_000, 30_000), (1, 2), (3, 0, 0))[0] == (0, 10)
    (_, rows, _) = region_around((10, 20_000, 30_000), (1, 2), (3, 0, 0))
    assert 1024 <= rows[1] - rows[0] <= 4096


@pytest.mark.parametrize("geometry", [{}, {"scale": (0.5, 2), "rotate": 20, "translate": (7, 9)}])
def test_paint_of_an_area_lies_on_its_pixels(geometry: dict[str, Any]) -> None:
    image, finest = huge(**geometry)
    finest.largest = 0
    set_place(image, {"level": 0, "region": ((100, 612), (4000, 5000))})
    paint = new_paint_layer(image)
    assert paint.data.shape == (512, 1000)
    for pixel in ((0, 0), (300, 999)):
        where = image.data_to_world((100 + pixel[0], 4000 + pixel[1]))
        assert np.allclose(paint.data_to_world(pixel), where)
        assert np.allclose(point_of(image, np.array(pixel)), where)
        assert np.allclose(pixel_at(image, where), pixel)
    source = source_of(image)
    assert source.spatial_shape == (512, 1000)
    box = (slice(3, 5), slice(7, 8))
    assert source.read(0, box).ravel().tolist() == [(103 + 4007) % 251, (104 + 4007) % 251]
    assert finest.largest == 2


def test_all_of_the_image_is_predicted_whatever_area_is_painted(make_napari_viewer) -> None:
    viewer = make_napari_viewer()
    image = viewer.add_image(np.zeros((300, 400), np.uint8), name="slide")
    store = ViewerLayers(viewer, PaintCounts(), viewer.window._qt_window)
    set_place(image, {"region": ((10, 110), (20, 220))})
    assert store.source(id_of(image), "YX").spatial_shape == (300, 400)
    mask = store.find(store.open_mask(id_of(image), ClassMap((1, 2)), "YX"))
    assert mask.data.shape == (300, 400)
    assert label_geometry(image).shape == (100, 200)
    with worked_on([image], whole(image)):
        assert level_zero(image).shape == (300, 400)
    assert level_zero(image).shape == (100, 200)


def test_a_paint_layer_is_made_where_the_user_looks_and_all_are_learned(
    window,  # noqa: F811
    qtbot,
    monkeypatch,
) -> None:
    image, finest = huge()
    _, panel = window(image)
    looked_at = iter([(15_000, 4_000), (2_000, 18_000)])
    monkeypatch.setattr(view_module, "middle_of_view", lambda _: next(looked_at))
    panel.paint.new_paint()
    first = panel.paint.paint
    assert first.data.shape == (4096, 4096)
    assert np.allclose(first.data_to_world((2048, 2048)), (15_000, 4_000))
    first.data_setitem((np.array([1400, 1401]), np.array([30, 30])), 1)

    panel.paint.new_paint()
    second = panel.paint.paint
    assert second is not first
    second.data_setitem((np.array([5, 6]), np.array([7, 7])), 2)
    wish = panel.train.wish()
    assert [paint for _, paint in wish.pairs] == [id_of(second), id_of(first)]

    store = panel.paint._store
    painted = [store.snapshot(*pair, "YX") for pair in wish.pairs]
    training = assemble(painted).training
    places = [
        (image_.annotation.boxes[0].start, image_.source.spatial_shape)
        for image_ in training.images
    ]
    assert len(places) == 2
    for one, layer in zip(painted, (second, first), strict=True):
        rows, columns = place_of(layer)["region"]
        corner = one.source.read(0, (slice(0, 1), slice(0, 1)))
        assert corner.item() == (rows[0] + columns[0]) % 251

    panel.paint.paints.setValue(id_of(first))
    panel.paint._on_paint_picked(id_of(first))
    assert (
        source_of(image).read(0, (slice(0, 1), slice(0, 1))).item()
        == painted[1].source.read(0, (slice(0, 1), slice(0, 1))).item()
    )
    assert finest.largest <= 40_000_000


def test_an_ordinary_image_is_painted_as_a_whole(make_napari_viewer) -> None:
    viewer = make_napari_viewer()
    image = viewer.add_image(np.zeros((300, 400), np.uint8))
    assert area_on_screen(image) is None


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        (((500, 4100), (700, 4300)), ((400, 512), (100, 301))),
        (((0, 0), (250, 4200)), ((0, 151), (0, 201))),
        (((5000, 5000), (6000, 6000)), None),
    ],
)
def test_what_is_on_screen_is_told_in_pixels_of_the_area(corners, expected) -> None:
    image, _ = huge()
    set_place(image, {"level": 0, "region": ((100, 612), (4000, 5000))})
    image.data_level = 0
    image.corner_pixels = np.array(corners)
    view = view_of(image, (300.0, 4200.0), "YX")
    assert (None if view is None else tuple((s.start, s.stop) for s in view.box)) == expected
