"""Learning from paint, as a generator of events: the window, Python and the shell share it."""

from __future__ import annotations

from collections.abc import Generator
from math import isfinite
from typing import Literal

from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.errors import OutOfMemory
from napari_unet.core.events import (
    ModelImproved,
    Notice,
    PaintTaken,
    Prepared,
    PreviewDone,
    Resting,
    ScoreDone,
    StepDone,
    TrainResult,
)
from napari_unet.core.paint_feed import PaintFeed
from napari_unet.core.preview import PreviewDesk, PreviewTurns
from napari_unet.core.training_control import TrainingControl
from napari_unet.learn.budget import Every
from napari_unet.learn.first_network import forgotten
from napari_unet.learn.model import Model
from napari_unet.learn.run import TrainingRun
from napari_unet.learn.team import Team

TrainEvent = (
    Prepared | StepDone | ScoreDone | ModelImproved | PreviewDone | PaintTaken | Resting | Notice
)
TrainEvents = Generator[TrainEvent, None, None]

_LOOK_AFTER_PAINT = 1.0
"""Seconds from new paint to the next preview: who painted waits for the answer."""


def train(
    training: TrainingSet,
    model_config: ModelConfig,
    config: TrainConfig,
    *,
    start: Model | Literal["auto", "scratch"] = "auto",
    validation: TrainingSet | None = None,
    cancel: CancelToken | None = None,
    desk: PreviewDesk | None = None,
    preset: str | None = None,
    control: TrainingControl | None = None,
    paint: PaintFeed | None = None,
    team: Team | None = None,
) -> Generator[TrainEvent, None, TrainResult]:
    """Train a network on paint; yield what happened and return the best model.

    First the class head is solved in closed form, which gives an answer at once. Then all
    weights learn by gradient steps, scored now and then on strokes kept back. For the last
    part of the budget those strokes are learned as well, from the best weights. A model is
    never replaced by one that scores worse.

    Paint that changes meanwhile is learned from within a step. It sets the clock back, so that
    there is time for it, and strokes kept back stay so. If `control` says live, training rests
    once everything is learned, and wakes with the next stroke.

    Parameters
    ----------
    training : TrainingSet
    model_config : ModelConfig
        Shape of the network; its channels and classes must be those of `training`.
    config : TrainConfig
    start : Model or {"auto", "scratch"}, optional
        Continue from a model; or begin with the weights that ship with the program where
        there are some for this network (`"auto"`), or with random ones. Without a step to take
        a model keeps what its trunk has learned, and its head is solved anew from the paint.
    validation : TrainingSet, optional
        Score on this paint, and hold nothing back of `training`.
    cancel : CancelToken, optional
        Looked at after every step.
    desk : PreviewDesk, optional
        Where the window leaves what it shows; the newest request is answered now and then.
    preset : str, optional
        Name of the preset `model_config` came from, for the model's card.
    control : TrainingControl, optional
        Pauses, wakes and ends it; it stands in for `cancel` and `desk`.
    paint : PaintFeed, optional
        Gives newer paint; its first training set is `training`. Not beside `validation`.
    team : Team, optional
        Processes that learn together; this is to be the one that leads. Not beside `paint`.

    Raises
    ------
    OutOfMemory
        If not even one patch fits on the CPU and there is no model to return yet.
    ChannelMismatch
        If `start` is a model for another number of channels.
    """
    if validation is not None and paint is not None:
        raise ValueError("Strokes are kept back of paint that changes, or scored elsewhere.")
    control = control or TrainingControl(cancel, desk)
    run = TrainingRun(
        training, model_config, config,
        start=start, validation=validation, preset=preset, team=team,
    )  # fmt: skip
    yield run.prepared()
    if run.notice is not None:
        yield run.notice
    if lost := forgotten(start, training):
        yield Notice(lost)
    if run.has_answer_at_once:
        run.answer_at_once()
        yield from _scored(run)
        yield from _preview(run, control, turns=PreviewTurns())
    if config.takes_no_step:
        return run.result(stopped=control.cancel.cancelled)
    while True:
        yield from _learn(run, control, paint)
        result = run.result(stopped=control.cancel.cancelled)
        if result.stopped or paint is None or not control.live:
            return result
        yield Resting(result)
        if not (yield from _rest(run, control, paint)):
            return result


def _learn(run: TrainingRun, control: TrainingControl, paint: PaintFeed | None) -> TrainEvents:
    """Take steps until the budget is used, nothing improves, or somebody says stop."""
    beat, scoring, previewing = Every(0.25), Every(2.0, share=0.025), Every(2.0, share=0.1)
    turns = PreviewTurns()
    while not control.cancel.cancelled and not run.ended():
        if control.paused:
            yield from _hold(run, control)
            continue
        if (yield from _repaint(run, paint)):
            previewing.soon(_LOOK_AFTER_PAINT, share=0.3)
        try:
            loss = run.step()
        except OutOfMemory as error:
            yield run.after_memory_error(error)
            continue
        if not isfinite(loss):
            yield run.after_divergence()
            continue
        if beat.due():
            yield run.step_done(loss)
        if run.score_due(scoring):
            yield from _scored(run, scoring)
        if run.finish_due():
            if run.unscored_steps:
                yield from _scored(run)
            run.begin_finish()
        if previewing.due():
            before = run.seconds
            yield from _preview(run, control, paint=paint, turns=turns)
            previewing.done(run.seconds - before)
    if not run.finishing and run.unscored_steps:
        yield from _scored(run)


def _repaint(run: TrainingRun, paint: PaintFeed | None) -> Generator[TrainEvent, None, bool]:
    """Take over newer paint; True if there was some."""
    news = paint.news() if paint is not None else None
    if news is not None:
        yield run.repaint(news)
    return news is not None


def _hold(run: TrainingRun, control: TrainingControl) -> TrainEvents:
    """Sleep until somebody says go on or stop; the clock stands still."""
    shown: int | None = None
    with run.held():
        while True:
            control.listen()
            if not control.paused or control.cancel.cancelled:
                return
            shown = yield from _preview(run, control, shown)
            control.wait()


def _rest(
    run: TrainingRun, control: TrainingControl, paint: PaintFeed
) -> Generator[TrainEvent, None, bool]:
    """Sleep until there is more paint; False if somebody wants an end instead."""
    shown: int | None = None
    with run.held():
        while True:
            control.listen()
            if control.cancel.cancelled or not control.live:
                return False
            if not control.paused and (yield from _repaint(run, paint)):
                return True
            hasty = not control.paused
            shown = yield from _preview(run, control, shown, hasty=hasty)
            control.wait()


def _scored(run: TrainingRun, clock: Every | None = None) -> TrainEvents:
    before = run.seconds
    done = run.score()
    if clock is not None:
        clock.done(run.seconds - before)
    yield done
    if done.best:
        yield ModelImproved(run.best)


def _preview(
    run: TrainingRun,
    control: TrainingControl,
    shown: int | None = None,
    *,
    paint: PaintFeed | None = None,
    hasty: bool = False,
    turns: PreviewTurns | None = None,
) -> Generator[TrainEvent, None, int | None]:
    """Answer the newest request for what is on screen, if there is one that is not `shown`.

    It is answered in parts, the middle first, and between two of them new paint is taken from
    `paint`, or, in haste, comes first. Given up when asked to end, or when the view has moved.
    Given `turns`, a large view is answered over several calls.

    Returns the generation that is shown now.
    """
    request = control.previews.look()
    if request is None or request.generation == shown:
        return shown
    for part in turns.turn(request) if turns else request.parts():
        outdated = control.previews.look() is not request
        if outdated or control.cancel.cancelled or (hasty and control.paint.waiting):
            return shown
        yield run.preview(part)
        yield from _repaint(run, paint)
    return request.generation
