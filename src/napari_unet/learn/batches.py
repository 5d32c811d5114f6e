"""Batches of patches around paint, ready for the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.patch_sampler import FRESH_SHARE, FreshPaint, PatchSampler
from napari_unet.core.patches import HeldOut, PatchReader
from napari_unet.core.strokes import Stroke
from napari_unet.learn.augment import Augmenter
from napari_unet.learn.channel_dropout import ChannelDropout, dropout_for
from napari_unet.learn.first_answer import FirstAnswer
from napari_unet.learn.learning_memory import largest_shape, sized


@dataclass(frozen=True, eq=False)
class Batch:
    """Varied patches, on the CPU.

    Parameters
    ----------
    image : Tensor of float32, shape (N, C, *spatial)
    target : Tensor of uint8, shape (N, *spatial)
    chances : Tensor of float32, shape (N, K, *spatial), optional
        What was answered at first, varied in the same way.
    """

    image: Tensor
    target: Tensor
    chances: Tensor | None = None


class Batches:
    """Draw batches of patches with paint in them, varied.

    Parameters
    ----------
    training : TrainingSet
    strokes : sequence of Stroke
        The strokes to learn from.
    held_out : sequence of Stroke
        Strokes whose pixels are never shown.
    config : TrainConfig
    single_image : bool
        Take every patch of a batch from the same image. Batch normalisation needs it: its
        statistics are those of a single image at prediction, so they must be at training.

    Attributes
    ----------
    size : tuple of int
        Of a patch; the next `repaint` draws patches of a size that was set.
    """

    def __init__(
        self,
        training: TrainingSet,
        strokes: Sequence[Stroke],
        held_out: Sequence[Stroke],
        config: TrainConfig,
        *,
        single_image: bool,
    ) -> None:
        plain = ModelConfig(dimensions=3 if training.dimensions == 3 else 2)
        self.size = sized(largest_shape(training), plain, config.patch_size)
        self.first: FirstAnswer | None = None
        self._random = np.random.default_rng(config.seed)
        self._seed, self._variation = config.seed, config.augment
        self._augment = Augmenter(config.augment, torch.Generator().manual_seed(config.seed))
        self._drop = ChannelDropout(dropout_for(training, config), config.seed)
        self._batch_size = config.batch_size
        self._single_image = single_image
        self._reader = PatchReader(training)
        self._set(training, strokes, held_out, config.seed, ())

    def repaint(
        self,
        training: TrainingSet,
        strokes: Sequence[Stroke],
        held_out: Sequence[Stroke],
        fresh: Sequence[FreshPaint] = (),
    ) -> None:
        """Draw from other paint on the same images from now on.

        Parameters
        ----------
        training : TrainingSet
        strokes, held_out : sequence of Stroke
            As in the beginning.
        fresh : sequence of FreshPaint, optional
            Paint to be drawn more often for a while; part of `strokes`.
        """
        self._reader = self._reader.under(training)
        # another seed, or each stroke that comes would start the same draws again
        seed = int(self._random.integers(2**31))
        self._set(training, strokes, held_out, seed, fresh)

    def _set(
        self,
        training: TrainingSet,
        strokes: Sequence[Stroke],
        held_out: Sequence[Stroke],
        seed: int,
        fresh: Sequence[FreshPaint],
    ) -> None:
        self._training, self._strokes = training, (strokes, held_out)
        shapes = [image.source.spatial_shape for image in training.images]
        self._sampler = PatchSampler(strokes, len(training.classes), self.size, seed, shapes, fresh)
        self._held = HeldOut(held_out)
        counts = np.bincount([s.image for s in strokes], minlength=len(training.images))
        self._image_share = np.sqrt(counts) / np.sqrt(counts).sum()

    def draw_otherwise(self, number: int) -> None:
        """Draw from the same paint, but otherwise."""
        seed = self._seed + 7919 * number
        self._random = np.random.default_rng(seed)
        self._augment = Augmenter(self._variation, torch.Generator().manual_seed(seed))
        self._set(self._training, *self._strokes, seed, ())

    @property
    def fresh(self) -> list[FreshPaint]:
        """The paint that counts as new still."""
        return self._sampler.fresh

    def draw(self) -> Batch:
        """One batch of varied patches."""
        image = self._image() if self._single_image else None
        specs = self._sampler.draw(self._batch_size, image)
        pairs = [self._reader.read(spec, self._held) for spec in specs]
        images = torch.from_numpy(np.stack([image for image, _ in pairs]))
        targets = torch.from_numpy(np.stack([target for _, target in pairs]))
        if self.first is None:
            varied, *rest = self._augment(images, targets)
        else:
            earlier = torch.stack([self.first.read(spec) for spec in specs])
            varied, *rest = self._augment(images, targets, earlier)
        return Batch(self._drop(varied), *rest)

    def _image(self) -> int:
        """The image of a batch; for a while it is more often one with new paint."""
        fresh = self.fresh
        if fresh and self._random.random() < FRESH_SHARE:
            return fresh[self._random.integers(len(fresh))].stroke.image
        return int(self._random.choice(len(self._image_share), p=self._image_share))
