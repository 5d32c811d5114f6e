"""Where one class ends and the next begins, once more, from all paint.

A head whose weights were learned from some paint more than from other can tell classes apart well
and still draw the line between them in the wrong place, above all where the paint that counted less
was put where an answer was wrong: that says more about the line than about the classes.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax
from torch import Tensor

_STIFF = 1e-2
"""Pull of the slope towards one; keeps it finite where all paint is told apart."""

_LEAST_SLOPE = 0.05


def levels(scores: Tensor, goal: Tensor, weights: Tensor) -> Tensor:
    """What to add to the scores of each class so that they agree best with paint.

    Logistic regression on the scores themselves, with one slope for all classes and a
    constant for each (Platt 1999; Guo et al. 2017, arXiv:1706.04599). The constants are
    returned in the scale of the scores: which class wins changes, how sure the scores are
    does not.

    Parameters
    ----------
    scores : Tensor of float64, shape (pixels, classes)
    goal : Tensor of float64, shape (pixels, classes)
        One for the class of each pixel, else zero.
    weights : Tensor of float64, shape (pixels,)
        One in all.

    Returns
    -------
    Tensor of float64, shape (classes,)
        Sums to zero.
    """
    told, truth, share = scores.numpy(), goal.numpy(), weights.numpy()[:, None]

    def loss(found: np.ndarray) -> tuple[float, np.ndarray]:
        chance = log_softmax(found[0] * told + found[1:], 1)
        off = share * (np.exp(chance) - truth)
        slope = np.concatenate([[(off * told).sum() + _STIFF * (found[0] - 1)], off.sum(0)])
        return float(_STIFF * (found[0] - 1) ** 2 / 2 - (share * chance * truth).sum()), slope

    classes = told.shape[1]
    bounds = [(_LEAST_SLOPE, None), *[(None, None)] * classes]
    found = minimize(
        loss, np.eye(classes + 1)[0], jac=True, method="L-BFGS-B", bounds=bounds,
        options={"ftol": 1e-10, "gtol": 1e-7},
    ).x  # fmt: skip
    added = found[1:] / found[0]
    return torch.from_numpy(added - added.mean())
