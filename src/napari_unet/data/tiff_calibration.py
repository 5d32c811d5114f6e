"""Pixel sizes in TIFF files, as OME, ImageJ and tifffile keep them there."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import tifffile

from napari_unet.data.loaded import PIXEL, FileKind

MICROMETRE = "µm"
INCH, CENTIMETRE = 2, 3
"""Units of resolution, as TIFF numbers them."""

Calibration = dict[str, tuple[float, str]]
"""Pixel size and unit of each axis that has one."""


def read_calibration(
    file: tifffile.TiffFile, page: Any, about: ElementTree.Element
) -> tuple[FileKind, Calibration]:
    """What wrote a file, and the pixel sizes of an image in it.

    Parameters
    ----------
    file : tifffile.TiffFile
    page : tifffile.TiffPage
        The first of the image.
    about : Element
        From `ome_image`.
    """
    if file.is_ome:
        return "ome", _read_ome(about)
    if file.is_imagej:
        return "imagej", _read_imagej(file)
    return "tiff", _read_centimetres(page)


def ome_image(file: tifffile.TiffFile, index: int) -> ElementTree.Element:
    """What OME-XML says of a series; an empty element if that cannot be told."""
    root = ElementTree.fromstring((file.ome_metadata if file.is_ome else None) or "<OME/>")
    images = root.findall("{*}Image")
    if len(images) == len(file.series):
        return images[index]
    name, shape = file.series[index].name, file.series[index].shape
    like = [  # images without pixels in the file are no series
        one
        for one in images
        if one.get("Name", "") == name and _size_of(one) in (shape[-2:], shape[-3:-1])
    ]
    found = like if len(like) == 1 else images[:1] if index == 0 else []
    return found[0] if found else ElementTree.Element("Image")


def _size_of(image: ElementTree.Element) -> tuple[int, ...]:
    pixels = image.find("{*}Pixels")
    return () if pixels is None else tuple(int(pixels.get(f"Size{a}", 0)) for a in "YX")


def _read_ome(about: ElementTree.Element) -> Calibration:
    """Physical sizes from OME-XML (Goldberg et al. 2005, doi:10.1186/gb-2005-6-5-r47)."""
    pixels = about.find("{*}Pixels")
    found: Calibration = {}
    if pixels is None:
        return found
    for letter in "XYZ":
        if size := _positive(pixels.get(f"PhysicalSize{letter}")):
            unit = pixels.get(f"PhysicalSize{letter}Unit", MICROMETRE)
            found[letter] = (size, _plain_unit(unit))
    if step := _positive(pixels.get("TimeIncrement")):
        found["T"] = (step, pixels.get("TimeIncrementUnit", "s"))
    return found


def ome_channels(about: ElementTree.Element) -> tuple[str, ...]:
    """What OME-XML calls the channels of an image."""
    return tuple(channel.get("Name", "") for channel in about.findall("{*}Pixels/{*}Channel"))


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
    if _resolution_unit(page) != CENTIMETRE:
        return {}
    found = {"X": _resolution(page, "XResolution"), "Y": _resolution(page, "YResolution")}
    return {a: (1e4 / per, MICROMETRE) for a, per in found.items() if per}


def dots_per_inch(page: Any) -> tuple[float, float] | None:
    """Print resolution along X and Y, if the file has one."""
    if _resolution_unit(page) != INCH:
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
        return MICROMETRE
    return unit if unit and unit.lower() not in ("pixels", "reference frame") else PIXEL
