"""The journal as bytes: records that are each whole or not there.

A record is a mark, its kind, its length, a checksum (CRC-32) and its content. Nothing in it
refers to another record's place, so a file that was cut short at any byte is the journal as it
was one record earlier, and damage in the middle costs the records it hit and no others.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any

VERSION = 1
MARK = b"\xf5uPJ"
_FRAME = struct.Struct("<BII")


class Kind(IntEnum):
    """What a record holds."""

    HEAD = 1
    """Whose paint it is: JSON of a `JournalHead`. The first record."""
    NOTES = 2
    """Names and colours of the classes: JSON."""
    PAINT = 3
    """Changed pixels: `napari_unet.core.journal_tiles`."""
    WHOLE = 4
    """All paint of the layer is in here by now, and all paint of the files listed: JSON."""
    CLOSED = 5
    """The end; nobody writes here any more."""


@dataclass(frozen=True)
class JournalHead:
    """Whose paint a journal keeps.

    Parameters
    ----------
    image : str
        What the image is recognised by; see `napari_unet.core.image_mark`.
    path : str
        Where the image lies; empty if it is no file.
    image_name, layer_name : str
        What the user calls them.
    axes : str
        Axes of the image.
    shape : tuple of int
    dtype : str
        Of the labels array, as numpy writes it.
    created : float, optional
        Seconds since 1970, UTC.
    process : tuple of int and float, optional
        Number of the writing process, and when it began.
    continues : str, optional
        Name of the journal that has the earlier paint, until this one is whole.
    """

    image: str
    path: str
    image_name: str
    layer_name: str
    axes: str
    shape: tuple[int, ...]
    dtype: str
    created: float = 0.0
    process: tuple[int, float] = (0, 0.0)
    continues: str = ""

    def to_bytes(self) -> bytes:
        """As the content of a record."""
        return to_json({"version": VERSION, **asdict(self)})

    @classmethod
    def from_bytes(cls, content: bytes) -> JournalHead | None:
        """Read the content of a record; None if a later version of this program wrote it."""
        try:
            facts = json.loads(content)
            if facts.pop("version") != VERSION:
                return None
            number, began = facts.pop("process")
            shape = tuple(int(n) for n in facts.pop("shape"))
            return cls(shape=shape, process=(int(number), float(began)), **facts)
        except (ValueError, TypeError, KeyError, AttributeError):
            return None


@dataclass(frozen=True)
class Record:
    """One record that is whole.

    Parameters
    ----------
    kind : Kind
    content : bytes
    """

    kind: Kind
    content: bytes


def to_json(facts: Any) -> bytes:
    """Plain values as the content of a record."""
    return json.dumps(facts, separators=(",", ":")).encode()


def frame(kind: Kind, content: bytes = b"") -> bytes:
    """One record as bytes."""
    return MARK + _FRAME.pack(kind, len(content), _checksum(kind, content)) + content


def records(data: bytes) -> Iterator[Record | None]:
    """The whole records of a file in order; None where bytes are damaged or cut off."""
    at, unread = 0, False
    while at < len(data):
        record, end = _record_at(data, at)
        if record is not None:
            if unread:
                yield None
            unread, at = False, end
            yield record
        else:
            unread = True
            found = data.find(MARK, at + 1)
            at = found if found >= 0 else len(data)
    if unread:
        yield None


def _record_at(data: bytes, at: int) -> tuple[Record | None, int]:
    """The record that begins here and where it ends; None if there is none or it is damaged."""
    begin = at + len(MARK) + _FRAME.size
    if data[at : at + len(MARK)] != MARK or begin > len(data):
        return None, at
    kind, length, checksum = _FRAME.unpack_from(data, at + len(MARK))
    content = data[begin : begin + length]
    if len(content) < length or _checksum(kind, content) != checksum or kind not in set(Kind):
        return None, at
    return Record(Kind(kind), content), begin + length


def _checksum(kind: int, content: bytes) -> int:
    return zlib.crc32(content, zlib.crc32(bytes([kind])))
