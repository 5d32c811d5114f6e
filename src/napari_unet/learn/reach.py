"""How far a network looks: exactly, from its levels and its filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_unet.core.config import ModelConfig
from napari_unet.learn.blocks import CONVOLUTION, CONVOLUTIONS_PER_BLOCK, POOL
from napari_unet.learn.filters import enlarged_reach

if TYPE_CHECKING:
    from napari_unet.learn.unet import UNet

BLOCK_REACH = CONVOLUTIONS_PER_BLOCK * (CONVOLUTION // 2)
"""Pixels one block of convolutions looks beyond each side, or eats there if unpadded."""


def last_reach(config: ModelConfig) -> int:
    """Pixels the last convolution looks beyond each side; 0 if there is none."""
    return CONVOLUTION // 2 if config.feature_count is not None else 0


def receptive_radius(net: UNet) -> int:
    """How far, in pixels, the score of a pixel looks at most."""
    furthest = 0
    for pixel in range(net.alignment):
        low, high = _reach(net, pixel)
        furthest = max(furthest, pixel - low, high - pixel)
    return furthest


def _reach(net: UNet, pixel: int) -> tuple[int, int]:
    """First and last image pixel that the scores of one pixel depend on."""
    last = last_reach(net.config)
    spans = [_level_reach(net, 0, pixel - last, pixel + last)]
    spans += [
        _level_reach(net, level, *enlarged_reach(pixel, pixel, POOL**level))
        for level in range(1, min(net.config.head_levels, net.config.depth + 1))
    ]
    if net.bank is not None:
        # unpadded convolutions shift the pooling grid against the grid of the bank
        shift = BLOCK_REACH if net.config.padding == "valid" else 0
        reached = [net.bank.reach(low - shift, high - shift) for low, high in spans]
        reached.append(net.bank.reach(pixel - shift, pixel - shift))
        spans = [(low + shift, high + shift) for low, high in reached]
    return min(low for low, _ in spans), max(high for _, high in spans)


def _level_reach(net: UNet, level: int, low: int, high: int) -> tuple[int, int]:
    """Image pixels behind pixels `low` to `high` of a decoder level."""
    if level == net.config.depth:
        return _encoder_reach(level, low, high)
    low, high = low - BLOCK_REACH, high + BLOCK_REACH
    skip = _encoder_reach(level, low, high)
    further = POOL - 1 if net.config.upsampling == "resize" else 0
    up = _level_reach(net, level + 1, low // POOL, (high + further) // POOL)
    return min(skip[0], up[0]), max(skip[1], up[1])


def _encoder_reach(level: int, low: int, high: int) -> tuple[int, int]:
    """Image pixels behind pixels `low` to `high` of an encoder level."""
    low, high = low - BLOCK_REACH, high + BLOCK_REACH
    for _ in range(level):
        low, high = POOL * low - BLOCK_REACH, POOL * high + POOL - 1 + BLOCK_REACH
    return low, high
