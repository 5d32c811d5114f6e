from __future__ import annotations

import math

import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QColor, QImage, QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_unet.gui.loss_plot import LossPlot, PlotPoint
from napari_unet.gui.style import colours_of

POINTS = (PlotPoint(0, 1.0), PlotPoint(50, 0.5, 0.6), PlotPoint(100, 0.25, 0.8))


@pytest.fixture
def plot(docked):
    plot = LossPlot()
    docked(plot)
    return plot


def has_colour(plot, colour: QColor) -> bool:
    image: QImage = plot.grab().toImage()
    near = 24
    return any(
        sum(abs(a - b) for a, b in zip(pixel.getRgb()[:3], colour.getRgb()[:3], strict=True)) < near
        for x in range(image.width())
        for y in range(image.height())
        if (pixel := image.pixelColor(x, y))
    )


def test_value_round_trips(qtbot, plot):
    with qtbot.waitSignal(plot.valueChanged) as emitted:
        plot.setValue(POINTS)
    assert plot.value() == POINTS == emitted.args[0]
    plot.add_point(PlotPoint(150, 0.2))
    assert plot.value()[-1].step == 150
    plot.clear()
    assert plot.value() == ()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_both_curves_are_drawn_in_their_colours(docked, theme):
    plot = LossPlot()
    docked(plot, theme=theme)
    assert not has_colour(plot, colours_of(plot).loss)
    plot.setValue(POINTS)
    assert has_colour(plot, colours_of(plot).loss)
    assert has_colour(plot, colours_of(plot).score)


def test_a_click_tells_the_step_of_the_nearest_scored_point(qtbot, plot):
    plot.setValue(POINTS)
    with qtbot.waitSignal(plot.point_clicked) as emitted:
        qtbot.mouseClick(
            plot, Qt.MouseButton.LeftButton, pos=QPoint(plot.width() // 2 + 3, plot.height() // 2)
        )
    assert emitted.args == [50]


def test_a_click_far_from_points_does_nothing(qtbot, plot):
    plot.setValue(POINTS)
    with qtbot.assertNotEmitted(plot.point_clicked):
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(plot.width() // 4, 30))


@pytest.mark.parametrize(
    "points",
    [
        (PlotPoint(0, math.nan, None),),
        (PlotPoint(0, 0.0, 0.0), PlotPoint(0, 0.0)),
        (PlotPoint(3, math.inf), PlotPoint(4, 1e30, math.nan)),
        tuple(PlotPoint(i, 1 / (i + 1), 0.5) for i in range(5000)),
    ],
    ids=["no loss yet", "one step", "not finite", "long run"],
)
def test_odd_curves_are_painted(plot, points):
    plot.setValue(points)
    plot.set_marker(points[-1].step)
    assert not plot.grab().isNull()


def test_the_newest_numbers_are_told_to_screen_readers(plot):
    plot.setValue(POINTS)
    plot.set_score_words("held-out score 0.80")
    assert "loss 0.250" in plot.accessibleDescription()
    assert "held-out score 0.80" in plot.accessibleDescription()


def hover(plot, x):
    where, none = QPointF(x, 40), Qt.MouseButton.NoButton
    kind = QEvent.Type.MouseMove
    move = QMouseEvent(kind, where, where, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(plot, move)


def test_hovering_a_point_tells_its_numbers(plot):
    plot.setValue(POINTS)
    hover(plot, plot.width() // 2)
    assert plot.toolTip() == "step 50, loss 0.500, score 0.60"
    hover(plot, plot.width() // 4)
    assert plot.toolTip().startswith("Loss and held-out score")
