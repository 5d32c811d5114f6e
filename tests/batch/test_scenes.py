"""Files with several images in a batch: every image is predicted, named, resumed and listed."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from napari_unet.api import Model, fit, predict
from napari_unet.batch.tasks import images_in_folder, tasks_for
from napari_unet.cli import app
from napari_unet.core.config import PRESETS, ModelConfig
from napari_unet.data.files import read_image, read_labels
from napari_unet.files import predict_to_zarr

TINY = ModelConfig(base_width=4, depth=2, head_levels=2)


def blobs(seed: int = 0, height: int = 64) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[:height, :64]
    mask = ((rows % 32 - 16) ** 2 + (columns % 32 - 16) ** 2) < 64
    image = 400 * mask + np.random.default_rng(seed).normal(300, 30, mask.shape)
    paint = np.zeros(mask.shape, np.uint8)
    paint[[14, 17, 48]] = np.where(mask[[14, 17, 48]], 2, 0)
    paint[2::29, ::2] = 1
    return image.astype(np.uint16), paint


def scenes(path: Path, *arrays: np.ndarray, broken: int | None = None) -> Path:
    """A real OME-TIFF; the bytes of one of its images may be damaged."""
    with tifffile.TiffWriter(path, ome=True) as file:
        for number, array in enumerate(arrays):
            about = {"axes": "YX", "Name": f"Pos {number + 1}"}
            file.write(array, photometric="minisblack", metadata=about, compression="zlib")
    if broken is not None:
        with tifffile.TiffFile(path) as file:
            place = file.series[broken].keyframe.dataoffsets[0]
        with path.open("r+b") as inside:
            inside.seek(place)
            inside.write(b"\xff" * 40)
    return path


@pytest.fixture(scope="module")
def model() -> Model:
    return fit(*blobs(), max_seconds=0, preset=TINY)


@pytest.fixture
def images(tmp_path: Path, model: Model) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    scenes(folder / "a.ome.tif", blobs(1)[0], blobs(2, height=96)[0], blobs(3)[0], broken=2)
    tifffile.imwrite(folder / "b.tif", blobs(4)[0])
    model.save(tmp_path / "model.unet")
    return folder


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "summary.csv").open(newline="", encoding="utf-8") as file:
        return {Path(row["image"]).name: row for row in csv.DictReader(file)}


def test_a_folder_is_predicted_image_by_image_and_goes_on(model, images, tmp_path) -> None:
    out, file = tmp_path / "out", tmp_path / "model.unet"
    result = run("predict", file, images, "-o", out, "--json")
    assert result.exit_code == 1  # one of the images is broken
    told = json.loads(result.stdout.splitlines()[-1])
    assert [Path(one["image"]).name for one in told["results"]] == [
        "a.ome.tif#Pos 1", "a.ome.tif#Pos 2", "b.tif",
    ]  # fmt: skip
    [failed] = told["failed"]
    assert Path(failed["image"]).name == "a.ome.tif#Pos 3"
    assert sorted(path.name for path in out.iterdir()) == [
        "a_Pos 1_labels.ome.tif", "a_Pos 2_labels.ome.tif", "b_labels.tif", "summary.csv",
    ]  # fmt: skip
    for name, image in (("Pos 1", blobs(1)[0]), ("Pos 2", blobs(2, height=96)[0])):
        labels = read_labels(out / f"a_{name}_labels.ome.tif").array
        assert np.array_equal(labels, predict(model, image))
    status = {image: row["status"] for image, row in rows(out).items()}
    assert status == {
        "a.ome.tif#Pos 1": "done", "a.ome.tif#Pos 2": "done",
        "a.ome.tif#Pos 3": "failed", "b.tif": "done",
    }  # fmt: skip
    again = json.loads(run("predict", file, images, "-o", out, "--json").stdout.splitlines()[-1])
    assert [Path(path).name for path in again["skipped"]] == [
        "a.ome.tif#Pos 1", "a.ome.tif#Pos 2", "b.tif",
    ]  # fmt: skip
    assert len(again["failed"]) == 1


def test_one_file_of_several_images_needs_a_folder_or_a_choice(model, images, tmp_path) -> None:
    file, many = tmp_path / "model.unet", images / "a.ome.tif"
    refused = run("predict", file, many, "-o", tmp_path / "one.tif")
    assert refused.exit_code != 0
    assert "3 images" in refused.output
    assert "a.ome.tif#Pos 2" in " ".join(refused.output.split())
    assert not (tmp_path / "one.tif").exists()
    chosen = run("predict", file, f"{many}#1", "-o", tmp_path / "one.tif")
    assert chosen.exit_code == 0, chosen.output
    expected = predict(model, blobs(2, height=96)[0])
    assert np.array_equal(read_labels(tmp_path / "one.tif").array, expected)
    assert run("predict", file, many, "-o", tmp_path / "all").exit_code == 1
    assert {path.name for path in (tmp_path / "all").iterdir()} == {
        "a_Pos 1_labels.ome.tif", "a_Pos 2_labels.ome.tif", "summary.csv",
    }  # fmt: skip
    missing = run("predict", file, f"{many}#Pos 9", "-o", tmp_path / "no.tif")
    assert missing.exit_code != 0
    assert "1 (Pos 2)" in " ".join(missing.output.split())


def test_a_result_is_never_written_over_another(images, tmp_path) -> None:
    tifffile.imwrite(images / "a_Pos 1.ome.tif", blobs(5)[0])
    refused = run("predict", tmp_path / "model.unet", images, "-o", tmp_path / "out")
    assert refused.exit_code != 0
    assert "would both be written to" in " ".join(refused.output.split())


def test_patterns_and_folders_may_say_which_image(images, tmp_path) -> None:
    for given in (f"{images}/*.ome.tif#1", f"{images}/a.ome.tif#Pos 2"):
        tasks = tasks_for([Path(given)], tmp_path / "out", False)
        assert [task.image.name for task in tasks.each] == ["a.ome.tif#Pos 2"]
    both = tasks_for([Path(f"{images}#0")], tmp_path / "out", False)
    assert [task.image.name for task in both.each] == ["a.ome.tif#Pos 1", "b.tif"]
    window = tasks_for(images_in_folder(images), tmp_path / "out", False, into_folder=True)
    assert len(window.each) == 4
    twice = [images / "a.ome.tif", Path(f"{images}/a.ome.tif#1")]
    assert len(tasks_for(twice, tmp_path / "out", False).each) == 3


def test_results_in_ome_zarr_are_named_and_go_on_too(model, images, tmp_path) -> None:
    out, many = tmp_path / "out", images / "a.ome.tif"
    for computed in (True, False):
        result = run("predict", tmp_path / "model.unet", many, "-o", out, "--ome-zarr", "0.4")
        assert result.exit_code == 1
        assert ("was complete before" in " ".join(result.output.split())) is not computed
    labels = read_image(out / "a_Pos 2_labels.ome.zarr")
    expected = predict(model, blobs(2, height=96)[0])
    assert np.array_equal(np.asarray(labels.array[:, :]), expected)
    predict_to_zarr(model, f"{many}#Pos 2", tmp_path / "two.zarr")
    assert np.array_equal(np.asarray(read_image(tmp_path / "two.zarr").array[:, :]), expected)


def test_training_says_which_image_it_reads_and_takes_another(
    images, tmp_path, monkeypatch
) -> None:
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    tifffile.imwrite(tmp_path / "paint.tif", blobs()[1])
    how = ("-o", tmp_path / "new.unet", "--seconds", 0, "--preset", "tiny", "--overwrite")
    first = run("train", images / "a.ome.tif", tmp_path / "paint.tif", *how)
    assert first.exit_code == 0, first.output
    said = " ".join(first.output.split())
    assert "only 'Pos 1' is used. Choose another by its name or number: a.ome.tif#Pos 2" in said
    other = run("train", f"{images}/a.ome.tif#1", tmp_path / "paint.tif", *how)
    assert other.exit_code != 0  # of another shape than its paint
    assert "a.ome.tif#Pos 2" in " ".join(other.output.split())
