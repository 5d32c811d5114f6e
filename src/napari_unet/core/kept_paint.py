"""Paint as a journal has kept it: read from bytes, compared with what is there, given back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from napari_unet.core.journal_records import JournalHead, Kind, Record, records
from napari_unet.core.journal_tiles import DamagedTiles, TileKey, box_of_tile, tiles_from_bytes
from napari_unet.core.source import Box


@dataclass(frozen=True, eq=False)
class Journal:
    """A journal file as it was read; its paint is not unpacked yet.

    Parameters
    ----------
    head : JournalHead
    records : tuple of Record
        All whole records after the head.
    damaged : bool
        True if some of the file was damaged or cut off.
    """

    head: JournalHead
    records: tuple[Record, ...]
    damaged: bool

    @classmethod
    def from_bytes(cls, data: bytes) -> Journal | None:
        """Read a file; None if it has no head, and so no paint, or a later version wrote it."""
        found = list(records(data))
        whole = tuple(record for record in found if record is not None)
        if not whole or whole[0].kind is not Kind.HEAD:
            return None
        head = JournalHead.from_bytes(whole[0].content)
        return None if head is None else cls(head, whole[1:], None in found)

    @property
    def closed(self) -> bool:
        """True if its writer ended it."""
        return bool(self.records) and self.records[-1].kind is Kind.CLOSED

    @property
    def whole(self) -> bool:
        """True if all paint of the layer is in here, not only that since the file was begun."""
        return any(record.kind is Kind.WHOLE for record in self.records)

    @cached_property
    def replaces(self) -> frozenset[str]:
        """Names of journals whose paint is in here as well."""
        lists = (json.loads(r.content) for r in self.records if r.kind is Kind.WHOLE)
        return frozenset(name for names in lists for name in names)

    @property
    def notes(self) -> dict[str, Any]:
        """The newest notes on the classes."""
        notes = [record for record in self.records if record.kind is Kind.NOTES]
        return dict(json.loads(notes[-1].content)) if notes else {}

    def paint(self, earlier: KeptPaint | None = None) -> KeptPaint:
        """Unpack the paint.

        Parameters
        ----------
        earlier : KeptPaint, optional
            That of the journal this one continues; not needed, and not used, if this is whole.
        """
        kept = KeptPaint(self.head.shape, np.dtype(self.head.dtype))
        if earlier is not None and not self.whole and earlier.shape == kept.shape:
            kept.lay(earlier)
        for record in self.records:
            if record.kind is Kind.PAINT:
                kept.take(record.content)
        return kept


class KeptPaint:
    """Paint in tiles, only where there is any.

    Parameters
    ----------
    shape : tuple of int
    dtype : numpy dtype
        Of the labels array.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.shape, self.dtype = shape, dtype
        self._tiles: dict[TileKey, np.ndarray] = {}

    def take(self, content: bytes) -> None:
        """Take in the content of a record; one that makes no sense changes nothing."""
        try:
            tiles = tiles_from_bytes(content, self.dtype)
        except DamagedTiles:
            return
        for key, tile in tiles.items():
            values = self._tiles.setdefault(key, np.zeros(tile.values.shape, self.dtype))
            values[tile.mask] = tile.values[tile.mask]

    def lay(self, other: KeptPaint) -> None:
        """Take in the paint of another layer of the same shape."""
        for key, values in other._tiles.items():
            self._tiles[key] = values.astype(self.dtype)

    @property
    def pixels(self) -> int:
        """How many pixels are painted."""
        return sum(int(np.count_nonzero(values)) for values in self._tiles.values())

    @property
    def values(self) -> list[int]:
        """The paint values in use, without 0."""
        found: set[int] = set()
        for tile in self._tiles.values():
            found.update(int(value) for value in np.unique(tile))
        return sorted(found - {0})

    def parts(self) -> Iterator[tuple[Box, np.ndarray]]:
        """Boxes with paint in them, and the labels there in the shape of the box."""
        for key, values in self._tiles.items():
            if values.any():
                box = box_of_tile(key, self.shape)
                height, width = (part.stop - part.start for part in box[-2:])
                shape = [part.stop - part.start for part in box]
                yield box, values[:height, :width].reshape(shape)

    def array(self) -> np.ndarray:
        """All of it as one array, 0 where nothing is painted."""
        out = np.zeros(self.shape, self.dtype)
        for box, values in self.parts():
            out[box] = values
        return out

    def is_in(self, data: Any) -> bool:
        """True if an array of the same shape has all of this paint."""
        return all(
            np.array_equal(np.asarray(data[box])[values != 0], values[values != 0])
            for box, values in self.parts()
        )

    def missing_from(self, data: Any) -> Iterator[tuple[tuple[np.ndarray, ...], np.ndarray]]:
        """Kept pixels that are not painted in an array of the same shape, part by part.

        Parameters
        ----------
        data : array-like of int

        Yields
        ------
        where : tuple of ndarray of int
            Position of each pixel, one array per axis.
        values : ndarray of int
            What is kept for it.
        """
        for box, values in self.parts():
            missing = (values != 0) & (np.asarray(data[box]) == 0)
            if missing.any():
                inner = np.nonzero(missing)
                where = tuple(i + s.start for i, s in zip(inner, box, strict=True))
                yield where, values[missing]
