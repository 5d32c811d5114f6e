"""A desk with room for one request: the newest wins, older ones are dropped unread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from math import prod
from threading import Lock

from napari_unet.core.source import Box

_LARGEST = 512
"""Side of what is answered in one go, so that nobody has to wait long for a turn."""

_MANY = 16
"""A view of more parts than these, 2048 x 2048 pixels, is looked at from afar."""


@dataclass(frozen=True)
class PreviewRequest:
    """Somebody looks at this box of this image and wants to see the answer there."""

    generation: int
    """Counts up with every request, so that stale answers can be told."""
    image: int
    """Index of the image in the training set."""
    sample: int
    box: Box
    focus: tuple[int, ...] | None = None
    """The pixel that is looked at; the middle of the box if nobody knows."""

    def parts(self) -> list[PreviewRequest]:
        """The same request in parts of at most 512 pixels a side, much alike in size.

        Where somebody looks comes first, and then its surroundings. In a view of very many
        parts it is followed by parts spread evenly over the view, closer and closer, so that
        all of it is judged soon.
        """
        cuts = []
        for side in self.box:
            length = side.stop - side.start
            count = max(1, -(-length // _LARGEST))
            edges = [side.start + length * number // count for number in range(count + 1)]
            cuts.append([slice(a, b) for a, b in pairwise(edges)])
        focus = self.focus or tuple((side.start + side.stop) / 2 for side in self.box)
        boxes = sorted(product(*cuts), key=lambda box: _distance(box, focus))
        if from_afar(self.box):
            spread = (
                tuple(cut[number] for cut, number in zip(cuts, cell, strict=True))
                for cell in spread_cells(tuple(map(len, cuts)))
            )
            boxes = [boxes[0], *(box for box in spread if box != boxes[0])]
        return [replace(self, box=box) for box in boxes]


def from_afar(box: Box) -> bool:
    """True for a view so large that its parts are answered here and there first."""
    return prod(-(-(side.stop - side.start) // _LARGEST) for side in box) > _MANY


def spread_cells(counts: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The cells of a grid in an order in which the first ones, however many, lie evenly.

    A coarse lattice around the middle comes first, then what halves its step, and so on: cells
    in the order of their bits, the lowest first (van der Corput's sequence, along all axes).

    Parameters
    ----------
    counts : tuple of int
        Cells along each axis.
    """

    def order(cell: tuple[int, ...]) -> list[tuple[int, ...]]:
        offsets = [number - count // 2 for number, count in zip(cell, counts, strict=True)]
        digits = [
            tuple(offset >> bit & 1 for offset in offsets)
            for bit in range(max(counts).bit_length())
        ]
        # Diagonal neighbours fill a lattice more evenly than those beside it.
        return [(sum(digit) and len(counts) - sum(digit) + 1, *digit) for digit in digits]

    return sorted(product(*map(range, counts)), key=order)


def _distance(box: Box, pixel: Sequence[float]) -> float:
    """How far the middle of a box is from a pixel, squared."""
    return sum(
        ((side.start + side.stop) / 2 - place) ** 2 for side, place in zip(box, pixel, strict=True)
    )


class PreviewTurns:
    """What to answer of a large view at each turn, so that none takes long.

    Each turn answers the middle anew, and of the rest the next few parts, from where the
    turn before ended. A view of few parts is answered whole at every turn.

    Parameters
    ----------
    most : int, optional
        Parts of one turn.
    """

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._view: tuple[int, int, Box] | None = None
        self._next = 0

    def turn(self, request: PreviewRequest) -> list[PreviewRequest]:
        """The parts to answer now.

        Parameters
        ----------
        request : PreviewRequest
            A view of another place begins at its middle.
        """
        parts = request.parts()
        if len(parts) <= self._most:
            return parts
        middle = 1 if from_afar(request.box) else self._most - self._most // 2
        others = self._most - middle
        view = (request.image, request.sample, request.box)
        if view != self._view:
            self._view, self._next = view, 0
        around = parts[middle:]
        first = self._next
        self._next = (first + others) % len(around)
        return parts[:middle] + (around + around)[first : first + others]


def middle_of(box: Box, most: int) -> Box:
    """A box, or the middle of it along each axis on which it is longer than `most`."""
    middle = []
    for side in box:
        excess = max(0, side.stop - side.start - most)
        middle.append(slice(side.start + excess // 2, side.stop - (excess - excess // 2)))
    return tuple(middle)


class PreviewDesk:
    """Where the window leaves what it shows, and running training looks when it has a moment."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._request: PreviewRequest | None = None

    def post(self, request: PreviewRequest) -> None:
        """Replace whatever lies on the desk. Any thread may call it."""
        with self._lock:
            self._request = request

    def clear(self) -> None:
        """Take away whatever lies on the desk. Any thread may call it."""
        with self._lock:
            self._request = None

    def look(self) -> PreviewRequest | None:
        """The newest request, left on the desk; None if there is none."""
        with self._lock:
            return self._request
