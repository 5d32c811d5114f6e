"""Step 1 of the panel, Paint: which image, which layer, which classes, how the paint is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QObject, QSignalBlocker, QTimer, Signal

from napari_unet.core.axes import Spatial
from napari_unet.core.errors import UNetError
from napari_unet.core.source import ImageSource
from napari_unet.gui.class_editor import ClassEditor
from napari_unet.gui.fill_rest import FillRest
from napari_unet.gui.image_picker import ImageChoice, ImagePicker, PaintPicker
from napari_unet.gui.input_words import input_in_words
from napari_unet.gui.inputs import (
    all_layers,
    channel_items,
    choose_channels,
    chosen_channels,
    forget_channels,
)
from napari_unet.gui.layer_checklist import LayerItem
from napari_unet.gui.layer_store import ViewerLayers, id_of, kind_of
from napari_unet.gui.layers import axes_choices, axes_of, channels_in_words, choose_axes, guess_axes
from napari_unet.gui.level_picker import LevelPicker
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.notes import notes_of, part_notes
from napari_unet.gui.paint_layer import belongs, image_of, names_of, new_paint_layer, tie
from napari_unet.gui.place import (
    choose_level,
    chosen_level,
    level_zero,
    place_of,
    set_place,
    whole,
    worked_on,
)
from napari_unet.gui.sections import Section
from napari_unet.gui.view import area_on_screen


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
    input_changed = Signal()
    """The chosen image is taken for something else now: other axes or channels."""
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
        self.level = LevelPicker()
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

    def source(self, spatial: Spatial) -> ImageSource | None:
        """The chosen image as a network of these axes reads it; None if there is none.

        Raises
        ------
        UNetError
            If its layers do not go together.
        """
        return None if self.image is None else self._store.source(self._image_id, spatial)

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
            self._choose_area(image)
            layer = new_paint_layer(image)
        except UNetError as err:
            self.said.emit(str(err))
            return
        self.adopt(layer)

    def _choose_area(self, image: Any) -> None:
        """Of an image too large for one layer of paint, work where the user looks."""
        members = all_layers(image, self._store.images())
        place = whole(image)
        with worked_on(members, place):
            area = area_on_screen(image)
        if area is None:
            return
        for member in members:
            set_place(member, {**place, "region": area})
        self.said.emit(
            f"{image.name!r} is large: this layer covers the area around what is on screen. "
            "Press New elsewhere for another; all are learned from."
        )
        self.input_changed.emit()

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
        part_notes(self._viewer.layers)
        for layer in self._viewer.layers:
            layer.events.name.connect(self._on_layers)  # connecting twice counts once
        images = self._store.images()
        self.images.set_layers([self._item(layer, images) for layer in images])
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

    def _item(self, layer: Any, images: Sequence[Any]) -> LayerItem:
        try:
            axes, choices = axes_of(layer), axes_choices(layer)
            words, channels = channels_in_words(layer), channel_items(layer, images)
        except UNetError:
            return LayerItem(id_of(layer), layer.name, words="too many axes")
        line = input_in_words(layer, images)
        sizes = tuple(int(n) for n in level_zero(layer).shape[: layer.ndim])
        return LayerItem(id_of(layer), layer.name, axes, choices, words, line, sizes, channels)

    def _connect(self) -> None:
        self.images.valueChanged.connect(self._on_image_picked)
        self.paints.valueChanged.connect(self._on_paint_picked)
        self.paints.new_requested.connect(self.new_paint)
        self.level.chosen.connect(self._on_level)

    def _on_level(self, level: int) -> None:
        """Work on another level of a pyramid, with the paint of that level."""
        if self.image is not None and level != chosen_level(self.image):
            choose_level(self.image, level)
            self.editor.follow(None)
            self.sync()
            self.input_changed.emit()

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
        self.level.set_image(image)
        if image is None:
            return
        try:
            changed = self._take(choice, image)
        except UNetError as err:
            self.said.emit(str(err))
            changed = True  # what is shown goes back to what it was
        if changed:
            images = self._store.images()
            with QSignalBlocker(self.images):
                self.images.set_layers([self._item(layer, images) for layer in images])
            self.input_changed.emit()

    def _take(self, choice: ImageChoice, image: Any) -> bool:
        """Note what the user says about an image; True if that is new."""
        images, before = self._store.images(), axes_of(image)
        if choice.axes and choice.axes != before:
            choose_axes(image, choice.axes)
            if "C" in before + choice.axes:
                forget_channels(image)
            return True
        if choice.channels and set(choice.channels) != set(chosen_channels(image, images)):
            choose_channels(image, choice.channels, images)
            return True
        return False

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
            place = place_of(paint)
            of_it = image_of(paint, self._store.images()) == image
            if of_it and place and not belongs(paint, image, [image]):
                for member in all_layers(image, self._store.images()):
                    set_place(member, place)
                self.level.set_image(image)
                self.input_changed.emit()
            tie(paint, image)
            if kind_of(paint) == "mask":
                notes_of(paint).update(kind="paint", mode="mask")
        self.editor.follow(paint)

    def _forget_names(self) -> None:
        for layer in self._viewer.layers:
            layer.events.name.disconnect(self._on_layers)
