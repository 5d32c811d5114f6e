"""Hands what a stroke changed to training and instant answer: copied here, a little at a time."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Protocol

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_unet.app.ports import LayerId
from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import ShapeMismatch, UNetError
from napari_unet.core.paint_desk import PaintPiece
from napari_unet.core.source import Box
from napari_unet.gui.layer_store import ViewerLayers, id_of
from napari_unet.gui.layers import axes_of
from napari_unet.gui.paint_layer import image_of, names_of
from napari_unet.gui.paint_watch import PaintChange, PaintWatch
from napari_unet.gui.place import level_zero

_SIDE = 512
"""Side of the parts that are copied as one: 0.05 ms each."""

_PAUSE_SECONDS = 0.3
"""Time between two copies while strokes follow each other quickly."""

_SLICE_SECONDS = 0.004
"""Time to copy in before the window gets its turn."""

_NEXT_SLICE_MS = 15

_Corner = tuple[int, ...]


class Follower(Protocol):
    """Somebody who learns from paint while it changes."""

    def number_of(self, paint: LayerId) -> int | None:
        """Index of the image whose paint this layer is; None if it is of no interest."""

    def repaint(self, pieces: Iterable[PaintPiece], names: Mapping[int, str]) -> None:
        """Take paint that changed."""


class LivePaint(QObject):
    """Copies the parts of paint layers that changed and hands them on.

    The first stroke is handed on at once, those that follow quickly are gathered. A large
    change is copied in slices of a few milliseconds.

    Parameters
    ----------
    store : ViewerLayers
    watch : PaintWatch
    followers : iterable of Follower
    stroke_done : callable
        Takes the layer that was painted on, when all its paint was handed on.
    replaced : callable
        Called when a layer was given another array.
    parent : QObject
    """

    def __init__(
        self,
        store: ViewerLayers,
        watch: PaintWatch,
        followers: Iterable[Follower],
        stroke_done: Callable[[LayerId], None],
        replaced: Callable[[], None],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._store, self._followers = store, tuple(followers)
        self._stroke_done, self._replaced = stroke_done, replaced
        self._stale: defaultdict[str, set[_Corner]] = defaultdict(set)
        self._layers: dict[str, Any] = {}
        self._last = -_PAUSE_SECONDS
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._copy_some)
        watch.changed.connect(self._on_change)

    def _on_change(self, change: PaintChange) -> None:
        layer = change.layer
        if layer not in self._store.paints():
            return
        if change.replaced:
            self._replaced()
        key = id_of(layer)
        self._layers[key] = layer
        if self._numbers(key):
            shape = tuple(level_zero(layer).shape)
            boxes = [edit.box for edit in change.edits] or [change.box]
            for box in boxes:
                self._stale[key].update(_corners(box, shape))
        if not self._timer.isActive():
            wait = self._last + _PAUSE_SECONDS - time.monotonic()
            self._timer.start(max(0, round(1000 * wait)))

    def _numbers(self, key: str) -> list[tuple[Follower, int]]:
        """Who wants the paint of a layer, and under which number."""
        numbers = ((follower, follower.number_of(key)) for follower in self._followers)
        return [(follower, number) for follower, number in numbers if number is not None]

    def _copy_some(self) -> None:
        """Copy for a few milliseconds and hand on what was copied."""
        self._last = time.monotonic()
        for key, layer in list(self._layers.items()):
            self._hand_on(key, layer)
            if self._stale[key]:
                self._timer.start(_NEXT_SLICE_MS)
                return
            del self._layers[key], self._stale[key]
            self._stroke_done(key)

    def _hand_on(self, key: str, layer: Any) -> None:
        corners, numbers = self._stale[key], self._numbers(key)
        image = image_of(layer, self._store.images())
        if not numbers or image is None or self._store.find(key) is None:
            corners.clear()
            return
        copies = []
        while corners and time.monotonic() < self._last + _SLICE_SECONDS:
            try:
                copies.append(_copy(layer, image, corners.pop()))
            except UNetError:
                corners.clear()  # another image lies under it now; nothing is learned from it
        for follower, number in numbers:
            follower.repaint(
                [PaintPiece(number, where, values) for where, values in copies], names_of(layer)
            )


def _corners(box: Box, shape: tuple[int, ...]) -> Iterator[_Corner]:
    """Corners of the parts that a box of a layer's data meets."""
    sides = _sides(len(shape))
    yield from product(
        *(
            range(max(0, part.start) // side * side, min(part.stop, n), side)
            for part, side, n in zip(box, sides, shape, strict=True)
        )
    )


def _sides(ndim: int) -> tuple[int, ...]:
    """Size of a part: planes of slices and time points are apart."""
    return (1,) * (ndim - 2) + (_SIDE,) * min(ndim, 2)


def _copy(layer: Any, image: Any, corner: _Corner) -> tuple[Box, np.ndarray]:
    """One part of a paint layer, in the axes of its image without C.

    Raises
    ------
    ShapeMismatch
        If the layer does not cover the pixels of the image.
    """
    data, axes = level_zero(layer), axes_of(image)
    full = tuple(int(n) for n in level_zero(image).shape)
    shape = tuple(int(n) for n in data.shape)
    where = tuple(
        slice(a, min(a + side, n))
        for a, side, n in zip(corner, _sides(len(shape)), shape, strict=True)
    )
    wanted = AxesSpec(axes).label_shape(full)
    if shape == wanted:
        return where, np.array(data[where])
    channel = axes.find("C")
    if channel < 0 or shape[:channel] + shape[channel + 1 :] != wanted:
        raise ShapeMismatch(
            f"{layer.name!r} does not fit {image.name!r}. Choose a layer that does."
        )
    everywhere = (*where[:channel], slice(0, shape[channel]), *where[channel + 1 :])
    return where[:channel] + where[channel + 1 :], np.asarray(data[everywhere]).max(axis=channel)
