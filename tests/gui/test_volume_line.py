"""Stacks are learned as volumes where that pays; the panel says so, and it can be changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_unet.gui.panel import UNetPaint

PICTURE = np.random.default_rng(0).random((64, 64))
STACK = np.random.default_rng(0).random((16, 64, 64))


@pytest.fixture
def panel(make_napari_viewer, qtbot):
    """The panel in a viewer of its own."""
    viewer = make_napari_viewer()
    widget = UNetPaint(viewer)
    viewer.window.add_dock_widget(widget)
    qtbot.addWidget(widget)
    return viewer, widget


def _choices(widget: UNetPaint) -> list[str]:
    combo = widget.volume._combo
    return [combo.itemText(i) for i in range(combo.count())]


def test_a_picture_has_nothing_to_choose(panel) -> None:
    viewer, widget = panel
    viewer.add_image(PICTURE)
    widget.paint.sync()
    assert widget.volume.isHidden()
    assert widget.settings().model.dimensions == 2


def test_a_stack_is_learned_as_a_volume_and_the_reason_is_said(panel) -> None:
    viewer, widget = panel
    viewer.add_image(STACK, scale=(2, 1, 1))
    widget.paint.sync()
    assert not widget.volume.isHidden()
    assert widget.volume.words() == "3D, as a volume: 16 slices"
    assert widget.settings().model.dimensions == 3
    widget.paint.new_paint()
    widget.paint.paint.data[4, 3:9, 3:9] = 1
    widget.paint.sync()
    assert widget.volume.words() == "3D, as a volume: 1 of 16 painted"


def test_slices_far_apart_are_learned_one_by_one(panel) -> None:
    viewer, widget = panel
    viewer.add_image(STACK, scale=(6, 1, 1))
    widget.paint.sync()
    assert widget.volume.words() == "2D: slices lie 6 pixels apart"
    assert widget.settings().model.dimensions == 2


def test_what_the_user_chooses_stays(panel) -> None:
    viewer, widget = panel
    viewer.add_image(STACK)
    widget.paint.sync()
    widget.volume.choose("2")
    assert widget.settings().model.dimensions == 2
    widget.paint.sync()
    assert widget.settings().model.dimensions == 2
    widget.volume.choose("auto")
    assert widget.settings().model.dimensions == 3
    assert len(_choices(widget)) == 3


def test_a_stack_then_a_picture(panel) -> None:
    viewer, widget = panel
    stack = viewer.add_image(STACK)
    widget.paint.sync()
    assert widget.settings().model.dimensions == 3
    viewer.layers.remove(stack)
    viewer.add_image(PICTURE)
    widget.paint.sync()
    assert widget.settings().model.dimensions == 2
    assert widget.volume.isHidden()


def test_advanced_and_the_line_agree(panel) -> None:
    viewer, widget = panel
    viewer.add_image(STACK)
    widget.paint.sync()
    settings = widget.settings()
    widget._on_settings(replace(settings, model=settings.model.changed(dimensions=2)))
    assert widget.volume.dimensions() == 2
    assert widget.volume.words() == "2D, slice by slice"
