"""One set of weights for images of any number of channels."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from napari_unet.core.config import ModelConfig
from napari_unet.learn.blocks import ConvUnit, pad_to_multiple
from napari_unet.learn.unet import UNet

MOST = 3


class PlanesUNet(UNet):
    """temporary: what is wished of UNet"""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        c = config.input_channels
        k = torch.arange(c)[:, None]; n = torch.arange(c)[None]
        basis = torch.cos(math.pi * (n + 0.5) * k / c) * math.sqrt(2 / c)
        basis[0] /= math.sqrt(2)
        self.register_buffer("basis", basis)
        self.bank_norm = nn.BatchNorm2d(c * self.bank.per_channel, eps=1e-4)
        self.trunk_inputs = min(c, MOST) * self.bank.per_channel
        unit = self.encoder[0][0]
        if c > MOST:
            self.encoder[0][0] = ConvUnit(config, self.trunk_inputs, unit.conv.out_channels, 3)

        for block in (self.encoder[-1], *self.decoder):
            nn.init.constant_(block[-1].norm.weight, 0.3)

    def feature_maps(self, x: Tensor) -> list[Tensor]:
        with torch.autocast(x.device.type, enabled=False):
            x = torch.einsum("kc,ncyx->nkyx", self.basis, x.float())
            image = self.bank_norm(self.bank(pad_to_multiple(x, self.alignment)))
        image = image.contiguous(memory_format=torch.channels_last)
        maps = self._decode(self._encode(image[:, : self.trunk_inputs]))[: self.config.head_levels]
        return [*maps, image]


def tied(wide: UNet, channels: int) -> UNet:
    """A network for fewer channels that shares every weight with a wider one.

    Call `retie` before each use: its first convolution is a slice of the wider one's.
    """
    narrow = type(wide)(wide.config.changed(input_channels=channels))
    first = narrow.encoder[0][0]
    first.norm = wide.encoder[0][0].norm
    rest = list(wide.encoder[0])[1:]
    narrow.encoder = nn.ModuleList([nn.Sequential(first, *rest), *list(wide.encoder)[1:]])
    narrow.up, narrow.decoder = wide.up, wide.decoder
    del first.conv._parameters["weight"]
    for name in ("weight", "bias"):
        del narrow.bank_norm._parameters[name]
    return narrow


def retie(wide: UNet, narrow: UNet) -> None:
    """Give a tied network the present weights of the first convolution."""
    inputs = narrow.encoder[0][0].conv.in_channels
    narrow.encoder[0][0].conv.weight = wide.encoder[0][0].conv.weight[:, :inputs]
    for name in ("weight", "bias"):
        setattr(narrow.bank_norm, name, getattr(wide.bank_norm, name)[:inputs])
