"""What one input of the network is made of: a layer, its channels, other layers beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_unet.core.axes import AxesSpec, Spatial
from napari_unet.core.channel_names import groups, known_as, short_names
from napari_unet.core.channels import join_channels, pick_channels
from napari_unet.core.errors import ShapeMismatch, UNetError
from napari_unet.core.source import ImageSource
from napari_unet.gui.layer_checklist import ChannelItem
from napari_unet.gui.layers import axes_of, channels_of, layout_of, source_of
from napari_unet.gui.notes import METADATA, notes_of
from napari_unet.gui.place import level_zero

_CHANNELS = "channels"
"""Key in our notes on a layer: what its channels are, in order."""

_OWN = "#"
"""Begins the key of one of the layer's own channels; its number follows."""


def key_of(layer: Any) -> str:
    """What tells a layer from all others."""
    return str(layer.unique_id)


def own_key(number: int) -> str:
    """The key of one of a layer's own channels."""
    return f"{_OWN}{number}"


def own_channel(key: str) -> int | None:
    """The number of the layer's own channel that a key means; None for another layer's."""
    return int(key.removeprefix(_OWN)) if key.startswith(_OWN) else None


def channel_items(layer: Any, images: Sequence[Any]) -> tuple[ChannelItem, ...]:
    """What may be a channel of this image: its own, and layers of the same size.

    Parameters
    ----------
    layer : napari image layer
    images : sequence of napari image layers
        All there are.

    Returns
    -------
    tuple of ChannelItem
        Empty where there is nothing to choose: colours belong together.
    """
    if getattr(layer, "rgb", False):
        return ()
    axes = axes_of(layer)
    own = [layer.name]
    if "C" in axes:
        own = list(source_of(layer).names)
    names = {f"{_OWN}{number}": name for number, name in enumerate(own)}
    others = {key_of(other): other.name for other in _may_join(layer, images)}
    order = [key_of(image) for image in images]
    place = {key: order.index(key) if key in order else order.index(key_of(layer))
             for key in (*names, *others)}  # fmt: skip
    every = sorted(names | others, key=place.__getitem__)
    chosen = chosen_channels(layer, images)
    items = tuple(ChannelItem(key, (names | others)[key], key in chosen) for key in every)
    return items if len(items) > 1 else ()


def chosen_channels(layer: Any, images: Sequence[Any]) -> tuple[str, ...]:
    """The keys of the channels of an image, in order; all of its own if nothing was chosen."""
    own = tuple(own_key(number) for number in range(channels_of(layer)))
    return noted_channels(layer, images) or own


def noted_channels(layer: Any, images: Sequence[Any]) -> tuple[str, ...]:
    """As `chosen_channels`, but empty if nothing was chosen."""
    own = (own_key(number) for number in range(channels_of(layer)))
    present = {*own, *(key_of(image) for image in images)}
    noted = layer.metadata.get(METADATA, {}).get(_CHANNELS, ())
    return tuple(key for key in noted if key in present)


def choose_channels(layer: Any, keys: Sequence[str], images: Sequence[Any]) -> None:
    """Note which channels the user wants; images that go with it get the same ones.

    Parameters
    ----------
    layer : napari image layer
    keys : sequence of str
        Of `channel_items`; at least one.
    images : sequence of napari image layers

    Raises
    ------
    ShapeMismatch
        If a layer does not lie on this one.
    """
    for other in _members(keys, images):
        check_aligned(layer, other)
    notes_of(layer)[_CHANNELS] = list(keys)
    if _members(keys, images):
        _note_other_images(layer, images)


def forget_channels(layer: Any) -> None:
    """Let the channels of an image be all of its own again."""
    notes_of(layer).pop(_CHANNELS, None)


def _note_other_images(layer: Any, images: Sequence[Any]) -> None:
    """Layers whose names say that they are the same channels of other images belong together."""
    members = input_layers(layer, images)
    parts = short_names([one.name for one in members])
    mine = parts[members.index(layer)] if layer in members else parts[0]
    rest = {key_of(image): image for image in images if image not in members}
    for group in groups({key: image.name for key, image in rest.items()}, parts):
        first = next(key for key in group if known_as(rest[key].name, parts) == mine)
        notes = notes_of(rest[first])
        keys = [f"{_OWN}0" if key == first else key for key in group]
        fits = all(_lies_on(rest[first], rest[key]) for key in group)
        if fits and _CHANNELS not in notes and channels_of(rest[first]) == 1:
            notes[_CHANNELS] = keys


def input_layers(layer: Any, images: Sequence[Any]) -> list[Any]:
    """The layers an input is made of, in the order of its channels, each once."""
    found: list[Any] = []
    for key in chosen_channels(layer, images):
        one = layer if key.startswith(_OWN) else _by_key(key, images)
        if one not in found:
            found.append(one)
    return found


def all_layers(layer: Any, images: Sequence[Any]) -> list[Any]:
    """The layers an input is made of, the one that is painted on included."""
    found = input_layers(layer, images)
    return found if layer in found else [layer, *found]


def beside_others(images: Sequence[Any]) -> set[str]:
    """Keys of layers that are channels of another image, and so no images of their own."""
    return {
        key_of(member)
        for image in images
        for member in input_layers(image, images)
        if member is not image
    }


def input_name(layer: Any, images: Sequence[Any]) -> str:
    """What to call an input: the name of its layer, or of all of them."""
    return " + ".join(one.name for one in input_layers(layer, images))


def input_source(layer: Any, images: Sequence[Any], spatial: Spatial = "YX") -> ImageSource:
    """The image behind an input, read lazily.

    Parameters
    ----------
    layer : napari image layer
        The one that is painted on.
    images : sequence of napari image layers
        All there are.
    spatial : {"YX", "ZYX"}, optional
        The axes the network sees.

    Raises
    ------
    AxesError
        As `source_of`.
    ShapeMismatch
        If the layers of its channels do not lie on one another.
    """
    own = source_of(layer, spatial)
    if "C" not in own.axes.axes:
        own = replace(own, channel_names=(layer.name,))  # what it shows, to a model of several
    keys = chosen_channels(layer, images)
    others = _members(keys, images)
    if not others:
        return pick_channels(own, [int(key.removeprefix(_OWN)) for key in keys])
    parts, names = [], []
    for key in keys:
        if key.startswith(_OWN):
            part = pick_channels(own, [int(key.removeprefix(_OWN))])
            names.append(part.names[0])
        else:
            other = _by_key(key, images)
            check_aligned(layer, other)
            spec = own.axes.without_channels()
            part = ImageSource(level_zero(other), spec, other.name)
            names.append(other.name)
        parts.append(part)
    named = tuple(short_names(names))
    if len(parts) == 1:
        return replace(parts[0], channel_names=named)
    return join_channels(parts, input_name(layer, images), named)


def check_aligned(layer: Any, other: Any) -> None:
    """Make sure that one layer lies on another, pixel by pixel.

    Raises
    ------
    ShapeMismatch
        If it has another size, scale, place, rotation or unit.
    """
    wanted = AxesSpec(axes_of(layer)).label_shape(tuple(level_zero(layer).shape))
    if tuple(level_zero(other).shape) != wanted:
        raise ShapeMismatch(
            f"{other.name!r} has {_size(level_zero(other).shape)} pixels and {layer.name!r} "
            f"{_size(wanted)}, so it cannot be one of its channels. Untick it."
        )
    kept = [i for i, letter in enumerate(axes_of(layer)) if letter != "C"]
    mine, its = layout_of(layer, kept), layout_of(other, list(range(other.ndim)))
    for what in ("scale", "translate", "rotate", "shear", "affine"):
        if not np.allclose(mine[what], its[what], rtol=1e-4, atol=1e-6):
            raise ShapeMismatch(
                f"{other.name!r} does not lie on {layer.name!r}: they differ in {what}. "
                f"Give both the same {what}, or untick it."
            )
    if [str(u) for u in mine["units"]] != [str(u) for u in its["units"]]:
        raise ShapeMismatch(
            f"{other.name!r} does not lie on {layer.name!r}: they differ in units. "
            "Give both the same units, or untick it."
        )


def _may_join(layer: Any, images: Sequence[Any]) -> list[Any]:
    """Other layers that have the pixels of one, without channels of their own."""
    wanted = AxesSpec(axes_of(layer)).label_shape(tuple(level_zero(layer).shape))
    return [
        other
        for other in images
        if other is not layer
        and not getattr(other, "rgb", False)
        and tuple(level_zero(other).shape) == wanted
    ]


def _lies_on(layer: Any, other: Any) -> bool:
    try:
        check_aligned(layer, other) if other is not layer else None
    except UNetError:
        return False
    return True


def _members(keys: Sequence[str], images: Sequence[Any]) -> list[Any]:
    """The other layers among some channels."""
    return [_by_key(key, images) for key in keys if not key.startswith(_OWN)]


def _by_key(key: str, images: Sequence[Any]) -> Any:
    return next(image for image in images if key_of(image) == key)


def _size(shape: Sequence[int]) -> str:
    return " x ".join(str(n) for n in shape)
