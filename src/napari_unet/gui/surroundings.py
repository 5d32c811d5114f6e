"""What the panel checks about its surroundings when it opens."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

OTHER_PLUGIN = "napari-unet"
"""An unrelated plugin (TensorFlow) whose import package has the same name as ours."""


def clash_warning() -> str:
    """One sentence if a package is installed that shares our import name; else empty."""
    try:
        distribution(OTHER_PLUGIN)
    except PackageNotFoundError:
        return ""
    return (
        f"The unrelated package {OTHER_PLUGIN} is installed as well and overwrites files of this "
        f"plugin: run 'pip uninstall {OTHER_PLUGIN}', then install napari-unet-paint again."
    )
