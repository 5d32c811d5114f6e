"""How a 3D network goes about voxels that are longer than wide: its pooling and its kernels.

The rules are those nnU-Net derives from the spacing (Isensee et al. 2021,
doi:10.1038/s41592-020-01008-z): an axis is halved only while its voxels are not much longer than
those of the finest axis, and convolved only from the level on where that is so.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

STRIDE = 2
"""Factor between two levels, along the axes that are halved."""

KERNEL = 3
"""Side of a convolution, along the axes that are convolved."""

_MUCH_LONGER = 2.0
"""A voxel so many times as long as wide is left as it is until the others have caught up."""

_LEAST_SIDE = 8
"""An axis of fewer pixels is not halved any more, unless all are as short."""

Triple = tuple[int, int, int]


class VolumePlan(BaseModel):
    """What each level of a 3D network does along each axis, and the voxel it was planned for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spacing: tuple[float, float, float]
    """Size of a voxel along Z, Y and X; the shortest is 1."""
    strides: tuple[Triple, ...]
    """From each level to the next deeper one: 2 where the axis is halved, else 1."""
    kernels: tuple[Triple, ...]
    """Of the convolutions of each level, the finest first: 3, or 1."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if len(self.kernels) != len(self.strides) + 1:
            raise ValueError("a plan has one kernel more than strides")
        sides = {side for level in (*self.strides, *self.kernels) for side in level}
        if not sides <= {1, STRIDE, KERNEL} or min(self.spacing) <= 0:
            raise ValueError("a plan has strides of 1 or 2 and kernels of 1 or 3")
        return self

    @property
    def words(self) -> str:
        """How often each axis is halved, for people: ``"Z halved 2 times, Y and X 3 times"``."""
        times = [sum(stride[axis] == STRIDE for stride in self.strides) for axis in range(3)]
        if times[0] == times[1] == times[2]:
            return f"all axes halved {times[0]} times"
        return f"Z halved {times[0]} times, Y {times[1]}, X {times[2]}"


def relative_spacing(spacing: Sequence[float]) -> tuple[float, float, float]:
    """Voxel size in units of its shortest side; ones where it makes no sense."""
    sizes = [abs(float(s)) for s in spacing]
    if len(sizes) != 3 or not all(0 < s < float("inf") for s in sizes):
        return 1.0, 1.0, 1.0
    z, y, x = (round(s / min(sizes), 4) for s in sizes)
    return z, y, x


def plan_volume(spacing: Sequence[float], shape: Sequence[int], depth: int) -> VolumePlan:
    """Plan the levels of a network for volumes of this spacing and size.

    Parameters
    ----------
    spacing : sequence of float
        Voxel size along Z, Y and X, in any unit.
    shape : sequence of int
        Size of the volumes, in voxels.
    depth : int
        How often the finest axes are halved.
    """
    relative = relative_spacing(spacing)
    voxel, size = list(relative), [float(n) for n in shape]
    convolved = [False] * 3
    strides: list[Triple] = []
    kernels: list[Triple] = []
    for level in range(depth + 1):
        longest = _MUCH_LONGER * min(voxel)
        convolved = [c or v < longest for c, v in zip(convolved, voxel, strict=True)]
        kernels.append(_triple([KERNEL if c else 1 for c in convolved]))
        if level < depth:
            stride = _stride(voxel, size)
            strides.append(stride)
            voxel = [v * s for v, s in zip(voxel, stride, strict=True)]
            size = [n / s for n, s in zip(size, stride, strict=True)]
    return VolumePlan(spacing=relative, strides=tuple(strides), kernels=tuple(kernels))


def _stride(voxel: Sequence[float], size: Sequence[float]) -> Triple:
    """Which axes to halve: the fine ones that are long enough."""
    able = [n >= _LEAST_SIDE for n in size]
    if not any(able):
        able = [True] * 3
    finest = min(v for v, a in zip(voxel, able, strict=True) if a)
    halved = [a and v < _MUCH_LONGER * finest for v, a in zip(voxel, able, strict=True)]
    return _triple([STRIDE if h else 1 for h in halved])


def _triple(values: Sequence[int]) -> Triple:
    z, y, x = values
    return z, y, x


def patch_shape(
    plan: VolumePlan, shape: Sequence[int], voxels: int, most: int
) -> tuple[int, int, int]:
    """Size of patches to learn from: as long as wide in the world, within image and memory.

    What an axis cannot use, because the image ends, goes to the others.

    Parameters
    ----------
    plan : VolumePlan
    shape : sequence of int
        Size of the largest volume, in voxels.
    voxels : int
        How many there may be in a patch.
    most : int
        Longest side of a patch.

    Returns
    -------
    tuple of int
        Multiples of what the network halves, at least two of them.
    """
    steps = [prod(stride[axis] for stride in plan.strides) for axis in range(3)]
    least = [max(2 * step, 4) for step in steps]
    room = [
        max(low, -(-min(n, most) // s) * s) for n, low, s in zip(shape, least, steps, strict=True)
    ]
    sides = list(room)
    open_axes = [0, 1, 2]
    while open_axes:
        taken = prod(sides[a] for a in range(3) if a not in open_axes)
        cells = prod(plan.spacing[a] for a in open_axes)
        length = (max(voxels, 1) / taken * cells) ** (1 / len(open_axes))
        wanted = {a: int(length / plan.spacing[a]) // steps[a] * steps[a] for a in open_axes}
        fixed = [a for a in open_axes if wanted[a] >= room[a] or wanted[a] <= least[a]]
        for a in fixed or open_axes:
            sides[a] = min(room[a], max(least[a], wanted[a]))
        open_axes = [a for a in open_axes if fixed and a not in fixed]
    return _triple(sides)
