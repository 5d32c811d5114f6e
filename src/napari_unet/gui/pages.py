"""Image, paint and result shown one at a time, like flipping the pages of a book."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

from napari_unet.gui.layer_store import ViewerLayers, id_of, kind_of
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.paint_layer import image_of
from napari_unet.gui.shortcuts import (
    FLIP_KEY,
    PAINT_KEY,
    PROBABILITY_KEY,
    RESULT_KEY,
    ViewerKeys,
)

Kind = Literal["paint", "result", "probability"]

_KIND_OF: dict[str, Kind] = {
    "preview": "result",
    "mask": "result",
    "probability": "probability",
    "uncertainty": "probability",
}
_PAGES: tuple[Kind | None, ...] = (None, "paint", "result", "probability")
"""After everything: the image alone, then with one kind of layer on it."""


class Pages:
    """Shows and hides the layers on one image by keys.

    Parameters
    ----------
    viewer : napari.Viewer
    store : ViewerLayers
    image : callable
        Gives the image layer in use, or None.
    lifecycle : Lifecycle
    """

    def __init__(
        self,
        viewer: Any,
        store: ViewerLayers,
        image: Callable[[], Any | None],
        lifecycle: Lifecycle,
    ) -> None:
        self._viewer, self._store, self._image = viewer, store, image
        self._page = -1
        self._before: dict[str, bool] = {}
        self._hidden: dict[Kind, set[str]] = {}
        self._keys = ViewerKeys(
            viewer,
            {
                FLIP_KEY: self.flip,
                PAINT_KEY: lambda: self.toggle("paint"),
                RESULT_KEY: lambda: self.toggle("result"),
                PROBABILITY_KEY: lambda: self.toggle("probability"),
            },
        )
        lifecycle.at_close(self._keys.unbind)

    def toggle(self, kind: Kind) -> None:
        """Hide all layers of a kind, or show again those that were seen before."""
        layers = [layer for layer, its in self._layers() if its == kind]
        seen = [layer for layer in layers if layer.visible]
        if seen:
            self._hidden[kind] = {id_of(layer) for layer in seen}
        again = [layer for layer in layers if id_of(layer) in self._hidden.get(kind, ())]
        for layer in seen or again or layers[-1:]:
            layer.visible = not seen

    def flip(self) -> None:
        """Turn to the next page: the image alone, with paint, with result; then all as before."""
        layers = dict(self._layers())
        if self._page < 0:
            self._before = {id_of(layer): layer.visible for layer in layers}
        following = range(self._page + 1, len(_PAGES))
        there = set(layers.values())
        pages = (n for n in following if _PAGES[n] is None or _PAGES[n] in there)
        self._page = next(pages, -1)
        seen = {layer for layer in layers if self._before.get(id_of(layer), True)}
        if self._page >= 0:
            page = [layer for layer, kind in layers.items() if kind == _PAGES[self._page]]
            seen = {layer for layer in page if layer in seen} or set(page[-1:])
        for layer in layers:
            layer.visible = layer in seen

    def keys(self) -> dict[str, str]:
        """What the keys do, of those that could be had."""
        words = {
            FLIP_KEY: "flip: image, paint, result",
            PAINT_KEY: "paint on and off",
            RESULT_KEY: "result on and off",
            PROBABILITY_KEY: "probabilities on and off",
        }
        return {self._keys.now(key): words[key] for key in words if key in self._keys}

    def _layers(self) -> Iterator[tuple[Any, Kind]]:
        """The layers on the image in use, and of which kind each is."""
        image, images = self._image(), self._store.images()
        paints = self._store.paints()
        for layer in list(self._viewer.layers):
            kind = _KIND_OF.get(kind_of(layer))
            if kind is None and layer in paints:
                kind = "paint"
            if image is not None and kind is not None and image_of(layer, images) == image:
                yield layer, kind
