"""Changed pixels in small tiles: strokes gathered, written as bytes, and read again.

A stroke may cross a whole slide and yet change few pixels, so nothing here has the size of an
image or of a stroke's bounding box: only tiles that a stroke touches exist.
"""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_unet.core.boxes import bounding_box
from napari_unet.core.edits import Edit, MaskEdit, PointEdit
from napari_unet.core.source import Box

TILE = 128
"""Side of a tile along the last two axes; along all others a tile is one pixel deep."""

TileKey = tuple[int, ...]
"""Position along the leading axes, then row and column of the tile."""

_COUNT = struct.Struct("<IB")


class DamagedTiles(ValueError):
    """Bytes that are not tiles."""


@dataclass(eq=False)
class Tile:
    """Changed pixels of one tile.

    Parameters
    ----------
    mask : ndarray of bool, shape (TILE, TILE)
        Which pixels.
    values : ndarray of int, shape (TILE, TILE)
        What they are now; of no meaning elsewhere.
    """

    mask: np.ndarray
    values: np.ndarray


class TileGatherer:
    """Gathers edits, the later ones over the earlier ones.

    Parameters
    ----------
    shape : tuple of int
        Shape of the labels array, two axes at least.
    dtype : numpy dtype
    """

    def __init__(self, shape: tuple[int, ...], dtype: Any) -> None:
        self._shape, self._dtype = shape, np.dtype(dtype)
        self.tiles: dict[TileKey, Tile] = {}

    def add(self, edit: Edit) -> None:
        """Take in one edit."""
        if isinstance(edit, MaskEdit):
            self._add_mask(edit)
        else:
            self._add_points(edit)

    def _tile(self, key: TileKey) -> Tile:
        tile = self.tiles.get(key)
        if tile is None:
            tile = Tile(np.zeros((TILE, TILE), bool), np.zeros((TILE, TILE), self._dtype))
            self.tiles[key] = tile
        return tile

    def _add_mask(self, edit: MaskEdit) -> None:
        mask, values = edit.mask, np.asarray(edit.values)
        if mask is not None and values.ndim:
            values = np.zeros(mask.shape, self._dtype)
            values[mask] = edit.values
        for key, inside, part in _pieces(edit.box):
            where = np.True_ if mask is None else mask[part]
            if where.any():
                tile = self._tile(key)
                tile.mask[inside] |= where
                new = values[part] if values.ndim else values
                np.copyto(tile.values[inside], new, casting="unsafe", where=where)

    def _add_points(self, edit: PointEdit) -> None:
        *lead, rows, columns = edit.where
        values = np.broadcast_to(np.asarray(edit.values), rows.shape)
        grid = (*self._shape[:-2], *(-(-n // TILE) for n in self._shape[-2:]))
        flat = np.ravel_multi_index((*lead, rows // TILE, columns // TILE), grid)
        order = np.argsort(flat, kind="stable")
        first = np.flatnonzero(np.diff(flat[order], prepend=-1))
        for some in np.split(order, first[1:]):
            if not len(some):
                continue
            key = tuple(int(part) for part in np.unravel_index(flat[some[0]], grid))
            tile, place = self._tile(key), (rows[some] % TILE, columns[some] % TILE)
            tile.mask[place] = True
            tile.values[place] = values[some]


def box_of_tile(key: TileKey, shape: tuple[int, ...]) -> Box:
    """Where a tile lies in an array of this shape."""
    *lead, row, column = key
    return (
        *(slice(index, index + 1) for index in lead),
        *(
            slice(TILE * number, min(TILE * (number + 1), length))
            for number, length in zip((row, column), shape[-2:], strict=True)
        ),
    )


def tiles_with_paint(data: Any) -> Iterator[tuple[TileKey, Tile] | None]:
    """Every tile of a labels array that holds paint; None now and then, to be interrupted at.

    Parameters
    ----------
    data : array-like of int
        At least two axes; it is read in bands of `TILE` rows.
    """
    *lead, height, width = data.shape
    for index in itertools.product(*(range(n) for n in lead)):
        for top in range(0, height, TILE):
            band = np.asarray(data[(*index, slice(top, min(top + TILE, height)))])
            yield None
            if not band.any():
                continue
            for left in range(0, width, TILE):
                part = band[:, left : left + TILE]
                if part.any():
                    values = np.zeros((TILE, TILE), band.dtype)
                    values[: part.shape[0], : part.shape[1]] = part
                    yield (*index, top // TILE, left // TILE), Tile(values != 0, values)


def tiles_to_bytes(tiles: Mapping[TileKey, Tile], dtype: np.dtype) -> bytes:
    """Tiles as compressed bytes; one at least.

    Parameters
    ----------
    tiles : mapping of key to Tile
        Each with a changed pixel.
    dtype : numpy dtype
        Of the values.
    """
    boxes = [bounding_box(tile.mask) for tile in tiles.values()]
    keys = np.array(list(tiles), "<i4")
    corners = np.array([[(s.start, s.stop - 1) for s in box] for box in boxes], np.uint8)
    masks = [np.packbits(t.mask[box]) for t, box in zip(tiles.values(), boxes, strict=True)]
    values = [tile.values[tile.mask] for tile in tiles.values()]
    plain = b"".join(
        (
            _COUNT.pack(*keys.shape),
            keys.tobytes(),
            corners.tobytes(),
            *(mask.tobytes() for mask in masks),
            np.concatenate(values).astype(dtype.newbyteorder("<")).tobytes(),
        )
    )
    return zlib.compress(plain)


def tiles_from_bytes(data: bytes, dtype: np.dtype) -> dict[TileKey, Tile]:
    """Read what `tiles_to_bytes` wrote.

    Raises
    ------
    DamagedTiles
        If the bytes are something else.
    """
    try:
        return dict(_unpacked(zlib.decompress(data), dtype))
    except (zlib.error, struct.error, ValueError, IndexError) as err:
        raise DamagedTiles(str(err)) from err


def _unpacked(plain: bytes, dtype: np.dtype) -> Iterable[tuple[TileKey, Tile]]:
    count, ndim = _COUNT.unpack_from(plain)
    keys = np.frombuffer(plain, "<i4", count * ndim, _COUNT.size).reshape(count, ndim)
    at = _COUNT.size + keys.nbytes
    corners = np.frombuffer(plain, np.uint8, count * 4, at).reshape(count, 2, 2).astype(int)
    at += 4 * count
    tiles = []
    for corner in corners:
        box = tuple(slice(first, last + 1) for first, last in corner)
        height, width = (last + 1 - first for first, last in corner)
        size = -(-height * width // 8)
        bits = np.frombuffer(plain, np.uint8, size, at)
        tile = Tile(np.zeros((TILE, TILE), bool), np.zeros((TILE, TILE), dtype))
        tile.mask[box] = np.unpackbits(bits, count=height * width).reshape(height, width)
        tiles.append(tile)
        at += size
    values = np.frombuffer(plain, dtype.newbyteorder("<"), offset=at)
    start = 0
    for key, tile in zip(keys, tiles, strict=True):
        number = int(np.count_nonzero(tile.mask))
        tile.values[tile.mask] = values[start : start + number]
        start += number
        yield tuple(int(part) for part in key), tile


def _pieces(box: Box) -> Iterator[tuple[TileKey, Box, tuple[int | slice, ...]]]:
    """Cut a box along the tiles: key, place inside the tile, and place inside the box."""
    *lead, rows, columns = box
    for index in itertools.product(*(range(s.start, s.stop) for s in lead)):
        inner = tuple(i - s.start for i, s in zip(index, lead, strict=True))
        for row in range(rows.start // TILE, -(-rows.stop // TILE)):
            tall, high = _cut(rows, row)
            for column in range(columns.start // TILE, -(-columns.stop // TILE)):
                wide, broad = _cut(columns, column)
                yield (*index, row, column), (tall, wide), (*inner, high, broad)


def _cut(part: slice, number: int) -> tuple[slice, slice]:
    """Where a range meets a tile: counted from the tile's corner, and from the range's."""
    low, high = max(part.start, number * TILE), min(part.stop, (number + 1) * TILE)
    return (
        slice(low - number * TILE, high - number * TILE),
        slice(low - part.start, high - part.start),
    )
