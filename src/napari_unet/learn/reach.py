"""How far a network looks: exactly, from its levels and its filters."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from napari_unet.learn.edge_smoothing import smoothing_reach
from napari_unet.learn.filters import enlarged_reach
from napari_unet.learn.levels import AxisLevels

if TYPE_CHECKING:
    from napari_unet.learn.unet import UNet

_CONTEXT_3D = 36
"""Context of a score in a volume, in pixels of the finest axis."""

_LEAST_CONTEXT = 8


def receptive_radii(net: UNet) -> tuple[int, ...]:
    """How far, in pixels along each axis, the score of a pixel looks at most."""
    return tuple(_radius(net, axis) for axis in range(net.config.dimensions))


def useful_context(net: UNet) -> tuple[int, ...]:
    """Pixels along each axis that a score is given as context: all it looks at in 2D.

    In 3D most of a tile would be context then. What lies further away than this changes a
    probability by about 1e-3 at most, measured on two real stacks.
    """
    if net.config.dimensions == 2:
        return net.radii
    spacing = net.config.plan.spacing if net.config.plan else (1.0,) * 3
    return tuple(
        min(radius, max(ceil(_CONTEXT_3D / length), _LEAST_CONTEXT))
        for radius, length in zip(net.radii, spacing, strict=True)
    )


def _radius(net: UNet, axis: int) -> int:
    furthest = 0
    for pixel in range(net.alignments[axis]):
        low, high = _reach(net, axis, pixel)
        furthest = max(furthest, pixel - low, high - pixel)
    return furthest


def _reach(net: UNet, axis: int, pixel: int) -> tuple[int, int]:
    """First and last image pixel that the scores of one pixel depend on, along one axis."""
    levels = net.axes[axis]
    spans = [_level_reach(levels, 0, pixel - levels.last, pixel + levels.last)]
    spans += [
        _level_reach(levels, level, *enlarged_reach(pixel, pixel, levels.scale(level)))
        for level in range(1, min(net.config.head_levels, levels.depth + 1))
    ]
    if net.bank is not None:
        # unpadded convolutions shift the pooling grid against the grid of the bank
        shift = levels.margins[0] if net.config.padding == "valid" else 0
        reached = [net.bank.reach(low - shift, high - shift, axis) for low, high in spans]
        reached.append(net.bank.reach(pixel - shift, pixel - shift, axis))
        spans = [(low + shift, high + shift) for low, high in reached]
    return min(low for low, _ in spans), max(high for _, high in spans)


def _level_reach(levels: AxisLevels, level: int, low: int, high: int) -> tuple[int, int]:
    """Image pixels behind pixels `low` to `high` of a decoder level."""
    if level == levels.depth:
        return _encoder_reach(levels, level, low, high)
    low, high = low - levels.margins[level], high + levels.margins[level]
    skip = _encoder_reach(levels, level, low, high)
    stride = levels.strides[level]
    up = _level_reach(levels, level + 1, low // stride, (high + levels.ahead(level)) // stride)
    return min(skip[0], up[0]), max(skip[1], up[1])


def _encoder_reach(levels: AxisLevels, level: int, low: int, high: int) -> tuple[int, int]:
    """Image pixels behind pixels `low` to `high` of an encoder level."""
    low, high = low - levels.margins[level], high + levels.margins[level]
    for above in reversed(range(level)):
        stride, margin = levels.strides[above], levels.margins[above]
        low, high = stride * low - margin, stride * high + stride - 1 + margin
    return low, high


def answer_context(net: UNet) -> tuple[int, ...]:
    """The context of an answer: that of a score, and that of the smoothing of answers."""
    more = smoothing_reach(net.config.dimensions) if net.head.smoothing else 0
    return tuple(reach + more for reach in net.context)
