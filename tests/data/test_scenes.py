"""Files that hold several images: all of them can be named, chosen and read."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import dask.array as da
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from napari_unet.core.errors import OutputExists, UnreadableImage
from napari_unet.data import tiff
from napari_unet.data.files import check_output, read_image, read_labels, scenes_in, write_labels
from napari_unet.data.lazy import LazyArray
from napari_unet.data.scenes import address, chosen, scenes_named, split_address

STACK = np.random.default_rng(0).integers(0, 999, (3, 40, 50), dtype=np.uint16)
PLANE = np.random.default_rng(1).integers(0, 999, (30, 20), dtype=np.uint16)


def two_positions(path: Path, **options: Any) -> Path:
    """A real OME-TIFF with a stack and a plane of other sizes."""
    with tifffile.TiffWriter(path, ome=True) as file:
        for array, about in (
            (STACK, {"axes": "ZYX", "Name": "Pos 1", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5}),
            (PLANE, {"axes": "YX", "Name": "Pos/2", "PhysicalSizeX": 2.0, "PhysicalSizeY": 4.0}),
        ):
            file.write(array, photometric="minisblack", metadata=about, **options)
    return path


def test_each_image_of_an_ome_tiff_has_its_own_shape_pixels_and_name(tmp_path: Path) -> None:
    path = two_positions(tmp_path / "two.ome.tif")
    assert [(s.number, s.name, s.mark) for s in scenes_in(path)] == [
        (0, "Pos 1", "Pos 1"), (1, "Pos/2", "Pos_2"),
    ]  # fmt: skip
    first = read_image(path)
    assert (first.axes, first.array.shape, first.spacing) == ("ZYX", (3, 40, 50), (1, 0.5, 0.5))
    [said] = first.notices
    assert said == (
        "two.ome.tif holds 2 images; only 'Pos 1' is used. "
        "Choose another by its name or number: two.ome.tif#Pos_2."
    )
    by_number, by_name = read_image(path, scene=1), read_image(path, scene="Pos/2")
    by_address = [read_image(f"{path}#{mark}") for mark in ("1", "Pos_2", "pos_2", "Pos/2")]
    for second in (by_number, by_name, *by_address):
        np.testing.assert_array_equal(second.array, PLANE)
        assert (second.axes, second.spacing, second.units) == ("YX", (4, 2), ("µm", "µm"))
        assert (second.notices, second.address.name) == ((), "two.ome.tif#Pos_2")
        np.testing.assert_array_equal(read_image(second.address).array, PLANE)


def test_results_of_an_image_keep_its_own_pixel_size_and_never_replace_the_file(
    tmp_path: Path,
) -> None:
    path = two_positions(tmp_path / "two.ome.tif")
    second = read_image(path, scene=1)
    write_labels(tmp_path / "labels.ome.tif", PLANE % 3, second)
    assert read_labels(tmp_path / "labels.ome.tif").spacing == (4, 2)
    with pytest.raises(OutputExists, match="input itself"):
        write_labels(path, PLANE % 3, second, overwrite=True)
    with pytest.raises(OutputExists, match="input itself"):
        check_output(path, [second.address], overwrite=True)


@pytest.mark.parametrize("scene", ["2", "Pos 3", "-1"])
def test_an_image_that_is_not_there_is_answered_with_those_that_are(
    tmp_path: Path, scene: str
) -> None:
    path = two_positions(tmp_path / "two.ome.tif")
    with pytest.raises(UnreadableImage, match=r"0 \(Pos 1\), 1 \(Pos/2\)"):
        read_image(path, scene=scene)
    tifffile.imwrite(tmp_path / "one.tif", PLANE)
    assert [scene.mark for scene in scenes_in(tmp_path / "one.tif")] == [""]
    assert read_image(tmp_path / "one.tif#0").address.name == "one.tif"
    with pytest.raises(UnreadableImage, match="no single image '3'"):
        read_image(tmp_path / "one.tif#3")


@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "rowsperstrip": 8}])
def test_large_images_of_a_file_stay_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    pytest.importorskip("zarr")
    monkeypatch.setattr(tiff, "_LARGE", 0)
    path = two_positions(tmp_path / "two.ome.tif", **options)
    for number, array in enumerate((STACK, PLANE)):
        loaded = read_image(path, scene=number)
        assert isinstance(loaded.array, LazyArray)
        np.testing.assert_array_equal(loaded.array[..., 5:25, 3:], array[..., 5:25, 3:])


def test_a_broken_image_leaves_the_others_readable(tmp_path: Path) -> None:
    path = two_positions(tmp_path / "two.ome.tif", compression="zlib")
    with tifffile.TiffFile(path) as file:
        place, length = file.series[1].keyframe.dataoffsets[0], 40
    with path.open("r+b") as bytes_of_it:
        bytes_of_it.seek(place)
        bytes_of_it.write(b"\xff" * length)
    assert len(scenes_in(path)) == 2
    np.testing.assert_array_equal(read_image(path, scene=0).array, STACK)
    with pytest.raises(UnreadableImage, match=r"two\.ome\.tif"):
        read_image(path, scene=1)


def test_smaller_copies_are_no_images_of_their_own(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(PLANE)
        file.write(PLANE[::2, ::2], subfiletype=1)
    assert [scene.mark for scene in scenes_in(tmp_path / "a.tif")] == [""]
    assert read_image(tmp_path / "a.tif").notices == ()


def test_a_set_of_ome_tiffs_gives_each_file_its_own_image(tmp_path: Path) -> None:
    """Microscopes write a position to a file, and all positions into the metadata of each."""
    names = ("a.ome.tif", "b.ome.tif")
    images = "".join(
        f'<Image ID="Image:{i}" Name="Pos{i}"><Pixels ID="Pixels:{i}" DimensionOrder="XYCZT" '
        f'Type="uint16" SizeX="20" SizeY="30" SizeC="1" SizeZ="1" SizeT="1" PhysicalSizeX="{i + 1}"'
        f' PhysicalSizeY="1"><Channel ID="Channel:{i}:0" SamplesPerPixel="1"/><TiffData IFD="0" '
        f'PlaneCount="1"><UUID FileName="{name}">urn:uuid:{i}</UUID></TiffData></Pixels></Image>'
        for i, name in enumerate(names)
    )
    for i, name in enumerate(names):
        xml = (
            '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
            f'UUID="urn:uuid:{i}">{images}</OME>'
        )
        tifffile.imwrite(tmp_path / name, PLANE + i, description=xml, metadata=None)
    for i, name in enumerate(names):
        assert len(scenes_in(tmp_path / name)) == 1
        loaded = read_image(tmp_path / name)
        np.testing.assert_array_equal(loaded.array, PLANE + i)
        assert (loaded.spacing, loaded.notices) == ((1, i + 1), ())


class ManyImages:
    """What bioio gives for a file with three images, the second of which cannot be read."""

    scenes = ("Image 1", "Image 2", "Image 2")  # names may occur twice

    def __init__(self, path: Path, **_: Any) -> None:
        self.number, self.physical_pixel_sizes, self.time_interval = 0, None, None
        self.dims = SimpleNamespace(order="TCZYX")

    def set_scene(self, scene: int | str) -> None:
        self.number = scene if isinstance(scene, int) else self.scenes.index(scene)

    @property
    def dask_data(self) -> Any:
        if self.number == 1:
            raise ValueError("negative dimensions")
        array = STACK[:, :20] if self.number else STACK
        return da.from_array(array[None, None], chunks=-1)


@pytest.fixture
def lif(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for package in ("bioio", "bioio_lif"):
        module: Any = ModuleType(package)
        module.__spec__ = ModuleSpec(package, None)
        module.BioImage = ManyImages
        monkeypatch.setitem(sys.modules, package, module)
    (tmp_path / "a.lif").write_bytes(b"p")
    return tmp_path / "a.lif"


def test_images_of_one_name_are_told_apart_by_number(lif: Path) -> None:
    assert [scene.mark for scene in scenes_in(lif)] == ["0", "1", "2"]
    assert read_image(lif, scene="Image 1").array.shape == (3, 40, 50)
    third = read_image(lif.with_name("a.lif#2"))
    assert (third.array.shape, third.address.name) == ((3, 20, 50), "a.lif#2")
    with pytest.raises(UnreadableImage, match="no single image 'Image 2'"):
        read_image(lif, scene="Image 2")
    with pytest.raises(UnreadableImage, match=r"a\.lif#1 is nothing bioio-lif can read \(negative"):
        read_image(lif, scene=1)


def zarr_image(path: Path, array: np.ndarray) -> None:
    import zarr

    group = zarr.open_group(str(path), mode="a", zarr_format=2)
    group.create_array("0", data=array)
    steps = [{"type": "scale", "scale": [1.0] * array.ndim}]
    axes = [{"name": a, "type": "space"} for a in "zyx"[-array.ndim :]]
    level = {"path": "0", "coordinateTransformations": steps}
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [level]}]


def test_every_image_of_a_plate_is_reached(tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    path = tmp_path / "plate.zarr"
    plate = zarr.open_group(str(path), mode="w", zarr_format=2)
    plate.attrs["plate"] = {"wells": [{"path": p} for p in ("A/1", "B/3", "C/1")]}
    for well, fields in (("A/1", "01"), ("B/3", "0")):
        group = plate.create_group(well)
        group.attrs["well"] = {"images": [{"path": field} for field in fields]}
        for field in fields:
            zarr_image(path / well / field, PLANE[int(field) :])
    assert [s.mark for s in scenes_in(path)] == ["A_1_0", "A_1_1", "B_3_0", "C_1_0"]
    second = read_image(path, scene="A/1/1")
    np.testing.assert_array_equal(np.asarray(second.array), PLANE[1:])
    assert second.address.name == "plate.zarr#A_1_1"
    with pytest.raises(UnreadableImage, match=r"plate of 4 images.*plate\.zarr#A_1_0"):
        read_image(path)
    with pytest.raises(UnreadableImage, match="C/1/0 is not there"):
        read_image(path, scene="C_1_0")
    assert [s.name for s in scenes_in(path / "A" / "1")] == ["0", "1"]


def test_what_bioformats2raw_wrote_lists_its_images(tmp_path: Path) -> None:
    zarr = pytest.importorskip("zarr")
    path = tmp_path / "raw.zarr"
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    group.attrs["bioformats2raw.layout"] = 3
    zarr_image(path / "0", STACK)
    zarr_image(path / "1", PLANE)
    assert [(s.mark, s.stem) for s in scenes_in(path)] == [("0", "scene0"), ("1", "scene1")]
    np.testing.assert_array_equal(np.asarray(read_image(f"{path}#1").array), PLANE)
    group.create_group("OME").attrs["series"] = ["1"]
    assert [s.mark for s in scenes_in(path)] == [""]
    np.testing.assert_array_equal(np.asarray(read_image(path).array), PLANE)


@given(st.lists(st.text(max_size=70), min_size=2, max_size=6))
def test_marks_are_names_of_files_and_lead_back(names: list[str]) -> None:
    scenes, path = scenes_named(names), Path("a.lif")
    assert len({scene.mark.casefold() for scene in scenes}) == len(names)
    for scene in scenes:
        assert scene.mark
        assert not set(scene.mark + scene.stem) & set('/\\:*?"<>|#\n\0')
        assert chosen(scenes, scene.mark, path) is scene
        assert chosen(scenes, str(scene.number), path) is scene


def test_a_sign_in_names_of_files_and_folders_is_part_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "run#3"
    folder.mkdir()
    (tmp_path / "run").mkdir()
    file = folder / "plate #2.tif"
    assert split_address(address(file, "1")) == (address(file, "1"), None)  # no such file yet
    tifffile.imwrite(file, PLANE)
    assert split_address(file) == (file, None)
    assert split_address(address(file, "Pos #1")) == (file, "Pos #1")
    assert read_image(file).array.shape == PLANE.shape
