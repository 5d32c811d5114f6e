"""What we note on a layer, in its metadata, where napari keeps it with the layer."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

METADATA = "napari_unet"
"""Key of our notes in a layer's metadata."""


def notes_of(layer: Any) -> dict[str, Any]:
    """Our notes on a layer, kept in its metadata; changes to them stay."""
    return layer.metadata.setdefault(METADATA, {})


def part_notes(layers: Iterable[Any]) -> None:
    """Give every layer notes of its own: napari lets the copy of a layer share its metadata.

    A copy of a preview is a result like others: only the original shows the next answer.
    """
    known: set[int] = set()
    for layer in layers:
        notes = layer.metadata.get(METADATA)
        if id(notes) in known and notes is not None:
            layer.metadata[METADATA] = notes = deepcopy(notes)
            if notes.get("kind") == "preview":
                notes["kind"] = "mask"
        known.add(id(notes))
