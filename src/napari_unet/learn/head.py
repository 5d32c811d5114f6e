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
from torch import Tensor, nn
from torch.nn import functional

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.errors import NothingPainted
from napari_unet.core.tiles import per_axis
from napari_unet.learn.blocks import enlarge, layers_for
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


class ClassHead(nn.Module):
    """One 1x1 convolution on feature maps of several sizes.

    Equal to resizing every map to the finest, concatenating and convolving, but the
    convolution comes first, so that only the few class scores are resized.

    Parameters
    ----------
    dimensions : {2, 3}
        Spatial axes.
    channels : sequence of int
        Feature maps of each size, finest first.
    outputs : int
        Scores per pixel.
    """

    def __init__(self, dimensions: int, channels: Sequence[int], outputs: int) -> None:
        super().__init__()
        convolution = layers_for(dimensions).convolution
        self.levels = nn.ModuleList(
            convolution(count, outputs, 1, bias=number == 0)
            for number, count in enumerate(channels)
        )

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Return scores ``(N, outputs, *spatial)`` in the size of the first map.

        Parameters
        ----------
        maps : sequence of Tensor, each of shape (N, channels[i], *spatial / 2**k)
            Map sizes divide the first one's by whole numbers.
        """
        scores: Tensor = self.levels[0](maps[0])
        for level, features in zip(self.levels[1:], maps[1:], strict=True):
            scores = scores + enlarge(level(features), _factors(maps[0], features))
        return scores


def _factors(finest: Tensor, features: Tensor) -> list[int]:
    """By how much a map is to be enlarged along each axis to the size of the finest."""
    return [n // m for n, m in zip(finest.shape[2:], features.shape[2:], strict=True)]


@dataclass(frozen=True)
class _Paint:
    """Painted pixels: what the head reads there, and which class they are."""

    features: Tensor
    """float64, shape (pixels, features)."""
    classes: Tensor
    """int64, shape (pixels,)."""
    weights: Tensor
    """float64, shape (pixels,); one in all; see `BALANCE` for what a class has of it."""


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
        example every stroke counts the same; all equal if not given.
    ridge : float, optional
        Pull of the weights towards zero; what suits the kind of network if not given.
    most : int, optional
        Read at most so many pixels of each class, always the same ones.

    Raises
    ------
    NothingPainted
        If no pixel is painted.
    """
    paint = _gather(features, targets, weights, most)
    centre, scale = _standardisation(paint)
    as_read = isinstance(net.bank, AdaptedBank)
    scale = torch.ones_like(scale) if as_read else scale / _importance(features[0])
    design = functional.pad((paint.features - centre) / scale, (0, 1), value=1.0)
    present, number = torch.unique(paint.classes, return_inverse=True)
    goal = functional.one_hot(number, len(present)).double()
    if ridge is None:
        read = RIDGE_AS_READ if net.config.dimensions == 2 else RIDGE_IN_VOLUMES
        ridge = read if as_read else RIDGE
    solution = logistic(design, goal, paint.weights, ridge)
    slopes = solution.new_zeros(len(scale), classes)
    constants = solution.new_full((classes,), -NEVER)
    slopes[:, present] = solution[:-1] / scale[:, None]
    constants[present] = solution[-1] - (centre / scale) @ solution[:-1]
    _write(net, slopes, constants)


def _gather(
    features: Sequence[Sequence[Tensor]],
    targets: Sequence[Tensor],
    weights: Sequence[Tensor] | None,
    most: int,
) -> _Paint:
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
    return _Paint(torch.cat(rows), classes, weight * (share / total)[classes])


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
        factors = _factors(maps[0], features)
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


def _standardisation(paint: _Paint) -> tuple[Tensor, Tensor]:
    """Weighted mean and deviation of each feature; deviation 1 where there is none."""
    share = paint.weights[:, None]
    centre = (paint.features * share).sum(0)
    scale = ((paint.features - centre).square() * share).sum(0).sqrt()
    return centre, torch.where(scale > 1e-6, scale, 1.0)


def _importance(maps: Sequence[Tensor]) -> Tensor:
    """A factor for each feature: every map alike in all, halved with every level down."""
    factors = [1 / max(_factors(maps[0], m)) / m.shape[1] ** 0.5 for m in maps]
    counts = torch.tensor([m.shape[1] for m in maps])
    return torch.tensor(factors, dtype=torch.float64).repeat_interleave(counts)


def logistic(
    design: Tensor, goal: Tensor, weights: Tensor, ridge: Tensor | float, steps: int = STEPS
) -> Tensor:
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
    solution = design.new_zeros(design.shape[1], goal.shape[1])
    for _ in range(steps):
        slope = weighted.T @ ((design @ solution).softmax(1) - goal) + penalty * solution
        solution = solution - torch.cholesky_solve(slope, bound)
    return solution


def _write(net: UNet, slopes: Tensor, constants: Tensor) -> None:
    """Put slopes ``(features, classes)`` and constants into the head."""
    if net.config.output == "sigmoid":
        slopes, constants = slopes[:, 1:] - slopes[:, :1], constants[1:] - constants[:1]
    blocks = torch.split(slopes, list(net.head_channels))
    for number, block in enumerate(blocks):
        weight = net.head.levels[number].get_parameter("weight")
        weight.copy_(block.T.reshape(weight.shape))
    net.head.levels[0].get_parameter("bias").copy_(constants)
