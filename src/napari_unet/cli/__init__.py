"""The command line ``unet-paint``: the whole job without a window, torch only when needed."""

from __future__ import annotations

from napari_unet.cli.app import app, main

__all__ = ["app", "main"]
