"""What the session is doing, as facts that widgets show: one phase, one table of legal moves."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from psygnal import Signal

from napari_unet.core.held_out_score import Interval, Sureness


class Phase(StrEnum):
    """What the session is doing; one heavy job at a time."""

    IDLE = "idle"
    PREPARING = "preparing"
    TRAINING = "training"
    PAUSED = "paused"
    RESTING = "resting"
    STOPPING = "stopping"
    PREDICTING = "predicting"
    FAILED = "failed"


_START = {Phase.PREPARING, Phase.PREDICTING, Phase.FAILED}
_END = {Phase.STOPPING, Phase.IDLE, Phase.FAILED}

LEGAL_MOVES: Mapping[Phase, frozenset[Phase]] = MappingProxyType(
    {
        Phase.IDLE: frozenset(_START),
        Phase.PREPARING: frozenset(_END | {Phase.TRAINING}),
        Phase.TRAINING: frozenset(_END | {Phase.PAUSED, Phase.RESTING}),
        Phase.PAUSED: frozenset(_END | {Phase.TRAINING, Phase.RESTING}),
        Phase.RESTING: frozenset(_END | {Phase.TRAINING}),
        Phase.STOPPING: frozenset({Phase.IDLE, Phase.FAILED}),
        Phase.PREDICTING: frozenset(_END),
        Phase.FAILED: frozenset(_START | {Phase.IDLE}),
    }
)
"""From each phase, the phases that may follow it."""

LEARNING = frozenset({Phase.PREPARING, Phase.TRAINING, Phase.PAUSED, Phase.RESTING})
"""The phases of a training that can still be given paint: at work, held, or asleep until then."""

BUSY = LEARNING | {Phase.STOPPING, Phase.PREDICTING}
"""The phases in which there is a heavy job, at work or asleep."""

Severity = Literal["hint", "good", "warning", "error"]


LOADED = "loaded"
"""The code of the sentence that says a model was loaded."""


class IllegalMove(RuntimeError):
    """The program asked for a change of phase that makes no sense; a bug, not a user's error."""


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Parameters
    ----------
    fraction : float or None
        0 to 1; None while nobody knows.
    seconds_left : float or None, optional
        Estimate of the remaining time.
    words : str, optional
        What is being done.
    """

    fraction: float | None = None
    seconds_left: float | None = None
    words: str = ""


@dataclass(frozen=True)
class Point:
    """One point of the learning curve; loss and scores are None where not measured."""

    step: int
    loss: float | None = None
    score: float | None = None
    class_scores: tuple[float | None, ...] = ()
    sureness: Sureness | None = None


class Message(NamedTuple):
    """One sentence for the user.

    Parameters
    ----------
    text : str
        What to say; an empty text takes the last sentence back.
    severity : {"hint", "good", "warning", "error"}, optional
    link : str, optional
        Words of a link that does what the sentence asks for.
    code : str, optional
        Which link it is.
    """

    text: str
    severity: Severity = "hint"
    link: str = ""
    code: str = ""


@dataclass(frozen=True, eq=False)
class CurrentModel:
    """The model that predicts now and that the next training continues from.

    Parameters
    ----------
    model : object
        A `napari_unet.learn.model.Model`.
    name : str
        What to call it.
    path : Path or None, optional
        Its file, if it was saved or loaded.
    score : float or None, optional
        Mean IoU on held-out paint, if known.
    """

    model: Any
    name: str
    path: Path | None = None
    score: float | None = None

    @property
    def saved(self) -> bool:
        """True if a file holds exactly this model."""
        return self.path is not None


class SessionState:
    """The facts of one session; every change is announced, always on the thread that made it.

    Slots of psygnal run in the emitting thread, so a change from another thread than
    the one that made the state raises instead of repainting widgets off the main thread.
    """

    phase_changed = Signal(object)
    progress_changed = Signal(object)
    curve_changed = Signal(object)
    score_changed = Signal(object)
    device_changed = Signal(str)
    model_changed = Signal(object)
    message_changed = Signal(object)

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._phase = Phase.IDLE
        self._progress = Progress()
        self._curve: tuple[Point, ...] = ()
        self._score: float | None = None
        self._interval: Interval | None = None
        self._device = ""
        self._model: CurrentModel | None = None
        self._message = Message("")

    @property
    def phase(self) -> Phase:
        """What the session is doing."""
        return self._phase

    @property
    def busy(self) -> bool:
        """True while there is a heavy job, at work or asleep."""
        return self._phase in BUSY

    @property
    def progress(self) -> Progress:
        """How far the running job is."""
        return self._progress

    @property
    def curve(self) -> tuple[Point, ...]:
        """The learning curve of this training, oldest point first."""
        return self._curve

    @property
    def score(self) -> float | None:
        """Best mean IoU on held-out paint so far; None if there is too little of it."""
        return self._score

    @property
    def interval(self) -> Interval | None:
        """How surely the score is known; None if there is too little paint to say."""
        return self._interval

    @property
    def device(self) -> str:
        """The device in words; empty before the first job."""
        return self._device

    @property
    def model(self) -> CurrentModel | None:
        """The current model, if there is one."""
        return self._model

    @property
    def message(self) -> Message:
        """The last thing said to the user."""
        return self._message

    def move(self, phase: Phase) -> None:
        """Change the phase.

        Raises
        ------
        IllegalMove
            If the table of legal moves does not allow it.
        """
        if phase not in LEGAL_MOVES[self._phase]:
            raise IllegalMove(f"{self._phase.value} cannot be followed by {phase.value}")
        self._check_thread()
        self._phase = phase
        if phase not in BUSY:
            self.set_progress(Progress())
        self.phase_changed.emit(phase)

    def model_to_use(self) -> CurrentModel | None:
        """The current model for a job that begins; None while busy, and, which is said, without."""
        if self.busy:
            return None
        if self._model is None:
            self.fail("There is no model yet. Train one, or load one under Models.")
        return self._model

    def fail(self, text: str) -> None:
        """End in FAILED with one sentence for the user."""
        self.say(text, "error")
        self.move(Phase.FAILED)

    def say(self, text: str, severity: Severity = "hint", link: str = "", code: str = "") -> None:
        """Tell the user something, as a `Message`; the newest sentence counts."""
        self._check_thread()
        self._message = Message(text, severity, link, code)
        self.message_changed.emit(self._message)

    def set_progress(self, progress: Progress) -> None:
        """Say how far the job is."""
        self._check_thread()
        if progress != self._progress:
            self._progress = progress
            self.progress_changed.emit(progress)

    def start_curve(self) -> None:
        """Begin an empty learning curve."""
        self._check_thread()
        self._curve = ()
        self._score = self._interval = None
        self.curve_changed.emit(())
        self.score_changed.emit(None)

    def add_point(self, point: Point) -> None:
        """Add a point to the learning curve."""
        self._check_thread()
        self._curve = (*self._curve, point)
        self.curve_changed.emit(self._curve)

    def set_score(self, score: float | None, sureness: Sureness | None = None) -> None:
        """Say how good the model is on held-out paint, and how surely that is known."""
        self._check_thread()
        self._score, self._interval = score, sureness.interval if sureness else None
        self.score_changed.emit(score)

    def set_device(self, words: str) -> None:
        """Say on what the work runs."""
        self._check_thread()
        if words != self._device:
            self._device = words
            self.device_changed.emit(words)

    def set_model(self, model: CurrentModel | None) -> None:
        """Make this the current model."""
        self._check_thread()
        self._model = model
        self.model_changed.emit(model)

    def _check_thread(self) -> None:
        if threading.get_ident() != self._thread:
            raise IllegalMove("The session changes on the thread that made it, and on no other.")
