"""Learning from paint, as a generator of events: the window, Python and the shell share it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Literal

from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.errors import OutOfMemory
from napari_unet.core.events import (
    ModelImproved,
    Notice,
    Prepared,
    PreviewDone,
    ScoreDone,
    StepDone,
    TrainResult,
)
from napari_unet.core.preview import PreviewDesk
from napari_unet.learn.budget import Every
from napari_unet.learn.model import Model
from napari_unet.learn.run import TrainingRun

TrainEvent = Prepared | StepDone | ScoreDone | ModelImproved | PreviewDone | Notice
TrainEvents = Generator[TrainEvent, None, None]


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
) -> Generator[TrainEvent, None, TrainResult]:
    """Train a network on paint; yield what happened and return the best model.

    First the class head is solved in closed form, which gives an answer at once. Then all
    weights learn by gradient steps, scored now and then on strokes kept back. For the last
    part of the budget those strokes are learned as well, from the best weights. A model is
    never replaced by one that scores worse.

    Parameters
    ----------
    training : TrainingSet
    model_config : ModelConfig
        Shape of the network; its channels and classes must be those of `training`.
    config : TrainConfig
    start : Model or {"auto", "scratch"}, optional
        Continue from a model; or begin with the weights that ship with the program where
        there are some for this network (`"auto"`), or with random ones.
    validation : TrainingSet, optional
        Score on this paint, and hold nothing back of `training`.
    cancel : CancelToken, optional
        Looked at after every step.
    desk : PreviewDesk, optional
        Where the window leaves what it shows; the newest request is answered now and then.
    preset : str, optional
        Name of the preset `model_config` came from, for the model's card.

    Raises
    ------
    OutOfMemory
        If not even one patch fits on the CPU and there is no model to return yet.
    ChannelMismatch
        If `start` is a model for another number of channels.
    """
    cancel = cancel or CancelToken()
    run = TrainingRun(
        training, model_config, config, start=start, validation=validation, preset=preset
    )
    yield run.prepared()
    if run.has_answer_at_once:
        run.answer_at_once()
        yield from _scored(run)
        yield from _preview(run, desk)
    if config.max_seconds != 0 and config.max_steps != 0:
        yield from _learn(run, cancel, desk)
    return run.result(stopped=cancel.cancelled)


def _learn(run: TrainingRun, cancel: CancelToken, desk: PreviewDesk | None) -> TrainEvents:
    """Take steps until the budget is used, nothing improves, or somebody says stop."""
    beat, scoring, previewing = Every(0.25), Every(2.0, share=0.025), Every(2.0, share=0.1)
    while not cancel.cancelled and not run.ended():
        try:
            loss = run.step()
        except OutOfMemory as error:
            yield run.after_memory_error(error)
            continue
        if run.has_diverged(loss):
            yield run.after_divergence()
            continue
        if beat.due():
            yield run.step_done(loss)
        if run.score_due(scoring):
            before = run.seconds
            yield from _scored(run)
            scoring.done(run.seconds - before)
        if run.finish_due():
            if run.unscored_steps:
                yield from _scored(run)
            run.begin_finish()
        if desk is not None and previewing.due():
            before = run.seconds
            yield from _preview(run, desk)
            previewing.done(run.seconds - before)
    if not run.finishing and run.unscored_steps:
        yield from _scored(run)


def _scored(run: TrainingRun) -> TrainEvents:
    done = run.score()
    yield done
    if done.best:
        yield ModelImproved(run.best)


def _preview(run: TrainingRun, desk: PreviewDesk | None) -> TrainEvents:
    """Answer the newest request for what is on screen, if there is one."""
    request = desk.look() if desk is not None else None
    if request is not None:
        yield run.preview(request)
