"""Class probabilities smoothed along the edges of the image: what looks alike answers alike.

One step of mean field in a conditional random field whose neighbours are weighed by distance and
by likeness (Krähenbühl & Koltun 2011, arXiv:1210.5644; the weights are those of the bilateral
filter, Tomasi & Manduchi 1998, doi:10.1109/ICCV.1998.710815).
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from napari_unet.learn.blocks import crop, mirror_pad

_REACH = {2: 4, 3: 1}
"""How far neighbours lie at most, in pixels along an axis."""

_NEAR = 2.0
"""Distance at which a neighbour's weight has fallen to 0.6, in pixels."""

_ALIKE = 0.15
"""Difference in normalised intensity at which it has fallen to 0.6."""

_STRENGTH = 3.0
"""Weight of all neighbours together against the pixel's own answer, in units of its logit."""

_CERTAIN = 1e-4


@torch.no_grad()
def smooth_along_edges(chances: Tensor, image: Tensor) -> Tensor:
    """Return class probabilities in which similar neighbours agree more.

    Parameters
    ----------
    chances : Tensor of float32, shape (K, *spatial)
        Class probabilities.
    image : Tensor of float32, shape (C, *spatial)
        Normalised intensities; the mean of the channels tells what is alike.

    Returns
    -------
    Tensor of float32, shape (K, *spatial)
        Sums to one over the classes.
    """
    size = chances.shape[1:]
    reach = _REACH[len(size)]
    grey = image.mean(0)
    pads = [(reach, reach)] * len(size)
    around = mirror_pad(torch.cat([chances, grey[None]])[None], pads)[0]
    total, weight = torch.zeros_like(chances), torch.zeros_like(grey)
    for step in product(range(-reach, reach + 1), repeat=len(size)):
        if not any(step):
            continue
        there = crop(around[None], size, [reach + s for s in step])[0]
        unlike = (there[-1] - grey).div_(_ALIKE).square_()
        far = sum(s * s for s in step) / _NEAR**2
        alike = unlike.add_(far).mul_(-0.5).exp_()
        total.addcmul_(there[:-1], alike)
        weight.add_(alike)
    neighbours = 2 * total / weight.clamp_min_(_CERTAIN) - 1
    own = chances.clamp(_CERTAIN, 1 - _CERTAIN).log()
    return (own + _STRENGTH * neighbours).softmax(0)
