"""Which part of an image its feature statistics are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from napari_unet.core.normalize import Normalisation
from napari_unet.core.source import ImageSource
from napari_unet.core.tiles import spread_boxes
from napari_unet.learn.devices import Device
from napari_unet.learn.statistics import measure
from napari_unet.learn.unet import UNet

_CROPS = 12
_CROP_SIDE = {2: 160, 3: 32}
"""Statistics are measured on so many boxes of this side, or on all of an image that is less."""

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
