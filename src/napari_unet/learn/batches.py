"""Batches of patches around paint, ready for the network."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from napari_unet.core.config import TrainConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.patches import HeldOut, PatchReader, PatchSampler
from napari_unet.core.strokes import Stroke
from napari_unet.learn.augment import Augmenter


class Batches:
    """Draw batches of patches with paint in them, varied.

    Parameters
    ----------
    training : TrainingSet
    strokes : list of Stroke
        The strokes to learn from.
    held_out : list of Stroke
        Strokes whose pixels are never shown.
    config : TrainConfig
    single_image : bool
        Take every patch of a batch from the same image. Batch normalisation needs it: its
        statistics are those of a single image at prediction, so they must be at training.
    """

    def __init__(
        self,
        training: TrainingSet,
        strokes: list[Stroke],
        held_out: list[Stroke],
        config: TrainConfig,
        *,
        single_image: bool,
    ) -> None:
        dimensions = training.dimensions
        size = (config.patch_size,) * dimensions
        if dimensions == 3:
            size = (max(16, config.patch_size // 4), *size[1:])
        self._random = np.random.default_rng(config.seed)
        shapes = [image.source.spatial_shape for image in training.images]
        self._sampler = PatchSampler(strokes, len(training.classes), size, config.seed, shapes)
        self._reader = PatchReader(training)
        self._held = HeldOut(held_out)
        self._augment = Augmenter(config.augment, torch.Generator().manual_seed(config.seed))
        self._batch_size = config.batch_size
        self._single_image = single_image
        counts = np.bincount([s.image for s in strokes], minlength=len(training.images))
        self._image_share = np.sqrt(counts) / np.sqrt(counts).sum()

    def draw(self) -> tuple[Tensor, Tensor]:
        """One batch: image (N, C, *spatial) float32 and target (N, *spatial) uint8, on CPU."""
        image = None
        if self._single_image:
            image = int(self._random.choice(len(self._image_share), p=self._image_share))
        specs = self._sampler.draw(self._batch_size, image)
        pairs = [self._reader.read(spec, self._held) for spec in specs]
        images = torch.from_numpy(np.stack([image for image, _ in pairs]))
        targets = torch.from_numpy(np.stack([target for _, target in pairs]))
        return self._augment(images, targets)
