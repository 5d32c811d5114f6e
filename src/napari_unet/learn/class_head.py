"""The class head: one 1x1 convolution on all feature maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from napari_unet.learn.blocks import enlarge, layers_for


class ClassHead(nn.Module):
    """One 1x1 convolution on feature maps of several sizes.

    Equal to resizing every map to the finest, concatenating and convolving, but the
    convolution comes first, so that only the few class scores are resized.

    Parameters
    ----------
    dimensions : {2, 3}
        Spatial axes.
    channels : sequence of int
        Feature maps of each size, finest first.
    outputs : int
        Scores per pixel.
    """

    def __init__(self, dimensions: int, channels: Sequence[int], outputs: int) -> None:
        super().__init__()
        convolution = layers_for(dimensions).convolution
        self.levels = nn.ModuleList(
            convolution(count, outputs, 1, bias=number == 0)
            for number, count in enumerate(channels)
        )
        self.register_buffer("strength", torch.zeros(()))

    @property
    def smoothing(self) -> float:
        """How strongly answers are smoothed along the edges of the image; see `edge_smoothing`."""
        return float(self.get_buffer("strength"))

    @smoothing.setter
    def smoothing(self, strength: float) -> None:
        self.get_buffer("strength").fill_(strength)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *rest: Any) -> None:
        """Weights written before there was smoothing have none."""
        state_dict.setdefault(f"{prefix}strength", torch.zeros(()))
        super()._load_from_state_dict(state_dict, prefix, *rest)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Return scores ``(N, outputs, *spatial)`` in the size of the first map.

        Parameters
        ----------
        maps : sequence of Tensor, each of shape (N, channels[i], *spatial / 2**k)
            Map sizes divide the first one's by whole numbers.
        """
        scores: Tensor = self.levels[0](maps[0])
        for level, features in zip(self.levels[1:], maps[1:], strict=True):
            scores = scores + enlarge(level(features), factors_between(maps[0], features))
        return scores


def factors_between(finest: Tensor, features: Tensor) -> list[int]:
    """By how much a map is to be enlarged along each axis to the size of the finest."""
    return [n // m for n, m in zip(finest.shape[2:], features.shape[2:], strict=True)]
