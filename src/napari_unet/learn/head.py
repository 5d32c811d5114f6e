"""The class head, and its instant solution from paint.

The head is one 1x1 convolution on all feature maps, so its best weights on the painted
pixels are a linear least-squares problem that needs no gradient step (differentiable
closed-form solvers as heads: Bertinetto et al. 2019, arXiv:1805.08136).
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
from napari_unet.learn.blocks import enlarge, layers_for

if TYPE_CHECKING:
    from napari_unet.learn.unet import UNet

MOST_PIXELS = 5000
"""Pixels of each class the head is solved from; more do not change it visibly."""

RIDGES = (3e-4, 3e-3, 3e-2, 3e-1)
"""Strengths tried, relative to the mean variance of the features."""

FOLDS = 5
"""Parts the paint is cut into, to be predicted from each other."""

REGION = 32
"""Side in pixels of the squares that are never cut apart for that."""

LEAST_SHARP, MOST_SHARP = 0.5, 8.0
"""Bounds of the factor between regression scores, which are about -1 to 1, and logits."""

NEVER = 8.0
"""By how much the logit of a class that is not painted is lowered."""


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
        width = maps[0].shape[-1]
        scores: Tensor = self.levels[0](maps[0])
        for level, features in zip(self.levels[1:], maps[1:], strict=True):
            scores = scores + enlarge(level(features), width // features.shape[-1])
        return scores


@dataclass(frozen=True)
class _Paint:
    """Painted pixels: what the head reads there, and which class they are."""

    features: Tensor
    """float64, shape (pixels, features)."""
    classes: Tensor
    """int64, shape (pixels,)."""
    weights: Tensor
    """float64, shape (pixels,); every class present weighs one in all."""
    folds: Tensor
    """int64, shape (pixels,); which part is held out together, -1 for never."""


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

    Ridge regression of the classes (as +1 and -1) on the standardised features of painted
    pixels, every class with the same total weight. The strength of the ridge and the
    sharpness of the probabilities are chosen by predicting parts of the paint from the
    other parts; a part is a region, because neighbouring pixels are nearly the same.

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
        Weight of each pixel among those of its class, shapes as `targets`; all equal if
        not given.
    ridge : float, optional
        Strength relative to the mean variance of the features; chosen if not given.
    most : int, optional
        Read at most so many pixels of each class, always the same ones.

    Raises
    ------
    NothingPainted
        If no pixel is painted.
    """
    paint = _gather(features, targets, weights, most)
    centre, scale = _standardisation(paint)
    design = functional.pad((paint.features - centre) / scale, (0, 1), value=1.0)
    goal = 2.0 * functional.one_hot(paint.classes, classes).double() - 1
    sums = _sums(design, goal, paint)
    strengths = RIDGES if ridge is None else (ridge,)
    held_out = [_held_out(design, sums, paint, strength) for strength in strengths]
    best = min(range(len(strengths)), key=lambda i: _error(held_out[i], goal, paint))
    solution = _solve(*sums.sum(0).split([design.shape[1], classes], 1), strengths[best])
    solution *= _sharpness(held_out[best], paint)
    present = torch.bincount(paint.classes, minlength=classes) > 0
    solution[-1, ~present] -= NEVER
    _write(net, solution[:-1] / scale[:, None], solution[-1] - (centre / scale) @ solution[:-1])


def _gather(
    features: Sequence[Sequence[Tensor]],
    targets: Sequence[Tensor],
    weights: Sequence[Tensor] | None,
    most: int,
) -> _Paint:
    """Read the features at the painted pixels, at most so many of each class."""
    places = [(target != UNPAINTED).nonzero() for target in targets]
    classes = torch.cat([t[tuple(p.T)] for t, p in zip(targets, places, strict=True)]).long()
    if not len(classes):
        raise NothingPainted("Nothing is painted. Paint a few strokes of each class first.")
    weight = torch.ones(len(classes), dtype=torch.float64)
    if weights is not None:
        given = [w[tuple(p.T)] for w, p in zip(weights, places, strict=True)]
        weight = torch.cat(given).double()
    chosen = _choose(classes, most)
    image = torch.repeat_interleave(torch.tensor([len(p) for p in places]))
    place = torch.cat(places)[chosen]
    image, classes, weight = image[chosen], classes[chosen], weight[chosen]
    rows = [_read(maps, place[image == i]) for i, maps in enumerate(features)]
    total = torch.zeros(256, dtype=torch.float64).index_add_(0, classes, weight)
    folds = _folds(classes, image, place)
    return _Paint(torch.cat(rows), classes, weight / total[classes], folds)


def _choose(classes: Tensor, most: int) -> Tensor:
    """Indices, ascending, of at most so many pixels of each class, evenly drawn."""
    generator = torch.Generator().manual_seed(0)
    shuffled = torch.randperm(len(classes), generator=generator)
    chosen = [shuffled[classes[shuffled] == number][:most] for number in classes.unique().tolist()]
    return torch.cat(chosen).sort().values


def _folds(classes: Tensor, image: Tensor, place: Tensor) -> Tensor:
    """Which pixels are held out together: regions, in equal shares of each class."""
    order = torch.arange(len(classes))
    for axis in reversed(range(place.shape[1])):
        order = order[(place[order, axis] // REGION).argsort(stable=True)]
    order = order[image[order].argsort(stable=True)]
    folds = torch.full_like(classes, -1)
    for number in classes.unique().tolist():
        members = order[classes[order] == number]
        if len(members) >= 2 * FOLDS:
            folds[members] = torch.arange(len(members)) * FOLDS // len(members)
    return folds


def _read(maps: Sequence[Tensor], place: Tensor) -> Tensor:
    """Features at pixels, float64, shape (pixels, features); coarse maps interpolated.

    Exactly what `ClassHead` would see after resizing (see `blocks.enlarge`).
    """
    columns = []
    for features in maps:
        factor = maps[0].shape[-1] // features.shape[-1]
        columns.append(_interpolate(features[0], place.to(features.device), factor))
    return torch.cat(columns, 1).double().cpu()


def _interpolate(features: Tensor, place: Tensor, factor: int) -> Tensor:
    """Values ``(pixels, channels)`` of a map ``(channels, *spatial)`` enlarged by a factor."""
    if factor == 1:
        return features[(slice(None), *place.T)].T
    position = ((place + 0.5) / factor - 0.5).clamp_min(0)
    below = position.long()
    beyond = torch.tensor(features.shape[1:], device=place.device) - 1
    share = position - below
    total = torch.zeros((), device=features.device)
    for corner in product((0, 1), repeat=place.shape[1]):
        step = torch.tensor(corner, device=place.device)
        weight = torch.where(step == 1, share, 1 - share).prod(1)
        index = torch.minimum(below + step, beyond)
        total = total + features[(slice(None), *index.T)] * weight
    return total.T


def _standardisation(paint: _Paint) -> tuple[Tensor, Tensor]:
    """Weighted mean and deviation of each feature; deviation 1 where there is none."""
    share = (paint.weights / paint.weights.sum())[:, None]
    centre = (paint.features * share).sum(0)
    scale = ((paint.features - centre).square() * share).sum(0).sqrt()
    return centre, torch.where(scale > 1e-6, scale, 1.0)


def _sums(design: Tensor, goal: Tensor, paint: _Paint) -> Tensor:
    """Normal equations of each fold, shape (1 + FOLDS, columns, columns + classes)."""
    both = torch.cat([design, goal], 1)
    sums = []
    for fold in range(-1, FOLDS):
        rows = paint.folds == fold
        sums.append((design[rows] * paint.weights[rows, None]).T @ both[rows])
    return torch.stack(sums)


def _solve(left: Tensor, right: Tensor, ridge: float) -> Tensor:
    """Solve ridge regression; the last column, the constant, is not penalised."""
    count = len(left) - 1
    penalty = torch.full((count + 1,), ridge, dtype=left.dtype)
    penalty *= left.diagonal()[:-1].sum().clamp_min(1e-12) / max(count, 1)
    penalty[-1] = 1e-12
    return torch.cholesky_solve(right, torch.linalg.cholesky(left + penalty.diag()))


def _held_out(design: Tensor, sums: Tensor, paint: _Paint, ridge: float) -> Tensor:
    """Scores of each pixel from the paint outside its fold; NaN if it is never held out."""
    total = sums.sum(0)
    split = [design.shape[1], sums.shape[2] - design.shape[1]]
    scores = torch.full((len(design), split[1]), torch.nan, dtype=design.dtype)
    for fold in range(FOLDS):
        rows = paint.folds == fold
        if rows.any():
            scores[rows] = design[rows] @ _solve(*(total - sums[fold + 1]).split(split, 1), ridge)
    return scores


def _error(scores: Tensor, goal: Tensor, paint: _Paint) -> float:
    known = paint.folds >= 0
    squares = (scores[known] - goal[known]).square().sum(1)
    return float((squares * paint.weights[known]).sum())


def _sharpness(scores: Tensor, paint: _Paint) -> float:
    """The factor that makes held-out scores the likeliest probabilities (Newton's method)."""
    known = paint.folds >= 0
    scores, weights = scores[known], paint.weights[known]
    right = scores.gather(1, paint.classes[known, None]).squeeze(1)
    sharpness = 2.0
    for _ in range(10 if known.any() else 0):
        share = (sharpness * scores).softmax(1)
        mean = (share * scores).sum(1)
        slope = (weights * (mean - right)).sum()
        bend = (weights * ((share * scores.square()).sum(1) - mean.square())).sum()
        step = float(slope / bend.clamp_min(1e-9))
        step = min(max(step, -sharpness), sharpness / 2)  # at most double, at most halve
        sharpness = min(max(sharpness - step, LEAST_SHARP), MOST_SHARP)
    return sharpness


def _write(net: UNet, weights: Tensor, constants: Tensor) -> None:
    """Put weights ``(features, classes)`` and constants into the head."""
    if net.config.output == "sigmoid":
        weights, constants = weights[:, 1:] - weights[:, :1], constants[1:] - constants[:1]
    for level, block in zip(net.head.levels, weights.split(list(net.head_channels)), strict=True):
        level.weight.copy_(block.T.reshape(level.weight.shape))
    net.head.levels[0].bias.copy_(constants)
