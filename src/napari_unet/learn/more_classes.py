"""A network that is learning gets a class more."""

from __future__ import annotations

import torch

from napari_unet.core.config import TrainConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.settings import network_for
from napari_unet.learn.learner import Learner
from napari_unet.learn.unet import UNet


def with_classes(net: UNet, classes: int) -> UNet:
    """The same trunk under a head for so many classes, which is to be solved."""
    return _under_new_head(net, UNet(net.config.changed(classes=classes)))


def learner_for_classes(learner: Learner, training: TrainingSet, config: TrainConfig) -> Learner:
    """A learner that goes on with the averaged weights of another, with a head for new classes.

    The head is new as a whole and has to be solved: the scores of all classes are weighed
    against each other, so a row alone would have no scale.

    Parameters
    ----------
    learner : Learner
    training : TrainingSet
        With the classes the head is to tell apart.
    config : TrainConfig
    """
    old = learner.average
    shape = network_for(old.config, training.channels, len(training.classes))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        net = _under_new_head(old, UNet(shape))
    grown = Learner(net, config, learner.device)
    grown.steps, grown.splits = learner.steps, learner.splits
    return grown


def _under_new_head(old: UNet, new: UNet) -> UNet:
    """Give a network the trunk of another one."""
    body = {name: w for name, w in old.state_dict().items() if not name.startswith("head.")}
    new.load_state_dict(body, strict=False)
    return new
