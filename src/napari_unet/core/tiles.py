"""Cutting an image of any size into overlapping tiles.

Tiles are data: a grid depends on nothing but four numbers, so that whoever computes a tile,
now or after a restart, here or on another machine, computes the same one. All tiles of a grid
have the same size as far as the image allows, start at multiples of the network's stride (its
pooling grids then agree), and hand over to one another along ramps; `mosaic` puts them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from napari_unet.core.source import Box


@dataclass(frozen=True)
class Tile:
    """One piece of an image: what to read, and what of the answer counts.

    Parameters
    ----------
    read : tuple of slice
        The box to read, inside the image.
    write : tuple of slice
        The box this tile is responsible for; the write boxes of a grid partition the image.
    crop : tuple of slice
        Where `write` lies inside `read`.
    reach : tuple of slice
        The box in which the tile has weight: `write` grown by the blending ramps.
    """

    read: Box
    write: Box
    crop: Box
    reach: Box

    @property
    def shape(self) -> tuple[int, ...]:
        """Size of the box to read."""
        return box_shape(self.read)

    @property
    def reach_crop(self) -> Box:
        """Where `reach` lies inside `read`."""
        return inside(self.reach, self.read)


def box_shape(box: Box) -> tuple[int, ...]:
    """Size of a box along each axis."""
    return tuple(s.stop - s.start for s in box)


def inside(box: Box, frame: Box) -> Box:
    """The same box counted from the start of `frame`."""
    return tuple(
        slice(b.start - f.start, b.stop - f.start) for b, f in zip(box, frame, strict=True)
    )


def overlap(a: Box, b: Box) -> Box | None:
    """The box two boxes share, or None if they share none."""
    shared = tuple(
        slice(max(p.start, q.start), min(p.stop, q.stop)) for p, q in zip(a, b, strict=True)
    )
    return shared if all(s.start < s.stop for s in shared) else None


def per_axis(value: int | Sequence[int], axes: int) -> tuple[int, ...]:
    """A number for each axis: the same one for all, or as given."""
    return (value,) * axes if isinstance(value, int) else tuple(value)


def round_up(value: int, multiple: int) -> int:
    """The smallest multiple of `multiple` that is not below `value`."""
    return -(-value // multiple) * multiple


def smallest_tile(halo: int, multiple: int) -> int:
    """The smallest side a tile with this halo can have and still move on."""
    return 2 * round_up(halo, multiple) + multiple


def tile_sides(
    shape: Sequence[int], side: int, halo: Sequence[int], multiple: Sequence[int]
) -> tuple[int, ...]:
    """The largest box a tile of that side reads, as `tile_grid` cuts, along each axis."""
    return tuple(
        min(round_up(n, step), max(side // step * step, smallest_tile(context, step)))
        for n, step, context in zip(shape, multiple, halo, strict=True)
    )


def axis_starts(length: int, tile: int, halo: int, multiple: int) -> tuple[int, list[int]]:
    """Side and starts of the fewest equal tiles that cover one axis.

    Neighbours overlap by at least two halos. The side is as small as that number of tiles
    allows, so that as little as possible is computed twice.

    Parameters
    ----------
    length, tile, halo, multiple : int
        As in `tile_grid`, for one axis.

    Returns
    -------
    side : int
        Pixels per tile; a multiple of `multiple`.
    starts : list of int
        First pixel of each tile; multiples of `multiple`.
    """
    halo = round_up(halo, multiple)
    tile = max(tile // multiple * multiple, smallest_tile(halo, multiple))
    padded = round_up(length, multiple)
    if padded <= tile:
        return padded, [0]
    count = -(-(padded - 2 * halo) // (tile - 2 * halo))
    side = round_up(-(-(padded + (count - 1) * 2 * halo) // count), multiple)
    last = (padded - side) // multiple
    return side, [i * last // (count - 1) * multiple for i in range(count)]


def _axis_pieces(
    length: int, tile: int, halo: int, multiple: int, ramp: int
) -> list[tuple[slice, slice, slice]]:
    """Read, write and reach slices of each tile along one axis."""
    side, starts = axis_starts(length, tile, halo, multiple)
    cuts = [0]
    cuts += [(b + a + side) // 2 for a, b in pairwise(starts)]
    cuts += [length]
    shortest = min(stop - start for start, stop in pairwise(cuts))
    ramp = min(ramp, round_up(halo, multiple), shortest // 2)
    pieces = []
    for start, low, high in zip(starts, cuts, cuts[1:], strict=False):
        reach = slice(low - ramp if low else 0, high + ramp if high < length else length)
        pieces.append((slice(start, min(start + side, length)), slice(low, high), reach))
    return pieces


def tile_grid(
    shape: Sequence[int],
    tile: int | Sequence[int],
    halo: int | Sequence[int],
    multiple: int | Sequence[int],
    ramp: int | Sequence[int] = 0,
) -> list[Tile]:
    """Cut an image into overlapping tiles, first axis slowest.

    All but the shape are for all axes alike, or one for each.

    Parameters
    ----------
    shape : sequence of int
        Size of the image along its spatial axes; each at least 1.
    tile : int or sequence of int
        Largest side of the box a tile reads, halo included; rounded down to `multiple`, and up
        to what the halo needs.
    halo : int or sequence of int
        Pixels of context a tile has at least on each side that is not an edge of the image;
        rounded up to `multiple`.
    multiple : int or sequence of int
        Boxes to read start at multiples of this, the network's stride.
    ramp : int or sequence of int, optional
        Half the width of the zone in which neighbours are blended, at most `halo`. The context
        of a blended pixel is at least ``halo - ramp``.

    Returns
    -------
    list of Tile
        Their write boxes partition the image exactly. Their read boxes lie inside the image and
        have one size, but for those that end at a far edge of an image whose size is no
        multiple of `multiple`.
    """
    given = (per_axis(value, len(shape)) for value in (tile, halo, multiple, ramp))
    axes = [_axis_pieces(n, *of_axis) for n, *of_axis in zip(shape, *given, strict=True)]
    tiles = []
    for pieces in product(*axes):
        read, write, reach = (tuple(part) for part in zip(*pieces, strict=True))
        tiles.append(Tile(read, write, inside(write, read), reach))
    return tiles


def moved(tile: Tile, start: Sequence[int]) -> Tile:
    """The same tile of a grid that begins at `start` rather than at pixel 0."""

    def move(box: Box) -> Box:
        return tuple(slice(s.start + a, s.stop + a) for s, a in zip(box, start, strict=True))

    return Tile(move(tile.read), move(tile.write), tile.crop, move(tile.reach))


def spread_boxes(
    samples: int,
    shape: Sequence[int],
    size: Sequence[int],
    count: int,
    multiple: int | Sequence[int],
) -> list[tuple[int, Box]]:
    """Boxes that cover an image evenly, always the same ones.

    Parameters
    ----------
    samples : int
        How many samples the image has.
    shape, size : sequence of int
        Spatial size of the image, and of a box; a box is no larger than the image.
    count : int
        How many boxes.
    multiple : int or sequence of int
        Boxes start at multiples of this, for all axes or for each.

    Returns
    -------
    list of (int, tuple of slice)
        Sample number and spatial box. The places follow an additive recurrence with the
        generalised golden ratio, which leaves neither gaps nor clusters (Roberts 2018,
        https://extremelearning.com.au/unreasonable-effectiveness-of-quasirandom-sequences).
    """
    dimensions, grid = len(shape) + 1, per_axis(multiple, len(shape))
    ratio = 2.0
    for _ in range(32):  # the root of ratio ** (dimensions + 1) = ratio + 1
        ratio = (1 + ratio) ** (1 / (dimensions + 1))
    steps = ratio ** -np.arange(1.0, dimensions + 1)
    boxes = []
    for i in range(count):
        place = (0.5 + i * steps) % 1
        room = [max(0, n - s) // m for n, s, m in zip(shape, size, grid, strict=True)]
        starts = [int(p * (r + 1)) * m for p, r, m in zip(place[1:], room, grid, strict=True)]
        box = tuple(slice(a, min(a + s, n)) for a, s, n in zip(starts, size, shape, strict=True))
        boxes.append((int(place[0] * samples), box))
    return boxes
