"""The thread that writes journals, so that painting never waits for a disk."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from napari_unet.app.jobs import shielded, single
from napari_unet.app.journal_book import JournalBook
from napari_unet.app.painted import Painted
from napari_unet.core.drive import exhaust
from napari_unet.core.errors import UNetError
from napari_unet.core.image_mark import image_mark
from napari_unet.data.journal_folder import JournalFolder

GATHER_SECONDS = 0.2
"""Strokes that follow each other faster than this are written together."""

_SCAN_SECONDS = 0.1
"""How long earlier paint is written before new strokes are looked for again."""

_LAST_SECONDS = 1.0
"""How long earlier paint is still written when the journal is closed."""

AGAIN = "Strokes are kept on disk again."


class JournalWriter:
    """Takes what was painted on any thread and writes it on its own.

    The thread is begun by the first stroke. It is one of its own, because the pool on which
    training and prediction run may have no thread to spare for minutes.

    Parameters
    ----------
    folder : JournalFolder
    say : callable
        Called from the writing thread with a sentence for the user, and whether it is good news.
    """

    def __init__(self, folder: JournalFolder, say: Callable[[str, bool], None]) -> None:
        self._folder, self._say = folder, say
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._books: dict[Hashable, JournalBook] = {}
        self._marks: dict[Hashable, tuple[Any, str]] = {}
        self._said = ""

    def put(self, painted: Painted) -> None:
        """Write this soon; returns at once."""
        if self._closed:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="paint journal", daemon=True)
            self._thread.start()
        self._queue.put(painted)

    def end(self, layer: Hashable) -> None:
        """End the journal of a paint layer that is gone, and let go of an image that is."""
        if self._thread is not None:
            self._queue.put(_End(layer))

    def flush(self, seconds: float) -> bool:
        """Wait until everything taken so far was written; False if that takes longer."""
        if self._thread is None or not self._thread.is_alive():
            return True
        done = threading.Event()
        self._queue.put(done)
        return done.wait(seconds)

    def close(self, seconds: float = 2.0) -> None:
        """Write what is left, end all journals and the thread; waits no longer than this."""
        self._closed = True
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(seconds)

    # -- on the thread --------------------------------------------------------------------

    def _run(self) -> None:
        going = True
        while going:
            taken = self._collect()
            going = None not in taken
            self._write([one for one in taken if isinstance(one, Painted)])
            for one in taken:
                if isinstance(one, _End):
                    self._forget(one.layer)
                elif isinstance(one, threading.Event):
                    self._look_after(_LAST_SECONDS, last=True)
                    one.set()
            self._look_after()
        self._look_after(_LAST_SECONDS, last=True)
        for layer in list(self._books):
            self._close_book(layer)

    def _collect(self) -> list[Any]:
        """What came since; waits for it, and a moment longer for more of it."""
        books = self._books.values()
        if any(book.scanning for book in books):
            patience: float | None = 0.0
        elif any(book.behind for book in books):
            patience = 1.0
        else:
            patience = None
        taken: list[Any] = []
        try:
            taken.append(self._queue.get(timeout=patience))
            end = time.monotonic() + GATHER_SECONDS
            while isinstance(taken[-1], Painted | _End):
                taken.append(self._queue.get(timeout=max(0.0, end - time.monotonic())))
        except queue.Empty:
            pass
        return taken

    def _write(self, painted: list[Painted]) -> None:
        by_layer: dict[Hashable, list[Painted]] = {}
        for one in painted:
            by_layer.setdefault(one.target.layer, []).append(one)
        for layer, those in by_layer.items():
            self._guarded(partial(self._write_layer, layer, those))

    def _write_layer(self, layer: Hashable, painted: list[Painted]) -> None:
        target = painted[-1].target
        array, known = self._marks.get(target.image.key, (None, ""))
        if array is not target.image.array:
            known = image_mark(target.image.array)
            self._marks[target.image.key] = (target.image.array, known)
        book = self._books.get(layer)
        if book is not None and book.mark != known:
            self._close_book(layer)
            book = None
        if book is None:
            book = self._books[layer] = JournalBook(self._folder, known, target)
        book.write(painted)

    def _look_after(self, seconds: float = _SCAN_SECONDS, *, last: bool = False) -> None:
        """Write earlier paint, and ask disks again that refused."""
        for book in self._books.values():
            refused = book.refused
            if book.behind and (last or not book.resting):
                self._guarded(book.retry)
            if book.scanning:
                self._guarded(partial(book.scan, seconds))
            if refused and not book.refused:
                self._said = ""
                self._say(AGAIN, True)

    def _forget(self, layer: Hashable) -> None:
        self._close_book(layer)
        self._marks.pop(layer, None)
        for book in self._books.values():
            book.release(layer)

    def _close_book(self, layer: Hashable) -> None:
        book = self._books.pop(layer, None)
        if book is not None:
            self._guarded(partial(book.scan, _LAST_SECONDS))
            self._guarded(book.close)

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do something; what goes wrong is a sentence, said once, and not the thread's end."""
        try:
            exhaust(shielded(single(work)))
        except UNetError as err:
            if str(err) != self._said:
                self._said = str(err)
                self._say(self._said, False)


class _End:
    """Says that a layer is gone."""

    def __init__(self, layer: Hashable) -> None:
        self.layer = layer
