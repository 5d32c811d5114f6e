"""Predicting an image whose labels are too many for memory: block by block into a folder."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

import platformdirs
import psutil

from napari_unet.app.engine import engine
from napari_unet.app.jobs import Job
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.events import TileDone
from napari_unet.core.source import ImageSource
from napari_unet.data.canvas import Canvas
from napari_unet.data.label_store import LabelStore

MOST_LABELS = 400_000_000
"""Labels of a layer are held in memory up to this many."""

_SHARE = 8
"""Nor do they take more than this part of the free memory."""

_DIGITS = 8
_LONGEST_NAME = 40


@dataclass(frozen=True)
class StreamBegun:
    """The first block of a result is written; the rest appears in the same folder."""

    number: int
    path: Path


@dataclass(frozen=True)
class StreamDone:
    """A result in a folder is complete, or was stopped and can be continued."""

    number: int
    path: Path
    stopped: bool


def most_labels() -> int:
    """How many labels a layer in memory may have now."""
    return min(MOST_LABELS, int(psutil.virtual_memory().available) // _SHARE)


def too_many(source: ImageSource) -> bool:
    """True if the labels of an image are to be written to disk as they are computed."""
    samples, _, *spatial = source.canonical_shape
    return samples * prod(spatial) > most_labels()


def masks_folder() -> Path:
    """Where large results go: a folder in the user's data."""
    return Path(platformdirs.user_data_dir("napari-unet-paint", appauthor=False)) / "masks"


def stream_job(
    number: int,
    source: ImageSource,
    model: Any,
    config: PredictConfig,
    canvas: Canvas,
    cancel: CancelToken,
    samples: Any = None,
) -> Job:
    """Predict one image into an OME-Zarr in the user's data folder.

    The name of the folder tells the image, the model and the settings apart, so what was stopped
    or killed is continued when the same is asked for again.

    Parameters
    ----------
    number : int
        Which of the images, for the events.
    source : ImageSource
    model : napari_unet.learn.model.Model
    config : PredictConfig
    canvas : Canvas
        Where the labels lie.
    cancel : CancelToken
    samples : sequence of int, optional
        As for `napari_unet.learn.streaming.stream`.
    """
    recipe = engine("recipe").recipe(model, source, config)
    facts = json.dumps([recipe, repr(canvas.geometry())], sort_keys=True)
    digest = sha256(facts.encode()).hexdigest()[:_DIGITS]
    plain = re.sub(r"[^\w.-]+", "_", source.name)[:_LONGEST_NAME].strip("._") or "image"
    path = masks_folder() / f"{plain} {digest}.ome.zarr"
    store = LabelStore(path, canvas, model.classes)
    work = engine("streaming").stream(model, source, store, config, cancel=cancel, samples=samples)
    begun = False
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            result = end.value
            break
        if isinstance(event, TileDone) and not begun:
            begun = True
            yield StreamBegun(number, path)
        yield event
    if not begun and path.exists():
        yield StreamBegun(number, path)
    yield StreamDone(number, path, result.stopped)
