"""Where labels lie: the axes, size and place of the image they belong to, without channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from napari_unet.core.axes import AxesSpec, Spatial
from napari_unet.core.source import Box
from napari_unet.data.loaded import PIXEL, LoadedImage
from napari_unet.data.ngff import Geometry

_ORDER = "TPZYX"
"""The order of axes OME-Zarr asks for, without channels."""


@dataclass(frozen=True)
class Canvas:
    """The image that labels belong to.

    Parameters
    ----------
    axes : AxesSpec
    shape : tuple of int
        Of the image's array.
    units : tuple of str, optional
        Unit of each axis.
    translation : tuple of float, optional
        Place of the first pixel along each axis.
    """

    axes: AxesSpec
    shape: tuple[int, ...]
    units: tuple[str, ...] = ()
    translation: tuple[float, ...] = ()

    @classmethod
    def of(cls, loaded: LoadedImage, spatial: Spatial = "YX") -> Canvas:
        """The canvas of an image from a file, for a network that sees `spatial`."""
        shape = tuple(int(n) for n in loaded.array.shape)
        return cls(loaded.spec(spatial), shape, loaded.units, loaded.translation)

    @property
    def letters(self) -> str:
        """Axes of the labels."""
        return "".join(a for a in _ORDER if a in self.axes.axes)

    @property
    def label_shape(self) -> tuple[int, ...]:
        """Shape of the labels."""
        size = dict(zip(self.axes.axes, self.shape, strict=True))
        return tuple(size[a] for a in self.letters)

    def geometry(self) -> Geometry:
        """Pixel size, place and units of the labels."""
        places = [self.axes.axes.index(a) for a in self.letters]
        units = self.units or (PIXEL,) * len(self.shape)
        translation = self.translation or (0.0,) * len(self.shape)
        return Geometry(
            self.letters,
            tuple(self.axes.spacing[i] for i in places),
            tuple(translation[i] for i in places),
            tuple(units[i] for i in places),
        )

    def index(self, sample: int, box: Box) -> tuple[Any, ...]:
        """Where one spatial box of one sample lies in the labels."""
        at: dict[str, Any] = dict(
            zip(self.axes.sample_axes, self.axes.sample_index(sample, self.shape), strict=True)
        )
        at.update(zip(self.axes.spatial, box, strict=True))
        return tuple(at[a] for a in self.letters)
