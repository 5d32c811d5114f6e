"""Layers that show predictions: in memory, or read from a folder that fills."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image, Labels

from napari_unet.core.annotations import ClassMap
from napari_unet.core.axes import AxesSpec, Spatial
from napari_unet.core.pixel_size import in_micrometres, is_length
from napari_unet.core.source import ImageSource
from napari_unet.data.canvas import Canvas
from napari_unet.data.label_levels import label_levels
from napari_unet.data.loaded import PIXEL
from napari_unet.gui.label_arrays import labels_for
from napari_unet.gui.layers import axes_of, label_geometry
from napari_unet.gui.notes import notes_of
from napari_unet.gui.paint_layer import colour_of, direct_colours, palette_colour, tie
from napari_unet.gui.place import level_zero

_FOLDER = "folder"
"""Note on a layer that reads its labels from a folder."""


def result_layer(image: Any, kind: str, dtype: np.dtype, opacity: float) -> Labels:
    """An empty labels layer on an image, for a result of this kind."""
    geometry = label_geometry(image)
    layer = Labels(
        np.zeros(geometry.shape, dtype),
        name=f"{image.name} {kind}",
        opacity=opacity,
        **geometry.layout,
    )
    tie(layer, image)
    notes_of(layer)["kind"] = kind
    layer.editable = kind != "preview"  # what was painted there, the next answer would cover
    return layer


def show_array(preview: Any, array: np.ndarray) -> None:
    """Let a preview show another array; nobody may paint on it."""
    preview.data = array
    preview.editable = False  # napari makes it so again with each array


def make_room(preview: Any, labels: np.ndarray) -> None:
    """Give a preview a type that holds these labels, if a class that is new has too large a one."""
    largest = int(labels.max(initial=0))
    if largest > np.iinfo(preview.data.dtype).max:
        show_array(preview, preview.data.astype(np.min_scalar_type(largest)))


def name_classes(
    layer: Any, paint: Any | None, image: Any, classes: ClassMap, spatial: Spatial
) -> None:
    """Give a result the names of its classes and the colours of the paint they were learned from.

    Parameters
    ----------
    layer : napari labels layer
        The result.
    paint : napari labels layer or None
    image : napari image layer
    classes : ClassMap
    spatial : {"YX", "ZYX"}
    """
    names = dict(zip(classes.label_values, classes.names, strict=True))
    layer.colormap = direct_colours(
        {
            value: colour_of(paint, value) if paint is not None else palette_colour(value)
            for value in names
            if value
        }
    )
    layer.features = {"index": list(names), "class": list(names.values())}
    shown = {value: name for value, name in names.items() if value}
    notes_of(layer).update(axes=axes_of(image), spatial=spatial, classes=shown)


def canvas_of(image: Any, source: ImageSource) -> Canvas:
    """Where the labels of an image lie, for a file.

    Parameters
    ----------
    image : napari image layer
    source : ImageSource
        All of what is worked on.
    """
    letters, layout = axes_of(image)[: image.ndim], label_geometry(image).layout
    own = [a for a in letters if a != "C"] if len(layout["translate"]) < image.ndim else letters
    place = dict(zip(own, zip(layout["translate"], layout["units"], strict=True), strict=True))
    units, translation = [], []
    for letter in source.axes.axes:
        first, unit = place.get(letter, (0.0, PIXEL))
        units.append("µm" if is_length(str(unit)) else PIXEL)
        translation.append(in_micrometres(float(first), str(unit)))
    shape = tuple(int(n) for n in source.array.shape)
    return Canvas(source.axes, shape, tuple(units), tuple(translation))


def streamed_layer(image: Any, path: Path, source: ImageSource) -> Labels:
    """A labels layer that reads every level of a result from its folder, while it fills.

    Parameters
    ----------
    image : napari image layer
    path : Path
    source : ImageSource
        All of what is worked on.
    """
    geometry = label_geometry(image)
    axes = source.axes.label_axes
    if geometry.channel_axis is not None:
        axes = f"{axes[: geometry.channel_axis]}C{axes[geometry.channel_axis :]}"
    levels = label_levels(path, canvas_of(image, source), axes)
    several = len(levels) > 1
    layer = Labels(
        levels if several else levels[0],
        multiscale=several,
        name=f"{image.name} mask",
        opacity=0.6,
        **geometry.layout,
    )
    layer.editable = False  # it shows what the folder holds
    tie(layer, image)
    notes_of(layer).update({"kind": "stored", _FOLDER: str(path)})
    return layer


def reads_from(layer: Any, path: Path) -> bool:
    """True for a layer that reads its labels from this folder."""
    return notes_of(layer).get(_FOLDER) == str(path)


def probability_layers(
    image: Any, probabilities: np.ndarray, classes: ClassMap, spatial: Spatial
) -> list[Image]:
    """Image layers of the probability of each class but the background.

    Parameters
    ----------
    image : napari image layer
    probabilities : ndarray, shape (S, K, *spatial)
    classes : ClassMap
    spatial : {"YX", "ZYX"}
    """
    geometry, layers = label_geometry(image), []
    spec = AxesSpec(axes_of(image), spatial=spatial)
    shape = tuple(level_zero(image).shape)
    for number, name in enumerate(classes.names):
        if number == classes.background_class:
            continue
        layer = Image(
            labels_for(spec, shape, probabilities[:, number], geometry.channel_axis),
            name=f"{image.name} {name} probability",
            contrast_limits=(0, 1),
            colormap="magma",
            blending="additive",
            **geometry.layout,
        )
        tie(layer, image)
        notes_of(layer)["kind"] = "probability"
        layers.append(layer)
    return layers
