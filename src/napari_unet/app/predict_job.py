"""The work of predicting several images, and of redoing what follows the network; on a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from napari_unet.app.engine import engine, lower_priority
from napari_unet.app.jobs import Job
from napari_unet.app.stream_job import stream_job
from napari_unet.core.annotations import ClassMap
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import UNetError
from napari_unet.core.postprocess import finish
from napari_unet.core.source import ImageSource
from napari_unet.data.canvas import Canvas

KEPT_BYTES = 512 * 2**20
"""Probabilities are kept, in half precision, while all of them together are no larger."""


@dataclass(frozen=True)
class ImageBegun:
    """The prediction of one image begins; the tiles that follow are its own."""

    number: int


@dataclass(frozen=True, eq=False)
class ImageDone:
    """One image is predicted.

    Parameters
    ----------
    number : int
        Which of the images.
    labels : ndarray, shape (S, *spatial)
        Given away.
    probabilities : ndarray of float16, shape (S, K, *spatial), or None
    only : int or None
        The label that every pixel has, if there is no other.
    """

    number: int
    labels: np.ndarray
    probabilities: np.ndarray | None
    only: int | None = None


@dataclass(frozen=True)
class ImageFailed:
    """One image could not be predicted; the others can."""

    number: int
    text: str


def half_bytes(source: ImageSource, classes: int) -> int:
    """How many bytes the probabilities of an image take in half precision."""
    samples, _, *spatial = source.canonical_shape
    return 2 * samples * classes * prod(spatial)


def predict_job(
    sources: Sequence[ImageSource],
    model: Any,
    config: PredictConfig,
    keep: Sequence[bool],
    cancel: CancelToken,
    samples: Sequence[Sequence[int] | None],
    canvases: Sequence[Canvas | None],
) -> Job:
    """Predict image after image; one that fails does not stop the others.

    Parameters
    ----------
    sources : sequence of ImageSource
    model : napari_unet.learn.model.Model
    config : PredictConfig
    keep : sequence of bool
        Whose probabilities are wanted.
    cancel : CancelToken
    samples : sequence of (sequence of int, or None)
        Canonical numbers of the samples that are wanted of each image; None for all.
    canvases : sequence of (Canvas, or None)
        Of images whose labels are too many for memory, where they lie.
    """
    lower_priority()
    predict = engine("inference").predict
    for number, source in enumerate(sources):
        if cancel.cancelled:
            return
        yield ImageBegun(number)
        canvas, chosen = canvases[number], samples[number]
        try:
            if canvas is not None:
                yield from stream_job(number, source, model, config, canvas, cancel, chosen)
                continue
            result = yield from predict(
                model,
                source,
                config,
                cancel=cancel,
                want_probabilities=keep[number],
                samples=chosen,
            )
        except UNetError as err:
            named = source.name in str(err)
            yield ImageFailed(number, str(err) if named else f"{source.name}: {err}")
            continue
        if result.stopped or result.labels is None:
            return
        exact = result.probabilities
        half = None if exact is None else exact.astype(np.float16)
        shown = chosen or range(len(result.labels))
        only = _only_label([result.labels[sample] for sample in shown])
        yield ImageDone(number, result.labels, half, only)


def _only_label(labels: Sequence[np.ndarray]) -> int | None:
    first = labels[0].flat[0]
    return None if any((sample != first).any() for sample in labels) else int(first)


def finish_all(
    kept: Sequence[tuple[np.ndarray, ClassMap]], config: PredictConfig
) -> list[np.ndarray]:
    """Labels ``(S, *spatial)`` of each image from its probabilities, without the network.

    Parameters
    ----------
    kept : sequence of (probabilities, ClassMap)
        Probabilities of shape ``(S, K, *spatial)``; zeros where a sample was not predicted, which
        stays without labels.
    config : PredictConfig
        Its threshold, smallest object and holes.
    """
    return [
        np.stack([_finished(sample, classes, config) for sample in probabilities])
        for probabilities, classes in kept
    ]


def _finished(sample: np.ndarray, classes: ClassMap, config: PredictConfig) -> np.ndarray:
    if not sample.any():
        return np.zeros(sample.shape[1:], np.min_scalar_type(max(classes.label_values, default=0)))
    return finish(
        sample.astype(np.float32),
        classes,
        threshold=config.threshold,
        smallest_object=config.smallest_object,
        fill_holes=config.fill_holes,
    )
