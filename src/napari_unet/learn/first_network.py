"""The network a training run begins with."""

from __future__ import annotations

from typing import Literal

import torch

from napari_unet.core.config import ModelConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.errors import ChannelMismatch
from napari_unet.core.volume_plan import plan_volume, relative_spacing
from napari_unet.learn.inflation import load_volume_start
from napari_unet.learn.model import Model
from napari_unet.learn.start_weights import load_start
from napari_unet.learn.unet import UNet


def first_network(
    config: ModelConfig,
    training: TrainingSet,
    start: Model | Literal["auto", "scratch"],
    seed: int,
) -> tuple[UNet, bool]:
    """Return the network to begin with, and whether it tells these classes apart already.

    Parameters
    ----------
    config : ModelConfig
        Shape of a new network.
    training : TrainingSet
    start : Model or {"auto", "scratch"}
        A model to continue from: its own shape counts then, and if the classes have changed
        its head is new. Otherwise weights that ship with the program, or random ones.
    seed : int
        Of random weights.

    Raises
    ------
    ChannelMismatch
        If the model is for another number of channels.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _first_network(planned(config, training), training, start)


def forgotten(start: Model | Literal["auto", "scratch"], training: TrainingSet) -> str:
    """What to say if a model that is continued knows classes that are not painted; else ""."""
    if not isinstance(start, Model):
        return ""
    known = zip(start.classes.label_values, start.classes.names, strict=True)
    lost = [name for value, name in known if value not in training.classes.label_values]
    if not lost:
        return ""
    return (
        f"The model knew {' and '.join(lost)}, but this paint does not: it is forgotten. "
        "Paint some of it in the same value to keep it."
    )


def planned(config: ModelConfig, training: TrainingSet) -> ModelConfig:
    """The config with pooling and kernels for the voxels of these images; as it is in 2D.

    The spacing is the middle one of all images, the size that of the largest.
    """
    if config.dimensions != 3 or config.plan is not None or config.padding == "valid":
        return config
    sources = [image.source for image in training.images]
    voxels = [relative_spacing(source.axes.spatial_spacing) for source in sources]
    middle = [sorted(sides)[len(sides) // 2] for sides in zip(*voxels, strict=True)]
    largest = [max(sizes) for sizes in zip(*(s.spatial_shape for s in sources), strict=True)]
    plan = plan_volume(middle, largest, config.depth)
    return config.model_copy(update={"plan": plan})


def _first_network(
    config: ModelConfig, training: TrainingSet, start: Model | Literal["auto", "scratch"]
) -> tuple[UNet, bool]:
    if not isinstance(start, Model):
        load = load_volume_start if config.dimensions == 3 else load_start
        shipped = load(config) if start == "auto" else None
        return shipped or UNet(config), False
    if start.config.input_channels != training.channels:
        raise ChannelMismatch(
            f"The model was trained on {start.config.input_channels} channels, the image has "
            f"{training.channels}. Choose an image with the same channels, or start afresh."
        )
    if start.classes.values == training.classes.values:
        return start.copy().net, True
    net = UNet(start.config.changed(classes=len(training.classes)))
    body = {k: v for k, v in start.net.state_dict().items() if not k.startswith("head.")}
    net.load_state_dict(body, strict=False)
    return net, False
