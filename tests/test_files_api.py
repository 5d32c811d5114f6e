"""From Python and from a shell: images larger than memory, and folders that go on after an end."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from napari_unet.api import Model, fit, predict
from napari_unet.cli import app
from napari_unet.core.config import ModelConfig
from napari_unet.core.errors import OtherResult, UNetError
from napari_unet.core.events import Notice, TileDone
from napari_unet.data.files import read_image, read_labels
from napari_unet.files import predict_to_zarr

zarr = pytest.importorskip("zarr")

TINY = ModelConfig(base_width=4, depth=2, head_levels=2)
SMALL_TILES: dict[str, Any] = {"precision": "float32", "tile_size": 96}


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def answer(*arguments: object, exit_code: int = 0) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == exit_code, result.output
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def blobs(side: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A noisy image of discs, and strokes on it."""
    rows, columns = np.mgrid[:side, :side]
    mask = ((rows % 32 - 16) ** 2 + (columns % 32 - 16) ** 2) < 64
    image = 400 * mask + np.random.default_rng(seed).normal(300, 30, mask.shape)
    paint = np.zeros(mask.shape, np.uint8)
    paint[[14, 17, 48]] = np.where(mask[[14, 17, 48]], 2, 0)
    paint[2::29, ::2] = 1
    return image.astype(np.uint16), paint


@pytest.fixture(scope="module")
def model() -> Model:
    return fit(*blobs(), max_seconds=0, preset=TINY)


@pytest.fixture
def folder(tmp_path: Path, model: Model) -> Path:
    """A folder with a model and an OME-Zarr of 180 x 200 pixels."""
    model.save(tmp_path / "model.unet")
    image = blobs(200)[0][:180]
    group = zarr.open_group(str(tmp_path / "big.ome.zarr"), mode="w", zarr_format=3)
    group.create_array("0", data=image, chunks=(50, 60))
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"]
    level = {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [0.5, 0.25]}]}
    about = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": [level]}]}
    group.attrs["ome"] = about
    return tmp_path


# -- larger than memory -------------------------------------------------------------------


def test_a_file_goes_block_by_block_to_what_predict_returns(folder: Path, model: Model) -> None:
    events: list[Any] = []
    image, out = folder / "big.ome.zarr", folder / "out.ome.zarr"
    result = predict_to_zarr(
        folder / "model.unet",
        str(image),
        out,
        block_size=64,
        on_event=events.append,
        **SMALL_TILES,
    )
    expected = predict(model, blobs(200)[0][:180], spacing=(0.5, 0.25), **SMALL_TILES)
    written = read_image(out)
    np.testing.assert_array_equal(np.asarray(written.array), expected)
    assert (written.spacing, written.units, written.ngff) == ((0.5, 0.25), ("µm", "µm"), "0.5")
    assert (result.blocks, result.computed) == (12, 12)
    assert result.pixels == ((expected == 0).sum(), (expected == 2).sum())
    assert sum(isinstance(e, TileDone) for e in events) == 12
    again = predict_to_zarr(model, image, out, block_size=64, **SMALL_TILES)
    assert (again.computed, again.pixels) == (0, result.pixels)


def test_arrays_of_any_axes_and_a_notice_of_the_pixel_size(folder: Path, model: Model) -> None:
    import dask.array as da

    stack = np.stack([blobs(80, seed)[0] for seed in range(3)], axis=-1)
    lazy, said = da.from_array(stack, chunks=(40, 40, 1)), []
    coarse = fit(*blobs(), max_seconds=0, preset=TINY, spacing=(1.0, 1.1))
    predict_to_zarr(
        coarse, lazy, folder / "t.zarr", axes="YXT", spacing=(9, 9, 2),
        version="0.4", on_event=said.append,
    )  # fmt: skip
    written = read_image(folder / "t.zarr")
    assert (written.axes, written.spacing) == ("TYX", (2, 9, 9))
    expected = predict(coarse, stack, axes="YXT", spacing=(9, 9, 2))
    np.testing.assert_array_equal(np.asarray(written.array), np.moveaxis(expected, -1, 0))
    assert any(isinstance(e, Notice) and "Rescale" in e.text for e in said)


def test_other_settings_do_not_go_on_with_a_result(folder: Path, model: Model) -> None:
    image, out = folder / "big.ome.zarr", folder / "out.ome.zarr"
    predict_to_zarr(model, image, out)
    before = np.asarray(read_image(out).array)
    with pytest.raises(OtherResult, match="another settings"):
        predict_to_zarr(model, image, out, threshold=0.9)
    np.testing.assert_array_equal(np.asarray(read_image(out).array), before)
    predict_to_zarr(model, image, out, threshold=0.999999, overwrite=True)
    assert (np.asarray(read_image(out).array) != before).any()


KILLED = """
import os, signal, sys
from napari_unet.core.events import TileDone
from napari_unet.files import predict_to_zarr

left = int(sys.argv[4])

def on_event(event):
    global left
    left -= isinstance(event, TileDone)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

predict_to_zarr(*sys.argv[1:4], block_size=40, on_event=on_event, tile_size=96, precision="float32",
                smallest_object=20)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_after_kill_9_only_missing_blocks_are_computed_to_the_same_result(folder: Path) -> None:
    script = folder / "killed.py"
    script.write_text(KILLED)
    image, out = folder / "big.ome.zarr", folder / "out.ome.zarr"
    command = [sys.executable, script, folder / "model.unet", image, out, "33"]
    ended = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=False)
    assert ended.returncode == -signal.SIGKILL
    settings = {"block_size": 40, "smallest_object": 20, **SMALL_TILES}
    half = read_image(out).array[0:40, 0:40]
    went_on = predict_to_zarr(folder / "model.unet", image, out, **settings)
    assert (went_on.blocks, went_on.computed) == (25, 25 - (33 - 25))
    predict_to_zarr(folder / "model.unet", image, folder / "undisturbed.zarr", **settings)
    found, expected = (np.asarray(read_image(p).array) for p in (out, folder / "undisturbed.zarr"))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(half, expected[:40, :40])


def test_the_shell_writes_ome_zarr_and_goes_on(folder: Path, model: Model) -> None:
    image, out = folder / "big.ome.zarr", folder / "out.ome.zarr"
    command = ("predict", folder / "model.unet", image, "-o", out)
    [told] = answer(*command)["results"]
    labels = np.asarray(read_image(out).array)
    np.testing.assert_array_equal(labels, predict(model, blobs(200)[0][:180], spacing=(0.5, 0.25)))
    assert told["pixels"]["Class 2"] == (labels == 2).sum()
    assert (told["blocks"], told["computed"]) == (1, 1)
    again = run(*command)
    assert again.exit_code == 0
    assert "was complete before" in again.stdout
    other = run(*command, "--threshold", 0.9)
    assert other.exit_code == 1
    assert "another settings" in other.output
    inside = folder / "big.ome.zarr" / "labels" / "cells"
    assert answer("predict", folder / "model.unet", image, "-o", inside)["results"]
    assert read_image(inside).ngff == "0.5"
    flat = folder / "flat.tif"
    assert answer("predict", folder / "model.unet", image, "-o", flat)["results"]
    written = read_labels(flat)
    np.testing.assert_array_equal(written.array, labels)
    assert (written.kind, written.spacing) == ("ome", (0.5, 0.25))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["big.ome.zarr", "-o", "big.ome.zarr"], "input itself"),
        (["big.ome.zarr", "-o", "big.ome.zarr", "--overwrite"], "input itself"),
        (["big.ome.zarr", "-o", "big.ome.zarr/0/x.zarr"], "readers look"),
        (["big.ome.zarr", "-o", "out.zarr", "--probabilities"], "Leave out --probabilities"),
        (["big.ome.zarr", "-o", "out.zarr", "--smallest-object", "9999"], "smaller numbers"),
        (["big.ome.zarr", "-o", "other.zarr", "--overwrite"], "delete it yourself"),
    ],
)
def test_what_the_shell_refuses_to_write(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    monkeypatch.chdir(folder)
    zarr.save_array("other.zarr", np.ones((3, 3)))
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    result = run("predict", "model.unet", *arguments)
    assert result.exit_code == 1
    assert complaint in " ".join(result.output.split())
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_training_and_evaluation_read_zarr_too(folder: Path) -> None:
    image, paint = blobs(200)
    tifffile.imwrite(folder / "paint.tif", paint[:180])
    pair = (folder / "big.ome.zarr", folder / "paint.tif")
    out = folder / "new.unet"
    answer("train", *pair, "-o", out, "--seconds", 0, "--start", folder / "model.unet")
    assert answer("evaluate", out, *pair)["mean_iou"] > 0.7


# -- many images --------------------------------------------------------------------------


@pytest.fixture
def images(folder: Path) -> Path:
    """A folder of good images and bad ones."""
    images = folder / "images"
    images.mkdir()
    for seed, name in enumerate(("a.tif", "b.tif", "d.tif")):
        tifffile.imwrite(images / name, blobs(seed=seed)[0])
    (images / "c.tif").write_bytes((images / "a.tif").read_bytes()[:300])
    tifffile.imwrite(images / "e.tif", np.zeros((64, 64, 3), np.uint8), photometric="rgb")
    (images / "notes.txt").write_text("stray")
    (folder / "big.ome.zarr").rename(images / "big.ome.zarr")
    return images


def table(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "summary.csv").open(newline="", encoding="utf-8") as file:
        return {row["labels"]: row for row in csv.DictReader(file)}


def test_bad_images_do_not_keep_the_others_from_being_predicted(
    folder: Path, images: Path, model: Model
) -> None:
    out = folder / "out"
    result = run("predict", folder / "model.unet", images, images / "notes.txt", "-o", out)
    assert result.exit_code == 1
    assert "3 images failed:" in result.stdout
    assert str(out / "summary.csv") in result.stdout.replace("\n", "")
    written = sorted(p.name for p in out.iterdir())
    good = ["a_labels.tif", "b_labels.tif", "big_labels.ome.zarr", "d_labels.tif"]
    assert written == [*good, "summary.csv"]
    for seed, name in enumerate("abd"):
        found = read_labels(out / f"{name}_labels.tif").array
        np.testing.assert_array_equal(found, predict(model, blobs(seed=seed)[0]))
    rows = table(out)
    assert {row["image"]: row["status"] for row in rows.values()} == {
        **{str(images / n): "done" for n in ("a.tif", "b.tif", "d.tif", "big.ome.zarr")},
        **{str(images / n): "failed" for n in ("c.tif", "e.tif", "notes.txt")},
    }
    assert "channels" in rows["e_labels.tif"]["error"]
    a = read_labels(out / "a_labels.tif").array
    assert int(rows["a_labels.tif"]["pixels Class 2"]) == (a == 2).sum()
    assert float(rows["a_labels.tif"]["seconds"]) >= 0


def test_the_same_command_does_only_what_is_not_done(folder: Path, images: Path) -> None:
    command = ("predict", folder / "model.unet", images / "*.tif", "-o", images)
    first = answer(*command, exit_code=1)
    assert [Path(r["image"]).name for r in first["results"]] == ["a.tif", "b.tif", "d.tif"]
    (images / "c.tif").write_bytes((images / "a.tif").read_bytes())
    (images / "d_labels.tif").unlink()
    second = answer(*command, exit_code=1)
    assert [Path(p).name for p in second["skipped"]] == ["a.tif", "b.tif"]
    assert [Path(r["image"]).name for r in second["results"]] == ["c.tif", "d.tif"]
    assert [Path(r["image"]).name for r in second["failed"]] == ["e.tif"]
    assert {row["status"] for row in table(images).values()} == {"done", "failed"}
    assert len(table(images)) == 5
    assert "4 images done before and skipped." in run(*command).stdout


def test_a_batch_that_was_killed_goes_on(folder: Path, images: Path, model: Model) -> None:
    out = folder / "out"
    command = ("predict", folder / "model.unet", images / "[abd].tif", "-o", out)
    answer(*command)
    lines = (out / "summary.csv").read_text("utf-8").splitlines()
    started = lines[2].replace("done", "started")
    # killed after b was written and before that was noted, in the middle of a line
    (out / "summary.csv").write_text("\n".join([*lines[:2], started, lines[2][:-5]]), "utf-8")
    (out / "d_labels.tif").unlink()
    told = answer(*command)
    assert [Path(p).name for p in told["skipped"]] == ["a.tif"]
    assert [Path(r["image"]).name for r in told["results"]] == ["b.tif", "d.tif"]
    np.testing.assert_array_equal(
        read_labels(out / "d_labels.tif").array, predict(model, blobs(seed=2)[0])
    )


def test_results_of_others_are_not_replaced(folder: Path, images: Path) -> None:
    out = folder / "out"
    command = ("predict", folder / "model.unet", images / "[ab].tif", "-o", out)
    answer(*command)
    before = {p: p.read_bytes() for p in out.iterdir()}
    tifffile.imwrite(images / "a.tif", blobs(seed=9)[0])
    for changed, complaint in ((command, "another image"), ((*command, "--flips"), "settings")):
        result = run(*changed)
        assert result.exit_code == 1
        assert complaint in result.output
        assert {p: p.read_bytes() for p in out.iterdir()} == before
    assert len(answer(*command, "--overwrite")["results"]) == 2
    foreign = folder / "foreign"
    foreign.mkdir()
    (foreign / "summary.csv").write_text("name,age\n")
    result = run(*command[:-1], foreign, "--overwrite")
    assert result.exit_code == 1
    assert "table of something else" in result.output
    assert (foreign / "summary.csv").read_text() == "name,age\n"


def test_what_is_wrong_with_the_command_ends_the_batch(folder: Path, images: Path) -> None:
    command = ("predict", folder / "model.unet", images / "*.tif", "-o", folder / "out")
    result = run(*command, "--device", "tpu")
    assert result.exit_code == 1
    assert "no device" in result.output
    assert "failed:" not in result.output
    assert not (folder / "out" / "a_labels.tif").exists()


def test_a_folder_can_go_to_ome_zarr(folder: Path, images: Path) -> None:
    out = folder / "out"
    command = ("predict", folder / "model.unet", images / "[ab].tif", "-o", out)
    told = answer(*command, "--ome-zarr", "0.5")
    names = [Path(result["labels"]).name for result in told["results"]]
    assert names == ["a_labels.ome.zarr", "b_labels.ome.zarr"]
    assert read_image(out / "a_labels.ome.zarr").ngff == "0.5"
    again = answer(*command, "--ome-zarr", "0.5")
    assert [result["computed"] for result in again["results"]] == [0, 0]


def test_nothing_matches(folder: Path) -> None:
    result = run("predict", folder / "model.unet", folder / "*.png", "-o", folder / "out")
    assert result.exit_code == 1
    assert "There is no image" in result.output
    with pytest.raises(UNetError, match="There is no file"):
        predict_to_zarr(folder / "model.unet", folder / "none.tif", folder / "out.zarr")


# -- a cluster ----------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_cluster_that_loses_a_worker_writes_what_one_process_writes(
    folder: Path, model: Model
) -> None:
    pytest.importorskip("distributed")
    from napari_unet.cluster import connected

    image, out = folder / "big.ome.zarr", folder / "out.ome.zarr"
    settings = {"precision": "float32", "tile_size": 160, "smallest_object": 20, "block_size": 40}
    events: list[Any] = []

    def lose_a_worker(event: object) -> None:
        events.append(event)
        if len(events) == 1:
            first = next(iter(client.scheduler_info()["workers"]))
            client.run(os._exit, 1, workers=[first], on_error="return")

    with connected(workers=2) as client:
        told = {"client": client, "on_event": lose_a_worker}
        result = predict_to_zarr(model, image, out, **told, **settings)
        with pytest.raises(UNetError, match="Give the path"):
            predict_to_zarr(model, blobs()[0], folder / "b.zarr", client=client)
    assert (result.blocks, result.computed, result.stopped) == (25, 25, False)
    again = predict_to_zarr(model, image, out, **settings)
    assert (again.computed, again.pixels) == (0, result.pixels)
    predict_to_zarr(model, image, folder / "here.zarr", **settings)
    found, expected = (np.asarray(read_image(p).array) for p in (out, folder / "here.zarr"))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_the_shell_uses_the_scheduler_it_is_told(folder: Path) -> None:
    distributed = pytest.importorskip("distributed")
    command = ("predict", folder / "model.unet", folder / "big.ome.zarr", "--tile", 160, "-o")
    with distributed.LocalCluster(
        n_workers=1, processes=False, protocol="tcp://", dashboard_address=":0"
    ) as cluster:
        address = cluster.scheduler_address
        result = run(*command, folder / "there.zarr", "--scheduler", address)
        [worker] = cluster.workers.values()
        computed = worker.state.executed_count
    assert result.exit_code == 0, result.output
    assert "The cluster can be watched at" in result.output
    assert computed > 1
    answer(*command, folder / "here.zarr")
    found, expected = (
        np.asarray(read_image(folder / f"{name}.zarr").array) for name in ("there", "here")
    )
    np.testing.assert_array_equal(found, expected)


def test_what_a_cluster_cannot_do_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("predict", folder / "model.unet", folder / "big.ome.zarr", "-o")
    result = run(*command, folder / "flat.tif", "--workers", 2)
    assert result.exit_code == 1
    assert "Only results in OME-Zarr" in result.output
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run(*command, folder / "out.zarr", "--scheduler", "tcp://127.0.0.1:1")
    assert result.exit_code == 1
    assert "napari-unet-paint[cluster]" in result.output.replace("\n", "")
    assert not (folder / "out.zarr").exists()


def test_frames_added_one_range_after_the_other(model: Model, tmp_path: Path) -> None:
    movie = np.stack([blobs(600, seed)[0] for seed in range(3)])
    out = tmp_path / "labels.ome.zarr"
    more: dict[str, Any] = {"axes": "TYX", "smallest_object": 5, "precision": "float32"}
    first = predict_to_zarr(model, movie, out, frames="1", **more)
    assert first.blocks == first.computed == 1
    group = zarr.open_group(out, mode="r")
    assert group["0"][1].any()
    assert not group["0"][0].any()
    assert np.array_equal(group["1"][1], group["0"][1, ::2, ::2])
    predict_to_zarr(model, movie, out, frames="1:", **more)
    last = predict_to_zarr(model, movie, out, **more)
    assert last.computed == 1
    assert np.array_equal(group["0"][:], predict(model, movie, **more))
    assert np.array_equal(group["1"][:], group["0"][:, ::2, ::2])
    assert sorted(p.name for p in out.iterdir() if p.is_dir()) == ["0", "1"]


def test_frames_and_slices_from_python_and_from_a_shell(model: Model, tmp_path: Path) -> None:
    stack = np.stack([[blobs(64, 2 * t + z)[0] for z in range(3)] for t in range(2)])
    every = predict(model, stack, axes="TZYX")
    some = predict(model, stack, axes="TZYX", frames="1", slices=":2")
    assert np.array_equal(some[1, :2], every[1, :2])
    assert not some[0].any()
    assert not some[1, 2].any()
    tifffile.imwrite(tmp_path / "s.tif", stack, imagej=True, metadata={"axes": "TZYX"})
    model.save(tmp_path / "model.unet")
    command = ["predict", tmp_path / "model.unet", tmp_path / "s.tif", "-o", tmp_path / "m.tif"]
    answer(*command, "--frames", "1", "--slices", ":2")
    assert np.array_equal(read_labels(tmp_path / "m.tif").array, some)
    refused = run(*command, "--frames", "5:", "--overwrite")
    assert refused.exit_code == 1
    assert "2 frames" in refused.output
