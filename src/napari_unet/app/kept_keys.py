"""Keys the user chose, in a small file of the user's settings folder."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import platformdirs

_FILE = "keys.json"


def default_folder() -> Path:
    """Where this user's settings live."""
    return Path(platformdirs.user_config_dir("napari-unet-paint", appauthor=False))


def kept_keys(folder: Path | None = None) -> dict[str, list[str]]:
    """The keys of each action that were chosen; empty if none were, or they cannot be read.

    Parameters
    ----------
    folder : Path, optional
        The user's own, if not given.
    """
    try:
        said = json.loads(((folder or default_folder()) / _FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(said, dict):
        return {}
    return {
        str(name): [str(key) for key in keys]
        for name, keys in said.items()
        if isinstance(keys, list)
    }


def keep_keys(keys: Mapping[str, Sequence[str]], folder: Path | None = None) -> None:
    """Write the keys of each action that were chosen, beside those of other actions.

    Parameters
    ----------
    keys : mapping of str to sequence of str
    folder : Path, optional
        The user's own, if not given.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    folder = folder or default_folder()
    folder.mkdir(parents=True, exist_ok=True)
    all_keys = kept_keys(folder) | {name: list(its) for name, its in keys.items()}
    fresh = folder / f"{_FILE}.{os.getpid()}"
    fresh.write_text(json.dumps(all_keys, indent=1), "utf-8")
    fresh.replace(folder / _FILE)
