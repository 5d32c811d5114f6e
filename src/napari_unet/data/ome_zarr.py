"""Images in OME-Zarr (0.1 to 0.5) and plain Zarr arrays, opened and not read.

zarr-python reads and writes both storage formats and is kept by the Zarr community itself;
the metadata above it are a few dictionaries (see `napari_unet.data.ngff`), so no further
package stands between.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from napari_unet.core.arrays import likely_axes
from napari_unet.core.errors import MissingPackage, UnreadableImage
from napari_unet.core.finer import times_finer
from napari_unet.data.lazy import LazyArray
from napari_unet.data.loaded import PIXEL, LoadedImage
from napari_unet.data.ngff import read_geometry

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


def read_ome_zarr(path: Path) -> LoadedImage:
    """Open the finest level of an OME-Zarr image, or a Zarr array; no pixel is read.

    Parameters
    ----------
    path : Path
        The folder of an image, of one of its levels, or of labels in it.

    Raises
    ------
    UnreadableImage
        If it holds no image, or a plate of many.
    MissingPackage
        If zarr is not installed.
    """
    zarr = zarr_package(f"Reading {path}")
    node = zarr.open(str(path), mode="r")
    if hasattr(node, "shape"):
        return _plain(node, path)
    return _image(node, path)


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
    )


def _image(group: Any, path: Path) -> LoadedImage:
    """The first image of a group."""
    about = ome_attributes(group)
    if about.get("multiscales"):
        return _finest(group, about, path)
    if "plate" in about:
        wells = about["plate"].get("wells") or [{"path": "A/1"}]
        raise UnreadableImage(
            f"{path} is a plate of many images. "
            f"Give one of them, for example {path / wells[0]['path'] / '0'}."
        )
    # a well, or what bioformats2raw writes, holds images that are numbered from 0
    if "well" in about or "bioformats2raw.layout" in about:
        first = _image(group["0"], path)
        notice = f"Of the images in {path.name} the first is used. Give {path}/1 for the next."
        return replace(first, notices=(*first.notices, notice)) if "1" in group else first
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
