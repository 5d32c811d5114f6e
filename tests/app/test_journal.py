"""What is painted reaches the disk, survives what may happen there, and is offered again."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unet.app import journal_book
from napari_unet.app.jobs import InlineRunner
from napari_unet.app.journal_book import JournalBook, JournalStopped
from napari_unet.app.journal_controller import JournalController, LayersNow, Offer
from napari_unet.app.journal_writer import AGAIN, JournalWriter
from napari_unet.app.painted import ImageIdentity, Painted, PaintTarget
from napari_unet.app.state import SessionState
from napari_unet.core.edits import MaskEdit
from napari_unet.core.errors import UNetError
from napari_unet.core.image_mark import image_mark
from napari_unet.core.journal_records import Kind, frame
from napari_unet.data import journal_folder
from napari_unet.data.journal_folder import JournalFile, JournalFolder, read_journal

SHAPE = (200, 300)
IMAGE = np.arange(SHAPE[0] * SHAPE[1], dtype=np.float32).reshape(SHAPE)
PRINT = image_mark(IMAGE)


class Layer:
    """A labels layer that is painted on."""

    def __init__(self, key: str = "paint", path: str = "", shape: tuple[int, ...] = SHAPE) -> None:
        self.key, self.path = key, path
        self.data = np.zeros(shape, np.uint8)

    @property
    def identity(self) -> ImageIdentity:
        return ImageIdentity("image", IMAGE, self.path, "cells", "YX")

    @property
    def target(self) -> PaintTarget:
        notes = {"classes": {"1": "Background"}, "mode": "auto"}
        return PaintTarget(self.key, self.data, "cells paint", self.identity, notes)

    def paint(self, top: int, left: int, value: int, size: int = 9) -> Painted:
        box = (slice(top, top + size), slice(left, left + size))
        self.data[box] = value
        return Painted(self.target, (MaskEdit(box, None, value),))


@pytest.fixture
def folder(tmp_path: Path) -> JournalFolder:
    return JournalFolder(tmp_path / "paint")


@pytest.fixture
def dead(monkeypatch) -> Callable[[], None]:
    """Make every process that writes a journal look as if it was killed."""

    return lambda: monkeypatch.setattr(journal_folder, "is_running", lambda _: False)


def files(folder: JournalFolder) -> list[Path]:
    return sorted(folder.root.glob("*/*"))


def kept(folder: JournalFolder, path: str = "") -> list[np.ndarray]:
    waiting = folder.waiting(PRINT, path)
    return [folder.paint_of(file, journal).array() for file, journal in waiting.items()]


class Say:
    """Collects what is said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, bool]] = []

    def __call__(self, sentence: str, good: bool) -> None:
        self.said.append((sentence, good))


@pytest.fixture
def say() -> Say:
    return Say()


@pytest.fixture
def writer(folder: JournalFolder, say: Say) -> Iterator[JournalWriter]:
    writer = JournalWriter(folder, say)
    yield writer
    writer.close(10)


# -- one layer's journal ---------------------------------------------------------------------


def finish(book: JournalBook) -> None:
    while book.scanning:
        book.scan(0.0)


def test_strokes_are_on_disk_before_the_paint_that_was_there(folder, dead) -> None:
    layer = Layer()
    layer.paint(150, 200, 3)
    book = JournalBook(folder, PRINT, layer.target)
    book.write([layer.paint(5, 5, 1)])
    (file,) = files(folder)
    journal = read_journal(file)
    assert not journal.whole
    assert journal.paint().pixels == 81
    assert journal.notes["classes"] == {"1": "Background"}
    finish(book)
    dead()
    assert np.array_equal(kept(folder)[0], layer.data)


def test_a_stroke_adds_little_and_reads_nothing_of_the_layer(folder) -> None:
    layer = Layer()
    book = JournalBook(folder, PRINT, layer.target)
    book.write([layer.paint(0, 0, 1)])
    finish(book)
    (file,) = files(folder)
    before = file.read_bytes()

    class Unread(np.ndarray):
        def __getitem__(self, item: Any) -> Any:
            raise AssertionError("the layer was read")

    painted = layer.paint(100, 100, 2)
    target = PaintTarget("paint", layer.data.view(Unread), "p", layer.identity, layer.target.notes)
    book.write([Painted(target, painted.edits)])
    after = file.read_bytes()
    assert after.startswith(before)
    assert len(after) - len(before) < 100


def test_a_long_file_is_written_anew_and_the_old_one_goes(folder, dead, monkeypatch) -> None:
    monkeypatch.setattr(journal_book, "_COMPACT_BYTES", 2000)
    monkeypatch.setattr(journal_book, "_COMPACT_GROWTH", 1)
    layer = Layer()
    book = JournalBook(folder, PRINT, layer.target)
    seen = set()
    for number in range(80):
        book.write([layer.paint(number, 2 * number, number % 3)])
        finish(book)
        seen.update(files(folder))
        assert len(files(folder)) == 1
    assert len(seen) > 2
    assert files(folder)[0].stat().st_size < 3000
    dead()
    assert np.array_equal(kept(folder)[0], layer.data)


def test_killed_while_a_file_is_written_anew_both_are_one(folder, dead, monkeypatch) -> None:
    monkeypatch.setattr(journal_book, "_COMPACT_BYTES", 1000)
    monkeypatch.setattr(journal_book, "_COMPACT_GROWTH", 1)
    layer = Layer()
    book = JournalBook(folder, PRINT, layer.target)
    book.write([layer.paint(0, 0, 1)])
    finish(book)
    while len(files(folder)) == 1:
        number = int(layer.data.sum()) % 150
        book.write([layer.paint(number, number, 2)])
    book.write([layer.paint(2, 2, 0)])  # erased while it goes on; the old file has it still
    book._file.close()
    dead()
    newest = kept(folder)[0]
    assert np.array_equal(newest, layer.data)


def test_another_array_begins_another_file(folder, dead) -> None:
    layer = Layer()
    book = JournalBook(folder, PRINT, layer.target)
    book.write([layer.paint(0, 0, 1)])
    finish(book)
    layer.data = np.zeros((10, 20), np.uint16)
    layer.data[3, 4] = 500
    book.write([Painted(layer.target, replaced=True)])
    finish(book)
    dead()
    (paint,) = kept(folder)
    assert paint.dtype == np.uint16
    assert np.array_equal(paint, layer.data)


def test_a_closed_journal_may_be_offered_in_the_same_process(folder) -> None:
    layer = Layer()
    book = JournalBook(folder, PRINT, layer.target)
    book.write([layer.paint(0, 0, 1)])
    finish(book)
    assert kept(folder) == []
    book.close()
    assert len(kept(folder)) == 1


# -- disks that refuse -----------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("room", [0, 5, 150, 400])
def test_a_full_disk_is_said_once_and_everything_follows_when_there_is_room(
    folder, dead, monkeypatch, code, room
) -> None:
    left = [room]
    write = os.write

    def full(file: int, data: Any) -> int:
        taken = min(len(data), left[0])
        left[0] -= taken
        if not taken:
            raise OSError(code, os.strerror(code))
        return write(file, bytes(data[:taken]))

    now = [0.0]
    layer = Layer()
    layer.paint(50, 250, 2)
    book = JournalBook(folder, PRINT, layer.target, lambda: now[0])
    monkeypatch.setattr(os, "write", full)
    said = []
    for number in range(6):
        for act in (lambda n=number: book.write([layer.paint(20 * n, 9, 1)]), lambda: book.scan(1)):
            try:
                act()
            except JournalStopped as err:
                said.append(str(err))
    assert len(said) == 1
    assert str(folder.root) in said[0]
    assert ("disk is full" in said[0]) == (code == errno.ENOSPC)
    monkeypatch.setattr(os, "write", write)
    assert book.behind
    assert book.resting
    now[0] = 1000.0
    assert not book.resting
    book.retry()
    finish(book)
    assert not book.refused
    assert len(files(folder)) == 1
    dead()
    assert np.array_equal(kept(folder)[0], layer.data)


def test_a_record_that_did_not_fit_leaves_no_trace(folder, monkeypatch) -> None:
    (folder.root / "x").mkdir(parents=True)
    layer = Layer()
    file = JournalFile(
        folder.root / "x" / "a.paint", JournalBook(folder, "x", layer.target)._head("")
    )
    before = file.path.read_bytes()
    write = os.write
    calls: list[int] = []

    def short(handle: int, data: Any) -> int:
        calls.append(1)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "full")
        return write(handle, bytes(data[:7]))

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(OSError, match="full"):
        file.add(frame(Kind.NOTES, b"{}" * 20))
    monkeypatch.undo()
    assert file.path.read_bytes() == before
    file.add(frame(Kind.CLOSED))
    file.close()
    assert read_journal(file.path).closed
    assert not read_journal(file.path).damaged


@pytest.mark.skipif(os.name != "posix", reason="needs a folder that cannot be written")
def test_the_thread_says_it_and_goes_on(tmp_path, say) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder can be made in here")
    writer = JournalWriter(JournalFolder(blocked / "paint"), say)
    layer = Layer()
    for number in range(3):
        writer.put(layer.paint(number, 0, 1))
        assert writer.flush(10)
    assert len(say.said) == 1
    assert "not being kept on disk" in say.said[0][0]
    blocked.unlink()
    writer.put(layer.paint(9, 9, 1))
    writer.flush(10)  # asks the disk again without waiting
    assert say.said[1:] == [(AGAIN, True)]
    writer.close(10)
    (journal,) = JournalFolder(blocked / "paint").waiting(PRINT, "").values()
    assert np.array_equal(journal.paint().array(), layer.data)


# -- the thread ------------------------------------------------------------------------------


def test_the_thread_writes_many_layers_and_ends(folder, say) -> None:
    writer = JournalWriter(folder, say)
    one, two = Layer("one"), Layer("two")
    for number in range(20):
        writer.put(one.paint(number, number, 1))
        writer.put(two.paint(number, 100, number % 3))
    writer.end("one")
    writer.close(10)
    assert "paint journal" not in {thread.name for thread in threading.enumerate()}
    arrays = kept(folder)
    assert len(arrays) == 2
    assert any(np.array_equal(array, one.data) for array in arrays)
    assert any(np.array_equal(array, two.data) for array in arrays)
    writer.put(one.paint(0, 0, 2))
    assert len(files(folder)) == 2
    assert say.said == []


def test_paint_that_moves_to_another_image_gets_a_journal_there(folder, writer) -> None:
    layer = Layer()
    writer.put(layer.paint(0, 0, 1))
    other = ImageIdentity("other", IMAGE + 1)
    box = (slice(0, 1), slice(0, 1))
    writer.put(Painted(PaintTarget("paint", layer.data, "p", other), (MaskEdit(box, None, 1),)))
    assert writer.flush(10)
    writer.close(10)
    assert len(folder.waiting(PRINT, "")) == 0 or len(files(folder)) == 2
    assert len(folder.waiting(image_mark(IMAGE + 1), "")) == 1


def test_the_pixels_of_an_image_that_is_gone_are_not_held(folder, writer) -> None:
    layer, pixels = Layer(), IMAGE + 2
    held = weakref.ref(pixels)
    image = ImageIdentity("image", pixels)
    edits = layer.paint(0, 0, 1).edits
    writer.put(Painted(PaintTarget("paint", layer.data, "p", image), edits))
    assert writer.flush(10)
    writer.end("image")
    assert writer.flush(10)
    del image, pixels
    gc.collect()
    assert held() is None
    assert len(files(folder)) == 1


def test_an_image_that_cannot_be_read_is_said_and_the_next_stroke_is_tried(folder, writer, say):
    class Broken:
        shape, dtype = SHAPE, np.dtype(np.float32)

        def __getitem__(self, box: Any) -> Any:
            raise OSError("the server is gone")

    layer = Layer()
    target = PaintTarget("paint", layer.data, "p", ImageIdentity("image", Broken()))
    writer.put(Painted(target, layer.paint(0, 0, 1).edits))
    assert writer.flush(10)
    ((sentence, good),) = say.said
    assert "the server is gone" in sentence
    assert not good
    writer.put(layer.paint(5, 5, 1))
    assert writer.flush(10)
    assert len(files(folder)) == 1


_PAINTER = """
import os, sys
import numpy as np
from pathlib import Path
from tests.app.test_journal import Layer
from napari_unet.app.journal_writer import JournalWriter
from napari_unet.data.journal_folder import JournalFolder
writer = JournalWriter(JournalFolder(Path(sys.argv[1])), lambda *said: None)
layer = Layer()
writer.put(layer.paint(10, 20, 2))
writer.put(layer.paint(15, 25, 1))
writer.flush(10)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(os.name != "posix", reason="needs kill -9")
def test_a_killed_process_leaves_its_paint(folder) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)])}
    command = (sys.executable, "-c", _PAINTER, str(folder.root))
    assert subprocess.run(command, cwd=root, env=environment, check=False).returncode == -9
    wanted = Layer()
    wanted.paint(10, 20, 2)
    wanted.paint(15, 25, 1)
    (paint,) = kept(folder)
    assert np.array_equal(paint, wanted.data)


# -- offers ----------------------------------------------------------------------------------


class Receiver:
    """Gives paint back to a layer, or fails."""

    def __init__(self, layer: Layer, error: str = "") -> None:
        self.layer, self.error = layer, error

    def give_back(self, offer: Offer) -> PaintTarget:
        if self.error:
            raise UNetError(self.error)
        for where, values in offer.kept.missing_from(self.layer.data):
            self.layer.data[where] = values
        return self.layer.target


def session(folder: JournalFolder, say: Say | None = None) -> JournalController:
    writer = JournalWriter(folder, say or Say())
    return JournalController(SessionState(), folder, writer, InlineRunner())


def earlier(folder: JournalFolder, *strokes: tuple[int, int, int], path: str = "") -> Layer:
    """An earlier session that painted these strokes."""
    layer = Layer(path=path)
    writer = JournalWriter(folder, Say())
    for stroke in strokes:
        writer.put(layer.paint(*stroke))
    writer.close(10)
    return layer


def test_kept_paint_is_offered_restored_and_then_offered_no_more(folder) -> None:
    before = earlier(folder, (0, 0, 1), (50, 50, 2))
    journal, layer = session(folder), Layer()
    shown: list[Offer | None] = []
    journal.offer_changed.connect(shown.append)
    journal.look(layer.identity, LayersNow("paint", {"paint": layer.data}))
    assert shown[-1] is journal.offer
    assert "162 pixels" in journal.offer.sentence
    layer.data[0:3] = 3
    journal.restore(Receiver(layer))
    assert journal.offer is None
    assert (layer.data[0:3] == 3).all()
    assert np.array_equal(layer.data[3:], before.data[3:])
    journal._writer.close(10)
    again = session(folder)
    again.look(layer.identity, LayersNow())
    offered = again.offer.kept.array()
    assert np.array_equal(offered, layer.data)  # the newer journal has both
    assert len(folder.waiting(PRINT, "")) == 1


def test_paint_that_is_on_a_layer_is_not_offered_nor_once_it_was_erased_there(folder, dead) -> None:
    before = earlier(folder, (0, 0, 1))
    journal, layer = session(folder), Layer()
    layer.data[:] = before.data
    journal.look(layer.identity, LayersNow(None, {"paint": layer.data}))
    assert journal.offer is None
    journal.painted(layer.paint(0, 0, 0))
    journal._writer.close(10)
    again = session(folder)
    again.look(layer.identity, LayersNow(None, {"paint": layer.data}))
    assert again.offer is None


def test_dismissed_paint_is_not_offered_again_but_older_paint_is(folder) -> None:
    earlier(folder, (0, 0, 1))
    earlier(folder, (50, 50, 1), (90, 90, 1))
    journal, layer = session(folder), Layer()
    for pixels in (162, 81):
        journal.look(layer.identity, LayersNow())
        assert journal.offer.kept.pixels == pixels
        journal.dismiss()
    journal.look(layer.identity, LayersNow())
    assert journal.offer is None
    assert len(files(folder)) == 2


def test_no_paint_left_is_nothing_to_offer(folder) -> None:
    earlier(folder, (0, 0, 1), (0, 0, 0))
    journal = session(folder)
    journal.look(Layer().identity, LayersNow())
    assert journal.offer is None


def test_a_moved_image_is_recognised_and_a_copy_is_not(folder, tmp_path) -> None:
    original = tmp_path / "a.tif"
    original.write_text("pixels")
    earlier(folder, (0, 0, 1), path=str(original))
    journal = session(folder)
    for path, offered in ((original, True), (tmp_path / "copy.tif", False)):
        journal.look(Layer(path=str(path)).identity, LayersNow())
        assert (journal.offer is not None) == offered
        journal.forget()
    original.unlink()
    journal.look(Layer(path=str(tmp_path / "moved.tif")).identity, LayersNow())
    assert journal.offer is not None


def test_an_offer_goes_with_its_image_and_a_failed_restore_keeps_it(folder) -> None:
    earlier(folder, (0, 0, 1))
    journal, layer = session(folder), Layer()
    journal.look(layer.identity, LayersNow())
    journal.restore(Receiver(layer, "The image is gone. Open it again."))
    assert journal._state.message.severity == "error"
    assert journal.offer is not None
    journal.look(ImageIdentity("other", IMAGE + 1), LayersNow())
    assert journal.offer is None


def test_a_search_is_not_repeated_for_the_same_layers(folder, monkeypatch) -> None:
    searches: list[int] = []
    monkeypatch.setattr(JournalFolder, "waiting", lambda *_: searches.append(1) or {})
    journal, layer = session(folder), Layer()
    for _ in range(3):
        journal.look(layer.identity, LayersNow("paint", {"paint": layer.data}))
    assert len(searches) == 1
    journal.look(layer.identity, LayersNow("paint", {"paint": layer.data.copy()}))
    assert len(searches) == 2


def test_a_cut_off_end_is_said(folder, dead) -> None:
    earlier(folder, (0, 0, 1), (50, 50, 1))
    (file,) = files(folder)
    file.write_bytes(file.read_bytes()[:-3])
    journal = session(folder)
    journal.look(Layer().identity, LayersNow())
    assert journal.offer is None  # its end is missing and its writer is there: it may go on
    dead()
    journal.forget()
    journal.look(Layer().identity, LayersNow())
    assert journal.offer.kept.pixels == 162
    assert "missing" in journal.offer.sentence


def test_the_last_write_cut_off_at_every_byte_costs_that_write_at_most(folder, dead) -> None:
    layer = Layer()
    book = JournalBook(folder, PRINT, layer.target)
    book.write([layer.paint(0, 0, 1)])
    finish(book)
    (file,) = files(folder)
    before, first = layer.data.copy(), len(file.read_bytes())
    book.write([layer.paint(100, 200, 2, size=20), layer.paint(3, 3, 0)])
    content = file.read_bytes()
    dead()
    journal = session(folder)
    for length in range(first, len(content) + 1):
        file.write_bytes(content[:length])
        journal.forget()
        journal.look(layer.identity, LayersNow())
        wanted = layer.data if length == len(content) else before
        assert np.array_equal(journal.offer.kept.array(), wanted)
        assert ("missing" in journal.offer.sentence) == (first < length < len(content))


def test_a_first_write_cut_off_at_every_byte_is_no_unreadable_journal(folder, dead) -> None:
    layer = earlier(folder, (0, 0, 1))
    (file,) = files(folder)
    content = file.read_bytes()
    dead()
    journal = session(folder)
    offers = 0
    for length in range(len(content) + 1):
        file.write_bytes(content[:length])
        journal.forget()
        journal.look(layer.identity, LayersNow())
        if journal.offer is not None:
            offers += 1
            assert np.array_equal(journal.offer.kept.array(), layer.data)
    assert offers > 10


def test_the_history_of_an_image_is_bounded_and_redundant_files_go_first(folder) -> None:
    wanted = earlier(folder, (0, 0, 1))
    for number in range(journal_folder.MOST_FILES + 4):
        journal, layer = session(folder), Layer()
        journal.look(layer.identity, LayersNow())
        if number % 2:
            journal.restore(Receiver(layer))
        journal.painted(layer.paint(30 + 12 * number, 0, 1 + number % 2))
        journal._writer.close(10)
    assert len(files(folder)) <= journal_folder.MOST_FILES + 1
    everything = np.max(kept(folder), axis=0)
    assert (everything[:9, :9] == wanted.data[:9, :9]).all()


def test_all_journals_together_are_bounded(folder, monkeypatch) -> None:
    earlier(folder, (0, 0, 1))
    monkeypatch.setattr(journal_folder, "MOST_BYTES", 10)
    folder.prune("another image")
    assert files(folder) == []
    assert list(folder.root.iterdir()) == []
