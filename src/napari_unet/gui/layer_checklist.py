"""Lists of layers to tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QEvent, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from napari_unet.gui.style import set_role

_KEY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class ChannelItem:
    """A channel the user may tick.

    Parameters
    ----------
    key : str
    name : str
    ticked : bool
    """

    key: str
    name: str
    ticked: bool


@dataclass(frozen=True)
class LayerItem:
    """A layer as a form shows it.

    Parameters
    ----------
    key : str
        What tells this layer from all others, whatever it is called.
    name : str
        The name to show.
    axes : str
        One letter per axis, such as ``"TCYX"``.
    axes_choices : tuple of str
        The axes this layer could have instead, most likely first.
    words : str
        What it is, in a word or two: ``"grey"``, ``"RGB"``, ``"3 channels"``.
    line : str, optional
        What it is taken for, in one line.
    sizes : tuple of int, optional
        Length of every axis the user may name; colours, which come last, do not count.
    channels : tuple of ChannelItem, optional
        What its channels may be, if there is a choice.
    """

    key: str
    name: str
    axes: str = ""
    axes_choices: tuple[str, ...] = ()
    words: str = ""
    line: str = ""
    sizes: tuple[int, ...] = ()
    channels: tuple[ChannelItem, ...] = ()


class LayerChecklist(QWidget):
    """Layers to tick; takes no more room than a few rows and scrolls inside.

    Parameters
    ----------
    title : str
        A quiet line above the list; none if empty.
    at_least : int
        The list hides while it would have fewer layers than this.
    rows : int
        How many rows show before it scrolls.
    """

    valueChanged = Signal(object)
    """Emitted with the tuple of ticked keys, in the order shown."""

    def __init__(
        self, *, title: str = "", at_least: int = 0, rows: int = 4, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._at_least, self._rows = at_least, rows
        self._list = QListWidget(self)
        self._list.setAccessibleName(title or "Layers")
        self._list.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setUniformItemSizes(True)
        set_role(self._list, "checklist")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        if title:
            label = QLabel(title, self)
            set_role(label, "quiet")
            layout.addWidget(label)
        layout.addWidget(self._list)
        self._list.itemChanged.connect(lambda _: self.valueChanged.emit(self.value()))
        self.set_layers(())

    def set_layers(self, layers: Sequence[LayerItem], *, ticked: Sequence[str] = ()) -> None:
        """List these layers; ticks stay, and new layers in `ticked` get one."""
        before = self.value()
        known = {self._list.item(i).data(_KEY) for i in range(self._list.count())}
        wanted = set(before) | (set(ticked) - known)
        with QSignalBlocker(self._list):
            self._list.clear()
            for item in layers:
                row = QListWidgetItem(_line(item), self._list)
                row.setData(_KEY, item.key)
                row.setToolTip(row.text())
                row.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsUserCheckable)
                row.setCheckState(_state(item.key in wanted))
        self._fit()
        if self.value() != before:
            self.valueChanged.emit(self.value())

    def value(self) -> tuple[str, ...]:
        """The keys of the ticked layers, in the order shown."""
        rows = (self._list.item(i) for i in range(self._list.count()))
        return tuple(r.data(_KEY) for r in rows if r.checkState() == Qt.CheckState.Checked)

    def setValue(self, keys: Sequence[str]) -> None:
        """Tick exactly these layers; keys not listed are passed over."""
        before = self.value()
        with QSignalBlocker(self._list):
            for i in range(self._list.count()):
                row = self._list.item(i)
                row.setCheckState(_state(row.data(_KEY) in keys))
        if self.value() != before:
            self.valueChanged.emit(self.value())

    def showEvent(self, event: QShowEvent | None) -> None:
        """Fit the rows, for their height is the style's."""
        super().showEvent(event)
        self._fit_height()

    def changeEvent(self, event: QEvent | None) -> None:
        """Fit the rows again after a change of style."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.StyleChange:
            self._fit_height()

    def _fit(self) -> None:
        self.setVisible(self._list.count() >= self._at_least)
        self._fit_height()

    def _fit_height(self) -> None:
        row = self._list.sizeHintForRow(0)
        if row < 0:
            row = self._list.fontMetrics().height() + 4
        frame = 2 * self._list.frameWidth() + self._list.height() - self._list.viewport().height()
        shown = min(max(self._list.count(), 1), self._rows)
        self._list.setFixedHeight(row * shown + max(frame, 6))


def _line(item: LayerItem) -> str:
    return f"{item.name} \u00b7 {item.words}" if item.words else item.name


def _state(ticked: bool) -> Qt.CheckState:
    return Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked
