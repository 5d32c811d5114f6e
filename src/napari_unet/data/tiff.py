"""TIFF files, with the axes and pixel sizes that ImageJ, OME and tifffile keep in them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from napari_unet.core.errors import UnreadableImage
from napari_unet.data.lazy import LazyArray
from napari_unet.data.loaded import PIXEL, FileKind, LoadedImage
from napari_unet.data.scenes import Scene, chosen, only_one_used, scenes_named
from napari_unet.data.tiff_calibration import (
    CENTIMETRE,
    INCH,
    MICROMETRE,
    dots_per_inch,
    ome_channels,
    ome_image,
    read_calibration,
)
from napari_unet.data.tiff_lazy import open_lazily

_LARGE = 2**28
"""An image of more bytes stays in its file and is read piece by piece."""

_NO_IMAGES = ("Thumbnail", "Label", "Macro")
"""What tifffile calls the small pictures beside a scanned slide."""


def tiff_scenes(path: Path) -> tuple[Scene, ...]:
    """List the images of a TIFF file, without thumbnails."""
    with _refusing_cut_files(path), tifffile.TiffFile(path) as file:
        return scenes_named([series.name for series in _images(file, path).values()])


def read_tiff(path: Path, wanted: str | None = None) -> LoadedImage:
    """Return an image of a TIFF file: that of this number or name, else the first."""
    with _refusing_cut_files(path), tifffile.TiffFile(path) as file:
        images = _images(file, path)
        scenes = scenes_named([series.name for series in images.values()])
        scene = scenes[0] if wanted is None else chosen(scenes, wanted, path)
        index, series = list(images.items())[scene.number]
        array = open_lazily(path, series, index) if series.nbytes > _LARGE else series.asarray()
        page = series.keyframe
        about = ome_image(file, index)
        kind, calibration = read_calibration(file, page, about)
        notices = [] if wanted else list(only_one_used(path, scenes, scene))
        array, letters = _without_alpha(array, series.axes, bool(page.extrasamples), notices)
        array, axes = _with_our_letters(array, letters, path, notices)
        dots = dots_per_inch(page) if kind == "tiff" else None
    return LoadedImage(
        array=array,
        axes=axes,
        spacing=tuple(calibration.get(a, (1.0, PIXEL))[0] for a in axes),
        units=tuple(calibration.get(a, (1.0, PIXEL))[1] for a in axes),
        path=path,
        kind=kind,
        dots_per_inch=dots,
        notices=tuple(notices),
        channel_names=ome_channels(about) if kind == "ome" else (),
        scene=scene.mark,
        unnamed="".join(a for a, named in zip(axes, letters, strict=True) if named not in "S" + a),
    )


def write_tiff(path: Path, array: np.ndarray, axes: str, like: LoadedImage, kind: FileKind) -> None:
    """Write an array with the pixel sizes and units of `like`, zlib compressed."""
    options: dict[str, Any] = {"compression": "zlib", "photometric": "minisblack"}
    if kind == "imagej" and _fits_imagej(array, axes):
        options |= {"imagej": True, **_imagej_calibration(like)}
        options["metadata"] |= {"axes": axes, "mode": "grayscale"}
    elif kind in ("imagej", "ome") and "P" not in axes:
        options |= {"ome": True, "metadata": {"axes": axes, **_ome_calibration(like)}}
    else:
        options["metadata"] = {"axes": axes}
        if (size := like.spacing_of("X")) and (height := like.spacing_of("Y")):
            per_centimetre = (_per_centimetre(*size), _per_centimetre(*height))
            if all(per_centimetre):
                options |= {"resolution": per_centimetre, "resolutionunit": CENTIMETRE}
        elif like.dots_per_inch:
            options |= {"resolution": like.dots_per_inch, "resolutionunit": INCH}
    tifffile.imwrite(path, array, **options)


# -- reading ------------------------------------------------------------------------------


class _Errors(logging.Handler):
    """Keeps what tifffile only logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _refusing_cut_files(path: Path) -> Iterator[None]:
    """Raise if pages are missing: tifffile reads those that are there and logs the rest."""
    errors = _Errors()
    logger = logging.getLogger("tifffile")
    logger.addHandler(errors)
    try:
        yield
    finally:
        logger.removeHandler(errors)
    if any("invalid page offset" in message for message in errors.messages):
        raise UnreadableImage(f"{path} is cut short. Copy it again from where it came from.")


def _images(file: tifffile.TiffFile, path: Path) -> dict[int, Any]:
    """The series of a file that are images of their own, by their place among all.

    Smaller copies are not, nor are images of other files that OME's metadata mention.
    """
    if not file.series:
        raise UnreadableImage(f"{path} holds no image. Choose another file.")
    here = {
        index: series
        for index, series in enumerate(file.series)
        if series.keyframe.parent is file
        and not series.keyframe.is_reduced
        and series.name not in _NO_IMAGES
    }
    return here or {0: file.series[0]}


def _without_alpha(
    array: Any, letters: str, has_extra: bool, notices: list[str]
) -> tuple[Any, str]:
    """Drop the opacity of grey or colour images that have one."""
    place = letters.find("S")
    if place < 0 or array.shape[place] not in (2, 4) or not has_extra:
        return array, letters
    colours = array.shape[place] - 1
    notices.append("The opacity (alpha channel) is left out.")
    if isinstance(array, LazyArray):
        return array.cropped(place, colours), letters
    if colours == 1:
        return np.take(array, 0, axis=place), letters.replace("S", "")
    return np.take(array, range(colours), axis=place), letters


def _with_our_letters(array: Any, letters: str, path: Path, notices: list[str]) -> tuple[Any, str]:
    """Name tifffile's axes as we do: colour samples are channels, unknown stacks are Z."""
    if "S" in letters and "C" in letters:
        raise UnreadableImage(
            f"{path} has channels that are colour images themselves. "
            "Save it with one grey value per channel."
        )
    axes = letters.replace("S", "C")
    for letter in axes:
        if letter in "TPCZYX":
            continue
        free = next((a for a in "ZTP" if a not in axes), None)
        if free is None:
            raise UnreadableImage(
                f"The axes {letters} of {path} are more than can be told apart. "
                "Save the part that matters as a file of its own."
            )
        axes = axes.replace(letter, free, 1)
        size = array.shape[axes.index(free)]
        notices.append(
            f"{path.name} does not name the axis of length {size}; it is read as {free}. "
            "Name the axes yourself if that is wrong."
        )
    return array, axes


# -- writing ------------------------------------------------------------------------------


def _fits_imagej(array: np.ndarray, axes: str) -> bool:
    """ImageJ has three types of pixels, and one order of axes."""
    in_order = "".join(a for a in "TZCYX" if a in axes) == axes
    return in_order and array.dtype in (np.uint8, np.uint16, np.float32)


def _imagej_calibration(like: LoadedImage) -> dict[str, Any]:
    about: dict[str, Any] = {}
    options: dict[str, Any] = {"metadata": about}
    across, down = like.spacing_of("X"), like.spacing_of("Y")
    if across and down:
        options["resolution"] = (1 / across[0], 1 / down[0])
        about["unit"] = across[1].replace("µ", "u")
    if deep := like.spacing_of("Z"):
        about["spacing"] = deep[0]
    if step := like.spacing_of("T"):
        about["finterval"] = step[0]
    return options


def _ome_calibration(like: LoadedImage) -> dict[str, Any]:
    about: dict[str, Any] = {}
    for letter in "XYZ":
        if size := like.spacing_of(letter):
            about[f"PhysicalSize{letter}"], about[f"PhysicalSize{letter}Unit"] = size
    if step := like.spacing_of("T"):
        about["TimeIncrement"], about["TimeIncrementUnit"] = step
    return about


def _per_centimetre(size: float, unit: str) -> float | None:
    in_centimetres = {"nm": 1e-7, MICROMETRE: 1e-4, "mm": 0.1, "cm": 1.0, "m": 100.0}
    return 1 / (size * in_centimetres[unit]) if unit in in_centimetres else None
