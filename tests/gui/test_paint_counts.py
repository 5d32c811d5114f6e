from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_unet.gui import paint_counts
from napari_unet.gui.paint_counts import PaintCounts, copy_paint, count_values, rows_of_change


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.int8, np.int16, np.int32, np.int64]),
        hnp.array_shapes(max_dims=3, max_side=6),
        elements=st.integers(0, 120),
    )
)
def test_counting_equals_numpy(block) -> None:
    values, counts = np.unique(block, return_counts=True)
    assert count_values(block) == Counter(
        {int(v): int(n) for v, n in zip(values, counts, strict=True) if v}
    )


@pytest.mark.parametrize("values", [[-3, -3, 5], [2**20, 0, 1]])
def test_unusual_values_are_counted_too(values) -> None:
    assert sum(count_values(np.array(values)).values()) == np.count_nonzero(values)


def test_only_what_a_stroke_touched_is_counted_again(qtbot, monkeypatch) -> None:
    monkeypatch.setattr(paint_counts, "_PIECE", 100)
    counts = PaintCounts()
    data = np.zeros((1000, 10), np.uint8)
    data[990] = 3
    with qtbot.waitSignal(counts.counted):
        counts.set_array(data)
    assert counts.current == {3: 10}
    data[:] = 1  # behind the counter's back, but for ten rows
    with qtbot.waitSignal(counts.counted):
        counts.touch(slice(15, 16))
    assert counts.current == {1: 100, 3: 10}
    with qtbot.waitSignal(counts.counted):
        counts.touch()
    assert counts.current == {1: 10_000}


def test_a_large_sparse_copy_equals_the_paint(monkeypatch, qtbot) -> None:
    monkeypatch.setattr(paint_counts, "_PIECE", 64)
    monkeypatch.setattr(paint_counts, "_FULL_COPY_BYTES", 10)
    data = np.zeros((100, 8, 8), np.uint8)
    data[40, 3, 3], data[99, 0, 0] = 2, 1
    counts = PaintCounts()
    counts.set_array(data)
    rows = counts.rows_with_paint(data)
    assert [row.start for row in rows] == [40, 99]
    copied = copy_paint(data, rows)
    assert np.array_equal(copied, data)
    assert not np.shares_memory(copied, data)
    assert counts.rows_with_paint(np.zeros(3)) is None


def test_rows_are_told_from_both_kinds_of_history() -> None:
    from napari.layers import Labels

    layer, seen = Labels(np.zeros((50, 50), np.uint8)), []
    layer.events.paint.connect(lambda event: seen.append(rows_of_change(event.value)))
    layer.brush_size = 5
    layer.paint((20, 20), 1)
    layer.data_setitem((np.array([3, 7]), np.array([1, 1])), 2)
    assert seen == [slice(18, 23), slice(3, 8)]
    assert rows_of_change(["something else"]) is None
