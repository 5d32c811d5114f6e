"""The learning curve: loss and held-out score against steps."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, nan

import numpy as np
from qtpy.QtCore import QPointF, Qt, Signal
from qtpy.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

from napari_unet.gui.small_plot import PAD, SmallPlot
from napari_unet.gui.style import Colours, colours_of

_HEIGHT = 76
_REACH = 12
"""How near, in pixels, a click must come to a point."""


_HELP = (
    "Loss and held-out score against learning steps.\n"
    "The score is the overlap (mean intersection over union) on strokes kept back from\n"
    "learning, one in five; 1 is perfect, and \u00b1 says how much strokes differ. It takes three\n"
    "such strokes, and one of every class, to say it. Click a point for the score of each class."
)


@dataclass(frozen=True)
class PlotPoint:
    """Loss, score, or both, after a number of steps; None (or NaN) where not known."""

    step: int
    loss: float | None = None
    score: float | None = None


class LossPlot(SmallPlot):
    """A small plot of the loss (left scale, from 0) and the score (0 to 1), clicked by its step."""

    valueChanged = Signal(object)
    """Emitted with the tuple of points after `setValue` changed them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Learning curve", _HELP, _HEIGHT, parent)
        self._points: list[PlotPoint] = []
        # What is drawn, as numbers: a long training has thousands of points.
        self._steps, self._losses, self._scores = array("d"), array("d"), array("d")
        self._marker: int | None = None
        self._score_words = ""

    def value(self) -> tuple[PlotPoint, ...]:
        """The points, in order of steps."""
        return tuple(self._points)

    def setValue(self, points: Sequence[PlotPoint]) -> None:
        """Show these points instead."""
        if list(points) != self._points:
            self._points = []
            for numbers in (self._steps, self._losses, self._scores):
                del numbers[:]
            for point in sorted(points, key=lambda point: point.step):
                self._append(point)
            self._refresh()
            self.valueChanged.emit(self.value())

    def add_point(self, point: PlotPoint) -> None:
        """Show one more point; steps count up."""
        self._append(point)
        self._refresh()

    def clear(self) -> None:
        """Show no points."""
        self._marker = None
        self.setValue(())

    def set_marker(self, step: int | None) -> None:
        """Mark a step with an upright line; None marks nothing."""
        self._marker = step
        self.update()

    def set_score_words(self, words: str) -> None:
        """What the legend says about the score; empty for its name alone."""
        self._score_words = words
        self._refresh()

    def score_words(self) -> str:
        """What the legend says about the score."""
        return self._score_words

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Paint the curves, or a word while there are none."""
        colours = colours_of(self)
        painter = QPainter(self)
        self.paint_ground(painter, colours)
        if not self._points:
            painter.setPen(colours.quiet)
            middle = Qt.AlignmentFlag.AlignCenter
            painter.drawText(self.rect(), middle, "The learning curve appears here.")
            return
        self.paint_scale(painter, colours.line)
        self._paint_marker(painter, colours)
        self._paint_curve(painter, colours.loss, self._losses, self._top_loss(), 1.4)
        self._paint_curve(painter, colours.score, self._scores, 1.0, 2.0)
        self._paint_legend(painter, colours)

    def _append(self, point: PlotPoint) -> None:
        self._points.append(point)
        loss, score = _loss(point), _score(point)
        self._steps.append(point.step)
        self._losses.append(nan if loss is None else loss)
        self._scores.append(nan if score is None else score)

    def _refresh(self) -> None:
        last = self._points[-1] if self._points else None
        said = _words(last) if last else "No points yet"
        self.setAccessibleDescription(f"{said}. {self._score_words}".rstrip(". "))
        self.update()

    def _top_loss(self) -> float:
        losses = _known(self._losses)
        return 1.1 * float(losses.max()) or 1.0 if losses.size else 1.1

    def _x(self, step: int) -> float:
        area, last = self.area(), max(self._points[-1].step, 1)
        return area.left() + area.width() * step / last

    def near(self, x: int) -> tuple[int, str] | None:
        """Step of the point a click at this place is for, and its numbers in words."""
        scored = [p for p in self._points if _score(p) is not None] or self._points
        nearest = min(scored, key=lambda p: abs(self._x(p.step) - x), default=None)
        if nearest is None or abs(self._x(nearest.step) - x) > _REACH:
            return None
        return nearest.step, _words(nearest)

    def _paint_marker(self, painter: QPainter, colours: Colours) -> None:
        if self._marker is not None:
            area, x = self.area(), self._x(self._marker)
            painter.setPen(QPen(colours.quiet, 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _paint_curve(
        self,
        painter: QPainter,
        colour: QColor,
        heights: array[float],
        top: float,
        width: float,
    ) -> None:
        area = self.area()
        corners = [
            QPointF(x, area.bottom() - area.height() * min(max(height / top, 0.0), 1.0))
            for x, height in self._columns(np.array(heights))
        ]
        if not corners:
            return
        path = QPainterPath(corners[0])
        for corner in corners[1:]:
            path.lineTo(corner)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = QPen(colour, width)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(path)
        painter.setBrush(colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(corners[-1], 2.5, 2.5)

    def _columns(self, heights: np.ndarray) -> list[tuple[float, float]]:
        """Mean height per pixel column, so that long runs cost no more to paint than short."""
        known = ~np.isnan(heights)
        area, steps = self.area(), np.array(self._steps)[known]
        places = area.left() + area.width() * steps / max(self._steps[-1], 1)
        _, column, count = np.unique(places.astype(int), return_inverse=True, return_counts=True)
        means = (np.bincount(column, weights=one) / count for one in (places, heights[known]))
        return list(zip(*(mean.tolist() for mean in means), strict=True))

    def _paint_legend(self, painter: QPainter, colours: Colours) -> None:
        line = self.rect().adjusted(PAD, 2, -PAD, 0)
        line.setHeight(self.fontMetrics().height())
        losses = _known(self._losses)
        vertical = Qt.AlignmentFlag.AlignVCenter
        if losses.size:
            painter.setPen(colours.loss)
            text = f"loss {losses[-1]:.3f}"
            painter.drawText(line, vertical | Qt.AlignmentFlag.AlignLeft, text)
        scored = bool(_known(self._scores).size)
        words = self._score_words or ("held-out score" if scored else "")
        painter.setPen(colours.score if scored else colours.quiet)
        painter.drawText(line, vertical | Qt.AlignmentFlag.AlignRight, words)


def _known(numbers: array[float]) -> np.ndarray:
    """Those that are not missing, a copy."""
    every = np.array(numbers)
    return every[~np.isnan(every)]


def _loss(point: PlotPoint) -> float | None:
    return point.loss if point.loss is not None and isfinite(point.loss) else None


def _score(point: PlotPoint) -> float | None:
    return point.score if point.score is not None and isfinite(point.score) else None


def _words(point: PlotPoint) -> str:
    said = [f"step {point.step}"]
    if (loss := _loss(point)) is not None:
        said.append(f"loss {loss:.3f}")
    if (score := _score(point)) is not None:
        said.append(f"score {score:.2f}")
    return ", ".join(said)
