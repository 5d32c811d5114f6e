"""The layers of one viewer as the application sees them: copies out, results in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from qtpy.QtCore import QObject, QTimer

from napari_unet.app.ports import LayerId
from napari_unet.core.annotations import ClassMap
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.axes import Spatial
from napari_unet.core.errors import UNetError
from napari_unet.core.source import Box, ImageSource
from napari_unet.data.canvas import Canvas
from napari_unet.gui.answers_shown import AnswersShown
from napari_unet.gui.full_size import full_source
from napari_unet.gui.inputs import all_layers, input_source
from napari_unet.gui.label_arrays import labels_like, paint_view, spec_of_result, write_labels
from napari_unet.gui.layers import axes_of, label_geometry, lies_like
from napari_unet.gui.notes import METADATA, notes_of
from napari_unet.gui.paint_counts import PaintCounts, copy_paint
from napari_unet.gui.paint_layer import belongs, coloured, image_of, names_of, result_colours
from napari_unet.gui.partial_refresh import Part, refresh_parts
from napari_unet.gui.place import place_of, whole, worked_on
from napari_unet.gui.result_layers import (
    canvas_of,
    make_room,
    name_classes,
    probability_layers,
    reads_from,
    result_layer,
    show_array,
    streamed_layer,
)

_REFRESH_MS = 60
"""Results that arrive faster than this are drawn together."""


class LayerGone(UNetError):
    """A layer was removed from the viewer."""


def id_of(layer: Any) -> str:
    """What the application calls a layer."""
    return str(layer.unique_id)


def kind_of(layer: Any) -> str:
    """What result of ours a layer is, ``"stored"`` in a folder for example; empty if none."""
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
        self._viewer, self._counts = viewer, counts
        self.answers = AnswersShown()
        self._edited: set[str] = set()
        self._stale: dict[str, tuple[Any, list[Part]]] = {}
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self._refresh)

    # -- what is there --------------------------------------------------------------------

    @property
    def point(self) -> tuple[float, ...]:
        """Where the viewer's sliders stand, in world coordinates."""
        return tuple(self._viewer.dims.point)

    def find(self, layer_id: LayerId | None) -> Any | None:
        """The layer, if it is still in the viewer."""
        return next((layer for layer in self._viewer.layers if id_of(layer) == layer_id), None)

    def images(self) -> list[Any]:
        """Every image layer that is not a result of ours, topmost last."""
        return [layer for layer in self._of_type(Image) if not kind_of(layer)]

    def paints(self) -> list[Any]:
        """Every labels layer that may be painted on: all but previews."""
        ours = {"preview", "stored"}
        return [layer for layer in self._of_type(Labels) if kind_of(layer) not in ours]

    def results(self) -> list[Any]:
        """Every labels layer that shows a prediction, topmost last."""
        return [layer for layer in self._of_type(Labels) if kind_of(layer) in {"preview", "mask"}]

    def previews_of(self, image: Any) -> list[Any]:
        """The labels layers that show what is answered for an image; one for each area of it."""
        found, images = self.results(), self.images()
        return [p for p in found if kind_of(p) == "preview" and image_of(p, images) == image]

    def paint_of(self, image: Any) -> Any | None:
        """The topmost paint layer tied to an image."""
        every, images = self.paints(), self.images()
        tied = [p for p in every if kind_of(p) != "mask" and belongs(p, image, images)]
        return tied[-1] if tied else None

    def areas_of(self, image: Any) -> list[Any]:
        """The paint layers of areas of a huge image, on the level that is worked on."""
        every, images, level = self.paints(), self.images(), place_of(image).get("level", 0)
        tied = [p for p in every if kind_of(p) != "mask" and image_of(p, images) == image]
        places = [(p, place_of(p)) for p in tied]
        return [p for p, place in places if "region" in place and place.get("level", 0) == level]

    def name(self, layer: LayerId) -> str:
        """What the user calls this layer."""
        return str(getattr(self.find(layer), "name", "image"))

    def source(self, image: LayerId, spatial: Spatial) -> ImageSource:
        """The image, lazily; see `napari_unet.app.ports.LayerStore`."""
        layer, images = self._get(image), self.images()
        members = all_layers(layer, images)
        with worked_on(members, whole(layer)):
            return input_source(layer, images, spatial)

    def full_source(self, image: LayerId, spatial: Spatial, trained: Any) -> ImageSource:
        """The finest level of a pyramid; see `napari_unet.app.ports.LayerStore`."""
        return full_source(self._get(image), self.images(), spatial, trained)

    def snapshot(self, image: LayerId, paint: LayerId, spatial: Spatial) -> PaintedImage:
        """A copy of the paint with its image; see `napari_unet.app.ports.LayerStore`."""
        image_layer, paint_layer = self._get(image), self._get(paint)
        images = self.images()
        place = place_of(paint_layer) or place_of(image_layer)
        with worked_on(all_layers(image_layer, images), place):
            paint_array = paint_view(paint_layer, image_layer)
            source = input_source(image_layer, images, spatial)
        return PaintedImage(
            source,
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
        for layer in self.previews_of(image_layer):
            if lies_like(layer, geometry):
                show_array(layer, np.zeros(geometry.shape, dtype))
                layer.visible = True
                break
        else:
            layer = result_layer(image_layer, "preview", dtype, opacity=0.45)
            self.insert(layer, below=paint_layer)
        layer.colormap = result_colours(paint_layer)
        notes_of(layer).update(axes=axes_of(image_layer), spatial=spatial)
        return id_of(layer)

    def open_mask(
        self, image: LayerId, classes: ClassMap, spatial: Spatial, full: bool = False
    ) -> LayerId:
        """A new result layer; see `napari_unet.app.ports.LayerStore`."""
        image_layer = self._get(image)
        paint = self.paint_of(image_layer)
        dtype = np.min_scalar_type(max(classes.label_values, default=1))
        with worked_on([image_layer], whole(image_layer, full)):
            layer = result_layer(image_layer, "mask", dtype, opacity=0.6)
        name_classes(layer, paint, image_layer, classes, spatial)
        self.insert(layer, below=paint)
        layer.events.paint.connect(self._on_edited)
        self._hide_preview(image_layer)
        return id_of(layer)

    def canvas(self, image: LayerId, spatial: Spatial, full: bool = False) -> Canvas:
        """Where labels lie, for a file; see `napari_unet.app.ports.LayerStore`."""
        layer = self._get(image)
        with worked_on([layer], whole(layer, full)):
            return canvas_of(layer, self.source(image, spatial))

    def open_streamed(
        self, image: LayerId, path: Path, classes: ClassMap, spatial: Spatial, full: bool = False
    ) -> LayerId:
        """A result that fills in a folder; see `napari_unet.app.ports.LayerStore`."""
        image_layer = self._get(image)
        for layer in self._of_type(Labels):
            if reads_from(layer, path):
                return id_of(layer)
        with worked_on([image_layer], whole(image_layer, full)):
            layer = streamed_layer(image_layer, path, self.source(image, spatial))
        paint = self.paint_of(image_layer)
        name_classes(layer, paint, image_layer, classes, spatial)
        self.insert(layer, below=paint)
        self._hide_preview(image_layer)
        return id_of(layer)

    def _hide_preview(self, image: Any) -> None:
        for preview in self.previews_of(image):
            preview.visible = False

    def write(self, result: LayerId, sample: int, box: Box, labels: np.ndarray) -> None:
        """Show labels in one box; see `napari_unet.app.ports.LayerStore`."""
        layer = self.find(result)
        if layer is None:
            return
        if kind_of(layer) == "preview":
            self._take_colours(layer)
            make_room(layer, labels)
        part: Part = ()  # a result in a folder is there already
        if isinstance(layer.data, np.ndarray):
            part = write_labels(layer.data, spec_of_result(layer), sample, box, labels)
            self.answers.wrote(layer, part)
        self._stale.setdefault(id_of(layer), (layer, []))[1].append(part)
        if not self._timer.isActive():
            self._timer.start()

    def replace(self, result: LayerId, labels: np.ndarray) -> None:
        """Show labels everywhere; see `napari_unet.app.ports.LayerStore`."""
        layer = self.find(result)
        if layer is not None:
            layer.data = labels_like(layer, labels)

    def edited(self, result: LayerId) -> bool:
        """True if the user changed or removed the result."""
        layer = self.find(result)
        return layer is None or result in self._edited or kind_of(layer) not in {"mask", "stored"}

    def remove(self, result: LayerId) -> None:
        """Take a result layer away."""
        layer = self.find(result)
        if layer is not None:
            self._viewer.layers.remove(layer)

    def show_probabilities(
        self,
        image: LayerId,
        probabilities: np.ndarray,
        classes: ClassMap,
        spatial: Spatial,
        full: bool = False,
    ) -> None:
        """Add probabilities as image layers; see `napari_unet.app.ports.LayerStore`."""
        image_layer = self._get(image)
        with worked_on([image_layer], whole(image_layer, full)):
            layers = probability_layers(image_layer, probabilities, classes, spatial)
        for layer in layers:
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

    def _take_colours(self, preview: Any) -> None:
        """Give a preview the colours of classes that were added since it was made."""
        paint = self.paint_of(image_of(preview, self.images()))
        if paint is not None and not set(names_of(paint)) <= {1, *coloured(preview)}:
            preview.colormap = result_colours(paint)

    def _on_edited(self, event: Any) -> None:
        self._edited.add(id_of(event.source))

    def _refresh(self) -> None:
        stale, self._stale = self._stale, {}
        for layer, parts in stale.values():
            refresh_parts(layer, parts)
