"""Microscopes' own files come through bioio, or with a sentence that says what to install."""

from __future__ import annotations

import sys
from collections import namedtuple
from collections.abc import Callable
from datetime import timedelta
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import dask.array as da
import numpy as np
import pytest

from napari_unet.core.errors import MissingPackage, UnreadableImage
from napari_unet.data.files import read_image, write_labels

Sizes = namedtuple("Sizes", "Z Y X")


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Pretend that bioio reads a file as it does read real ones."""

    def make(array: np.ndarray, order: str = "TCZYX", **more: Any) -> Path:
        facts: dict[str, Any] = {
            "dims": SimpleNamespace(order=order),
            "dask_data": da.from_array(array, chunks=(1,) * (array.ndim - 2) + array.shape[-2:]),
            "physical_pixel_sizes": Sizes(2.0, 0.5, 0.25),
            "scenes": ("Image:0",),
            "time_interval": None,
            **more,
        }
        for name in ("bioio", "bioio_czi"):
            module: Any = ModuleType(name)
            module.__spec__ = ModuleSpec(name, None)
            module.BioImage = lambda path: SimpleNamespace(**facts)
            monkeypatch.setitem(sys.modules, name, module)
        path = tmp_path / "a.czi"
        path.write_bytes(b"ZISRAWFILE")
        return path

    return make


def test_axes_pixel_size_and_units(pretend: Callable[..., Path], tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 999, (3, 1, 4, 20, 30), dtype=np.uint16)
    path = pretend(array, scenes=("a", "b"), time_interval=timedelta(seconds=5))
    loaded = read_image(path)
    assert (loaded.axes, loaded.kind) == ("TZYX", "other")
    assert loaded.spacing == (5, 2, 0.5, 0.25)
    assert loaded.units == ("s", "µm", "µm", "µm")
    assert "holds 2 images" in loaded.notices[0]
    np.testing.assert_array_equal(loaded.array[1, 2, 3:9], array[1, 0, 2, 3:9])
    write_labels(tmp_path / "labels.tif", array[:, 0] % 3, loaded)
    assert read_image(tmp_path / "labels.tif").kind == "ome"


def test_channels_and_colour(pretend: Callable[..., Path]) -> None:
    sizes = Sizes(None, None, None)
    two = read_image(pretend(np.zeros((1, 2, 1, 8, 9)), physical_pixel_sizes=sizes))
    assert (two.axes, two.spacing, two.units) == ("CYX", (1, 1, 1), ("pixel",) * 3)
    colour = read_image(pretend(np.zeros((1, 1, 1, 8, 9, 3), np.uint8), "TCZYXS"))
    assert (colour.axes, colour.array.shape) == ("YXC", (8, 9, 3))
    with pytest.raises(UnreadableImage, match="colour images themselves"):
        read_image(pretend(np.zeros((1, 2, 1, 8, 9, 3), np.uint8), "TCZYXS"))


def test_a_missing_reader_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.lif").write_bytes(b"p")
    with pytest.raises(MissingPackage, match="pip install bioio bioio-lif"):
        read_image(tmp_path / "a.lif")
