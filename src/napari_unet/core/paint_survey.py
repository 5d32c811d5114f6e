"""One pass over a layer of paint: which values it holds, where, and windows to look closer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import ShapeMismatch
from napari_unet.core.paint_evidence import Window
from napari_unet.core.source import Box, ImageSource

_SIDE = {2: 256, 3: 64}
_STRIP_BYTES = 64 * 1024**2
_COPY_BYTES = 1024**3
_WHOLE_PIXELS = 640 * 640
_WINDOWS = 6
_MARGIN = 32
_TABLE = 2**16


@dataclass(frozen=True, eq=False)
class Survey:
    """What is known of a layer of paint.

    Parameters
    ----------
    values : tuple of int
        The paint values above 0 that occur, ascending.
    counts : tuple of int
        How many pixels have each.
    planes, painted_planes : int
        How many planes (rows and columns) there are, and how many hold paint.
    coverage : float
        Painted share of the pixels of the planes that hold paint.
    full : bool
        True if those planes are painted everywhere.
    truth_values : bool
        True if the layer holds yes and no rather than numbers.
    windows : tuple of Window
        Parts to look at closely, a few hundred thousand pixels in all.
    """

    values: tuple[int, ...]
    counts: tuple[int, ...]
    planes: int
    painted_planes: int
    coverage: float
    full: bool
    truth_values: bool
    windows: tuple[Window, ...]


@dataclass(frozen=True, eq=False)
class _Tile:
    sample: int
    box: Box
    values: np.ndarray
    counts: np.ndarray

    @property
    def painted(self) -> int:
        return int(self.counts.sum())


def survey(paint: Any, image: Any | None, axes: AxesSpec | None) -> Survey:
    """Look through a layer of paint once, in bounded memory.

    Parameters
    ----------
    paint : array-like of integers, in the image's axes without C
        The paint.
    image : array-like or None
        The image under it.
    axes : AxesSpec or None
        The image's axes; guessed from the shapes when None.

    Raises
    ------
    AxesError, ShapeMismatch
        If the paint does not fit the axes, or the image.
    """
    axes = axes or _guess(tuple(paint.shape), image)
    source = ImageSource(in_memory(paint), AxesSpec(axes.label_axes), "paint")
    under = None
    if image is not None:
        check_shape(tuple(paint.shape), axes, tuple(image.shape))
        under = ImageSource(image, AxesSpec(axes.axes), "image")
    tiles = [
        _Tile(sample, box, *_counted(block))
        for sample in range(source.samples)
        for box, block in painted_tiles(source, sample)
    ]
    planes = {t.sample for t in tiles}
    pixels = len(planes) * prod(source.spatial_shape)
    counts: Counter[int] = Counter()
    for tile in tiles:
        counts.update(dict(zip(tile.values.tolist(), tile.counts.tolist(), strict=True)))
    painted = counts.total()
    return Survey(
        values=tuple(sorted(counts)),
        counts=tuple(counts[v] for v in sorted(counts)),
        planes=source.samples,
        painted_planes=len(planes),
        coverage=painted / max(pixels, 1),
        full=painted == pixels > 0,
        truth_values=np.dtype(paint.dtype).kind == "b",
        windows=tuple(_window(source, under, *place) for place in _places(tiles, source)),
    )


def _guess(shape: tuple[int, ...], image: Any | None) -> AxesSpec:
    letters = "TPZYX"[-len(shape) :]
    if image is not None and len(image.shape) == len(shape) + 1:
        last = tuple(image.shape[:-1]) == shape
        letters = letters + "C" if last else "C" + letters
    return AxesSpec(letters)


def check_shape(paint: tuple[int, ...], axes: AxesSpec, image: tuple[int, ...]) -> None:
    """Raise `ShapeMismatch` unless paint of this shape covers the pixels of the image."""
    wanted = axes.label_shape(image)
    if paint != wanted:
        raise ShapeMismatch(
            f"The paint has {_size(paint)} pixels and the image {_size(wanted)}. "
            "Choose the paint layer that was made for this image."
        )


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)


def in_memory(paint: Any) -> Any:
    """Return paint that is quick to read piece by piece.

    Lazy arrays are loaded unless they are huge, so that their chunks are read once; paint
    kept as floating point numbers becomes whole numbers.
    """
    dtype = np.dtype(paint.dtype)
    if dtype.kind == "f":
        return np.nan_to_num(np.asarray(paint), posinf=0, neginf=0).astype(np.int64)
    small = prod(paint.shape) * dtype.itemsize <= _COPY_BYTES
    return np.asarray(paint) if small else paint


def all_tiles(shape: tuple[int, ...]) -> Iterator[Box]:
    """Yield every tile of a sample of this shape, those of `painted_tiles` among them."""
    side = _SIDE[len(shape)]
    for corner in product(*(range(0, n, side) for n in shape)):
        yield tuple(slice(c, min(c + side, n)) for c, n in zip(corner, shape, strict=True))


def painted_tiles(source: ImageSource, sample: int) -> Iterator[tuple[Box, np.ndarray]]:
    """Yield the tiles of one sample that hold paint, with the paint in them.

    Parameters
    ----------
    source : ImageSource
        The paint, without channels.
    sample : int
        Canonical sample number.

    Yields
    ------
    box : tuple of slice
        Where the tile lies; tiles never overlap.
    paint : ndarray
        A view of the paint inside it.
    """
    shape = source.spatial_shape
    side = _SIDE[len(shape)]
    row = prod(shape[1:]) * np.dtype(source.array.dtype).itemsize
    rows = max(1, _STRIP_BYTES // max(1, row) // side) * side
    for top in range(0, shape[0], rows):
        high = min(top + rows, shape[0])
        strip = source.read(sample, (slice(top, high), *(slice(0, n) for n in shape[1:])))[0]
        for start in range(0, high - top, side):
            part = strip[start : start + side]
            for corner in _painted_corners(part, side):
                inside = tuple(
                    slice(c, min(c + side, n))
                    for c, n in zip((0, *corner), part.shape, strict=True)
                )
                box = (slice(top + start, top + start + part.shape[0]), *inside[1:])
                yield box, part[inside]


def _painted_corners(part: np.ndarray, side: int) -> Iterator[tuple[int, ...]]:
    """Corners, along all axes but the first, of the tiles of a strip that hold paint."""
    if not part.size or part.max() <= 0:
        return
    highest = part.max(axis=0)
    for axis, length in enumerate(part.shape[1:]):
        highest = np.maximum.reduceat(highest, np.arange(0, length, side), axis=axis)
    for place in np.argwhere(highest > 0):
        yield tuple(int(i) * side for i in place)


def _counted(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values above 0 in a block and how many pixels have each."""
    painted = block[block > 0]
    if painted.max() < _TABLE:
        counts = np.bincount(painted)
        values = np.flatnonzero(counts)
        return values, counts[values]
    values, counts = np.unique(painted, return_counts=True)
    return values.astype(np.int64), counts


def _places(tiles: list[_Tile], source: ImageSource) -> list[tuple[int, Box]]:
    """Where to look closely: everything if it is little, else tiles full of each value."""
    shape = source.spatial_shape
    samples = sorted({t.sample for t in tiles})
    if len(samples) * prod(shape) <= _WHOLE_PIXELS:
        return [(s, tuple(slice(0, n) for n in shape)) for s in samples]
    chosen: list[_Tile] = []
    values = np.unique(np.concatenate([t.values for t in tiles]))
    if len(values) < _WINDOWS:
        chosen = [max(tiles, key=lambda t: _count_of(t, int(v))) for v in values]
    ranked = sorted(tiles, key=lambda t: -t.painted)
    # Not simply the fullest ones, so that several slices and places are seen.
    chosen += ranked[:: 1 + len(ranked) // (4 * _WINDOWS)]
    distinct = list({id(t): t for t in chosen}.values())[:_WINDOWS]
    return [(t.sample, _with_margin(t.box, shape)) for t in distinct]


def _count_of(tile: _Tile, value: int) -> int:
    return int(tile.counts[tile.values == value].sum())


def _with_margin(box: Box, shape: tuple[int, ...]) -> Box:
    return tuple(
        slice(max(0, s.start - _MARGIN), min(n, s.stop + _MARGIN))
        for s, n in zip(box, shape, strict=True)
    )


def _window(source: ImageSource, under: ImageSource | None, sample: int, box: Box) -> Window:
    paint = np.maximum(source.read(sample, box)[0].astype(np.int64), 0)
    return Window(paint, None if under is None else under.read(sample, box))
