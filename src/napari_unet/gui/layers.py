"""What one napari layer means to the engine: axes, a lazy source, and geometry for its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_unet.core.axes import AxesSpec, Spatial
from napari_unet.core.errors import AxesError
from napari_unet.core.pixel_size import in_micrometres
from napari_unet.core.source import ImageSource
from napari_unet.data.named_axes import named_axes
from napari_unet.gui.notes import METADATA, notes_of
from napari_unet.gui.place import first_pixel, level_factors, level_zero
from napari_unet.gui.pyramid import shear_of, shift_of

_LABELS_MEAN = {
    "T": {"t", "time", "frame", "frames"},
    "P": {"p", "pos", "position", "s", "scene", "series"},
    "C": {"c", "ch", "channel", "channels"},
    "Z": {"z", "depth", "plane", "slice"},
    "Y": {"y", "row", "rows"},
    "X": {"x", "col", "column", "columns"},
}

_GUESS = {2: "YX", 3: "ZYX", 4: "TZYX", 5: "TZCYX", 6: "PTZCYX"}
"""What axes without labels are taken for; an RGB layer has C behind them."""

_CHOICES = {
    2: ("YX", "XY"),
    3: ("ZYX", "TYX", "CYX", "PYX", "YXC"),
    4: ("TZYX", "TCYX", "ZCYX", "CZYX", "PZYX", "PCYX", "ZYXC", "TYXC"),
    5: ("TZCYX", "TCZYX", "CTZYX", "PTZYX", "PZCYX", "TZYXC"),
    6: ("PTZCYX", "PTCZYX", "TPZCYX"),
}

_FILE_AXES = "axes_in_file"
"""Key in our notes on a layer: its file, and what that says of the axes."""

_IN_WORDS = {"T": "time", "P": "position", "Z": "slice", "C": "channel"}


@dataclass(frozen=True)
class AxesGuess:
    """What the axes of an image layer seem to mean.

    Parameters
    ----------
    axes : str
        One letter per array axis.
    sentence : str
        What to tell the user where it was a guess; else empty.
    """

    axes: str
    sentence: str = ""


@dataclass(frozen=True, eq=False)
class LabelGeometry:
    """How a labels layer lies on an image layer.

    Parameters
    ----------
    shape : tuple of int
        Shape of the layer's data.
    layout : dict
        Keyword arguments for the layer: scale, translate, rotate, shear, affine, units and
        axis labels.
    channel_axis : int or None
        An axis of length one that stands for all channels, where leaving the channels out
        would shift the other axes against the image's sliders.
    """

    shape: tuple[int, ...]
    layout: dict[str, Any]
    channel_axis: int | None


def guess_axes(layer: Any) -> AxesGuess:
    """What the axes of an image layer mean: from its labels, its file, or else their number."""
    colour = "C" if getattr(layer, "rgb", False) else ""
    letters = "".join(_letter(label) for label in layer.axis_labels) + colour
    if len(letters) == level_zero(layer).ndim and _usable(letters):
        return AxesGuess(letters)
    if letters := _axes_in_file(layer):
        return AxesGuess(letters)
    ndim = layer.ndim
    if colour and ndim == 4:
        guess = "TZYX"
    else:
        guess = _GUESS.get(ndim, "")
    if not guess:
        raise AxesError(
            f"{layer.name!r} has {ndim} axes, which is more than is understood. "
            "Use a part of it with at most 6 axes."
        )
    if ndim == 2:
        return AxesGuess(guess + colour)
    shape = level_zero(layer).shape
    words = " and ".join(f"{n} {_IN_WORDS[a]}s" for a, n in zip(guess[:-2], shape, strict=False))
    sentence = f"{layer.name!r} is taken as {words}; choose other axes beside the image if not."
    return AxesGuess(guess + colour, sentence)


def _axes_in_file(layer: Any) -> str:
    """What the file of a layer says, if the layer is all of it: napari's own reader drops that."""
    path = getattr(layer.source, "path", None)
    if not path or layer.ndim < 3:
        return ""
    notes = notes_of(layer)
    if _FILE_AXES not in notes or notes[_FILE_AXES][0] != str(path):
        notes[_FILE_AXES] = (str(path), *named_axes(path))  # a header; read once
    _, axes, sizes = notes[_FILE_AXES]
    whole = layer.data[0] if layer.multiscale else layer.data
    return axes if tuple(whole.shape) == tuple(sizes) else ""


def axes_of(layer: Any) -> str:
    """The axes of an image layer: what the user chose, else the guess."""
    chosen = layer.metadata.get(METADATA, {}).get("axes")
    if isinstance(chosen, str) and len(chosen) == level_zero(layer).ndim and _usable(chosen):
        return chosen
    return guess_axes(layer).axes


def choose_axes(layer: Any, axes: str) -> None:
    """Note what the user says the axes of an image layer are.

    Raises
    ------
    AxesError
        If they do not fit the image.
    """
    AxesSpec(axes).check(tuple(level_zero(layer).shape), repr(layer.name))
    notes_of(layer)["axes"] = axes


def axes_choices(layer: Any) -> tuple[str, ...]:
    """Axes the user may choose among, the present ones first."""
    colour = "C" if getattr(layer, "rgb", False) else ""
    present = axes_of(layer)
    others = [
        axes + colour for axes in _CHOICES.get(layer.ndim, ()) if not (colour and "C" in axes)
    ]
    return (present, *(axes for axes in others if axes != present))


def channels_of(layer: Any) -> int:
    """How many channels the image has."""
    axes = axes_of(layer)
    return int(level_zero(layer).shape[axes.index("C")]) if "C" in axes else 1


def channels_in_words(layer: Any) -> str:
    """``"grey"``, ``"RGB"``, or how many channels the image has."""
    count = channels_of(layer)
    if getattr(layer, "rgb", False):
        return "RGB" if count == 3 else "RGBA"
    return "grey" if count == 1 else f"{count} channels"


def source_of(layer: Any, spatial: Spatial = "YX") -> ImageSource:
    """The image behind a layer, read lazily, for a network of these spatial axes.

    Its spacing is in micrometres where the layer's units are lengths.

    Raises
    ------
    AxesError
        If the image lacks one of the spatial axes.
    """
    axes = axes_of(layer)
    if spatial == "ZYX" and "Z" not in axes:
        raise AxesError(
            f"A 3D network needs an image with slices (Z), and {layer.name!r} is {axes}. "
            "Choose a 2D network under Advanced, or correct the axes beside the image."
        )
    scale = np.asarray(layer.scale) * level_factors(layer)
    size = dict(zip(_layer_axes(layer, axes), scale, strict=True))
    units = dict(zip(_layer_axes(layer, axes), map(str, layer.units), strict=True))
    spacing = tuple(
        in_micrometres(abs(float(size.get(letter, 1.0))), units.get(letter, "")) for letter in axes
    )
    return ImageSource(level_zero(layer), AxesSpec(axes, spacing, spatial), layer.name)


def spatial_spacing_of(layer: Any, spatial: Spatial = "YX") -> tuple[float, ...]:
    """Pixel size along the spatial axes, in micrometres where known; empty if it lacks one."""
    try:
        return source_of(layer, spatial).axes.spatial_spacing
    except AxesError:
        return ()


def label_geometry(layer: Any) -> LabelGeometry:
    """Shape and layout of a labels layer that lies exactly on an image layer.

    The channel axis is left out. Where it is not the first one, napari would then tie the
    labels' axes to the wrong sliders (it counts them from the last), so it stays, with a
    length of one and stretched over all channels.
    """
    axes = axes_of(layer)
    shape = AxesSpec(axes).label_shape(tuple(level_zero(layer).shape))
    letters = _layer_axes(layer, axes)
    layout = layout_of(layer, list(range(layer.ndim)))
    if "C" not in letters:
        return LabelGeometry(shape, layout, None)
    channel = letters.index("C")
    if channel == 0:
        return LabelGeometry(shape, layout_of(layer, list(range(1, layer.ndim))), None)
    count = level_zero(layer).shape[channel]
    step = layout["scale"][channel]
    layout["scale"][channel] = step * count
    layout["translate"][channel] += step * (count - 1) / 2
    return LabelGeometry((*shape[:channel], 1, *shape[channel:]), layout, channel)


def lies_like(labels: Any, geometry: LabelGeometry) -> bool:
    """True if a labels layer has this shape and begins at the same place."""
    place = geometry.layout["translate"]
    return tuple(labels.data.shape) == geometry.shape and np.allclose(labels.translate, place)


def layout_of(layer: Any, kept: list[int]) -> dict[str, Any]:
    """Geometry of some axes of what is worked on, as keyword arguments for a layer."""
    factor = level_factors(layer)
    shift = shift_of(layer, factor, first_pixel(layer))
    grid = np.ix_(kept, kept)
    corner = np.ix_([*kept, layer.ndim], [*kept, layer.ndim])
    return {
        "scale": (np.array(layer.scale) * factor)[kept],
        "translate": (np.array(layer.translate) + shift)[kept],
        "rotate": np.array(layer.rotate)[grid],
        "shear": shear_of(layer)[grid],
        "affine": np.array(layer.affine.affine_matrix)[corner],
        "units": tuple(layer.units[i] for i in kept),
        "axis_labels": tuple(layer.axis_labels[i] for i in kept),
    }


def _letter(label: str) -> str:
    plain = label.strip().lower()
    return next((letter for letter, words in _LABELS_MEAN.items() if plain in words), "?")


def _usable(axes: str) -> bool:
    try:
        AxesSpec(axes)
    except AxesError:
        return False
    return True


def _layer_axes(layer: Any, axes: str) -> str:
    """The letters of the layer's own axes, which do not count the colours of RGB."""
    return axes[: layer.ndim] if getattr(layer, "rgb", False) else axes
