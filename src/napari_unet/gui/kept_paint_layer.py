"""Kept paint and labels layers: what is kept of a layer, and how it is given back to one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from napari.layers import Labels

from napari_unet.app.journal_controller import LayersNow, Offer
from napari_unet.app.painted import ImageIdentity, PaintTarget
from napari_unet.core.errors import UNetError
from napari_unet.core.journal_records import JournalHead
from napari_unet.core.kept_paint import KeptPaint
from napari_unet.gui.kept_channels import channels_to_keep, give_channels_back
from napari_unet.gui.layer_store import LayerGone, ViewerLayers, id_of, kind_of
from napari_unet.gui.layers import axes_of, choose_axes, label_geometry
from napari_unet.gui.notes import METADATA, notes_of
from napari_unet.gui.paint_layer import (
    colour_of,
    image_of,
    names_of,
    new_paint_layer,
    show_classes,
    tie,
)
from napari_unet.gui.place import level_zero, place_of, set_place

_MOST_FILLED = 5_000_000
"""Up to this many pixels are filled into a layer, which napari can undo; more become a layer."""


class KeptPaintLayers:
    """Between the journal and the layers of a viewer.

    Parameters
    ----------
    viewer : napari.Viewer
    store : ViewerLayers
    """

    def __init__(self, viewer: Any, store: ViewerLayers) -> None:
        self._viewer, self._store = viewer, store

    def target_of(self, layer: Any) -> PaintTarget | None:
        """What to keep of a layer; None if it is no paint of an image."""
        image = image_of(layer, self._store.images())
        data = level_zero(layer)
        if image is None or kind_of(layer) in {"preview", "mask", "stored"} or data.ndim < 2:
            return None
        notes = _notes(layer)
        if channels := channels_to_keep(image, self._store.images()):
            notes["channels"] = channels
        return PaintTarget(id_of(layer), data, layer.name, identity_of(image), notes)

    def layers_of(self, image: Any) -> LayersNow:
        """The labels layers that may hold paint of an image."""
        paint = self._store.paint_of(image)
        return LayersNow(
            id_of(paint) if paint is not None else None,
            {
                id_of(layer): level_zero(layer)
                for layer in self._store.paints()
                if kind_of(layer) != "mask"
            },
        )

    def give_channels_back(self, offer: Offer) -> tuple[bool, str]:
        """Choose the channels again that were the input; see `give_channels_back`."""
        image = self._store.find(offer.image)
        if image is None:
            return False, ""
        return give_channels_back(image, _channels(offer.notes), self._store.images())

    def give_back(self, offer: Offer) -> PaintTarget:
        """Fill the paint layer, or add one; see `napari_unet.app.journal_controller`."""
        image = self._store.find(offer.image)
        if image is None:
            raise LayerGone("The image was removed. Open it again to restore its paint.")
        layer = self._store.paint_of(image)
        if layer is None or not _can_fill(layer, offer):
            layer = _new_layer(image, offer)
            self._viewer.add_layer(layer)
        else:
            _name_classes(layer, offer.notes, offer.kept.values)
            _fill(layer, offer.kept)
        target = self.target_of(layer)
        if target is None:
            raise LayerGone("The image was removed. Open it again to restore its paint.")
        return target


def identity_of(image: Any) -> ImageIdentity:
    """What an image layer is recognised by."""
    path = getattr(image.source, "path", None)
    try:
        axes = axes_of(image)
    except UNetError:
        axes = ""
    finest = image.data[0] if image.multiscale else image.data
    return ImageIdentity(id_of(image), finest, str(path or ""), image.name, axes)


def _notes(layer: Any) -> dict[str, Any]:
    names = names_of(layer)
    return {
        "classes": {str(value): name for value, name in names.items()},
        "colours": {str(value): colour_of(layer, value) for value in names if value},
        "mode": layer.metadata.get(METADATA, {}).get("mode", "auto"),
        "place": place_of(layer),
    }


def _can_fill(layer: Any, offer: Offer) -> bool:
    """True if kept paint fits on a layer and its values mean there what they meant."""
    data, kept = level_zero(layer), offer.kept
    if tuple(data.shape) != kept.shape or kept.pixels > _MOST_FILLED:
        return False
    if _place(offer) != _comparable(place_of(layer)):
        return False
    names, values = names_of(layer), kept.values
    kept_names = _names(offer.notes)
    agreed = all(names.get(v, kept_names.get(v)) == kept_names.get(v) for v in values)
    return agreed and max(values, default=0) <= np.iinfo(data.dtype).max


def _fill(layer: Any, kept: KeptPaint) -> None:
    """Paint what is kept where nothing is painted, as one step that can be undone."""
    found = list(kept.missing_from(level_zero(layer)))
    if not found:
        return
    places = zip(*(where for where, _ in found), strict=True)
    values = np.concatenate([values for _, values in found])
    layer.data_setitem(tuple(np.concatenate(axis) for axis in places), values)


def _new_layer(image: Any, offer: Offer) -> Labels:
    """A new paint layer with the kept paint on it; not yet in a viewer."""
    if place := _place(offer):
        set_place(image, place)
    if label_geometry(image).shape != offer.kept.shape:
        _choose_axes_of(image, offer.head)
    if label_geometry(image).shape == offer.kept.shape:
        layer = new_paint_layer(image)
        layer.data = offer.kept.array()
    else:  # a layer the user had made in another shape
        layer = Labels(offer.kept.array())
        tie(layer, image)
    layer.name = offer.head.layer_name
    notes_of(layer)["classes"] = {}
    _name_classes(layer, offer.notes, offer.kept.values)
    if offer.notes.get("mode", "auto") != "auto":
        notes_of(layer)["mode"] = offer.notes["mode"]
    return layer


def _place(offer: Offer) -> dict[str, Any]:
    """Of which part of the image the kept paint is."""
    return _comparable(offer.notes.get("place", {}))


def _comparable(place: Mapping[str, Any]) -> dict[str, Any]:
    """A place as it is after being written to a file and read again, or not."""
    region = {"region": [list(part) for part in place["region"]]} if "region" in place else {}
    return {**place, **region}


def _choose_axes_of(image: Any, head: JournalHead) -> None:
    try:
        choose_axes(image, head.axes)
    except UNetError:
        return  # the image has other axes than then; the paint is given back by itself


def _name_classes(layer: Any, notes: Mapping[str, Any], values: list[int]) -> None:
    """Name kept classes as they were, where the layer has no name for them."""
    kept, names = _names(notes), names_of(layer)
    fresh = {v: name for v, name in kept.items() if v not in names and (not names or v in values)}
    notes_of(layer)["classes"] = {**names, **fresh}
    colours = {int(v): colour for v, colour in notes.get("colours", {}).items()}
    show_classes(layer, {v: colours[v] for v in fresh if v in colours})


def _channels(notes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Kept channels; none in a journal from before they were kept."""
    kept = notes.get("channels", [])
    return [dict(one) for one in kept if isinstance(one, Mapping)]


def _names(notes: Mapping[str, Any]) -> dict[int, str]:
    return {int(value): str(name) for value, name in notes.get("classes", {}).items()}
