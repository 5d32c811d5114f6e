"""Painted pixels per class, counted beside painting: in small pieces, never in one long go."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

_PIECE = 2**18
"""Pixels counted at once: about a millisecond."""

_SLICE_SECONDS = 0.004
_PAUSE_MS = 60
"""Wait this long after the last change before counting."""

_FULL_COPY_BYTES = 64 * 2**20
"""Paint up to this size is copied whole: a few milliseconds."""


class PaintCounts(QObject):
    """Counts the paint of one labels array and remembers where there is any.

    The array is cut along its first axis into pieces. A stroke makes the pieces it touched
    stale; stale pieces are counted again a few milliseconds at a time from the event loop.
    """

    counted = Signal(object)
    """Painted pixels of each value, dict of int to int, whenever nothing is stale any more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._data: Any = None
        self._rows = 1
        self._pieces: list[Counter[int]] = []
        self._total: Counter[int] = Counter()
        self._stale: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._count_some)

    def set_array(self, data: Any | None) -> None:
        """Count this array from now on; None for nothing."""
        self._data = data
        self._pieces, self._stale, self._total = [], set(), Counter()
        if data is None:
            self._timer.stop()
            return
        self._rows = max(1, _PIECE // max(1, int(np.prod(data.shape[1:]))))
        self._pieces = [Counter() for _ in range(-(-data.shape[0] // self._rows))]
        self.touch()

    def touch(self, rows: slice | None = None) -> None:
        """Count rows of the first axis again, or everything, soon.

        Parameters
        ----------
        rows : slice, optional
            With start and stop.
        """
        if self._data is None:
            return
        if rows is None:
            self._stale.update(range(len(self._pieces)))
        else:
            last = min((rows.stop - 1) // self._rows, len(self._pieces) - 1)
            self._stale.update(range(max(0, rows.start // self._rows), last + 1))
        self._timer.start(_PAUSE_MS)

    @property
    def current(self) -> dict[int, int]:
        """Painted pixels of each value as far as counted, without 0."""
        return {value: n for value, n in sorted(self._total.items()) if n}

    def rows_with_paint(self, data: Any) -> list[slice] | None:
        """Which rows of the first axis hold paint; None if it is not this array that is counted."""
        if data is not self._data:
            return None
        while self._stale:
            self._count(self._stale.pop())
        return [
            slice(number * self._rows, (number + 1) * self._rows)
            for number, piece in enumerate(self._pieces)
            if piece
        ]

    def _count_some(self) -> None:
        end = time.perf_counter() + _SLICE_SECONDS
        while self._stale and time.perf_counter() < end:
            self._count(self._stale.pop())
        if self._stale:
            self._timer.start(0)
        else:
            self.counted.emit(self.current)

    def _count(self, number: int) -> None:
        rows = slice(number * self._rows, (number + 1) * self._rows)
        counted = count_values(np.asarray(self._data[rows]))
        self._total.subtract(self._pieces[number])
        self._total.update(counted)
        self._pieces[number] = counted


def copy_paint(data: Any, rows: list[slice] | None = None) -> np.ndarray:
    """A copy of paint; of a large array only the rows that hold paint take memory.

    Parameters
    ----------
    data : array-like of int
        As painted, for example the data of a labels layer.
    rows : list of slice, optional
        Where along the first axis there is paint, if that is known.
    """
    if rows is None or data.nbytes <= _FULL_COPY_BYTES:
        return np.array(data)
    out = np.zeros(data.shape, data.dtype)
    for some in rows:
        out[some] = data[some]
    return out


def count_values(block: np.ndarray) -> Counter[int]:
    """How many pixels each value other than 0 has.

    Parameters
    ----------
    block : ndarray of int
    """
    flat = block.reshape(-1)
    if not flat.any():
        return Counter()
    if flat.dtype.itemsize == 1 or (flat.min() >= 0 and flat.max() < 2**16):
        if flat.dtype.itemsize in {1, 8}:  # no sign in one byte; numpy 1 counts no uint64
            flat = flat.view(np.uint8 if flat.dtype.itemsize == 1 else np.int64)
        found = np.bincount(flat)
        values = np.flatnonzero(found)
        counts = found[values]
    else:
        values, counts = np.unique(flat, return_counts=True)
    return Counter({int(v): int(n) for v, n in zip(values, counts, strict=True) if v != 0})


def rows_of_change(change: Any) -> slice | None:
    """The rows of the first axis that one item of napari's paint history touched.

    Parameters
    ----------
    change : list
        What ``layer.events.paint`` carries: edits as bounding box and mask, or as indices.

    Returns
    -------
    slice or None
        None if it cannot be told.
    """
    starts, stops = [], []
    for edit in change:
        box = getattr(edit, "slice_key", None)
        try:
            if box is not None:
                starts.append(int(box[0].start))
                stops.append(int(box[0].stop))
            else:
                first = np.asarray(edit[0][0])
                starts.append(int(first.min()))
                stops.append(int(first.max()) + 1)
        except (AttributeError, IndexError, TypeError, ValueError):
            return None
    return slice(min(starts), max(stops)) if starts else None
