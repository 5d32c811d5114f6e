"""The network: a U-Net (Ronneberger et al. 2015, arXiv:1505.04597) in 2D and 3D."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import lcm
from typing import cast

import torch
from torch import Tensor, nn

from napari_unet.core.config import ModelConfig
from napari_unet.core.errors import ModelFileError, UNetError
from napari_unet.learn.blocks import (
    POOL,
    ConvUnit,
    centre_crop,
    conv_block,
    convolution_unit,
    crop,
    enlarge,
    he_initialisation,
    layers_for,
    mirror_pad,
    pad_to_multiple,
    up_block,
)
from napari_unet.learn.class_head import ClassHead
from napari_unet.learn.filters import FilterBank
from napari_unet.learn.levels import axis_levels, kernels_of, strides_of
from napari_unet.learn.reach import receptive_radii, useful_context
from napari_unet.learn.stem import AdaptedBank, Leading

FEATURE_SIZE = 0.3
"""Size of the finest features before any training, where the filters have size one."""


class UNet(nn.Module):
    """Encoder, decoder and skips, described by a config; any image size goes in and comes out.

    With ``padding="same"`` the image is enlarged by reflection, at the far end of each axis
    only, to a multiple of `alignment`; with ``padding="valid"`` it is enlarged by what the
    unpadded convolutions eat (the paper's overlap-tile strategy). Both are undone exactly.

    Parameters
    ----------
    config : ModelConfig
        The shape of the network.

    Raises
    ------
    UNetError
        If one score is asked for more than two classes.

    Attributes
    ----------
    bank : FilterBank or None
        Fixed filters in front of the network and its head.
    head : ClassHead
        The 1x1 convolution that turns features into scores.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if config.output == "sigmoid" and config.classes != 2:
            raise UNetError(
                f"A sigmoid output tells two classes apart, not {config.classes}. "
                "Choose softmax as the output of the network."
            )
        self.config = config
        layers = layers_for(config.dimensions)
        widths = [config.base_width * 2**level for level in range(config.depth + 1)]
        self.bank = _bank(config)
        image = config.input_channels * (self.bank.per_channel if self.bank else 1)
        seen = self.bank.trunk_inputs if isinstance(self.bank, AdaptedBank) else image
        self.axes = axis_levels(config)
        strides, kernels = strides_of(config), kernels_of(config)
        self.pools = nn.ModuleList(layers.pool(cast("int", stride)) for stride in strides)
        self.encoder = nn.ModuleList(
            conv_block(
                config, inputs, outputs, config.dropout if level >= config.depth - 1 else 0, kernel
            )
            for level, (inputs, outputs, kernel) in enumerate(
                zip([seen, *widths[:-1]], widths, kernels, strict=True)
            )
        )
        self.up = nn.ModuleList(
            up_block(config, widths[level + 1], widths[level], stride)
            for level, stride in enumerate(strides)
        )
        self.decoder = nn.ModuleList(
            conv_block(config, 2 * widths[level], widths[level], 0, kernels[level])
            for level in range(config.depth)
        )
        channels = widths[: min(config.head_levels, config.depth + 1)]
        self.last: ConvUnit | None = None
        if config.feature_count is not None:
            self.last = convolution_unit(config, widths[0], config.feature_count, kernels[0])
            channels[0] = config.feature_count
        if self.bank is not None:
            channels.append(image)
        outputs = 1 if config.output == "sigmoid" else config.classes
        self.head_channels = tuple(channels)
        self.head = ClassHead(config.dimensions, channels, outputs)
        he_initialisation(self)
        if isinstance(self.bank, AdaptedBank):
            self.encoder[0] = nn.Sequential(Leading(seen), *self.encoder[0].children())
            self._scale_features()

    @property
    def alignments(self) -> tuple[int, ...]:
        """Tiles that start at multiples of these, along each axis, agree with the whole image."""
        grids = [axis.scale(axis.depth) for axis in self.axes]
        own = self.bank.alignments if self.bank else (1,) * len(grids)
        return tuple(lcm(a, b) for a, b in zip(grids, own, strict=True))

    @property
    def alignment(self) -> int:
        """The same for all axes alike."""
        return lcm(*self.alignments)

    @cached_property
    def radii(self) -> tuple[int, ...]:
        """How far, in pixels along each axis, the score of a pixel looks at most.

        Group and instance normalisation, which look at all of the input, are not counted.
        """
        return receptive_radii(self)

    @property
    def radius(self) -> int:
        """The longest of `radii`: the halo a tile needs."""
        return max(self.radii)

    @property
    def context(self) -> tuple[int, ...]:
        """Pixels along each axis that a score is given as context; see `reach.useful_context`."""
        return useful_context(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return scores before softmax or sigmoid.

        Parameters
        ----------
        x : Tensor, shape (N, C, *spatial)
            Normalised intensities of any size, from a single pixel up.

        Returns
        -------
        Tensor, shape (N, K, *spatial)
            One score per class, or a single one with ``output="sigmoid"``.
        """
        return crop(self.head(self.feature_maps(x)), x.shape[2:])

    def feature_maps(self, x: Tensor) -> list[Tensor]:
        """Return what the head reads: decoder levels, finest first, then the filter bank.

        Pixel 0 of every map lies at pixel 0 of the image. Maps may reach beyond the image
        at the far end; sizes divide the first map's by powers of two.

        Parameters
        ----------
        x : Tensor, shape (N, C, *spatial)
            Normalised intensities of any size.
        """
        size = x.shape[2:]
        if self.config.padding == "same":
            padded = pad_to_multiple(x, self.alignments)
        else:
            before = [self._paper_padding(axis) for axis in range(len(size))]
            fitting = [self._fitting(n, axis) for axis, n in enumerate(size)]
            after = [m - n - b for n, m, b in zip(size, fitting, before, strict=True)]
            padded = mirror_pad(x, list(zip(before, after, strict=True)))
        image = padded if self.bank is None else self.bank(padded)
        maps = self._decode(self._encode(image))[: self.config.head_levels]
        if self.config.padding == "valid":
            # levels have lost different margins here, so they are brought to one size at once
            resized = [enlarge(m, self.scales(level)) for level, m in enumerate(maps)]
            maps = [crop(centre_crop(m, resized[0].shape[2:]), size) for m in resized]
            return [*maps, crop(image, size, before)] if self.bank else maps
        return [*maps, image] if self.bank else maps

    def scales(self, level: int) -> list[int]:
        """Pixels of the image per pixel of a level, along each axis."""
        return [axis.scale(level) for axis in self.axes]

    def _encode(self, x: Tensor) -> list[Tensor]:
        """Outputs of the encoder levels, finest first; the last is the bottom."""
        levels: list[Tensor] = []
        for number, block in enumerate(self.encoder):
            x = block(x if number == 0 else self.pools[number - 1](x))
            levels.append(x)
        return levels

    def _decode(self, levels: list[Tensor]) -> list[Tensor]:
        """Outputs of the decoder levels, finest first; the last is the bottom."""
        x = levels[-1]
        decoded = [x]
        for level in reversed(range(self.config.depth)):
            enlarged = self.up[level](x)
            skip = centre_crop(levels[level], enlarged.shape[2:])
            x = self.decoder[level](torch.cat([skip, enlarged], 1))
            decoded.insert(0, x)
        if self.last is not None:
            decoded[0] = self.last(decoded[0])
        return decoded

    def _scale_features(self) -> None:
        """Make the features of coarse levels, many and smooth, small beside the filters.

        The size of a feature is how much a head solved from little paint relies on it.
        """
        for level, block in enumerate([*self.decoder, self.encoder[-1]]):
            for module in block.modules():
                if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
                    last = module
            nn.init.constant_(last.weight, FEATURE_SIZE / POOL ** (1.5 * level))

    def _paper_padding(self, axis: int = 0) -> int:
        """Pixels the unpadded network eats before pixel 0 of an axis; the same for every size."""
        return self.axes[axis].eaten

    def _fitting(self, size: int, axis: int = 0) -> int:
        """The smallest input side the unpadded network turns into at least `size` pixels."""
        return self.axes[axis].fitting(size)


def _bank(config: ModelConfig) -> FilterBank | None:
    """The filters a config asks for; adapted to the image where batch statistics are in use."""
    if not config.filter_bank:
        return None
    spacing = config.plan.spacing if config.plan else None
    if config.normalisation == "batch":
        return AdaptedBank(config.dimensions, config.input_channels, spacing)
    return FilterBank(config.dimensions, spacing=spacing)


def count_parameters(net: nn.Module) -> int:
    """Return how many numbers a network learns."""
    return sum(weights.numel() for weights in net.parameters())


def probabilities(logits: Tensor, config: ModelConfig) -> Tensor:
    """Turn scores into class probabilities in float32.

    Parameters
    ----------
    logits : Tensor, shape (N, K, *spatial) or (N, 1, *spatial)
        Scores of a network of this config.
    config : ModelConfig
        Says whether the scores are for a softmax or a sigmoid.

    Returns
    -------
    Tensor, shape (N, classes, *spatial)
        Sums to one over the classes.
    """
    scores = logits.float()
    if config.output == "softmax":
        return scores.softmax(1)
    object_ = scores.sigmoid()
    return torch.cat([1 - object_, object_], 1)


def load_weights(
    net: nn.Module,
    weights: Mapping[str, Tensor],
    name: str = "the model",
    *,
    assign: bool = False,
) -> None:
    """Put weights into a network of exactly that shape.

    Parameters
    ----------
    net : Module
        Network to fill.
    weights : mapping of str to Tensor
        As `net.state_dict()` names them.
    name : str, optional
        What to call the weights in a message, for example the file.
    assign : bool, optional
        Take the given tensors themselves instead of copying their values.

    Raises
    ------
    ModelFileError
        If a weight is missing, unknown or of another shape.
    """
    own = net.state_dict()
    missing, unknown = sorted(own.keys() - weights.keys()), sorted(weights.keys() - own.keys())
    other = [k for k, v in weights.items() if k in own and v.shape != own[k].shape]
    wrong: Sequence[str] = [*missing, *unknown, *other]
    if wrong:
        raise ModelFileError(
            f"The weights in {name} belong to another network ({len(wrong)} of them do not fit, "
            f"the first is {wrong[0]!r}). Choose the preset or settings they were made with."
        )
    net.load_state_dict(dict(weights), assign=assign)
