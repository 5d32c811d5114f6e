"""Layers shown and hidden by keys, and a prediction copied to be corrected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels

from napari_unet.app.state import Phase
from napari_unet.core.annotations import ClassMap
from napari_unet.gui.key_list import KeyList
from napari_unet.gui.layer_store import id_of, kind_of
from napari_unet.gui.shortcuts import CLASS_KEYS, FLIP_KEY, PAINT_KEY, RESULT_KEY
from tests.gui.test_panel import image, window  # noqa: F401

CLASSES = ClassMap((1, 2, 3), 1, ("Background", "Object", "Rim"))


@pytest.fixture
def predicted(window) -> tuple[Any, Any]:  # noqa: F811
    """A viewer with an image, strokes on it, a preview and a mask."""
    viewer, panel = window(image())
    panel.paint.new_paint()
    layer = panel.paint.paint
    layer.data_setitem((np.array([1, 2, 30]), np.array([1, 2, 30])), np.array([1, 2, 3]))
    layers = panel.session.train._layers
    picture = panel.paint.image
    layers.open_preview(id_of(picture), id_of(layer), "YX")
    mask = layers.open_mask(id_of(picture), CLASSES, "YX")
    labels = np.zeros((64, 64), np.uint8)
    labels[20:44, 20:44] = 2
    labels[1, 1] = 2
    layers.write(mask, 0, (slice(0, 64), slice(0, 64)), labels)
    return viewer, panel


def shown(viewer: Any) -> dict[str, bool]:
    return {
        "paint" if kind_of(layer) in {"", "paint"} else kind_of(layer): layer.visible
        for layer in viewer.layers
        if isinstance(layer, Labels)
    }


def press(viewer: Any, key: str) -> None:
    viewer.keymap[next(k for k in viewer.keymap if str(k) == key)](viewer)


def test_the_pages_turn_and_come_back_to_what_was(predicted):
    viewer, _ = predicted
    before = shown(viewer)
    assert before == {"paint": True, "preview": False, "mask": True}
    pages = []
    for _ in range(4):
        press(viewer, FLIP_KEY)
        pages.append(shown(viewer))
    assert pages[:3] == [
        {"paint": False, "preview": False, "mask": False},
        {"paint": True, "preview": False, "mask": False},
        {"paint": False, "preview": False, "mask": True},
    ]
    assert pages[3] == before


def test_paint_and_result_go_on_and_off(predicted):
    viewer, _ = predicted
    press(viewer, PAINT_KEY)
    assert shown(viewer)["paint"] is False
    press(viewer, PAINT_KEY)
    assert shown(viewer)["paint"] is True
    press(viewer, RESULT_KEY)
    assert not shown(viewer)["mask"]
    press(viewer, RESULT_KEY)
    assert shown(viewer) == {"paint": True, "preview": False, "mask": True}


def test_layers_of_another_image_stay_as_they_are(predicted):
    viewer, panel = predicted
    other = image("other")
    viewer.add_layer(other)
    viewer.add_layer(Labels(np.zeros((64, 64), np.uint8), name="free"))
    for _ in range(3):
        press(viewer, FLIP_KEY)
        assert viewer.layers["free"].visible
        assert other.visible


def test_all_keys_are_listed_and_none_is_bound_twice(predicted):
    _, panel = predicted
    panel._advanced_section.toggled.emit(True)
    label = panel.findChild(KeyList)
    assert "next place to paint" in label.text()
    for key in (FLIP_KEY, PAINT_KEY, RESULT_KEY, CLASS_KEYS[0]):
        assert f"{key}" in label.text()
    assert not {FLIP_KEY, PAINT_KEY, RESULT_KEY} & set(CLASS_KEYS)


def test_keys_are_not_those_of_any_layer_mode(predicted):
    taken = {
        str(key)
        for kind in (Image, Labels)
        for cls in kind.__mro__
        for key in getattr(cls, "class_keymap", {})
    }
    assert not {FLIP_KEY, PAINT_KEY, RESULT_KEY} & taken


def test_keys_are_given_back_when_the_panel_closes(predicted):
    viewer, panel = predicted
    panel._lifecycle.close()
    assert not any(str(key) in {FLIP_KEY, PAINT_KEY, RESULT_KEY} for key in viewer.keymap)


def test_a_draft_holds_prediction_and_strokes_and_is_painted_on(predicted):
    viewer, panel = predicted
    strokes, mask = panel.paint.paint, viewer.layers["cells mask"]
    untouched = mask.data.copy()
    panel.draft.line.followed.emit()
    draft = panel.paint.paint
    assert draft.name == "cells draft"
    assert draft is viewer.layers.selection.active
    assert draft.data[30, 25] == 2
    assert (draft.data[1, 1], draft.data[2, 2], draft.data[30, 30]) == (0, 2, 3)
    assert not strokes.visible
    assert not mask.visible
    draft.data[20:44, 20:44] = 3
    assert np.array_equal(mask.data, untouched)
    painted = panel.session.train._layers.snapshot(id_of(panel.paint.image), id_of(draft), "YX")
    assert painted.read().mode == "mask"
    assert panel.train.wish().pairs[0][1] == id_of(draft)
    assert panel.session.state.phase is Phase.IDLE


def test_without_a_prediction_there_is_nothing_to_correct(window):  # noqa: F811
    viewer, panel = window(image())
    panel.draft.line.followed.emit()
    assert len(viewer.layers) == 1
    assert "no prediction" in panel.session.state.message.text


def test_the_preview_takes_the_colour_of_a_class_added_later(predicted):
    viewer, panel = predicted
    layers, picture, strokes = (
        panel.session.train._layers,
        panel.paint.image,
        panel.paint.paint,
    )
    preview = layers.open_preview(id_of(picture), id_of(strokes), "YX")
    panel.paint.editor.table.add_requested.emit()
    value = strokes.selected_label
    layers.write(preview, 0, (slice(0, 2), slice(0, 2)), np.full((2, 2), value, np.uint8))
    assert np.allclose(viewer.layers["cells preview"].get_color(value), strokes.get_color(value))
