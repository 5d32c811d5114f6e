"""The panel's keys in napari's shortcut preferences, where the user may choose others.

napari reads no key bindings from a plugin's manifest. What its preferences list are the actions
of its action manager, and only those that are bound to a class of napari's key map providers;
so ours are bound to a class of our own, which nobody ever presses a key on, and each panel
follows what is bound there (`napari_unet.gui.shortcuts`).

What the user chooses is kept in a file of ours: napari would write it into its own settings,
look for the actions at its next start, before any plugin is loaded, and warn of each that they
do not exist.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from napari.utils.key_bindings import KeymapProvider, coerce_keybinding

from napari_unet.app.kept_keys import keep_keys, kept_keys

_PACKAGE = "napari-unet-paint"

_ACTIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "G": ("flip", "flip image, paint and result"),
        "H": ("paint", "paint on and off"),
        "J": ("result", "result on and off"),
        "K": ("probabilities", "probabilities on and off"),
        "N": ("next_place", "go to the next place to paint"),
        "Shift-N": ("back", "go back from there"),
        **{key: (f"class_{n}", f"paint with class {n}") for n, key in enumerate("QWRTYUIO", 1)},
    }
)
"""Name and words of what each of our keys does, by the key it has at first."""


class _PanelKeys(KeymapProvider):
    """Stands for all panels in napari's action manager."""


def action_of(key: str) -> str:
    """What napari calls the action that has this key at first."""
    return f"{_PACKAGE}:{_ACTIONS[key][0]}"


def is_ours(name: str) -> bool:
    """True if an action of napari's is one of ours."""
    return name.startswith(f"{_PACKAGE}:")


def offer_keys(keys: Iterable[str]) -> None:
    """List actions in napari's preferences, with the keys the user chose or else the first ones.

    Each key is announced by the event ``shortcut_changed`` of napari's action manager.

    Parameters
    ----------
    keys : iterable of str
        The key each action has at first.
    """
    changed = get_settings().shortcuts.events.shortcuts
    changed.connect(_take_choices)  # connecting twice counts once
    _take_choices()
    chosen = kept_keys()
    for key in keys:
        name = action_of(key)
        words = f"U-Net Paint: {_ACTIONS[key][1]}"
        action_manager.register_action(name, _pressed_in_a_panel, words, _PanelKeys)
        action_manager.unbind_shortcut(name)
        for its in map(coerce_keybinding, chosen.get(name, [key])):
            if its.parts and all(part.key for part in its.parts):  # somebody may edit the file
                action_manager.bind_shortcut(name, its)


def _pressed_in_a_panel() -> None:
    """Every panel binds its own function; this one only has a name."""


def _take_choices(_: Any = None) -> None:
    """Take what the user chose for our actions out of napari's settings, into our file."""
    shortcuts = get_settings().shortcuts
    ours = {n: k for n, k in shortcuts.shortcuts.items() if is_ours(n)}
    if not ours:
        return
    with contextlib.suppress(OSError):  # chosen for this session only, then
        keep_keys({name: [str(key) for key in keys] for name, keys in ours.items()})
    shortcuts.shortcuts = {n: k for n, k in shortcuts.shortcuts.items() if n not in ours}
