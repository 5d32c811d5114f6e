"""Leica's images that bioio-lif opens but cannot read: sections along Z, and spectra.

bioio-lif has the six axes of most images and no others. liffile, on which it stands since its
version 2, knows all axes of the format.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from napari_unet.core.errors import UnreadableImage
from napari_unet.data.lazy import LazyArray
from napari_unet.data.loaded import PIXEL, LoadedImage
from napari_unet.data.scenes import chosen, only_one_used, scenes_named

_SPECTRA = {"λ": "emission", "Λ": "excitation"}
_OURS = "TPCZYX"


def has_leica_reader() -> bool:
    """True where liffile is installed."""
    return find_spec("liffile") is not None


def read_leica(path: Path, wanted: str | None = None) -> LoadedImage:
    """Open an image of a LIF file, mapped into memory where it lies in one piece.

    Parameters
    ----------
    path : Path
    wanted : str, optional
        Number or name of the image; the first that can be read when not given.

    Raises
    ------
    UnreadableImage
        If its axes are none of an image.
    ValueError
        If it is not of this format.
    """
    import liffile

    with liffile.LifFile(path) as file:
        scenes = scenes_named([image.path for image in file.images])
        tried = scenes if wanted is None else [chosen(scenes, wanted, path)]
        first: Exception | None = None
        for scene in tried:
            try:
                loaded = _opened(file.images[scene.number], path, scene.mark)
            except (UnreadableImage, ValueError) as err:
                first = first or err
                continue
            if wanted is not None:
                return loaded
            said = only_one_used(path, scenes, scene)
            return LoadedImage(**{**vars(loaded), "notices": (*loaded.notices, *said)})
    raise UnreadableImage(
        f"{path} holds no image that can be read ({first}). "
        "Save it as OME-TIFF in the microscope's own program."
    )


def _opened(image: Any, path: Path, mark: str) -> LoadedImage:
    axes, notices = _letters(image.dims, path)
    order = sorted(range(len(axes)), key=lambda place: _OURS.index(axes[place]))
    array = image.asarray(out="memmap").transpose(order)
    sizes = [_step(image, name, axes[place]) for place, name in enumerate(image.dims)]
    names = [
        one.get("LUTName", "")
        for one in image.xml_element.findall(
            "./Data/Image/ImageDescription/Channels/ChannelDescription"
        )
    ]
    return LoadedImage(
        array=LazyArray(array, path),
        axes="".join(axes[place] for place in order),
        spacing=tuple(sizes[place][0] for place in order),
        units=tuple(sizes[place][1] for place in order),
        path=path,
        kind="other",
        notices=tuple(notices),
        channel_names=tuple(names),
        scene=mark,
    )


def _letters(names: tuple[str, ...], path: Path) -> tuple[str, list[str]]:
    """Our letter for each axis of an image, and what to say about it."""
    letters, notices = dict(zip(names, names, strict=True)), []
    if "Y" not in names and "Z" in names:
        letters["Z"] = "Y"
        notices.append("Its planes lie along X and Z; Z is read as Y.")
    for name in ("S", "λ", "Λ"):
        if name in names and "C" not in letters.values():
            letters[name] = "C"
            if name in _SPECTRA:
                notices.append(f"The wavelengths of {_SPECTRA[name]} are read as channels.")
    if "M" in names:
        letters["M"] = "P"
    axes = "".join(letters[name] for name in names)
    if len(set(axes)) != len(names) or not {"X", "Y"} <= set(axes) <= set(_OURS):
        raise UnreadableImage(
            f"An image in {path} has the axes {', '.join(names)}, which are not all known. "
            "Save it as OME-TIFF in the microscope's own program."
        )
    return axes, notices


def _step(image: Any, name: str, letter: str) -> tuple[float, str]:
    """Pixel size along an axis, and its unit; the format has metres and seconds."""
    places = np.asarray(image.coords.get(name, ()), float)
    if letter not in "TZYX" or places.size < 2 or places[0] == places[1]:
        return 1.0, PIXEL
    step = abs(float(places[1] - places[0]))  # a stage may go down as well as up
    return (step, "s") if letter == "T" else (step * 1e6, "µm")
