"""How much of an image to compute at once, from what the device has free."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from napari_unet.core.config import ModelConfig
from napari_unet.core.tiles import round_up
from napari_unet.learn.devices import Device
from napari_unet.learn.precision import Precision
from napari_unet.learn.stem import unfolded_per_channel

_SHARE = {"cpu": 0.25, "cuda": 0.6, "mps": 0.3}
"""Share of the free memory to use; the CPU's and Apple's is everybody's."""

_MOST_BYTES = {"cpu": 1_450_000_000, "cuda": 16_000_000_000, "mps": 4_000_000_000}
"""Beyond this, larger tiles are no faster."""

_MOST_OPERATIONS = {"cpu": 40e9, "cuda": 4e12, "mps": 4e11}
"""Floating-point operations of the longest layer of one pass: well below a second even on a
slow device, because a stop is obeyed between layers. A fixed number rather than a measured
time, so that the same image is always cut in the same way."""

_LARGEST_TILE = 2**22
"""Pixels of one tile at most; beyond it, several are computed together."""

_CONTEXT = 5
"""A tile is at least so many halos wide, or most of the work would be thrown away."""


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


def bytes_per_pixel(config: ModelConfig, precision: Precision) -> int:
    """Memory a forward pass needs at its peak, per input pixel; rather too much than too little.

    The responses of the filter bank are held about three times over in float32 while they are
    put together, and the finest decoder level holds about six times its width.
    """
    bank = 0
    if config.filter_bank:
        bank = config.input_channels * unfolded_per_channel(config.dimensions)
    width = max(config.base_width, config.feature_count or 0, bank // 4)
    return 12 * bank + 6 * precision.dtype.itemsize * width + 16 * config.classes + 96


def operations_per_pixel(config: ModelConfig) -> int:
    """Floating-point operations per input pixel of the longest layer that sees the whole tile.

    That is one of the two convolutions of the encoder at full resolution.
    """
    inputs = config.base_width
    if config.filter_bank:
        per_channel = unfolded_per_channel(config.dimensions)
        inputs = max(inputs, config.input_channels * per_channel)
    return int(2 * 3**config.dimensions * inputs * config.base_width)


def affordable_pixels(config: ModelConfig, device: Device, precision: Precision, free: int) -> int:
    """How many pixels to compute at once on a device with so many bytes free."""
    kind = device.torch_device.type
    use = min(_SHARE[kind] * free, _MOST_BYTES[kind])
    fits = use / bytes_per_pixel(config, precision)
    return max(1, int(min(fits, _MOST_OPERATIONS[kind] / operations_per_pixel(config))))


def plan_tiles(
    shape: Sequence[int],
    config: ModelConfig,
    device: Device,
    precision: Precision,
    *,
    free: int,
    halo: int,
    multiple: int,
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
    halo : int
        Context a tile needs on each side.
    multiple : int
        Tiles have sides of a multiple of this.
    tile_size : int, optional
        The side the user asks for.
    """
    fits = affordable_pixels(config, device, precision, free)
    padded = [round_up(n, multiple) for n in shape]
    if tile_size is not None:
        side = max(tile_size // multiple, 1) * multiple
        sides = tuple(min(n, side) for n in padded)
    else:
        sides = _sides(padded, min(fits, _LARGEST_TILE), multiple)
        useful = round_up(_CONTEXT * halo, multiple)
        sides = tuple(max(s, min(n, useful)) for s, n in zip(sides, padded, strict=True))
    return TilePlan(sides, max(1, fits // prod(sides)))


def _sides(padded: Sequence[int], pixels: int, multiple: int) -> tuple[int, ...]:
    """Sides of a box of about that many pixels: a cube, but where the image is thinner."""
    sides = list(padded)
    left = float(max(pixels, 1))
    order = sorted(range(len(padded)), key=padded.__getitem__)
    for position, axis in enumerate(order):
        even = int(left ** (1 / (len(order) - position))) // multiple * multiple
        sides[axis] = min(padded[axis], max(even, multiple))
        left /= sides[axis]
    return tuple(sides)
