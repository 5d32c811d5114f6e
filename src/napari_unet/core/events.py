"""What running work tells whoever drives it: frozen facts, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from napari_unet.core.held_out_score import Sureness
from napari_unet.core.source import Box


@dataclass(frozen=True)
class Notice:
    """Something the user should know, in one sentence; work goes on."""

    text: str


@dataclass(frozen=True)
class Prepared:
    """Training is ready for its first step."""

    device: str
    """The device in words, for example ``"CPU, 2 cores"``."""
    precision: str
    classes: int
    painted_pixels: tuple[int, ...]
    strokes: int
    held_out_strokes: int


@dataclass(frozen=True)
class StepDone:
    """Learning goes on; sent at most four times a second."""

    step: int
    loss: float
    fraction: float
    """How much of the budget is used, 0 to 1."""
    seconds_left: float | None


@dataclass(frozen=True)
class ScoreDone:
    """The model was scored on held-out strokes."""

    step: int
    loss: float
    """Mean training loss since the last score; NaN before the first step."""
    score: float | None
    """Mean IoU over classes on held-out paint; None if there is too little of it to say."""
    class_scores: tuple[float | None, ...]
    best: bool
    """True if these are the best weights so far."""
    validation_loss: float | None = None
    """The training loss on held-out paint; None if there is too little of it."""
    sureness: Sureness | None = None
    """How surely the score is known."""


@dataclass(frozen=True)
class PaintTaken:
    """Paint that changed while training runs is learned from now on."""

    step: int
    classes: int
    strokes: int
    held_out_strokes: int
    new_pixels: int
    """Pixels to learn from that were not painted, or painted otherwise, before."""


@dataclass(frozen=True)
class CheckpointSaved:
    """A model file was written."""

    path: str


@dataclass(frozen=True)
class ModelImproved:
    """A better model exists; it is a snapshot that training no longer touches."""

    model: object
    """A `napari_unet.learn.model.Model`."""


@dataclass(frozen=True, eq=False)
class PreviewDone:
    """The network's answer for what is on screen."""

    generation: int
    """The number of the request it answers; older ones are dropped."""
    image: int
    sample: int
    box: Box
    labels: np.ndarray
    """Labels inside the box, shape ``(*spatial)``. Given away: the worker keeps no copy."""


@dataclass(frozen=True, eq=False)
class TileDone:
    """One tile of a prediction is ready."""

    done: int
    of: int
    sample: int
    box: Box
    labels: np.ndarray
    """Provisional labels inside the box; the edges may still change where tiles overlap."""


@dataclass(frozen=True, eq=False)
class TrainResult:
    """What training returns."""

    model: object
    """A `napari_unet.learn.model.Model`: the best one seen."""
    stopped: bool
    """True if it was asked to end."""
    reason: str
    """Why it ended, in one sentence."""
    steps: int = 0
    seconds: float = 0.0
    score: float | None = None
    class_scores: tuple[float | None, ...] = ()
    sureness: Sureness | None = None
    """How surely the score is known."""


@dataclass(frozen=True, eq=False)
class Resting:
    """Everything is learned; training sleeps until there is more paint."""

    result: TrainResult
    """What it came to so far."""


@dataclass(frozen=True, eq=False)
class PredictResult:
    """What prediction returns."""

    labels: np.ndarray | None
    """Labels, shape ``(S, *spatial)``; None if it was stopped."""
    probabilities: np.ndarray | None = None
    """Class probabilities, shape ``(S, K, *spatial)``, float32, when asked for."""
    stopped: bool = False
    notices: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class StreamResult:
    """What prediction into a store returns; the labels are there."""

    blocks: int
    """How many blocks the result has."""
    computed: int
    """How many of them were computed now, and not before."""
    pixels: tuple[int, ...]
    """How many pixels each class has, of what is done."""
    stopped: bool = False
    """True if it was asked to end; it can be continued."""
    notices: tuple[str, ...] = field(default=())
