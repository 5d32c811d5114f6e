"""Strokes placed by Next against strokes placed at random, one at a time.

Both begin with the same stroke of each class, then the simulated annotator paints short strokes
of the true class. Random strokes lie anywhere unpainted, or, as a second reference, take turns
among the classes. Every answer is the instant one. The figure is how many strokes it takes to the
intersection over union that random strokes have reached at the end; the images are those of
``../shared/data`` (see its README), and without them the benchmark says so. Other rankings are
compared with ``python -m benchmarks.next_place --rankings``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from skimage.morphology import skeletonize

from benchmarks.few_strokes import DATA, NOT_FOR_2D
from benchmarks.report import Report, progress
from napari_unet.core.assemble import assemble_arrays
from napari_unet.core.config import preset
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.next_place import Outlook, Ranking, next_places, outlook_of
from napari_unet.core.preview import PreviewRequest
from napari_unet.learn.glance import Glance
from pretraining.annotator import Paint
from pretraining.annotator import _thicken as thicken
from pretraining.annotator import _walk as walk
from pretraining.evaluate import Case, cases, iou
from pretraining.images import data_sets

STROKES = 16
"""Strokes after the first one of each class."""

LENGTH, RADIUS = 20, 2
WINDOW = 32
"""A stroke begins on the middle of its region, at most so far from the place."""

RANKINGS = {
    "entropy of pixels": Ranking(spread=0, disagreement=0),
    "entropy": Ranking(disagreement=0),
    "entropy, wide": Ranking(spread=20, disagreement=0),
    "entropy, disagreement": Ranking(disagreement=1),
    "entropy, balanced": Ranking(disagreement=0, balance=0.5),
    "margin": Ranking(measure="margin", disagreement=0),
    "error": Ranking(measure="error", disagreement=0),
    "disagreement": Ranking(measure="error", disagreement=10),
}
