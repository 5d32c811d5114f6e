"""How good a model is on paint it has not learned from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.config import PredictConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.patches import HeldOut
from napari_unet.core.source import Box
from napari_unet.core.strokes import Stroke
from napari_unet.learn.model import Model
from napari_unet.learn.predictor import Predictor

_LARGEST_BOX = 1_500_000
"""Pixels predicted at once; beyond it every stroke is predicted on its own."""

_LEAST_PIXELS = 20
"""A class with fewer held-out pixels gets no score."""

_CERTAINTY_FLOOR = 1e-4


@dataclass(frozen=True)
class Score:
    """A score on held-out paint.

    Every class has the same weight, however many of its pixels are painted.
    """

    mean: float | None
    """Mean IoU over the classes, 0 to 1; None if no two classes have enough held-out paint."""
    classes: tuple[float | None, ...]
    loss: float | None
    """Class-balanced cross-entropy."""


def score_model(
    model: Model, validation: TrainingSet, strokes: list[Stroke], config: PredictConfig
) -> Score:
    """Score a model on strokes it was not shown.

    Parameters
    ----------
    model : Model
    validation : TrainingSet
        The images the strokes lie on.
    strokes : list of Stroke
    config : PredictConfig
        Device and precision are taken from it.
    """
    count = len(validation.classes)
    confusion = np.zeros((count, count))
    loss = np.zeros(count)
    held = HeldOut(strokes)
    for image, where in _boxes(strokes).items():
        predictor = Predictor(model, validation.images[image].source, config)
        for sample, box in where:
            truth = held.only(image, sample, box)
            painted = truth != UNPAINTED
            scores = predictor.probabilities(sample, box)[:, painted]
            number = truth[painted]
            confusion += np.histogram2d(
                number, scores.argmax(axis=0), bins=count, range=[[0, count]] * 2
            )[0]
            right = np.clip(scores[number, np.arange(len(number))], _CERTAINTY_FLOOR, 1)
            loss += np.bincount(number, -np.log(right), minlength=count)
    return _summary(confusion, loss)


def _summary(confusion: np.ndarray, loss: np.ndarray) -> Score:
    """Score from pixel counts (truth, answer) and the summed loss of each true class."""
    pixels = confusion.sum(axis=1)
    enough = pixels >= _LEAST_PIXELS
    share = confusion / np.maximum(pixels, 1)[:, np.newaxis]
    hit = np.diag(share)
    iou = hit / np.maximum(share.sum(axis=0) + (pixels > 0) - hit, 1e-12)
    classes = tuple(float(v) if ok else None for v, ok in zip(iou, enough, strict=True))
    if enough.sum() < 2:
        return Score(None, classes, None)
    mean_loss = (loss[enough] / pixels[enough]).mean()
    return Score(float(iou[enough].mean()), classes, float(mean_loss))


def _boxes(strokes: list[Stroke]) -> dict[int, list[tuple[int, Box]]]:
    """What to predict: per image, one box per sample, or one per stroke if that is too large."""
    samples: dict[tuple[int, int], list[Stroke]] = defaultdict(list)
    for stroke in strokes:
        samples[stroke.image, stroke.sample].append(stroke)
    boxes: dict[int, list[tuple[int, Box]]] = defaultdict(list)
    for (image, sample), some in samples.items():
        for box in _covering(some):
            boxes[image].append((sample, box))
    return boxes


def _covering(strokes: list[Stroke]) -> Iterator[Box]:
    start = np.min([s.start for s in strokes], axis=0)
    stop = np.max([np.add(s.start, s.mask.shape) for s in strokes], axis=0)
    if np.prod(stop - start) <= _LARGEST_BOX:
        yield tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
        return
    for stroke in strokes:
        yield tuple(slice(a, a + n) for a, n in zip(stroke.start, stroke.mask.shape, strict=True))
