"""Which part of an image its feature statistics are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from napari_unet.core.dataset import TrainingSet
from napari_unet.core.normalize import Normalisation
from napari_unet.core.source import ImageSource
from napari_unet.core.tiles import spread_boxes
from napari_unet.learn.devices import Device, is_out_of_memory, release_memory
from napari_unet.learn.model import Model
from napari_unet.learn.precision import Precision, autocast
from napari_unet.learn.statistics import measure
from napari_unet.learn.unet import UNet

_CROPS = 12
_CROP_SIDE = {2: 160, 3: 32}
"""Statistics are measured on so many boxes of this side, or on all of an image that is less."""

_MOST_IMAGES = 4
"""Of more training images, so many are looked at, evenly chosen."""

OWN_SHARE = 0.3
"""How much a new image's own statistics count against those of the training images: enough to
follow its contrast, too little to explain away that it holds more or less of a class."""

_LEAST_SIDE = {2: 64, 3: 16}
"""An image of fewer pixels than such a square has no statistics of its own."""


def statistics_crops(
    source: ImageSource, normalisation: Normalisation, multiple: int | Sequence[int]
) -> list[Tensor]:
    """What feature statistics are measured on: all of a small image, else spread boxes.

    Parameters
    ----------
    source : ImageSource
    normalisation : Normalisation
    multiple : int or sequence of int
        Boxes start at multiples of this, for all axes or for each.

    Returns
    -------
    list of Tensor of float32, each of shape (1, C, *spatial)
        Empty if the image is too small to have statistics.
    """
    shape = source.spatial_shape
    dimensions = len(shape)
    pixels = source.samples * prod(shape)
    if pixels < _LEAST_SIDE[dimensions] ** dimensions:
        return []
    size = [min(n, _CROP_SIDE[dimensions]) for n in shape]
    boxes = spread_boxes(source.samples, shape, size, _CROPS, multiple)
    if pixels <= _CROPS * _CROP_SIDE[dimensions] ** dimensions:
        boxes = [(s, tuple(slice(0, n) for n in shape)) for s in range(source.samples)]
    blocks = [normalisation.apply(source.read(sample, box)) for sample, box in boxes]
    return [torch.from_numpy(block)[None] for block in blocks]


def training_crops(training: TrainingSet, multiple: int | Sequence[int]) -> list[Tensor]:
    """What the feature statistics of training images are measured on: parts of painted ones.

    Parameters
    ----------
    training : TrainingSet
    multiple : int or sequence of int
        As `statistics_crops` takes it.

    Returns
    -------
    list of Tensor of float32, each of shape (1, C, *spatial)
        Empty if one of them is too small to have statistics.
    """
    painted = [n for n, image in enumerate(training.images) if image.annotation.boxes]
    chosen = painted[:: -(-len(painted) // _MOST_IMAGES) or 1]
    crops = [
        statistics_crops(training.images[n].source, training.normalisations[n], multiple)
        for n in chosen
    ]
    return [crop for each in crops for crop in each] if all(crops) else []


def remember_statistics(
    model: Model, crops: Sequence[Tensor], device: Device, precision: Precision
) -> None:
    """Keep the feature statistics of the training images in a model; see `Model.own_share`.

    Nothing happens if its network has no batch normalisation, or if memory is too short.

    Parameters
    ----------
    model : Model
        Changed in place.
    crops : sequence of Tensor
        What `training_crops` returns.
    device : Device
        Where its network is.
    precision : Precision
    """
    if model.config.normalisation != "batch" or not crops:
        return
    try:
        with autocast(device, precision):
            measure(model.net, [precision.lay_out(crop) for crop in crops])
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        release_memory(device)
    else:
        model.own_share = OWN_SHARE


def measure_on(
    net: UNet, source: ImageSource, normalisation: Normalisation, device: Device
) -> None:
    """Set a network's feature statistics to those of one image, as `predict` does.

    Parameters
    ----------
    net : UNet
        On `device`; changed in place.
    source : ImageSource
    normalisation : Normalisation
    device : Device
    """
    crops = statistics_crops(source, normalisation, net.alignments)
    measure(net, [crop.to(device.torch_device) for crop in crops])
