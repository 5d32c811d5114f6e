"""What changed on a layer is copied, in parts, for those who learn from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Labels
from qtpy.QtCore import QObject

from napari_unet.gui import live_paint
from napari_unet.gui.layer_store import ViewerLayers, id_of
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.live_paint import LivePaint
from napari_unet.gui.paint_counts import PaintCounts
from napari_unet.gui.paint_layer import new_paint_layer
from napari_unet.gui.paint_watch import PaintWatch


class Learner:
    """Follows one layer under number 3, and keeps a copy in step."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.paint: Any = None
        self.copy = np.zeros(shape, np.int64)
        self.calls: list[int] = []
        self.names: Any = None

    def number_of(self, paint: Any) -> int | None:
        return 3 if paint == self.paint else None

    def repaint(self, pieces, names) -> None:
        self.calls.append(len(pieces))
        self.names = names
        for piece in pieces:
            assert piece.image == 3
            self.copy[piece.where] = piece.values


class Scene:
    def __init__(self, viewer: Any, image: Image, layer: Labels | None = None) -> None:
        self.viewer, self.parent, self.life = viewer, QObject(), Lifecycle()
        viewer.add_layer(image)
        self.layer = layer or new_paint_layer(image)
        viewer.add_layer(self.layer)
        store = ViewerLayers(viewer, PaintCounts(self.parent), self.parent)
        watch = PaintWatch(viewer, self.life, self.parent)
        self.done: list[Any] = []
        self.replaced: list[bool] = []
        axes = image.metadata.get("napari_unet", {}).get("axes", "YX")
        shape = [n for n, a in zip(image.data.shape, axes, strict=False) if a != "C"]
        self.learner = Learner(tuple(shape))
        self.learner.paint = id_of(self.layer)
        self.live = LivePaint(
            store,
            watch,
            [self.learner],
            self.done.append,
            lambda: self.replaced.append(True),
            self.parent,
        )


def image(shape: tuple[int, ...], axes: str, **more: Any) -> Image:
    pixels = np.zeros(shape, np.uint8)
    return Image(pixels, name="cells", metadata={"napari_unet": {"axes": axes}}, **more)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((700, 600), "YX"), ((3, 40, 50), "ZYX"), ((2, 60, 70), "CYX"), ((4, 2, 30, 20), "TCYX")],
)
def test_strokes_and_undo_are_copied_where_they_are(make_napari_viewer, qtbot, shape, axes):
    scene = Scene(make_napari_viewer(), image(shape, axes))
    layer = scene.layer
    place = tuple(n // 2 for n in layer.data.shape)
    wanted = layer.data.reshape(scene.learner.copy.shape)
    layer.paint(place, 2)
    qtbot.waitUntil(lambda: len(scene.done) == 1)
    assert scene.learner.copy.any()
    assert np.array_equal(scene.learner.copy, wanted)
    assert scene.learner.names[2] == "Object"
    layer.undo()
    qtbot.waitUntil(lambda: len(scene.done) == 2)
    assert not scene.learner.copy.any()
    assert scene.done == [id_of(layer)] * 2


def test_paint_over_the_channels_of_an_image_is_flattened(make_napari_viewer, qtbot):
    picture = image((60, 50, 2), "YXC")
    layer = Labels(np.zeros((60, 50, 2), np.uint8))
    scene = Scene(make_napari_viewer(), picture, layer)
    layer.metadata["napari_unet"] = {"image": "cells", "image_id": id_of(picture)}
    layer.data_setitem((np.array([5, 6]), np.array([7, 8]), np.array([1, 1])), 2)
    qtbot.waitUntil(lambda: len(scene.done) == 1)
    assert np.array_equal(scene.learner.copy, layer.data.max(axis=2))


def test_strokes_that_follow_quickly_are_gathered(make_napari_viewer, qtbot):
    scene = Scene(make_napari_viewer(), image((64, 64), "YX"))
    for row in range(10, 50, 5):
        scene.layer.paint((row, 20), 1)
    qtbot.waitUntil(lambda: len(scene.done) == 1)
    scene.layer.paint((60, 60), 1)
    scene.layer.paint((62, 60), 1)
    qtbot.waitUntil(lambda: len(scene.done) == 2)
    assert scene.learner.calls == [1, 1]
    assert np.array_equal(scene.learner.copy, scene.layer.data)


def test_a_large_change_is_copied_in_slices(make_napari_viewer, qtbot, monkeypatch):
    monkeypatch.setattr(live_paint, "_SIDE", 16)
    monkeypatch.setattr(live_paint, "_SLICE_SECONDS", 0.0005)
    scene = Scene(make_napari_viewer(), image((512, 512), "YX"))
    scene.layer.data = np.full((512, 512), 2, np.uint8)
    qtbot.waitUntil(lambda: len(scene.done) == 1)
    assert scene.replaced == [True]
    assert (scene.learner.copy == 2).all()
    assert len(scene.learner.calls) > 1


def test_layers_nobody_learns_from_cost_nothing(make_napari_viewer, qtbot):
    scene = Scene(make_napari_viewer(), image((64, 64), "YX"))
    scene.learner.paint = "another"
    scene.layer.paint((5, 5), 1)
    qtbot.waitUntil(lambda: len(scene.done) == 1)
    assert scene.learner.calls == []


def test_a_layer_that_does_not_fit_the_image_is_left_alone(make_napari_viewer, qtbot):
    scene = Scene(make_napari_viewer(), image((64, 64), "YX"))
    scene.layer.data = np.ones((32, 40), np.uint8)
    qtbot.waitUntil(lambda: len(scene.done) == 1)
    assert not scene.learner.copy.any()
