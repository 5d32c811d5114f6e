"""Which channels paint was made on, as plain values that outlive a session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from napari_unet.core.errors import UNetError
from napari_unet.gui.inputs import (
    channel_items,
    choose_channels,
    key_of,
    noted_channels,
    own_channel,
    own_key,
)
from napari_unet.gui.layers import channels_of


def channels_to_keep(image: Any, images: Sequence[Any]) -> list[dict[str, Any]]:
    """The channels the user chose for an image, in order; empty if they are all of its own.

    Parameters
    ----------
    image : napari image layer
    images : sequence of napari image layers
        All there are.

    Returns
    -------
    list of dict
        For each channel its name, and its number among the layer's own (``own``) or the file of
        another layer (``path``).
    """
    noted = noted_channels(image, images)
    if not noted:
        return []
    layers = {key_of(one): one for one in images}
    names = {item.key: item.name for item in channel_items(image, images)}
    kept: list[dict[str, Any]] = []
    for key in noted:
        own, name = own_channel(key), names.get(key, image.name)
        if own is not None:
            kept.append({"name": name, "own": own})
        else:
            kept.append({"name": layers[key].name, "path": _path(layers[key])})
    return kept


def give_channels_back(
    image: Any, kept: Sequence[Mapping[str, Any]], images: Sequence[Any]
) -> tuple[bool, str]:
    """Choose kept channels again, unless others were chosen since.

    Parameters
    ----------
    image : napari image layer
    kept : sequence of mapping
        As `channels_to_keep` returns them; what is not understood is passed over.
    images : sequence of napari image layers

    Returns
    -------
    bool
        True if the channels are others now.
    str
        What the user has to do to have them again; empty if there is nothing to do.
    """
    if not kept or noted_channels(image, images):
        return False, ""
    keys, missing = [], []
    for one in kept:
        key = _key_now(image, one, images)
        keys += [key] if key else []
        missing += [] if key else [repr(str(one.get("name", "")))]
    if missing:
        them = " and ".join(missing)
        return False, (
            f"This was painted with {them} among the channels, which cannot be found now. "
            "Open what is missing, then tick it under Change."
        )
    try:
        choose_channels(image, keys, images)
    except UNetError as err:
        return False, str(err)
    return True, ""


def _key_now(image: Any, one: Mapping[str, Any], images: Sequence[Any]) -> str:
    """The key of a kept channel in this session; empty if it is not here."""
    if "own" in one:
        there = isinstance(one["own"], int) and 0 <= one["own"] < channels_of(image)
        return own_key(one["own"]) if there else ""
    others = [other for other in images if other is not image]
    of_file = [o for o in others if one.get("path") and _path(o) == one["path"]]
    named = [o for o in of_file or others if o.name == one.get("name")]
    found = named or (of_file if len(of_file) == 1 else [])
    return key_of(found[0]) if found else ""


def _path(layer: Any) -> str:
    return str(getattr(layer.source, "path", None) or "")
