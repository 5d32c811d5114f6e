"""All keys in a few lines, as they are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from napari.utils.action_manager import action_manager
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QLabel

from napari_unet.gui.key_preferences import is_ours
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.shortcuts import ERASER_KEY
from napari_unet.gui.style import set_role

_WHERE = "Others can be chosen in napari: File, Preferences, Shortcuts."


class KeyList(QLabel):
    """Lists keys and what they do, and follows napari's shortcut preferences.

    Parameters
    ----------
    *parts : callable
        Each gives the keys of one part of the panel, in words, with what they do.
    lifecycle : Lifecycle
    """

    def __init__(self, *parts: Callable[[], Mapping[str, str]], lifecycle: Lifecycle) -> None:
        super().__init__()
        self._classes, *self._parts = parts
        self.setToolTip(_WHERE)
        set_role(self, "quiet")
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._show)
        lifecycle.connect(action_manager.events.shortcut_changed, self._on_changed)
        self._show()

    def _on_changed(self, event: Any) -> None:
        if is_ours(event.name):
            self._soon.start(0)  # the keys have yet to be bound

    def _show(self) -> None:
        rows = {
            **self._classes(),
            ERASER_KEY: "eraser",
            "[ ]": "brush smaller, larger",
            "Ctrl+Z": "undo",
        }
        for part in self._parts:
            rows |= part()
        lines = [
            f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{words}</td></tr>"
            for key, words in rows.items()
        ]
        self.setText(f"<table>{''.join(lines)}</table>")
        self.setAccessibleName(", ".join(f"{key}: {words}" for key, words in rows.items()))
