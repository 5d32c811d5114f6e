"""Images in OME-Zarr (0.1 to 0.5) and plain Zarr arrays, opened and not read.

zarr-python reads and writes both storage formats and is kept by the Zarr community itself;
the metadata above it are a few dictionaries (see `napari_unet.data.ngff`), so no further
package stands between.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path
from typing import Any

from napari_unet.core.arrays import likely_axes
from napari_unet.core.errors import MissingPackage, UnreadableImage
from napari_unet.core.finer import times_finer
from napari_unet.data.lazy import LazyArray
from napari_unet.data.loaded import PIXEL, LoadedImage
from napari_unet.data.ngff import read_geometry
from napari_unet.data.scenes import SIGN, Scene, chosen, only_one_used, scenes_named

_MARKS = (".zarray", ".zattrs")


def is_zarr(path: Path) -> bool:
    """True if a folder is, or by its name should be, a Zarr image, and not just holds some."""
    if not path.is_dir():
        return False
    if path.suffix == ".zarr" or any((path / mark).exists() for mark in _MARKS):
        return True
    try:
        about = json.loads((path / "zarr.json").read_bytes())
    except (OSError, ValueError):
        return False
    return about.get("node_type") == "array" or bool(about.get("attributes"))


def zarr_package(purpose: str) -> Any:
    """The package zarr.

    Raises
    ------
    MissingPackage
        If it is not installed; `purpose` begins the sentence.
    """
    try:
        import zarr
    except ImportError as err:
        raise MissingPackage(
            f"{purpose} needs the package zarr. "
            "Install it with: pip install 'napari-unet-paint[zarr]'"
        ) from err
    return zarr


def zarr_scenes(path: Path) -> tuple[Scene, ...]:
    """List the images of a folder: those of a plate, a well, or what bioformats2raw wrote."""
    return _scenes(zarr_package(f"Reading {path}").open(str(path), mode="r"))


def read_ome_zarr(path: Path, wanted: str | None = None) -> LoadedImage:
    """Open the finest level of an OME-Zarr image, or a Zarr array; no pixel is read.

    Parameters
    ----------
    path : Path
        The folder of an image, of one of its levels, of labels in it, or of several images.
    wanted : str, optional
        Number or name of one of several images, such as ``"B/3/0"`` on a plate.

    Raises
    ------
    UnreadableImage
        If it holds no image, or a plate of many.
    MissingPackage
        If zarr is not installed.
    """
    zarr = zarr_package(f"Reading {path}")
    node = zarr.open(str(path), mode="r")
    scenes = _scenes(node)
    if hasattr(node, "shape"):
        if wanted is not None:
            chosen(scenes, wanted, path)
        return _plain(node, path)
    if wanted is None and len(scenes) > 1 and "plate" in ome_attributes(node):
        raise UnreadableImage(
            f"{path} is a plate of {len(scenes)} images. Give one of them, for example "
            f"{path / scenes[0].name} or {path.name}{SIGN}{scenes[0].mark}."
        )
    scene = scenes[0] if wanted is None else chosen(scenes, wanted, path)
    found = replace(_image(_at(node, scene.name, path), path), scene=scene.mark)
    said = () if wanted is not None else only_one_used(path, scenes, scene)
    return replace(
        found,
        notices=(*found.notices, *said),
        coarser=tuple(replace(level, scene=scene.mark) for level in found.coarser),
    )


def _scenes(node: Any) -> tuple[Scene, ...]:
    return scenes_named([""] if hasattr(node, "shape") else list(_places(node)))


def _places(group: Any) -> Iterator[str]:
    """Where in a group its images are, as far as its metadata say; no image is opened."""
    about = ome_attributes(group)
    if about.get("multiscales"):
        yield ""
    elif "plate" in about:
        for well in about["plate"].get("wells") or [{"path": "A/1"}]:
            inside = _places(group[well["path"]]) if well["path"] in group else ["0"]
            yield from (f"{well['path']}/{place}".rstrip("/") for place in inside)
    elif "well" in about:
        images = [str(one["path"]) for one in about["well"].get("images") or ()]
        yield from images or _numbered(group)
    elif "bioformats2raw.layout" in about:
        listed = ome_attributes(group["OME"]).get("series") if "OME" in group else None
        yield from map(str, listed) if listed else _numbered(group)
    else:
        yield ""


def _numbered(group: Any) -> Iterator[str]:
    """The members 0, 1, 2, ...; at least the first, which then is missing."""
    yield "0"
    yield from takewhile(lambda place: place in group, map(str, count(1)))


def _at(group: Any, place: str, path: Path) -> Any:
    if place and place not in group:
        raise UnreadableImage(
            f"{path / place} is not there, though the metadata name it. "
            "Copy it again from where it came from."
        )
    return group[place] if place else group


def _plain(array: Any, path: Path) -> LoadedImage:
    """An array without metadata: its axes are guessed from its shape."""
    likely = likely_axes(tuple(array.shape))
    if not likely:
        raise UnreadableImage(
            f"{path} is an array of {len(array.shape)} axes without OME metadata, "
            "which can mean anything. Name its axes."
        )
    notice = f"{path.name} does not name its axes; they are read as {likely[0]}."
    return LoadedImage(
        array=LazyArray(array, path),
        axes=likely[0],
        spacing=(1.0,) * len(likely[0]),
        units=(PIXEL,) * len(likely[0]),
        path=path,
        kind="zarr",
        notices=(f"{notice} Name the axes yourself if that is wrong.",) if array.ndim > 2 else (),
        unnamed="".join(letter for letter in likely[0] if letter not in "CYX"),
    )


def _image(group: Any, path: Path) -> LoadedImage:
    """The image of a group."""
    about = ome_attributes(group)
    if about.get("multiscales"):
        return _finest(group, about, path)
    raise UnreadableImage(
        f"{path} is a Zarr group without an image of its own. Give one of the images in it."
    )


def ome_attributes(group: Any) -> Mapping[str, Any]:
    """The attributes the format speaks of; version 0.5 keeps them under ``ome``."""
    attributes = dict(group.attrs)
    nested = attributes.get("ome")
    return nested if isinstance(nested, Mapping) else attributes


def _finest(group: Any, about: Mapping[str, Any], path: Path) -> LoadedImage:
    pyramid = about["multiscales"][0]
    level = pyramid["datasets"][0]
    array = group[level["path"]]
    geometry = read_geometry(pyramid, level, len(array.shape))
    finest = LoadedImage(
        array=LazyArray(array, path),
        axes=geometry.axes,
        spacing=geometry.spacing,
        units=geometry.units,
        path=path,
        kind="zarr",
        translation=geometry.translation,
        ngff="0.5" if array.metadata.zarr_format == 3 else "0.4",
        notices=geometry.notices,
        channel_names=_channel_names(about),
    )
    return replace(finest, coarser=tuple(_coarser(group, pyramid, finest)))


def _coarser(group: Any, pyramid: Mapping[str, Any], finest: LoadedImage) -> Iterator[LoadedImage]:
    """The other levels of a pyramid, unread; one that is not there is passed over."""
    for level in pyramid["datasets"][1:]:
        if level["path"] not in group:
            continue
        array = group[level["path"]]
        if len(array.shape) != len(finest.axes) or 0 in array.shape:
            continue
        # from the sizes: what the metadata say of coarser levels is often left out or rounded
        times = times_finer(finest.array.shape, array.shape)
        spacing = tuple(step * f for step, f in zip(finest.spacing, times, strict=True))
        yield replace(finest, array=LazyArray(array, finest.path), spacing=spacing, notices=())


def _channel_names(about: Mapping[str, Any]) -> tuple[str, ...]:
    """What the file calls its channels, for those who show it."""
    shown = about.get("omero")
    channels = shown.get("channels", ()) if isinstance(shown, Mapping) else ()
    return tuple(str(one.get("label", "")) for one in channels if isinstance(one, Mapping))
