"""A series of photographs of one sort of thing: what is asked, and how it is photographed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pretraining.lookalikes.parts.exposure import exposed
from pretraining.microscope import Camera


class Sort(Protocol):
    """A sort of thing."""

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Colours (3, side, side), and classes by what may be asked."""


@dataclass(frozen=True, eq=False)
class Series:
    """One series of photographs.

    Parameters
    ----------
    style, question : str
        What they show; what is asked.
    sort : Sort
        Its look.
    camera : Camera
        How it is photographed.
    natural : float
        How much of its own brightness range an image keeps.
    mixing : ndarray, shape (C, 3)
        Colours of the scene to channels.
    """

    style: str
    question: str
    sort: Sort
    camera: Camera
    natural: float
    mixing: np.ndarray

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Render another field of view; see `pretraining.tasks.Kind`."""
        image, found = self.sort.paint(rng, side)
        image = np.tensordot(self.mixing, np.clip(image, 0.01, 1.1), 1).astype(np.float32)
        return exposed(self.camera, image, rng, self.natural), found[self.question].astype(np.uint8)
