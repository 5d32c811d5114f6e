"""Boxes that were just read are not read again."""

from __future__ import annotations

import numpy as np

from napari_unet.core import remembered
from napari_unet.core.axes import AxesSpec
from napari_unet.core.remembered import RememberedSource
from napari_unet.core.source import ImageSource


class Counted:
    """An array that counts what is read."""

    shape, dtype = (3, 64, 64), np.dtype(np.uint16)

    def __init__(self) -> None:
        self.pixels = np.arange(3 * 64 * 64, dtype=np.uint16).reshape(self.shape)
        self.read = 0

    def __getitem__(self, index: object) -> np.ndarray:
        self.read += 1
        return self.pixels[index]


def test_a_box_is_read_once_until_there_is_no_room(monkeypatch) -> None:
    array = Counted()
    plain = ImageSource(array, AxesSpec("TYX"))
    source = RememberedSource.of(plain)
    box = (slice(3, 19), slice(7, 23))
    for _ in range(3):
        np.testing.assert_array_equal(source.read(1, box)[0], array.pixels[1, 3:19, 7:23])
    assert array.read == 1
    source.read(2, box)
    assert array.read == 2
    monkeypatch.setattr(remembered, "MOST_BYTES", 4 * 16 * 16 * 2)
    for row in range(5):
        source.read(0, (slice(row, row + 16), slice(0, 16)))
    source.read(1, box)
    assert array.read == 8  # forgotten meanwhile
    for _ in range(2):
        assert source.read(0).shape == (1, 64, 64)
    assert array.read == 10  # too large to keep
    assert source.spatial_shape == plain.spatial_shape
