"""The class head, and its instant solution from paint.

The head is one 1x1 convolution on all feature maps, so its best weights on the painted
pixels are a convex problem, solved by a few closed-form steps without training the network
(after the idea of closed-form heads, Bertinetto et al. 2019, arXiv:1805.08136).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.errors import NothingPainted
from napari_unet.core.tiles import per_axis
from napari_unet.learn.class_head import factors_between
from napari_unet.learn.levelling import levels
from napari_unet.learn.losses import BALANCE
from napari_unet.learn.stem import AdaptedBank

if TYPE_CHECKING:
    from napari_unet.learn.unet import UNet

MOST_PIXELS = 5000
"""Pixels of each class the head is solved from; more do not change it visibly."""

RIDGE = 2e-3
"""Strength of the ridge; from 1e-3 to 1e-2 the masks are much the same."""

RIDGE_AS_READ = 1e-1
"""The same where the size of a feature is meant; far weaker or stronger loses on some images."""

RIDGE_IN_VOLUMES = 3e-2
"""The same in 3D; measured on two real stacks."""

STEPS = 40
"""Closed-form steps; the first is ridge regression, the others sharpen the probabilities."""

NEVER = 8.0
"""How far the logit of a class that is not painted lies below the mean of the others."""


@dataclass(frozen=True)
class Paint:
    """Painted pixels: what the head reads there, and which class they are."""

    features: Tensor
    """float64, shape (pixels, features)."""
    classes: Tensor
    """int64, shape (pixels,)."""
    weights: Tensor
    """float64, shape (pixels,); one in all; see `BALANCE` for what a class has of it."""
    even: Tensor
    """The same if all pixels of a class weigh alike."""


@torch.no_grad()
def solve_head(
    net: UNet,
    features: Sequence[Sequence[Tensor]],
    targets: Sequence[Tensor],
    classes: int,
    *,
    weights: Sequence[Tensor] | None = None,
    ridge: float | None = None,
    most: int = MOST_PIXELS,
) -> None:
    """Write the best head for this paint into a network, without a gradient step.

    Logistic regression with a ridge on the features of painted pixels, rarer classes weighted
    up to a degree (`BALANCE`). It is solved by repeated least squares with one factorised matrix
    (Böhning 1992, doi:10.1007/BF00048682): the first step is ridge regression in closed
    form, the next ones make the probabilities honest.

    Features of a network with an `AdaptedBank` are taken as they are: they are normalised
    over the image, and the sizes of those of the trunk say how much to rely on them.
    Others are standardised over the paint, and then a map weighs the less the more channels
    it has and the coarser it is, or else the many coarse features, nearly constant within a
    stroke, would drown the few fine ones.

    Where pixels have weights of their own, these decide what tells the classes apart; how
    much is taken for each class is then decided by all paint alike (see `levels`).

    Parameters
    ----------
    net : UNet
        Its head is overwritten.
    features : sequence of sequence of Tensor
        `net.feature_maps` of each image, each of shape (1, channels, *spatial).
    targets : sequence of Tensor of uint8, shape (*spatial)
        Class numbers, `UNPAINTED` where there is no paint. May end before the maps do.
    classes : int
        How many classes there are. One that is not painted becomes most unlikely.
    weights : sequence of Tensor, optional
        Weight of each pixel among those of its class, shapes as `targets`, so that for
        example corrections count less; all equal if not given.
    ridge : float, optional
        Pull of the weights towards zero; what suits the kind of network if not given.
    most : int, optional
        Read at most so many pixels of each class, always the same ones.

    Raises
    ------
    NothingPainted
        If no pixel is painted.
    """
    paint = gather_paint(features, targets, weights, most)
    centre, scale, usual_ridge = scaling(net, features[0], paint)
    design = functional.pad((paint.features - centre) / scale, (0, 1), value=1.0)
    present, number = torch.unique(paint.classes, return_inverse=True)
    goal = functional.one_hot(number, len(present)).double()
    solution = logistic(design, goal, paint.weights, usual_ridge if ridge is None else ridge)
    if weights is not None:
        solution[-1] += levels(design @ solution, goal, paint.even)
    slopes = solution.new_zeros(len(scale), classes)
    constants = solution.new_full((classes,), -NEVER)
    slopes[:, present] = solution[:-1] / scale[:, None]
    constants[present] = solution[-1] - (centre / scale) @ solution[:-1]
    write_head(net, slopes, constants)


def gather_paint(
    features: Sequence[Sequence[Tensor]],
    targets: Sequence[Tensor],
    weights: Sequence[Tensor] | None = None,
    most: int = MOST_PIXELS,
) -> Paint:
    """Read the features at the painted pixels, at most so many of each class."""
    targets = [target.cpu() for target in targets]
    places = [(target != UNPAINTED).nonzero() for target in targets]
    if not any(len(place) for place in places):
        raise NothingPainted("Nothing is painted. Paint a few strokes of each class first.")
    classes = torch.cat([t[tuple(p.T)] for t, p in zip(targets, places, strict=True)]).long()
    weight = torch.ones(len(classes), dtype=torch.float64)
    if weights is not None:
        given = [w[tuple(p.T)] for w, p in zip(weights, places, strict=True)]
        weight = torch.cat(given).double()
    painted = torch.bincount(classes, minlength=256)
    chosen = _choose(classes, most)
    image = torch.repeat_interleave(torch.tensor([len(place) for place in places]))[chosen]
    place, classes, weight = torch.cat(places)[chosen], classes[chosen], weight[chosen]
    rows = [read_features(maps, place[image == number]) for number, maps in enumerate(features)]
    total = torch.zeros(256, dtype=torch.float64).index_add_(0, classes, weight)
    share = painted.double().pow(BALANCE)
    share = torch.where(total > 0, share / share[total > 0].sum(), 0.0)
    count = torch.bincount(classes, minlength=256)
    even = (share / count)[classes]
    return Paint(torch.cat(rows), classes, weight * (share / total)[classes], even)


def _choose(classes: Tensor, most: int) -> Tensor:
    """Indices, ascending, of at most so many pixels of each class, evenly drawn."""
    generator = torch.Generator().manual_seed(0)
    shuffled = torch.randperm(len(classes), generator=generator)
    chosen = [
        shuffled[classes[shuffled] == number][:most] for number in torch.unique(classes).tolist()
    ]
    return torch.cat(chosen).sort().values


def read_features(maps: Sequence[Tensor], place: Tensor) -> Tensor:
    """Features at pixels, float64, shape (pixels, features); coarse maps interpolated.

    Exactly what `ClassHead` would see after resizing (see `blocks.enlarge`).
    """
    columns = []
    for features in maps:
        factors = factors_between(maps[0], features)
        columns.append(_interpolate(features[0], place.to(features.device), factors))
    return torch.cat(columns, 1).cpu().double()


def _interpolate(features: Tensor, place: Tensor, factor: int | Sequence[int]) -> Tensor:
    """Values ``(pixels, channels)`` of a map ``(channels, *spatial)`` enlarged by a factor."""
    factors = per_axis(factor, place.shape[1])
    if max(factors) == 1:
        return features[(slice(None), *place.T)].T
    by = torch.tensor(factors, device=place.device)
    position = ((place + 0.5) / by - 0.5).clamp_min(0)
    below = position.long()
    last = torch.tensor(features.shape[1:], device=place.device) - 1
    share = position - below
    total = torch.zeros((), device=features.device)
    for corner in product((0, 1), repeat=place.shape[1]):
        step = torch.tensor(corner, device=place.device)
        weight = torch.where(step == 1, share, 1 - share).prod(1)
        index = torch.minimum(below + step, last)
        total = total + features[(slice(None), *index.T)] * weight
    return total.T


def scaling(net: UNet, maps: Sequence[Tensor], paint: Paint) -> tuple[Tensor, Tensor, float]:
    """Weighted mean of each feature, what to divide it by, and the ridge for these."""
    share = paint.weights[:, None]
    centre = (paint.features * share).sum(0)
    if isinstance(net.bank, AdaptedBank):
        read = RIDGE_AS_READ if net.config.dimensions == 2 else RIDGE_IN_VOLUMES
        return centre, torch.ones_like(centre), read
    scale = ((paint.features - centre).square() * share).sum(0).sqrt()
    return centre, torch.where(scale > 1e-6, scale, 1.0) / _importance(maps), RIDGE


def _importance(maps: Sequence[Tensor]) -> Tensor:
    """A factor for each feature: every map alike in all, halved with every level down."""
    factors = [1 / max(factors_between(maps[0], m)) / m.shape[1] ** 0.5 for m in maps]
    counts = torch.tensor([m.shape[1] for m in maps])
    return torch.tensor(factors, dtype=torch.float64).repeat_interleave(counts)


def logistic(
    design: Tensor, goal: Tensor, weights: Tensor, ridge: Tensor | float, steps: int = STEPS,
    start: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Multinomial logistic regression; the last column, the constant, is not penalised.

    A gradient can flow through it to `design` and `ridge`, as meta-training needs.

    Parameters
    ----------
    design : Tensor of float64, shape (pixels, columns)
        Features and, last, ones.
    goal : Tensor of float64, shape (pixels, classes)
        One for the class of each pixel, else zero.
    weights : Tensor of float64, shape (pixels,)
        One in all.
    ridge : Tensor or float
        Pull of the weights towards zero.
    steps : int, optional
        Least-squares steps; 1 is ridge regression.
    start : Tensor of float64, shape (columns, classes), optional
        The ridge pulls towards this instead of zero.

    Returns
    -------
    Tensor of float64, shape (columns, classes)
        Sums to zero over the classes.
    """
    weighted = design * weights[:, None]
    free = functional.one_hot(torch.tensor([design.shape[1] - 1]), design.shape[1]).T
    penalty = torch.where(free > 0, 1e-9, torch.as_tensor(ridge, dtype=design.dtype))
    # half the Gram matrix bounds the curvature everywhere, so every step is an improvement
    bound = torch.linalg.cholesky(weighted.T @ design / 2 + penalty.flatten().diag())
    first = design.new_zeros(design.shape[1], goal.shape[1]) if start is None else start
    solution = first
    for _ in range(steps):
        slope = weighted.T @ ((design @ solution).softmax(1) - goal) + penalty * (solution - first)
        solution = solution - torch.cholesky_solve(slope, bound)
    return solution


def write_head(net: UNet, slopes: Tensor, constants: Tensor) -> None:
    """Put slopes ``(features, classes)`` and constants into the head."""
    if net.config.output == "sigmoid":
        slopes, constants = slopes[:, 1:] - slopes[:, :1], constants[1:] - constants[:1]
    blocks = torch.split(slopes, list(net.head_channels))
    for number, block in enumerate(blocks):
        weight = net.head.levels[number].get_parameter("weight")
        weight.copy_(block.T.reshape(weight.shape))
    net.head.levels[0].get_parameter("bias").copy_(constants)
