"""A prediction copied into a layer of its own, to be corrected by hand and learned from."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject

from napari_unet.core.annotations import BACKGROUND_VALUE
from napari_unet.core.errors import NothingPainted, UNetError
from napari_unet.gui.advice_line import LinkLine
from napari_unet.gui.label_arrays import spec_of_result
from napari_unet.gui.layer_store import ViewerLayers, kind_of
from napari_unet.gui.layers import label_geometry, lies_like
from napari_unet.gui.notes import notes_of
from napari_unet.gui.paint_layer import colour_of, direct_colours, image_of, names_of, tie
from napari_unet.gui.paint_step import PaintStep


class Draft(QObject):
    """Makes a layer to correct from the newest prediction of the chosen image.

    The layer is read as a full mask: what the user leaves as it is counts as right. Of a preview
    that has answers only here and there it is strokes, for the rest must not count as background.
    Strokes painted before are laid over the prediction, so that none is lost.

    Parameters
    ----------
    store : ViewerLayers
    paint_step : PaintStep
        Gets the layer to paint on.
    parent : QObject
    """

    def __init__(self, store: ViewerLayers, paint_step: PaintStep, parent: QObject) -> None:
        super().__init__(parent)
        self._store, self._paint = store, paint_step
        self.line = LinkLine()
        self.line.set_line("Wrong in places?", "copy it into a layer to correct")
        self.line.setToolTip(
            "Makes a labels layer of the prediction. Correct it with brush and eraser, then train."
        )
        self.line.followed.connect(self.make)

    def make(self) -> None:
        """Copy the prediction, and choose the copy as the layer to paint on."""
        image = self._paint.image
        if image is None:
            return
        try:
            layer, result = self._copied(image)
        except UNetError as err:
            self._paint.said.emit(str(err))
            return
        strokes = self._paint.paint
        for other in (strokes, result):
            if other is not None:
                other.visible = False
        self._paint.adopt(layer)
        self._paint.said.emit(
            "Correct it: what you leave as it is counts as right. Then press Train."
        )

    def _copied(self, image: Any) -> tuple[Labels, Any]:
        """The new layer and the result it is a copy of.

        Raises
        ------
        NothingPainted
            If nothing was predicted yet.
        """
        result = self._result_of(image)
        if result is None:
            raise NothingPainted(
                "There is no prediction to correct yet. Train or press Predict first."
            )
        strokes = self._paint.paint
        data, partly = np.array(result.data), self._partly_answered(result)
        names = {value: name for value, name in names_of(result).items() if value}
        if partly is not None:
            data[partly & (data == 0)] = BACKGROUND_VALUE
            names |= {BACKGROUND_VALUE: "Background"}
        if strokes is not None and kind_of(strokes) != "mask":
            names |= {v: n for v, n in names_of(strokes).items() if v != BACKGROUND_VALUE}
            data = _with_strokes(data, strokes, 0 if partly is None else BACKGROUND_VALUE)
        layer = Labels(
            data, name=f"{image.name} draft", opacity=0.6, **label_geometry(image).layout
        )
        layer.colormap = direct_colours({value: colour_of(result, value) for value in names})
        tie(layer, image)
        mode = "mask" if partly is None else "strokes"
        notes_of(layer).update(kind="paint", mode=mode, classes=names)
        if strokes is not None:
            layer.brush_size = strokes.brush_size
        return layer, result

    def _partly_answered(self, result: Any) -> np.ndarray | None:
        """Which pixels have an answer, if some slice of a preview has it only in places."""
        if kind_of(result) != "preview":
            return None
        answered, spec = self._store.answers.answered(result), spec_of_result(result)
        letters = spec.axes if answered.ndim == spec.ndim else spec.without_channels().axes
        inside = tuple(letters.index(axis) for axis in spec.spatial)
        partly = answered.any(axis=inside) & ~answered.all(axis=inside)
        return answered if partly.any() else None

    def _result_of(self, image: Any) -> Any | None:
        """The topmost visible result with something in it; else one that is hidden."""
        images = self._store.images()
        found = [
            layer
            for layer in self._store.results()
            if image_of(layer, images) == image
            and lies_like(layer, label_geometry(image))
            and np.any(layer.data)
        ]
        found.sort(key=lambda layer: layer.visible)  # stable: the topmost stays last
        return found[-1] if found else None


def _with_strokes(labels: np.ndarray, strokes: Any, background: int) -> np.ndarray:
    """Labels, in which this is background, under strokes (0 is not painted, 1 is background)."""
    paint = np.asarray(strokes.data)
    if paint.shape != labels.shape or notes_of(strokes).get("mode") == "mask":
        return labels
    dtype = np.promote_types(labels.dtype, np.min_scalar_type(max(int(paint.max()), 0)))
    values = np.where(paint == BACKGROUND_VALUE, background, paint)
    return np.where(paint > 0, values, labels).astype(dtype)
