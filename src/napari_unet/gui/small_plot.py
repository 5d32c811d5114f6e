"""What the plots of the panel share: their ground, their scale, and points that can be clicked."""

from __future__ import annotations

from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFont, QMouseEvent, QPainter, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_unet.gui.style import Colours

PAD = 6
"""Free room at the edges, in pixels."""


class SmallPlot(QWidget):
    """A plot as wide as the panel, of shares from 0 to 1, below a line of words.

    Parameters
    ----------
    name : str
        For those who cannot see it.
    words : str
        Said on hovering where there is no point.
    height : int
        Of all of it, in pixels.
    parent : QWidget, optional
    """

    point_clicked = Signal(int)
    """Emitted with the number of the point that was clicked."""

    def __init__(self, name: str, words: str, height: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._help = words
        self.setAccessibleName(name)
        self.setToolTip(words)
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)

    def near(self, x: int) -> tuple[int, str] | None:
        """Number of the point a click at this place is for, and words about it, if there is one."""
        del x
        return None

    def sizeHint(self) -> QSize:
        """Wide as the panel, low enough to leave room for the rest."""
        return QSize(280, self.height())

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Report the point nearest to a click."""
        point = self.near(event.pos().x()) if event is not None else None
        if point is not None:
            self.point_clicked.emit(point[0])

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Show by the cursor whether a click would do something, and tell about the point there."""
        point = self.near(event.pos().x()) if event is not None else None
        self.setCursor(Qt.CursorShape.PointingHandCursor if point else Qt.CursorShape.ArrowCursor)
        self.setToolTip(point[1] if point else self._help)

    def area(self) -> QRectF:
        """Where shares are drawn."""
        legend = self.fontMetrics().height() + 4
        return QRectF(self.rect()).adjusted(PAD, legend, -PAD, -PAD)

    def paint_ground(self, painter: QPainter, colours: Colours) -> None:
        """Paint the rounded ground, and choose small letters."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPointSizeF(max(font.pointSizeF() - 1, 6))
        painter.setFont(font)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.raised)
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)

    def paint_scale(self, painter: QPainter, colour: QColor) -> None:
        """Paint lines at nothing, a half and all."""
        area = self.area()
        painter.setPen(QPen(colour, 1))
        for share in (0.0, 0.5, 1.0):
            y = area.bottom() - area.height() * share
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
