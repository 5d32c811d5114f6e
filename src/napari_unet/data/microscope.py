"""Microscopes' own files, through bioio and its plugins where they are installed.

bioio is kept by the Allen Institute for Cell Science and wraps the reader of each vendor's format,
lazily, behind one interface. Its plugins are large, and some under the GPL, so none is required.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np

from napari_unet.core.errors import MissingPackage, UnreadableImage
from napari_unet.data.lazy import LazyArray
from napari_unet.data.leica import has_leica_reader, read_leica
from napari_unet.data.loaded import PIXEL, LoadedImage
from napari_unet.data.scenes import SIGN, Scene, chosen, only_one_used, scenes_named

_WAYS: dict[str, tuple[dict[str, bool], ...]] = {".czi": ({}, {"use_aicspylibczi": False})}
"""What to tell a plugin to try one way after the other."""

PLUGINS = {".czi": "bioio-czi", ".lif": "bioio-lif", ".nd2": "bioio-nd2"}
"""What reads files of each ending."""


def microscope_scenes(path: Path) -> tuple[Scene, ...]:
    """List the images of a file.

    Raises
    ------
    MissingPackage
        If bioio or its plugin for this kind of file is not installed.
    """
    return scenes_named(_bioio(path).BioImage(path).scenes)


def read_microscope(path: Path, wanted: str | None = None) -> LoadedImage:
    """Open an image of a file; pixels are read when they are wanted.

    Parameters
    ----------
    path : Path
    wanted : str, optional
        Number or name of the image; the first that can be read when not given.

    Raises
    ------
    MissingPackage
        If bioio or its plugin for this kind of file is not installed.
    UnreadableImage
        If the file cannot be read, or has no such image.
    """
    try:
        image, data, letters, scene = _opened(path, wanted)
    except UnreadableImage:
        if path.suffix.lower() == ".lif" and has_leica_reader():
            with suppress(Exception):  # then what bioio said is told
                return read_leica(path, wanted)
        raise
    if "C" not in letters or data.shape[letters.index("C")] == 1:
        letters = letters.replace("S", "C")  # colour is channels where there are no others
    array, axes = _squeezed(data, letters, path)
    calibration = _calibration(image)
    notices = () if wanted else only_one_used(path, scenes_named(image.scenes), scene)
    return LoadedImage(
        array=LazyArray(array, path),
        axes=axes,
        spacing=tuple(calibration.get(a, (1.0, PIXEL))[0] for a in axes),
        units=tuple(calibration.get(a, (1.0, PIXEL))[1] for a in axes),
        path=path,
        kind="other",
        notices=notices,
        channel_names=tuple(map(str, getattr(image, "channel_names", None) or ())),
        scene=scene.mark,
    )


def _bioio(path: Path) -> Any:
    """The package, if it is there with what this kind of file needs."""
    plugin = PLUGINS[path.suffix.lower()]
    if find_spec("bioio") is None or find_spec(plugin.replace("-", "_")) is None:
        raise MissingPackage(
            f"Reading {path} needs the packages bioio and {plugin}. "
            f"Install them with: pip install bioio {plugin} "
            "(or all formats: pip install 'napari-unet-paint[formats]')"
        )
    import bioio

    return bioio


def _opened(path: Path, wanted: str | None) -> tuple[Any, Any, str, Scene]:
    """The image, or the first that can be read; its lazy array, the letters of its axes, which.

    Plugins open what they cannot read: images without channels (of electrons), along a line, or
    at many wavelengths. So a corner is read at once, by each of the plugin's ways.

    Raises
    ------
    UnreadableImage
        If there is none.
    """
    bioio = _bioio(path)
    first: Exception | None = None
    for options in _WAYS.get(path.suffix.lower(), ({},)):
        with catch_warnings():
            simplefilter("ignore", DeprecationWarning)  # the older of two ways
            image = bioio.BioImage(path, **options)
            scenes = scenes_named(image.scenes)
            for scene in scenes if wanted is None else [chosen(scenes, wanted, path)]:
                try:
                    image.set_scene(scene.number)  # names may occur twice
                    data, letters = image.dask_data, image.dims.order
                    np.asarray(data[(slice(0, 1),) * data.ndim])
                except Exception as err:  # noqa: BLE001  # plugins fail in any way
                    first = first or err
                else:
                    return image, data, letters, scene
    said = f"{path} holds no image that" if wanted is None else f"{path}{SIGN}{wanted} is nothing"
    raise UnreadableImage(
        f"{said} {PLUGINS[path.suffix.lower()]} can read ({first}). "
        "Save it as OME-TIFF in the microscope's own program."
    )


def _squeezed(array: Any, letters: str, path: Path) -> tuple[Any, str]:
    """Without the axes T, C and Z that are only there because bioio always has them."""
    place = letters.find("C")
    single = [
        i
        for i, (letter, n) in enumerate(zip(letters, array.shape, strict=True))
        if n == 1 and (letter in "TZ" or i == place)
    ]
    axes = "".join(letter for i, letter in enumerate(letters) if i not in single)
    if "S" in axes:
        raise UnreadableImage(
            f"{path} has channels that are colour images themselves. "
            "Save it with one grey value per channel."
        )
    return array[tuple(0 if i in single else slice(None) for i in range(len(letters)))], axes


def _calibration(image: Any) -> dict[str, tuple[float, str]]:
    """Pixel size, which bioio gives in micrometres, and time between frames."""
    sizes = image.physical_pixel_sizes
    found = {a: getattr(sizes, a, None) for a in "ZYX"}
    # of a stage that goes down it is negative
    known = {a: (abs(float(size)), "µm") for a, size in found.items() if size}
    step = getattr(image, "time_interval", None)
    seconds = step.total_seconds() if isinstance(step, timedelta) else step
    return known | ({"T": (float(seconds), "s")} if seconds else {})
