"""One setting of a form, made from its pydantic field: type, title, help and limits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from magicgui.widgets import CheckBox, ComboBox, Container, FloatSpinBox, Label, SpinBox, Widget
from pydantic.fields import FieldInfo
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QSizePolicy, QWidget

from napari_unet.gui.keyed_combo import only_when_focused
from napari_unet.gui.style import set_role

DeviceChoice = tuple[str, str]
"""A device's name, such as ``"cuda:0"``, and what to call it."""

AUTO = "auto"
_MOST = 1_000_000_000


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


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        return kinds[0], True
    return annotation, False


def _none_word(name: str) -> str:
    """What None means for an optional number: no limit, or a choice made for the user."""
    return "no limit" if name.startswith("max_") else AUTO


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
