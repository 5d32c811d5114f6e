"""Microscopes' own files, through bioio and its plugins where they are installed.

bioio is kept by the Allen Institute for Cell Science and wraps the reader of each vendor's format,
lazily, behind one interface. Its plugins are large, and some under the GPL, so none is required.
"""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np

from napari_unet.core.errors import MissingPackage, UnreadableImage
from napari_unet.data.lazy import LazyArray
from napari_unet.data.loaded import PIXEL, LoadedImage

_WAYS: dict[str, tuple[dict[str, bool], ...]] = {".czi": ({}, {"use_aicspylibczi": False})}
"""What to tell a plugin to try one way after the other."""

PLUGINS = {".czi": "bioio-czi", ".lif": "bioio-lif", ".nd2": "bioio-nd2"}
"""What reads files of each ending."""


def read_microscope(path: Path) -> LoadedImage:
    """Open the first image of a file; pixels are read when they are wanted.

    Raises
    ------
    MissingPackage
        If bioio or its plugin for this kind of file is not installed.
    UnreadableImage
        If the file cannot be read.
    """
    plugin = PLUGINS[path.suffix.lower()]
    if find_spec("bioio") is None or find_spec(plugin.replace("-", "_")) is None:
        raise MissingPackage(
            f"Reading {path} needs the packages bioio and {plugin}. "
            f"Install them with: pip install bioio {plugin} "
            "(or all formats: pip install 'napari-unet-paint[formats]')"
        )
    image, data, letters = _opened(path)
    if "C" not in letters or data.shape[letters.index("C")] == 1:
        letters = letters.replace("S", "C")  # colour is channels where there are no others
    array, axes = _squeezed(data, letters, path)
    calibration = _calibration(image)
    notices = []
    if len(image.scenes) > 1:
        notices.append(
            f"{path.name} holds {len(image.scenes)} images; only {image.current_scene!r} is used. "
            "Save the others as files of their own."
        )
    return LoadedImage(
        array=LazyArray(array, path),
        axes=axes,
        spacing=tuple(calibration.get(a, (1.0, PIXEL))[0] for a in axes),
        units=tuple(calibration.get(a, (1.0, PIXEL))[1] for a in axes),
        path=path,
        kind="other",
        notices=tuple(notices),
        channel_names=tuple(map(str, getattr(image, "channel_names", None) or ())),
    )


def _opened(path: Path) -> tuple[Any, Any, str]:
    """The first image in a file that can be read, its lazy array, and the letters of its axes.

    Plugins open what they cannot read: images without channels (of electrons), along a line, or
    at many wavelengths. So a corner is read at once, by each of the plugin's ways.

    Raises
    ------
    UnreadableImage
        If there is none.
    """
    import bioio

    first: Exception | None = None
    for options in _WAYS.get(path.suffix.lower(), ({},)):
        with catch_warnings():
            simplefilter("ignore", DeprecationWarning)  # the older of two ways
            image = bioio.BioImage(path, **options)
            for scene in image.scenes:
                try:
                    image.set_scene(scene)
                    data, letters = image.dask_data, image.dims.order
                    np.asarray(data[(slice(0, 1),) * data.ndim])
                except Exception as err:  # noqa: BLE001  # plugins fail in any way
                    first = first or err
                else:
                    return image, data, letters
    raise UnreadableImage(
        f"{path} holds no image that {PLUGINS[path.suffix.lower()]} can read ({first}). "
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
    known = {a: (float(size), "µm") for a, size in found.items() if size and size > 0}
    step = getattr(image, "time_interval", None)
    seconds = step.total_seconds() if isinstance(step, timedelta) else step
    return known | ({"T": (float(seconds), "s")} if seconds else {})
