"""The labels layer the user paints on: its classes, their names and colours, its image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_unet.core.annotations import BACKGROUND_VALUE, MAX_CLASSES
from napari_unet.gui.layers import axes_of, label_geometry
from napari_unet.gui.notes import METADATA, notes_of
from napari_unet.gui.place import chosen_level, level_zero, place_of, set_place

PALETTE = (
    "#3d8bff",
    "#ffb000",
    "#dc267f",
    "#2bd9a0",
    "#a56eff",
    "#fe6100",
    "#f2e750",
    "#8ad8ff",
)
"""Colours of the paint values 1, 2, ...; told apart by colour-blind eyes (after the palette
of IBM's design language and that of Okabe and Ito, https://jfly.uni-koeln.de/color/)."""

_UNKNOWN = "#9e9e9e"
_FIRST_CLASSES = {BACKGROUND_VALUE: "Background", BACKGROUND_VALUE + 1: "Object"}


def palette_colour(value: int) -> str:
    """The colour a paint value has by default, as ``"#rrggbb"``."""
    return PALETTE[(value - 1) % len(PALETTE)]


def new_paint_layer(image: Any) -> Labels:
    """A labels layer to paint on, lying exactly on `image`; not yet in a viewer.

    Parameters
    ----------
    image : napari image layer
    """
    geometry = label_geometry(image)
    layer = Labels(
        np.zeros(geometry.shape, np.uint8),
        name=f"{image.name} paint",
        opacity=0.8,
        **geometry.layout,
    )
    tie(layer, image)
    notes_of(layer)["classes"] = dict(_FIRST_CLASSES)
    show_classes(layer)
    size = dict(zip(axes_of(image), level_zero(image).shape, strict=True))
    layer.brush_size = int(np.clip(min(size["Y"], size["X"]) // 50, 3, 40))
    layer.selected_label = BACKGROUND_VALUE
    return layer


def tie(paint: Any, image: Any) -> None:
    """Note that this paint belongs to this image, and to the part of it that is worked on."""
    notes_of(paint).update(image=image.name, image_id=str(image.unique_id))
    place = place_of(image)
    set_place(paint, {**place, "level": chosen_level(image)} if image.multiscale else place)


def belongs(paint: Any, image: Any, images: Iterable[Any]) -> bool:
    """True for paint tied to an image, and to the part of it that is worked on."""
    if image_of(paint, images) != image:
        return False
    level = paint.metadata.get(METADATA, {}).get("level", 0)
    here = not image.multiscale or level == chosen_level(image)
    return here and place_of(paint).get("region") == place_of(image).get("region")


def image_of(paint: Any, images: Iterable[Any]) -> Any | None:
    """The image a paint layer belongs to, by its identity or else its name; None if unknown."""
    notes = paint.metadata.get(METADATA, {})
    images = list(images)
    for image in images:
        if notes.get("image_id") == str(image.unique_id):
            return image
    if "image_id" in notes:
        return None
    return next((image for image in images if image.name == notes.get("image")), None)


def names_of(paint: Any) -> dict[int, str]:
    """Class name of each paint value that has one, in the order of the values."""
    names = paint.metadata.get(METADATA, {}).get("classes", {})
    return {int(value): str(names[value]) for value in sorted(names, key=int)}


def colour_of(paint: Any, value: int) -> str:
    """The colour a paint value is shown in, as ``"#rrggbb"``."""
    colour = paint.get_color(value)
    if colour is None or colour[3] == 0:
        return palette_colour(value)
    return "#" + "".join(f"{round(255 * float(part)):02x}" for part in colour[:3])


def direct_colours(colours: Mapping[Any, Any]) -> DirectLabelColormap:
    """A colormap of these paint values; 0 is clear, and values without a colour are grey."""
    return DirectLabelColormap(color_dict={None: _UNKNOWN, 0: "transparent", **colours})


def show_classes(paint: Any, colours: Mapping[int, str] | None = None) -> None:
    """Give every named class its colour, and tell napari its name for the status bar.

    Parameters
    ----------
    paint : napari labels layer
    colours : mapping of int to str, optional
        Colours that are not as they were.
    """
    names = names_of(paint)
    before: dict[int, Any] = {}
    if isinstance(paint.colormap, DirectLabelColormap):
        before = {v: c for v, c in paint.colormap.color_dict.items() if v}
    fresh = {value: palette_colour(value) for value in names if value and value not in before}
    paint.colormap = direct_colours({**before, **fresh, **(colours or {})})
    if "index" not in paint.features or "class" in paint.features:
        paint.features = {"index": list(names), "class": list(names.values())}


def rename_class(paint: Any, value: int, name: str) -> None:
    """Call a paint value something else."""
    notes_of(paint)["classes"] = {**names_of(paint), value: name}
    show_classes(paint)


def recolour_class(paint: Any, value: int, colour: str) -> None:
    """Show a paint value in another colour, ``"#rrggbb"``."""
    shown = {v: colour_of(paint, v) for v in names_of(paint)}
    show_classes(paint, {**shown, value: colour})


def add_class(paint: Any, painted: Iterable[int] = ()) -> int | None:
    """Add a class with the smallest free paint value and return the value; None if all are used.

    Parameters
    ----------
    paint : napari labels layer
    painted : iterable of int, optional
        Values that are used though they have no name.
    """
    names = names_of(paint)
    most = min(MAX_CLASSES, int(np.iinfo(level_zero(paint).dtype).max))
    free = sorted(set(range(1, most + 1)) - set(names) - set(painted))
    if not free:
        return None
    value = free[0]
    name = _FIRST_CLASSES.get(value, f"Class {value}")
    notes_of(paint)["classes"] = {**names, value: name}
    show_classes(paint)
    return value


def remove_class(paint: Any, value: int) -> int:
    """Forget a class and erase its paint, which napari's undo brings back; pixels erased."""
    where = np.nonzero(np.asarray(level_zero(paint)) == value)
    if len(where[0]):
        paint.data_setitem(where, 0)
    notes_of(paint)["classes"] = {v: n for v, n in names_of(paint).items() if v != value}
    show_classes(paint)
    return len(where[0])


def coloured(layer: Any) -> set[int]:
    """The values a labels layer has colours of their own for; all it names if it has none."""
    return set(getattr(layer.colormap, "color_dict", names_of(layer)))


def result_colours(paint: Any) -> Any:
    """The colours of a paint layer, for labels in which 0 is background."""
    if not isinstance(paint.colormap, DirectLabelColormap):
        return paint.colormap
    return direct_colours({v: colour_of(paint, v) for v in paint.colormap.color_dict if v})
