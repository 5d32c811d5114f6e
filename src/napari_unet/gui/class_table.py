"""The classes painted with: their colours, names and painted pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from napari_unet.gui.advice_line import LinkLine
from napari_unet.gui.class_row import ERASER, ClassRow, ClassRowView
from napari_unet.gui.style import set_role

__all__ = ["ERASER", "ClassRow", "ClassTable", "PaintMode"]

PaintMode = Literal["strokes", "mask"]

_MOST_ROWS = 5
"""Rows shown before the table scrolls inside."""


class ClassTable(QWidget):
    """Shows the classes, which one is painted with, and how the paint is read."""

    valueChanged = Signal(object)
    """Emitted with the tuple of `ClassRow` when a class changes, by the user or `setValue`."""

    select_requested = Signal(int)
    """Emitted with a paint value; 0 is the eraser."""
    rename_requested = Signal(int, str)
    recolour_requested = Signal(int, str)
    add_requested = Signal()
    remove_requested = Signal(int)
    mode_requested = Signal(str)
    """Emitted with ``"strokes"`` or ``"mask"`` when the user overrules how paint is read."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("class_table")
        self._views: dict[int, ClassRowView] = {}
        self._current = ERASER
        self._mode: PaintMode | None = None
        self._rows = QVBoxLayout()
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(1)
        self._scroll = self._scroll_area()
        self._eraser = self._connected(ClassRowView(ClassRow(ERASER, "Eraser", ""), self))
        self._add = QToolButton(self)
        self._add.setText("+ Class")
        self._add.setObjectName("add_class_button")
        self._add.setAccessibleName("Add a class")
        self._add.setToolTip("Add a class to paint with.")
        set_role(self._add, "button")
        self._reading = LinkLine(parent=self)
        self._reading.hide()
        self._foot = QWidget(self)
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.setSpacing(6)
        foot.addWidget(self._eraser, 1)
        foot.addWidget(self._add)
        self._foot_row = foot
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addWidget(self._scroll)
        layout.addWidget(self._foot)
        layout.addSpacing(2)
        layout.addWidget(self._reading)
        self._add.clicked.connect(self._on_add_clicked)
        self._reading.followed.connect(self._on_reading_followed)
        self._fit()

    def add_to_foot(self, widget: QWidget) -> None:
        """Put a button beside the one that adds a class."""
        self._foot_row.addWidget(widget)

    def mode(self) -> PaintMode | None:
        """How the paint is read, if that is known."""
        return self._mode

    def value(self) -> tuple[ClassRow, ...]:
        """The classes in the order shown."""
        return tuple(view.row() for view in self._views.values())

    def setValue(self, rows: Sequence[ClassRow]) -> None:
        """Show these classes; the current class stays current while it exists."""
        if tuple(rows) == self.value():
            return
        if [row.value for row in rows] != list(self._views):
            self._rebuild(rows)
        for row in rows:
            self._views[row.value].set_row(row)
        self._update_removable()
        self.valueChanged.emit(self.value())

    def current(self) -> int:
        """Paint value of the class painted with; 0 for the eraser."""
        return self._current

    def set_current(self, value: int) -> None:
        """Mark the class with this paint value as the one painted with."""
        self._current = value
        self._eraser.set_current(value == ERASER)
        for number, view in self._views.items():
            view.set_current(number == value)
        if value in self._views:
            self._scroll.ensureWidgetVisible(self._views[value], 0, 0)

    def set_pixels(self, pixels: Mapping[int, int]) -> None:
        """Show how many pixels of each paint value are painted; missing ones have none."""
        for value, view in self._views.items():
            if view.row().pixels != pixels.get(value, 0):
                view.set_row(replace(view.row(), pixels=pixels.get(value, 0)))
        self._update_removable()

    def set_eraser_key(self, key: str) -> None:
        """Show which key switches to the eraser."""
        self._eraser.set_row(replace(self._eraser.row(), key=key))

    def set_reading(self, mode: PaintMode | None, sentence: str = "") -> None:
        """Say how the paint is read, with a link to overrule it; None says nothing."""
        self._mode = mode
        self._reading.setVisible(mode is not None)
        if mode == "strokes":
            said = sentence or "Strokes: unpainted pixels are ignored."
            self._reading.set_line(said, "It is a full mask")
        elif mode == "mask":
            said = sentence or "Full mask: unpainted pixels are background."
            self._reading.set_line(said, "They are strokes")

    def _scroll_area(self) -> QScrollArea:
        inside = QWidget()
        inside.setLayout(self._rows)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inside)
        return scroll

    def _connected(self, view: ClassRowView) -> ClassRowView:
        view.selected.connect(self._on_row_selected)
        view.renamed.connect(self._on_row_renamed)
        view.recoloured.connect(self._on_row_recoloured)
        view.removed.connect(self.remove_requested)
        view.stepped.connect(self._on_row_stepped)
        return view

    def _rebuild(self, rows: Sequence[ClassRow]) -> None:
        for view in self._views.values():
            self._rows.removeWidget(view)
            view.hide()
            view.deleteLater()
        self._views = {row.value: self._connected(ClassRowView(row)) for row in rows}
        for view in self._views.values():
            self._rows.addWidget(view)
        self._fit()
        self._order_tabs()
        self.set_current(self._current)

    def _fit(self) -> None:
        shown = min(len(self._views), _MOST_ROWS)
        height = self._eraser.height() + self._rows.spacing()
        self._scroll.setFixedHeight(max(shown * height, 0) + (2 if shown else 0))
        self._scroll.setVisible(bool(shown))
        self._foot.setVisible(bool(shown))

    def _order_tabs(self) -> None:
        """Let the tab key walk down the rows; without this, new rows would come last of all."""
        before = self._eraser.previousInFocusChain()
        while before.focusPolicy() == Qt.FocusPolicy.NoFocus:  # Qt orders only what takes focus
            before = before.previousInFocusChain()
        for view in self._views.values():
            for widget in view.tab_stops():
                QWidget.setTabOrder(before, widget)
                before = widget

    def _update_removable(self) -> None:
        for view in self._views.values():
            if view.row().pixels:
                view.set_removable(False, "Erase its paint first, then it can be removed.")
            else:
                view.set_removable(len(self._views) > 2, "A model needs at least two classes.")

    def _on_add_clicked(self) -> None:
        self.add_requested.emit()

    def _on_row_selected(self, value: int) -> None:
        self.set_current(value)
        self.select_requested.emit(value)

    def _on_row_stepped(self, step: int) -> None:
        values = [*self._views, ERASER]
        at = values.index(self._current) if self._current in values else 0
        self._on_row_selected(values[min(max(at + step, 0), len(values) - 1)])
        current = self._views.get(self._current, self._eraser)
        current.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_row_renamed(self, value: int, name: str) -> None:
        self._views[value].set_row(replace(self._views[value].row(), name=name))
        self.rename_requested.emit(value, name)
        self.valueChanged.emit(self.value())

    def _on_row_recoloured(self, value: int, colour: str) -> None:
        self._views[value].set_row(replace(self._views[value].row(), colour=colour))
        self.recolour_requested.emit(value, colour)
        self.valueChanged.emit(self.value())

    def _on_reading_followed(self) -> None:
        self.mode_requested.emit("mask" if self._mode == "strokes" else "strokes")
