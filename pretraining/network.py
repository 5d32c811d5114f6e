"""One set of weights for images of any number of channels."""

from __future__ import annotations

from torch import nn

from napari_unet.learn.unet import UNet


def tied(wide: UNet, channels: int) -> UNet:
    """A network for fewer channels that shares every weight with a wider one.

    Call `retie` before each use: its first convolution is a slice of the wider one's.
    """
    narrow = type(wide)(wide.config.changed(input_channels=channels))
    leading, first = narrow.encoder[0][0], narrow.encoder[0][1]
    first.norm = wide.encoder[0][1].norm
    rest = list(wide.encoder[0])[2:]
    narrow.encoder = nn.ModuleList([nn.Sequential(leading, first, *rest), *list(wide.encoder)[1:]])
    narrow.up, narrow.decoder = wide.up, wide.decoder
    del first.conv._parameters["weight"]
    return narrow


def retie(wide: UNet, narrow: UNet) -> None:
    """Give a tied network the present weights of the first convolution."""
    inputs = narrow.encoder[0][1].conv.in_channels
    narrow.encoder[0][1].conv.weight = wide.encoder[0][1].conv.weight[:, :inputs]
