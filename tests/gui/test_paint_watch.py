"""Strokes, erasing, undo and redo are told with the pixels they changed, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtCore import QObject

from napari_unet.core.edits import MaskEdit
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.paint_watch import PaintChange, PaintWatch


class Told:
    """A viewer with one labels layer, a watch, a mirror of the layer kept from what is told."""

    def __init__(self, shape: tuple[int, ...] = (40, 50), parent: QObject | None = None) -> None:
        self.viewer = ViewerModel()
        self.layer = self.viewer.add_labels(np.zeros(shape, np.uint8), name="paint")
        self.life = Lifecycle()
        self.owner = QObject()
        self.watch = PaintWatch(self.viewer, self.life, self.owner)
        self.changes: list[PaintChange] = []
        self.watch.changed.connect(self.changes.append)
        self.mirror = np.zeros(shape, np.uint8)

    def follow(self) -> int:
        """Apply what was told to the mirror; how many changes there were."""
        self.watch.flush()
        told, self.changes[:] = list(self.changes), []
        for change in told:
            for edit in change.edits:
                if isinstance(edit, MaskEdit):
                    part = self.mirror[edit.box]
                    part[slice(None) if edit.mask is None else edit.mask] = edit.values
                else:
                    self.mirror[edit.where] = edit.values
        return len(told)


@pytest.fixture
def told(qapp: Any) -> Iterator[Told]:
    told = Told()
    yield told
    told.life.close()


def drag(layer: Labels, value: int, *points: tuple[float, ...]) -> None:
    """What a drag of the mouse does."""
    with layer.block_history():
        for point in points:
            layer.paint(point, value)


def test_a_drag_is_one_change_with_its_box(told: Told) -> None:
    told.layer.brush_size = 4
    drag(told.layer, 2, (5, 5), (5, 9), (30, 40))
    told.watch.flush()
    (change,) = told.changes
    assert change.layer is told.layer
    rows, columns = np.nonzero(told.layer.data)
    assert change.box == (
        slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1),
    )  # fmt: skip
    assert told.follow() == 1
    assert np.array_equal(told.mirror, told.layer.data)


def test_the_data_has_the_change_when_it_is_told(told: Told, qtbot) -> None:
    seen = []
    told.watch.changed.connect(lambda change: seen.append(change.layer.data[change.box].any()))
    told.layer.paint((5, 5), 1)  # outside a drag napari announces it before it is made
    qtbot.waitUntil(lambda: seen == [True])


def test_erase_undo_and_redo_are_followed(told: Told) -> None:
    layer = told.layer
    for act in (
        lambda: drag(layer, 1, (5, 5), (6, 9)),
        lambda: layer.data_setitem((np.array([1, 2]), np.array([3, 4])), 3),
        lambda: layer.data_setitem((np.array([1, 2]), np.array([3, 4])), np.array([1, 2])),
        lambda: layer.fill((20, 20), 2),
        lambda: drag(layer, 0, (6, 9), (7, 12)),
        layer.undo,
        layer.undo,
        layer.redo,
        lambda: [layer.undo() for _ in range(3)],
        lambda: drag(layer, 2, (9, 9)),
        layer.redo,
        layer.undo,
    ):
        act()
        told.follow()
        assert np.array_equal(told.mirror, layer.data)
    assert told.mirror.any()


def test_undo_right_after_a_full_history_is_followed(told: Told) -> None:
    for number in range(105):
        told.layer.paint((number % 40, number % 50), 1 + number % 3)
    for _ in range(7):
        told.layer.undo()
    told.layer.redo()
    assert told.follow() == 105 + 7 + 1
    assert np.array_equal(told.mirror, told.layer.data)


def test_slices_keep_their_undo_and_moving_is_no_change(qapp) -> None:
    told = Told((4, 30, 30))
    told.viewer.dims.set_point(0, 1)
    told.layer.paint((1, 5, 5), 2)
    told.viewer.dims.set_point(0, 3)
    told.layer.paint((3, 9, 9), 1)
    assert told.follow() == 2
    told.viewer.dims.set_point(0, 0)
    assert told.follow() == 0
    told.layer.undo()
    told.layer.undo()
    assert told.follow() == 2
    assert np.array_equal(told.mirror, told.layer.data)
    assert not told.mirror.any()
    told.life.close()


def test_another_array_is_told_as_a_whole(told: Told) -> None:
    told.layer.paint((5, 5), 1)
    told.follow()
    told.layer.data = np.ones((40, 50), np.uint8)
    told.watch.flush()
    (change,) = told.changes
    assert change.replaced
    assert change.box == (slice(0, 40), slice(0, 50))


def test_layers_that_come_are_followed_and_those_that_go_are_let_go(told: Told) -> None:
    other = told.viewer.add_labels(np.zeros((9, 9), np.uint8))
    other.paint((4, 4), 1)
    told.watch.flush()
    assert [change.layer for change in told.changes] == [other]
    told.viewer.layers.remove(other)
    other.paint((1, 1), 2)
    told.life.close()
    told.layer.paint((5, 5), 1)
    told.watch.flush()
    assert len(told.changes) == 1


def test_what_was_not_told_yet_is_told_at_the_end(told: Told) -> None:
    told.layer.paint((5, 5), 1)
    told.life.close()
    assert len(told.changes) == 1
