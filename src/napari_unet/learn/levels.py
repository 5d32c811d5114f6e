"""What the levels of a network are along each axis: alike in 2D, as planned in 3D."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from napari_unet.core.config import ModelConfig
from napari_unet.learn.blocks import CONVOLUTION, CONVOLUTIONS_PER_BLOCK, POOL


@dataclass(frozen=True)
class AxisLevels:
    """The levels of a network along one axis.

    Parameters
    ----------
    strides : tuple of int
        From each level to the next deeper one.
    margins : tuple of int
        Pixels the block of convolutions of each level looks beyond each side, or eats there if
        unpadded.
    last : int
        The same for the convolution in front of the head; 0 if there is none.
    further : int
        How far the up-sampling convolution looks ahead where it enlarges.
    """

    strides: tuple[int, ...]
    margins: tuple[int, ...]
    last: int
    further: int

    @property
    def depth(self) -> int:
        """The number of the deepest level."""
        return len(self.strides)

    def scale(self, level: int) -> int:
        """Pixels of the image per pixel of a level."""
        return prod(self.strides[:level])

    @property
    def eaten(self) -> int:
        """Pixels that unpadded convolutions eat before pixel 0."""
        both_ways = zip(self.margins, range(self.depth), strict=False)
        eaten = sum(2 * margin * self.scale(level) for margin, level in both_ways)
        return self.last + eaten + self.margins[-1] * self.scale(self.depth)

    def fitting(self, size: int) -> int:
        """The smallest side that unpadded convolutions turn into at least `size` pixels."""
        # a 2x2 convolution has no neighbour at the far end, which spoils less than one stride
        spoilt = self.scale(self.depth) if self.further else 0
        side = size + spoilt + 2 * self.last
        for stride, margin in zip(self.strides, self.margins, strict=False):
            side = -(-(side + 2 * margin) // stride)
        side += 2 * self.margins[-1]
        for level in reversed(range(self.depth)):
            side = self.strides[level] * side + 2 * self.margins[level]
        return side

    def ahead(self, level: int) -> int:
        """How far the way up from the next deeper level to this one looks ahead."""
        return self.further if self.strides[level] > 1 else 0


def strides_of(config: ModelConfig) -> list[tuple[int, ...]]:
    """The factor from each level to the next deeper one, along each axis."""
    if config.plan is not None:
        return list(config.plan.strides)
    return [(POOL,) * config.dimensions] * config.depth


def kernels_of(config: ModelConfig) -> list[tuple[int, ...]]:
    """Sides of the convolutions of each level, the finest first."""
    if config.plan is not None:
        return list(config.plan.kernels)
    return [(CONVOLUTION,) * config.dimensions] * (config.depth + 1)


def axis_levels(config: ModelConfig) -> tuple[AxisLevels, ...]:
    """What the levels of a network are along each of its axes."""
    strides, kernels = strides_of(config), kernels_of(config)
    further = POOL - 1 if config.upsampling == "resize" else 0
    return tuple(
        AxisLevels(
            strides=tuple(stride[axis] for stride in strides),
            margins=tuple(CONVOLUTIONS_PER_BLOCK * (kernel[axis] // 2) for kernel in kernels),
            last=kernels[0][axis] // 2 if config.feature_count is not None else 0,
            further=further,
        )
        for axis in range(config.dimensions)
    )
