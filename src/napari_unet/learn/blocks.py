"""The parts networks are made of: padding, cropping, and convolution blocks in 2D and 3D."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_unet.core.config import ModelConfig
from napari_unet.core.tiles import per_axis

CONVOLUTION = 3
"""Side of every convolution but the up-sampling one."""

POOL = 2
"""Factor between one level and the next; also the side of the up-sampling convolution."""

CONVOLUTIONS_PER_BLOCK = 2

Mode = Literal["bilinear", "trilinear"]


def _doubling_kernel(weight: Tensor) -> Tensor:
    """The transposed convolution that resizes by nearest neighbour and convolves with `weight`.

    A coarse pixel ``i`` becomes the fine pixels ``2 i`` and ``2 i + 1``, which the kernel
    ``(a, b)`` spreads over ``2 i - 1, 2 i, 2 i + 1`` as ``(b, a + b, a)``, along each axis that
    is resized: that has a kernel of two.
    """
    for axis in range(2, weight.ndim):
        if weight.shape[axis] == 1:
            continue
        first, second = weight.narrow(axis, 0, 1), weight.narrow(axis, 1, 1)
        weight = torch.cat([second, first + second, first], axis)
    return weight.transpose(0, 1)


class ResizedConvolution2d(nn.Conv2d):
    """Nearest-neighbour resizing by two and a 2x2 convolution, zero beyond the far end.

    Computed as one transposed convolution of the coarse image with the same result, which
    needs half the work and no enlarged copy.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name torch gives it
        """Map ``(N, inputs, Y, X)`` to ``(N, outputs, 2 Y, 2 X)``."""
        kernel = _doubling_kernel(self.weight)
        return functional.conv_transpose2d(
            input, kernel, self.bias, POOL, padding=1, output_padding=1
        )


class ResizedConvolution3d(nn.Conv3d):
    """The same in 3D: resizing by two and convolving, along the axes with a kernel of two."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name torch gives it
        """Map ``(N, inputs, Z, Y, X)`` to ``(N, outputs, 2 Z, 2 Y, 2 X)``, or less of it."""
        kernel = _doubling_kernel(self.weight)
        stride = self.weight.shape[2:]
        spread = [side - 1 for side in stride]
        return functional.conv_transpose3d(
            input, kernel, self.bias, stride, padding=spread, output_padding=spread
        )


@dataclass(frozen=True)
class Layers:
    """The layer types of one dimensionality, so that 2D and 3D are written once."""

    convolution: type[nn.Conv2d] | type[nn.Conv3d]
    resized: type[ResizedConvolution2d] | type[ResizedConvolution3d]
    transposed: type[nn.ConvTranspose2d] | type[nn.ConvTranspose3d]
    pool: type[nn.MaxPool2d] | type[nn.MaxPool3d]
    batch_norm: type[nn.BatchNorm2d] | type[nn.BatchNorm3d]
    instance_norm: type[nn.InstanceNorm2d] | type[nn.InstanceNorm3d]
    dropout: type[nn.Dropout]
    linear_mode: Mode


def layers_for(dimensions: int) -> Layers:
    """Return the layer types for 2D or 3D images."""
    if dimensions == 2:
        return Layers(
            nn.Conv2d, ResizedConvolution2d, nn.ConvTranspose2d, nn.MaxPool2d,
            nn.BatchNorm2d, nn.InstanceNorm2d, nn.Dropout, "bilinear",
        )  # fmt: skip
    return Layers(
        nn.Conv3d, ResizedConvolution3d, nn.ConvTranspose3d, nn.MaxPool3d,
        nn.BatchNorm3d, nn.InstanceNorm3d, nn.Dropout, "trilinear",
    )  # fmt: skip


def _mirror_index(size: int, before: int, after: int, device: torch.device) -> Tensor:
    """Indices that continue ``0 .. size - 1`` by reflection, again and again if need be."""
    index = torch.arange(-before, size + after, device=device)
    if size == 1:
        return torch.zeros_like(index)
    half = size - 1
    return half - ((index % (2 * half)) - half).abs()


def mirror_pad(x: Tensor, pads: Sequence[tuple[int, int]]) -> Tensor:
    """Continue an image beyond its border by reflection about its outermost pixels.

    Parameters
    ----------
    x : Tensor, shape (N, C, *spatial)
        May be smaller than the padding: the reflection is then reflected again, and a
        single pixel is repeated.
    pads : sequence of (int, int)
        Pixels before and after, for each spatial axis.

    Returns
    -------
    Tensor
        Enlarged image; `x` itself when there is nothing to pad.
    """
    if not any(before or after for before, after in pads):
        return x
    sizes = x.shape[2:]
    if all(max(pad) < size for pad, size in zip(pads, sizes, strict=True)):
        return functional.pad(x, [n for pad in reversed(pads) for n in pad], mode="reflect")
    for axis, ((before, after), size) in enumerate(zip(pads, sizes, strict=True), start=2):
        if before or after:
            x = x.index_select(axis, _mirror_index(size, before, after, x.device))
    return x


def extend(x: Tensor, pads: Sequence[tuple[int, int]]) -> Tensor:
    """Continue an image beyond its border: mirrored in 2D, by its outermost voxels in 3D.

    Much of a volume lies near a border, and there a mirror image shows edges and ridges that are
    not there: with few strokes, average precision on two real stacks is 0.1 higher without.

    Parameters
    ----------
    x : Tensor, shape (N, C, *spatial)
    pads : sequence of (int, int)
        Pixels before and after, for each spatial axis.
    """
    if x.ndim == 4 or not any(before or after for before, after in pads):
        return mirror_pad(x, pads)
    return functional.pad(x, [n for pad in reversed(pads) for n in pad], mode="replicate")


def pad_to_multiple(x: Tensor, multiple: int | Sequence[int]) -> Tensor:
    """Enlarge an image as `extend` does, at the far end of each axis, to a multiple.

    Pixel 0 stays pixel 0, so that tiles and whole images share one pooling grid.
    """
    steps = per_axis(multiple, x.ndim - 2)
    return extend(x, [(0, -n % step) for n, step in zip(x.shape[2:], steps, strict=True)])


def crop(x: Tensor, size: Sequence[int], start: Sequence[int] | None = None) -> Tensor:
    """Return the box of the given size, from pixel 0 unless `start` is given (a view)."""
    for axis, length in enumerate(size):
        x = x.narrow(axis + 2, start[axis] if start else 0, length)
    return x


def centre_crop(x: Tensor, size: Sequence[int]) -> Tensor:
    """Return the middle of an image (a view)."""
    return crop(x, size, [(n - m) // 2 for n, m in zip(x.shape[2:], size, strict=True)])


def enlarge(x: Tensor, factor: int | Sequence[int]) -> Tensor:
    """Up-sample linearly by whole factors, pixel areas kept (``align_corners=False``).

    Every output pixel depends only on its place relative to the grid of `x`, so that the
    result is the same for a tile as for the whole image.

    Parameters
    ----------
    x : Tensor, shape (N, C, *spatial)
    factor : int or sequence of int
        For all axes, or for each.
    """
    factors = [float(f) for f in per_axis(factor, x.ndim - 2)]
    if all(f == 1 for f in factors):
        return x
    mode = layers_for(x.ndim - 2).linear_mode
    return functional.interpolate(x, scale_factor=factors, mode=mode, align_corners=False)


def _groups(channels: int) -> int:
    """The largest number of groups, at most 8, that divides the channels."""
    return next(n for n in (8, 7, 6, 5, 4, 3, 2, 1) if channels % n == 0)


def _normalisation(config: ModelConfig, channels: int) -> nn.Module:
    layers = layers_for(config.dimensions)
    if config.normalisation == "batch":
        return layers.batch_norm(channels)
    if config.normalisation == "group":
        return nn.GroupNorm(_groups(channels), channels)
    if config.normalisation == "instance":
        return layers.instance_norm(channels, affine=True)
    return nn.Identity()


class ConvUnit(nn.Module):
    """A convolution, normalisation, ReLU.

    Parameters
    ----------
    config : ModelConfig
        Dimensions and normalisation.
    conv : Conv2d or Conv3d
        The convolution, without bias if there is normalisation.
    outputs : int
        Feature maps it returns.
    """

    def __init__(self, config: ModelConfig, conv: nn.Conv2d | nn.Conv3d, outputs: int) -> None:
        super().__init__()
        self.conv: nn.Conv2d | nn.Conv3d = conv
        self.norm = _normalisation(config, outputs)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, inputs, *spatial)`` to ``(N, outputs, *spatial)``."""
        result: Tensor = self.activation(self.norm(self.conv(x)))
        return result


def convolution_unit(
    config: ModelConfig, inputs: int, outputs: int, kernel: Sequence[int]
) -> ConvUnit:
    """Return a convolution of that size, padded or not, with normalisation and ReLU."""
    padding = [side // 2 if config.padding == "same" else 0 for side in kernel]
    bias = config.normalisation == "none"
    layer: Any = layers_for(config.dimensions).convolution
    conv = layer(inputs, outputs, tuple(kernel), padding=tuple(padding), bias=bias)
    return ConvUnit(config, conv, outputs)


def conv_block(
    config: ModelConfig, inputs: int, outputs: int, dropout: float, kernel: Sequence[int]
) -> nn.Sequential:
    """Return one level's convolutions, with dropout behind them if there is any."""
    units: list[nn.Module] = [
        convolution_unit(config, inputs if i == 0 else outputs, outputs, kernel)
        for i in range(CONVOLUTIONS_PER_BLOCK)
    ]
    if dropout:
        units.append(layers_for(config.dimensions).dropout(dropout))
    return nn.Sequential(*units)


def up_block(config: ModelConfig, inputs: int, outputs: int, stride: Sequence[int]) -> nn.Module:
    """Return what enlarges by `stride` on the way up, exactly, whatever the padding.

    A transposed convolution, or nearest-neighbour resizing and a 2x2 convolution with
    ReLU, as in the two historical networks.
    """
    layers: Any = layers_for(config.dimensions)
    side = tuple(stride)
    if config.upsampling == "transpose":
        transposed: nn.Module = layers.transposed(inputs, outputs, side, stride=side)
        return transposed
    bias = config.normalisation == "none"
    return ConvUnit(config, layers.resized(inputs, outputs, side, bias=bias), outputs)


def he_initialisation(net: nn.Module) -> None:
    """Draw convolution weights after He et al. 2015 (arXiv:1502.01852); biases are zero."""
    kinds = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)
    for module in net.modules():
        if not isinstance(module, kinds):
            continue
        # a transposed convolution stores (inputs, outputs): swapped, so fan-in is of its inputs
        weight = module.weight.transpose(0, 1) if module.transposed else module.weight
        nn.init.kaiming_normal_(weight, mode="fan_in", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
