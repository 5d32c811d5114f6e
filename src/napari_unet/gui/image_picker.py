"""Choosing the image, its axes, and the layer that holds the paint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from napari_unet.gui.axes_editor import AxesEditor
from napari_unet.gui.keyed_combo import KeyedCombo
from napari_unet.gui.labelled_row import labelled_row
from napari_unet.gui.layer_checklist import LayerChecklist, LayerItem
from napari_unet.gui.style import set_role

"""Wide enough for every label here, so that the boxes line up."""


_NEW_HELP = "Make a paint layer that fits the image, with two classes to start."


@dataclass(frozen=True)
class ImageChoice:
    """The chosen image and what the user says it is; no key where there is no image.

    Parameters
    ----------
    key : str or None
    axes : str
        One letter per axis.
    channels : tuple of str
        Keys of its channels; empty where there is nothing to choose.
    """

    key: str | None = None
    axes: str = ""
    channels: tuple[str, ...] = ()


class ImagePicker(QWidget):
    """Chooses an image layer, says what it is taken for, and lets that be corrected."""

    valueChanged = Signal(object)
    """Emitted with an `ImageChoice`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[str, LayerItem] = {}
        self._axes: dict[str, str] = {}
        self._last = ImageChoice()
        self._combo = KeyedCombo("open an image first", self)
        self._combo.setAccessibleName("Image")
        self._line = QLabel(self)
        self._line.setWordWrap(True)
        self._line.setObjectName("image_line")
        set_role(self._line, "quiet")
        self._change = QToolButton(self)
        self._change.setText("Change")
        self._change.setCheckable(True)
        self._change.setObjectName("change_button")
        self._change.setAccessibleName("Change what the image is")
        self._change.setToolTip("Correct the axes of the image, and choose its channels.")
        set_role(self._change, "button")
        self._editor = AxesEditor(self)
        self._channels = LayerChecklist(title="Channels", at_least=2, rows=4)
        self._fold = QWidget(self)
        self.setLayout(self._arranged())
        self._fold.hide()
        self._change.toggled.connect(self._fold.setVisible)
        self._combo.chosen.connect(self._announce)
        self._editor.valueChanged.connect(self._on_axes_chosen)
        self._channels.valueChanged.connect(self._on_channels_ticked)
        self._announce()

    def set_layers(self, layers: Sequence[LayerItem]) -> None:
        """Offer these image layers; the choice and corrected axes stay where they still fit."""
        self._items = {item.key: item for item in layers}
        self._axes = {
            key: axes
            for key, axes in self._axes.items()
            if key in self._items and len(axes) == len(self._items[key].axes)
        }
        self._combo.set_items([(item.key, item.name) for item in layers])
        self._announce()

    def value(self) -> ImageChoice:
        """The chosen image, its axes and its channels."""
        key = self._combo.key()
        if key is None:
            return ImageChoice()
        item = self._items[key]
        ticked = tuple(channel.key for channel in item.channels if channel.ticked)
        return ImageChoice(key, self._axes.get(key, item.axes), ticked)

    def setValue(self, choice: ImageChoice) -> None:
        """Choose an image and say its axes; a layer that is not offered changes nothing."""
        if choice.key in self._items and choice.axes:
            self._axes[choice.key] = choice.axes
        self._combo.set_key(choice.key)
        self._announce()

    def text(self) -> str:
        """What the chosen image is said to be."""
        return str(self._line.text())

    def unfold(self) -> None:
        """Show what can be changed."""
        self._change.setChecked(True)

    def _arranged(self) -> QVBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(self._line, 1)
        line.addWidget(self._change, 0, Qt.AlignmentFlag.AlignTop)
        inside = QVBoxLayout(self._fold)
        inside.setContentsMargins(0, 0, 0, 2)
        inside.setSpacing(4)
        inside.addWidget(self._editor)
        inside.addWidget(self._channels)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(labelled_row("Image", self._combo))
        layout.addLayout(line)
        layout.addWidget(self._fold)
        return layout

    def _on_axes_chosen(self, axes: str) -> None:
        key = self._combo.key()
        if key is not None:
            self._axes[key] = axes
            self._announce()

    def _on_channels_ticked(self, ticked: tuple[str, ...]) -> None:
        key = self._combo.key()
        if key is None:
            return
        item = self._items[key]
        channels = tuple(replace(c, ticked=c.key in ticked) for c in item.channels)
        if ticked:  # an image without channels is none: the last tick stays
            self._items[key] = replace(item, channels=channels)
        self._announce()

    def _announce(self) -> None:
        choice = self.value()
        item = self._items.get(choice.key or "")
        self._line.setVisible(item is not None)
        self._change.setVisible(item is not None)
        self._fold.setVisible(item is not None and self._change.isChecked())
        if item is not None:
            self._line.setText(item.line or f"{choice.axes}, {item.words}")
            self._editor.show_axes(choice.axes, item.sizes or (0,) * len(choice.axes))
            with QSignalBlocker(self._channels):
                rows = [LayerItem(channel.key, channel.name) for channel in item.channels]
                self._channels.set_layers(rows)
                self._channels.setValue(choice.channels)
        if choice != self._last:
            self._last = choice
            self.valueChanged.emit(choice)


class PaintPicker(QWidget):
    """Chooses the labels layer that holds the paint, or asks for a new one."""

    valueChanged = Signal(object)
    """Emitted with the key of the layer, or None."""

    new_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._combo = KeyedCombo("no paint layer yet", self)
        self._combo.setAccessibleName("Paint layer")
        self._new = QToolButton(self)
        self._new.setText("New")
        self._new.setObjectName("new_paint_button")
        self._new.setAccessibleName("New paint layer")
        self._new.setToolTip(_NEW_HELP)
        set_role(self._new, "button")
        layout = labelled_row("Layer", self._combo)
        layout.addWidget(self._new)
        self.setLayout(layout)
        self._combo.chosen.connect(self.valueChanged)
        self._new.clicked.connect(self._on_new_clicked)

    def set_layers(self, layers: Sequence[LayerItem]) -> None:
        """Offer these labels layers; the choice stays if it is still among them."""
        self._combo.set_items([(item.key, item.name) for item in layers])

    def value(self) -> str | None:
        """The key of the chosen layer."""
        return self._combo.key()

    def setValue(self, key: str | None) -> None:
        """Choose the layer with this key."""
        self._combo.set_key(key)

    def set_new_enabled(self, enabled: bool, reason: str = "") -> None:
        """Allow to make a layer, or say on hovering why not."""
        self._new.setEnabled(enabled)
        self._new.setToolTip(_NEW_HELP if enabled else reason)

    def _on_new_clicked(self) -> None:
        self.new_requested.emit()
