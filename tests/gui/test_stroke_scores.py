"""Strokes over an answer: scored when they end, drawn, and gone to with a click."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor

from napari_unet.core.events import PreviewDone
from napari_unet.gui.layer_store import id_of
from napari_unet.gui.stroke_plot import StrokePlot, StrokePoint
from tests.gui.test_loss_plot import has_colour
from tests.gui.test_next_place import camera
from tests.gui.test_panel import image, window  # noqa: F401

SIDE = 64


class Desk:
    """A panel over an image; says what is answered, and paints."""

    def __init__(self, made: tuple[Any, Any], qtbot: Any) -> None:
        (self.viewer, self.panel), self._qtbot = made, qtbot
        self.panel.paint.new_paint()
        self.paint = self.panel.paint.paint
        self.plot = self.panel.train.box.strokes
        self._previews = self.panel.session.glance._previews
        self._image = id_of(self.panel.paint.image)

    def answer(self, labels: np.ndarray, sample: int = 0, start: int = 0) -> None:
        self._previews.open(self._image, id_of(self.paint), "YX")
        box = tuple(slice(start, start + n) for n in labels.shape)
        number = self._previews.next_generation()
        assert self._previews.show(self._image, PreviewDone(number, 0, sample, box, labels))

    def preview(self) -> Any:
        return next(layer for layer in self.viewer.layers if "preview" in layer.name)

    def drag(self, value: int, *points: tuple[float, ...]) -> None:
        with self.paint.block_history():
            for point in points:
                self.paint.paint(point, value)

    def series(self, count: int) -> Any:
        self.panel.strokes.flush()
        judge = self.panel.session.judge
        self._qtbot.waitUntil(lambda: not judge._waiting and not judge._runner.busy, timeout=5000)
        found = judge.series(id_of(self.paint))
        assert len(found) == count
        return found


@pytest.fixture
def desk(window, qtbot) -> Desk:  # noqa: F811
    return Desk(window(image()), qtbot)


def test_a_stroke_over_an_answer_is_scored_and_said(desk):
    assert desk.plot.isHidden()
    desk.paint.brush_size = 1
    desk.drag(2, (5, 5))
    desk.series(0)  # nothing was answered yet
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[:, 32:] = 2
    desk.answer(labels)
    desk.drag(2, *((10, x) for x in range(30, 36)))
    (error,) = desk.series(1)
    assert (error.value, error.painted, error.wrong) == (2, 6, 2)
    assert not desk.plot.isHidden()
    assert desk.plot.sentence() == "Last stroke: the answer was wrong on 33 %."
    assert desk.plot.points()[0].share == pytest.approx(1 / 3)
    assert "2 of its 6 pixels" in desk.plot.points()[0].words


def test_erasing_undo_redo_and_painted_pixels_do_not_count(desk):
    desk.answer(np.zeros((SIDE, SIDE), np.uint8))
    desk.paint.brush_size = 1
    desk.drag(2, (10, 10), (10, 11))
    desk.series(1)
    desk.paint.undo()
    desk.series(1)
    desk.paint.redo()
    desk.series(1)
    desk.drag(2, (10, 10), (10, 11))
    desk.series(1)
    desk.drag(1, (10, 10))
    desk.series(1)  # it had been told that this is an object
    desk.drag(0, (10, 11))
    desk.series(1)
    desk.drag(2, (10, 10), (10, 11), (10, 12), (10, 13))
    assert desk.series(2)[-1].painted == 3


def test_a_hidden_preview_counts_and_a_cleared_one_does_not(desk):
    desk.answer(np.zeros((SIDE, SIDE), np.uint8))
    desk.preview().visible = False
    desk.drag(2, (10, 10))
    desk.series(1)
    desk._previews.close()
    desk._previews.open(desk._image, id_of(desk.paint), "YX")
    desk.drag(2, (40, 40))
    desk.series(1)


def test_only_the_answered_part_counts(desk):
    desk.answer(np.zeros((8, 8), np.uint8), start=16)
    desk.paint.brush_size = 1
    desk.drag(2, *((20, x) for x in range(20, 30)))
    assert desk.series(1)[0].painted == 4


def test_a_draft_is_corrected_pixel_by_pixel(desk):
    desk.panel.paint.editor.table.set_reading("mask")
    desk.paint.data[:] = 2
    desk.answer(np.full((SIDE, SIDE), 2, np.uint8))
    desk.drag(1, (10, 10))
    assert desk.series(1)[0].share == 1


def test_a_click_goes_to_the_place_and_back_returns(window, qtbot):  # noqa: F811
    pixels = np.zeros((7, SIDE, SIDE), np.float32)
    desk = Desk(window(image(data=pixels, scale=(3, 1, 1))), qtbot)
    desk.answer(np.zeros((SIDE, SIDE), np.uint8), sample=4)
    desk.paint.brush_size = 1
    desk.paint.n_edit_dimensions = 2
    desk.viewer.dims.set_current_step(0, 4)
    desk.drag(2, (4, 50, 12))
    assert desk.series(1)[0].place == (4, 50, 12)
    desk.viewer.dims.set_current_step(0, 1)
    before = tuple(camera(desk.viewer).center)
    desk.plot.point_clicked.emit(1)
    assert desk.viewer.dims.current_step[0] == 4
    assert np.allclose(camera(desk.viewer).center[-2:], (50, 12))
    assert "wrong on 1 of its 1 pixels" in desk.panel.session.state.message.text
    desk.panel.next.back()
    assert desk.viewer.dims.current_step[0] == 1
    assert tuple(camera(desk.viewer).center) == before


def test_each_paint_layer_has_its_own_series_and_it_is_in_the_log(desk):
    desk.answer(np.zeros((SIDE, SIDE), np.uint8))
    desk.drag(2, (10, 10))
    desk.series(1)
    assert any("over an answer: 1" in fact for fact in desk.panel.log._facts())
    desk.panel.paint.new_paint()
    assert desk.plot.isHidden()
    desk.panel.paint.paints.setValue(id_of(desk.paint))
    assert len(desk.plot.points()) == 1


POINTS = tuple(StrokePoint(n, n / 4, n / 8, "#ff0000", f"Stroke {n}") for n in range(1, 5))


def test_points_are_drawn_in_the_colour_of_their_class_and_can_be_clicked(docked, qtbot):
    plot = StrokePlot()
    docked(plot)
    plot.set_points(POINTS, "Last 4 strokes: the answer was wrong on 62 %.")
    plot.show()
    assert has_colour(plot, QColor("#ff0000"))
    assert "62 %" in plot.accessibleDescription()
    place = plot._at(2, POINTS[2].share).toPoint()
    with qtbot.waitSignal(plot.point_clicked) as emitted:
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=place)
    assert emitted.args == [3]
    with qtbot.assertNotEmitted(plot.point_clicked):
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(plot.width() - 2, 40))
    plot.set_points((), "")
    assert plot.isHidden()
