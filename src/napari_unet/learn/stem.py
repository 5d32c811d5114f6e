"""The filter bank made ready for one set of weights: images of any channels, at one scale."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi

import torch
from torch import Tensor, nn

from napari_unet.learn.blocks import layers_for
from napari_unet.learn.filters import FilterBank

MOST_PLANES = 3
"""The trunk sees so many planes at most; the head sees all."""


class Leading(nn.Module):
    """Passes on the first channels only.

    Parameters
    ----------
    count : int
        How many.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, *spatial)`` to ``(N, count, *spatial)``, a view."""
        return x[:, : self.count]


class AdaptedBank(FilterBank):
    """A filter bank whose responses suit one set of weights for any image.

    The channels are first turned into planes by an orthonormal discrete cosine transform:
    plane 0 is their sum, the others are differences (for colour: red against blue, green
    against both), so that weights for few planes serve images of any number of channels.
    Every response is then normalised by its statistics over the image, as any other batch
    normalisation. Nothing here is learned.

    Channels of the result: the responses of plane 0, of plane 1, and so on.

    Parameters
    ----------
    dimensions : {2, 3}
        Spatial axes of the images.
    channels : int
        Channels of the images.
    spacing : sequence of float, optional
        Length of a pixel along each axis; see `FilterBank`.

    Attributes
    ----------
    basis : Tensor, shape (channels, channels)
        One row for each plane.
    norm : BatchNorm2d or BatchNorm3d
        Without gains: the scales of filters are alike.
    trunk_inputs : int
        Leading channels of the result that the trunk sees.
    """

    basis: Tensor

    def __init__(
        self, dimensions: int, channels: int, spacing: Sequence[float] | None = None
    ) -> None:
        super().__init__(dimensions, spacing=spacing)
        self.register_buffer("basis", torch.tensor(_cosines(channels)))
        count = channels * self.per_channel
        self.norm = layers_for(dimensions).batch_norm(count, eps=1e-4, affine=False)
        self.trunk_inputs = min(channels, MOST_PLANES) * self.per_channel

    def forward(self, x: Tensor) -> Tensor:
        """Return the normalised responses, shape ``(N, C * per_channel, *spatial)``, float32.

        Parameters
        ----------
        x : Tensor, shape (N, C, *spatial)
            Normalised intensities of any size.
        """
        with torch.autocast(x.device.type, enabled=False):
            planes = (self.basis.float() @ x.float().flatten(2)).unflatten(2, x.shape[2:])
            responses = super().forward(planes).to(self.norm.get_buffer("running_mean").dtype)
            normalised: Tensor = self.norm(responses)
            return normalised


def _cosines(count: int) -> list[list[float]]:
    """The orthonormal discrete cosine transform (type II) of that length."""
    rows = []
    for row in range(count):
        size = ((1 if row == 0 else 2) / count) ** 0.5
        rows.append([size * cos(pi * (k + 0.5) * row / count) for k in range(count)])
    return rows
