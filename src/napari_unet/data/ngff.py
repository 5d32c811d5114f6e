"""The metadata of OME-Zarr, versions 0.4 and 0.5, to and from our axes, pixel sizes and units.

The format is described at https://ngff.openmicroscopy.org (Moore et al. 2021,
doi:10.1038/s41592-021-01326-w; 2023, doi:10.1007/s00418-023-02209-1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from napari_unet.core.errors import UnreadableImage
from napari_unet.data.loaded import PIXEL

NgffVersion = Literal["0.4", "0.5"]
"""0.4 is stored as Zarr 2, 0.5 as Zarr 3."""

_UNITS = {
    "angstrom": "Å",
    "nanometer": "nm",
    "micrometer": "µm",
    "millimeter": "mm",
    "centimeter": "cm",
    "meter": "m",
    "nanosecond": "ns",
    "microsecond": "µs",
    "millisecond": "ms",
    "second": "s",
    "minute": "min",
    "hour": "h",
}
"""The names UDUNITS-2 has for units, which the format asks for, and what we call them."""

_TYPES = {"T": "time", "C": "channel", "Z": "space", "Y": "space", "X": "space"}
_BEFORE_AXES = "TCZYX"
"""What the axes of versions before 0.3 are, which do not name them."""


@dataclass(frozen=True)
class Geometry:
    """Where an array of a pyramid lies.

    Parameters
    ----------
    axes : str
        One letter per axis.
    spacing, translation : tuple of float
        Pixel size, and place of the first pixel, along each axis.
    units : tuple of str
    notices : tuple of str
        Sentences on what was guessed.
    """

    axes: str
    spacing: tuple[float, ...]
    translation: tuple[float, ...]
    units: tuple[str, ...]
    notices: tuple[str, ...] = ()


def read_geometry(pyramid: Mapping[str, Any], level: Mapping[str, Any], ndim: int) -> Geometry:
    """Return what the metadata of a pyramid say of one of its levels.

    Parameters
    ----------
    pyramid : mapping
        One entry of ``multiscales``.
    level : mapping
        One entry of its ``datasets``.
    ndim : int
        Number of axes of the array.

    Raises
    ------
    UnreadableImage
        If the metadata do not fit the array.
    """
    named = pyramid.get("axes") or list(_BEFORE_AXES[-ndim:].lower())
    about = [{"name": axis} if isinstance(axis, str) else dict(axis) for axis in named]
    axes, notices = _letters(about)
    inner, outer = (
        _scale_and_translation(one.get("coordinateTransformations") or (), len(axes))
        for one in (level, pyramid)
    )
    if not len(axes) == ndim == len(inner[0]) == len(outer[0]) == len(inner[1]) == len(outer[1]):
        raise UnreadableImage(
            f"The metadata name {len(axes)} axes, but the array has {ndim}. Write it again."
        )
    spacing = [a * b for a, b in zip(inner[0], outer[0], strict=True)]
    return Geometry(
        axes,
        tuple(s if s > 0 and isfinite(s) else 1.0 for s in spacing),
        tuple(t * s + u for t, s, u in zip(inner[1], outer[0], outer[1], strict=True)),
        tuple(_UNITS.get(str(a.get("unit")), str(a.get("unit") or PIXEL)) for a in about),
        tuple(notices),
    )


def _letters(about: Sequence[Mapping[str, Any]]) -> tuple[str, list[str]]:
    """Our letter for each axis; an axis of another name becomes one that is left."""
    names = [str(axis.get("name", "")).upper() for axis in about]
    known = [name if name in ("T", "P", "C", "Z", "Y", "X") else "" for name in names]
    notices = []
    for place, axis in enumerate(about):
        if known[place]:
            continue
        of_type = {"time": "T", "channel": "C"}.get(str(axis.get("type")), "")
        known[place] = next((a for a in (*of_type, *"ZTP") if a not in known), "")
        if not known[place]:
            raise UnreadableImage(
                f"The axes {', '.join(names)} are more than can be told apart. "
                "Save the part that matters as an image of its own."
            )
        notices.append(
            f"The axis {axis.get('name')!r} is read as {known[place]}. "
            "Name the axes yourself if that is wrong."
        )
    return "".join(known), notices


def _scale_and_translation(
    transformations: Sequence[Mapping[str, Any]], ndim: int
) -> tuple[list[float], list[float]]:
    scale, translation = [1.0] * ndim, [0.0] * ndim
    for one in transformations:
        if one.get("type") == "scale" and "scale" in one:
            scale = [float(s) for s in one["scale"]]
        if one.get("type") == "translation" and "translation" in one:
            translation = [float(t) for t in one["translation"]]
    return scale, translation


def labels_metadata(
    name: str,
    version: NgffVersion,
    geometry: Geometry,
    levels: Sequence[tuple[str, Sequence[float]]],
    classes: Mapping[int, str],
) -> dict[str, Any]:
    """Return the attributes of a group that holds a pyramid of labels.

    Parameters
    ----------
    name : str
        Name of the labels.
    version : {"0.4", "0.5"}
    geometry : Geometry
        Of the finest level.
    levels : sequence of (str, sequence of float)
        Path of each level, and how many pixels of the finest one of its pixels spans
        along each axis.
    classes : mapping of int to str
        Name of each label.
    """
    datasets = []
    for path, factors in levels:
        scale = [float(s * f) for s, f in zip(geometry.spacing, factors, strict=True)]
        steps: list[dict[str, Any]] = [{"type": "scale", "scale": scale}]
        if any(geometry.translation):
            steps.append(
                {"type": "translation", "translation": [float(t) for t in geometry.translation]}
            )
        datasets.append({"path": path, "coordinateTransformations": steps})
    axes = [_axis(a, u) for a, u in zip(geometry.axes, geometry.units, strict=True)]
    pyramid: dict[str, Any] = {"name": name, "axes": axes, "datasets": datasets}
    label: dict[str, Any] = {
        "properties": [{"label-value": v, "class": word} for v, word in classes.items()]
    }
    if version == "0.5":
        return {"ome": {"version": version, "multiscales": [pyramid], "image-label": label}}
    versioned = {"version": version}
    return {"multiscales": [versioned | pyramid], "image-label": versioned | label}


def _axis(letter: str, unit: str) -> dict[str, str]:
    """One axis as the format wants it; a unit it has no name for is left out."""
    names = {ours: theirs for theirs, ours in _UNITS.items()}
    axis = {"name": letter.lower()}
    if letter in _TYPES:
        axis["type"] = _TYPES[letter]
    if unit in names:
        axis["unit"] = names[unit]
    return axis
