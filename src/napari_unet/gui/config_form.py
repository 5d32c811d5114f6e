"""Forms made from the settings themselves: titles, help and limits come from `core.config`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Generic, TypeVar

from magicgui.widgets import Container
from pydantic.fields import FieldInfo
from qtpy.QtCore import Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_unet.core.config import Config
from napari_unet.gui.field_editor import AUTO, DeviceChoice, FieldEditor

ConfigT = TypeVar("ConfigT", bound=Config)

LABEL_WIDTH = 96
"""Least width of the titles, in pixels, so that controls of several forms line up."""


class ConfigForm(QWidget, Generic[ConfigT]):
    """Edits any frozen `Config`; a config inside it becomes a form inside this form.

    Parameters
    ----------
    config_class : type of Config
        What is edited; starts at its defaults.
    shown : sequence of str, optional
        The fields to show, in this order; all when not given.
    hidden : collection of str
        Fields that are not shown. What is not shown keeps what `setValue` gave.
    """

    valueChanged = Signal(object)
    """Emitted with the new config."""

    def __init__(
        self,
        config_class: type[ConfigT],
        *,
        shown: Sequence[str] | None = None,
        hidden: Collection[str] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._class = config_class
        self._base: ConfigT = config_class()
        self._editors: dict[str, FieldEditor] = {}
        self._nested: dict[str, ConfigForm[Any]] = {}
        self._container: Container[Any] = Container(labels=False)
        self._container.margins = (0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._container.native)
        for name in config_class.model_fields if shown is None else shown:
            if name not in hidden:
                self._add(name, config_class.model_fields[name])
        self._container.native.layout().setSpacing(3)

    def value(self) -> ConfigT:
        """The settings, validated."""
        edited = {name: editor.value for name, editor in self._editors.items()}
        edited |= {name: form.value() for name, form in self._nested.items()}
        kept = {name: getattr(self._base, name) for name in self._class.model_fields}
        return self._class(**{**kept, **edited})

    def setValue(self, config: ConfigT) -> None:
        """Show these settings."""
        before = self.value()
        self._base = config
        for name, editor in self._editors.items():
            editor.show(getattr(config, name))
        for name, form in self._nested.items():
            blocked = form.blockSignals(True)
            form.setValue(getattr(config, name))
            form.blockSignals(blocked)
        if config != before:
            self.valueChanged.emit(config)

    def set_choices(self, field: str, choices: Sequence[DeviceChoice]) -> None:
        """Offer these values for a field that is chosen from a list."""
        if field in self._editors:
            self._editors[field].set_choices(choices)

    def set_devices(self, devices: Sequence[DeviceChoice]) -> None:
        """Offer these devices, besides the automatic choice."""
        automatic = [(AUTO, "automatic")] if AUTO not in dict(devices) else []
        self.set_choices("device", [*automatic, *devices])

    def editor(self, field: str) -> FieldEditor:
        """The editor of one field."""
        return self._editors[field]

    def showEvent(self, event: QShowEvent | None) -> None:
        """Line up the controls, now that the font is known."""
        super().showEvent(event)
        widest = max((editor.label_width() for editor in self._editors.values()), default=0)
        for editor in self._editors.values():
            editor.set_label_width(max(widest, LABEL_WIDTH))

    def _add(self, name: str, field: FieldInfo) -> None:
        if isinstance(field.annotation, type) and issubclass(field.annotation, Config):
            form: ConfigForm[Any] = ConfigForm(field.annotation, parent=self)
            form.valueChanged.connect(self._on_changed)
            self._nested[name] = form
            self.layout().addWidget(form)
            return
        editor = FieldEditor(name, field, self._on_changed)
        self._editors[name] = editor
        self._container.append(editor.widget)

    def _on_changed(self, _: object = None) -> None:
        self.valueChanged.emit(self.value())
