"""Real images with ready strokes, from files that ship with scikit-image: nothing is downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from napari_unet.core.errors import UnreadableImage
from napari_unet.data.discs import discs
from napari_unet.data.strokes import Stroke, paint_strokes
from napari_unet.data.strokes_samples import CELL, COINS, IHC

LayerData = tuple[Any, dict[str, Any], str]
"""What napari makes a layer from: data, properties, kind of layer."""

SampleName = Literal["coins", "cell", "ihc"]

_DISCS_SHOWN = 12


@dataclass(frozen=True, eq=False)
class Sample:
    """An image and the strokes a thoughtful person would paint on it.

    Parameters
    ----------
    name : str
        Name of the image layer.
    image : ndarray of uint8, shape (Y, X) or (Y, X, 3)
    paint : ndarray of uint8, shape (Y, X)
        0 not painted, 1 background, 2 and up classes.
    axes : str
        ``"YX"`` or ``"YXC"``.
    classes : dict of int to str
        Name of each paint value.
    """

    name: str
    image: np.ndarray
    paint: np.ndarray
    axes: str
    classes: dict[int, str]

    def layers(self) -> list[LayerData]:
        """The image layer and the paint layer, as napari takes them from a plugin."""
        about = {"image": self.name, "classes": dict(self.classes)}
        image: dict[str, Any] = {"name": self.name}
        if "C" in self.axes:
            image["rgb"] = True
        paint = {"name": f"{self.name} paint", "metadata": {"napari_unet": about}}
        return [(self.image, image, "image"), (self.paint, paint, "labels")]


def load_sample(name: SampleName) -> Sample:
    """Return a sample image with its ready strokes.

    Parameters
    ----------
    name : {"coins", "cell", "ihc"}
        Greek coins (2 classes), one cell in phase contrast (2 classes), or stained tissue
        (colour; 3 classes: background, nuclei, brown stain).

    Raises
    ------
    UnreadableImage
        If scikit-image was installed without its images.

    Examples
    --------
    >>> sample = load_sample("coins")
    >>> sample.image.shape, sorted(set(sample.paint.flat))
    ((303, 384), [np.uint8(0), np.uint8(1), np.uint8(2)])
    """
    strokes, classes = _contents(name)
    image = _skimage_image(name)
    paint = paint_strokes((image.shape[0], image.shape[1]), strokes)
    return Sample(name, image, paint, "YX" if image.ndim == 2 else "YXC", classes)


def _contents(name: SampleName) -> tuple[tuple[Stroke, ...], dict[int, str]]:
    match name:
        case "coins":
            return COINS, {1: "Background", 2: "Coin"}
        case "cell":
            return CELL, {1: "Background", 2: "Cell"}
        case "ihc":
            return IHC, {1: "Background", 2: "Nucleus", 3: "Stain"}


def _skimage_image(name: str) -> np.ndarray:
    """Read one of the images in scikit-image's own wheel, never from the network."""
    import imageio.v3 as iio
    import skimage.data

    path = Path(skimage.data.__file__).parent / f"{name}.png"
    try:
        return np.asarray(iio.imread(path))
    except OSError as err:
        raise UnreadableImage(
            f"The sample image {name!r} is missing from this installation of scikit-image. "
            "Install scikit-image again from PyPI or conda-forge."
        ) from err


def open_coins() -> list[LayerData]:
    """File > Open Sample > U-Net Paint > Coins."""
    return load_sample("coins").layers()


def open_cell() -> list[LayerData]:
    """File > Open Sample > U-Net Paint > Cell."""
    return load_sample("cell").layers()


def open_ihc() -> list[LayerData]:
    """File > Open Sample > U-Net Paint > Stained tissue."""
    return load_sample("ihc").layers()


def open_discs() -> list[LayerData]:
    """File > Open Sample > U-Net Paint > Random discs: every second one with its full mask."""
    shown = list(discs(_DISCS_SHOWN))
    masks = np.stack([disc.truth for disc in shown])
    masks[1::2] = 0
    about = {"image": "discs", "classes": {1: "Disc"}, "mode": "mask"}
    axes = ("p", "y", "x")
    image = {"name": "discs", "rgb": True, "axis_labels": axes}
    paint = {"name": "discs paint", "axis_labels": axes, "metadata": {"napari_unet": about}}
    images = np.stack([disc.image for disc in shown])
    return [(images, image, "image"), (masks, paint, "labels")]
