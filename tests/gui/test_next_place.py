"""The row that goes to the next place, and the layer of uncertainty, in a real viewer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image
from napari.utils.shortcuts import default_shortcuts

from napari_unet.app.surveyor import Survey
from napari_unet.core.next_place import Outlook, Place
from napari_unet.gui.layer_store import id_of, kind_of
from napari_unet.gui.shortcuts import BACK_KEY, CLASS_KEYS, NEXT_KEY, PROBABILITY_KEY
from napari_unet.gui.travel import Travel
from tests.gui.test_pages import press
from tests.gui.test_panel import image, window  # noqa: F401

SIDE = 64


def camera(viewer: Any) -> Any:
    return getattr(viewer, "scene", viewer).camera


def place(sample: int = 0, centre: tuple[int, ...] = (50, 12)) -> Place:
    box = tuple(slice(c, c + 1) for c in centre)
    return Place(sample, centre, box, "Unsure here: Background or Object?", 0.5)


@pytest.fixture
def desk(window) -> tuple[Any, Any]:  # noqa: F811
    viewer, panel = window(image(scale=(2, 2), translate=(10, -5)))
    panel.paint.new_paint()
    return viewer, panel


def survey(panel: Any, doubt: np.ndarray, step: int = 1, side: int = SIDE) -> Survey:
    box = (slice(0, side), slice(0, side))
    chances = np.stack([1 - doubt / 2, doubt / 2]).astype(np.float32)
    return Survey(panel.train.wish(), (Outlook(0, box, step, chances),), ())


def test_next_moves_the_camera_and_back_returns_and_no_layer_changes(desk):
    viewer, panel = desk
    before = (tuple(camera(viewer).center), camera(viewer).zoom)
    layers = [layer.data.copy() for layer in viewer.layers]
    assert not panel.next.back_button.isEnabled()
    panel.session.guidance.found.emit(place())
    assert np.allclose(camera(viewer).center[-2:], (10 + 2 * 50, -5 + 2 * 12))
    assert camera(viewer).zoom >= before[1]
    panel.session.guidance.found.emit(place(centre=(3, 3)))
    panel.next.back_button.click()
    assert np.allclose(camera(viewer).center[-2:], (110, 19))
    press(viewer, "Shift+N")
    assert (tuple(camera(viewer).center), camera(viewer).zoom) == before
    assert not panel.next.back_button.isEnabled()
    assert all(np.array_equal(a.data, b) for a, b in zip(viewer.layers, layers, strict=True))


def test_a_stack_is_turned_to_the_slice_and_back(window):  # noqa: F811
    viewer, panel = window(image(data=np.zeros((7, SIDE, SIDE), np.float32), scale=(3, 1, 1)))
    panel.paint.new_paint()
    viewer.dims.set_current_step(0, 1)
    panel.session.guidance.found.emit(place(sample=5))
    assert viewer.dims.current_step[0] == 5
    assert np.allclose(camera(viewer).center[-2:], (50, 12))
    panel.next.back()
    assert viewer.dims.current_step[0] == 1


@pytest.mark.parametrize(
    ("shape", "axes", "sample", "centre", "wanted"),
    [
        ((4, 5, 32, 40), "TZYX", 13, (20, 30), (2, 3, 20, 30)),
        ((5, 3, 32, 40), "ZCYX", 4, (20, 30), (4, 1, 20, 30)),
        ((4, 5, 32, 40), "TZYX", 2, (3, 20, 30), (2, 3, 20, 30)),
    ],
)
def test_every_axis_is_brought_to_the_place(
    make_napari_viewer, shape, axes, sample, centre, wanted
):
    viewer = make_napari_viewer()
    metadata = {"napari_unet": {"axes": axes}}
    layer = viewer.add_image(np.zeros(shape, np.uint8), metadata=metadata)
    viewer.add_points(np.zeros((1, 5)), ndim=5)  # one slider more than the image has axes
    viewer.dims.set_current_step(2, 1)
    Travel(viewer).go(layer, sample, centre)
    assert tuple(viewer.dims.current_step[1:3]) == wanted[:2]
    assert np.allclose(camera(viewer).center[-2:], wanted[2:])


def test_a_view_that_is_near_enough_is_not_zoomed_out(desk):
    viewer, panel = desk
    camera(viewer).zoom = 77.0
    panel.session.guidance.found.emit(place())
    assert camera(viewer).zoom == 77.0


def test_button_and_key_ask_and_show_that_it_looks(desk):
    viewer, panel = desk
    asked = []
    panel.session.guidance._ask = lambda: asked.append(1)
    panel.next.next_button.click()
    press(viewer, NEXT_KEY)
    assert len(asked) == 2
    panel.session.guidance.looking.emit(True)
    assert not panel.next.next_button.isEnabled()
    panel.session.guidance.looking.emit(False)
    assert panel.next.next_button.text() == "Next"


def test_the_row_waits_for_image_and_paint(window):  # noqa: F811
    _, panel = window()
    assert not panel.next.row.isEnabled()


def test_keys_are_free_listed_and_given_back(desk):
    viewer, panel = desk
    taken = {str(key) for keys in default_shortcuts.values() for key in keys}
    assert not {NEXT_KEY, "Shift+N"} & (taken | set(CLASS_KEYS))
    assert panel.next.keys() == {"N": "next place to paint", "Shift+N": "back from there"}
    panel._lifecycle.close()
    assert not any(str(key) in {NEXT_KEY, BACK_KEY, "Shift+N"} for key in viewer.keymap)


def test_uncertainty_is_a_layer_of_its_own_updated_in_place(desk):
    viewer, panel = desk
    before = {layer.name: layer.data.copy() for layer in viewer.layers}
    active = viewer.layers.selection.active
    mode = active.mode
    guidance = panel.session.guidance
    watched = []
    guidance.watch = watched.append  # type: ignore[method-assign]
    guidance.surveyed.emit(survey(panel, np.ones((SIDE, SIDE))))
    assert len(viewer.layers) == len(before)  # nobody wants to see it
    panel.next.doubt_box.setChecked(True)
    doubt = np.zeros((22, 22))
    doubt[10, 4] = 1
    guidance.surveyed.emit(survey(panel, doubt, step=3))
    layer = next(layer for layer in viewer.layers if kind_of(layer) == "uncertainty")
    assert isinstance(layer, Image)
    data = layer.data
    assert (data[30:33, 12:15] == 100).all()
    assert data.sum() == 900
    assert np.allclose(layer.scale, (2, 2))
    guidance.surveyed.emit(survey(panel, np.ones((SIDE, SIDE))))
    assert layer.data is data
    assert (data == 100).all()
    assert viewer.layers.selection.active is active
    assert active.mode == mode
    assert layer not in panel.session.train._layers.images()
    assert all(np.array_equal(viewer.layers[name].data, its) for name, its in before.items())
    press(viewer, PROBABILITY_KEY)
    assert not layer.visible
    panel.next.doubt_box.setChecked(False)
    assert layer not in viewer.layers
    assert watched == [True, False]


def test_uncertainty_removed_by_hand_stays_away(desk):
    viewer, panel = desk
    panel.session.guidance.watch = lambda on: None  # type: ignore[method-assign]
    panel.next.doubt_box.setChecked(True)
    panel.session.guidance.surveyed.emit(survey(panel, np.ones((SIDE, SIDE))))
    layer = next(layer for layer in viewer.layers if kind_of(layer) == "uncertainty")
    viewer.layers.remove(layer)
    assert not panel.next.doubt_box.isChecked()
    panel.session.guidance.surveyed.emit(survey(panel, np.ones((SIDE, SIDE))))
    assert all(kind_of(layer) != "uncertainty" for layer in viewer.layers)


def test_uncertainty_lies_on_the_image_after_other_axes(window):  # noqa: F811
    viewer, panel = window(image(data=np.zeros((40, SIDE), np.float32)))
    panel.paint.new_paint()
    panel.session.guidance.watch = lambda on: None  # type: ignore[method-assign]
    panel.next.doubt_box.setChecked(True)
    chances = np.full((2, 40, SIDE), 0.5, np.float32)
    outlook = Outlook(0, (slice(0, 40), slice(0, SIDE)), 1, chances)
    panel.session.guidance.surveyed.emit(Survey(panel.train.wish(), (outlook,), ()))
    picker = panel.paint.images
    panel.paint._on_image_picked(replace(picker.value(), axes="XY"))
    outlook = Outlook(0, (slice(0, SIDE), slice(0, 20)), 1, chances[:, :20].swapaxes(1, 2))
    panel.session.guidance.surveyed.emit(Survey(panel.train.wish(), (outlook,), ()))
    ours = [layer for layer in viewer.layers if kind_of(layer) == "uncertainty"]
    assert len(ours) == 1
    assert (ours[0].data[:20] == 100).all()
    assert not ours[0].data[20:].any()
    assert panel.next.doubt_box.isChecked()


def test_uncertainty_of_another_image_replaces_it(desk):
    viewer, panel = desk
    panel.session.guidance.watch = lambda on: None  # type: ignore[method-assign]
    panel.next.doubt_box.setChecked(True)
    panel.session.guidance.surveyed.emit(survey(panel, np.ones((SIDE, SIDE))))
    other = image("other", data=np.zeros((30, 30), np.float32))
    viewer.add_layer(other)
    panel.paint.sync()
    panel.paint.images.setValue(type(panel.paint.images.value())(id_of(other)))
    panel.paint.new_paint()
    panel.session.guidance.surveyed.emit(survey(panel, np.ones((30, 30)), side=30))
    ours = [layer for layer in viewer.layers if kind_of(layer) == "uncertainty"]
    assert [layer.data.shape for layer in ours] == [(30, 30)]
    assert panel.next.doubt_box.isChecked()
