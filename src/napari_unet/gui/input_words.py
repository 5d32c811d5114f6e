"""What an image is taken for, in one line that a mistake can be seen in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari_unet.core.errors import UNetError
from napari_unet.gui.inputs import chosen_channels, input_layers
from napari_unet.gui.layers import axes_of, guess_axes
from napari_unet.gui.place import chosen_level, chosen_region, level_zero
from napari_unet.gui.pyramid import factors, level_shapes

_MANY = {"T": "time point", "P": "position", "Z": "slice"}


def input_in_words(layer: Any, images: Sequence[Any]) -> str:
    """What an image is taken for; how a stack is learned stands in a row of its own.

    Parameters
    ----------
    layer : napari image layer
    images : sequence of napari image layers
        All there are.

    Returns
    -------
    str
        For example ``"3 time points, 5 slices of 512 × 512, 2 of 4 channels, 0.65 µm pixels"``.
    """
    try:
        axes = axes_of(layer)
    except UNetError as err:
        return str(err)
    size = dict(zip(axes, level_zero(layer).shape, strict=True))
    stacks = [_count(size[a], _MANY[a]) for a in axes if a in _MANY]
    guessed = guess_axes(layer)
    start = "Guessed: " if guessed.sentence and guessed.axes == axes else ""
    area = "an area of " if chosen_region(layer) is not None else ""
    plane = f"{area}{size['Y']} \u00d7 {size['X']}"
    parts = [f"{', '.join(stacks)} of {plane}" if stacks else plane, _channels(layer, axes, images)]
    parts += [pixels] if (pixels := pixel_size_in_words(layer)) else []
    return f"{start}{', '.join(parts)}"


def pixel_size_in_words(layer: Any) -> str:
    """The size of a pixel with its unit; empty where nobody gave one."""
    return pixel_size_at(layer, chosen_level(layer))


def pixel_size_at(layer: Any, level: int) -> str:
    """The size of a pixel of a level of a pyramid; as `pixel_size_in_words`."""
    axes, factor = axes_of(layer), factors(level_shapes(layer), level)
    places = [i for i, letter in enumerate(axes[: layer.ndim]) if letter in "ZYX"]
    scale = [abs(float(layer.scale[i] * factor[i])) for i in places]
    unit = f"{layer.units[places[-1]]:~P}"
    if unit in ("", "px", "pixel"):
        unit = ""
    if not unit and set(scale) == {1.0}:
        return ""
    if len({round(step, 9) for step in scale}) == 1:
        scale = scale[:1]
    each = " \u00d7 ".join(f"{step:.3g}" for step in scale)
    if not unit:
        return f"pixel size {each}"
    return f"{each} {unit} pixels" if len(scale) == 1 else f"{each} {unit}"


def _channels(layer: Any, axes: str, images: Sequence[Any]) -> str:
    if getattr(layer, "rgb", False):
        return "RGB" if level_zero(layer).shape[-1] == 3 else "RGBA"
    own = int(level_zero(layer).shape[axes.index("C")]) if "C" in axes else 1
    keys = chosen_channels(layer, images)
    if len(keys) == 1 and own == 1:
        return "grey"
    layers = input_layers(layer, images)
    if layers != [layer]:
        return f"{_count(len(keys), 'channel')} from {_count(len(layers), 'layer')}"
    return _count(own, "channel") if len(keys) == own else f"{len(keys)} of {own} channels"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
