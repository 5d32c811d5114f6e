"""Choosing the image, its axes, and the layer that holds the paint."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from napari_unet.gui.keyed_combo import KeyedCombo
from napari_unet.gui.layer_checklist import LayerItem
from napari_unet.gui.style import set_role

_LABEL_WIDTH = 50
"""Wide enough for every label here, so that the boxes line up."""


_NEW_HELP = "Make a paint layer that fits the image, with two classes to start."


@dataclass(frozen=True)
class ImageChoice:
    """The chosen image and the axes the user says it has; no key where there is no image."""

    key: str | None = None
    axes: str = ""


class ImagePicker(QWidget):
    """Chooses an image layer and, where napari cannot know them, its axes."""

    valueChanged = Signal(object)
    """Emitted with an `ImageChoice`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[str, LayerItem] = {}
        self._axes: dict[str, str] = {}
        self._last = ImageChoice()
        self._combo = KeyedCombo("open an image first", self)
        self._combo.setAccessibleName("Image")
        self._axes_button = QToolButton(self)
        self._axes_button.setAccessibleName("Axes of the image")
        self._axes_button.setToolTip(
            "What each axis of the image is: T time, P position, C channel, Z Y X space.\n"
            "Click to correct it."
        )
        self._axes_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        set_role(self._axes_button, "button")
        self._menu = QMenu(self)
        self._axes_button.setMenu(self._menu)
        layout = _labelled("Image", self._combo)
        layout.addWidget(self._axes_button)
        self.setLayout(layout)
        self._combo.chosen.connect(self._announce)
        self._menu.triggered.connect(lambda action: self._choose_axes(action.data()))
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
        """The chosen image and its axes."""
        key = self._combo.key()
        if key is None:
            return ImageChoice()
        return ImageChoice(key, self._axes.get(key, self._items[key].axes))

    def setValue(self, choice: ImageChoice) -> None:
        """Choose an image and say its axes; a layer that is not offered changes nothing."""
        if choice.key in self._items and choice.axes:
            self._axes[choice.key] = choice.axes
        self._combo.set_key(choice.key)
        self._announce()

    def _choose_axes(self, axes: str) -> None:
        key = self._combo.key()
        if key is not None:
            self._axes[key] = axes
            self._announce()

    def _announce(self) -> None:
        choice = self.value()
        item = self._items.get(choice.key or "")
        self._axes_button.setVisible(item is not None)
        if item is not None:
            words = f" · {item.words}" if item.words else ""
            self._axes_button.setText(f"{choice.axes}{words}")
            self._fill_menu(item, choice.axes)
        if choice != self._last:
            self._last = choice
            self.valueChanged.emit(choice)

    def _fill_menu(self, item: LayerItem, current: str) -> None:
        self._menu.clear()
        for axes in dict.fromkeys((item.axes, *item.axes_choices, current)):
            action = self._menu.addAction(axes)
            action.setData(axes)
            action.setCheckable(True)
            action.setChecked(axes == current)


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
        layout = _labelled("Layer", self._combo)
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


def _labelled(text: str, control: QWidget) -> QHBoxLayout:
    label = QLabel(text)
    label.setBuddy(control)
    label.setMinimumWidth(_LABEL_WIDTH)
    set_role(label, "quiet")
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    layout.addWidget(label)
    layout.addWidget(control, 1)
    return layout
