"""A desk for paint that changed: as much room as the layers have parts, newest paint wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock

import numpy as np

from napari_unet.core.source import Box


@dataclass(frozen=True, eq=False)
class PaintPiece:
    """What one part of a paint layer holds now.

    Parameters
    ----------
    image : int
        Index, in the training set, of the image it was painted on.
    where : tuple of slice
        The part, in the axes of the image without C.
    values : ndarray of int
        Its paint values, a copy; given away.
    """

    image: int
    where: Box
    values: np.ndarray

    @property
    def key(self) -> tuple[int, ...]:
        """Which part of which image it is."""
        return (self.image, *(n for part in self.where for n in (part.start, part.stop)))


@dataclass(frozen=True, eq=False)
class PaintUpdate:
    """All paint that changed since somebody last took an update.

    Parameters
    ----------
    pieces : tuple of PaintPiece
    names : mapping of int to str
        Name of each paint value, as far as there are any.
    """

    pieces: tuple[PaintPiece, ...]
    names: Mapping[int, str]


class PaintDesk:
    """Where the window leaves paint that changed, until running work has a moment.

    An update waits here until it is taken. Whatever is painted meanwhile joins it, and a
    part that was painted again replaces its older copy: however long nobody looks, there is
    one update, and it is never larger than the layers.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._pieces: dict[tuple[int, ...], PaintPiece] = {}
        self._names: dict[int, str] = {}

    def post(self, pieces: Iterable[PaintPiece], names: Mapping[int, str] | None = None) -> None:
        """Lay down what changed. Any thread may call it.

        Parameters
        ----------
        pieces : iterable of PaintPiece
            Parts on a grid that stays the same, so that one part replaces itself.
        names : mapping of int to str, optional
            Name of each paint value.
        """
        with self._lock:
            self._pieces.update((piece.key, piece) for piece in pieces)
            self._names.update(names or {})

    @property
    def waiting(self) -> bool:
        """True if something lies on the desk. Any thread may ask."""
        return bool(self._pieces)

    def take(self) -> PaintUpdate | None:
        """Take away everything that changed; None if nothing did. Any thread may call it."""
        with self._lock:
            if not self._pieces:
                return None
            update = PaintUpdate(tuple(self._pieces.values()), dict(self._names))
            self._pieces = {}
            return update
