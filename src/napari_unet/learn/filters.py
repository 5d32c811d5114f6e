"""A fixed bank of classical filters: what a pixel classifier sees, ready for a network.

Gaussian scale space with discrete derivatives (Lindeberg 1993, doi:10.1007/BF01469346), and
the features random forests are commonly given (Arganda-Carreras et al. 2017,
doi:10.1093/bioinformatics/btx180).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, lcm, pi
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from napari_unet.learn.blocks import crop, enlarge, extend, pad_to_multiple

TRUNCATE = 3.0
"""Kernels end at this many standard deviations."""

COARSEST = 4
"""Large scales are computed on a copy reduced by at most this factor."""

EDGE_GAIN = 3.0
"""Brings gradients, curvatures and deviations into the range of intensities."""

LEAST_VARIANCE = 1e-3
"""Added to local variances: a root near zero would magnify rounding errors between tiles."""


def _kernel(sigma: float) -> list[float]:
    """Weights of the centre and of one side of a sampled Gaussian that sums to one."""
    half = [exp(-0.5 * (k / sigma) ** 2) for k in range(ceil(TRUNCATE * sigma) + 1)]
    total = half[0] + 2 * sum(half[1:])
    return [weight / total for weight in half]


def _smooth(x: Tensor, kernels: Sequence[list[float]]) -> Tensor:
    """Convolve along every spatial axis with its own kernel, without padding.

    Sums of shifted views: on one channel several times faster than a convolution layer,
    and the same in 2D and 3D.
    """
    for axis, weights in enumerate(kernels, start=2):
        radius = len(weights) - 1
        size = x.shape[axis] - 2 * radius
        total = x.narrow(axis, radius, size) * weights[0]
        for k in range(1, radius + 1):
            pair = x.narrow(axis, radius - k, size) + x.narrow(axis, radius + k, size)
            total.add_(pair, alpha=weights[k])
        x = total
    return x


def _shifted(x: Tensor, *offsets: int) -> Tensor:
    """The inside of `x`, one pixel smaller on each side, moved by whole pixels."""
    return crop(x, [n - 2 for n in x.shape[2:]], [1 + offset for offset in offsets])


def _derivatives(x: Tensor, steps: Sequence[float]) -> tuple[list[Tensor], list[list[Tensor]]]:
    """First and second central differences, ``[axis]`` and ``[axis][axis]``.

    Parameters
    ----------
    x : Tensor
    steps : sequence of float
        Length of a pixel along each axis.
    """
    dims = x.ndim - 2
    unit = [[int(i == j) for j in range(dims)] for i in range(dims)]
    minus = [[-v for v in u] for u in unit]
    centre = _shifted(x, *[0] * dims)
    first: list[Tensor] = []
    second: list[list[Tensor]] = [[centre] * dims for _ in range(dims)]
    for i, step in enumerate(steps):
        ahead, behind = _shifted(x, *unit[i]), _shifted(x, *minus[i])
        first.append((ahead - behind) / (2 * step))
        second[i][i] = ahead + behind - 2 * centre
        if step != 1:
            second[i][i] /= step**2
        for j in range(i):
            both = [a + b for a, b in zip(unit[i], unit[j], strict=True)]
            apart = [a - b for a, b in zip(unit[i], unit[j], strict=True)]
            mixed = _shifted(x, *both) + _shifted(x, *[-v for v in both])
            mixed = mixed - _shifted(x, *apart) - _shifted(x, *[-v for v in apart])
            second[i][j] = second[j][i] = mixed / (4 * step * steps[j])
    return first, second


def _eigenvalues_2d(hessian: list[list[Tensor]]) -> list[Tensor]:
    """Eigenvalues of a field of symmetric 2x2 matrices, larger first."""
    mean = (hessian[0][0] + hessian[1][1]) / 2
    spread = torch.hypot((hessian[0][0] - hessian[1][1]) / 2, hessian[0][1])
    return [mean + spread, mean - spread]


def _eigenvalues_3d(hessian: list[list[Tensor]]) -> list[Tensor]:
    """Eigenvalues of a field of symmetric 3x3 matrices, largest first.

    Closed form after Smith 1961, doi:10.1145/355578.366316.
    """
    (a, d, e), (_, b, f), (_, _, c) = hessian
    mean = (a + b + c) / 3
    off = d * d + e * e + f * f
    a, b, c = a - mean, b - mean, c - mean
    size = ((a * a + b * b + c * c + 2 * off) / 6).sqrt()
    determinant = a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e)
    ratio = determinant / (2 * size**3).clamp_min(torch.finfo(size.dtype).tiny)
    angle = ratio.clamp(-1, 1).acos() / 3
    largest = mean + 2 * size * angle.cos()
    smallest = mean + 2 * size * (angle + 2 * pi / 3).cos()
    return [largest, 3 * mean - largest - smallest, smallest]


class FilterBank(nn.Module):
    """Classical filter responses of every channel at several scales.

    For each image channel: the channel itself, then for each scale the Gaussian, the
    gradient magnitude, the eigenvalues of the Hessian from large to small (all
    scale-normalised) and the local standard deviation. Nothing in it is learned, nothing
    carries a gradient, and it computes in float32 whatever the autocast precision, because
    differences of nearby pixels do not survive bfloat16.

    Away from the border the result of a tile equals that of the whole image, provided the
    tile starts at a multiple of `alignment`.

    Parameters
    ----------
    dimensions : {2, 3}
        Spatial axes of the images.
    sigmas : tuple of float, optional
        Scales, in pixels of the finest axis.
    spacing : sequence of float, optional
        Length of a pixel along each axis, the shortest 1: smoothing and slopes are the same in
        the world along all axes. Ones when not given.
    """

    def __init__(
        self,
        dimensions: int,
        sigmas: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0),
        spacing: Sequence[float] | None = None,
    ) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.sigmas = sigmas
        self.spacing = tuple(spacing) if spacing is not None else (1.0,) * dimensions

    @property
    def per_channel(self) -> int:
        """Responses per image channel: 21 in 2D and 25 in 3D with the default scales."""
        return 1 + len(self.sigmas) * (3 + self.dimensions)

    @property
    def alignments(self) -> tuple[int, ...]:
        """Tiles must start at multiples of these, along each axis, to agree with the whole."""
        return tuple(
            max(self._reduction(sigma, axis) for sigma in self.sigmas)
            for axis in range(self.dimensions)
        )

    @property
    def alignment(self) -> int:
        """The same for all axes alike."""
        return lcm(*self.alignments)

    @property
    def radii(self) -> tuple[int, ...]:
        """How far, in pixels along each axis, a response looks at most."""
        return tuple(self._radius(axis) for axis in range(self.dimensions))

    @property
    def radius(self) -> int:
        """The longest of `radii`."""
        return max(self.radii)

    def _radius(self, axis: int) -> int:
        furthest = 0
        for pixel in range(self.alignments[axis]):
            low, high = self.reach(pixel, pixel, axis)
            furthest = max(furthest, pixel - low, high - pixel)
        return furthest

    def reach(self, low: int, high: int, axis: int = -1) -> tuple[int, int]:
        """First and last pixel that responses at pixels `low` to `high` of an axis depend on."""
        reached = [(low, high)]
        for sigma in self.sigmas:
            factor = self._reduction(sigma, axis)
            radius = len(self._kernel(sigma, axis))  # one more for the differences
            first, last = enlarged_reach(low, high, factor)
            reached.append(((first - radius) * factor, (last + radius + 1) * factor - 1))
        return min(r[0] for r in reached), max(r[1] for r in reached)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Return all responses, shape ``(N, C * per_channel, *spatial)``, float32.

        Parameters
        ----------
        x : Tensor, shape (N, C, *spatial)
            Normalised intensities, of any size, even smaller than the kernels.
        """
        with torch.autocast(x.device.type, enabled=False):
            image = x.float()
            size = image.shape[2:]
            padded = pad_to_multiple(image, self.alignments)
            responses = [image.unsqueeze(2)]
            for sigma in self.sigmas:
                scale = self._at_scale(padded, sigma)
                responses.append(crop(scale, size).reshape(*image.shape[:2], -1, *size))
            return torch.cat(responses, 2).flatten(1, 2)

    def _reduction(self, sigma: float, axis: int) -> int:
        """The factor by which an axis is reduced before this scale is computed."""
        factor, own = 1, sigma / self.spacing[axis]
        while factor < COARSEST and factor * 4 <= own:
            factor *= 2
        return factor

    def _kernel(self, sigma: float, axis: int) -> list[float]:
        """The smoothing left to do along an axis, in reduced pixels."""
        factor, own = self._reduction(sigma, axis), sigma / self.spacing[axis]
        if factor == 1:
            return _kernel(own)
        averaging, interpolation = (factor**2 - 1) / 12, factor**2 / 6  # variances they add
        return _kernel(float((own**2 - averaging - interpolation) ** 0.5 / factor))

    def _at_scale(self, image: Tensor, sigma: float) -> Tensor:
        """Responses of one scale, ``(N, C * (3 + dimensions), *spatial)``, channel by channel."""
        axes = range(self.dimensions)
        factors = [self._reduction(sigma, axis) for axis in axes]
        pool: Any = functional.avg_pool2d if self.dimensions == 2 else functional.avg_pool3d
        reduced = pool(image, tuple(factors)) if max(factors) > 1 else image
        kernels = [self._kernel(sigma, axis) for axis in axes]
        # the radius, and one more for the differences
        padded = extend(reduced, [(len(kernel), len(kernel)) for kernel in kernels])
        smooth = _smooth(torch.cat([padded, padded * padded], 1), kernels)
        mean, mean_of_squares = smooth.chunk(2, 1)
        steps = [f * length for f, length in zip(factors, self.spacing, strict=True)]
        return enlarge(self._features(mean, mean_of_squares, sigma, steps), factors)

    def _features(
        self, mean: Tensor, mean_of_squares: Tensor, sigma: float, steps: Sequence[float]
    ) -> Tensor:
        """Responses from local moments, on a grid of these steps."""
        shortest = min(steps)
        first, second = _derivatives(mean, [step / shortest for step in steps])
        eigenvalues = _eigenvalues_2d if self.dimensions == 2 else _eigenvalues_3d
        centre = _shifted(mean, *[0] * self.dimensions)
        variance = _shifted(mean_of_squares, *[0] * self.dimensions) - centre * centre
        sigma /= shortest
        edge = EDGE_GAIN * sigma
        responses = [centre, sum((d * d for d in first[1:]), first[0] * first[0]).sqrt() * edge]
        responses += [value * (edge * sigma) for value in eigenvalues(second)]
        responses.append((variance.clamp_min(0) + LEAST_VARIANCE).sqrt() * EDGE_GAIN)
        return torch.stack(responses, 2).flatten(1, 2)


def enlarged_reach(low: int, high: int, factor: int) -> tuple[int, int]:
    """First and last coarse pixel that fine pixels `low` to `high` are interpolated from.

    See `napari_unet.learn.blocks.enlarge`.
    """
    if factor == 1:
        return low, high
    # pixel p lies at (p + 0.5) / factor - 0.5 on the coarse grid, between two coarse pixels
    first = (2 * low + 1 - factor) // (2 * factor)
    last = (2 * high + 1 - factor) // (2 * factor) + 1
    return first, last
