"""PNG and the other picture formats that imageio reads through Pillow."""

from __future__ import annotations

from pathlib import Path

import imageio.v3 as iio
import numpy as np

from napari_unet.core.errors import UNetError
from napari_unet.data.loaded import PIXEL, LoadedImage

_WITH_OPACITY = ("LA", "RGBA", "PA", "La", "RGBa")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def read_picture(path: Path, numbers: bool = False) -> LoadedImage:
    """Return a picture.

    Parameters
    ----------
    path : Path
        The file.
    numbers : bool, optional
        Of a picture with a palette, return the numbers and not the colours they stand for.
    """
    mode = iio.immeta(path, plugin="pillow")["mode"]
    indexed = numbers and mode == "P"
    array = np.asarray(iio.imread(path, plugin="pillow", index=0, mode="P" if indexed else None))
    notices = []
    if array.ndim == 3 and array.shape[-1] in (2, 4) and (mode in _WITH_OPACITY or mode == "P"):
        array = array[..., :-1] if array.shape[-1] == 4 else array[..., 0]
        notices.append("The opacity (alpha channel) is left out.")
    if _has_deep_colours(path):
        notices.append(
            f"{path.name} has 16 bits per colour, of which 8 are read. "
            "Save it as a TIFF to use them all."
        )
    axes = "YX" if array.ndim == 2 else "YXC"
    return LoadedImage(
        array=array,
        axes=axes,
        spacing=(1.0,) * len(axes),
        units=(PIXEL,) * len(axes),
        path=path,
        kind="picture",
        notices=tuple(notices),
    )


def write_picture(path: Path, labels: np.ndarray) -> None:
    """Write 2D labels as a grey PNG of 8 or 16 bits."""
    if labels.ndim != 2 or labels.dtype not in (np.uint8, np.uint16):
        raise UNetError(
            f"A PNG holds one slice of at most 65535 labels, which {path.name} would not be. "
            "Give the result a name that ends in .tif."
        )
    iio.imwrite(path, labels, plugin="pillow", extension=".png")


def _has_deep_colours(path: Path) -> bool:
    """True for a PNG with 16 bits per colour, of which Pillow keeps 8."""
    with path.open("rb") as file:
        head = file.read(26)
    return head.startswith(_PNG_SIGNATURE) and head[24] == 16 and head[25] in (2, 4, 6)
