"""Class probabilities smoothed along the edges of the image: what looks alike answers alike.

A few steps of mean field in a conditional random field whose neighbours are weighed by distance
and by likeness (Krähenbühl & Koltun 2011, arXiv:1210.5644; the weights are those of the bilateral
filter, Tomasi & Manduchi 1998, doi:10.1109/ICCV.1998.710815). Neighbours are few and lie in a star,
so that it costs little beside the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from napari_unet.learn.blocks import crop, mirror_pad

_RINGS = {2: (1, 4), 3: (1,)}
"""Distances of the neighbours in each direction, in pixels along an axis."""

_NEAR = 8.0
"""Distance at which a neighbour's weight has fallen to 0.6, in pixels."""

_ALIKE = 0.1
"""Difference in normalised intensity at which it has fallen to 0.6."""

_STEPS = 4

_CERTAIN = 1e-4

STRENGTHS = (0.0, 3.0, 6.0, 12.0)
"""How much all neighbours together count against the pixel's own logit; 0 leaves it alone."""


def smoothing_reach(dimensions: int) -> int:
    """How far, in pixels along each axis, an answer looks at other answers."""
    return _STEPS * max(_RINGS[dimensions])


@torch.no_grad()
def smooth_along_edges(chances: Tensor, image: Tensor, strength: float) -> Tensor:
    """Return class probabilities in which similar neighbours agree more.

    Parameters
    ----------
    chances : Tensor of float32, shape (N, K, *spatial)
        Class probabilities.
    image : Tensor, shape (N, C, *spatial)
        Normalised intensities; the mean of the channels tells what is alike.
    strength : float
        How much neighbours count; see `STRENGTHS`.

    Returns
    -------
    Tensor of float32, shape (N, K, *spatial)
        Sums to one over the classes.
    """
    if strength == 0:
        return chances
    return smoothed_by_each(chances, image, [strength])[0]


@torch.no_grad()
def smoothed_by_each(chances: Tensor, image: Tensor, strengths: Sequence[float]) -> list[Tensor]:
    """The same with several strengths, for hardly more than the price of one each.

    Parameters
    ----------
    chances, image
        As `smooth_along_edges` takes them.
    strengths : sequence of float
    """
    likeness = _likeness(image.float().mean(1, keepdim=True))
    total = torch.stack([weight for _, weight in likeness]).sum(0).clamp_min_(_CERTAIN)
    solve = _of_two if chances.shape[1] == 2 else _of_many
    return [
        solve(chances, likeness, strength / total) if strength else chances
        for strength in strengths
    ]


def _of_two(
    chances: Tensor, likeness: list[tuple[tuple[int, ...], Tensor]], share: Tensor
) -> Tensor:
    """Answers for two classes, by the chance of the second alone: less than half of the work."""
    second = chances[:, 1:]
    certain = second.clamp(_CERTAIN, 1 - _CERTAIN)
    own = (certain / (1 - certain)).log() - sum(weight for _, weight in likeness) * share
    for _ in range(_STEPS):
        second = own.addcmul(_gathered(second, likeness), share, value=2).sigmoid_()
    return torch.cat([1 - second, second], 1)


def _of_many(
    chances: Tensor, likeness: list[tuple[tuple[int, ...], Tensor]], share: Tensor
) -> Tensor:
    """Answers for any number of classes."""
    own, answer = chances.clamp(_CERTAIN, 1 - _CERTAIN).log(), chances
    for _ in range(_STEPS):
        answer = own.addcmul(_gathered(answer, likeness), share).softmax(1)
    return answer


def _likeness(grey: Tensor) -> list[tuple[tuple[int, ...], Tensor]]:
    """Each neighbour's place, and its weight for every pixel, shape (N, 1, *spatial)."""
    dimensions = grey.ndim - 2
    reach = max(_RINGS[dimensions])
    around = mirror_pad(grey, [(reach, reach)] * dimensions)
    found = []
    for ring, direction in product(_RINGS[dimensions], product((-1, 0, 1), repeat=dimensions)):
        if any(direction):
            step = tuple(ring * d for d in direction)
            unlike = _there(around, grey, step, reach).sub(grey).div_(_ALIKE).square_()
            far = sum(s * s for s in step) / _NEAR**2
            found.append((step, unlike.add_(far).mul_(-0.5).exp_()))
    return found


def _gathered(chances: Tensor, likeness: list[tuple[tuple[int, ...], Tensor]]) -> Tensor:
    """The weighted sum of the neighbours' probabilities."""
    dimensions = chances.ndim - 2
    reach = max(_RINGS[dimensions])
    around = mirror_pad(chances, [(reach, reach)] * dimensions)
    sums = torch.zeros_like(chances)
    for step, weight in likeness:
        sums.addcmul_(_there(around, sums, step, reach), weight)
    return sums


def _there(around: Tensor, like: Tensor, step: Sequence[int], reach: int) -> Tensor:
    """A padded map, shifted by a step and cropped to the size of another one."""
    return crop(around, like.shape[2:], [reach + s for s in step])
