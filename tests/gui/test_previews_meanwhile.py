"""Previews while the user goes on: other axes, new classes, copies, drafts of half an answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels
from napari.layers._layer_actions import _duplicate_layer

from napari_unet.core.events import PreviewDone
from napari_unet.core.paint_reading import annotate
from napari_unet.gui.layer_store import id_of, kind_of
from napari_unet.gui.layers import axes_of, choose_axes
from napari_unet.gui.paint_layer import names_of, rename_class
from tests.gui.test_panel import image, window  # noqa: F401

UPPER = (slice(0, 20), slice(0, 64))


class Desk:
    """A panel with a paint layer, and answers by hand."""

    def __init__(self, window, *layers: Any) -> None:  # noqa: F811
        self.viewer, self.panel = window(image(data=np.zeros((40, 64), np.float32)), *layers)
        self.image = self.viewer.layers["cells"]
        if not layers:
            self.panel.paint.new_paint()
        self.paint = self.panel.paint.paint
        self.previews = self.panel.session.glance._previews

    def open(self) -> Labels:
        self.previews.open(id_of(self.image), id_of(self.paint), "YX")
        return self.viewer.layers["cells preview"]

    def answer(self, box: Any, labels: np.ndarray, generation: int | None = None) -> bool:
        number = generation or self.previews.next_generation()
        return self.previews.show(id_of(self.image), PreviewDone(number, 0, 0, box, labels))

    def copy_of(self, layer: Any) -> Any:
        self.viewer.layers.selection = {layer}
        _duplicate_layer(self.viewer.layers)
        self.panel.paint.sync()
        return self.viewer.layers[f"{layer.name} copy"]


@pytest.fixture
def desk(window) -> Desk:  # noqa: F811
    return Desk(window)


def test_after_other_axes_answers_lie_where_they_belong(desk):
    preview = desk.open()
    asked = desk.previews.next_generation()
    picker = desk.panel.paint.images
    desk.panel.paint._on_image_picked(replace(picker.value(), axes="XY"))
    assert axes_of(desk.image) == "XY"
    desk.open()
    assert not desk.answer(UPPER, np.ones((20, 64), np.uint8), asked)  # asked for before
    block = np.zeros((64, 40), np.uint8)
    block[:, :5] = 2
    assert desk.answer((slice(0, 64), slice(0, 40)), block)
    assert (preview.data[:5] == 2).all()
    assert not preview.data[5:].any()


def test_a_class_with_a_large_value_is_shown_as_itself(window):  # noqa: F811
    desk = Desk(window, Labels(np.zeros((40, 64), np.int32), name="mine"))
    desk.paint = desk.viewer.layers["mine"]
    preview = desk.open()
    desk.answer(UPPER, np.full((20, 64), 2, np.uint8))
    desk.answer((slice(20, 40), slice(0, 64)), np.full((20, 64), 300, np.uint16))
    assert (preview.data[0, 0], preview.data[30, 0]) == (2, 300)


def test_nobody_paints_on_a_preview_which_the_next_answer_covers(desk):
    preview = desk.open()
    assert not preview.editable
    desk.previews.close()
    desk.open()
    assert not preview.editable


def test_a_draft_of_half_an_answer_says_nothing_of_the_rest(desk):
    desk.open()
    labels = np.zeros((20, 64), np.uint8)
    labels[4:8, 4:8] = 2
    desk.answer(UPPER, labels)
    desk.paint.data_setitem((np.array([2, 39]), np.array([2, 60])), np.array([1, 2]))
    desk.panel.draft.make()
    draft = desk.panel.paint.paint
    assert draft.name == "cells draft"
    painted = desk.panel.paint._store.snapshot(id_of(desk.image), id_of(draft), "YX")
    reading = painted.read()
    annotation = annotate(painted.paint, painted.source.axes, (40, 64), reading)
    assert sum(int((box.classes != 255).sum()) for box in annotation.boxes) == 20 * 64 + 1
    assert draft.data[0, 0] == 1
    assert draft.data[39, 60] == 2


def test_the_copy_of_a_layer_has_notes_of_its_own(desk):
    copy = desk.copy_of(desk.paint)
    rename_class(copy, 2, "Nucleus")
    assert names_of(desk.paint)[2] == "Object"
    second = desk.copy_of(desk.image)
    choose_axes(second, "XY")
    assert axes_of(desk.image) == "YX"
    assert isinstance(second, Image)


def test_the_copy_of_a_preview_is_kept_as_it_is(desk):
    preview = desk.open()
    desk.answer(UPPER, np.full((20, 64), 2, np.uint8))
    copy = desk.copy_of(preview)
    assert (kind_of(preview), kind_of(copy)) == ("preview", "mask")
    desk.viewer.layers.move(desk.viewer.layers.index(copy), 0)
    desk.previews.close()
    desk.open()
    assert (copy.data[:20] == 2).all()
    assert not preview.data.any()
