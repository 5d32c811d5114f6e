"""A picture of drawn kinds: images above what is asked for, to judge by eye what trains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from skimage import io

from pretraining.lookalikes import LOOKALIKES
from pretraining.tasks import Kind, draw_scene

TINTS = np.array([[0, 0, 0], [1, 0.15, 0.1], [0.1, 0.55, 1], [0.2, 0.9, 0.2]], np.float32)
"""Colour of each class; the first is not tinted."""

GAP = 2


def write_sheet(file: Path, each: int = 6, side: int = 192, seed: int = 0) -> None:
    """Draw some images of every lookalike, and of the general scenes, into one picture.

    Parameters
    ----------
    file : Path
        Where it goes; the ending says how it is written.
    each : int, optional
        Images of each kind, side by side.
    side : int, optional
        Side of each in pixels.
    seed : int, optional
        Decides what is drawn.
    """
    drawers = {**LOOKALIKES, "scenes": draw_scene}
    rows = []
    for number, draw in enumerate(drawers.values()):
        shots = []
        for column in range(each):
            rng = np.random.default_rng([seed, number, column])
            shots.append(_shot(draw(rng), rng, side))
        rows += [np.hstack(pictures) for pictures in zip(*shots, strict=True)]
    io.imsave(file, (np.vstack(rows) * 255).astype(np.uint8), check_contrast=False)


def _shot(kind: Kind, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
    """An image of a kind and the same with its classes tinted, each with a gap around it."""
    image, classes = kind.sample(rng, side)
    plain = np.broadcast_to(image.transpose(1, 2, 0).clip(0, 1), (side, side, 3))
    colours = TINTS[np.minimum(classes, len(TINTS) - 1)]
    tinted = np.where(classes[..., None] > 0, 0.45 * plain + 0.55 * colours, plain)
    frame = ((GAP, GAP), (GAP, GAP), (0, 0))
    return np.pad(plain, frame), np.pad(tinted, frame)
