"""Keys of the panel, in napari's own key bindings; no key of anybody else is taken."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from napari.utils.action_manager import action_manager
from napari.utils.key_bindings import coerce_keybinding

from napari_unet.gui.key_preferences import action_of, offer_keys

CLASS_KEYS = ("Q", "W", "R", "T", "Y", "U", "I", "O")
"""Keys of the first classes. napari binds none of them on a labels layer (0.6 to 0.9); the
eraser is napari's own E."""

ERASER_KEY = "E"

FLIP_KEY, PAINT_KEY, RESULT_KEY, PROBABILITY_KEY = "G", "H", "J", "K"
"""Keys that show and hide. napari binds them in no mode of any layer (0.6 to 0.9)."""

NEXT_KEY, BACK_KEY = "N", "Shift-N"
"""Keys that go to the next place to paint, and back. napari binds them in no mode either."""


def in_words(key: object) -> str:
    """A key as it is written on a button: ``Shift+N``."""
    return str(coerce_keybinding(key))


class ViewerKeys:
    """Binds keys of a viewer, and follows what napari's shortcut preferences say of them.

    Keys of the active layer come before those of the viewer, so nothing a layer binds
    itself is taken away. A key somebody else bound on the viewer is left to them.

    Parameters
    ----------
    viewer : napari.Viewer
    actions : mapping of str to callable
        What each key does that is ours at first.
    changed : callable, optional
        Called when there are other keys.
    """

    def __init__(
        self,
        viewer: Any,
        actions: Mapping[str, Callable[[], None]],
        changed: Callable[[], object] | None = None,
    ) -> None:
        self._viewer = viewer
        self._changed: Callable[[], object] | None = None
        self._first = {action_of(key): key for key in actions}
        self._presses = {key: partial(_press, action) for key, action in actions.items()}
        self._bound: dict[str, dict[str, Callable[[Any], None]]] = {key: {} for key in actions}
        action_manager.events.shortcut_changed.connect(self._on_changed)
        offer_keys(actions)
        self._changed = changed  # who asks for keys can do so when they are all bound

    def __contains__(self, key: str) -> bool:
        return bool(self._bound.get(key))

    def now(self, key: str) -> str:
        """What does now what this key did at first, in words; empty if nothing does."""
        return " ".join(in_words(its) for its in self._bound.get(key, ()))

    def unbind(self) -> None:
        """Give the keys back, but for those somebody bound anew in the meantime."""
        action_manager.events.shortcut_changed.disconnect(self._on_changed)
        for key in self._bound:
            self._release(key)

    def _on_changed(self, event: Any) -> None:
        """All keys of an action are gone, or there is one more."""
        key = self._first.get(event.name)
        if key is None:
            return
        if event.shortcut:
            self._bind(key, in_words(event.shortcut))
        else:
            self._release(key)
        if self._changed is not None:
            self._changed()

    def _bind(self, key: str, chosen: str) -> None:
        with contextlib.suppress(ValueError):  # somebody else's
            self._viewer.bind_key(chosen, self._presses[key])
            self._bound[key][chosen] = self._presses[key]

    def _release(self, key: str) -> None:
        for chosen, press in self._bound[key].items():
            found = self._viewer.bind_key(chosen, None)
            if found is not None and found is not press:
                self._viewer.bind_key(chosen, found)
        self._bound[key].clear()


class ClassKeys(ViewerKeys):
    """Binds a key of the viewer to each class.

    Parameters
    ----------
    viewer : napari.Viewer
    choose : callable
        Takes the number of the class, from 0.
    changed : callable, optional
        Called when there are other keys.
    """

    def __init__(
        self,
        viewer: Any,
        choose: Callable[[int], None],
        changed: Callable[[], object] | None = None,
    ) -> None:
        actions = {key: partial(choose, n) for n, key in enumerate(CLASS_KEYS)}
        super().__init__(viewer, actions, changed)

    def key_of(self, number: int) -> str:
        """The key of a class by its number; empty if it has none."""
        return self.now(CLASS_KEYS[number]) if number < len(CLASS_KEYS) else ""


def _press(action: Callable[[], None], _: Any) -> None:
    action()
