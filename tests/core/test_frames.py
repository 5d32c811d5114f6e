from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import InvalidSetting
from napari_unet.core.frames import Part, parts_of, samples_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", (7, 8)),
        ("10:20", (10, 20)),
        ("10:", (10, None)),
        (":20", (0, 20)),
        (" 3 : 5 ", (3, 5)),
    ],
)
def test_ranges_are_read_as_python_reads_them(text: str, expected: tuple[int, int | None]) -> None:
    part = Part.read("T", text)
    assert (part.start, part.stop) == expected


@pytest.mark.parametrize("text", ["", "a", "1:2:3", "5:5", "7:2", "-1", "-3:", "1.5"])
def test_what_is_no_range_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidSetting, match=r"\d+:\d+|\d+ to"):
        Part.read("T", text)


@given(
    letters=st.permutations("TPCZYX").flatmap(
        lambda p: st.integers(2, 6).map(lambda n: "".join(p[:n]))
    ).filter(lambda a: "Y" in a and "X" in a),
    data=st.data(),
)  # fmt: skip
def test_chosen_samples_are_those_in_every_part(letters: str, data: st.DataObject) -> None:
    spec = AxesSpec(letters)
    shape = tuple(data.draw(st.integers(1, 4)) for _ in letters)
    size = dict(zip(letters, shape, strict=True))
    parts = []
    for axis in spec.sample_axes:
        if data.draw(st.booleans()):
            start = data.draw(st.integers(0, size[axis] - 1))
            parts.append(Part(axis, start, data.draw(st.integers(start + 1, size[axis] + 2))))
    chosen = samples_in(tuple(parts), spec, shape)
    count = spec.canonical_shape(shape)[0]
    marked = np.zeros([size[a] for a in letters], bool)
    marked[tuple(
        next((slice(p.start, p.stop) for p in parts if p.axis == a), slice(None)) for a in letters
    )] = True  # fmt: skip
    inside = spec.to_canonical(marked).reshape(count, -1).all(axis=1)
    expected = tuple(np.flatnonzero(inside))
    assert (tuple(range(count)) if chosen is None else chosen) == expected


def test_parts_that_do_not_fit_the_image_are_refused() -> None:
    movie = AxesSpec("TYX")
    with pytest.raises(InvalidSetting, match="no slices"):
        samples_in(parts_of(slices="1:2"), movie, (5, 8, 8))
    with pytest.raises(InvalidSetting, match="5 frames"):
        samples_in(parts_of("5:"), movie, (5, 8, 8))
    with pytest.raises(InvalidSetting, match="3D"):
        samples_in(parts_of(slices="1:2"), AxesSpec("ZYX", spatial="ZYX"), (5, 8, 8))
    assert samples_in((), movie, (5, 8, 8)) is None
    assert samples_in(parts_of("0:5"), movie, (5, 8, 8)) is None
