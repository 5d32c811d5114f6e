"""Start weights for volumes, made from those that ship for images.

Convolutions are put into the middle slice of the 3D ones, so that at first every slice is seen
as in 2D; the filters in front of them see the volume. (Inflation: Carreira & Zisserman 2017,
arXiv:1705.07750, who repeat the kernel along the new axis instead.)
"""

from __future__ import annotations

from torch import Tensor

from napari_unet.core.config import ModelConfig
from napari_unet.learn.filters import FilterBank
from napari_unet.learn.start_weights import load_start
from napari_unet.learn.unet import UNet

_FIRST = "encoder.0.1.conv.weight"

_KERNEL_2D = 4
"""Axes of a 2D kernel."""


def load_volume_start(config: ModelConfig) -> UNet | None:
    """Return a 3D network with the shipped 2D weights, or None if there are none for its shape.

    Parameters
    ----------
    config : ModelConfig
        The preset ``fast`` in 3D, planned or not, with any number of channels and classes.
    """
    flat = load_start(config.model_copy(update={"dimensions": 2, "plan": None}))
    if flat is None:
        return None
    net = UNet(config)
    state = net.state_dict()
    learned = {name for name, _ in flat.named_parameters() if not name.startswith("head.")}
    for name, weight in flat.state_dict().items():
        if name not in learned:
            continue
        if name == _FIRST:
            weight = with_volume_filters(weight)
        state[name] = inflated(weight, state[name]) if weight.ndim == _KERNEL_2D else weight
    net.load_state_dict(state)
    return net


def inflated(weight: Tensor, own: Tensor) -> Tensor:
    """A 2D kernel ``(outputs, inputs, y, x)`` in the size of a 3D one ``(.., z, y, x)``.

    A kernel of three along the new axis has it in the middle. One of two, which follows a
    resizing, has half of it twice, and so interpolates between slices.
    """
    depth = own.shape[2]
    result = weight.new_zeros(*weight.shape[:2], depth, *weight.shape[2:])
    if depth == 2:
        result[:] = weight[:, :, None] / 2
    else:
        result[:, :, depth // 2] = weight
    return result


def with_volume_filters(weight: Tensor) -> Tensor:
    """A convolution of the 2D filter bank's responses as one of those of the 3D bank.

    Each scale has one curvature more in 3D; the largest and the smallest are taken for the two
    there are in 2D.

    Parameters
    ----------
    weight : Tensor, shape (outputs, planes * responses, ...)
        Of a network whose bank has the usual scales.
    """
    flat, places = _responses(2), _responses(3)
    planes = weight.shape[1] // len(flat)
    result = weight.new_zeros(weight.shape[0], planes * len(places), *weight.shape[2:])
    for plane in range(planes):
        for number, name in enumerate(flat):
            to = plane * len(places) + places.index(name)
            result[:, to] = weight[:, plane * len(flat) + number]
    return result


def _responses(dimensions: int) -> list[str]:
    """Names of the responses of one plane, in the order `FilterBank` has them."""
    curvatures = ["largest", "smallest"] if dimensions == 2 else ["largest", "middle", "smallest"]
    scale = ["smooth", "slope", *curvatures, "deviation"]
    sigmas = FilterBank(dimensions).sigmas
    return ["image", *(f"{name} at {sigma}" for sigma in sigmas for name in scale)]
