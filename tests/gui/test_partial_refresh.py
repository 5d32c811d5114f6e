"""Parts of a layer drawn anew look like the whole drawn anew, and the rest is not touched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_unet.core.axes import AxesSpec
from napari_unet.gui.label_arrays import write_labels
from napari_unet.gui.partial_refresh import refresh_parts


def shown(layer: Labels) -> np.ndarray:
    return np.asarray(layer._slice.image.view).copy()


@pytest.fixture
def layer() -> Labels:
    labels = np.zeros((40, 60), np.uint8)
    labels[5:9, 5:9] = 1
    made = Labels(labels)
    ViewerModel().add_layer(made)
    return made


def heard(layer: Labels) -> list[Any]:
    """What a canvas hears of: offsets of parts, or ``"all"``."""
    events: list[Any] = []
    layer.events.labels_update.connect(lambda e: events.append((e.offset, e.data.shape)))
    layer.events.set_data.connect(lambda _: events.append("all"))
    return events


def test_only_the_parts_that_changed_go_to_the_card(layer: Labels) -> None:
    events = heard(layer)
    parts = [(slice(10, 20), slice(30, 50)), (slice(0, 4), slice(0, 8))]
    layer.data[parts[0]], layer.data[parts[1]] = 2, 5
    refresh_parts(layer, parts)
    assert events == [([10, 30], (10, 20)), ([0, 0], (4, 8))]
    seen = shown(layer)
    layer.refresh()
    assert np.array_equal(seen, shown(layer))


def test_a_slice_that_is_not_on_screen_is_not_drawn() -> None:
    viewer = ViewerModel()
    layer = viewer.add_labels(np.zeros((3, 20, 30), np.uint8))
    viewer.dims.set_point(0, 1)
    events = heard(layer)
    elsewhere, here = ((slice(z, z + 1), slice(2, 8), slice(3, 9)) for z in (2, 1))
    layer.data[elsewhere], layer.data[here] = 4, 2
    refresh_parts(layer, [elsewhere])
    assert events == []
    refresh_parts(layer, [here])
    assert events == [([2, 3], (6, 6))]
    seen = shown(layer)
    layer.refresh()
    assert np.array_equal(seen, shown(layer))


def test_turned_axes_are_drawn_where_they_lie() -> None:
    viewer = ViewerModel()
    layer = viewer.add_labels(np.zeros((6, 20, 30), np.uint8))
    viewer.dims.order = (1, 2, 0)
    viewer.dims.set_point(1, 5)
    part = (slice(2, 4), slice(0, 20), slice(3, 9))
    layer.data[part] = 7
    refresh_parts(layer, [part])
    seen = shown(layer)
    assert seen.any()
    layer.refresh()
    assert np.array_equal(seen, shown(layer))


@pytest.mark.parametrize("how", ["contour", "3D", "another napari", "an image"])
def test_where_parts_cannot_be_drawn_the_whole_is(how: str, monkeypatch) -> None:
    viewer = ViewerModel()
    data = np.zeros((4, 20, 30), np.uint8)
    layer = viewer.add_image(data) if how == "an image" else viewer.add_labels(data)
    if how == "contour":
        layer.contour = 1
    if how == "3D":
        viewer.dims.ndisplay = 3
    viewer.dims.set_point(0, 0)
    if how == "another napari":
        monkeypatch.delattr(Labels, "_accumulate_updated_slice")
    events: list[str] = []
    layer.events.set_data.connect(lambda _: events.append("all"))
    layer.data[0, 2:8, 3:9] = 2
    refresh_parts(layer, [(slice(0, 1), slice(2, 8), slice(3, 9))])
    assert events == ["all"]


@pytest.mark.parametrize(
    ("axes", "shape", "sample", "part"),
    [
        ("YX", (20, 30), 0, (slice(2, 8), slice(3, 9))),
        ("TYX", (3, 20, 30), 2, (slice(2, 3), slice(2, 8), slice(3, 9))),
        ("CYX", (1, 20, 30), 0, (slice(0, 1), slice(2, 8), slice(3, 9))),
    ],
)
def test_what_was_written_is_told(axes, shape, sample, part) -> None:
    data = np.zeros(shape, np.uint8)
    spec = AxesSpec(axes, spatial="YX")
    box = (slice(2, 8), slice(3, 9))
    assert write_labels(data, spec, sample, box, np.full((6, 6), 4, np.uint8)) == part
    assert (data[part] == 4).all()
    assert np.count_nonzero(data) == 36
