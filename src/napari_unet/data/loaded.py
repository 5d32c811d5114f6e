"""An image as it was read from a file: pixels, axes, pixel size, and where from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from napari_unet.core.axes import AxesSpec, Spatial

FileKind = Literal["ome", "imagej", "tiff", "picture", "zarr", "other"]
"""OME-TIFF, ImageJ TIFF, another TIFF, a picture such as PNG, Zarr, or a microscope's own."""

PIXEL = "pixel"
"""Unit of axes that have no physical size."""


@dataclass(frozen=True, eq=False)
class LoadedImage:
    """An image from a file.

    Parameters
    ----------
    array : array-like
        The pixels, as stored: an ndarray, or what reads a large file piece by piece.
    axes : str
        One letter per array axis, from ``T P C Z Y X``.
    spacing : tuple of float
        Pixel size along each array axis, in `units`; 1 where the file has none.
    units : tuple of str
        Unit of each spacing, for example ``"µm"`` or ``"s"``; ``"pixel"`` where there is none.
    path : Path
        The file.
    kind : {"ome", "imagej", "tiff", "picture", "zarr", "other"}
        What results of this image are written as.
    dots_per_inch : tuple of float, optional
        Print resolution along X and Y, which is carried over but says nothing of pixel size.
    notices : tuple of str
        What the user should know about how the file was read, in sentences.
    translation : tuple of float, optional
        Place of the first pixel along each array axis, in `units`; zeros when not given.
    ngff : {"0.4", "0.5"}, optional
        The version of OME-Zarr, if it is one.
    """

    array: Any
    axes: str
    spacing: tuple[float, ...]
    units: tuple[str, ...]
    path: Path
    kind: FileKind
    dots_per_inch: tuple[float, float] | None = None
    notices: tuple[str, ...] = ()
    translation: tuple[float, ...] = ()
    ngff: Literal["0.4", "0.5"] | None = None

    def spec(self, spatial: Spatial = "YX") -> AxesSpec:
        """The axes as the engine wants them, for a network that sees `spatial`."""
        return AxesSpec(self.axes, self.spacing, spatial)

    def spacing_of(self, letter: str) -> tuple[float, str] | None:
        """Pixel size and unit along one axis; None if the file has no physical size for it."""
        if letter not in self.axes or self.units[self.axes.index(letter)] == PIXEL:
            return None
        place = self.axes.index(letter)
        return self.spacing[place], self.units[place]
