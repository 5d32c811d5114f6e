"""Arrays in files are read by chunk, remembered within bounds, and fail in one sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.core.errors import UnreadableImage
from napari_unet.data import tiff, tiff_lazy
from napari_unet.data.files import read_image
from napari_unet.data.lazy import LazyArray

FILE = Path("image.zarr")


class Chunked:
    """Counts what is decoded."""

    def __init__(self, array: np.ndarray, chunks: tuple[int, ...]) -> None:
        self.array, self.chunks = array, chunks
        self.shape, self.dtype = array.shape, array.dtype
        self.reads: list[tuple[slice, ...]] = []

    def __getitem__(self, index: Any) -> np.ndarray:
        self.reads.append(index)
        return self.array[index]


def numbered(*shape: int) -> np.ndarray:
    return np.arange(np.prod(shape), dtype=np.int64).reshape(shape)


@given(
    st.tuples(st.integers(1, 9), st.integers(1, 13)),
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    st.sampled_from([0, 100, 10**6]),
    st.data(),
)
def test_boxes_are_those_of_the_array(
    shape: tuple[int, int], chunks: tuple[int, int], remembered: int, data: st.DataObject
) -> None:
    array = numbered(*shape)
    lazy = LazyArray(Chunked(array, chunks), FILE, remembered_bytes=remembered)
    for _ in range(3):
        index = []
        for n in shape:
            start = data.draw(st.integers(-n, n - 1))
            stop = data.draw(st.one_of(st.none(), st.integers(-n, n + 3)))
            index.append(data.draw(st.sampled_from([start, slice(start, stop)])))
        found = lazy[tuple(index)]
        np.testing.assert_array_equal(found, array[tuple(index)])
        assert found.shape == array[tuple(index)].shape
    np.testing.assert_array_equal(np.asarray(lazy), array)
    np.testing.assert_array_equal(lazy[..., 0], array[..., 0])


def test_overlapping_boxes_decode_each_chunk_once() -> None:
    stored = Chunked(numbered(8, 40), (4, 10))
    lazy = LazyArray(stored, FILE)
    for start in range(0, 30, 5):
        assert np.array_equal(lazy[2:6, start : start + 10], stored.array[2:6, start : start + 10])
    assert len(stored.reads) == 8


def test_no_more_is_remembered_than_allowed() -> None:
    stored = Chunked(numbered(4, 60), (4, 10))
    lazy = LazyArray(stored, FILE, remembered_bytes=5 * 4 * 10 * 8)
    for start in (0, 10, 20, 30, 40, 50, 0):
        _ = lazy[:, start : start + 10]
    assert len(stored.reads) == 7
    assert sum(chunk.nbytes for chunk in lazy._remembered.values()) == 5 * 4 * 10 * 8


def test_chunks_around_a_corner_are_remembered_however_large() -> None:
    stored = Chunked(numbered(20, 20), (10, 10))
    lazy = LazyArray(stored, FILE, remembered_bytes=0)
    for _ in range(3):
        assert np.array_equal(lazy[8:12, 8:12], stored.array[8:12, 8:12])
    assert len(stored.reads) == 4


def test_a_result_can_be_changed_without_harm() -> None:
    lazy = LazyArray(Chunked(numbered(4, 4), (4, 4)), FILE)
    lazy[:, :][:] = 0
    assert lazy[3, 3] == 15


@pytest.mark.parametrize("index", [np.s_[0, 0, 0], np.s_[::2], np.s_[9], np.s_[..., 0, 0, 0]])
def test_what_cannot_be_read_is_an_index_error(index: Any) -> None:
    with pytest.raises(IndexError):
        _ = LazyArray(numbered(4, 4), FILE)[index]


def test_damage_is_one_sentence_with_the_name_of_the_file() -> None:
    class Broken(Chunked):
        def __getitem__(self, index: Any) -> np.ndarray:
            raise RuntimeError("checksum")

    with pytest.raises(UnreadableImage, match=r"image\.zarr cannot be read \(checksum\)"):
        _ = LazyArray(Broken(numbered(4, 4), (2, 2)), FILE)[0, 0]


# -- large TIFF files ---------------------------------------------------------------------


@pytest.fixture
def _everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiff, "_LARGE", 10)


KINDS: dict[str, dict[str, Any]] = {
    "mapped": {},
    "imagej": {"imagej": True},
    "tiles": {"tile": (64, 64), "compression": "zlib"},
    "strips": {"compression": "zlib", "rowsperstrip": 16},
    "ome": {"ome": True, "tile": (64, 64), "compression": "zlib"},
}


@pytest.mark.usefixtures("_everything_is_large")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_zarr", [True, False])
def test_a_large_tiff_reads_like_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, with_zarr: bool
) -> None:
    if with_zarr:
        pytest.importorskip("tifffile.zarr")
    else:
        monkeypatch.setattr(tiff_lazy, "find_spec", lambda name: None)
    array = np.random.default_rng(0).integers(0, 60000, (3, 100, 90), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", array, photometric="minisblack", **KINDS[kind])
    loaded = read_image(tmp_path / "a.tif")
    assert isinstance(loaded.array, LazyArray if with_zarr or "mapped" in kind else object)
    np.testing.assert_array_equal(loaded.array[1, 30:70, 7:80], array[1, 30:70, 7:80])
    np.testing.assert_array_equal(np.asarray(loaded.array), array)


@pytest.mark.usefixtures("_everything_is_large")
def test_a_tile_of_a_large_tiff_is_read_without_the_others(tmp_path: Path) -> None:
    pytest.importorskip("tifffile.zarr")
    array = np.random.default_rng(0).integers(0, 255, (256, 256), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", array, tile=(64, 64), compression="zlib")
    loaded = read_image(tmp_path / "a.tif")
    size = (tmp_path / "a.tif").stat().st_size
    with (tmp_path / "a.tif").open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\0" * (size // 2))
    np.testing.assert_array_equal(loaded.array[:64, :64], array[:64, :64])
    with pytest.raises(UnreadableImage, match=r"a\.tif"):
        _ = loaded.array[192:, 192:]


@pytest.mark.usefixtures("_everything_is_large")
def test_a_tiff_of_one_strip_is_decoded_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tifffile.zarr")
    monkeypatch.setattr(tiff_lazy, "REMEMBERED_BYTES", 1000)
    array = np.random.default_rng(0).integers(0, 255, (90, 80), dtype=np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", array, compression="zlib", rowsperstrip=90)
    loaded = read_image(tmp_path / "a.tif")
    assert isinstance(loaded.array, np.memmap)
    np.testing.assert_array_equal(loaded.array, array)


@pytest.mark.usefixtures("_everything_is_large")
def test_opacity_of_a_large_tiff_is_left_out(tmp_path: Path) -> None:
    pytest.importorskip("tifffile.zarr")
    colours = np.random.default_rng(0).integers(0, 255, (70, 80, 4), dtype=np.uint8)
    tifffile.imwrite(
        tmp_path / "a.tif", colours, photometric="rgb", extrasamples=["unassalpha"],
        compression="zlib", tile=(32, 32),
    )  # fmt: skip
    loaded = read_image(tmp_path / "a.tif")
    assert loaded.axes == "YXC"
    np.testing.assert_array_equal(np.asarray(loaded.array), colours[..., :3])
