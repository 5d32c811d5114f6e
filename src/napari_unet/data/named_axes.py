"""What a file says its axes are, from its header alone: viewers often leave that out."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from napari_unet.core.errors import UNetError

Named = tuple[str, tuple[int, ...]]
"""One letter per axis, and how long each is; axes of length 1 are left out, but for Y and X."""

_NOTHING: Named = ("", ())
_OURS = "TPCZYX"


def named_axes(path: str | Path) -> Named:
    """Axes of the first image in a TIFF or OME-Zarr, as ImageJ's, OME's or tifffile's metadata.

    Only the first page of a TIFF and the attributes of a Zarr are read, never pixels.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    tuple of str and tuple of int
        Empty where the file does not say, cannot be read, or is of another kind.
    """
    path = Path(path)
    try:
        if path.is_file() and path.suffix.lower() in (".tif", ".tiff"):
            letters, sizes = _in_tiff(path)
        elif path.is_dir():
            letters, sizes = _in_zarr(path)
        else:
            return _NOTHING
    # whatever is wrong with the file: it is open in the viewer already, so nothing is lost
    except Exception:  # noqa: BLE001
        return _NOTHING
    if len(letters) != len(sizes):
        return _NOTHING
    kept = [
        (letter, int(size))
        for letter, size in zip(letters.replace("S", "C"), sizes, strict=True)
        if size > 1 or letter in "YX"
    ]
    axes = "".join(letter for letter, _ in kept)
    if len(set(axes)) != len(axes) or not set("YX") <= set(axes) <= set(_OURS):
        return _NOTHING
    return axes, tuple(size for _, size in kept)


def _in_tiff(path: Path) -> tuple[str, tuple[int, ...]]:
    import tifffile

    with tifffile.TiffFile(path) as file:
        page: Any = file.pages[0]
        if file.is_ome:
            return _in_ome(file.ome_metadata or "<OME/>")
        if file.is_imagej:
            about = file.imagej_metadata or {}
            stack = [about.get(name, 1) for name in ("frames", "slices", "channels")]
            return "TZC" + page.axes, (*stack, *page.shape)
        if file.is_shaped:
            about = (file.shaped_metadata or ({},))[0]
            return about.get("axes", ""), tuple(about.get("shape", ()))
    return _NOTHING


def _in_ome(xml: str) -> tuple[str, tuple[int, ...]]:
    """Of the first image; colours that lie in a pixel come last."""
    pixels = ElementTree.fromstring(xml).find("{*}Image/{*}Pixels")
    if pixels is None:
        return _NOTHING
    channel = pixels.find("{*}Channel")
    colours = 1 if channel is None else int(channel.get("SamplesPerPixel", 1))
    letters = pixels.get("DimensionOrder", "")[::-1]
    sizes = {letter: int(pixels.get(f"Size{letter}", 1)) for letter in letters}
    sizes["C"] = sizes.get("C", 1) // colours
    return f"{letters}S", (*(sizes[letter] for letter in letters), colours)


def _in_zarr(path: Path) -> tuple[str, tuple[int, ...]]:
    from napari_unet.data.ome_zarr import is_zarr, read_ome_zarr

    if not is_zarr(path):
        return _NOTHING
    try:
        loaded = read_ome_zarr(path)
    except UNetError:
        return _NOTHING
    return (loaded.axes, loaded.array.shape) if loaded.ngff else _NOTHING
