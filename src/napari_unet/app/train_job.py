"""Training as a job: what the user wants to train, and the work itself, on a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from napari_unet.app.engine import engine, lower_priority
from napari_unet.app.jobs import Job
from napari_unet.app.ports import LayerId
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.axes import Spatial
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.events import Notice
from napari_unet.core.paint_feed import PaintFeed
from napari_unet.core.settings import network_for
from napari_unet.core.training_control import TrainingControl


@dataclass(frozen=True)
class TrainWish:
    """What the user wants to train.

    Parameters
    ----------
    pairs : tuple of (image, paint)
        Layers to learn from; the first is the one in view.
    model : ModelConfig
        Shape of the network; channels and classes are filled in from the data.
    config : TrainConfig
    preset : str or None, optional
        Name of the preset `model` came from.
    start : {"auto", "scratch"}, optional
        Where to begin when there is no model to continue from.
    live : bool, optional
        Rest once everything is learned and go on with the next stroke, instead of ending.
    """

    pairs: tuple[tuple[LayerId, LayerId], ...]
    model: ModelConfig
    config: TrainConfig
    preset: str | None = None
    start: Literal["auto", "scratch"] = "auto"
    live: bool = False

    @property
    def spatial(self) -> Spatial:
        """The axes the network sees."""
        return "ZYX" if self.model.dimensions == 3 else "YX"


def train_job(
    painted: list[PaintedImage],
    wish: TrainWish,
    current: Any,
    control: TrainingControl,
) -> Job:
    """Read the paint, load the engine, train; on a worker from the first `send`.

    Parameters
    ----------
    painted : list of PaintedImage
        Its paint is taken over; give it copies.
    wish : TrainWish
    current : napari_unet.learn.model.Model or None
        Continue from this model if it is a network of the wished shape.
    control : TrainingControl
    """
    lower_priority()
    seen = getattr(current, "first_paint", ())
    paint = PaintFeed(painted, control.paint, earlier=seen, answered=True)
    training = paint.training
    model_config = network_for(wish.model, training.channels, len(training.classes))
    start: Any = wish.start
    if current is not None:
        other = _other(current, model_config, training.images[0].source.names)
        start = wish.start if other else current
        if other:
            yield Notice(f"The {other} than before, so learning begins afresh.")
    if control.cancel.cancelled:
        return None
    return (
        yield from engine("training").train(
            training,
            model_config,
            wish.config,
            start=start,
            preset=wish.preset,
            control=control,
            paint=paint,
        )
    )


def _other(current: Any, config: ModelConfig, names: tuple[str, ...]) -> str:
    """Why a model cannot learn on, in words; empty if it can."""
    if not _same_shape(current.config, config):
        return "network is another"
    known = getattr(current, "channels", ())
    if current.config.input_channels != config.input_channels or (known and known != names):
        return "channels are others"
    return ""


def _same_shape(one: ModelConfig, other: ModelConfig) -> bool:
    """True if two networks differ in nothing but channels and classes."""
    return bool(
        one.changed(input_channels=1, classes=2) == other.changed(input_channels=1, classes=2)
    )
