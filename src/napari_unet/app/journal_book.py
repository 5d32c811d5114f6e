"""The journal of one labels layer: which records are written when, and when a file begins anew."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from napari_unet.app.painted import Painted, PaintTarget
from napari_unet.core.edits import Edit
from napari_unet.core.errors import UNetError
from napari_unet.core.journal_records import JournalHead, Kind, frame, to_json
from napari_unet.core.journal_tiles import (
    Tile,
    TileGatherer,
    TileKey,
    tiles_to_bytes,
    tiles_with_paint,
)
from napari_unet.data.journal_folder import JournalFile, JournalFolder

_TILES_AT_ONCE = 256
"""Tiles gathered before they are written: bounds the memory a huge edit takes."""

_COMPACT_BYTES = 2**20
_COMPACT_GROWTH = 8
"""A file is written anew once it is this large, and this many times what it began with."""

RETRY_SECONDS = 10.0
_LONGEST_PAUSE = 600.0
"""How long a disk that refused is left alone: twice as long each time."""

_END = "end"

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is full",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "the folder cannot be written",
    errno.EPERM: "the folder cannot be written",
}


class JournalStopped(UNetError):
    """Strokes cannot be written to the disk at present."""


class JournalBook:
    """Writes the journal of one layer; used by one thread.

    A journal begins with the strokes at hand, so that they are safe at once. The paint the layer
    had before follows in small steps. The file then grows by what is painted, until it is
    written anew because it became long, because the layer was given another array, or because
    a write failed and strokes are missing in it.

    Parameters
    ----------
    folder : JournalFolder
    mark : str
        What the image is recognised by; see `napari_unet.core.image_mark`.
    target : PaintTarget
        The layer.
    clock : callable, optional
        Seconds that never go back.
    """

    def __init__(
        self,
        folder: JournalFolder,
        mark: str,
        target: PaintTarget,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder, self.mark = folder, mark
        self._target, self._clock = target, clock
        self._file: JournalFile | None = None
        self._older: list[JournalFile] = []
        self._notes: Mapping[str, Any] = {}
        self._contains: set[str] = set()
        self._declared: set[str] = set()
        self._scan: Iterator[tuple[TileKey, Tile] | None] | None = None
        self._first_size = 0
        self._retry_at = 0.0
        self._pause = RETRY_SECONDS
        self.behind = False
        """True if strokes are missing in the file, because the disk refused them."""
        self.refused = False
        """True from a refusal until all paint of the layer is on disk again."""

    @property
    def scanning(self) -> bool:
        """True while paint the layer had before is still to be written."""
        return self._scan is not None

    @property
    def resting(self) -> bool:
        """True while a disk that refused is left alone."""
        return self.behind and self._clock() < self._retry_at

    def write(self, painted: list[Painted]) -> None:
        """Write what happened.

        Raises
        ------
        JournalStopped
            The first time the disk refuses; later strokes are not tried for a while.
        """
        self._target = painted[-1].target
        self._contains.update(name for one in painted for name in one.contains)
        if self.resting:
            return
        edits = [edit for one in painted for edit in one.edits]
        replaced = any(one.replaced for one in painted) or not self._fits()
        with self._refusals():
            if self._file is None or self.behind or replaced or self._too_long():
                self._begin(edits, replaced)
            else:
                self._file.add(b"".join(self._frames(edits)))
                if not self.scanning and self._contains > self._declared:
                    self._declare_whole()

    def retry(self) -> None:
        """Ask a disk again that refused; if it agrees, all paint is written anew."""
        with self._refusals():
            self._begin([], replaced=False)

    def scan(self, seconds: float) -> None:
        """Write some of the paint the layer had before; the rest follows with the next call."""
        end = self._clock() + seconds
        tiles: dict[TileKey, Tile] = {}
        with self._refusals():
            while self._scan is not None and self._file is not None:
                found = next(self._scan, _END)
                if isinstance(found, tuple):
                    tiles[found[0]] = found[1]
                over = found is _END or self._clock() >= end
                if tiles and (over or len(tiles) >= _TILES_AT_ONCE):
                    self._file.add(self._paint_frame(tiles))
                    tiles = {}
                if found is _END:
                    self._scan = None
                    self._declare_whole()
                elif over:
                    return

    def release(self, image: Hashable) -> None:
        """Hold on to this image's pixels no longer, if it is the one that is painted on."""
        if self._target.image.key == image:
            identity = replace(self._target.image, array=None)
            self._target = replace(self._target, image=identity)

    def close(self) -> None:
        """End the journal."""
        if self._file is not None:
            with self._refusals():
                self._file.add(frame(Kind.CLOSED))
        for file in (*self._older, *filter(None, [self._file])):
            file.close()
        self._file, self._older, self._scan = None, [], None

    # -- inside ---------------------------------------------------------------------------

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Note that the disk did not take something, and say so if it is the first time."""
        try:
            yield
        except OSError as err:
            said, self.refused, self.behind, self._scan = self.refused, True, True, None
            self._retry_at = self._clock() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            if not said:
                reason = _REASONS.get(err.errno or 0, err.strerror or str(err))
                raise JournalStopped(
                    f"Strokes are not being kept on disk: {reason} ({self.folder.root}). You can "
                    "go on painting; save the paint layer yourself, or make room there."
                ) from err

    def _fits(self) -> bool:
        """True if the layer's array is of the kind the file was begun for."""
        return self._file is None or _kind_of(self._target.data) == (
            self._file.head.shape,
            self._file.head.dtype,
        )

    def _too_long(self) -> bool:
        limit = max(_COMPACT_BYTES, _COMPACT_GROWTH * self._first_size)
        return self._file is not None and not self.scanning and self._file.size > limit

    def _begin(self, edits: list[Edit], replaced: bool) -> None:
        """Begin a file; those before stay until all of their paint is in the new one."""
        file = self.folder.create(self._head("" if replaced else _name(self._file)))
        self._notes = {}
        try:
            file.add(b"".join(self._frames(edits)))
        except OSError:
            file.discard()
            raise
        if self._file is not None:
            self._older.append(self._file)
            self._contains.add(_name(self._file))
        self._file, self._first_size = file, 0
        self._scan = tiles_with_paint(self._target.data)
        self.behind = False

    def _head(self, continues: str) -> JournalHead:
        target, image = self._target, self._target.image
        shape, dtype = _kind_of(target.data)
        return JournalHead(
            self.mark,
            image.path,
            image.name,
            target.name,
            image.axes,
            shape,
            dtype,
            continues=continues,
        )

    def _frames(self, edits: list[Edit]) -> Iterator[bytes]:
        """Records of edits, preceded by the notes if they are new."""
        if self._target.notes != self._notes:
            self._notes = self._target.notes
            yield frame(Kind.NOTES, to_json(dict(self._notes)))
        data = self._target.data
        gatherer = TileGatherer(tuple(data.shape), data.dtype)
        for edit in edits:
            gatherer.add(edit)
            if len(gatherer.tiles) >= _TILES_AT_ONCE:
                yield self._paint_frame(gatherer.tiles)
                gatherer = TileGatherer(tuple(data.shape), data.dtype)
        if gatherer.tiles:
            yield self._paint_frame(gatherer.tiles)

    def _paint_frame(self, tiles: Mapping[TileKey, Tile]) -> bytes:
        return frame(Kind.PAINT, tiles_to_bytes(tiles, np.dtype(self._target.data.dtype)))

    def _declare_whole(self) -> None:
        """Say in the file what is in it by now, and remove what that makes superfluous."""
        if self._file is None:
            return
        self._file.add(frame(Kind.WHOLE, to_json(sorted(self._contains))))
        self._declared = set(self._contains)
        for file in self._older:
            file.discard()
        self._older = []
        self.folder.prune(self.mark)
        self._first_size = self._first_size or self._file.size
        self.refused, self._pause = False, RETRY_SECONDS


def _kind_of(data: Any) -> tuple[tuple[int, ...], str]:
    return tuple(int(n) for n in data.shape), np.dtype(data.dtype).str


def _name(file: JournalFile | None) -> str:
    return file.path.name if file is not None else ""
