"""TIFF files, with the axes and pixel sizes that ImageJ, OME and tifffile keep in them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from napari_unet.core.errors import UnreadableImage
from napari_unet.data.lazy import LazyArray
from napari_unet.data.loaded import PIXEL, FileKind, LoadedImage
from napari_unet.data.tiff_lazy import open_lazily

_LARGE = 2**28
"""An image of more bytes stays in its file and is read piece by piece."""

_MICROMETRE = "µm"
_INCH, _CENTIMETRE = 2, 3

Calibration = dict[str, tuple[float, str]]
"""Pixel size and unit of each axis that has one."""


def read_tiff(path: Path) -> LoadedImage:
    """Return the first image of a TIFF file."""
    with _refusing_cut_files(path), tifffile.TiffFile(path) as file:
        if not file.series:
            raise UnreadableImage(f"{path} holds no image. Choose another file.")
        series = file.series[0]
        array = open_lazily(path, series) if series.nbytes > _LARGE else series.asarray()
        kind, calibration = _calibration(file)
        page = series.keyframe
        notices: list[str] = []
        if len(file.series) > 1:
            notices.append(
                f"{path.name} holds {len(file.series)} images; only the first is used. "
                "Save the others as files of their own."
            )
        array, letters = _without_alpha(array, series.axes, bool(page.extrasamples), notices)
        array, axes = _with_our_letters(array, letters, path, notices)
        dots = _dots_per_inch(page) if kind == "tiff" else None
    return LoadedImage(
        array=array,
        axes=axes,
        spacing=tuple(calibration.get(a, (1.0, PIXEL))[0] for a in axes),
        units=tuple(calibration.get(a, (1.0, PIXEL))[1] for a in axes),
        path=path,
        kind=kind,
        dots_per_inch=dots,
        notices=tuple(notices),
        channel_names=_ome_channels(file.ome_metadata) if kind == "ome" else (),
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
                options |= {"resolution": per_centimetre, "resolutionunit": _CENTIMETRE}
        elif like.dots_per_inch:
            options |= {"resolution": like.dots_per_inch, "resolutionunit": _INCH}
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


def _calibration(file: tifffile.TiffFile) -> tuple[FileKind, Calibration]:
    if file.is_ome:
        return "ome", _read_ome(file.ome_metadata)
    if file.is_imagej:
        return "imagej", _read_imagej(file)
    return "tiff", _read_centimetres(file.pages[0])


def _read_ome(xml: str | None) -> Calibration:
    """Physical sizes from OME-XML (Goldberg et al. 2005, doi:10.1186/gb-2005-6-5-r47)."""
    pixels = ElementTree.fromstring(xml or "<OME/>").find("{*}Image/{*}Pixels")
    found: Calibration = {}
    if pixels is None:
        return found
    for letter in "XYZ":
        if size := _positive(pixels.get(f"PhysicalSize{letter}")):
            unit = pixels.get(f"PhysicalSize{letter}Unit", _MICROMETRE)
            found[letter] = (size, _plain_unit(unit))
    if step := _positive(pixels.get("TimeIncrement")):
        found["T"] = (step, pixels.get("TimeIncrementUnit", "s"))
    return found


def _ome_channels(xml: str | None) -> tuple[str, ...]:
    """What OME-XML calls the channels of the first image."""
    found = ElementTree.fromstring(xml or "<OME/>").findall("{*}Image[1]/{*}Pixels/{*}Channel")
    return tuple(channel.get("Name", "") for channel in found)


def _read_imagej(file: tifffile.TiffFile) -> Calibration:
    about = file.imagej_metadata or {}
    unit = _plain_unit(str(about.get("unit", PIXEL)))
    found: Calibration = {}
    if unit != PIXEL:
        for letter, tag in (("X", "XResolution"), ("Y", "YResolution")):
            if per_unit := _resolution(file.pages[0], tag):
                found[letter] = (1 / per_unit, unit)
        if step := _positive(about.get("spacing")):
            found["Z"] = (step, unit)
    if step := _positive(about.get("finterval")):
        found["T"] = (step, "s")
    return found


def _read_centimetres(page: Any) -> Calibration:
    """Pixel sizes of a plain TIFF; those given per inch are for printers and left alone."""
    if _resolution_unit(page) != _CENTIMETRE:
        return {}
    found = {"X": _resolution(page, "XResolution"), "Y": _resolution(page, "YResolution")}
    return {a: (1e4 / per, _MICROMETRE) for a, per in found.items() if per}


def _dots_per_inch(page: Any) -> tuple[float, float] | None:
    if _resolution_unit(page) != _INCH:
        return None
    across, down = _resolution(page, "XResolution"), _resolution(page, "YResolution")
    return (across, down) if across and down else None


def _resolution_unit(page: Any) -> int:
    return int(page.tags.valueof("ResolutionUnit", 1))


def _resolution(page: Any, tag: str) -> float | None:
    """Pixels per unit, or None where the file does not say."""
    above, below = page.tags.valueof(tag, (0, 1))
    return above / below if above and below else None


def _positive(text: Any) -> float | None:
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return number if 0 < number < float("inf") else None


def _plain_unit(unit: str) -> str:
    """One spelling for micrometres, however the writer spelled them."""
    unit = unit.replace("\\u00B5", "µ").replace("\u03bc", "µ").strip()
    if unit.lower() in ("um", "micron", "microns", "micrometer", "micrometre"):
        return _MICROMETRE
    return unit if unit and unit.lower() not in ("pixels", "reference frame") else PIXEL


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
    in_centimetres = {"nm": 1e-7, _MICROMETRE: 1e-4, "mm": 0.1, "cm": 1.0, "m": 100.0}
    return 1 / (size * in_centimetres[unit]) if unit in in_centimetres else None
