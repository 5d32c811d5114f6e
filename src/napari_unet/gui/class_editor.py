"""The classes of the layer being painted on: shown, edited, switched by key, counted."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_unet.core.paint_reading import PaintReading
from napari_unet.gui.class_table import ERASER, ClassRow, ClassTable
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.notes import notes_of
from napari_unet.gui.paint_counts import PaintCounts, rows_of_change
from napari_unet.gui.paint_layer import (
    add_class,
    colour_of,
    names_of,
    recolour_class,
    remove_class,
    rename_class,
    show_classes,
)
from napari_unet.gui.place import level_zero
from napari_unet.gui.shortcuts import ERASER_KEY, ClassKeys

_UNDO_STEPS = 100
"""How many strokes napari can undo."""

_MOST_UNNAMED = 12
"""Painted values without a name are listed up to this number; more are objects, not classes."""


class ClassEditor(QObject):
    """Keeps the class table and the paint layer in agreement, both ways.

    Parameters
    ----------
    viewer : napari.Viewer
    counts : PaintCounts
    lifecycle : Lifecycle
    parent : QObject
    """

    painted = Signal()
    """The paint was counted after a change, or is to be read anew."""
    said = Signal(str)
    """One sentence for the user."""

    def __init__(
        self, viewer: Any, counts: PaintCounts, lifecycle: Lifecycle, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._viewer, self._counts = viewer, counts
        self._paint: Any | None = None
        self._lately: deque[slice] = deque(maxlen=_UNDO_STEPS)
        self._followed = Lifecycle()
        self._keys = ClassKeys(viewer, self._on_key, self._show)
        lifecycle.at_close(self._keys.unbind)
        lifecycle.at_close(self._let_go)
        self.table = ClassTable()
        self.table.set_eraser_key(ERASER_KEY)
        self.table.select_requested.connect(self.paint_with)
        self.table.rename_requested.connect(self._on_rename)
        self.table.recolour_requested.connect(self._on_recolour)
        self.table.add_requested.connect(self._on_add)
        self.table.remove_requested.connect(self._on_remove)
        self.table.mode_requested.connect(self._on_mode)
        counts.counted.connect(self._on_counted)

    def keys(self) -> dict[str, str]:
        """What the keys of the first classes are; the table tells of each."""
        first = [self._keys.key_of(number) for number in range(3)]
        return {" ".join([*filter(None, first), "\u2026"]): "classes"} if any(first) else {}

    @property
    def paint(self) -> Any | None:
        """The paint layer whose classes are edited."""
        return self._paint

    @property
    def pixels(self) -> dict[int, int]:
        """Painted pixels of each value, as far as counted."""
        return self._counts.current

    def set_reading(self, reading: PaintReading | None) -> None:
        """Show how the paint is read."""
        if reading is None or not len(reading.classes):
            self.table.set_reading(None)
        else:
            self.table.set_reading(reading.mode, reading.sentence)

    def paint_with(self, value: int) -> None:
        """Make the paint layer active, ready to paint with this value; 0 erases."""
        paint = self._paint
        if paint is None:
            return
        paint.visible = True
        if self._viewer.layers.selection.active != paint:
            self._viewer.layers.selection.active = paint
        if value == ERASER:
            paint.mode = "erase"
        else:
            paint.selected_label = value
            paint.mode = "paint"

    def follow(self, paint: Any | None) -> None:
        """Show and count this layer from now on; None for none."""
        if paint is None and self._paint is None:
            return
        if paint is not None and paint == self._paint:
            return
        self._followed.close()
        self._followed = Lifecycle()
        self._lately.clear()
        self._paint = paint
        self.table.set_reading(None)
        if paint is None:
            self._counts.set_array(None)
            self.table.setValue(())
            return
        if names_of(paint):
            show_classes(paint)
        events = paint.events
        self._followed.connect(events.paint, self._on_stroke)
        self._followed.connect(events.set_data, self._on_redrawn)
        self._followed.connect(events.data, self._on_data)
        for event in (events.selected_label, events.mode, events.colormap):
            self._followed.connect(event, self._show)
        self._counts.set_array(level_zero(paint))
        self._show()

    def _let_go(self) -> None:
        self._followed.close()

    def _on_stroke(self, event: Any) -> None:
        rows = rows_of_change(event.value)
        if rows is not None:
            self._lately.append(rows)
        self._counts.touch(rows)

    def _on_redrawn(self, _: Any) -> None:
        """Undo and redo are announced by nothing but this; they change what was painted lately."""
        paint, dims = self._paint, self._viewer.dims
        if paint is None:
            return
        if dims.ndim - paint.ndim in dims.displayed:
            self._counts.touch()
            return
        point = paint.world_to_data(dims.point[-paint.ndim :])
        row = int(np.clip(round(float(point[0])), 0, level_zero(paint).shape[0] - 1))
        for rows in (*self._lately, slice(row, row + 1)):
            self._counts.touch(rows)

    def _on_data(self, _: Any) -> None:
        if self._paint is not None:
            self._counts.set_array(level_zero(self._paint))

    def _on_counted(self, _: dict[int, int]) -> None:
        self._show()
        self.painted.emit()

    def _show(self, _: Any = None) -> None:
        paint = self._paint
        if paint is None:
            return
        counts = self._counts.current
        names = names_of(paint)
        unnamed = [value for value in counts if value not in names]
        if len(unnamed) <= _MOST_UNNAMED:
            names = {**names, **{value: f"Class {value}" for value in unnamed}}
        self.table.setValue(
            [
                ClassRow(
                    value,
                    names[value],
                    colour_of(paint, value),
                    counts.get(value, 0),
                    self._keys.key_of(number),
                )
                for number, value in enumerate(v for v in sorted(names) if v)
            ]
        )
        erasing = str(paint.mode) == "erase"
        self.table.set_current(ERASER if erasing else int(paint.selected_label))

    def _on_key(self, number: int) -> None:
        rows = self.table.value()
        if number < len(rows):
            self.paint_with(rows[number].value)

    def _on_rename(self, value: int, name: str) -> None:
        if self._paint is not None:
            rename_class(self._paint, value, name)
            self.painted.emit()

    def _on_recolour(self, value: int, colour: str) -> None:
        if self._paint is not None:
            recolour_class(self._paint, value, colour)

    def _on_add(self) -> None:
        if self._paint is None:
            return
        value = add_class(self._paint, self._counts.current)
        if value is None:
            self.said.emit("Every paint value of this layer is a class already. Remove one first.")
            return
        self._show()
        self.paint_with(value)

    def _on_remove(self, value: int) -> None:
        if self._paint is not None:
            erased = remove_class(self._paint, value)
            self._show()
            if erased:
                self.said.emit(
                    f"{erased} pixels were erased; Ctrl+Z on the layer brings them back."
                )

    def _on_mode(self, mode: str) -> None:
        if self._paint is not None:
            notes_of(self._paint)["mode"] = mode
            self.painted.emit()
