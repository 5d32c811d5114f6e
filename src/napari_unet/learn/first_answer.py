"""The instant answer as something to agree with where nobody painted.

A few strokes say nothing about most of an image, and a network that learns from them alone drifts
there. It is held to the answer it began with, seen in another way each time (learning without
forgetting, Li & Hoiem 2016, arXiv:1606.09282).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from napari_unet.core.boxes import mirrored
from napari_unet.core.patches import PatchSpec


class FirstAnswer:
    """Class probabilities of whole samples, read like patches.

    Parameters
    ----------
    classes : int
        How many classes there are.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self._known: dict[tuple[int, int], np.ndarray] = {}

    def add(self, image: int, sample: int, chances: Tensor) -> None:
        """Take the probabilities of one sample, shape (K, *spatial); kept in half precision."""
        self._known[image, sample] = chances.half().cpu().numpy()

    def read(self, spec: PatchSpec) -> Tensor:
        """What a patch was answered with, float32 (K, *spatial), mirrored as the image is.

        All zero where there was no answer.
        """
        known = self._known.get((spec.image, spec.sample))
        if known is None:
            return torch.zeros(self.classes, *spec.size)
        places = [
            mirrored(*run) for run in zip(spec.start, spec.size, known.shape[1:], strict=True)
        ]
        block = known[np.ix_(np.arange(self.classes), *places)]
        return torch.from_numpy(block.astype(np.float32))
