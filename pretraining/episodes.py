"""Episodes: paint an image, solve the head, judge the answer everywhere and on the next image.

The head is solved inside the graph, so the gradient of the judgement reaches the trunk through the
solver (Bertinetto et al. 2019, arXiv:1805.08136; Lee et al. 2019, arXiv:1904.03758).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_unet.learn.blocks import enlarge
from napari_unet.learn.head import RIDGE_AS_READ, logistic, read_features
from napari_unet.learn.losses import BALANCE
from napari_unet.learn.unet import UNet
from pretraining.annotator import Habit, Paint, draw_habit, draw_paint
from pretraining.feed import Shot, Task

STEPS = 3
"""Steps of the solver in an episode; the program takes more, each nearer to the same goal."""


@dataclass(frozen=True)
class Judgement:
    """The loss of one episode and figures to report.

    Parameters
    ----------
    loss : Tensor, scalar
        Carries the gradient.
    painted, other : float
        Mean IoU of the classes but the first, on the painted image and on the next one.
    """

    loss: Tensor
    painted: float
    other: float


def paint_weights(paint: Paint) -> np.ndarray:
    """Weight of each painted pixel, as the program weighs it."""
    pixels = np.bincount(paint.classes)
    return pixels[paint.classes] ** (BALANCE - 1.0)


def solve(
    maps: list[Tensor], paint: Paint, classes: int, steps: int = STEPS,
    ridge: float = RIDGE_AS_READ,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Solve the head from paint, with the same mathematics as the program.

    Parameters
    ----------
    maps : list of Tensor, each of shape (1, F_l, y, x)
        Feature maps of the painted image.
    paint : Paint
        Strokes on it, at least one of each class.
    classes : int
        Number of classes.
    steps : int, optional
        Steps of the solver.
    ridge : float, optional
        Pull of the weights towards zero.

    Returns
    -------
    weight, bias : Tensor, shapes (F, classes) and (classes,)
    """
    features = read_features(maps, torch.from_numpy(paint.positions))
    weights = torch.from_numpy(paint_weights(paint))
    weights = weights / weights.sum()
    centre = (features * weights[:, None]).sum(0)
    design = F.pad(features - centre, (0, 1), value=1.0)
    goal = F.one_hot(torch.from_numpy(paint.classes), classes).double()
    solution = logistic(design, goal, weights, ridge, steps)
    return solution[:-1].float(), (solution[-1] - centre @ solution[:-1]).float()


def apply_head(maps: list[Tensor], weight: Tensor, bias: Tensor) -> Tensor:
    """Scores of a solved head, shape (1, classes, y, x), as `ClassHead` computes them."""
    width = maps[0].shape[-1]
    scores = bias[:, None, None]
    for features, block in zip(maps, weight.split([m.shape[1] for m in maps]), strict=True):
        score = F.conv2d(features.float(), block.T[:, :, None, None])
        scores = scores + enlarge(score, width // features.shape[-1])
    return scores


def segmentation_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy, rarer classes weighted somewhat more, plus Dice of every class.

    Parameters
    ----------
    logits : Tensor, shape (1, K, y, x)
    truth : Tensor of int64, shape (1, y, x)
    """
    classes = logits.shape[1]
    share = torch.bincount(truth.flatten(), minlength=classes).float() / truth.numel()
    weight = share.clamp_min(1e-3) ** -0.5
    cross = F.cross_entropy(logits, truth, weight)
    chance = logits.softmax(1)[0].flatten(1)
    hot = F.one_hot(truth.flatten(), classes).float().T
    dice = (2 * (chance * hot).sum(1) + 1) / (chance.sum(1) + hot.sum(1) + 1)
    return cross + (1 - dice[share > 0]).mean()


def play(
    net: UNet, task: Task, rng: np.random.Generator, scale: Tensor,
    rounds: Sequence[float] = (0.45, 0.3, 0.25),
) -> Judgement:  # fmt: skip
    """Play one episode.

    Parameters
    ----------
    net : UNet
        In training mode, for as many channels as the task has.
    task : Task
        Two images with one question.
    rng : numpy.random.Generator
        Decides the strokes and how the images are turned.
    scale : Tensor, scalar
        Factor that sharpens the answer.
    rounds : sequence of float, optional
        How likely the paint comes in one round, in two, and so on; from the second on, strokes
        lie where the answer before is wrong.
    """
    recolour = draw_recolouring(rng, len(task.painted.image))
    painted, other = (turned(s, recolour, rng) for s in (task.painted, task.other))
    habit = draw_habit(rng)
    paint = draw_paint(painted.truth, habit, rng)
    maps = feature_maps(net, painted)
    for _ in range(int(rng.choice(len(rounds), p=rounds))):
        with torch.no_grad():
            answer = apply_head(maps, *solve(maps, paint, task.classes))
        paint = paint + correct(painted.truth, answer[0].argmax(0).numpy(), habit, rng)
    weight, bias = solve(maps, paint, task.classes)
    loss, scores = torch.zeros(()), []
    for shot, shot_maps in ((painted, maps), (other, feature_maps(net, other))):
        logits = scale * apply_head(shot_maps, weight, bias)
        truth = torch.from_numpy(shot.truth.astype(np.int64))[None]
        loss = loss + 0.5 * segmentation_loss(logits, truth)
        scores.append(foreground_iou(logits[0].argmax(0).numpy(), shot.truth))
    return Judgement(loss, *scores)


def correct(truth: np.ndarray, answer: np.ndarray, habit: Habit, rng: np.random.Generator) -> Paint:
    """Strokes of every class where an answer is wrong about it."""
    return draw_paint(truth, habit, rng, where=answer != truth)


def feature_maps(net: UNet, shot: Shot) -> list[Tensor]:
    """What the head reads of one image, with the statistics of that image."""
    image = torch.from_numpy(shot.image.astype(np.float32))[None]
    with torch.autocast("cpu", torch.bfloat16):
        return net.feature_maps(image)


def draw_recolouring(rng: np.random.Generator, channels: int) -> np.ndarray:
    """A matrix that exchanges channels, or dark and bright, at random; one for a whole task."""
    order = rng.permutation(channels) if rng.random() < 0.3 else np.arange(channels)
    sign = -1 if rng.random() < 0.3 else 1
    return sign * np.eye(channels, dtype=np.float16)[order]


def turned(shot: Shot, recolouring: np.ndarray, rng: np.random.Generator) -> Shot:
    """The image recoloured, mirrored and turned by right angles at random."""
    turns, flip = int(rng.integers(4)), int(rng.choice([-1, 1]))
    image = np.rot90(shot.image, turns, (1, 2))[..., ::flip]
    image = np.tensordot(recolouring, image, 1)
    truth = np.rot90(shot.truth, turns)[:, ::flip]
    return Shot(np.ascontiguousarray(image), np.ascontiguousarray(truth))


def foreground_iou(answer: np.ndarray, truth: np.ndarray) -> float:
    """Mean intersection over union of the classes but the first."""
    scores = []
    for number in range(1, int(truth.max()) + 1):
        union = ((answer == number) | (truth == number)).sum()
        if union:
            scores.append(((answer == number) & (truth == number)).sum() / union)
    return float(np.mean(scores)) if scores else float("nan")
