"""Where to look for the features of strokes in a large volume: cells, one at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from napari_unet.core.source import Box
from napari_unet.core.strokes import Stroke
from napari_unet.learn.unet import UNet

_CELL = (8, 64, 64)
"""Size of a cell, a multiple of the network's alignment up to depth 3: flat as paint is."""

_MOST_CELLS = 48


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
        Those that reach into it.
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
    steps = net.alignments
    sides = [-(-side // step) * step for side, step in zip(_CELL, steps, strict=True)]
    found: dict[tuple[int, ...], list[Stroke]] = defaultdict(list)
    for stroke in strokes:
        spans = [
            range(s.start // side, (s.stop - 1) // side + 1)
            for s, side in zip(stroke.box, sides, strict=True)
        ]
        for index in product(*spans):
            found[index].append(stroke)
    for index in sorted(found)[:: -(-len(found) // _MOST_CELLS)]:
        cell = tuple(slice(i * n, (i + 1) * n) for i, n in zip(index, sides, strict=True))
        keep = _grown(cell, steps, steps, shape)
        yield Cell(_grown(keep, net.context, steps, shape), keep, cell, found[index])


def _grown(
    box: Sequence[slice], margins: Sequence[int], steps: Sequence[int], shape: Sequence[int]
) -> Box:
    """A box with a margin, inside the volume, starting on the grid of the network."""
    return tuple(
        slice(max(0, s.start - margin) // step * step, min(n, s.stop + margin))
        for s, margin, step, n in zip(box, margins, steps, shape, strict=True)
    )
