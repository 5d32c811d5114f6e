"""Strokes in the window: handed to the judge with the answer under them, shown, gone to."""

from __future__ import annotations

import time
from typing import Any

from qtpy.QtCore import QObject

from napari_unet.app.session import Session
from napari_unet.app.stroke_judge import JudgedStroke
from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import UNetError
from napari_unet.core.stroke_errors import StrokeError, errors_in_words, running_mean
from napari_unet.gui.layer_store import ViewerLayers, id_of, kind_of
from napari_unet.gui.layers import axes_of, label_geometry, lies_like
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.next_place import NextPlace
from napari_unet.gui.notes import notes_of
from napari_unet.gui.paint_layer import colour_of, image_of, names_of
from napari_unet.gui.paint_step import PaintStep
from napari_unet.gui.paint_watch import PaintChange, PaintWatch
from napari_unet.gui.stroke_plot import StrokePoint
from napari_unet.gui.train_form import TrainBox

_SHOWN = 60
"""So many of the last strokes are drawn."""


class StrokeScores(QObject):
    """Compares strokes with the answer they were made over, and shows how that goes.

    Parameters
    ----------
    session : Session
    store : ViewerLayers
    watch : PaintWatch
    paint_step : PaintStep
    box : TrainBox
        Shows them.
    place : NextPlace
        Goes to where a stroke was made, and back.
    lifecycle : Lifecycle
    parent : QObject
    """

    def __init__(
        self,
        session: Session,
        store: ViewerLayers,
        watch: PaintWatch,
        paint_step: PaintStep,
        box: TrainBox,
        place: NextPlace,
        lifecycle: Lifecycle,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._store, self._paint = session, store, paint_step
        self._box, self._place = box, place
        watch.changed.connect(self._on_change)
        paint_step.pair_changed.connect(self._show)
        box.strokes.point_clicked.connect(self.go)
        lifecycle.connect(session.judge.changed, self._show)
        self._show()

    def go(self, number: int) -> None:
        """Look at the place of a stroke, and say what was wrong there.

        Parameters
        ----------
        number : int
            As in `StrokePoint.number`.
        """
        image, series = self._paint.image, self._series()
        if image is None or not 0 < number <= len(series):
            return
        error = series[number - 1]
        try:
            self._place.go(*_place_in(image, error))
        except UNetError:
            return  # the axes were changed meanwhile
        self._session.state.say(f"{self._words(number, error)} Back leads back.")

    # -- inside ---------------------------------------------------------------------------

    def _series(self) -> tuple[StrokeError, ...]:
        paint = self._paint.paint
        return self._session.judge.series(id_of(paint)) if paint is not None else ()

    def _on_change(self, change: PaintChange) -> None:
        layer = change.layer
        if change.again or change.replaced or layer not in self._store.paints():
            return
        image = image_of(layer, self._store.images())
        if image is None or not lies_like(layer, label_geometry(image)):
            return
        for preview in self._store.previews_of(image):
            below = self._store.answers.below(preview, change.box)
            if below is not None:
                stroke = JudgedStroke(id_of(layer), change.edits, below, self._is_mask(layer))
                self._session.judge.take(stroke)

    def _is_mask(self, layer: Any) -> bool:
        if kind_of(layer) == "mask":
            return True
        if layer is self._paint.paint:
            return self._paint.editor.table.mode() == "mask"
        return notes_of(layer).get("mode") == "mask"

    def _show(self, _: object = None) -> None:
        series, paint = self._series(), self._paint.paint
        numbered = list(zip(range(1, len(series) + 1), series, running_mean(series), strict=True))
        points = [
            StrokePoint(
                number,
                error.share,
                mean,
                colour_of(paint, error.value),
                f"{self._words(number, error)} Click to go there.",
            )
            for number, error, mean in numbered[-_SHOWN:]
        ]
        self._box.set_strokes(points, errors_in_words(series))

    def _words(self, number: int, error: StrokeError) -> str:
        names = names_of(self._paint.paint) if self._paint.paint is not None else {}
        name = names.get(error.value, f"class {error.value}")
        clock = time.strftime("%H:%M", time.localtime(error.seconds))
        return (
            f"Stroke {number} at {clock}, {name}: the answer was wrong on "
            f"{error.wrong} of its {error.painted} pixels."
        )


def _place_in(image: Any, error: StrokeError) -> tuple[int, tuple[int, ...]]:
    """Sample number and pixel of a stroke.

    Raises
    ------
    UNetError
        If the place is not one of the image.
    """
    geometry, spec = label_geometry(image), AxesSpec(axes_of(image)).without_channels()
    place, shape = list(error.place), list(geometry.shape)
    if geometry.channel_axis is not None:
        del place[geometry.channel_axis], shape[geometry.channel_axis]
    spec.check(tuple(place), "stroke")
    where = dict(zip(spec.axes, place, strict=True))
    index = tuple(where[axis] for axis in spec.sample_axes)
    centre = tuple(where[axis] for axis in spec.spatial)
    return spec.sample_number(index, tuple(shape)), centre
