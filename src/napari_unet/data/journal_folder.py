"""Journals on disk: one folder an image, one file for each labels layer in each session."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from napari_unet.core.journal_records import JournalHead, Kind, frame
from napari_unet.core.kept_paint import Journal, KeptPaint
from napari_unet.data.processes import is_running, this_process

SUFFIX = ".paint"
DISMISSED = ".dismissed"
"""Suffix of a journal the user does not want back; it stays until newer ones push it out."""

MOST_FILES = 6
"""Journals kept for one image, not counting those being written."""

MOST_BYTES = 500 * 2**20
"""All journals together, not counting those being written."""


class JournalFile:
    """One journal being written; records are only ever added at its end.

    Parameters
    ----------
    path : Path
        A file that does not exist; its folder does.
    head : JournalHead

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written.
    """

    def __init__(self, path: Path, head: JournalHead) -> None:
        self.path, self.head = path, head
        self.size = 0
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        self._file: int | None = os.open(path, flags, 0o600)
        try:
            self.add(frame(Kind.HEAD, head.to_bytes()))
            sync_folder(path.parent)
        except OSError:
            self.discard()
            raise

    def add(self, data: bytes) -> None:
        """Write whole records, if there are any, and wait until the disk has them.

        Raises
        ------
        OSError
            The file then ends where it ended before, as far as that can be had.
        """
        if self._file is None or not data:
            return
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._file, rest) :]
            os.fsync(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self.size)
                os.lseek(self._file, self.size, os.SEEK_SET)
            raise
        self.size += len(data)

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):
                os.close(file)

    def discard(self) -> None:
        """Let go of the file and remove it."""
        self.close()
        with contextlib.suppress(OSError):
            self.path.unlink()


class JournalFolder:
    """All journals of a user.

    Parameters
    ----------
    root : Path
        Made when the first journal is.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._process = this_process()

    def create(self, head: JournalHead) -> JournalFile:
        """Begin a journal; time and process are filled in.

        Raises
        ------
        OSError
            If the disk is full or the folder cannot be written.
        """
        folder = self.root / head.image
        folder.mkdir(parents=True, exist_ok=True)
        now = time.time()
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%S%f")
        path = folder / f"{stamp}-{secrets.token_hex(4)}{SUFFIX}"
        return JournalFile(path, replace(head, created=now, process=self._process))

    def waiting(self, image: str, path: str) -> dict[Path, Journal]:
        """The journals of an image whose paint is in no other journal, newest first.

        Those that are being written, by this process or another one, are left out.

        Parameters
        ----------
        image : str
            What the image is recognised by; see `napari_unet.core.image_mark`.
        path : str
            Where the image lies; empty if it is no file.
        """
        files = self._files(image)
        found = {file: journal for file in files if (journal := read_journal(file)) is not None}
        replaced = {name for journal in found.values() for name in journal.replaces}
        return {
            file: journal
            for file, journal in found.items()
            if file.suffix == SUFFIX
            and file.name not in replaced
            and not _being_written(journal)
            and _same_image(journal.head, path)
        }

    def paint_of(self, file: Path, journal: Journal) -> KeptPaint:
        """Unpack the paint of a journal, with that of the one it continues if it needs it."""
        chain = [journal]
        while chain[-1].head.continues and not chain[-1].whole:
            before = read_journal(file.with_name(chain[-1].head.continues))
            if before is None or before.head.created >= chain[-1].head.created:
                break
            chain.append(before)
        paint = None
        for one in reversed(chain):
            paint = one.paint(paint)
        assert paint is not None
        return paint

    def dismiss(self, file: Path) -> None:
        """Offer this journal no more; its file stays for a while."""
        with contextlib.suppress(OSError):
            file.replace(file.with_suffix(DISMISSED))

    def prune(self, image: str) -> None:
        """Remove the oldest journals, so that they stay few and small."""
        files = self._files(image)
        found = {file: read_journal(file) for file in files}
        replaced = {name for journal in found.values() if journal for name in journal.replaces}
        own = [file for file in files if not _being_written(found[file])]
        own.sort(key=lambda file: file.suffix == DISMISSED or file.name in replaced)
        for file in own[MOST_FILES:]:  # what is in a newer one goes first, then the oldest
            _remove(file)
        everything = [file for file in self.root.glob("*/*") if file.is_file()]
        sizes = [(file.stat().st_mtime, file.stat().st_size, file) for file in everything]
        total = sum(size for _, size, _ in sizes)
        for _, size, file in sorted(sizes):
            if total <= MOST_BYTES:
                break
            if not _being_written(read_journal(file)):
                _remove(file)
                total -= size

    def _files(self, image: str) -> list[Path]:
        """Files of one image, dismissed ones too, newest first."""
        folder = self.root / image
        files = folder.iterdir() if folder.is_dir() else ()
        return sorted((file for file in files if file.is_file()), reverse=True)


def read_journal(file: Path) -> Journal | None:
    """Read a file; None if it is gone or holds no journal."""
    try:
        return Journal.from_bytes(file.read_bytes())
    except OSError:
        return None


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names of new files, where a system offers that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        return  # some network file systems refuse; the file itself was synchronised
    finally:
        os.close(handle)


def _being_written(journal: Journal | None) -> bool:
    """True if the process that writes a journal is still there and has not ended it."""
    return journal is not None and not journal.closed and is_running(journal.head.process)


def _same_image(head: JournalHead, path: str) -> bool:
    """True unless the paint belongs to another file of the same content, one that still exists."""
    return not path or not head.path or head.path == path or not Path(head.path).exists()


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink()
    with contextlib.suppress(OSError):
        file.parent.rmdir()  # only an empty folder goes
