"""Keys of the panel, in napari's own key bindings; no key of anybody else is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

CLASS_KEYS = ("Q", "W", "R", "T", "Y", "U", "I", "O")
"""Keys of the first classes. napari binds none of them on a labels layer (0.6 to 0.9); the
eraser is napari's own E."""

ERASER_KEY = "E"

FLIP_KEY, PAINT_KEY, RESULT_KEY, PROBABILITY_KEY = "G", "H", "J", "K"
"""Keys that show and hide. napari binds them in no mode of any layer (0.6 to 0.9)."""

NEXT_KEY, BACK_KEY = "N", "Shift-N"
"""Keys that go to the next place to paint, and back. napari binds them in no mode either."""


class ViewerKeys:
    """Binds keys of a viewer.

    Keys of the active layer come before those of the viewer, so nothing a layer binds
    itself is taken away. A key somebody else bound on the viewer is left to them.

    Parameters
    ----------
    viewer : napari.Viewer
    actions : mapping of str to callable
        What each key does.
    """

    def __init__(self, viewer: Any, actions: Mapping[str, Callable[[], None]]) -> None:
        self._viewer = viewer
        self._bound: dict[str, Callable[[Any], None]] = {}
        for key, action in actions.items():

            def press(_: Any, action: Callable[[], None] = action) -> None:
                action()

            try:
                viewer.bind_key(key, press)
            except ValueError:
                continue
            self._bound[key] = press

    def __contains__(self, key: str) -> bool:
        return key in self._bound

    def unbind(self) -> None:
        """Give the keys back, but for those somebody bound anew in the meantime."""
        for key, press in self._bound.items():
            found = self._viewer.bind_key(key, None)
            if found is not None and found is not press:
                self._viewer.bind_key(key, found)
        self._bound.clear()


class ClassKeys(ViewerKeys):
    """Binds a key of the viewer to each class.

    Parameters
    ----------
    viewer : napari.Viewer
    choose : callable
        Takes the number of the class, from 0.
    """

    def __init__(self, viewer: Any, choose: Callable[[int], None]) -> None:
        super().__init__(viewer, {key: partial(choose, n) for n, key in enumerate(CLASS_KEYS)})

    def key_of(self, number: int) -> str:
        """The key of a class by its number; empty if it has none."""
        key = CLASS_KEYS[number] if number < len(CLASS_KEYS) else ""
        return key if key in self else ""
