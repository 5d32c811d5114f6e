"""What we note on a layer, in its metadata, where napari keeps it with the layer."""

from __future__ import annotations

from typing import Any

METADATA = "napari_unet"
"""Key of our notes in a layer's metadata."""


def notes_of(layer: Any) -> dict[str, Any]:
    """Our notes on a layer, kept in its metadata; changes to them stay."""
    return layer.metadata.setdefault(METADATA, {})
