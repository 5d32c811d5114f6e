"""Images from files, and labels to files that go with them: same axes, pixel size and units."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import (
    AxesError,
    ShapeMismatch,
    UNetError,
    UnreadableImage,
)
from napari_unet.data.loaded import FileKind, LoadedImage
from napari_unet.data.microscope import PLUGINS, microscope_scenes, read_microscope
from napari_unet.data.ome_zarr import is_zarr, read_ome_zarr, zarr_scenes
from napari_unet.data.outputs import TIFF_SUFFIXES, check_output, replacing
from napari_unet.data.scenes import Scene, chosen, scenes_named, split_address

IMAGE_SUFFIXES = (*TIFF_SUFFIXES, ".png", ".jpg", ".jpeg", ".bmp", *PLUGINS)
"""Endings of the files that are taken from a folder; Zarr images, which are folders, too."""

__all__ = [
    "IMAGE_SUFFIXES",
    "TIFF_SUFFIXES",
    "LoadedImage",
    "check_output",
    "read_image",
    "read_labels",
    "replacing",
    "scenes_in",
    "write_labels",
    "write_probabilities",
]


def read_image(
    path: str | Path, axes: str | None = None, scene: int | str | None = None
) -> LoadedImage:
    """Read a TIFF, PNG or other picture file, or open a Zarr image or a microscope's own file.

    Parameters
    ----------
    path : str or Path
        The file, or the folder of an OME-Zarr; ``"slide.czi#2"`` is one of several images in it.
    axes : str, optional
        One letter per axis, instead of what the file says; for example ``"TYX"``.
    scene : int or str, optional
        Which of several images in the file, by number from 0 or by name; see `scenes_in`. The
        first when nothing is said, with a notice.

    Returns
    -------
    LoadedImage
        With axes, pixel size and units as the file has them (OME, ImageJ, or plain TIFF in
        centimetres). Colour is an axis C; opacity is left out, with a notice. The array of a
        Zarr image or of a large TIFF stays in the file and is read piece by piece.

    Raises
    ------
    UnreadableImage
        If there is no such file, or it is not an image.
    AxesError
        If `axes` does not fit the image.
    """
    return _named(_read(path, numbers=False, scene=scene), axes)


def scenes_in(path: str | Path) -> tuple[Scene, ...]:
    """List the images in a file, without reading them.

    Parameters
    ----------
    path : str or Path
        The file, or the folder of an OME-Zarr image or plate.

    Returns
    -------
    tuple of Scene
        At least one.

    Raises
    ------
    UnreadableImage
        If there is no such file, or it is not an image.
    """
    path = Path(path)
    with _in_our_words(path):
        if path.is_dir():
            return zarr_scenes(path)
        if path.suffix.lower() in PLUGINS:
            return microscope_scenes(path)
        if path.suffix.lower() in TIFF_SUFFIXES:
            from napari_unet.data.tiff import tiff_scenes

            return tiff_scenes(path)
    return scenes_named([""])


def read_labels(path: str | Path, axes: str | None = None) -> LoadedImage:
    """Read paint or labels: one whole number per pixel, without channels.

    Parameters
    ----------
    path : str or Path
        A TIFF or PNG. Of a picture with a palette the numbers are read, and of one in
        colour whose colours are all grey, the grey values.
    axes : str, optional
        One letter per axis, instead of what the file says.

    Raises
    ------
    UnreadableImage
        If the file cannot be read, or holds colours or fractions instead of whole numbers.
    """
    loaded = _read(path, numbers=True)
    loaded = replace(loaded, array=np.asarray(loaded.array))
    if loaded.axes.endswith("C") and _is_grey(loaded.array):
        loaded = replace(
            loaded,
            array=loaded.array[..., 0],
            axes=loaded.axes[:-1],
            spacing=loaded.spacing[:-1],
            units=loaded.units[:-1],
        )
    if loaded.array.dtype.kind == "f" and np.all(np.mod(loaded.array, 1) == 0):
        loaded = replace(loaded, array=loaded.array.astype(np.int64))
    if loaded.array.dtype.kind not in "ui" or "C" in loaded.axes:
        raise UnreadableImage(
            f"{path} is not a layer of paint: it needs one whole number per pixel, "
            "not colours or fractions. Save it as labels."
        )
    return _named(loaded, axes)


def write_labels(
    path: str | Path, labels: np.ndarray, like: LoadedImage, overwrite: bool = False
) -> None:
    """Write labels that belong to an image, with its pixel size and units.

    A TIFF is written as what the image was: with ImageJ's, OME's or plain metadata. It is
    compressed, and as small an integer as holds the labels. The file appears complete or
    not at all.

    Parameters
    ----------
    path : str or Path
        Ends in ``.tif``, ``.tiff`` or, for 2D labels, ``.png``.
    labels : ndarray of int
        In the axes of `like` without C.
    like : LoadedImage
        The image the labels belong to; its file is never written to.
    overwrite : bool, optional
        Replace a file that exists.

    Raises
    ------
    OutputExists
        If the file exists, or is the image itself.
    ShapeMismatch
        If the labels do not have the image's shape without C.
    UNetError
        If the name or the shape do not go with a format.
    """
    path = Path(path)
    check_output(path, [like.path], overwrite)
    shape = like.spec().label_shape(like.array.shape)
    if labels.shape != shape:
        raise ShapeMismatch(
            f"The labels have shape {labels.shape}, but the image needs {shape}. "
            "Give the image they were made from."
        )
    with replacing(path) as unfinished:
        if path.suffix.lower() == ".png":
            from napari_unet.data.picture import write_picture

            write_picture(unfinished, _smallest(labels))
        else:
            from napari_unet.data.tiff import write_tiff

            axes = like.axes.replace("C", "")
            write_tiff(unfinished, _smallest(labels), axes, like, _kind_for(path, like))


def write_probabilities(
    path: str | Path, probabilities: np.ndarray, like: LoadedImage, overwrite: bool = False
) -> None:
    """Write class probabilities as a float32 TIFF with one channel per class.

    Parameters
    ----------
    path : str or Path
        Ends in ``.tif`` or ``.tiff``.
    probabilities : ndarray of float32, shape (K, ...)
        One map per class, each in the axes of `like` without C.
    like : LoadedImage
        The image they belong to; its file is never written to.
    overwrite : bool, optional
        Replace a file that exists.

    Raises
    ------
    OutputExists
        If the file exists, or is the image itself.
    """
    from napari_unet.data.tiff import write_tiff

    path = Path(path)
    check_output(path, [like.path], overwrite, suffixes=TIFF_SUFFIXES)
    axes = like.axes.replace("C", "")
    stack = np.ascontiguousarray(np.moveaxis(probabilities.astype(np.float32), 0, -3))
    with replacing(path) as unfinished:
        write_tiff(unfinished, stack, f"{axes[:-2]}C{axes[-2:]}", like, _kind_for(path, like))


def _read(where: str | Path, numbers: bool, scene: int | str | None = None) -> LoadedImage:
    path, wanted = (Path(where), str(scene)) if scene is not None else split_address(where)
    with _in_our_words(path):
        if path.is_dir():
            loaded = read_ome_zarr(path, wanted)
        elif path.suffix.lower() in PLUGINS:
            loaded = read_microscope(path, wanted)
        elif path.suffix.lower() in TIFF_SUFFIXES:
            from napari_unet.data.tiff import read_tiff

            loaded = read_tiff(path, wanted)
        else:
            from napari_unet.data.picture import read_picture

            if wanted is not None:
                chosen(scenes_named([""]), wanted, path)
            loaded = read_picture(path, numbers)
    return _checked(loaded)


@contextmanager
def _in_our_words(path: Path) -> Iterator[None]:
    """Raise what `read_image` says it raises, however a reader fails."""
    if not path.exists():
        raise UnreadableImage(f"There is no file {path}. Check its name.")
    if path.is_dir() and not is_zarr(path):
        raise UnreadableImage(f"{path} is a folder. Choose one of the images in it.")
    try:
        yield
    except UNetError:
        raise
    # Readers fail in many ways on a broken file: every one of them means the same to a user.
    except Exception as err:
        raise UnreadableImage(
            f"{path} cannot be read as an image ({err}). Choose a TIFF or PNG file."
        ) from err


def _checked(loaded: LoadedImage) -> LoadedImage:
    if isinstance(loaded.array, np.ndarray) and loaded.array.dtype == bool:
        loaded = replace(loaded, array=loaded.array.astype(np.uint8))
    if loaded.array.dtype.kind not in "uif" or loaded.array.size == 0:
        raise UnreadableImage(
            f"{loaded.path} holds {loaded.array.dtype} values of shape {loaded.array.shape}, "
            "which are no image. Save it with whole or floating-point numbers."
        )
    return loaded


def _named(loaded: LoadedImage, axes: str | None) -> LoadedImage:
    """The image under the axes the user gave, if any."""
    unnamed, axes = "" if axes else loaded.unnamed, axes or loaded.axes
    try:
        AxesSpec(axes).check(loaded.array.shape, str(loaded.path))
    except AxesError as err:
        if axes != loaded.axes:
            raise
        raise UnreadableImage(
            f"{loaded.path} has the axes {axes}, which are not those of an image. {err}"
        ) from err
    loaded = replace(loaded, unnamed=unnamed)
    return replace(loaded, axes=axes, coarser=tuple(replace(c, axes=axes) for c in loaded.coarser))


def _is_grey(array: np.ndarray) -> bool:
    return bool((array == array[..., :1]).all())


def _smallest(labels: np.ndarray) -> np.ndarray:
    """The labels in the smallest unsigned type that holds them."""
    return labels.astype(np.min_scalar_type(int(labels.max(initial=0))), copy=False)


def _kind_for(path: Path, like: LoadedImage) -> FileKind:
    named = ".ome" in path.suffixes[-2:]
    return "ome" if named or like.kind in ("zarr", "other") else like.kind
