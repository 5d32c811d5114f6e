"""Heads for an image that lacks a channel, solved from the same paint beside the instant answer.

Nothing of a network that never learned has seen an image without one of its channels, and one head
cannot suit both: what serves without a channel costs where it is there. So for each channel
there is a head of its own, solved from the features the trunk sees without it, and held near
the usual one, which knows more than the channels that are left can tell.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from napari_unet.core.channels import pick_channels
from napari_unet.learn.feature_cache import Pictured
from napari_unet.learn.head import gather_paint, logistic, scaling, write_head
from napari_unet.learn.model import Model
from napari_unet.learn.unet import UNet

MOST_CHANNELS = 8
"""Images of more channels get none: each takes the time of an instant answer."""

Examples = Callable[[Pictured], tuple[Sequence[Sequence[Tensor]], Sequence[Tensor]]]
"""Feature maps of an image and the paint on it, as `solve_head` takes them."""


def without_channel(image: Pictured, channel: int) -> Pictured:
    """The same image as a trunk sees it where one channel is missing: mid grey.

    Parameters
    ----------
    image : Pictured
    channel : int
        Counted from 0; not the only one.
    """
    every = range(image.source.channels)
    left = [None if number == channel else number for number in every]
    return Pictured(pick_channels(image.source, left), image.normalisation)


@torch.no_grad()
def spare_head(
    net: UNet, features: Sequence[Sequence[Tensor]], targets: Sequence[Tensor]
) -> dict[str, Tensor]:
    """Weights for the head of a network that suit these features, near those it has.

    Parameters
    ----------
    net : UNet
        Left as it is.
    features, targets
        As `solve_head` takes them.

    Returns
    -------
    dict of Tensor
        As ``net.head.state_dict()`` has them, on the CPU.
    """
    paint, classes = gather_paint(features, targets), net.config.classes
    centre, scale, ridge = scaling(net, features[0], paint)
    design = functional.pad((paint.features - centre) / scale, (0, 1), value=1.0)
    levels = [level.get_parameter("weight").flatten(1) for level in net.head.levels]
    slopes = torch.cat(levels, 1).T.cpu().double()
    constants = net.head.levels[0].get_parameter("bias").cpu().double()
    if net.config.output == "sigmoid":
        slopes, constants = functional.pad(slopes, (1, 0)), functional.pad(constants, (1, 0))
    start = torch.cat([slopes * scale[:, None], (constants + centre @ slopes)[None]])
    goal = functional.one_hot(paint.classes, classes).double()
    found = logistic(design, goal, paint.weights, ridge, start=start)
    other = copy.deepcopy(net)
    write_head(other, found[:-1] / scale[:, None], found[-1] - (centre / scale) @ found[:-1])
    return {name: value.detach().cpu() for name, value in other.head.state_dict().items()}


def net_for(model: Model, crops: Sequence[Tensor]) -> UNet:
    """A copy of a model's network for an image, with the head for the channel it lacks, if any.

    Parameters
    ----------
    model : Model
    crops : sequence of Tensor, each of shape (N, C, *spatial)
        Normalised parts of the image from all over it. A channel that is mid grey in all of
        them is missing.
    """
    net, missing = copy.deepcopy(model.net), missing_channels(crops)
    if len(missing) == 1 and missing[0] in model.spare_heads:
        net.head.load_state_dict(dict(model.spare_heads[missing[0]]))
    return net


def missing_channels(crops: Sequence[Tensor]) -> list[int]:
    """Channels that are mid grey in parts from all over an image, each (N, C, *spatial)."""
    if not crops:
        return []
    seen = torch.stack([crop.transpose(0, 1).flatten(1).any(1) for crop in crops]).any(0)
    return list((~seen).nonzero().flatten().tolist())


def stored_spares(heads: Mapping[int, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Spare heads under the names they have in a model's file."""
    return {
        f"{_PREFIX}{channel}.{name}": value.contiguous()
        for channel, head in heads.items()
        for name, value in head.items()
    }


def take_spares(tensors: dict[str, Tensor]) -> dict[int, dict[str, Tensor]]:
    """Take the spare heads out of the tensors of a model's file."""
    heads: dict[int, dict[str, Tensor]] = {}
    for name in [name for name in tensors if name.startswith(_PREFIX)]:
        channel, _, own = name.removeprefix(_PREFIX).partition(".")
        heads.setdefault(int(channel), {})[own] = tensors.pop(name)
    return heads


_PREFIX = "without."
