"""What is left unpainted in a place that is fully painted becomes background."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import QMenu, QToolButton

from napari_unet.core.annotations import BACKGROUND_VALUE
from napari_unet.core.source import Box
from napari_unet.gui.class_editor import ClassEditor
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.notes import notes_of
from napari_unet.gui.paint_area import fill_unpainted
from napari_unet.gui.place import level_zero
from napari_unet.gui.style import set_role

_BOX_NAME = "box that is fully painted"


class FillRest(QObject):
    """A button that marks a place as fully painted: on screen, or in a box that is drawn.

    Parameters
    ----------
    viewer : napari.Viewer
    editor : ClassEditor
    lifecycle : Lifecycle
    parent : QObject
    """

    said = Signal(str)
    """One sentence for the user."""

    def __init__(
        self, viewer: Any, editor: ClassEditor, lifecycle: Lifecycle, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._viewer, self._editor = viewer, editor
        self._box: Any | None = None
        self._drawn: tuple[Any, int] = (None, 0)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._on_drawn)
        self.button = QToolButton()
        self.button.setText("Fill rest")
        self.button.setObjectName("fill_rest_button")
        self.button.setAccessibleName("What is on screen is fully painted")
        self.button.setToolTip(
            "What is on screen is fully painted: every unpainted pixel of it becomes background.\n"
            "The arrow offers other classes, and a box to draw."
        )
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        set_role(self.button, "button")
        self._menu = QMenu(self.button)
        self._menu.setToolTipsVisible(True)
        self._menu.aboutToShow.connect(self._offer)
        self.button.setMenu(self._menu)
        self.button.clicked.connect(lambda: self.fill_screen(self._usual()))
        lifecycle.at_close(self._put_away)

    def fill_screen(self, value: int) -> None:
        """Give every unpainted pixel on screen this paint value."""
        paint = self._ready(value)
        if paint is not None:
            self._fill(paint, screen_box(paint, self._viewer.dims), value)

    def draw_box(self, value: int) -> None:
        """Let the user draw a box, and give every unpainted pixel in it this paint value."""
        paint = self._ready(value)
        if paint is None:
            return
        self._put_away()
        box = Shapes(
            ndim=paint.ndim,
            name=_BOX_NAME,
            face_color="transparent",
            edge_color="white",
            **{name: getattr(paint, name) for name in ("scale", "translate", "rotate", "units")},
            affine=paint.affine.affine_matrix,
            axis_labels=paint.axis_labels,
        )
        self._box = self._viewer.add_layer(box)
        self._viewer.layers.selection.active = box
        box.mode = "add_rectangle"
        box.mouse_drag_callbacks.append(partial(self._on_drag, paint, value))
        self.said.emit("Drag a box around what is fully painted.")

    # -- inside ---------------------------------------------------------------------------

    def _on_drag(self, paint: Any, value: int, _: Any, event: Any) -> Iterator[None]:
        """Wait for the release; the layer goes once napari has done with it."""
        yield
        while event.type == "mouse_move":
            yield
        self._drawn = (paint, value)
        self._soon.start()

    def _on_drawn(self) -> None:
        (paint, value), layer = self._drawn, self._box
        if layer is None or layer not in self._viewer.layers:
            return
        corners = np.asarray(layer.data[-1]) if len(layer.data) else None
        self._put_away()
        if paint not in self._viewer.layers:
            return
        self._editor.paint_with(value)
        if corners is not None:
            self._fill(paint, drawn_box(corners, level_zero(paint).shape), value)

    def _put_away(self) -> None:
        box, self._box = self._box, None
        if box is not None and box in self._viewer.layers:
            self._viewer.layers.remove(box)

    def _fill(self, paint: Any, box: Box | None, value: int) -> None:
        if box is None:
            self.said.emit("None of the paint layer is on screen. Move to it, then fill the rest.")
            return
        # painted through, it must not be taken for a mask in which 0 is background
        notes_of(paint).setdefault("mode", "strokes")
        self.said.emit(fill_unpainted(paint, box, value, self._name(value)))

    def _ready(self, value: int) -> Any | None:
        """The paint layer, if it can be filled; else a sentence is said."""
        paint = self._editor.paint
        if paint is None or value not in self._values():
            self.said.emit("Make a paint layer first, then say what is fully painted.")
        elif self._editor.table.mode() == "mask":
            self.said.emit("In a full mask unpainted pixels are background already.")
        elif paint.multiscale or self._viewer.dims.ndisplay != 2:
            self.said.emit("Switch to the 2D view first, then fill the rest.")
        else:
            return paint
        return None

    def _values(self) -> list[int]:
        return [row.value for row in self._editor.table.value()]

    def _usual(self) -> int:
        values = self._values()
        return BACKGROUND_VALUE if BACKGROUND_VALUE in values else min(values, default=0)

    def _name(self, value: int) -> str:
        return next(row.name for row in self._editor.table.value() if row.value == value)

    def _offer(self) -> None:
        """List the classes there are now."""
        self._menu.clear()
        ways: tuple[tuple[str, Callable[[int], None]], ...] = (
            ("The rest of what is on screen is", self.fill_screen),
            ("The rest of a box I draw is", self.draw_box),
        )
        for title, act in ways:
            self._menu.addSection(title)
            for row in self._editor.table.value():
                action = self._menu.addAction(row.name)
                action.setToolTip(f"{title} {row.name}")
                action.triggered.connect(partial(_without_tick, act, row.value))


def _without_tick(act: Callable[[int], None], value: int, _: bool = False) -> None:
    act(value)


def screen_box(paint: Any, dims: Any) -> Box | None:
    """What is on screen of a paint layer, in the axes of its data; None if nothing is.

    Parameters
    ----------
    paint : napari labels layer
    dims : napari.components.Dims
        Where the sliders stand, and which axes are shown.
    """
    position = np.asarray(paint.world_to_data(dims.point[-paint.ndim :]))
    shown = [axis - dims.ndim + paint.ndim for axis in dims.displayed]
    first, last = np.asarray(paint.corner_pixels, int)
    return _box(
        [first[axis] if axis in shown else round(position[axis]) for axis in range(paint.ndim)],
        [last[axis] if axis in shown else round(position[axis]) for axis in range(paint.ndim)],
        paint.data.shape,
    )


def drawn_box(corners: np.ndarray, shape: tuple[int, ...]) -> Box | None:
    """The pixels whose middles lie in a rectangle; None if none do.

    Parameters
    ----------
    corners : ndarray, shape (4, ndim)
        In the axes of the data; the same along the axes that are not shown.
    shape : tuple of int
    """
    low, high = corners.min(axis=0), corners.max(axis=0)
    flat = np.isclose(low, high)
    first = np.where(flat, np.round(low), np.ceil(low)).astype(int)
    last = np.where(flat, np.round(low), np.floor(high)).astype(int)
    return _box(first.tolist(), last.tolist(), shape)


def _box(first: list[int], last: list[int], shape: tuple[int, ...]) -> Box | None:
    """A box between two pixels, both inside it, as far as it lies in the data."""
    box = tuple(
        slice(max(int(a), 0), min(int(b) + 1, n))
        for a, b, n in zip(first, last, shape, strict=True)
    )
    return box if all(part.start < part.stop for part in box) else None
