"""How wrong the answer was under each stroke: a point a stroke, and the mean of the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QPointF, QRect, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

from napari_unet.gui.small_plot import PAD, SmallPlot
from napari_unet.gui.style import VISIBLE, colours_of, readable

_HEIGHT = 58
_DOT = 2.5
_REACH = 8
"""How near, in pixels, a click must come to a point."""

_FEWEST = 10
"""The plot is at least so many strokes wide, so that the first ones stand apart."""

_HELP = (
    "How much of each stroke lay where the answer on screen was wrong (top: all of it), compared\n"
    "before the answer had seen the stroke. The line is the mean of the last ten.\n"
    "You paint where it is wrong, so the image is better than this; it should fall as it learns."
)


@dataclass(frozen=True)
class StrokePoint:
    """One stroke.

    Parameters
    ----------
    number : int
        Counts the strokes, from 1.
    share : float
        Wrong pixels, 0 to 1.
    mean : float
        The same for this and the strokes before it.
    colour : str
        Of its class, ``"#rrggbb"``.
    words : str
        All about it in a sentence.
    """

    number: int
    share: float
    mean: float
    colour: str
    words: str


class StrokePlot(SmallPlot):
    """A small plot with one point a stroke, clicked by its number; hidden while there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Errors under your strokes", _HELP, _HEIGHT, parent)
        self._points: tuple[StrokePoint, ...] = ()
        self._sentence = ""
        self.hide()

    def points(self) -> tuple[StrokePoint, ...]:
        """What is shown, the oldest stroke first."""
        return self._points

    def sentence(self) -> str:
        """What is said about the last strokes."""
        return self._sentence

    def set_points(self, points: Sequence[StrokePoint], sentence: str) -> None:
        """Show these strokes instead, and say this about them."""
        self._points, self._sentence = tuple(points), sentence
        self.setAccessibleDescription(sentence)
        self.setVisible(bool(points))
        self.update()

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Paint the sentence, the line and the points."""
        colours = colours_of(self)
        painter = QPainter(self)
        self.paint_ground(painter, colours)
        painter.setPen(colours.text)
        line = QRect(PAD, 2, self.width() - 2 * PAD, self.fontMetrics().height())
        said = painter.fontMetrics().elidedText(
            self._sentence, Qt.TextElideMode.ElideRight, line.width()
        )
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, said)
        self.paint_scale(painter, colours.line)
        self._paint_mean(painter, colours.text)
        painter.setPen(Qt.PenStyle.NoPen)
        for place, point in enumerate(self._points):
            painter.setBrush(readable(QColor(point.colour), colours.raised, VISIBLE))
            painter.drawEllipse(self._at(place, point.share), _DOT, _DOT)

    def area(self) -> QRectF:
        """Where shares are drawn; a point at the top stays below the words."""
        return super().area().adjusted(0, _DOT, 0, 0)

    def near(self, x: int) -> tuple[int, str] | None:
        """Number of the stroke a click at this place is for, and words about it."""
        away = [abs(self._at(place, 0).x() - x) for place in range(len(self._points))]
        nearest = min(range(len(away)), key=away.__getitem__, default=None)
        if nearest is None or away[nearest] > _REACH:
            return None
        return self._points[nearest].number, self._points[nearest].words

    def _at(self, place: int, share: float) -> QPointF:
        area, steps = self.area(), max(len(self._points), _FEWEST) - 1
        x = area.left() + _DOT + (area.width() - 2 * _DOT) * place / steps
        return QPointF(x, area.bottom() - area.height() * share)

    def _paint_mean(self, painter: QPainter, colour: QColor) -> None:
        if not self._points:
            return
        path = QPainterPath(self._at(0, self._points[0].mean))
        for place, point in enumerate(self._points[1:], 1):
            path.lineTo(self._at(place, point.mean))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.4))
        painter.drawPath(path)
