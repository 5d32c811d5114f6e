"""How much of an image to compute at once, from what the device has free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from napari_unet.core.config import ModelConfig
from napari_unet.core.tiles import axis_starts, per_axis, round_up
from napari_unet.learn.devices import Device
from napari_unet.learn.filters import FilterBank
from napari_unet.learn.precision import Precision
from napari_unet.learn.stem import MOST_PLANES

_SHARE = {"cpu": 0.25, "cuda": 0.6, "mps": 0.3}
"""Share of the free memory to use; the CPU's and Apple's is everybody's."""

_MOST_BYTES = {"cpu": 1_000_000_000, "cuda": 16_000_000_000, "mps": 4_000_000_000}
"""Beyond this, larger tiles are no faster."""

_LARGEST_TILE = {"cpu": 2**22, "cuda": 2**22, "mps": 2**20}
"""Pixels of one tile at most, so that there is progress to show; beyond it, several are computed
together."""

_TOGETHER_ON_CPU = 2**16
"""Pixels computed together on the CPU: it gains nothing by more than what keeps it busy."""

_PLANNED = 0.8
"""Share of the pixels that fit which a tile has; all of them where one tile less then does."""

_CONTEXT = 5
"""A tile is at least so many halos wide, or most of the work would be thrown away."""

_CONTEXT_3D = 3
"""The same in 3D, where tiles with long halos would be too large for memory."""

_WIDE_3D = 96


@dataclass(frozen=True)
class TilePlan:
    """How an image is cut and computed.

    Parameters
    ----------
    sides : tuple of int
        Largest size of a tile to read, for each spatial axis.
    batch : int
        How many tiles to compute together.
    """

    sides: tuple[int, ...]
    batch: int


def bytes_per_pixel(config: ModelConfig, device: Device, precision: Precision) -> int:
    """Memory a pass needs at its peak, per input pixel; rather too much than too little.

    On the CPU, where layers are computed strip by strip (see `napari_unet.learn.inside`), that
    is what the encoder reads, and every level once on the way down and once up. Elsewhere the
    responses of the filter bank are held about three times over in float32 while they are put
    together, and the finest decoder level about six times.
    """
    item, width = precision.dtype.itemsize, max(config.base_width, config.feature_count or 0)
    scores = 24 * config.classes + 8 * config.input_channels
    if device.is_cpu and precision.channels_last:
        return item * (_read_by_encoder(config) + 4 * width) + scores + 32
    bank = config.input_channels
    if config.filter_bank:
        bank *= FilterBank(config.dimensions).per_channel
    return 12 * bank + 6 * item * max(width, bank // 4) + scores + 64


def _read_by_encoder(config: ModelConfig) -> int:
    """Maps the first convolution reads."""
    if not config.filter_bank:
        return config.input_channels
    planes = config.input_channels
    if config.normalisation == "batch":
        planes = min(planes, MOST_PLANES)
    return planes * FilterBank(config.dimensions).per_channel


def affordable_pixels(config: ModelConfig, device: Device, precision: Precision, free: int) -> int:
    """How many pixels to compute at once on a device with so many bytes free."""
    kind = device.torch_device.type
    use = min(_SHARE[kind] * free, _MOST_BYTES[kind])
    return max(1, int(use / bytes_per_pixel(config, device, precision)))


def plan_tiles(
    shape: Sequence[int],
    config: ModelConfig,
    device: Device,
    precision: Precision,
    *,
    free: int,
    halo: int | Sequence[int],
    multiple: int | Sequence[int],
    tile_size: int | None = None,
) -> TilePlan:
    """Choose the size of tiles and how many to compute together.

    Parameters
    ----------
    shape : sequence of int
        Size of the image along its spatial axes.
    config : ModelConfig
    device : Device
    precision : Precision
    free : int
        Bytes free on the device.
    halo : int or sequence of int
        Context a tile needs on each side, for all axes or for each.
    multiple : int or sequence of int
        Tiles have sides of a multiple of this.
    tile_size : int, optional
        The side the user asks for.
    """
    fits = affordable_pixels(config, device, precision, free)
    steps, halos = per_axis(multiple, len(shape)), per_axis(halo, len(shape))
    padded = [round_up(n, step) for n, step in zip(shape, steps, strict=True)]
    if tile_size is not None:
        wanted = [max(tile_size // step, 1) * step for step in steps]
    else:
        pixels = min(fits, _LARGEST_TILE[device.torch_device.type])
        fitting = _sides(padded, int(_PLANNED * pixels), steps)
        useful = [
            round_up(_least_side(h, len(shape)), s) for h, s in zip(halos, steps, strict=True)
        ]
        wanted = [max(s, low) for s, low in zip(fitting, useful, strict=True)]
        wanted = _in_fewer_tiles(padded, wanted, halos, steps, pixels)
    sides = tuple(min(n, side) for n, side in zip(padded, wanted, strict=True))
    together = min(fits, _TOGETHER_ON_CPU) if device.is_cpu else fits
    return TilePlan(sides, max(1, together // prod(sides)))


def _least_side(halo: int, dimensions: int) -> int:
    """How wide a tile is at least, so that most of it is not context, as far as 3D lets that be."""
    if dimensions == 2:
        return _CONTEXT * halo
    return max(_CONTEXT_3D * halo, min(_CONTEXT * halo, _WIDE_3D))


def _in_fewer_tiles(
    padded: Sequence[int], sides: Sequence[int], halos: Sequence[int], steps: Sequence[int],
    pixels: int,
) -> list[int]:  # fmt: skip
    """Sides that use all the pixels there may be where that saves a tile, and its context."""
    wider = list(sides)
    for axis, (length, halo, step) in enumerate(zip(padded, halos, steps, strict=True)):
        _, starts = axis_starts(length, wider[axis], halo, step)
        fewer = len(starts) - 1
        if not fewer:
            continue
        both = 2 * round_up(halo, step) if fewer > 1 else 0
        needed = round_up(-(-(length + (fewer - 1) * both) // fewer), step)
        trial = [needed if number == axis else side for number, side in enumerate(wider)]
        if prod(map(min, trial, padded)) <= pixels:
            wider = trial
    return wider


def _sides(padded: Sequence[int], pixels: int, steps: Sequence[int]) -> tuple[int, ...]:
    """Sides of a box of about that many pixels: a cube, but where the image is thinner."""
    sides = list(padded)
    left = float(max(pixels, 1))
    order = sorted(range(len(padded)), key=padded.__getitem__)
    for position, axis in enumerate(order):
        even = int(left ** (1 / (len(order) - position))) // steps[axis] * steps[axis]
        sides[axis] = min(padded[axis], max(even, steps[axis]))
        left /= sides[axis]
    return tuple(sides)
