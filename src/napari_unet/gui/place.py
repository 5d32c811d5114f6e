"""What part of an image layer is worked on: a level of a pyramid, an area of it, or all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from napari.layers import Labels

from napari_unet.core.crop import CroppedArray
from napari_unet.gui.notes import METADATA, notes_of
from napari_unet.gui.pyramid import factors, level_shapes, sensible_level
from napari_unet.gui.region import Region, read_region


def level_zero(layer: Any) -> Any:
    """The layer's pixels that are worked on, still lazy: a level, an area of it, or all."""
    array = layer.data[chosen_level(layer)] if layer.multiscale else layer.data
    region = chosen_region(layer)
    return array if region is None else CroppedArray(array, region)


def chosen_level(layer: Any) -> int:
    """The level of a pyramid that is worked on: the user's choice, else a sensible one."""
    if not layer.multiscale:
        return 0
    noted = layer.metadata.get(METADATA, {}).get("level")
    if isinstance(noted, int) and 0 <= noted < len(layer.data):
        return noted
    letters = layer.metadata.get(METADATA, {}).get("axes", "")[: layer.ndim]
    plane = [letters.find(a) for a in "YX"]
    return sensible_level(level_shapes(layer), plane if min(plane) >= 0 else (-2, -1))


def choose_level(layer: Any, level: int) -> None:
    """Note on which level of a pyramid the user wants to work."""
    notes_of(layer)["level"] = level
    notes_of(layer).pop("region", None)


def chosen_region(layer: Any) -> Region | None:
    """The area of a huge image that is worked on, along its own axes; None if it is all."""
    notes = layer.metadata.get(METADATA, {})
    if "region" not in notes or isinstance(layer, Labels):
        return None
    return read_region(notes, level_shapes(layer)[chosen_level(layer)])


def place_of(layer: Any) -> dict[str, Any]:
    """What part of an image is worked on, or a paint layer is of, as notes to go with its paint."""
    notes = layer.metadata.get(METADATA, {})
    return {key: notes[key] for key in ("level", "region") if key in notes}


def whole(layer: Any, full: bool = False) -> dict[str, Any]:
    """All of the level that is worked on, or of the finest one, as a place."""
    if full:
        return {"level": 0}
    return {key: value for key, value in place_of(layer).items() if key != "region"}


@contextmanager
def worked_on(layers: Sequence[Any], place: Mapping[str, Any]) -> Iterator[None]:
    """Work meanwhile on another part of the layers that are the channels of an image."""
    before = [place_of(layer) for layer in layers]
    for layer in layers:
        set_place(layer, place)
    try:
        yield
    finally:
        for layer, former in zip(layers, before, strict=True):
            set_place(layer, former)


def set_place(layer: Any, place: Mapping[str, Any]) -> None:
    """Work on this part of an image from now on; see `place_of`."""
    notes = notes_of(layer)
    for key in ("level", "region"):
        notes.pop(key, None)
        if key in place:
            notes[key] = place[key]
    if "region" in notes:
        notes["region"] = tuple((int(first), int(last)) for first, last in notes["region"])


def level_factors(layer: Any) -> np.ndarray:
    """How many pixels of the finest level one of the level that is worked on is wide."""
    return factors(level_shapes(layer), chosen_level(layer))


def pixel_at(layer: Any, point: tuple[float, ...]) -> np.ndarray:
    """Where a point in world coordinates lies, in pixels of the level that is worked on."""
    factor = level_factors(layer)
    finest = np.asarray(layer.world_to_data(point[-layer.ndim :]), float)
    return (finest - (factor - 1) / 2) / factor - first_pixel(layer)


def point_of(layer: Any, pixel: np.ndarray) -> np.ndarray:
    """World coordinates of a pixel of the level that is worked on."""
    factor = level_factors(layer)
    finest = (pixel + first_pixel(layer)) * factor + (factor - 1) / 2
    return np.asarray(layer.data_to_world(finest), float)


def first_pixel(layer: Any) -> np.ndarray:
    """Where the area that is worked on begins on its level."""
    region = chosen_region(layer)
    return np.zeros(layer.ndim) if region is None else np.array([a for a, _ in region], float)
