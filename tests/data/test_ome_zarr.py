"""OME-Zarr images come in unread, with axes, pixel size, units and place."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unet.core.errors import MissingPackage, UnreadableImage
from napari_unet.data.files import read_image, read_labels
from napari_unet.data.lazy import LazyArray

zarr = pytest.importorskip("zarr")

AXES = [
    {"name": "t", "type": "time", "unit": "second"},
    {"name": "c", "type": "channel"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]


def multiscales(axes: list[Any], scale: list[float], **more: Any) -> dict[str, Any]:
    steps = [{"type": "scale", "scale": scale}]
    if "translation" in more:
        steps.append({"type": "translation", "translation": more.pop("translation")})
    levels = [{"path": "0", "coordinateTransformations": steps}, {"path": "1"}]
    return {"axes": axes, "datasets": levels, **more}


def store(path: Path, array: np.ndarray, about: dict[str, Any], version: str) -> None:
    group = zarr.open_group(str(path), mode="w", zarr_format=3 if version == "0.5" else 2)
    group.create_array("0", data=array, chunks=(1,) * (array.ndim - 2) + (16, 16))
    group.create_array("1", data=array[..., ::2, ::2])
    if version == "0.5":
        group.attrs["ome"] = {"version": version, "multiscales": [about]}
    else:
        group.attrs["multiscales"] = [about | {"version": version}]


@pytest.fixture
def array() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 999, (3, 2, 40, 50), dtype=np.uint16)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_the_finest_level_is_opened_with_its_geometry(
    tmp_path: Path, array: np.ndarray, version: str
) -> None:
    path = tmp_path / "a.ome.zarr"
    outer = [{"type": "scale", "scale": [10.0, 1.0, 2.0, 2.0]}]
    about = multiscales(
        AXES, [1, 1, 0.25, 0.5], translation=[0, 0, 3, 4], coordinateTransformations=outer
    )
    store(path, array, about, version)
    loaded = read_image(path)
    assert isinstance(loaded.array, LazyArray)
    assert (loaded.axes, loaded.kind, loaded.ngff) == ("TCYX", "zarr", version)
    assert loaded.spacing == (10, 1, 0.5, 1)
    assert loaded.translation == (0, 0, 6, 8)
    assert loaded.units == ("s", "pixel", "µm", "µm")
    np.testing.assert_array_equal(loaded.array[1, :, 10:30, 20:], array[1, :, 10:30, 20:])


def test_images_of_early_versions(tmp_path: Path, array: np.ndarray) -> None:
    store(tmp_path / "a.zarr", array[:, 0], multiscales(["z", "y", "x"], [1, 1, 1]), "0.3")
    assert read_image(tmp_path / "a.zarr").axes == "ZYX"
    store(tmp_path / "b.zarr", array[None], {"datasets": [{"path": "0"}]}, "0.2")
    assert read_image(tmp_path / "b.zarr").axes == "TCZYX"


def test_an_axis_of_another_name_is_read_and_said(tmp_path: Path, array: np.ndarray) -> None:
    axes = [{"name": "angle"}, *AXES[1:]]
    store(tmp_path / "a.zarr", array, multiscales(axes, [1, 1, 1, 1]), "0.5")
    loaded = read_image(tmp_path / "a.zarr")
    assert loaded.axes == "ZCYX"
    assert "'angle' is read as Z" in loaded.notices[0]
    assert read_image(tmp_path / "a.zarr", "PCYX").axes == "PCYX"


def test_plain_arrays_and_single_levels(tmp_path: Path, array: np.ndarray) -> None:
    zarr.save_array(str(tmp_path / "plain.zarr"), array[:, 0])
    loaded = read_image(tmp_path / "plain.zarr")
    assert loaded.axes == "CYX"
    assert "Name the axes" in loaded.notices[0]
    store(tmp_path / "a.zarr", array, multiscales(AXES, [1, 1, 1, 1]), "0.4")
    np.testing.assert_array_equal(read_image(tmp_path / "a.zarr" / "1", "TCYX").array.shape[2], 20)


def test_wells_and_series_give_their_first_image(tmp_path: Path, array: np.ndarray) -> None:
    for name, marks in {"b": {"bioformats2raw.layout": 3}, "w": {"well": {}}}.items():
        outside = zarr.open_group(str(tmp_path / name), mode="w", zarr_format=2)
        outside.attrs.update(marks)
        for number in "01":
            where = tmp_path / name / number
            store(where, array + int(number), multiscales(AXES, [1, 1, 1, 1]), "0.4")
        loaded = read_image(tmp_path / name)
        np.testing.assert_array_equal(np.asarray(loaded.array), array)
        assert "the first is used" in loaded.notices[0]


def test_what_is_no_image_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = zarr.open_group(str(tmp_path / "plate.zarr"), mode="w", zarr_format=3)
    group.attrs["ome"] = {"plate": {"wells": [{"path": "B/3"}]}}
    with pytest.raises(UnreadableImage, match="B/3/0"):
        read_image(tmp_path / "plate.zarr")
    zarr.open_group(str(tmp_path / "empty.zarr"), mode="w")
    with pytest.raises(UnreadableImage, match="without an image"):
        read_image(tmp_path / "empty.zarr")
    zarr.save_array(str(tmp_path / "six.zarr"), np.zeros((1,) * 6))
    with pytest.raises(UnreadableImage, match="Name its axes"):
        read_image(tmp_path / "six.zarr")
    (tmp_path / "nothing.zarr").mkdir()
    with pytest.raises(UnreadableImage, match=r"nothing\.zarr"):
        read_image(tmp_path / "nothing.zarr")
    (tmp_path / "folder").mkdir()
    with pytest.raises(UnreadableImage, match="is a folder"):
        read_image(tmp_path / "folder")
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(MissingPackage, match=r"napari-unet-paint\[zarr\]"):
        read_image(tmp_path / "six.zarr")


def test_paint_in_zarr_is_read_into_memory(tmp_path: Path) -> None:
    paint = np.arange(4096, dtype=np.int32).reshape(64, 64) % 3
    zarr.save_array(str(tmp_path / "paint.zarr"), paint)
    loaded = read_labels(tmp_path / "paint.zarr")
    assert isinstance(loaded.array, np.ndarray)
    np.testing.assert_array_equal(loaded.array, paint)
