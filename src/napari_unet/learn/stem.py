"""The filter bank made ready for a linear head: any channels, one scale, curves of brightness.

A head solved from a few strokes is linear in what it reads. So that it can also find what is
neither dark nor bright, as a random forest can, every blurred image is unfolded into a few
hats: a weighted sum of hats is any piecewise linear curve of brightness (a generalised
additive model, Hastie & Tibshirani 1986, doi:10.1214/ss/1177013604).
"""

from __future__ import annotations

from math import cos, pi

import torch
from torch import Tensor, nn

from napari_unet.learn.blocks import layers_for
from napari_unet.learn.filters import FilterBank

MOST_PLANES = 3
"""The trunk sees so many planes at most; the head sees all."""

KNOTS = (-1.8, -1.2, -0.6, 0.0, 0.6, 1.2, 1.8)
"""Brightness at which a hat peaks, in standard deviations from the mean of the image."""


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
    normalisation, and the blurred images are unfolded into hats.

    Channels of the result: the responses of plane 0, of plane 1, and so on; then the hats.

    Parameters
    ----------
    dimensions : {2, 3}
        Spatial axes of the images.
    channels : int
        Channels of the images.

    Attributes
    ----------
    basis : Tensor, shape (channels, channels)
        One row for each plane.
    norm : BatchNorm2d or BatchNorm3d
        Its gains are the worth of each filter to the head, learned beforehand.
    """

    basis: Tensor

    def __init__(self, dimensions: int, channels: int) -> None:
        super().__init__(dimensions)
        self.register_buffer("basis", torch.tensor(_cosines(channels)))
        self.filters = super().per_channel
        self.norm = layers_for(dimensions).batch_norm(channels * self.filters, eps=1e-4)
        self.trunk_inputs = min(channels, MOST_PLANES) * self.filters
        step = 3 + dimensions
        blurred = [0, *range(1, self.filters, step)]
        index = [plane * self.filters + k for plane in range(channels) for k in blurred]
        # On the CPU even where weights are only planned (meta device): it is in no file.
        self.register_buffer("blurred", torch.tensor(index, device="cpu"), persistent=False)

    @property
    def per_channel(self) -> int:
        """Responses and hats per image channel."""
        return unfolded_per_channel(self.dimensions, self.sigmas)

    def forward(self, x: Tensor) -> Tensor:
        """Return responses and hats, shape ``(N, C * per_channel, *spatial)``.

        Parameters
        ----------
        x : Tensor, shape (N, C, *spatial)
            Normalised intensities of any size.
        """
        return self.unfold(self.responses(x))

    def responses(self, x: Tensor) -> Tensor:
        """Return the normalised responses only, ``(N, C * filters, *spatial)``."""
        with torch.autocast(x.device.type, enabled=False):
            planes = (self.basis.float() @ x.float().flatten(2)).unflatten(2, x.shape[2:])
            responses = super().forward(planes).to(self.norm.weight.dtype)
            normalised: Tensor = self.norm(responses)
            return normalised

    def unfold(self, responses: Tensor) -> Tensor:
        """Return responses followed by hats; every pixel on its own, whatever its neighbours."""
        bright = responses[:, self.get_buffer("blurred")].clamp(KNOTS[0], KNOTS[-1])
        width = KNOTS[1] - KNOTS[0]
        hats = [(1 - (bright - knot).abs() / width).clamp_min(0) for knot in KNOTS]
        with torch.autocast(responses.device.type, enabled=False):
            return torch.cat([responses, *hats], 1)

    def weigh(self, responses: Tensor, weights: Tensor) -> Tensor:
        """Return weighted sums of what `unfold` returns, without holding all of it.

        For prediction only: it changes intermediate results in place.

        Parameters
        ----------
        responses : Tensor of float32, shape (N, C * filters, *spatial)
        weights : Tensor of float32, shape (K, C * per_channel)

        Returns
        -------
        Tensor of float32, shape (N, K, *spatial)
        """
        bright = responses[:, self.get_buffer("blurred")].clamp_(KNOTS[0], KNOTS[-1])
        width = KNOTS[1] - KNOTS[0]
        first, step = responses.shape[1], bright.shape[1]
        with torch.autocast(responses.device.type, enabled=False):
            total = weights[:, :first] @ responses.flatten(2)
            hat = torch.empty_like(bright)
            for knot in KNOTS:
                torch.sub(bright, knot, out=hat).abs_().mul_(-1 / width).add_(1).clamp_min_(0)
                total += weights[:, first : first + step] @ hat.flatten(2)
                first += step
        return total.view(*total.shape[:2], *responses.shape[2:])


def unfolded_per_channel(dimensions: int, sigmas: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)) -> int:
    """How many channels `AdaptedBank` makes of one image channel."""
    return 1 + len(sigmas) * (3 + dimensions) + len(KNOTS) * (1 + len(sigmas))


def _cosines(count: int) -> list[list[float]]:
    """The orthonormal discrete cosine transform (type II) of that length."""
    rows = []
    for row in range(count):
        size = ((1 if row == 0 else 2) / count) ** 0.5
        rows.append([size * cos(pi * (k + 0.5) * row / count) for k in range(count)])
    return rows
