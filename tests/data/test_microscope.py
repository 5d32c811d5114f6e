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
from warnings import catch_warnings, simplefilter

import dask.array as da
import numpy as np
import pytest

from napari_unet.core.errors import MissingPackage, UnreadableImage
from napari_unet.data import microscope
from napari_unet.data.files import read_image, write_labels

Sizes = namedtuple("Sizes", "Z Y X")


class FakeImage:
    """What bioio gives for a file, as it was seen with real ones; some images fail when read."""

    def __init__(self, facts: dict[str, Any], options: dict[str, Any]) -> None:
        self.options, self.current_scene = options, ""
        self.__dict__.update(facts)

    def set_scene(self, scene: str | int) -> None:
        self.current_scene = self.scenes[scene] if isinstance(scene, int) else scene

    @property
    def dask_data(self) -> Any:
        trouble = self.fails(self)
        if trouble == "opening":
            raise ValueError("coordinate C has dimensions ('C',)")
        data = da.from_array(
            self.array, chunks=(1,) * (self.array.ndim - 2) + self.array.shape[-2:]
        )
        return data if trouble is None else data.map_blocks(broken, dtype=data.dtype, meta=data)


def broken(block: np.ndarray) -> np.ndarray:
    raise ValueError("axes don't match array")


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Path]:
    """Pretend that bioio reads a file as it does read real ones."""

    def make(array: np.ndarray, order: str = "TCZYX", name: str = "a.czi", **more: Any) -> Path:
        facts: dict[str, Any] = {
            "array": array,
            "dims": SimpleNamespace(order=order),
            "physical_pixel_sizes": Sizes(2.0, 0.5, 0.25),
            "scenes": ("Image:0",),
            "time_interval": None,
            "fails": lambda _: None,
            **more,
        }
        for package in ("bioio", "bioio_czi", "bioio_lif"):
            module: Any = ModuleType(package)
            module.__spec__ = ModuleSpec(package, None)
            module.BioImage = lambda path, **options: FakeImage(facts, options)
            monkeypatch.setitem(sys.modules, package, module)
        path = tmp_path / name
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


def test_a_czi_that_one_way_fails_on_is_read_the_other(pretend: Callable[..., Path]) -> None:
    array = np.arange(30, dtype=np.uint8).reshape(1, 1, 1, 5, 6)  # as of electrons: no channels
    path = pretend(array, fails=lambda image: None if image.options else "opening")
    loaded = read_image(path)
    assert loaded.axes == "YX"
    np.testing.assert_array_equal(loaded.array[2:4, 1:3], array[0, 0, 0, 2:4, 1:3])


def test_images_of_a_file_that_cannot_be_read_are_passed_over(pretend: Callable[..., Path]) -> None:
    array = np.zeros((1, 1, 1, 8, 9), np.uint8)
    scenes = ("along a line", "plain", "other")
    path = pretend(
        array, name="a.lif", scenes=scenes,
        fails=lambda image: "reading" if image.current_scene == "along a line" else None,
    )  # fmt: skip
    [said] = read_image(path).notices
    assert "holds 3 images; only 'plain' is used" in said
    path = pretend(array, name="b.lif", fails=lambda _: "reading")
    with pytest.raises(UnreadableImage, match=r"bioio-lif can read \(axes don't.*OME-TIFF"):
        read_image(path)


def test_a_real_czi_is_read(tmp_path: Path) -> None:
    """Where the readers are installed: ``pip install 'napari-unet-paint[formats]'``."""
    pytest.importorskip("bioio_czi")
    writer = pytest.importorskip("pylibCZIrw.czi")
    planes = np.random.default_rng(0).integers(0, 9999, (3, 2, 40, 50), dtype=np.uint16)
    path = tmp_path / "real.czi"
    with writer.create_czi(str(path)) as document:
        for t in range(3):
            for c in range(2):
                document.write(data=planes[t, c, ..., None], plane={"T": t, "Z": 0, "C": c})
        document.write_metadata(
            "real", channel_names={0: "DAPI", 1: "GFP"}, scale_x=2.5e-7, scale_y=5e-7
        )
    with catch_warnings():
        simplefilter("ignore")  # of the readers, about themselves
        loaded = read_image(path)
        read = loaded.array[1:, :, 10:30, 20:]
    assert loaded.axes == "TCYX"
    assert loaded.spacing[2:] == pytest.approx((0.5, 0.25))
    assert loaded.units[2:] == ("µm", "µm")
    assert loaded.channel_names == ("DAPI", "GFP")
    np.testing.assert_array_equal(read, planes[1:, :, 10:30, 20:])


def test_axes_that_a_plugin_leaves_out(pretend: Callable[..., Path]) -> None:
    loaded = read_image(pretend(np.zeros((1, 8, 9), np.uint8), "TYX"))
    assert (loaded.axes, loaded.array.shape) == ("YX", (8, 9))


def test_a_missing_reader_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(microscope, "find_spec", lambda _: None)
    (tmp_path / "a.lif").write_bytes(b"p")
    with pytest.raises(MissingPackage, match="pip install bioio bioio-lif"):
        read_image(tmp_path / "a.lif")
