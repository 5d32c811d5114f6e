"""What training makes small: errors on painted pixels, and on nothing else."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.config import TrainConfig

BALANCE = 0.5
"""A class weighs as this power of its painted pixels: 0 all alike, 1 every pixel alike.

What is rare or thin is painted in fewer pixels. With all classes alike too much is taken for it;
with all pixels alike, too little.
"""


def balanced_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy averaged within each painted class, then over the classes (see `BALANCE`).

    Parameters
    ----------
    logits : Tensor, shape (N, K, *spatial)
    target : Tensor of int64, shape (N, *spatial)
        Class numbers; `UNPAINTED` carries no loss.
    """
    each = functional.cross_entropy(logits, target, ignore_index=UNPAINTED, reduction="none")
    classes = logits.shape[1]
    painted = target != UNPAINTED
    number = target[painted]
    total = torch.zeros(classes, device=logits.device, dtype=each.dtype)
    count = torch.bincount(number, minlength=classes)[:classes]
    total = total.index_add(0, number, each[painted])
    present = count > 0
    weight = count[present].to(each.dtype).pow(BALANCE)
    return (total[present] / count[present] * weight).sum() / weight.sum().clamp(min=1)


def soft_dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    """One minus the soft Dice overlap on painted pixels, averaged over the painted classes.

    Milletari et al. 2016 (V-Net, arXiv:1606.04797), restricted to painted pixels.

    Parameters
    ----------
    logits : Tensor, shape (N, K, *spatial)
    target : Tensor of int64, shape (N, *spatial)
    """
    painted = target != UNPAINTED
    scores = logits.softmax(dim=1).movedim(1, -1)[painted]
    truth = functional.one_hot(target[painted], logits.shape[1]).to(scores.dtype)
    present = truth.sum(0) > 0
    overlap = 2 * (scores * truth).sum(0)
    size = (scores + truth).sum(0)
    dice = (overlap + 1) / (size + 1)
    return (1 - dice)[present].sum() / present.sum().clamp(min=1)


def binary_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy of one score per pixel, averaged over the painted pixels.

    Parameters
    ----------
    logits : Tensor, shape (N, 1, *spatial)
        Score of the second class.
    target : Tensor of int64, shape (N, *spatial)
    """
    painted = target != UNPAINTED
    truth = (target[painted] > 0).to(logits.dtype)
    if not truth.numel():
        return logits.sum() * 0
    return functional.binary_cross_entropy_with_logits(logits[:, 0][painted], truth)


def as_class_logits(logits: Tensor) -> Tensor:
    """Two class scores ``(N, 2, *spatial)`` from one score of the second class; others as is."""
    if logits.shape[1] > 1:
        return logits
    return torch.cat([torch.zeros_like(logits), logits], dim=1)


def paint_loss(logits: Tensor, target: Tensor, config: TrainConfig) -> Tensor:
    """The configured loss on painted pixels; zero, with a gradient, where nothing is painted.

    Parameters
    ----------
    logits : Tensor, shape (N, K, *spatial) or (N, 1, *spatial)
    target : Tensor of uint8 or int64, shape (N, *spatial)
        Class numbers; `UNPAINTED` where not painted.
    config : TrainConfig
    """
    logits, target = logits.float(), target.long()
    if not bool((target != UNPAINTED).any()):
        return logits.sum() * 0
    if config.loss == "binary-cross-entropy":
        if logits.shape[1] == 2:
            logits = logits[:, 1:] - logits[:, :1]
        return binary_cross_entropy(logits, target)
    logits = as_class_logits(logits)
    loss = balanced_cross_entropy(logits, target)
    return loss + soft_dice_loss(logits, target) if config.loss.endswith("dice") else loss


def disagreement(logits: Tensor, target: Tensor, chances: Tensor) -> Tensor:
    """Cross-entropy to earlier class probabilities, averaged over the pixels nobody painted.

    Parameters
    ----------
    logits : Tensor, shape (N, K, *spatial) or (N, 1, *spatial)
    target : Tensor of uint8 or int64, shape (N, *spatial)
        Class numbers; `UNPAINTED` where not painted.
    chances : Tensor, shape (N, K, *spatial)
        Probabilities; a pixel whose chances are all zero has none and does not count.
    """
    free = (target == UNPAINTED) & (chances.sum(1) > 0)
    each = -(chances * as_class_logits(logits.float()).log_softmax(1)).sum(1)
    return (each * free).sum() / free.sum().clamp(min=1)
