"""Training as the shell drives it: files in, a bar while it learns, a model file out."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_unet.cli.report import Bar, Report, clock, score_words, stopping_gently
from napari_unet.core.annotations import ClassMap
from napari_unet.core.assemble import AskedMode, Assembled, PaintedImage, assemble
from napari_unet.core.axes import Spatial
from napari_unet.core.cancel import CancelToken
from napari_unet.core.channels import Channel
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.drive import exhaust
from napari_unet.core.errors import OutputExists, UNetError
from napari_unet.core.events import (
    ModelImproved,
    Notice,
    Prepared,
    ScoreDone,
    StepDone,
    TrainResult,
)
from napari_unet.core.held_out_score import classes_in_words, score_in_words
from napari_unet.core.settings import network_for, network_named
from napari_unet.data.files import check_output, read_image, read_labels
from napari_unet.data.pyramid import level_of_shape

if TYPE_CHECKING:
    from napari_unet.learn.model import Model
    from napari_unet.learn.team import Team

_STOPPING = "Stopping; the best model so far is kept. Press Ctrl+C again to give up at once."


@dataclass(frozen=True)
class TrainingOrder:
    """What ``unet-paint train`` was asked for; see its options."""

    pairs: list[tuple[Path, Path]]
    output: Path
    preset: str
    start: str
    dimensions: Literal[2, 3]
    paint: AskedMode
    names: dict[int, str]
    validation: tuple[Path, Path] | None
    axes: str | None
    channels: list[Channel] | None
    config: TrainConfig
    overwrite: bool
    devices: int = 1


def run_training(order: TrainingOrder, report: Report) -> int:
    """Train, save and tell; return the exit code.

    Raises
    ------
    UNetError
        If files, paint and settings do not go together, or memory runs out. What was learned
        before the error is saved.
    """
    _check_output(order)
    from napari_unet.learn.team import gather_team, machines

    team = None
    if order.devices > 1 or machines() > 1:
        team = gather_team(order.devices, order.config.device)
        order = replace(order, config=order.config.changed(device=team.device))
        report = report if team.leads else Report(quiet=True, as_json=False)
    if order.start in ("auto", "scratch"):
        start: Any = order.start
        network = network_named(order.preset, order.dimensions)
    else:
        from napari_unet.learn.checkpoint import load_model

        start = load_model(order.start)
        network = network_named(start.config, 3 if order.dimensions == 3 else None)
    spatial: Spatial = "ZYX" if network.dimensions == 3 else "YX"
    learned = _read(order.pairs, order, spatial, report)
    training = learned.training
    checked = None
    if order.validation is not None:
        checked = _read([order.validation], order, spatial, report, learned).training
    how = {
        "start": start,
        "validation": checked,
        "preset": start.preset if not isinstance(start, str) else order.preset,
        "team": team,
    }
    shape = network_for(network, training.channels, len(training.classes))
    if team is not None and not team.leads:
        return _follow(team, training, shape, order, how)
    from napari_unet.learn.training import train

    cancel = CancelToken()
    listener = Listener(report)
    with (
        stopping_gently(cancel, report, _STOPPING) as interrupted,
        team.leading() if team is not None else nullcontext(),
    ):
        events = train(training, shape, order.config, cancel=cancel, **how)
        result = _exhausted(events, listener, order, report)
    result.model.save(order.output, overwrite=order.overwrite)  # type: ignore[attr-defined]
    _tell(report, result, training.classes, order.output)
    return interrupted.exit_code if result.stopped else 0


def _follow(
    team: Team, training: TrainingSet, shape: ModelConfig, order: TrainingOrder, how: dict[str, Any]
) -> int:
    """Help the process that leads; Ctrl+C is for that one to heed."""
    from napari_unet.learn.run import TrainingRun
    from napari_unet.learn.team import follow

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    follow(TrainingRun(training, shape, order.config, **how), team)
    return 0


class Listener:
    """Shows what training says, and remembers the best model.

    Parameters
    ----------
    report : Report
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._bar: Bar | None = None
        self._score: float | None = None
        self._left: float | None = None
        self.best: Model | None = None

    def watch(self, bar: Bar) -> None:
        """Show progress on this bar from now on."""
        self._bar = bar

    def __call__(self, event: Any) -> None:
        """Take in one event."""
        match event:
            case Notice(text):
                self._report.say(text)
            case Prepared():
                self._report.say(
                    f"Learning on {event.device}, from {sum(event.painted_pixels)} pixels in "
                    f"{event.strokes} strokes, {event.held_out_strokes} of them held out to score."
                )
            case StepDone():
                self._left = event.seconds_left
                self._show(event.fraction)
            case ScoreDone():
                self._score = event.score if event.best else self._score
                self._show(None)
            case ModelImproved(model):
                self.best = model  # type: ignore[assignment]

    def _show(self, fraction: float | None) -> None:
        if self._bar is None:
            return
        left = "" if self._left is None else f"{clock(self._left)} left  "
        self._bar.show(fraction, f"{left}score {score_words(self._score)}")


def _exhausted(
    events: Any, listener: Listener, order: TrainingOrder, report: Report
) -> TrainResult:
    """Drive training under a progress bar; after an error save what was learned before it."""
    try:
        with report.progress("Learning") as bar:
            listener.watch(bar)
            result: TrainResult = exhaust(events, listener)
            return result
    except UNetError as err:
        if listener.best is None:
            raise
        listener.best.save(order.output, overwrite=order.overwrite)
        raise type(err)(f"{err} What was learned before is in {order.output}.") from err


def _check_output(order: TrainingOrder) -> None:
    """Find out before learning, not after, that the model cannot be saved."""
    inputs = [path for pair in (*order.pairs, order.validation or ()) for path in pair]
    check_output(order.output, inputs, order.overwrite, suffixes=())
    folder = order.output.parent
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise OutputExists(f"Nothing can be written to {folder}. Choose another folder.")


def _read(
    pairs: Sequence[tuple[Path, Path]],
    order: TrainingOrder,
    spatial: Spatial,
    report: Report,
    like: Assembled | None = None,
) -> Assembled:
    """Read images and paint from files; with the paint mode and classes of `like` if given."""
    mode: AskedMode = order.paint if like is None else like.readings[0].mode
    painted = []
    for image_path, paint_path in pairs:
        image, paint = read_image(image_path, order.axes), read_labels(paint_path)
        image = image.suiting_paint(paint.array.shape)
        level = level_of_shape(image, paint.array.shape)
        fits = level.spec().label_shape(level.array.shape) == paint.array.shape
        for notice in (*image.notices, *(() if fits else paint.notices)):
            report.say(notice)  # paint that fits has the image's axes, whatever its own may be
        if level is not image:
            size = " x ".join(map(str, paint.array.shape))
            report.say(f"{paint_path.name}: learned on the level of {size} pixels.")
        source = level.source(spatial, order.channels)
        painted.append(PaintedImage(source, paint.array, mode, order.names))
    assembled = assemble(painted, like.training.classes if like else None)
    for (_, paint_path), reading in zip(pairs, assembled.readings, strict=True):
        report.say(f"{paint_path.name}: {reading.sentence}")
    return assembled


def _tell(report: Report, result: TrainResult, classes: ClassMap, output: Path) -> None:
    scores = dict(zip(classes.names, result.class_scores, strict=False))
    sure = result.sureness
    interval = sure.interval if sure and result.score is not None else None
    data = {
        "model": str(output),
        "score": result.score,
        "score_interval": interval,
        "class_scores": scores,
        "held_out_strokes": sum(sure.strokes) if sure else None,
        "steps": result.steps,
        "seconds": round(result.seconds, 2),
        "stopped": result.stopped,
        "reason": result.reason,
    }
    said = score_in_words(result.score, interval)
    if result.score is not None:
        said += f" ({classes_in_words(classes.names, result.class_scores, sure)})"
    report.result(
        data,
        f"Saved {output} after {result.steps} steps, {clock(result.seconds)}. {result.reason}",
        f"Score on held-out paint (IoU): {said}",
    )
