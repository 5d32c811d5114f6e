"""The weights that ship with the program, where there are some for a network."""

from __future__ import annotations

from napari_unet.core.config import ModelConfig
from napari_unet.learn.unet import UNet


def load_start(config: ModelConfig) -> UNet | None:
    """Return a network with the shipped weights, or None if there are none for this shape."""
    return None
