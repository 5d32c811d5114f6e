"""Keeping results and inputs apart where both are folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_unet.core.errors import OutputExists, UNetError
from napari_unet.data.scenes import file_of


def check_apart(path: Path, inputs: Sequence[Path]) -> None:
    """Refuse a result that is, holds or lies in an input, but for the labels of an image.

    Raises
    ------
    OutputExists
        If it is an input, or holds one.
    UNetError
        If it lies in one, and not where readers look for labels.
    """
    own = path.resolve()
    for each in inputs:
        other = file_of(each).resolve()
        if own == other or own in other.parents:
            raise OutputExists(
                f"{path} is the input itself, or a folder it lies in, and is never overwritten. "
                "Choose another output."
            )
        if other in own.parents and own.parent != other / "labels":
            raise UNetError(
                f"{path} lies inside the image {each}. Choose a place beside it, "
                f"or {each / 'labels' / path.name}, where readers look for labels."
            )
