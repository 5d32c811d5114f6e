"""How well predicted labels agree with the truth, class by class, on painted pixels only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_unet.core.annotations import UNPAINTED, ClassMap
from napari_unet.core.errors import NothingPainted, PaintError, ShapeMismatch
from napari_unet.core.paint_reading import PaintReading


@dataclass(frozen=True)
class ClassScores:
    """How well one class was found. Every score is None where it is not defined.

    Parameters
    ----------
    name : str
        Name of the class.
    value : int
        Its value in a result: 0 for background, else what it was painted with.
    iou : float or None
        Intersection over union (Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x).
    dice : float or None
        Twice the intersection over the sum of both (Dice 1945, doi:10.2307/1932409).
    precision : float or None
        Share of the predicted pixels that are right.
    recall : float or None
        Share of the true pixels that were found.
    pixels : int
        True pixels of the class.
    """

    name: str
    value: int
    iou: float | None
    dice: float | None
    precision: float | None
    recall: float | None
    pixels: int


@dataclass(frozen=True)
class Evaluation:
    """How well predicted labels agree with the truth.

    Parameters
    ----------
    classes : tuple of ClassScores
        In the order of the model's classes.
    pixels : int
        Pixels that were compared; those without truth are not.
    """

    classes: tuple[ClassScores, ...]
    pixels: int

    @property
    def mean_iou(self) -> float | None:
        """Mean IoU over the classes that are in the truth; None if none is."""
        return _mean([c.iou for c in self.classes if c.pixels])

    @property
    def mean_dice(self) -> float | None:
        """Mean Dice over the classes that are in the truth; None if none is."""
        return _mean([c.dice for c in self.classes if c.pixels])


def evaluate_classes(predicted: np.ndarray, truth: np.ndarray, classes: ClassMap) -> Evaluation:
    """Compare two arrays of class numbers.

    Parameters
    ----------
    predicted : ndarray of uint8
        Class numbers, of any shape.
    truth : ndarray of uint8
        Class numbers of the same shape; pixels that are `UNPAINTED` are left out.
    classes : ClassMap
        What the numbers mean.

    Raises
    ------
    ShapeMismatch
        If the shapes differ.

    Examples
    --------
    >>> truth = np.array([0, 0, 1, 1, UNPAINTED], np.uint8)
    >>> result = evaluate_classes(np.array([0, 1, 1, 1, 0]), truth, ClassMap((1, 2)))
    >>> result.pixels, result.classes[0].iou, result.classes[1].recall
    (4, 0.5, 1.0)
    """
    if predicted.shape != truth.shape:
        raise ShapeMismatch(
            f"The prediction has shape {predicted.shape} and the truth {truth.shape}. "
            "Give the truth that belongs to this image."
        )
    known = truth != UNPAINTED
    count = len(classes)
    # Row: true class; column: predicted class, with one more for anything else.
    columns = np.minimum(predicted[known], count).astype(np.int64)
    pairs = truth[known].astype(np.int64) * (count + 1) + columns
    table = np.bincount(pairs, minlength=count * (count + 1)).reshape(count, count + 1)
    scores = tuple(
        _class_scores(
            name,
            value,
            both=int(table[i, i]),
            predicted=int(table[:, i].sum()),
            true=int(table[i].sum()),
        )
        for i, (name, value) in enumerate(zip(classes.names, classes.label_values, strict=True))
    )
    return Evaluation(scores, int(known.sum()))


def labels_to_classes(labels: np.ndarray, classes: ClassMap) -> np.ndarray:
    """Class numbers (uint8) of predicted labels: 0 is background; `UNPAINTED` if unknown."""
    numbers = np.full(labels.shape, UNPAINTED, np.uint8)
    for number, value in enumerate(classes.label_values):
        numbers[labels == value] = number
    return numbers


def truth_to_classes(truth: np.ndarray, reading: PaintReading, classes: ClassMap) -> np.ndarray:
    """Class numbers (uint8) of a truth that may have been painted with other values.

    Parameters
    ----------
    truth : ndarray of int
        Strokes, where 0 is unknown, or a mask, where 0 is background.
    reading : PaintReading
        Which of the two it is.
    classes : ClassMap
        The model's classes.

    Returns
    -------
    ndarray of uint8
        `UNPAINTED` where the truth is not known.

    Raises
    ------
    NothingPainted
        If there is nothing but 0 in it and it is not known to be a mask.
    PaintError
        If the values of the truth cannot be told to be the model's classes.
    """
    if not len(reading.classes):
        raise NothingPainted(
            "The truth holds nothing but 0. "
            "If it is the mask of an image without objects, say that it is a mask."
        )
    found = [int(v) for v in np.unique(truth)]
    if reading.classes.background != 0:
        _check_known(found, [0, *classes.values], classes)
        numbers = classes.to_classes(truth)
        numbers[truth == 0] = UNPAINTED
        return numbers
    background = classes.background_class
    objects = [i for i in range(len(classes)) if i != background]
    values = [v for v in found if v != 0]
    numbers = np.full(truth.shape, UNPAINTED if background is None else background, np.uint8)
    # With one class of objects there is no doubt what a mask means, whatever number it uses.
    if len(objects) == 1 and (reading.instances or len(values) <= 1):
        numbers[truth != 0] = objects[0]
        return numbers
    _check_known(values, [classes.values[i] for i in objects], classes)
    for i in objects:
        numbers[truth == classes.values[i]] = i
    return numbers


def _check_known(found: Sequence[int], known: Sequence[int], classes: ClassMap) -> None:
    unknown = sorted(set(found) - set(known))
    if not unknown:
        return
    listed = ", ".join(f"{v} ({n})" for v, n in zip(classes.values, classes.names, strict=True))
    some = ", ".join(str(v) for v in unknown[:5]) + (", ..." if len(unknown) > 5 else "")
    raise PaintError(
        f"The truth has values the model does not know: {some}. Its classes are {listed}. "
        "Paint the truth with the same values."
    )


def _class_scores(name: str, value: int, *, both: int, predicted: int, true: int) -> ClassScores:
    return ClassScores(
        name=name,
        value=value,
        iou=_share(both, predicted + true - both),
        dice=_share(2 * both, predicted + true),
        precision=_share(both, predicted),
        recall=_share(both, true),
        pixels=true,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [v for v in values if v is not None]
    return sum(defined) / len(defined) if defined else None
