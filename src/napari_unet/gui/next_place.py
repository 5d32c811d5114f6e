"""Takes the user to where paint would help most, and shows where the answer is in doubt."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QObject, Qt
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QToolButton, QWidget

from napari_unet.app.guidance_controller import GuidanceController
from napari_unet.app.surveyor import Survey
from napari_unet.core.axes import Spatial
from napari_unet.core.errors import UNetError
from napari_unet.core.next_place import Outlook, Place, doubt_of
from napari_unet.gui.layer_store import ViewerLayers, id_of
from napari_unet.gui.layers import axes_of, label_geometry, lies_like
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.notes import notes_of
from napari_unet.gui.paint_layer import image_of, tie
from napari_unet.gui.paint_step import PaintStep
from napari_unet.gui.shortcuts import BACK_KEY, NEXT_KEY, ViewerKeys
from napari_unet.gui.style import set_role
from napari_unet.gui.travel import Travel

_NEXT, _LOOKING = "Next", "\u2026"
_NEXT_HELP = "Goes to where one more stroke would help most; nothing is painted."
_KIND = "uncertainty"
_HEIGHT = 20
"""Of the buttons: they stand beside a title, which is to be no higher for it."""


class NextPlace(QObject):
    """A row of the panel: the next place, back again, and a layer of uncertainty.

    Parameters
    ----------
    viewer : napari.Viewer
    guidance : GuidanceController
    store : ViewerLayers
    paint_step : PaintStep
    lifecycle : Lifecycle
    parent : QObject
    """

    def __init__(
        self,
        viewer: Any,
        guidance: GuidanceController,
        store: ViewerLayers,
        paint_step: PaintStep,
        lifecycle: Lifecycle,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._guidance, self._store, self._paint = guidance, store, paint_step
        self._travel = Travel(viewer)
        self._layer: str | None = None
        actions = {NEXT_KEY: guidance.next, BACK_KEY: self.back}
        self._keys = ViewerKeys(viewer, actions, self._on_keys)
        lifecycle.at_close(self._keys.unbind)
        self.next_button, self.back_button = _button("Next place"), _button("Back")
        self._on_keys()
        self.next_button.setText(_NEXT)
        self.next_button.setMinimumWidth(self.next_button.sizeHint().width())
        self.back_button.setArrowType(Qt.ArrowType.LeftArrow)
        self.doubt_box = QCheckBox("Uncertainty")
        self.doubt_box.setToolTip("Shows where the answer is in doubt, in a layer of its own.")
        self.row = _row(self.back_button, self.next_button, self.doubt_box)
        self.next_button.clicked.connect(guidance.next)
        self.back_button.clicked.connect(self.back)
        self.doubt_box.toggled.connect(self._on_doubt_toggled)
        lifecycle.connect(guidance.found, self._on_found)
        lifecycle.connect(guidance.surveyed, self._on_survey)
        lifecycle.connect(guidance.looking, self._on_looking)
        lifecycle.connect(viewer.layers.events.removed, self._on_removed)
        paint_step.pair_changed.connect(self._on_pair)
        self._on_pair()

    def go(self, sample: int, centre: tuple[int, ...]) -> None:
        """Look at a pixel of the chosen image; `back` returns.

        Parameters
        ----------
        sample : int
            Canonical sample number.
        centre : tuple of int
            Along Y and X, or Z, Y and X.

        Raises
        ------
        UNetError
            If the axes of the image are not understood.
        """
        if self._paint.image is not None:
            self._travel.go(self._paint.image, sample, centre)
            self.back_button.setEnabled(True)

    def back(self) -> None:
        """Look from where the last step began."""
        self._travel.back()
        self.back_button.setEnabled(len(self._travel) > 0)

    def keys(self) -> dict[str, str]:
        """What the keys do, of those that could be had."""
        words = {NEXT_KEY: "next place to paint", BACK_KEY: "back from there"}
        return {self._keys.now(key): words[key] for key in words if key in self._keys}

    # -- inside ---------------------------------------------------------------------------

    def _on_keys(self) -> None:
        for button, key, words in (
            (self.next_button, NEXT_KEY, _NEXT_HELP),
            (self.back_button, BACK_KEY, "Goes back to where you looked before."),
        ):
            now = self._keys.now(key)
            button.setToolTip(f"{words} Key: {now}" if now else words)

    def _on_pair(self) -> None:
        self.row.setEnabled(self._paint.image is not None and self._paint.paint is not None)
        self.back_button.setEnabled(len(self._travel) > 0)

    def _on_looking(self, looking: bool) -> None:
        self.next_button.setEnabled(not looking)
        self.next_button.setText(_LOOKING if looking else _NEXT)

    def _on_found(self, place: Place) -> None:
        # Axes may have been changed meanwhile; the next survey takes them as they are.
        with contextlib.suppress(UNetError):
            self.go(place.sample, place.centre)

    def _on_doubt_toggled(self, shown: bool) -> None:
        self._guidance.watch(shown)
        layer, self._layer = self._store.find(self._layer), None
        if not shown and layer is not None:
            self._store.remove(id_of(layer))

    def _on_removed(self, event: Any) -> None:
        if id_of(event.value) == self._layer:
            self._layer = None
            self.doubt_box.setChecked(False)

    def _on_survey(self, survey: Survey) -> None:
        image = self._store.find(survey.wish.pairs[0][0])
        if image is None or not self.doubt_box.isChecked():
            return
        layer = self._store.find(self._layer)
        if layer is None or not self._fits(layer, image, survey.wish.spatial):
            self._layer = id_of(self._new_layer(image, survey.wish.spatial))
        for outlook in survey.outlooks:
            self._store.write(self._layer, outlook.sample, outlook.box, _percent(outlook))

    def _fits(self, layer: Any, image: Any, spatial: Spatial) -> bool:
        """True if a layer of uncertainty was made for this image, read as it is now."""
        read = notes_of(layer).get("axes"), notes_of(layer).get("spatial")
        of_it = image_of(layer, self._store.images()) == image
        here = lies_like(layer, label_geometry(image))
        return of_it and here and read == (axes_of(image), spatial)

    def _new_layer(self, image: Any, spatial: Spatial) -> Image:
        """An empty layer in place of the last one, under the paint."""
        old = self._store.find(self._layer)
        self._layer = None
        if old is not None:
            self._store.remove(id_of(old))
        geometry = label_geometry(image)
        layer = Image(
            np.zeros(geometry.shape, np.uint8),  # percent; a byte a pixel, and no page until used
            name=f"{image.name} {_KIND}",
            contrast_limits=(0, 100),
            colormap="magma",
            blending="additive",
            opacity=0.7,
            **geometry.layout,
        )
        tie(layer, image)
        notes_of(layer).update(kind=_KIND, axes=axes_of(image), spatial=spatial)
        self._store.insert(layer, below=self._paint.paint)
        return layer


def _percent(outlook: Outlook) -> np.ndarray:
    """How much in doubt each pixel of a box is, in percent."""
    percent = np.rint(100 * doubt_of(outlook.chances)).astype(np.uint8)
    for axis, side in enumerate(outlook.box):
        percent = percent.repeat(outlook.step, axis)
        percent = percent[(slice(None),) * axis + (slice(0, side.stop - side.start),)]
    return percent


def _button(text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(text)
    set_role(button, "button")
    button.setMaximumHeight(_HEIGHT)
    return button


def _row(*widgets: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    for widget in widgets:
        layout.addWidget(widget)
    return row
