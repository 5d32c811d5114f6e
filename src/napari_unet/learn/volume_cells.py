"""Large volumes in cells: for features around strokes, and of what is on screen, one at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import ceil, dist
from operator import itemgetter

from napari_unet.core.source import Box
from napari_unet.core.strokes import Stroke
from napari_unet.core.tiles import overlap, round_up
from napari_unet.learn.unet import UNet

_CELL = (8, 128, 128)
"""Size of a cell, a multiple of the network's alignment up to depth 3: flat as paint is, and large
enough that most of what is computed is not context."""

_MOST_CELLS = 24

_CONTEXT = 16 / 36
"""Share of the context of a prediction. Features at the finest level differ by 0.3 % of their
deviation, and take a third of the time."""


@dataclass(frozen=True, eq=False)
class Cell:
    """A part of a volume with paint in it.

    Parameters
    ----------
    look : tuple of slice
        What its features depend on.
    keep : tuple of slice
        The cell, and on all sides a pixel of the coarsest level, so that coarse features can be
        interpolated in it.
    box : tuple of slice
        The cell itself; it may reach outside the volume.
    strokes : list of Stroke
        Those that reach into it, if it was asked for on their behalf.
    """

    look: Box
    keep: Box
    box: Box
    strokes: list[Stroke]


def cells(shape: Sequence[int], strokes: Sequence[Stroke], net: UNet) -> Iterator[Cell]:
    """Cells of a fixed grid that hold paint, so that new strokes leave the others as they are.

    Parameters
    ----------
    shape : sequence of int
        Size of the volume.
    strokes : sequence of Stroke
    net : UNet
        Says how much context its scores depend on.
    """
    sides = _sides(net)
    found: dict[tuple[int, ...], list[Stroke]] = defaultdict(list)
    for stroke in strokes:
        for index in _touched(stroke.box, sides):
            found[index].append(stroke)
    for index in sorted(found)[:: -(-len(found) // _MOST_CELLS)]:
        yield _cell(index, shape, net, found[index])


def cells_of(
    shape: Sequence[int], box: Box, focus: Sequence[float], net: UNet
) -> list[tuple[Cell, Box]]:
    """Cells of the same grid that a box lies in, and its part in each, the nearest first.

    Parameters
    ----------
    shape : sequence of int
        Size of the volume.
    box : tuple of slice
        What is on screen.
    focus : sequence of float
        The voxel that is looked at.
    net : UNet
    """
    found = []
    for index in _touched(box, _sides(net)):
        cell = _cell(index, shape, net, [])
        shared = overlap(cell.box, box)
        if shared is not None:
            middle = [(s.start + s.stop) / 2 for s in shared]
            found.append((dist(middle, focus), index, cell, shared))
    return [(cell, shared) for _, _, cell, shared in sorted(found, key=itemgetter(0, 1))]


def _sides(net: UNet) -> list[int]:
    return [round_up(side, step) for side, step in zip(_CELL, net.alignments, strict=True)]


def _touched(box: Sequence[slice], sides: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Indices of the cells that share voxels with a box."""
    spans = (
        range(s.start // side, (s.stop - 1) // side + 1) for s, side in zip(box, sides, strict=True)
    )
    return product(*spans)


def _cell(index: Sequence[int], shape: Sequence[int], net: UNet, strokes: list[Stroke]) -> Cell:
    steps = net.alignments
    box = tuple(slice(i * n, (i + 1) * n) for i, n in zip(index, _sides(net), strict=True))
    keep = _grown(box, steps, steps, shape)
    context = [ceil(_CONTEXT * pixels) for pixels in net.context]
    return Cell(_grown(keep, context, steps, shape), keep, box, strokes)


def _grown(
    box: Sequence[slice], margins: Sequence[int], steps: Sequence[int], shape: Sequence[int]
) -> Box:
    """A box with a margin, inside the volume, starting on the grid of the network."""
    return tuple(
        slice(max(0, s.start - margin) // step * step, min(n, s.stop + margin))
        for s, margin, step, n in zip(box, margins, steps, shape, strict=True)
    )
