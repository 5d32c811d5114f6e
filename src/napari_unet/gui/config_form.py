"""Forms made from the settings themselves: titles, help and limits come from `core.config`."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from types import NoneType, UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin

from magicgui.widgets import CheckBox, ComboBox, Container, FloatSpinBox, Label, SpinBox, Widget
from pydantic.fields import FieldInfo
from qtpy.QtCore import Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QSizePolicy, QVBoxLayout, QWidget

from napari_unet.core.config import Config
from napari_unet.gui.keyed_combo import only_when_focused
from napari_unet.gui.style import set_role

ConfigT = TypeVar("ConfigT", bound=Config)

DeviceChoice = tuple[str, str]
"""A device's name, such as ``"cuda:0"``, and what to call it."""

_MOST = 1_000_000_000
_AUTO = "auto"
LABEL_WIDTH = 96
"""Least width of the titles, in pixels, so that controls of several forms line up."""


class FieldEditor:
    """Edits one setting with magicgui widgets, and keeps its value exact.

    A number with more digits than its box shows survives until the user changes it.

    Parameters
    ----------
    name : str
        Name of the field.
    field : FieldInfo
        The pydantic field: type, title, description and limits.
    changed : callable
        Called without arguments after the user has changed the value.
    """

    def __init__(self, name: str, field: FieldInfo, changed: Callable[[], None]) -> None:
        self.name = name
        self._exact = field.default
        self._changed = changed
        self._kind, self._optional = _without_none(field.annotation)
        self._multiple: int | None = _limit(field, "multiple_of")
        self._control = _control(name, self._kind, field)
        self._auto = CheckBox(text=_none_word(name), value=False) if self._optional else None
        self._label = Label(value=field.title or name.replace("_", " ").capitalize())
        self.widget = self._arranged(field)
        self.show(field.default)
        self._control.changed.connect(self._on_edited)
        if self._auto is not None:
            self._auto.changed.connect(self._on_edited)

    @property
    def value(self) -> Any:
        """The value as it was set, or as the user edited it."""
        return self._exact

    def show(self, value: Any) -> None:
        """Show a value; nothing is announced."""
        self._exact = value
        with self._control.changed.blocked():
            if self._auto is not None:
                with self._auto.changed.blocked():
                    self._auto.value = value is None
                self._control.enabled = value is not None
            if value is not None:
                self._offer(value)
                self._control.value = self._shown(value)

    def set_choices(self, choices: Sequence[DeviceChoice]) -> None:
        """Offer these values, each with its words; the chosen one stays offered."""
        with self._control.changed.blocked():
            self._control.choices = [(words, name) for name, words in choices]
            self.show(self._exact)

    def label_width(self) -> int:
        """Pixels the title needs in the font of the moment."""
        return int(self._label.native.sizeHint().width())

    def set_label_width(self, width: int) -> None:
        """Give the title this many pixels, so that controls line up."""
        self._label.native.setFixedWidth(width)

    def _arranged(self, field: FieldInfo) -> Container[Any]:
        title = self._label.value
        tooltip = f"{field.description or title}{_limits(field)}"
        widgets: list[Widget] = [self._label, self._control]
        self._control.native.setAccessibleName(title)
        _calm(self._control.native)
        if self._auto is not None:
            self._auto.native.setAccessibleName(f"{title}: {self._auto.text}")
            widgets.append(self._auto)
        row = Container(widgets=widgets, layout="horizontal", labels=False)
        row.margins = (0, 0, 0, 0)
        row.native.layout().setSpacing(6)
        for widget in (row, *widgets):
            widget.tooltip = tooltip
        set_role(self._label.native, "quiet")
        return row

    def _offer(self, value: Any) -> None:
        """Add a value to an open list (of devices), so that no choice is lost silently."""
        if self._kind is str and value not in self._control.choices:
            native = self._control.native
            words = [native.itemText(i) for i in range(native.count())]
            known = zip(words, self._control.choices, strict=True)
            self._control.choices = [*known, (str(value), value)]

    def _on_edited(self) -> None:
        automatic = self._auto is not None and bool(self._auto.value)
        self._control.enabled = not automatic
        self._exact = None if automatic else self._allowed(self._control.value)
        if self._multiple is not None:
            self.show(self._exact)
        self._changed()

    def _shown(self, value: Any) -> Any:
        if self._kind in (int, float):
            return min(max(value, self._control.min), self._control.max)
        return value

    def _allowed(self, value: Any) -> Any:
        if self._multiple is not None:
            return round(value / self._multiple) * self._multiple
        return self._kind(value) if self._kind in (int, float, bool) else value


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
        automatic = [(_AUTO, "automatic")] if _AUTO not in dict(devices) else []
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


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        return kinds[0], True
    return annotation, False


def _none_word(name: str) -> str:
    """What None means for an optional number: no limit, or a choice made for the user."""
    return "no limit" if name.startswith("max_") else _AUTO


def _limit(field: FieldInfo, name: str) -> Any:
    """One of pydantic's limits (``"ge"``, ``"gt"``, ``"le"``, ``"lt"``, ``"multiple_of"``)."""
    return next((getattr(m, name) for m in field.metadata if hasattr(m, name)), None)


def _range(field: FieldInfo, least: float) -> tuple[float, float]:
    """Smallest and largest value allowed, where `least` is the smallest difference that counts."""
    low, above = _limit(field, "ge"), _limit(field, "gt")
    high, below = _limit(field, "le"), _limit(field, "lt")
    smallest = low if low is not None else 0 if above is None else above + least
    largest = high if high is not None else _MOST if below is None else below - least
    return smallest, largest


def _control(name: str, kind: Any, field: FieldInfo) -> Any:
    if get_origin(kind) is Literal:
        return ComboBox(name=name, choices=[(str(c), c) for c in get_args(kind)])
    if kind is bool:
        switch = CheckBox(name=name)
        switch.text = ""  # the title stands at its left already
        return switch
    if kind is int:
        low, high = _range(field, 1)
        step = _limit(field, "multiple_of")
        return SpinBox(name=name, min=int(low), max=int(high), step=step)
    if kind is float:
        decimals = _decimals(field.default)
        low, high = _range(field, 10.0**-decimals)
        box = FloatSpinBox(name=name, min=low, max=high, step=None)
        box.native.setDecimals(decimals)
        return box
    return ComboBox(name=name, choices=[(str(field.default), field.default)])


def _decimals(default: float | None) -> int:
    """Digits after the point: enough to change the default by a tenth, or less if it is tiny."""
    if not default:
        return 2
    digits = -math.floor(math.log10(abs(default)))
    return max(digits + (2 if default < 0.01 else 1), 0)


def _limits(field: FieldInfo) -> str:
    kind, _ = _without_none(field.annotation)
    if kind not in (int, float):
        return ""
    low, high = _limit(field, "ge"), _limit(field, "le")
    if low is not None and high is not None:
        return f" {low:g} to {high:g}."
    return "" if low is None else f" {low:g} or more."


def _calm(native: QWidget) -> None:
    only_when_focused(native)
    native.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    if isinstance(native, QAbstractSpinBox):
        native.setKeyboardTracking(False)  # a half-typed number is no value
    if isinstance(native, QComboBox):
        native.setMinimumContentsLength(5)
        native.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
