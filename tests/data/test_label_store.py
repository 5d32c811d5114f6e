"""Labels in OME-Zarr: where readers look, as the format asks, never over something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_unet.core.annotations import ClassMap
from napari_unet.core.axes import AxesSpec
from napari_unet.core.blocks import Setup
from napari_unet.core.errors import MissingPackage, OtherResult, OutputExists, UNetError
from napari_unet.data import label_store
from napari_unet.data.canvas import Canvas
from napari_unet.data.files import read_image
from napari_unet.data.label_store import LabelStore
from napari_unet.data.work_log import WorkLog

zarr = pytest.importorskip("zarr")

CLASSES = ClassMap((1, 2, 300), names=("Background", "Cell", "Wall"))
SETUP = Setup((64, 48), 2, "bfloat16", True)
RECIPE = {"model": "m", "image": "i", "settings": "s"}


def canvas(axes: str = "YX", shape: tuple[int, ...] = (40, 70), **more: Any) -> Canvas:
    return Canvas(AxesSpec(axes, **more), shape)


def filled(path: Path, on: Canvas, seed: int = 0, **options: Any) -> tuple[LabelStore, np.ndarray]:
    """A complete store of random labels, and the labels in canonical axes."""
    store = LabelStore(path, on, CLASSES, **{"side": 16, **options})
    assert store.resume(RECIPE) is None
    store.begin(RECIPE, SETUP)
    samples, _, *shape = on.axes.canonical_shape(on.shape)
    labels = CLASSES.to_labels(np.random.default_rng(seed).integers(0, 3, (samples, *shape)))
    fill(store, labels)
    return store, labels


def fill(store: LabelStore, labels: np.ndarray) -> None:
    for number in range(len(store.grid("0"))):
        if number not in store.done("0"):
            sample, box = store.grid("0").place(number)
            store.write("0", number, labels[(sample, *box)], (1, 2, 3))
    store.finish()


@pytest.fixture
def _small_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_store, "_SMALLEST_LEVEL", 20)


@pytest.mark.usefixtures("_small_levels")
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_pyramid_with_the_metadata_of_its_version(tmp_path: Path, version: Any) -> None:
    on = Canvas(
        AxesSpec("TCYX", (5, 1, 0.5, 0.25)), (3, 2, 41, 70), ("s", "pixel", "µm", "µm"),
        (0, 0, 3, 4),
    )  # fmt: skip
    path = tmp_path / "new" / "cells.ome.zarr"
    _, labels = filled(path, on, version=version)
    group = zarr.open_group(str(path), mode="r")
    assert group.metadata.zarr_format == (3 if version == "0.5" else 2)
    about = dict(group.attrs)
    if version == "0.5":
        about = about["ome"]
        assert about["version"] == "0.5"
        assert group["0"].metadata.dimension_names == ("t", "y", "x")
    else:
        assert about["multiscales"][0]["version"] == about["image-label"]["version"] == "0.4"
    [pyramid] = about["multiscales"]
    assert pyramid["name"] == "cells"
    assert pyramid["axes"] == [
        {"name": "t", "type": "time", "unit": "second"},
        {"name": "y", "type": "space", "unit": "micrometer"},
        {"name": "x", "type": "space", "unit": "micrometer"},
    ]
    steps = [level["coordinateTransformations"] for level in pyramid["datasets"]]
    assert [s[0]["scale"] for s in steps] == [[5, 0.5, 0.25], [5, 1, 0.5], [5, 2, 1]]
    assert {tuple(s[1]["translation"]) for s in steps} == {(0, 3, 4)}
    named = {p["label-value"]: p["class"] for p in about["image-label"]["properties"]}
    assert named == {0: "Background", 2: "Cell", 300: "Wall"}
    assert [level["path"] for level in pyramid["datasets"]] == ["0", "1", "2"]
    assert group["0"].dtype == np.uint16
    assert group["0"].chunks == (1, 16, 16)
    np.testing.assert_array_equal(group["0"][:], labels)
    np.testing.assert_array_equal(group["1"][:], labels[:, ::2, ::2])
    np.testing.assert_array_equal(group["2"][:], labels[:, ::4, ::4])


def test_it_comes_back_as_it_went_out(tmp_path: Path) -> None:
    on = Canvas(AxesSpec("ZYX", (2, 0.5, 0.25)), (3, 20, 30), ("µm", "nm", "mm"), (7, 8, 9))
    filled(tmp_path / "a.zarr", on)
    loaded = read_image(tmp_path / "a.zarr")
    assert (loaded.axes, loaded.spacing, loaded.units) == ("ZYX", (2, 0.5, 0.25), on.units)
    assert loaded.translation == on.translation
    assert Canvas.of(loaded).geometry() == on.geometry()


def test_axes_go_into_the_order_of_the_format(tmp_path: Path) -> None:
    _, labels = filled(tmp_path / "a.zarr", canvas("XZTCY", (30, 2, 3, 4, 20)))
    found = zarr.open_group(str(tmp_path / "a.zarr"), mode="r")["0"][:]
    assert found.shape == (3, 2, 20, 30)
    for z in range(2):
        for t in range(3):
            np.testing.assert_array_equal(found[t, z], labels[z * 3 + t])


def test_volumes_keep_their_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_store, "_SMALLEST_LEVEL", 10)
    _, labels = filled(tmp_path / "a.zarr", canvas("ZYX", (20, 17, 18), spatial="ZYX"), side=8)
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="r")
    np.testing.assert_array_equal(group["1"][:], labels[0][:, ::2, ::2])


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_in_an_image_the_labels_are_found_by_readers(tmp_path: Path, version: Any) -> None:
    image = tmp_path / "image.zarr"
    zarr.open_group(str(image), mode="w", zarr_format=3 if version == "0.5" else 2)
    for name in ("b", "a", "b"):
        path = image / "labels" / name
        filled(path, canvas(), version=version, inputs=[image], overwrite=True)
    about = dict(zarr.open_group(str(image / "labels"), mode="r").attrs)
    assert (about["ome"] if version == "0.5" else about)["labels"] == ["b", "a"]


def test_an_unfinished_result_is_continued(tmp_path: Path) -> None:
    first = LabelStore(tmp_path / "a.zarr", canvas(), CLASSES, side=16)
    first.begin(RECIPE, SETUP)
    labels = CLASSES.to_labels(np.ones((1, 40, 70), np.uint8))
    first.write("0", 3, labels[0][:16, :16], (4, 5, 6))
    first.write("decided", 0, labels[0][:16, :16], ())
    with (tmp_path / "a.zarr" / "0" / label_store._LOG).open("ab") as file:
        file.write(b'{"stage": "0", "done": 4, "numb')  # killed in the middle of a line
    second = LabelStore(tmp_path / "a.zarr", canvas(), CLASSES, side=16)
    assert second.resume(RECIPE) == SETUP
    assert dict(second.done("0")) == {3: (4, 5, 6)}
    assert list(second.done("decided")) == [0]
    second.write("decided", 1, labels[0][:16, :16], ())
    fill(second, labels)
    third = LabelStore(tmp_path / "a.zarr", canvas(), CLASSES, side=16)
    assert third.resume(RECIPE) == SETUP
    assert third.finished
    assert len(third.done("0")) == len(third.grid("0"))
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="r")
    assert sorted(group.array_keys()) == ["0"]
    np.testing.assert_array_equal(group["0"][:], labels[0])
    before = sorted(p for p in tmp_path.rglob("*"))
    third.finish()
    assert sorted(p for p in tmp_path.rglob("*")) == before


def test_a_result_of_something_else_is_not_continued(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    LabelStore(path, canvas(), CLASSES, side=16).begin(RECIPE, SETUP)
    same: dict[str, Any] = {"side": 16}
    with pytest.raises(OtherResult, match=r"another model and another settings\. Choose"):
        LabelStore(path, canvas(), CLASSES, **same).resume({**RECIPE, "model": "", "settings": ""})
    for other in (
        LabelStore(path, canvas(), CLASSES, side=32),
        LabelStore(path, canvas(), ClassMap((1, 2)), **same),
        LabelStore(path, canvas(), CLASSES, version="0.5", **same),
        LabelStore(path, canvas(spacing=(2, 2)), CLASSES, **same),
    ):
        with pytest.raises(OtherResult, match="another layout"):
            other.resume(RECIPE)


def test_a_result_is_replaced_when_asked_for_and_nothing_else_ever(tmp_path: Path) -> None:
    filled(tmp_path / "a.zarr", canvas())
    _, labels = filled(tmp_path / "a.zarr", canvas(), seed=1, overwrite=True)
    found = zarr.open_group(str(tmp_path / "a.zarr"), mode="r")["0"][:]
    np.testing.assert_array_equal(found, labels[0])
    zarr.save_array(str(tmp_path / "other.zarr"), np.ones((4, 4)))
    (tmp_path / "folder.zarr").mkdir()
    (tmp_path / "file.zarr").write_text("kept")
    for name in ("other.zarr", "folder.zarr", "file.zarr"):
        with pytest.raises(OutputExists, match="delete it yourself"):
            LabelStore(tmp_path / name, canvas(), CLASSES, overwrite=True).resume(RECIPE)
    assert (tmp_path / "file.zarr").read_text() == "kept"


def test_results_and_inputs_stay_apart(tmp_path: Path) -> None:
    image = tmp_path / "a" / "image.zarr"
    for path in (image, tmp_path / "a", tmp_path):
        with pytest.raises(OutputExists, match="input itself"):
            LabelStore(path, canvas(), CLASSES, inputs=[image])
    with pytest.raises(UNetError, match="readers look for labels"):
        LabelStore(image / "0" / "x", canvas(), CLASSES, inputs=[image])


def test_nothing_half_made_stands_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(WorkLog, "begin", full)
    with pytest.raises(OSError, match="no space"):
        LabelStore(tmp_path / "a.zarr", canvas(), CLASSES).begin(RECIPE, SETUP)
    assert list(tmp_path.iterdir()) == []


def test_without_zarr_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "zarr", None)
    with pytest.raises(MissingPackage, match=r"pip install 'napari-unet-paint\[zarr\]'"):
        LabelStore(tmp_path / "a.zarr", canvas(), CLASSES)


@pytest.mark.parametrize(
    "content", [b"", b"no json\n", b'{"format": 9}\n', b"[]\n", b'{"format": 1}', None]
)
def test_what_is_no_log_is_not_read(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "log").write_bytes(content)
    assert WorkLog.read(tmp_path / "log") is None
