"""A request for what is on screen, whole and in parts."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.core.preview import PreviewRequest

SIDES = st.tuples(st.integers(0, 300), st.integers(1, 1100))


@settings(max_examples=30, deadline=None)
@given(st.lists(SIDES, min_size=2, max_size=2))
def test_parts_cover_the_box_once_and_are_small(sides):
    box = tuple(slice(start, start + size) for start, size in sides)
    parts = PreviewRequest(4, 1, 2, box).parts()
    count = np.zeros([side.stop for side in box], np.uint8)
    for part in parts:
        assert (part.generation, part.image, part.sample) == (4, 1, 2)
        assert all(0 < side.stop - side.start <= 512 for side in part.box)
        count[part.box] += 1
    assert (count[box] == 1).all()
    assert count.sum() == count[box].size
