"""The layers of one viewer as the application sees them: copies out, results in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from qtpy.QtCore import QObject, QTimer

from napari_unet.app.ports import LayerId
from napari_unet.core.annotations import ClassMap
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.axes import AxesSpec, Spatial
from napari_unet.core.errors import UNetError
from napari_unet.core.source import Box, ImageSource
from napari_unet.gui.label_arrays import labels_for, paint_view, write_labels
from napari_unet.gui.layers import (
    METADATA,
    axes_of,
    label_geometry,
    level_zero,
    notes_of,
    source_of,
)
from napari_unet.gui.paint_counts import PaintCounts, copy_paint
from napari_unet.gui.paint_layer import (
    colour_of,
    coloured,
    direct_colours,
    image_of,
    names_of,
    palette_colour,
    result_colours,
    tie,
)

_REFRESH_MS = 60
"""Results that arrive faster than this are drawn together."""


class LayerGone(UNetError):
    """A layer was removed from the viewer."""


def id_of(layer: Any) -> str:
    """What the application calls a layer."""
    return str(layer.unique_id)


def kind_of(layer: Any) -> str:
    """``"preview"``, ``"mask"``, ``"probability"``, ``"uncertainty"``: our results; else empty."""
    return str(layer.metadata.get(METADATA, {}).get("kind", ""))


class ViewerLayers:
    """A `LayerStore` on a napari viewer; main thread only.

    Parameters
    ----------
    viewer : napari.Viewer
    counts : PaintCounts
        Knows where there is paint on the layer being painted on.
    parent : QObject
        Owns the timer that gathers redraws.
    """

    def __init__(self, viewer: Any, counts: PaintCounts, parent: QObject) -> None:
        self._viewer = viewer
        self._counts = counts
        self._edited: set[str] = set()
        self._stale: dict[str, Any] = {}
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self._refresh)

    # -- what is there --------------------------------------------------------------------

    def find(self, layer_id: LayerId | None) -> Any | None:
        """The layer, if it is still in the viewer."""
        return next((layer for layer in self._viewer.layers if id_of(layer) == layer_id), None)

    def images(self) -> list[Any]:
        """Every image layer that is not a result of ours, topmost last."""
        return [layer for layer in self._of_type(Image) if not kind_of(layer)]

    def paints(self) -> list[Any]:
        """Every labels layer that may be painted on: all but previews."""
        return [layer for layer in self._of_type(Labels) if kind_of(layer) != "preview"]

    def results(self) -> list[Any]:
        """Every labels layer that shows a prediction, topmost last."""
        return [layer for layer in self._of_type(Labels) if kind_of(layer) in {"preview", "mask"}]

    def paint_of(self, image: Any) -> Any | None:
        """The topmost paint layer tied to an image."""
        images = self.images()
        tied = [
            layer
            for layer in self.paints()
            if kind_of(layer) != "mask" and image_of(layer, images) == image
        ]
        return tied[-1] if tied else None

    def name(self, layer: LayerId) -> str:
        """What the user calls this layer."""
        found = self.find(layer)
        return found.name if found is not None else "image"

    def source(self, image: LayerId, spatial: Spatial) -> ImageSource:
        """The image, lazily; see `napari_unet.app.ports.LayerStore`."""
        return source_of(self._get(image), spatial)

    def snapshot(self, image: LayerId, paint: LayerId, spatial: Spatial) -> PaintedImage:
        """A copy of the paint with its image; see `napari_unet.app.ports.LayerStore`."""
        image_layer, paint_layer = self._get(image), self._get(paint)
        paint_array = paint_view(paint_layer, image_layer)
        return PaintedImage(
            source_of(image_layer, spatial),
            copy_paint(paint_array, self._counts.rows_with_paint(paint_array)),
            paint_layer.metadata.get(METADATA, {}).get("mode", "auto"),
            names_of(paint_layer),
        )

    # -- results --------------------------------------------------------------------------

    def open_preview(self, image: LayerId, paint: LayerId, spatial: Spatial) -> LayerId:
        """The one preview layer of an image; see `napari_unet.app.ports.LayerStore`."""
        image_layer, paint_layer = self._get(image), self._get(paint)
        geometry = label_geometry(image_layer)
        dtype = np.min_scalar_type(max([*names_of(paint_layer), *self._counts.current, 1]))
        images = self.images()
        for layer in self._of_type(Labels):
            fits = tuple(layer.data.shape) == geometry.shape
            if kind_of(layer) == "preview" and image_of(layer, images) == image_layer and fits:
                layer.data = np.zeros(geometry.shape, dtype)
                layer.visible = True
                break
        else:
            layer = self._result(image_layer, "preview", dtype, opacity=0.45)
            self.insert(layer, below=paint_layer)
        layer.colormap = result_colours(paint_layer)
        notes_of(layer).update(axes=axes_of(image_layer), spatial=spatial)
        return id_of(layer)

    def open_mask(self, image: LayerId, classes: ClassMap, spatial: Spatial) -> LayerId:
        """A new result layer; see `napari_unet.app.ports.LayerStore`."""
        image_layer = self._get(image)
        paint = self.paint_of(image_layer)
        dtype = np.min_scalar_type(max(classes.label_values, default=1))
        layer = self._result(image_layer, "mask", dtype, opacity=0.6)
        names = dict(zip(classes.label_values, classes.names, strict=True))
        layer.colormap = direct_colours(
            {
                value: colour_of(paint, value) if paint is not None else palette_colour(value)
                for value in names
                if value
            }
        )
        layer.features = {"index": list(names), "class": list(names.values())}
        notes_of(layer).update(
            axes=axes_of(image_layer),
            spatial=spatial,
            classes={v: n for v, n in names.items() if v},
        )
        self.insert(layer, below=paint)
        layer.events.paint.connect(self._on_edited)
        for other in self._of_type(Labels):
            if kind_of(other) == "preview" and image_of(other, self.images()) == image_layer:
                other.visible = False
        return id_of(layer)

    def write(self, result: LayerId, sample: int, box: Box, labels: np.ndarray) -> None:
        """Show labels in one box; see `napari_unet.app.ports.LayerStore`."""
        layer = self.find(result)
        if layer is None:
            return
        if kind_of(layer) == "preview":
            self._take_colours(layer)
        write_labels(layer.data, _spec_of(layer), sample, box, labels)
        self._stale[id_of(layer)] = layer
        if not self._timer.isActive():
            self._timer.start()

    def replace(self, result: LayerId, labels: np.ndarray) -> None:
        """Show labels everywhere; see `napari_unet.app.ports.LayerStore`."""
        layer = self.find(result)
        if layer is not None:
            layer.data = _like(layer, labels)

    def edited(self, result: LayerId) -> bool:
        """True if the user changed or removed the result."""
        layer = self.find(result)
        return layer is None or result in self._edited or kind_of(layer) != "mask"

    def remove(self, result: LayerId) -> None:
        """Take a result layer away."""
        layer = self.find(result)
        if layer is not None:
            self._viewer.layers.remove(layer)

    def show_probabilities(
        self, image: LayerId, probabilities: np.ndarray, classes: ClassMap, spatial: Spatial
    ) -> None:
        """Add probabilities as image layers; see `napari_unet.app.ports.LayerStore`."""
        image_layer = self._get(image)
        geometry = label_geometry(image_layer)
        spec = AxesSpec(axes_of(image_layer), spatial=spatial)
        shape = tuple(level_zero(image_layer).shape)
        for number, name in enumerate(classes.names):
            if number == classes.background_class:
                continue
            layer = Image(
                labels_for(spec, shape, probabilities[:, number], geometry.channel_axis),
                name=f"{image_layer.name} {name} probability",
                contrast_limits=(0, 1),
                colormap="magma",
                blending="additive",
                **geometry.layout,
            )
            tie(layer, image_layer)
            notes_of(layer)["kind"] = "probability"
            self.insert(layer, below=self.paint_of(image_layer))

    def insert(self, layer: Any, below: Any | None) -> None:
        """Add a layer under another one; what is selected and its mode stay as they are."""
        layers = self._viewer.layers
        selection = layers.selection
        active, chosen = selection.active, list(selection)
        mode = getattr(active, "mode", None)
        layers.insert(layers.index(below) if below is not None else len(layers), layer)
        if active is not None:
            selection.active = active
            if mode is not None and active.mode != mode:
                active.mode = mode
        elif chosen:
            selection.clear()
            for one in chosen:
                selection.add(one)

    # -- inside ---------------------------------------------------------------------------

    def _of_type(self, kind: type) -> Iterator[Any]:
        return (layer for layer in list(self._viewer.layers) if isinstance(layer, kind))

    def _get(self, layer_id: LayerId) -> Any:
        layer = self.find(layer_id)
        if layer is None:
            raise LayerGone("A layer was removed. Choose the image and its paint again.")
        return layer

    def _result(self, image: Any, kind: str, dtype: np.dtype, opacity: float) -> Labels:
        geometry = label_geometry(image)
        layer = Labels(
            np.zeros(geometry.shape, dtype),
            name=f"{image.name} {kind}",
            opacity=opacity,
            **geometry.layout,
        )
        tie(layer, image)
        notes_of(layer)["kind"] = kind
        return layer

    def _take_colours(self, preview: Any) -> None:
        """Give a preview the colours of classes that were added since it was made."""
        paint = self.paint_of(image_of(preview, self.images()))
        if paint is not None and not set(names_of(paint)) <= {1, *coloured(preview)}:
            preview.colormap = result_colours(paint)

    def _on_edited(self, event: Any) -> None:
        self._edited.add(id_of(event.source))

    def _refresh(self) -> None:
        stale, self._stale = self._stale, {}
        for layer in stale.values():
            layer.refresh(thumbnail=False, extent=False, highlight=False)


def _spec_of(result: Any) -> AxesSpec:
    """Axes of the image a result was made for, as they were then."""
    notes = notes_of(result)
    return AxesSpec(notes["axes"], spatial=notes["spatial"])


def _like(result: Any, labels: np.ndarray) -> np.ndarray:
    """Canonical labels ``(S, *spatial)`` in the shape of a result layer."""
    labels_spec = _spec_of(result).without_channels()
    size = iter(result.data.shape)
    if result.data.ndim > labels_spec.ndim:
        channel = _spec_of(result).axes.index("C")
        size = iter(np.delete(result.data.shape, channel))
    array = labels_for(labels_spec, tuple(int(n) for n in size), labels)
    return array.reshape(result.data.shape)
