"""On-the-fly variation of patches: one resampling for all geometry, then intensities."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as functional
from torch import Tensor

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.config import AugmentConfig

_ELASTIC_POINTS = 5
"""Control points of the elastic field along each axis."""


class Augmenter:
    """Vary image and target of a batch alike; geometry in one resampling, so it blurs once.

    Parameters
    ----------
    config : AugmentConfig
    generator : torch.Generator
        Source of randomness on the CPU; the same seed gives the same variations.
    """

    def __init__(self, config: AugmentConfig, generator: torch.Generator) -> None:
        self._config = config
        self._generator = generator

    def __call__(
        self, image: Tensor, target: Tensor, chances: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        """Return varied copies of what is given.

        Parameters
        ----------
        image : Tensor of float32, shape (N, C, *spatial)
        target : Tensor of uint8, shape (N, *spatial)
            What falls in from outside the patch is `UNPAINTED`.
        chances : Tensor of float32, shape (N, K, *spatial), optional
            Moved with the image, but not varied in intensity.
        """
        channels = image.shape[1]
        if chances is not None:
            image = torch.cat([image, chances], 1)
        image, target = self._flip_and_turn(image, target)
        if self._config.scale > 0 or self._config.elastic > 0:
            image, target = self._resample(image, target)
        varied = self._vary_intensity(image[:, :channels])
        return (varied, target) if chances is None else (varied, target, image[:, channels:])

    def _uniform(self, low: float, high: float, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self._generator) * (high - low) + low

    def _flip_and_turn(self, image: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Mirror and turn each patch by right angles; turns stay in the plane of Y and X."""
        images, targets = [], []
        for one, paint in zip(image, target, strict=True):
            axes = []
            if self._config.flips:
                drawn = self._uniform(0, 1, paint.ndim) < 0.5
                axes = [axis - paint.ndim for axis in range(paint.ndim) if bool(drawn[axis])]
            turns = 0
            if self._config.right_angles and paint.shape[-1] == paint.shape[-2]:
                turns = int(torch.randint(4, (1,), generator=self._generator))
            images.append(torch.rot90(one.flip(axes), turns, (-2, -1)))
            targets.append(torch.rot90(paint.flip(axes), turns, (-2, -1)))
        return torch.stack(images), torch.stack(targets)

    def _resample(self, image: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        grid = self._grid(image)
        outside = (grid.abs() > 1).any(dim=-1)
        varied = functional.grid_sample(
            image, grid, mode="bilinear", padding_mode="reflection", align_corners=False
        )
        paint = functional.grid_sample(
            target[:, None].float(), grid, mode="nearest", padding_mode="border",
            align_corners=False,
        )  # fmt: skip
        paint = paint[:, 0].to(torch.uint8).masked_fill(outside, UNPAINTED)
        return varied, paint

    def _grid(self, image: Tensor) -> Tensor:
        """Where each pixel comes from, in the coordinates of `grid_sample`, on CPU."""
        number, sizes = image.shape[0], image.shape[2:]
        spread = math.log1p(self._config.scale)
        zoom = torch.exp(self._uniform(-spread, spread, number))
        eye = torch.eye(len(sizes), len(sizes) + 1)
        grid = functional.affine_grid(
            zoom[:, None, None] * eye, [number, 1, *sizes], align_corners=False
        )
        if self._config.elastic > 0:
            coarse = self._uniform(-1, 1, number, len(sizes), *[_ELASTIC_POINTS] * len(sizes))
            mode = "bilinear" if len(sizes) == 2 else "trilinear"
            field = functional.interpolate(coarse, list(sizes), mode=mode, align_corners=True)
            pixel = 2.0 / torch.tensor(sizes[::-1], dtype=torch.float32)
            grid = grid + field.movedim(1, -1) * pixel * self._config.elastic
        return grid

    def _vary_intensity(self, image: Tensor) -> Tensor:
        strength, noise = self._config.intensity, self._config.noise
        shape = (image.shape[0], image.shape[1], *[1] * (image.ndim - 2))
        if strength > 0:
            gain = torch.exp(self._uniform(-strength, strength, *shape))
            image = image * gain + self._uniform(-strength, strength, *shape)
        if noise > 0:
            level = self._uniform(0, noise, shape[0], *[1] * (image.ndim - 1))
            image = image + level * torch.randn(image.shape, generator=self._generator)
        return image
