"""Whether a stack is learned as a volume or slice by slice, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_FEWEST_SLICES = 8
"""Fewer slices have next to nothing above and below them to learn from."""

_MUCH_LONGER = 4.0
"""Where slices lie this many pixels apart, one says little about the next."""

_LONGER_IF_PAINTED = 2.0
"""The same, where so much is painted that slices can be learned one by one."""

_MANY_PAINTED = 0.5

_BYTES_FOR_VOLUMES = 2_500_000_000
"""Memory to learn and predict volumes in: two patches, and the smallest useful tile."""


@dataclass(frozen=True)
class VolumeChoice:
    """How to learn an image.

    Parameters
    ----------
    dimensions : {2, 3}
    why : str
        The reason, in a few words; empty if there is nothing to choose.
    """

    dimensions: Literal[2, 3]
    why: str = ""


def choose_dimensions(
    shape: Sequence[int],
    spacing: Sequence[float],
    *,
    painted_slices: int = 0,
    free: int | None = None,
) -> VolumeChoice:
    """Choose between a 3D network and a 2D network that sees one slice after the other.

    A volume is chosen wherever it can be: from strokes on three slices of real stacks, the
    instant answer on the others is better in 3D (``python -m benchmarks volume``).

    Parameters
    ----------
    shape : sequence of int
        Size along Z, Y and X.
    spacing : sequence of float
        Size of a voxel along the same axes, in any unit.
    painted_slices : int, optional
        How many slices have paint.
    free : int, optional
        Bytes of memory that are free.
    """
    slices = shape[0]
    if slices < 2:
        return VolumeChoice(2)
    if slices < _FEWEST_SLICES:
        return VolumeChoice(2, f"only {slices} slices")
    ratio = abs(spacing[0]) / max(min(abs(spacing[1]), abs(spacing[2])), 1e-12)
    if ratio > _MUCH_LONGER:
        return VolumeChoice(2, f"slices lie {ratio:.0f} pixels apart")
    if painted_slices >= _MANY_PAINTED * slices and ratio > _LONGER_IF_PAINTED:
        return VolumeChoice(2, "most slices are painted")
    if free is not None and free < _BYTES_FOR_VOLUMES:
        return VolumeChoice(2, "too little free memory for 3D")
    if painted_slices:
        return VolumeChoice(3, f"{painted_slices} of {slices} painted")
    return VolumeChoice(3, f"{slices} slices")
