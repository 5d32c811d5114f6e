"""Step 2: the button that starts and stops learning, and how learning goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_unet.core.held_out_score import Interval, score_in_words
from napari_unet.gui.layer_checklist import LayerChecklist
from napari_unet.gui.loss_plot import LossPlot
from napari_unet.gui.progress_bar import WHOLE, thin_progress_bar
from napari_unet.gui.stroke_plot import StrokePlot, StrokePoint
from napari_unet.gui.style import set_role

TrainState = Literal[
    "empty",
    "ready",
    "preparing",
    "training",
    "paused",
    "waiting",
    "stopping",
    "resting",
    "failed",
    "blocked",
]
"""`waiting` sleeps until there is more paint; `resting` has ended and can be begun again."""

_BUTTON: dict[TrainState, tuple[str, bool, str]] = {
    # text, enabled, role
    "empty": ("Train", False, "main"),
    "ready": ("Train", True, "main"),
    "preparing": ("Stop", True, "next"),
    "training": ("Stop", True, "next"),
    "paused": ("Stop", True, "next"),
    "waiting": ("Stop", True, "next"),
    "stopping": ("Stopping\u2026", False, "next"),
    "resting": ("Train more", True, "next"),
    "failed": ("Train", True, "main"),
    "blocked": ("Train", False, "main"),
}
_RUNNING = ("preparing", "training", "paused", "waiting", "stopping")
_WORDS: dict[TrainState, str] = {"paused": "paused", "waiting": "resting", "stopping": ""}
"""Said instead of the time left."""
_SPARE = 24
"""Pixels by which the time left may be narrower than its place."""


class TrainBox(QWidget):
    """One big button, a progress bar, time left, the score and the learning curve."""

    train_requested = Signal()
    stop_requested = Signal()
    pause_requested = Signal()
    go_on_requested = Signal()
    step_requested = Signal(int)
    """Emitted with the step of a point of the curve that was clicked."""
    preview_toggled = Signal(bool)
    live_toggled = Signal(bool)
    answers_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state: TrainState = "empty"
        self.also = LayerChecklist(title="Learn also from", at_least=1, rows=3, parent=self)
        self.button = QPushButton(self)
        self.button.setObjectName("train_button")
        self.pause_button = QPushButton("Pause", self)
        self.pause_button.setObjectName("pause_button")
        set_role(self.pause_button, "next")
        self._bar = thin_progress_bar(self, "Learning progress")
        self._time = QLabel(self)
        set_role(self._time, "quiet")
        self._preview = _box(
            "Preview", "Show the network's answer for what is on screen as it learns.", self
        )
        self._live = _box(
            "Live", "Rest when everything is learned, and go on with the next stroke.", self
        )
        self._answers = _box(
            "Answer while I paint",
            "While nothing is trained, show an instant answer after each stroke.",
            self,
        )
        self.plot = LossPlot(self)
        self.strokes = StrokePlot(self)
        self.setLayout(self._arranged())
        self.button.clicked.connect(self._on_button_clicked)
        self.plot.point_clicked.connect(self.step_requested)
        self.pause_button.clicked.connect(self._on_pause_clicked)
        self._preview.toggled.connect(self.preview_toggled)
        self._live.toggled.connect(self.live_toggled)
        self._answers.toggled.connect(self.answers_toggled)
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
        self._show_pause()
        self._show_plots()
        if state == "preparing":
            self.set_progress(None, None)
        elif state in _WORDS:
            self._say_time(_WORDS[state])
            if state == "waiting":
                self._bar.setValue(WHOLE)
        elif state not in _RUNNING:
            self._bar.setValue(0)
            self._say_time("")

    def set_progress(self, fraction: float | None, seconds_left: float | None) -> None:
        """Show how much is done, 0 to 1 (None: not known yet), and the time left.

        A bar that runs to and fro while nothing is known would have the whole window drawn
        anew at every step of it, canvas included, and take a core from what it waits for.
        """
        if self._state not in _WORDS:
            unknown = "getting ready" if fraction is None else ""
            self._say_time(unknown if seconds_left is None else f"{clock(seconds_left)} left")
        self._bar.setValue(round(min(max(fraction or 0.0, 0.0), 1.0) * WHOLE))

    def set_score(self, score: float | None, interval: Interval | None = None) -> None:
        """Show the score on held-out strokes, or why there is none.

        Parameters
        ----------
        score : float or None
            Mean IoU on held-out paint, 0 to 1.
        interval : Interval, optional
            How surely it is known.
        """
        words = score_in_words(score, interval)
        self.plot.set_score_words(words if score is None else f"held-out score {words}")

    def clear_score(self) -> None:
        """Say nothing about a score."""
        self.plot.set_score_words("")

    def score_text(self) -> str:
        """What is said about the score."""
        return self.plot.score_words()

    def set_strokes(self, points: Sequence[StrokePoint], sentence: str) -> None:
        """Show how wrong the answer was under each stroke; see `StrokePlot.set_points`."""
        self.strokes.set_points(points, sentence)
        self._show_plots()

    def preview_shown(self) -> bool:
        """Whether the user wants to see previews."""
        return bool(self._preview.isChecked())

    def set_preview_shown(self, shown: bool) -> None:
        """Tick or untick the preview."""
        self._preview.setChecked(shown)

    def live(self) -> bool:
        """Whether training is to rest and wake rather than to end."""
        return bool(self._live.isChecked())

    def set_live(self, live: bool) -> None:
        """Tick or untick live training."""
        self._live.setChecked(live)

    def answers_shown(self) -> bool:
        """Whether the user wants instant answers while painting."""
        return bool(self._answers.isChecked())

    def set_answers_shown(self, shown: bool) -> None:
        """Tick or untick instant answers."""
        self._answers.setChecked(shown)

    def _show_pause(self) -> None:
        held = self._state == "paused"
        self.pause_button.setVisible(self._state in {"training", "paused"})
        self.pause_button.setText("Go on" if held else "Pause")
        self.pause_button.setAccessibleName(self.pause_button.text())
        self.pause_button.setToolTip(
            "Go on learning, with what was painted meanwhile."
            if held
            else "Hold learning; the processor is free and the preview stays."
        )

    def _show_plots(self) -> None:
        """An empty curve makes way for the strokes."""
        begun = self._state not in {"empty", "ready"} or bool(self.plot.value())
        self.plot.setVisible(begun or self.strokes.isHidden())

    def _say_time(self, words: str) -> None:
        """Write how long it takes, beside the button, which is as wide as there is room.

        A label of a fixed size does not have the panel arranged, and the whole window drawn,
        a second time.
        """
        self._time.setText(words)
        wanted = self._time.fontMetrics().horizontalAdvance(words) + 2
        if not wanted <= self._time.width() <= wanted + _SPARE or not self._time.isVisibleTo(self):
            height = self._time.fontMetrics().height()
            self._time.setFixedSize(wanted + _SPARE // 4, height)
        self._time.setVisible(bool(words))

    def _arranged(self) -> QVBoxLayout:
        top, boxes = QHBoxLayout(), QHBoxLayout()
        for row in (top, boxes):
            row.setSpacing(8)
        top.addWidget(self.button, 1)
        top.addWidget(self.pause_button)
        top.addWidget(self._time)
        for box in (self._preview, self._live, self._answers):
            boxes.addWidget(box)
        boxes.addStretch(1)
        layout = QVBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.also)
        layout.addLayout(top)
        layout.addWidget(self._bar)
        layout.addLayout(boxes)
        layout.addWidget(self.plot)
        layout.addWidget(self.strokes)
        return layout

    def _on_button_clicked(self) -> None:
        if self._state in _RUNNING:
            self.stop_requested.emit()
        else:
            self.train_requested.emit()

    def _on_pause_clicked(self) -> None:
        if self._state == "paused":
            self.go_on_requested.emit()
        else:
            self.pause_requested.emit()


def _box(text: str, tip: str, parent: QWidget) -> QCheckBox:
    """A ticked box."""
    box = QCheckBox(text, parent)
    box.setChecked(True)
    box.setToolTip(tip)
    return box


def clock(seconds: float) -> str:
    """Seconds as ``"0:42"`` or ``"1:02:03"``; never negative."""
    whole = max(round(seconds), 0)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _tooltip(state: TrainState) -> str:
    if state in ("preparing", "training", "paused", "waiting"):
        return "Stop learning and keep the best model so far."
    if state == "resting":
        return "Learn on from here, with all the paint there is now."
    return "Learn from the paint. You can go on painting meanwhile."
