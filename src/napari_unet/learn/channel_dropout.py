"""Channels left out in training, so that a model learns to do without any one of them.

As modality dropout does it (Neverova et al. 2016, arXiv:1501.00102): a channel that is left out
is mid grey, which is what a channel that is missing reads as at prediction.
"""

from __future__ import annotations

import torch
from torch import Tensor

from napari_unet.core.config import TrainConfig
from napari_unet.core.dataset import TrainingSet


def dropout_for(training: TrainingSet, config: TrainConfig) -> float:
    """How often each channel is left out: never where there is one only, or where they are colours.

    Parameters
    ----------
    training : TrainingSet
    config : TrainConfig
    """
    if training.channels < 2 or any(image.source.colour for image in training.images):
        return 0.0
    return config.channel_dropout


class ChannelDropout:
    """Leaves out channels of a batch, of all its patches alike; one channel always stays.

    Alike, because statistics of a batch are those of one image at prediction, in which a
    channel is there or is not.

    Parameters
    ----------
    probability : float
        How often each channel is left out, 0 to 1.
    seed : int
    """

    def __init__(self, probability: float, seed: int) -> None:
        self._probability = probability
        self._generator = torch.Generator().manual_seed(seed)

    def __call__(self, image: Tensor) -> Tensor:
        """Return the batch, maybe with channels of zeros.

        Parameters
        ----------
        image : Tensor of float32, shape (N, C, *spatial)
            Normalised, so that zero is mid grey; left as it is.
        """
        channels = image.shape[1]
        if self._probability <= 0 or channels < 2:
            return image
        out = torch.rand(channels, generator=self._generator) < self._probability
        stays = int(torch.randint(channels, (1,), generator=self._generator))
        if bool(out.all()):
            out[stays] = False
        if not bool(out.any()):
            return image
        return image.masked_fill(out.reshape(1, -1, *[1] * (image.ndim - 2)), 0.0)
