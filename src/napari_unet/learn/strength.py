"""How strong the ridge of a head should be: what best tells parts of the paint from the others."""

from __future__ import annotations

import torch
from torch import Tensor

FOLDS = 5
"""Parts the paint is cut into, to be predicted from each other."""

REGION = 32
"""Side in pixels of the squares that are never cut apart for that."""


def fold_of(classes: Tensor, image: Tensor, place: Tensor) -> Tensor:
    """Return which pixels are held out together: regions, in equal shares of each class.

    Neighbouring pixels are nearly the same, so that single pixels would be predicted well
    by any ridge.

    Parameters
    ----------
    classes, image : Tensor of int64, shape (pixels,)
        Class and image of each painted pixel.
    place : Tensor of int64, shape (pixels, dimensions)
        Where it lies.

    Returns
    -------
    Tensor of int64, shape (pixels,)
        0 to ``FOLDS - 1``; -1 for pixels of a class with too few of them.
    """
    order = torch.arange(len(classes))
    for axis in reversed(range(place.shape[1])):
        order = order[(place[order, axis] // REGION).argsort(stable=True)]
    order = order[image[order].argsort(stable=True)]
    folds = torch.full_like(classes, -1)
    for number in torch.unique(classes).tolist():
        members = order[classes[order] == number]
        if len(members) >= 2 * FOLDS:
            folds[members] = torch.arange(len(members)) * FOLDS // len(members)
    return folds


def best_strength(
    design: Tensor, goal: Tensor, weights: Tensor, folds: Tensor, strengths: tuple[float, ...]
) -> float:
    """Return the strength with the least squared error on pixels that were held out.

    Parameters
    ----------
    design : Tensor of float64, shape (pixels, columns)
        Features and, last, ones.
    goal : Tensor of float64, shape (pixels, classes)
        One for the class of each pixel, else zero.
    weights : Tensor of float64, shape (pixels,)
        One in all.
    folds : Tensor of int64, shape (pixels,)
        As `fold_of` gives them.
    strengths : tuple of float
        What to choose among.
    """
    target = goal - goal.mean(1, keepdim=True)
    columns = design.shape[1]
    both = torch.cat([design, target], 1)
    sums = [(design[rows] * weights[rows, None]).T @ both[rows] for rows in _parts(folds)]
    total = torch.stack(sums).sum(0)
    errors = []
    for strength in strengths:
        penalty = torch.full((columns,), 2 * strength, dtype=design.dtype)
        penalty[-1] = 1e-9
        error = 0.0
        for fold, rows in enumerate(_parts(folds)[:-1]):
            left, right = (total - sums[fold]).split([columns, goal.shape[1]], 1)
            solution = torch.cholesky_solve(right, torch.linalg.cholesky(left + penalty.diag()))
            squares = (design[rows] @ solution - target[rows]).square().sum(1)
            error += float((squares * weights[rows]).sum())
        errors.append(error)
    return strengths[errors.index(min(errors))]


def _parts(folds: Tensor) -> list[Tensor]:
    """Which pixels each fold has; last, those that are never held out."""
    return [folds == fold for fold in (*range(FOLDS), -1)]
