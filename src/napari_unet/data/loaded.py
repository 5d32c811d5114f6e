"""An image as it was read from a file: pixels, axes, pixel size, and where from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from napari_unet.core.axes import AxesSpec, Spatial
from napari_unet.core.channels import Channel, pick_channels
from napari_unet.core.pixel_size import in_micrometres
from napari_unet.core.source import ImageSource
from napari_unet.data.scenes import address

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
    channel_names : tuple of str, optional
        What the file calls its channels.
    coarser : tuple of LoadedImage, optional
        The other levels, if it is a pyramid, from fine to coarse.
    scene : str, optional
        Which image in the file, if that holds several: the ``mark`` of a `Scene` in
        `napari_unet.data.scenes`.
    unnamed : str, optional
        Letters in `axes` that are guesses: the file does not say what these axes are.
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
    channel_names: tuple[str, ...] = ()
    coarser: tuple[LoadedImage, ...] = ()
    scene: str = ""
    unnamed: str = ""

    def suiting_model(self, channels: int, spatial: Spatial) -> LoadedImage:
        """With an unnamed axis as channels, if it is as long as a model has channels.

        Otherwise the model could not be applied, so nothing is lost by it.

        Parameters
        ----------
        channels : int
            How many the model has.
        spatial : {"YX", "ZYX"}
            The axes the network sees.
        """
        free = [a for a in self.unnamed if a not in spatial]
        if channels < 2 or "C" in self.axes:
            return self
        fits = [a for a in free if self.array.shape[self.axes.index(a)] == channels]
        return self._with_channels(fits[0], "as many as the model has") if fits else self

    def suiting_paint(self, shape: tuple[int, ...]) -> LoadedImage:
        """With an unnamed axis as channels, if paint of this shape has all other axes but it."""
        if "C" in self.axes or len(shape) != len(self.axes) - 1:
            return self
        for letter in self.unnamed:
            place = self.axes.index(letter)
            if (*self.array.shape[:place], *self.array.shape[place + 1 :]) == shape:
                return self._with_channels(letter, "since the paint lacks it")
        return self

    def _with_channels(self, letter: str, why: str) -> LoadedImage:
        size = self.array.shape[self.axes.index(letter)]
        said = (
            f"{self.address.name} does not name the axis of length {size}; it is read as channels, "
            f"{why}. Name the axes yourself if that is wrong."
        )
        others = tuple(text for text in self.notices if "does not name" not in text)
        axes = self.axes.replace(letter, "C")
        return replace(self, axes=axes, unnamed="", notices=(*others, said), coarser=())

    @property
    def address(self) -> Path:
        """The file, and which of its images if it holds several; can be read again."""
        return address(self.path, self.scene)

    @property
    def levels(self) -> tuple[LoadedImage, ...]:
        """Itself and its coarser levels, finest first."""
        return (self, *self.coarser)

    def spec(self, spatial: Spatial = "YX") -> AxesSpec:
        """The axes as the engine wants them, for a network that sees `spatial`."""
        return AxesSpec(self.axes, self.spacing, spatial)

    def source(
        self, spatial: Spatial = "YX", channels: Sequence[Channel] | None = None
    ) -> ImageSource:
        """The image as the engine reads it, its pixel size in micrometres where units are known.

        Parameters
        ----------
        spatial : {"YX", "ZYX"}, optional
            The axes the network sees.
        channels : sequence of int, str or None, optional
            See `napari_unet.core.channels.pick_channels`; all when not given.

        Raises
        ------
        ChannelMismatch
            If the image has no such channel.
        """
        spacing = tuple(map(in_micrometres, self.spacing, self.units))
        spec = AxesSpec(self.axes, spacing, spatial)
        count = self.array.shape[self.axes.index("C")] if "C" in self.axes else 1
        fits = count > 1 and len(set(self.channel_names)) == count
        names = self.channel_names if fits and all(self.channel_names) else ()
        source = ImageSource(self.array, spec, self.address.name, names)
        return source if channels is None else pick_channels(source, channels)

    def spacing_of(self, letter: str) -> tuple[float, str] | None:
        """Pixel size and unit along one axis; None if the file has no physical size for it."""
        if letter not in self.axes or self.units[self.axes.index(letter)] == PIXEL:
            return None
        place = self.axes.index(letter)
        return self.spacing[place], self.units[place]
