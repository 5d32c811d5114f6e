"""How good a model is on paint it has not learned from."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from napari_unet.core.config import PredictConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.held_out_score import Sureness, balanced_iou, sureness_of
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
    """Mean IoU over the classes, 0 to 1; None if no two classes have enough held-out paint.
    It chooses between models of one run, for which any paint is better than none."""
    classes: tuple[float | None, ...]
    loss: float | None
    """Class-balanced cross-entropy."""
    sureness: Sureness | None = None
    """How surely they are known; None if nobody asked."""

    @property
    def may_be_said(self) -> bool:
        """True if there is enough held-out paint to call it the model's score."""
        return self.sureness is None or self.sureness.enough

    @property
    def said(self) -> float | None:
        """The mean, if it may be said."""
        return self.mean if self.may_be_said else None

    @property
    def said_classes(self) -> tuple[float | None, ...]:
        """The score of each class, if it may be said; else None for all of them."""
        return self.classes if self.may_be_said else (None,) * len(self.classes)

    def for_history(self, step: int, seconds: float, loss: float) -> dict[str, float | int | None]:
        """What a model's card keeps of it, after so many steps and seconds, with their loss."""
        interval = self.sureness.interval if self.sureness and self.may_be_said else None
        return {
            "step": step,
            "seconds": round(seconds, 2),
            "loss": None if math.isnan(loss) else loss,
            "score": self.said,
            "score_low": interval.low if interval else None,
            "score_high": interval.high if interval else None,
            "validation_loss": self.loss,
        }


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
    answers: list[np.ndarray] = []
    truth: list[int] = []
    loss = np.zeros(count)
    for image, where in _boxes(strokes).items():
        predictor = Predictor(model, validation.images[image].source, config)
        for sample, box, some in where:
            probabilities = predictor.probabilities(sample, box)
            for stroke in some:
                scores = probabilities[(slice(None), *_within(stroke, box))][:, stroke.mask]
                answers.append(np.bincount(scores.argmax(axis=0), minlength=count))
                truth.append(stroke.class_number)
                right = np.clip(scores[stroke.class_number], _CERTAINTY_FLOOR, 1)
                loss[stroke.class_number] -= np.log(right).sum()
    return _summary(np.reshape(answers, (-1, count)), np.array(truth, int), loss)


def _summary(answers: np.ndarray, truth: np.ndarray, loss: np.ndarray) -> Score:
    """Score from the answers on each stroke, its class, and the summed loss of each class."""
    confusion = np.zeros((len(loss), len(loss)))
    np.add.at(confusion, truth, answers)
    pixels = confusion.sum(axis=1)
    enough = pixels >= _LEAST_PIXELS
    iou = balanced_iou(confusion)
    classes = tuple(float(v) if ok else None for v, ok in zip(iou, enough, strict=True))
    sureness = sureness_of(answers, truth, enough)
    if enough.sum() < 2:
        return Score(None, classes, None, sureness)
    mean_loss = (loss[enough] / pixels[enough]).mean()
    return Score(float(iou[enough].mean()), classes, float(mean_loss), sureness)


def _boxes(strokes: list[Stroke]) -> dict[int, list[tuple[int, Box, list[Stroke]]]]:
    """What to predict: per image, one box per sample, or one per stroke if that is too large."""
    samples: dict[tuple[int, int], list[Stroke]] = defaultdict(list)
    for stroke in strokes:
        samples[stroke.image, stroke.sample].append(stroke)
    boxes: dict[int, list[tuple[int, Box, list[Stroke]]]] = defaultdict(list)
    for (image, sample), some in samples.items():
        for box, inside in _covering(some):
            boxes[image].append((sample, box, inside))
    return boxes


def _covering(strokes: list[Stroke]) -> Iterator[tuple[Box, list[Stroke]]]:
    start = np.min([s.start for s in strokes], axis=0)
    stop = np.max([np.add(s.start, s.mask.shape) for s in strokes], axis=0)
    if np.prod(stop - start) <= _LARGEST_BOX:
        yield tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True)), strokes
        return
    for stroke in strokes:
        yield stroke.box, [stroke]


def _within(stroke: Stroke, box: Box) -> Box:
    """The slices a stroke covers inside a box around it."""
    return tuple(
        slice(a - part.start, a - part.start + n)
        for a, n, part in zip(stroke.start, stroke.mask.shape, box, strict=True)
    )
