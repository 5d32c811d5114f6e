"""Says which pixels of which labels layer a stroke, an undo or a redo changed, once it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject, QTimer, Signal

from napari_unet.core.edits import Edit, MaskEdit, PointEdit, box_of
from napari_unet.core.source import Box
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.place import level_zero


@dataclass(frozen=True, eq=False)
class PaintChange:
    """One stroke, undo or redo on one labels layer; the layer's data has it already.

    Parameters
    ----------
    layer : napari labels layer
    edits : sequence of Edit
        The changed pixels in the order of change. They are made as they are asked for, on any
        thread, from napari's history: never write to them. Empty if the whole array was
        replaced.
    again : bool, optional
        True for an undo or a redo.
    """

    layer: Any
    edits: Sequence[Edit] = ()
    again: bool = False

    @property
    def replaced(self) -> bool:
        """True if the layer was given another array."""
        return not self.edits

    @cached_property
    def box(self) -> Box:
        """The smallest box around the change, in the axes of the layer's data."""
        if self.edits:
            return box_of(self.edits)
        return tuple(slice(0, int(n)) for n in level_zero(self.layer).shape)


class PaintWatch(QObject):
    """Follows every labels layer of a viewer; the cost grows with the stroke, not with the image.

    Parameters
    ----------
    viewer : napari.Viewer
    lifecycle : Lifecycle
    parent : QObject
    """

    changed = Signal(object)
    """A `PaintChange`, one for each stroke, undo or redo, in the order in which they happened.

    It comes at the end of the event that brought the change, because napari announces some
    edits just before it makes them."""

    def __init__(self, viewer: Any, lifecycle: Lifecycle, parent: QObject) -> None:
        super().__init__(parent)
        self._layers = viewer.layers
        self._followed: dict[Any, _Follower] = {}
        self._pending: list[PaintChange] = []
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.flush)
        lifecycle.at_close(self._let_go)
        lifecycle.connect(viewer.layers.events.inserted, self._sync)
        lifecycle.connect(viewer.layers.events.removed, self._sync)
        self._sync()

    def flush(self) -> None:
        """Say at once what has not been said yet."""
        pending, self._pending = self._pending, []
        for change in pending:
            self.changed.emit(change)

    def _add(self, change: PaintChange) -> None:
        self._pending.append(change)
        self._soon.start()

    def _sync(self, _: Any = None) -> None:
        present = [layer for layer in self._layers if isinstance(layer, Labels)]
        for layer in [layer for layer in self._followed if layer not in present]:
            self._followed.pop(layer).close()
        for layer in present:
            if layer not in self._followed:
                self._followed[layer] = _Follower(layer, self._add)

    def _let_go(self) -> None:
        self.flush()
        while self._followed:
            self._followed.popitem()[1].close()


class _Follower:
    """Follows one layer.

    A stroke is announced by napari. Undo and redo are announced by nothing but a redraw, so at
    each redraw the lengths of the two histories tell whether an item moved between them.
    """

    def __init__(self, layer: Any, tell: Any) -> None:
        self._layer, self._tell = layer, tell
        self._connections = Lifecycle()
        self._connections.connect(layer.events.paint, self._on_paint)
        self._connections.connect(layer.events.set_data, self._on_redrawn)
        self._connections.connect(layer.events.data, self._on_data)
        self._undo, self._redo = self._lengths()

    def close(self) -> None:
        """Follow no more."""
        self._connections.close()

    def _lengths(self) -> tuple[int, int]:
        return len(self._history("_undo_history")), len(self._history("_redo_history"))

    def _history(self, name: str) -> Any:
        return getattr(self._layer, name, ())

    def _on_paint(self, event: Any) -> None:
        self._undo, self._redo = self._lengths()
        self._announce(event.value, undone=False)

    def _on_redrawn(self, _: Any = None) -> None:
        lengths = self._lengths()
        undone = lengths[1] - self._redo
        redone = lengths[0] - self._undo
        self._undo, self._redo = lengths
        if undone > 0:
            for item in list(self._history("_redo_history"))[-undone:]:
                self._announce(item, undone=True, again=True)
        elif undone < 0 < redone:
            for item in list(self._history("_undo_history"))[-redone:]:
                self._announce(item, undone=False, again=True)

    def _on_data(self, _: Any = None) -> None:
        self._undo, self._redo = self._lengths()
        self._tell(PaintChange(self._layer))

    def _announce(self, item: Sequence[Any], *, undone: bool, again: bool = False) -> None:
        if len(item):
            shape = tuple(level_zero(self._layer).shape)
            self._tell(PaintChange(self._layer, _Edits(item, undone, shape), again))


class _Edits(Sequence[Edit]):
    """One item of napari's history as edits; a long stroke has thousands, so none is made ahead."""

    def __init__(self, item: Sequence[Any], undone: bool, shape: tuple[int, ...]) -> None:
        self._item, self._undone, self._shape = item, undone, shape

    def __len__(self) -> int:
        return len(self._item)

    @overload
    def __getitem__(self, index: int) -> Edit: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Edit]: ...

    def __getitem__(self, index: int | slice) -> Edit | Sequence[Edit]:
        if isinstance(index, slice):
            return _Edits(self._item[index], self._undone, self._shape)
        return _edit(self._item[index], self._undone, self._shape)


def _edit(atom: Any, undone: bool, shape: tuple[int, ...]) -> Edit:
    """One atom of napari's history: an edit under a mask, or pixels by their positions."""
    if hasattr(atom, "slice_key"):
        values = atom.old_values, atom.new_value
        return MaskEdit(atom.slice_key, atom.mask, values[not undone], values[undone])
    where, before, after = atom
    places = (np.asarray(axis) for axis in where)
    return PointEdit(
        tuple(p if p.min() >= 0 else p % n for p, n in zip(places, shape, strict=True)),
        before if undone else after,
        after if undone else before,
    )
