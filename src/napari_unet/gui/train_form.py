"""Step 2: the button that starts and stops learning, and how learning goes."""

from __future__ import annotations

from typing import Literal

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_unet.gui.layer_checklist import LayerChecklist
from napari_unet.gui.loss_plot import LossPlot
from napari_unet.gui.style import set_role

TrainState = Literal[
    "empty", "ready", "preparing", "training", "stopping", "resting", "failed", "blocked"
]

_BUTTON: dict[TrainState, tuple[str, bool, str]] = {
    # text, enabled, role
    "empty": ("Train", False, "main"),
    "ready": ("Train", True, "main"),
    "preparing": ("Stop", True, "next"),
    "training": ("Stop", True, "next"),
    "stopping": ("Stopping\u2026", False, "next"),
    "resting": ("Train more", True, "next"),
    "failed": ("Train", True, "main"),
    "blocked": ("Train", False, "main"),
}
_RUNNING = ("preparing", "training", "stopping")
_WHOLE = 1000


class TrainBox(QWidget):
    """One big button, a progress bar, time left, the score and the learning curve."""

    train_requested = Signal()
    stop_requested = Signal()
    step_requested = Signal(int)
    """Emitted with the step of a point of the curve that was clicked."""
    preview_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: TrainState = "empty"
        self.also = LayerChecklist(title="Learn also from", at_least=1, rows=3, parent=self)
        self.button = QPushButton(self)
        self.button.setObjectName("train_button")
        self._bar = thin_progress_bar(self, "Learning progress")
        self._time = QLabel(self)
        set_role(self._time, "quiet")
        self._preview = QCheckBox("Preview", self)
        self._preview.setChecked(True)
        self._preview.setToolTip("Show the network's answer for what is on screen as it learns.")
        self.plot = LossPlot(self)
        self.setLayout(self._arranged())
        self.button.clicked.connect(self._on_button_clicked)
        self.plot.point_clicked.connect(self.step_requested)
        self._preview.toggled.connect(self.preview_toggled)
        self.set_state("empty", "Paint a few strokes of two classes first.")

    def state(self) -> TrainState:
        """What the box shows."""
        return self._state

    def set_state(self, state: TrainState, reason: str = "") -> None:
        """Look like this state; `reason` tells on hovering why the button is off."""
        self._state = state
        text, enabled, role = _BUTTON[state]
        self.button.setText(text)
        self.button.setEnabled(enabled)
        self.button.setAccessibleName(text)
        self.button.setToolTip(reason or _tooltip(state))
        set_role(self.button, role)
        if state == "preparing":
            self.set_progress(None, None)
        elif state == "stopping":
            self._time.setText("")
        elif state not in _RUNNING:
            self._bar.setValue(0)
            self._time.setText("")

    def set_progress(self, fraction: float | None, seconds_left: float | None) -> None:
        """Show how much is done, 0 to 1 (None: not known yet), and the time left.

        A bar that runs to and fro while nothing is known would have the whole window drawn
        anew at every step of it, canvas included, and take a core from what it waits for.
        """
        self._bar.setValue(round(min(max(fraction or 0.0, 0.0), 1.0) * _WHOLE))
        if self._state != "stopping":
            unknown = "getting ready" if fraction is None else ""
            self._time.setText(unknown if seconds_left is None else f"{clock(seconds_left)} left")

    def set_score(self, score: float | None, words: str = "") -> None:
        """Show the score on held-out strokes, or why there is none.

        Parameters
        ----------
        score : float or None
            Mean IoU on held-out paint, 0 to 1.
        words : str
            Replaces the words shown, for example ``"score 0.87, was 0.81"``.
        """
        default = "too little held-out paint to score"
        if score is not None:
            default = f"held-out score {score:.2f}"
        self.plot.set_score_words(words or default)

    def clear_score(self) -> None:
        """Say nothing about a score."""
        self.plot.set_score_words("")

    def score_text(self) -> str:
        """What is said about the score."""
        return self.plot.score_words()

    def preview_shown(self) -> bool:
        """Whether the user wants to see previews."""
        return bool(self._preview.isChecked())

    def set_preview_shown(self, shown: bool) -> None:
        """Tick or untick the preview."""
        self._preview.setChecked(shown)

    def _arranged(self) -> QVBoxLayout:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.button, 1)
        top.addWidget(self._time)
        top.addWidget(self._preview)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.also)
        layout.addLayout(top)
        layout.addWidget(self._bar)
        layout.addWidget(self.plot)
        return layout

    def _on_button_clicked(self) -> None:
        if self._state in _RUNNING:
            self.stop_requested.emit()
        else:
            self.train_requested.emit()


def thin_progress_bar(parent: QWidget, name: str) -> QProgressBar:
    """A progress bar without text, a few pixels high."""
    bar = QProgressBar(parent)
    bar.setTextVisible(False)
    bar.setRange(0, _WHOLE)
    bar.setAccessibleName(name)
    set_role(bar, "thin")
    return bar


def clock(seconds: float) -> str:
    """Seconds as ``"0:42"`` or ``"1:02:03"``; never negative."""
    whole = max(round(seconds), 0)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _tooltip(state: TrainState) -> str:
    if state in ("preparing", "training"):
        return "Stop learning and keep the best model so far."
    if state == "resting":
        return "Learn on from here, with all the paint there is now."
    return "Learn from the paint. You can go on painting meanwhile."
