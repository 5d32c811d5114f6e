"""Step 3: which images to predict, and how the answer is tidied up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qtpy.QtCore import QSignalBlocker, Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QSpinBox,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)
from superqt import QElidingLabel

from napari_unet.gui.frame_range import FrameRange
from napari_unet.gui.full_size import FullSizeOffer
from napari_unet.gui.keyed_combo import only_when_focused
from napari_unet.gui.labelled_row import quiet_label
from napari_unet.gui.layer_checklist import LayerChecklist, LayerItem
from napari_unet.gui.number_box import number_box
from napari_unet.gui.progress_bar import thin_progress_bar
from napari_unet.gui.rescale_offer import RescaleOffer
from napari_unet.gui.style import set_role

PredictState = Literal["empty", "ready", "predicting", "stopping", "blocked"]

_BUTTON: dict[PredictState, tuple[str, bool, str]] = {
    # text, enabled, role
    "empty": ("Predict", False, "main"),
    "ready": ("Predict", True, "main"),
    "predicting": ("Cancel", True, "next"),
    "stopping": ("Stopping\u2026", False, "next"),
    "blocked": ("Predict", False, "main"),
}
_LIKELIEST = -1
"""Position of the threshold slider that means: the likeliest class."""
_STEPS = 100
_MOST_PIXELS = 100_000_000
_REST_MILLISECONDS = 150


@dataclass(frozen=True)
class PredictChoice:
    """What to predict and how to tidy it up.

    Parameters
    ----------
    keys : tuple of str
        The ticked image layers.
    threshold : float or None
        Probability a pixel needs to leave the background, 0 to 1; None takes the likeliest class.
    smallest_object, fill_holes : int
        Sizes in pixels; 0 leaves the answer as it is.
    probabilities : bool
        Whether probabilities are wanted as well.
    """

    keys: tuple[str, ...] = ()
    threshold: float | None = None
    smallest_object: int = 0
    fill_holes: int = 0
    probabilities: bool = False


class PredictForm(QWidget):
    """Ticks images, predicts them, and tidies up the answer."""

    valueChanged = Signal(object)
    """Emitted with a `PredictChoice`."""
    finish_changed = Signal()
    """Emitted when the tidying up changed and has been at rest for a moment."""
    predict_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: PredictState = "empty"
        self._threshold: float | None = None
        self._layers = LayerChecklist(at_least=1, rows=4, parent=self)
        self.button = QPushButton(self)
        self.button.setObjectName("predict_button")
        self.frames = FrameRange(self)
        self.rescale = RescaleOffer(self)
        self.full = FullSizeOffer(self)
        self._probabilities = QCheckBox("Probabilities", self)
        self._probabilities.setToolTip(
            "Also add an image layer with the probability of each class."
        )
        self._slider = _threshold_slider(self)
        self._slider_value = QLabel("likeliest", self)
        self._smallest = _size_box(self, "Smallest object", "Remove objects of fewer pixels.")
        self._holes = _size_box(self, "Fill holes", "Fill holes of at most this many pixels.")
        self._bar = thin_progress_bar(self, "Prediction progress")
        self._progress = QElidingLabel("", self)
        self._beside = QStackedLayout()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MILLISECONDS)
        self.setLayout(self._arranged())
        self._connect()
        self.set_state("empty", "Train a model or load one first.")

    def set_layers(self, layers: Sequence[LayerItem], *, ticked: Sequence[str] = ()) -> None:
        """List these image layers; ticks stay, and new layers in `ticked` get one."""
        self._layers.set_layers(layers, ticked=ticked)

    def value(self) -> PredictChoice:
        """What is chosen."""
        return PredictChoice(
            self._layers.value(),
            self._threshold,
            self._smallest.value(),
            self._holes.value(),
            self._probabilities.isChecked(),
        )

    def setValue(self, choice: PredictChoice) -> None:
        """Choose; layers that are not listed are passed over."""
        before = self.value()
        controls = (
            self._layers,
            self._slider,
            self._smallest,
            self._holes,
            self._probabilities,
        )
        blockers = [QSignalBlocker(control) for control in controls]
        self._layers.setValue(choice.keys)
        self._show_threshold(choice.threshold)
        self._slider.setValue(
            _LIKELIEST if choice.threshold is None else round(choice.threshold * _STEPS)
        )
        self._smallest.setValue(choice.smallest_object)
        self._holes.setValue(choice.fill_holes)
        self._probabilities.setChecked(choice.probabilities)
        for blocker in blockers:
            blocker.unblock()
        if self.value() != before:
            self.valueChanged.emit(self.value())

    def state(self) -> PredictState:
        """What the form shows."""
        return self._state

    def set_state(self, state: PredictState, reason: str = "") -> None:
        """Look like this state; `reason` tells on hovering why the button is off."""
        self._state = state
        text, enabled, role = _BUTTON[state]
        running = state in ("predicting", "stopping")
        self.button.setText(text)
        self.button.setEnabled(enabled)
        self.button.setAccessibleName(text)
        self.button.setToolTip(
            reason or ("Stop predicting." if running else "Predict the ticked images.")
        )
        set_role(self.button, role)
        if self._beside.currentIndex() != int(running):
            self._bar.setValue(0)
            self._progress.setText("")
            self._beside.setCurrentIndex(int(running))

    def set_progress(self, done: int, of: int, words: str = "") -> None:
        """Show how much is done of how much; `words`, such as the image, on hovering."""
        self._bar.setRange(0, max(of, 0))
        self._bar.setValue(done)
        self._progress.setText(f"{100 * done // of} %" if of > 0 else "")
        self._progress.setToolTip(words)

    def set_unit(self, unit: str) -> None:
        """Say what sizes are counted in, ``"px"`` or ``"vx"``."""
        for box in (self._smallest, self._holes):
            box.setSuffix(f" {unit}")

    def _arranged(self) -> QVBoxLayout:
        set_role(self._progress, "quiet")
        self._beside.addWidget(self._probabilities)
        self._beside.addWidget(self._progress)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.button, 1)
        top.addLayout(self._beside)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._layers)
        layout.addWidget(self.frames)
        layout.addWidget(self.full)
        layout.addWidget(self.rescale)
        layout.addLayout(top)
        layout.addWidget(self._bar)
        layout.addLayout(self._arranged_tidying())
        return layout

    def _arranged_tidying(self) -> QVBoxLayout:
        set_role(self._slider_value, "quiet")
        words = self._slider_value.fontMetrics().horizontalAdvance("likeliest")
        self._slider_value.setMinimumWidth(words + 6)
        threshold, sizes = QHBoxLayout(), QHBoxLayout()
        for line in (threshold, sizes):
            line.setSpacing(6)
        threshold.addWidget(quiet_label("Threshold", self._slider))
        threshold.addWidget(self._slider, 1)
        threshold.addWidget(self._slider_value)
        for title, box in (("Smallest object", self._smallest), ("Fill holes", self._holes)):
            sizes.addWidget(quiet_label(title, box))
            sizes.addWidget(box, 1)
        lines = QVBoxLayout()
        lines.setSpacing(4)
        lines.addLayout(threshold)
        lines.addLayout(sizes)
        return lines

    def _connect(self) -> None:
        self.button.clicked.connect(self._on_button_clicked)
        self._layers.valueChanged.connect(self._announce)
        self._probabilities.toggled.connect(self._announce)
        self._slider.valueChanged.connect(self._on_slider_moved)
        for box in (self._smallest, self._holes):
            box.valueChanged.connect(self._on_size_changed)
        self._rest.timeout.connect(self.finish_changed)

    def _show_threshold(self, threshold: float | None) -> None:
        self._threshold = threshold
        self._slider_value.setText("likeliest" if threshold is None else f"{threshold:.2f}")

    def _announce(self, _: object = None) -> None:
        self.valueChanged.emit(self.value())

    def _on_slider_moved(self, position: int) -> None:
        self._show_threshold(None if position == _LIKELIEST else position / _STEPS)
        self._announce()
        self._rest.start()

    def _on_size_changed(self) -> None:
        self._announce()
        self._rest.start()

    def _on_button_clicked(self) -> None:
        if self._state in ("predicting", "stopping"):
            self.cancel_requested.emit()
        else:
            self.predict_requested.emit()


def _threshold_slider(parent: QWidget) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal, parent)
    slider.setRange(_LIKELIEST, _STEPS)
    slider.setValue(_LIKELIEST)
    slider.setPageStep(10)
    slider.setAccessibleName("Threshold")
    slider.setToolTip(
        "Probability a pixel needs to leave the background.\n"
        "At the far left every pixel gets its likeliest class."
    )
    only_when_focused(slider)
    return slider


def _size_box(parent: QWidget, name: str, tooltip: str) -> QSpinBox:
    box = number_box(parent, name, tooltip)
    box.setRange(0, _MOST_PIXELS)
    box.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
    box.setSuffix(" px")
    return box
