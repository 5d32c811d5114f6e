"""How wrong the answer was under each stroke: a point a stroke, and the mean of the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFont, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_unet.gui.style import VISIBLE, colours_of, readable

_HEIGHT = 58
_PAD = 6
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


class StrokePlot(QWidget):
    """A small plot with one point a stroke; not there as long as there are none."""

    point_clicked = Signal(int)
    """Emitted with the number of the stroke whose point was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: tuple[StrokePoint, ...] = ()
        self._sentence = ""
        self.setAccessibleName("Errors under your strokes")
        self.setToolTip(_HELP)
        self.setFixedHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
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

    def sizeHint(self) -> QSize:
        """Wide as the panel, lower than the learning curve."""
        return QSize(280, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Paint the sentence, the line and the points."""
        colours = colours_of(self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.raised)
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        font = QFont(self.font())
        font.setPointSizeF(max(font.pointSizeF() - 1, 6))
        painter.setFont(font)
        painter.setPen(colours.text)
        line = QRect(_PAD, 2, self.width() - 2 * _PAD, self.fontMetrics().height())
        said = painter.fontMetrics().elidedText(
            self._sentence, Qt.TextElideMode.ElideRight, line.width()
        )
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, said)
        self._paint_scale(painter, colours.line)
        self._paint_mean(painter, colours.text)
        painter.setPen(Qt.PenStyle.NoPen)
        for place, point in enumerate(self._points):
            painter.setBrush(readable(QColor(point.colour), colours.raised, VISIBLE))
            painter.drawEllipse(self._at(place, point.share), _DOT, _DOT)

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Report the point nearest to a click."""
        point = self._point_near(event.pos().x()) if event is not None else None
        if point is not None:
            self.point_clicked.emit(point.number)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Show by the cursor whether a click would do something, and tell about that stroke."""
        near = self._point_near(event.pos().x()) if event is not None else None
        self.setCursor(Qt.CursorShape.PointingHandCursor if near else Qt.CursorShape.ArrowCursor)
        self.setToolTip(near.words if near else _HELP)

    def _area(self) -> QRectF:
        legend = self.fontMetrics().height() + 4
        return QRectF(self.rect()).adjusted(_PAD, legend + _DOT, -_PAD, -_PAD)

    def _at(self, place: int, share: float) -> QPointF:
        area, steps = self._area(), max(len(self._points), _FEWEST) - 1
        x = area.left() + _DOT + (area.width() - 2 * _DOT) * place / steps
        return QPointF(x, area.bottom() - area.height() * share)

    def _point_near(self, x: int) -> StrokePoint | None:
        away = [abs(self._at(place, 0).x() - x) for place in range(len(self._points))]
        nearest = min(range(len(away)), key=away.__getitem__, default=None)
        if nearest is None or away[nearest] > _REACH:
            return None
        return self._points[nearest]

    def _paint_scale(self, painter: QPainter, colour: QColor) -> None:
        area = self._area()
        painter.setPen(QPen(colour, 1))
        for share in (0.0, 0.5, 1.0):
            y = area.bottom() - area.height() * share
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))

    def _paint_mean(self, painter: QPainter, colour: QColor) -> None:
        if not self._points:
            return
        path = QPainterPath(self._at(0, self._points[0].mean))
        for place, point in enumerate(self._points[1:], 1):
            path.lineTo(self._at(place, point.mean))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.4))
        painter.drawPath(path)
