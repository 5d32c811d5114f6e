"""Many image files with a real, tiny model: what is done, skipped, failed, and never touched."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile

from napari_unet.api import Model, fit, predict
from napari_unet.batch.events import BatchResult, FileBegun, FileFailed
from napari_unet.batch.file_prediction import FilePrediction
from napari_unet.batch.run import Batch
from napari_unet.batch.tasks import WriteAs, images_in_folder, tasks_for
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig, PredictConfig
from napari_unet.core.errors import InvalidSetting, OutputExists, UnreadableImage
from napari_unet.core.events import TileDone
from napari_unet.core.frames import Part
from napari_unet.data.files import read_image, read_labels

TINY = ModelConfig(base_width=4, depth=2, head_levels=2)
DEFAULT = PredictConfig()


def blobs(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[:64, :64]
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
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    tifffile.imwrite(folder / "a.tif", blobs(1)[0])
    iio.imwrite(folder / "b.png", blobs(2)[0])
    tifffile.imwrite(folder / "c.tif", blobs(3)[0])
    return folder


def run(
    model: Model,
    files: list[Path],
    out: Path,
    *,
    write_as: WriteAs = "image",
    cancel: CancelToken | None = None,
    stop_after: int | None = None,
    parts: tuple[Part, ...] = (),
    config: PredictConfig = DEFAULT,
    probabilities: bool = False,
    overwrite: bool = False,
) -> tuple[BatchResult, list[Any]]:
    cancel = cancel or CancelToken()
    prediction = FilePrediction(model, config, None, cancel, parts)
    tasks = tasks_for(files, out, probabilities, write_as, into_folder=True)
    batch = Batch(tasks, model.classes.names, prediction.made_with(), overwrite)
    events, work = [], batch.run(prediction.write, lambda: cancel.cancelled)
    while True:
        try:
            events.append(next(work))
        except StopIteration as end:
            return end.value, events
        if stop_after is not None and sum(isinstance(e, FileBegun) for e in events) > stop_after:
            cancel.cancel()


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "summary.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_each_image_is_told_begun_and_written_as_the_facade_would(model, images, tmp_path) -> None:
    out = tmp_path / "out"
    result, events = run(model, images_in_folder(images), out)
    assert [e.image.name for e in events if isinstance(e, FileBegun)] == ["a.tif", "b.png", "c.tif"]
    assert [(e.number, e.of) for e in events if isinstance(e, FileBegun)] == [
        (1, 3), (2, 3), (3, 3),
    ]  # fmt: skip
    assert any(isinstance(e, TileDone) for e in events)
    assert [one.labels.name for one in result.written] == [
        "a_labels.tif", "b_labels.png", "c_labels.tif",
    ]  # fmt: skip
    expected = predict(model, blobs(2)[0])
    assert np.array_equal(read_labels(out / "b_labels.png").array, expected)
    assert result.written[1].pixels["Class 2"] == (expected == 2).sum()
    assert not result.stopped


def test_stray_and_broken_files_are_told_and_are_not_fatal(model, images, tmp_path) -> None:
    (images / "broken.tif").write_bytes(b"II*\x00 no image")
    iio.imwrite(images / "colour.png", np.zeros((64, 64, 3), np.uint8))
    (images / "d.czi").write_bytes(b"ZISRAWFILE cut off")
    (images / "notes.txt").write_text("not an image")
    out = tmp_path / "out"
    result, events = run(model, images_in_folder(images, "*"), out)
    assert [one.image.name for one in result.failed] == [
        "broken.tif", "colour.png", "d.czi", "notes.txt",
    ]  # fmt: skip
    assert result.failed == [e for e in events if isinstance(e, FileFailed)]
    assert all(one.error for one in result.failed)
    czi = result.failed[2].error
    assert "[formats]" in czi or "cannot be read" in czi  # as bioio is missing, or is there
    assert len(result.written) == 3
    table = {Path(row["image"]).name: row for row in rows(out)}
    assert table["broken.tif"]["status"] == "failed"
    assert table["broken.tif"]["error"]
    assert table["a.tif"]["status"] == "done"


def test_a_stopped_batch_goes_on_where_it_was(model, images, tmp_path) -> None:
    out, files = tmp_path / "out", images_in_folder(images)
    stopped, _ = run(model, files, out, stop_after=1)
    assert stopped.stopped
    assert [one.image.name for one in stopped.written] == ["a.tif"]
    first = (out / "a_labels.tif").stat().st_mtime_ns
    result, _ = run(model, files, out)
    assert [path.name for path in result.skipped] == ["a.tif"]
    assert [one.image.name for one in result.written] == ["b.png", "c.tif"]
    assert (out / "a_labels.tif").stat().st_mtime_ns == first
    assert [row["status"] for row in rows(out)] == ["done"] * 3


def test_a_file_of_the_users_is_never_replaced(model, images, tmp_path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "c_labels.tif").write_text("mine")
    with pytest.raises(OutputExists):
        run(model, images_in_folder(images), out)
    assert (out / "c_labels.tif").read_text() == "mine"
    assert sorted(path.name for path in out.iterdir()) == ["c_labels.tif"]


def test_results_with_other_settings_are_not_taken_for_done(model, images, tmp_path) -> None:
    out, files = tmp_path / "out", images_in_folder(images)
    run(model, files, out)
    with pytest.raises(OutputExists, match="other"):
        run(model, files, out, config=PredictConfig(threshold=0.9))


def test_masks_may_lie_beside_the_images(model, images) -> None:
    first, _ = run(model, images_in_folder(images), images)
    again, _ = run(model, images_in_folder(images), images)
    assert len(first.written) == 3
    assert (len(again.written), len(again.skipped), again.failed) == (0, 3, [])


@pytest.mark.parametrize("probabilities", [False, True])
def test_what_lies_beside_the_images_is_replaced_and_never_predicted(
    model, images, probabilities
) -> None:
    how = {"probabilities": probabilities}
    run(model, images_in_folder(images), images, **how)
    held = sorted(path.name for path in images.iterdir())
    again, _ = run(model, images_in_folder(images), images, **how)
    assert (len(again.skipped), again.failed) == (3, [])
    config = PredictConfig(smallest_object=5000)
    anew, _ = run(model, images_in_folder(images), images, config=config, overwrite=True, **how)
    assert (len(anew.written), anew.failed) == (3, [])
    assert sorted(path.name for path in images.iterdir()) == held
    assert not read_labels(images / "a_labels.tif").array.any()


@pytest.mark.parametrize(
    ("write_as", "name"), [("ome-tiff", "b_labels.ome.tif"), ("ome-zarr", "b_labels.ome.zarr")]
)
def test_masks_are_written_in_the_asked_format(model, images, tmp_path, write_as, name) -> None:
    out = tmp_path / "out"
    result, _ = run(model, [images / "b.png"], out, write_as=write_as)
    assert result.written[0].labels.name == name
    written = read_image(out / name)
    assert written.axes == "YX"
    assert np.array_equal(np.asarray(written.array[:, :]), predict(model, blobs(2)[0]))


def test_a_range_of_frames_leaves_the_others_empty(model, tmp_path) -> None:
    movie = np.stack([blobs(seed)[0] for seed in range(4)])
    tifffile.imwrite(tmp_path / "movie.tif", movie, imagej=True, metadata={"axes": "TYX"})
    part = (Part("T", 1, 3),)
    whole, _ = run(model, [tmp_path / "movie.tif"], tmp_path / "all")
    some, _ = run(model, [tmp_path / "movie.tif"], tmp_path / "some", parts=part)
    every = read_labels(whole.written[0].labels).array
    labels = read_labels(some.written[0].labels).array
    assert labels.shape == movie.shape
    assert np.array_equal(labels[1:3], every[1:3])
    assert not labels[[0, 3]].any()
    assert sum(some.written[0].pixels.values()) == 2 * 64 * 64


def test_patterns_and_folders_that_hold_nothing(images) -> None:
    assert [p.name for p in images_in_folder(images, "*.tif")] == ["a.tif", "c.tif"]
    (images / "sub").mkdir()
    (images / "sub" / "d.tif").write_bytes((images / "a.tif").read_bytes())
    assert len(images_in_folder(images, "**/*.tif")) == 3
    with pytest.raises(UnreadableImage, match="pattern"):
        images_in_folder(images, "*.nothing")
    with pytest.raises(UnreadableImage, match="no folder"):
        images_in_folder(images / "elsewhere")
    with pytest.raises(InvalidSetting):
        images_in_folder(images, "/absolute/*.tif")


def test_a_folder_whose_name_looks_like_a_pattern(images) -> None:
    odd = images.rename(images.with_name("images [1]"))
    assert len(images_in_folder(odd, "*.tif")) == 2
    tasks = tasks_for(images_in_folder(odd), odd / "out", False, into_folder=True)
    assert len(tasks.each) == 3
