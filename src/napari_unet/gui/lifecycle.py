"""An end for everything that was begun: connections in one list, undone once, whoever says so."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any


class Lifecycle:
    """Remembers how to undo what a panel did to its viewer, and does it once.

    napari gives a plugin no event when its panel closes: a dock is taken out of the window
    without a word, and closing the window deletes all of it. So `close` is called from every
    place that may notice, and only the first call counts.
    """

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []
        self._closed = False

    @property
    def closed(self) -> bool:
        """True once everything was undone."""
        return self._closed

    def connect(self, event: Any, slot: Callable[..., Any]) -> None:
        """Connect `slot` to an event of napari or psygnal until `close`."""
        event.connect(slot)
        self._undo.append(lambda: event.disconnect(slot))

    def at_close(self, undo: Callable[[], None]) -> None:
        """Call `undo` at `close`."""
        self._undo.append(undo)

    def close(self, *_: object) -> None:
        """Undo everything, last first; what is gone already needs no undoing."""
        if self._closed:
            return
        self._closed = True
        while self._undo:
            undo = self._undo.pop()
            # The emitter or the Qt object behind it may have been deleted before us.
            with contextlib.suppress(RuntimeError, ValueError, KeyError, TypeError):
                undo()
