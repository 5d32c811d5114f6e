"""The weights that ship with the program, where there are some for a network."""

from __future__ import annotations

from importlib.resources import files

from safetensors.torch import load
from torch import Tensor

from napari_unet.core.config import PRESETS, ModelConfig
from napari_unet.learn.unet import UNet

NAME = "fast-2d.safetensors"
"""File of the start weights within `napari_unet.weights`."""

_FIRST = "encoder.0.1.conv.weight"


def load_start(config: ModelConfig) -> UNet | None:
    """Return a network with the shipped weights, or None if there are none for this shape.

    They were made for three channel planes. A network for fewer reads fewer, one for more
    shows the further ones to its head only; see `UNet`. The class head is as initialised:
    it is to be solved from paint.

    Parameters
    ----------
    config : ModelConfig
        The 2D preset ``fast`` with any number of channels and classes.

    Returns
    -------
    UNet or None
    """
    file = files("napari_unet") / "weights" / NAME
    if not _fits(config) or not file.is_file():
        return None
    net = UNet(config)
    state = net.state_dict()
    for name, shipped in load(file.read_bytes()).items():
        state[name] = _cut(name, shipped, state[name]).to(state[name].dtype)
    net.load_state_dict(state)
    return net


def _fits(config: ModelConfig) -> bool:
    """Whether only channels, classes and output differ from the preset."""
    fast = PRESETS["fast"]
    same = {"input_channels": fast.input_channels, "classes": fast.classes, "output": fast.output}
    return bool(config.changed(**same) == fast)


def _cut(name: str, shipped: Tensor, own: Tensor) -> Tensor:
    """Shipped weights in the size a network has them: for fewer planes, or as they are."""
    if name == _FIRST:
        return shipped[:, : own.shape[1]]
    return shipped
