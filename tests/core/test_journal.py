"""The journal gives back what was painted, however it was cut off or damaged."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.core.edits import Edit, MaskEdit, PointEdit, box_of
from napari_unet.core.image_mark import image_mark
from napari_unet.core.journal_records import VERSION, JournalHead, Kind, frame, records, to_json
from napari_unet.core.journal_tiles import (
    DamagedTiles,
    TileGatherer,
    tiles_from_bytes,
    tiles_to_bytes,
    tiles_with_paint,
)
from napari_unet.core.kept_paint import Journal, KeptPaint

SHAPE = (3, 200, 300)
HEAD = JournalHead(
    "f" * 32, "/cells.tif", "cells", "paint", "ZYX", SHAPE, "|u1", 1e9, (1, 2.0), "earlier"
)


def dab(rng: np.random.Generator, shape: tuple[int, ...] = SHAPE) -> Edit:
    """A random edit, of any of the kinds napari makes."""
    lead = tuple(slice(n, n + 1) for n in (int(rng.integers(size)) for size in shape[:-2]))
    top, left = (int(rng.integers(n - 40)) for n in shape[-2:])
    tall, wide = (int(n) for n in rng.integers(1, 40, 2))
    box = (*lead, slice(top, top + tall), slice(left, left + wide))
    mask = rng.random([part.stop - part.start for part in box]) < 0.5
    mask.flat[0] = True
    kind = rng.integers(4)
    if kind == 0:
        return MaskEdit(box, mask, int(rng.integers(4)))
    if kind == 1:  # undo: the values under the mask
        return MaskEdit(box, mask, rng.integers(0, 4, int(mask.sum())))
    if kind == 2:  # undo of a whole box
        return MaskEdit(box, None, rng.integers(0, 4, mask.shape))
    where = tuple(i + part.start for i, part in zip(np.nonzero(mask), box, strict=True))
    return PointEdit(where, rng.integers(0, 4, len(where[0])))


def apply(data: np.ndarray, edit: Edit) -> None:
    """What napari does."""
    if isinstance(edit, PointEdit):
        data[edit.where] = edit.values
    else:
        data[edit.box][slice(None) if edit.mask is None else edit.mask] = edit.values


def record_of(edits: list[Edit], shape: tuple[int, ...] = SHAPE, dtype: Any = np.uint8) -> bytes:
    gatherer = TileGatherer(shape, dtype)
    for edit in edits:
        gatherer.add(edit)
    return frame(Kind.PAINT, tiles_to_bytes(gatherer.tiles, np.dtype(dtype)))


# -- edits and tiles ------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.sampled_from([(200, 300), SHAPE, (2, 2, 150, 129)]))
def test_edits_come_back_from_bytes_as_they_were_made(seed: int, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(seed)
    edits = [dab(rng, shape) for _ in range(5)]
    data = np.zeros(shape, np.uint8)
    for edit in edits:
        apply(data, edit)
    kept = KeptPaint(shape, np.dtype(np.uint8))
    ((record),) = records(record_of(edits, shape))
    kept.take(record.content)
    assert np.array_equal(kept.array(), data)
    assert kept.pixels == np.count_nonzero(data)
    changed = np.nonzero(data)
    if len(changed[0]):
        box = box_of(edits)
        assert all(s.start <= i.min() and i.max() < s.stop for i, s in zip(changed, box))


@pytest.mark.parametrize("dtype", ["u1", "i2", ">u4", "i8", "u8"])
def test_values_of_any_type_survive(dtype: str) -> None:
    edit = MaskEdit((slice(5, 7), slice(130, 131)), None, np.iinfo(dtype).max)
    ((record),) = records(record_of([edit], (200, 300), dtype))
    kept = KeptPaint((200, 300), np.dtype(dtype))
    kept.take(record.content)
    assert set(np.unique(kept.array()[5:7, 130]).tolist()) == {np.iinfo(dtype).max}


def test_the_paint_a_layer_has_is_found_without_the_rest() -> None:
    data = np.zeros((2, 300, 290), np.uint16)
    data[1, 299, 289], data[0, 0, 0] = 7, 1
    tiles = dict(found for found in tiles_with_paint(data) if found is not None)
    assert sorted(tiles) == [(0, 0, 0), (1, 2, 2)]
    kept = KeptPaint(data.shape, data.dtype)
    ((record),) = records(frame(Kind.PAINT, tiles_to_bytes(tiles, data.dtype)))
    kept.take(record.content)
    assert np.array_equal(kept.array(), data)


def test_a_stroke_across_a_huge_layer_makes_few_tiles() -> None:
    gatherer = TileGatherer((20_000, 20_000), np.uint8)
    for n in range(0, 19_990, 10):
        gatherer.add(MaskEdit((slice(n, n + 10), slice(n, n + 10)), None, 1))
    assert len(gatherer.tiles) < 500
    assert len(tiles_to_bytes(gatherer.tiles, np.dtype(np.uint8))) < 20_000


@given(st.binary(max_size=60))
def test_bytes_that_are_no_tiles_are_refused(data: bytes) -> None:
    with pytest.raises(DamagedTiles):
        tiles_from_bytes(data, np.dtype(np.uint8))


# -- the file -------------------------------------------------------------------------------


def painted_file(strokes: int = 6) -> tuple[bytes, list[int], list[np.ndarray]]:
    """A file, where each stroke's record ends in it, and the layer after each stroke."""
    rng = np.random.default_rng(0)
    data = np.zeros(SHAPE, np.uint8)
    out = frame(Kind.HEAD, HEAD.to_bytes()) + frame(Kind.NOTES, to_json({"mode": "auto"}))
    ends, states = [], []
    for _ in range(strokes):
        edit = dab(rng)
        apply(data, edit)
        out += record_of([edit])
        ends.append(len(out))
        states.append(data.copy())
    return out, ends, states


def test_cut_off_at_every_byte_it_holds_every_stroke_before() -> None:
    data, ends, states = painted_file()
    states = [np.zeros(SHAPE, np.uint8), *states]
    head = len(frame(Kind.HEAD, HEAD.to_bytes()))
    pixels = [int(np.count_nonzero(state)) for state in states]
    for length in range(len(data) + 1):
        journal = Journal.from_bytes(data[:length])
        if length < head:
            assert journal is None
            continue
        whole = sum(end <= length for end in ends)
        kept = journal.paint()
        assert kept.pixels == pixels[whole]
        if length in ends or length + 1 in ends:
            assert np.array_equal(kept.array(), states[whole])
            assert journal.damaged == (length not in ends)


def test_the_last_write_cut_off_anywhere_loses_nothing_but_itself() -> None:
    data, ends, states = painted_file()
    for length in range(ends[-2], ends[-1]):
        journal = Journal.from_bytes(data[:length])
        assert journal.damaged == (length != ends[-2])
        assert np.array_equal(journal.paint().array(), states[-2])


def test_records_written_after_a_broken_one_are_read() -> None:
    data, ends, states = painted_file()
    again = data[: ends[3] + 7] + data[ends[3] :]  # cut off, then written once more
    journal = Journal.from_bytes(again)
    assert journal.damaged
    assert np.array_equal(journal.paint().array(), states[-1])


@given(st.data())
def test_a_flipped_byte_costs_no_more_than_its_record(data: st.DataObject) -> None:
    content, ends, _ = painted_file(4)
    begin = len(frame(Kind.HEAD, HEAD.to_bytes()))
    at = data.draw(st.integers(begin, len(content) - 1))
    flipped = content[at] ^ data.draw(st.integers(1, 255))
    journal = Journal.from_bytes(content[:at] + bytes([flipped]) + content[at + 1 :])
    assert journal.damaged
    assert len(journal.records) == 4
    journal.paint()


def test_head_notes_and_ends_come_back() -> None:
    data = frame(Kind.HEAD, HEAD.to_bytes())
    data += frame(Kind.NOTES, to_json({"mode": "a"})) + frame(Kind.NOTES, to_json({"mode": "b"}))
    assert Journal.from_bytes(data).head == HEAD
    assert Journal.from_bytes(data).notes == {"mode": "b"}
    assert not Journal.from_bytes(data).whole
    data += frame(Kind.WHOLE, to_json(["x"])) + frame(Kind.WHOLE, to_json(["y"]))
    assert Journal.from_bytes(data).whole
    assert Journal.from_bytes(data).replaces == {"x", "y"}
    assert not Journal.from_bytes(data).closed
    assert Journal.from_bytes(data + frame(Kind.CLOSED)).closed


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        json.dumps({**json.loads(HEAD.to_bytes()), "version": VERSION + 1}).encode(),
        json.dumps({**json.loads(HEAD.to_bytes()), "shape": None}).encode(),
    ],
)
def test_heads_of_others_are_no_journal(content: bytes) -> None:
    assert Journal.from_bytes(frame(Kind.HEAD, content)) is None
    assert Journal.from_bytes(content) is None


def test_a_journal_continues_an_earlier_one_until_it_is_whole() -> None:
    first = KeptPaint(SHAPE, np.dtype(np.uint8))
    first.take(_content(MaskEdit((slice(0, 1), slice(0, 2), slice(0, 2)), None, 1)))
    erased = record_of([MaskEdit((slice(0, 1), slice(0, 1), slice(0, 2)), None, 0)])
    head = frame(Kind.HEAD, HEAD.to_bytes())
    partly = Journal.from_bytes(head + erased).paint(first).array()
    assert partly[0, :2, :2].tolist() == [[0, 0], [1, 1]]
    whole = Journal.from_bytes(head + erased + frame(Kind.WHOLE, b"[]"))
    assert not whole.paint(first).array().any()


def test_what_is_missing_is_only_what_is_not_painted() -> None:
    kept = KeptPaint((150, 150), np.dtype(np.uint8))
    box = (slice(126, 130), slice(5, 9))
    kept.take(_content(MaskEdit(box, None, 2), (150, 150)))
    data = np.zeros((150, 150), np.uint8)
    data[126:128] = 1
    found = list(kept.missing_from(data))
    assert sum(len(values) for _, values in found) == 8
    for where, values in found:
        data[where] = values
    assert (data[126:128] == 1).all()
    assert (data[128:130, 5:9] == 2).all()
    assert list(kept.missing_from(data)) == []
    assert kept.values == [2]


def _content(edit: Edit, shape: tuple[int, ...] = SHAPE) -> bytes:
    ((record),) = records(record_of([edit], shape))
    return record.content


# -- identity -------------------------------------------------------------------------------


class Lazy:
    """An array that counts what is read of it."""

    def __init__(self, data: np.ndarray) -> None:
        self.data, self.shape, self.dtype, self.read = data, data.shape, data.dtype, 0

    def __getitem__(self, box: Any) -> np.ndarray:
        part = self.data[box]
        self.read += part.nbytes
        return part


@pytest.mark.parametrize("shape", [(40, 50), (5, 40, 50, 3), (3000, 4000), (50, 2, 400, 500)])
def test_content_is_told_apart_and_reading_is_bounded(shape: tuple[int, ...]) -> None:
    data = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
    lazy = Lazy(data)
    first = image_mark(lazy)
    assert lazy.read <= 2**22
    assert first == image_mark(data.copy())
    assert first != image_mark(data[:-1])
    assert first != image_mark(data.astype(np.uint16))
    assert first != image_mark(data // 2)
