"""Everything that is not needed for a first result: every setting of network and work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_unet.core.config import (
    PRESETS,
    AugmentConfig,
    ModelConfig,
    PredictConfig,
    TrainConfig,
)
from napari_unet.gui.config_form import LABEL_WIDTH, ConfigForm
from napari_unet.gui.field_editor import DeviceChoice
from napari_unet.gui.keyed_combo import only_when_focused
from napari_unet.gui.labelled_row import quiet_label
from napari_unet.gui.sections import Section
from napari_unet.gui.style import set_role

CUSTOM = "custom"

Start = Literal["auto", "scratch"]

_FROM_DATA = ("input_channels", "classes", "plan")
"""Parts of a network's shape that image and paint decide."""

_NOT_IN_PRESET = (*_FROM_DATA, "dimensions")

_IN_STEP_3 = ("threshold", "smallest_object", "fill_holes", "rescale")

_WHERE = ("device", "precision")
"""Set once for learning and predicting."""

_STARTS: dict[Start, str] = {"auto": "shipped weights", "scratch": "nothing (scratch)"}


@dataclass(frozen=True)
class AdvancedSettings:
    """Every setting of a session; predicting runs where learning runs."""

    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    predict: PredictConfig = field(default_factory=PredictConfig)
    start: Start = "auto"

    def __post_init__(self) -> None:
        where = {name: getattr(self.train, name) for name in _WHERE}
        object.__setattr__(self, "predict", self.predict.changed(**where))

    @property
    def preset(self) -> str:
        """Name of the preset the network has the shape of, or ``"custom"``."""
        shape = self.model.model_dump(exclude=set(_NOT_IN_PRESET))
        for name, config in PRESETS.items():
            if config.model_dump(exclude=set(_NOT_IN_PRESET)) == shape:
                return name
        return CUSTOM


class AdvancedForm(QWidget):
    """Edits `AdvancedSettings`, in groups that fold away."""

    valueChanged = Signal(object)
    """Emitted with the new `AdvancedSettings`."""
    afresh_requested = Signal()
    """Emitted when the user wants what was learned to be forgotten."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._where = ConfigForm(TrainConfig, shown=_WHERE)
        self._model = ConfigForm(ModelConfig, hidden=_FROM_DATA)
        self._train = ConfigForm(TrainConfig, hidden=("augment", *_WHERE))
        self._augment = ConfigForm(AugmentConfig)
        self._predict = ConfigForm(PredictConfig, hidden=(*_IN_STEP_3, *_WHERE))
        self._preset = _combo("Preset", {name: name for name in (*PRESETS, CUSTOM)})
        set_role(self._preset, "preset")
        self._preset.setToolTip("The shape of the network: fast suits a laptop without GPU.")
        self._start = _combo("Begin with", dict(_STARTS))
        self._start.setToolTip(
            "What a new network knows at first: weights that come with the program, or nothing."
        )
        self._afresh = QPushButton("Start afresh", self)
        self._afresh.setObjectName("afresh_button")
        self._afresh.setToolTip(
            "Forget what was learned so far: the next Train begins anew. Saved models stay."
        )
        self._last = self.value()
        self._arrange()
        self._connect()

    def value(self) -> AdvancedSettings:
        """The settings."""
        where = {name: getattr(self._where.value(), name) for name in _WHERE}
        train = self._train.value().changed(augment=self._augment.value(), **where)
        start: Start = self._start.currentData()
        return AdvancedSettings(self._model.value(), train, self._predict.value(), start)

    def setValue(self, settings: AdvancedSettings) -> None:
        """Show these settings."""
        forms = (self._where, self._model, self._train, self._augment, self._predict)
        blockers = [QSignalBlocker(control) for control in (*forms, self._start)]
        self._where.setValue(settings.train)
        self._model.setValue(settings.model)
        self._train.setValue(settings.train)
        self._augment.setValue(settings.train.augment)
        self._predict.setValue(settings.predict)
        self._start.setCurrentIndex(self._start.findData(settings.start))
        for blocker in blockers:
            blocker.unblock()
        self._announce()

    def set_devices(self, devices: Sequence[DeviceChoice]) -> None:
        """Offer these devices: pairs of a name such as ``"cuda:0"`` and what to call it."""
        self._where.set_devices(devices)

    def _arrange(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 0, 0, 0)
        layout.setSpacing(2)
        groups = (
            ("Run on", True, (self._where,)),
            ("Network", False, (_line("Preset", self._preset), self._model)),
            (
                "Learning",
                False,
                (_line("Begin with", self._start), self._train, self._afresh),
            ),
            ("Variation", False, (self._augment,)),
            ("Prediction", False, (self._predict,)),
        )
        for title, expanded, widgets in groups:
            section = Section(title, collapsible=True, expanded=expanded, rule=False)
            for widget in widgets:
                section.add(widget)
            layout.addWidget(section)

    def _connect(self) -> None:
        for form in (self._where, self._model, self._train, self._augment, self._predict):
            form.valueChanged.connect(self._announce)
        self._start.currentIndexChanged.connect(self._announce)
        self._preset.activated.connect(self._on_preset_activated)
        self._afresh.clicked.connect(self._on_afresh_clicked)
        self._show_preset(self._last.preset)

    def _on_afresh_clicked(self) -> None:
        self.afresh_requested.emit()

    def _on_preset_activated(self) -> None:
        name = self._preset.currentData()
        if name in PRESETS:
            shape = PRESETS[name].model_dump(exclude=set(_NOT_IN_PRESET))
            self._model.setValue(self._model.value().changed(**shape))
        self._announce()

    def _announce(self, _: object = None) -> None:
        settings = self.value()
        self._show_preset(settings.preset)
        if settings != self._last:
            self._last = settings
            self.valueChanged.emit(settings)

    def _show_preset(self, name: str) -> None:
        with QSignalBlocker(self._preset):
            self._preset.setCurrentIndex(self._preset.findData(name))


def _combo(name: str, choices: dict[str, str] | dict[Start, str]) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    for key, words in choices.items():
        combo.addItem(words, key)
    only_when_focused(combo)
    return combo


def _line(title: str, control: QWidget) -> QWidget:
    line = QWidget()
    label = quiet_label(title, control)
    layout = QHBoxLayout(line)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(6)
    label.setMinimumWidth(LABEL_WIDTH)
    layout.addWidget(label)
    layout.addWidget(control, 1)
    return line
