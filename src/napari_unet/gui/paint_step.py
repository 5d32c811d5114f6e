"""Step 1 of the panel, Paint: which image, which layer, which classes, how the paint is read."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, QSignalBlocker, QTimer, Signal

from napari_unet.core.errors import UNetError
from napari_unet.gui.class_editor import ClassEditor
from napari_unet.gui.fill_rest import FillRest
from napari_unet.gui.image_picker import ImageChoice, ImagePicker, PaintPicker
from napari_unet.gui.layer_checklist import LayerItem
from napari_unet.gui.layer_store import ViewerLayers, id_of, kind_of
from napari_unet.gui.layers import (
    axes_choices,
    axes_of,
    channels_in_words,
    choose_axes,
    guess_axes,
    notes_of,
)
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.paint_layer import image_of, names_of, new_paint_layer, tie
from napari_unet.gui.sections import Section


class PaintStep(QObject):
    """Chooses the image and the layer its paint is on.

    Parameters
    ----------
    viewer : napari.Viewer
    store : ViewerLayers
    editor : ClassEditor
        Shows the classes of the chosen layer.
    lifecycle : Lifecycle
    parent : QObject
    """

    pair_changed = Signal()
    """Another image or paint layer is chosen, or an image came, went or was renamed."""
    said = Signal(str)
    """One sentence for the user."""

    def __init__(
        self,
        viewer: Any,
        store: ViewerLayers,
        editor: ClassEditor,
        lifecycle: Lifecycle,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._store, self.editor = viewer, store, editor
        self.images, self.paints = ImagePicker(), PaintPicker()
        self.section = Section("Paint", 1)
        self.section.add(self.paints)
        self.section.add(editor.table)
        self.rest = FillRest(viewer, editor, lifecycle, self)
        self.rest.said.connect(self.said)
        editor.table.add_to_foot(self.rest.button)
        self._image_id: str | None = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.sync)
        lifecycle.at_close(self._forget_names)
        for event in (viewer.layers.events.inserted, viewer.layers.events.removed):
            lifecycle.connect(event, self._on_layers)
        lifecycle.connect(viewer.layers.events.reordered, self._on_layers)
        self._connect()
        self._sync_start()

    # -- what is chosen -------------------------------------------------------------------

    @property
    def image(self) -> Any | None:
        """The chosen image layer."""
        return self._store.find(self._image_id)

    @property
    def paint(self) -> Any | None:
        """The chosen paint layer."""
        return self.editor.paint

    @property
    def doubt(self) -> str:
        """What was guessed about the axes of the chosen image, in a sentence; else empty."""
        image = self.image
        try:
            if image is None or axes_of(image) != guess_axes(image).axes:
                return ""
            return guess_axes(image).sentence
        except UNetError as err:
            return str(err)

    def new_paint(self) -> None:
        """Make a paint layer for the chosen image, choose it, and paint with its first class."""
        image = self.image
        if image is None:
            return
        try:
            layer = new_paint_layer(image)
        except UNetError as err:
            self.said.emit(str(err))
            return
        self.adopt(layer)

    def adopt(self, layer: Any) -> None:
        """Add a layer made for the chosen image, choose it, and paint with its first class."""
        self._viewer.add_layer(layer)
        self.sync()
        self.paints.setValue(id_of(layer))
        self._on_paint_chosen(id_of(layer))
        self.editor.paint_with(min(names_of(layer)))
        self.pair_changed.emit()

    def sync(self) -> None:
        """Offer the layers the viewer has now."""
        for layer in self._viewer.layers:
            layer.events.name.connect(self._on_layers)  # connecting twice counts once
        images = self._store.images()
        self.images.set_layers([self._item(layer) for layer in images])
        self._on_image_chosen(self.images.value())
        with QSignalBlocker(self.paints):
            self.paints.set_layers(
                [LayerItem(id_of(layer), layer.name) for layer in self._store.paints()]
            )
        if self.paint is not None and self._store.find(id_of(self.paint)) is None:
            self.editor.follow(None)
        self._choose_tied()
        self.pair_changed.emit()

    # -- inside: layers -------------------------------------------------------------------

    def _sync_start(self) -> None:
        """Begin with the image that is active in the viewer."""
        active = self._viewer.layers.selection.active
        self.sync()
        if active is not None and active in self._store.images():
            self.images.setValue(ImageChoice(id_of(active)))

    def _item(self, layer: Any) -> LayerItem:
        try:
            axes, choices = axes_of(layer), axes_choices(layer)
            words = channels_in_words(layer)
        except UNetError:
            axes, choices, words = "", (), "too many axes"
        return LayerItem(id_of(layer), layer.name, axes, choices, words)

    def _connect(self) -> None:
        self.images.valueChanged.connect(self._on_image_picked)
        self.paints.valueChanged.connect(self._on_paint_picked)
        self.paints.new_requested.connect(self.new_paint)

    def _on_layers(self, _: Any = None) -> None:
        self._soon.start()

    def _on_image_picked(self, choice: ImageChoice) -> None:
        self._on_image_chosen(choice)
        self._choose_tied()
        self.pair_changed.emit()

    def _on_image_chosen(self, choice: ImageChoice) -> None:
        self._image_id = choice.key
        image = self.image
        self.paints.set_new_enabled(image is not None, "Open an image first.")
        if image is None:
            return
        try:
            if choice.axes and choice.axes != axes_of(image):
                choose_axes(image, choice.axes)
        except UNetError as err:
            self.said.emit(str(err))

    def _choose_tied(self) -> None:
        """Choose the paint layer of the image, unless one is chosen that may be for it."""
        image = self.image
        tied = self._store.paint_of(image) if image is not None else None
        paint = self.paint
        images = self._store.images()
        of_other = paint is not None and image_of(paint, images) not in (None, image)
        if paint is None or of_other or tied is None:
            self.editor.follow(tied)
        with QSignalBlocker(self.paints):
            self.paints.setValue(id_of(self.paint) if self.paint is not None else None)

    def _on_paint_picked(self, key: str | None) -> None:
        self._on_paint_chosen(key)
        self.pair_changed.emit()

    def _on_paint_chosen(self, key: str | None) -> None:
        paint, image = self._store.find(key), self.image
        if paint is not None and image is not None:
            tie(paint, image)
            if kind_of(paint) == "mask":
                notes_of(paint).update(kind="paint", mode="mask")
        self.editor.follow(paint)

    def _forget_names(self) -> None:
        for layer in self._viewer.layers:
            layer.events.name.disconnect(self._on_layers)
