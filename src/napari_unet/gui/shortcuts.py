"""One key per class, in napari's own key bindings; no key of anybody else is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CLASS_KEYS = ("Q", "W", "R", "T", "Y", "U", "I", "O")
"""Keys of the first classes. napari binds none of them on a labels layer (0.6 to 0.9); the
eraser is napari's own E."""

ERASER_KEY = "E"


class ClassKeys:
    """Binds a key of the viewer to each class.

    Keys of the active layer come before those of the viewer, so nothing a layer binds
    itself is taken away. A key somebody else bound on the viewer is left to them.

    Parameters
    ----------
    viewer : napari.Viewer
    choose : callable
        Takes the number of the class, from 0.
    """

    def __init__(self, viewer: Any, choose: Callable[[int], None]) -> None:
        self._viewer = viewer
        self._bound: dict[str, Callable[[Any], None]] = {}
        for number, key in enumerate(CLASS_KEYS):

            def press(_: Any, number: int = number) -> None:
                choose(number)

            try:
                viewer.bind_key(key, press)
            except ValueError:
                continue
            self._bound[key] = press

    def key_of(self, number: int) -> str:
        """The key of a class by its number; empty if it has none."""
        key = CLASS_KEYS[number] if number < len(CLASS_KEYS) else ""
        return key if key in self._bound else ""

    def unbind(self) -> None:
        """Give the keys back, but for those somebody bound anew in the meantime."""
        for key, press in self._bound.items():
            found = self._viewer.bind_key(key, None)
            if found is not None and found is not press:
                self._viewer.bind_key(key, found)
        self._bound.clear()
