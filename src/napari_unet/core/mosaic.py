"""Putting tiles back together: smooth ramps that sum to one, and no more memory than needed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from napari_unet.core.source import Box
from napari_unet.core.tiles import Tile, box_shape, inside, overlap


def blend_weights(reach: slice, write: slice) -> np.ndarray:
    """Weight of a tile along one axis: one inside, a squared-cosine ramp at each shared edge.

    The ramps of two neighbours are mirror images and sum to one.

    Returns
    -------
    ndarray of float32, shape (reach.stop - reach.start,)
    """
    weights = np.ones(reach.stop - reach.start, np.float32)
    before, after = write.start - reach.start, reach.stop - write.stop
    if before:
        weights[: 2 * before] = _rising(before)
    if after:
        weights[-2 * after :] = 1 - _rising(after)
    return weights


def _rising(half: int) -> np.ndarray:
    """A ramp from 0 to 1 over ``2 * half`` pixels, antisymmetric about its middle."""
    phase = (np.arange(2 * half, dtype=np.float64) + 0.5) / (4 * half)
    return (np.sin(np.pi * phase) ** 2).astype(np.float32)


def add_tile(
    target: np.ndarray, box: Box, tile: Tile, values: np.ndarray, within: Box | None = None
) -> None:
    """Add one tile's values, weighted, to an array that covers `box`.

    Once every tile of the grid that reaches into `box` was added to zeros, the array holds the
    blended values of `box`, whichever other boxes were blended elsewhere.

    Parameters
    ----------
    target : ndarray of float32, shape (K, *box)
        Changed in place.
    box : tuple of slice
        Where `target` lies in the image.
    tile : Tile
    values : ndarray of float32, shape (K, *within)
        The tile's answer.
    within : tuple of slice, optional
        The part of its `reach` that `values` covers; all of it when not given.
    """
    within = within or tile.reach
    shared = overlap(within, box)
    if shared is None:
        return
    part = values[(slice(None), *inside(shared, within))]
    ramps = _ramp_views(tile, shared)
    if ramps:
        part = part.copy()
        for where, weights in ramps:
            part[where] *= weights
    target[(slice(None), *inside(shared, box))] += part


def _ramp_views(tile: Tile, shared: Box) -> list[tuple[tuple[slice, ...], np.ndarray]]:
    """Where inside `shared` weights differ from one, and the weights there, axis by axis."""
    views = []
    dimensions = len(shared)
    for axis, (reach, write, part) in enumerate(zip(tile.reach, tile.write, shared, strict=True)):
        weights = blend_weights(reach, write)[part.start - reach.start : part.stop - reach.start]
        changed = np.flatnonzero(weights != 1)
        for run in np.split(changed, np.flatnonzero(np.diff(changed) > 1) + 1):
            if run.size:
                where = [slice(None)] * (dimensions + 1)
                where[axis + 1] = slice(int(run[0]), int(run[-1]) + 1)
                shape = [1] * (dimensions + 1)
                shape[axis + 1] = run.size
                views.append((tuple(where), weights[run].reshape(shape)))
    return views


class Mosaic:
    """Puts the tiles of one grid together, and gives rows of tiles away once nothing can change.

    Only the part of the image that is still open is held in memory.

    Parameters
    ----------
    tiles : sequence of Tile
        A whole grid, in its order, which is also the order they must be added in.
    channels : int
        How many values a pixel has.
    """

    def __init__(self, tiles: Sequence[Tile], channels: int) -> None:
        self._left: dict[tuple[int, int], int] = {}
        self._ends: dict[tuple[int, int], int] = {}
        for tile in tiles:
            row = _row(tile)
            self._left[row] = self._left.get(row, 0) + 1
            self._ends[row] = tile.reach[0].stop
        self._across = tuple(
            slice(0, max(t.write[axis].stop for t in tiles))
            for axis in range(1, len(tiles[0].write))
        )
        self._channels = channels
        self._first = 0
        self._open = np.zeros((channels, 0, *box_shape(self._across)), np.float32)

    def add(self, tile: Tile, values: np.ndarray) -> tuple[Box, np.ndarray] | None:
        """Add the next tile.

        Parameters
        ----------
        tile : Tile
        values : ndarray of float32, shape (K, *reach)

        Returns
        -------
        tuple of (box, ndarray of float32, shape (K, *box)), or None
            What is final now, if this tile was the last of its row. Given away.
        """
        row = _row(tile)
        self._grow(self._ends[row])
        box = (slice(self._first, self._first + self._open.shape[1]), *self._across)
        add_tile(self._open, box, tile, values)
        self._left[row] -= 1
        if self._left[row]:
            return None
        # the next row of tiles reaches back over the ramp it shares with this one
        final = 2 * tile.write[0].stop - tile.reach[0].stop - self._first
        done, self._open = self._open[:, :final], self._open[:, final:].copy()
        box = (slice(self._first, self._first + final), *self._across)
        self._first += final
        return box, done

    def _grow(self, end: int) -> None:
        missing = end - self._first - self._open.shape[1]
        if missing > 0:
            more = np.zeros((self._channels, missing, *self._open.shape[2:]), np.float32)
            self._open = np.concatenate([self._open, more], axis=1)


def _row(tile: Tile) -> tuple[int, int]:
    return tile.write[0].start, tile.write[0].stop


class Seams:
    """Puts tiles together one by one, and holds only the ramps they share with later ones.

    What it gives away is to the last bit what `Mosaic` does. Of a grid any tiles may be left
    out; pixels they reach into are then not right.

    Parameters
    ----------
    tiles : sequence of Tile
        A whole grid, in its order, which is also the order tiles must be added in.
    """

    def __init__(self, tiles: Sequence[Tile]) -> None:
        starts = [sorted({t.write[a].start for t in tiles}) for a in range(len(tiles[0].write))]
        self._places = [{start: i for i, start in enumerate(each)} for each in starts]
        self._grid = {self._place(tile): tile for tile in tiles}
        self._held: dict[tuple[int, ...], list[tuple[Tile, Box, np.ndarray]]] = {}

    def _place(self, tile: Tile) -> tuple[int, ...]:
        return tuple(where[w.start] for where, w in zip(self._places, tile.write, strict=True))

    def final(self, tile: Tile) -> Box:
        """The box that no later tile changes, and no earlier one has given away.

        These boxes partition the image.
        """
        before = [
            self._grid[(*place[:a], place[a] - 1, *place[a + 1 :])] if place[a] else None
            for place in [self._place(tile)]
            for a in range(len(tile.write))
        ]
        return tuple(
            slice(_settled(other, a) if other else 0, _settled(tile, a))
            for a, other in enumerate(before)
        )

    def add(self, tile: Tile, values: np.ndarray) -> tuple[Box, np.ndarray]:
        """Add the next tile.

        Parameters
        ----------
        tile : Tile
        values : ndarray of float32, shape (K, *reach)

        Returns
        -------
        tuple of (box, ndarray of float32, shape (K, *box))
            What is final now. Given away.
        """
        place, box = self._place(tile), self.final(tile)
        target = np.zeros((values.shape[0], *box_shape(box)), np.float32)
        for other, within, part in self._held.pop(place, []):
            add_tile(target, box, other, part, within)
        add_tile(target, box, tile, values)
        for step in product((0, 1), repeat=len(place)):
            later = self._grid.get(tuple(p + s for p, s in zip(place, step, strict=True)))
            shared = overlap(tile.reach, self.final(later)) if later and any(step) else None
            if later and shared:
                part = values[(slice(None), *inside(shared, tile.reach))].copy()
                self._held.setdefault(self._place(later), []).append((tile, shared, part))
        return box, target


def _settled(tile: Tile, axis: int) -> int:
    """Where along an axis the ramp to the next tile begins."""
    return 2 * tile.write[axis].stop - tile.reach[axis].stop
