"""Pyramids in files: learned on one level, answered for at full resolution, in shell and Python."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from napari_unet.api import fit, load_model, predict_proba
from napari_unet.cli import app
from napari_unet.core.config import PRESETS, ModelConfig, PredictConfig
from napari_unet.core.drive import exhaust
from napari_unet.core.errors import InvalidSetting
from napari_unet.core.events import Notice
from napari_unet.data.files import read_image
from napari_unet.data.pyramid import level_for, level_of_shape, source_at
from napari_unet.files import predict_to_zarr
from napari_unet.learn import rescaled
from napari_unet.learn.fitting import predictor_for
from napari_unet.learn.inference import predict

zarr = pytest.importorskip("zarr")

TINY = ModelConfig(base_width=4, depth=2, head_levels=2)
SIDE, TIMES = 512, 4


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Discs seen with fine pixels; and where they are."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    mask = ((rows % 128 - 70) ** 2 + (columns % 128 - 58) ** 2) < 30**2
    noise = np.random.default_rng(0).normal(300, 30, mask.shape)
    return (400 * mask + noise).astype(np.uint16), mask


def means(array: np.ndarray) -> np.ndarray:
    rows, columns = array.shape
    return array.reshape(rows // 2, 2, columns // 2, 2).mean((1, 3)).astype(array.dtype)


def strokes(mask: np.ndarray) -> np.ndarray:
    paint = np.zeros(mask.shape, np.uint8)
    paint[[17, 18, 50]] = np.where(mask[[17, 18, 50]], 2, 1)
    return paint


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An OME-Zarr of three levels that names the pixel size of the finest one only."""
    monkeypatch.setitem(PRESETS, "tiny", TINY)
    image, mask = scene()
    group = zarr.open_group(str(tmp_path / "slide.ome.zarr"), mode="w", zarr_format=2)
    levels = [image, means(image), means(means(image))]
    for number, level in enumerate(levels):
        group.create_array(str(number), data=level, chunks=(64, 64))
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"]
    steps = [{"type": "scale", "scale": [0.5, 0.5]}]
    datasets: list[dict[str, Any]] = [{"path": "0", "coordinateTransformations": steps}]
    datasets += [{"path": "1"}, {"path": "2"}, {"path": "gone"}]
    group.attrs["multiscales"] = [{"axes": axes, "datasets": datasets, "version": "0.4"}]
    tifffile.imwrite(tmp_path / "paint.tif", strokes(mask[::TIMES, ::TIMES]))
    return tmp_path


def run(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == 0, done.output
    return done.output.replace("\n", " ")


def iou(found: np.ndarray, truth: np.ndarray) -> float:
    return float((found & truth).sum() / (found | truth).sum())


def test_levels_are_known_with_their_pixel_sizes(folder: Path) -> None:
    loaded = read_image(folder / "slide.ome.zarr")
    assert [level.array.shape for level in loaded.levels] == [(512,) * 2, (256,) * 2, (128,) * 2]
    assert [level.spacing for level in loaded.levels] == [(0.5,) * 2, (1.0,) * 2, (2.0,) * 2]
    assert level_of_shape(loaded, (256, 256)) is loaded.coarser[0]
    assert level_of_shape(loaded, (99, 99)) is loaded
    assert source_at(loaded, 2).spatial_shape == (512, 512)
    with pytest.raises(InvalidSetting, match="no level 3"):
        source_at(loaded, 3)
    asked = [
        level_for(loaded, (2.0, 2.0), PredictConfig(rescale=rescale))[0]
        for rescale in ("ask", "on", "off")
    ]
    assert asked == [2, 2, 0]
    assert level_for(loaded, (1.5, 1.5), PredictConfig(rescale="on"))[0] == 1
    assert level_for(loaded, None, PredictConfig()) == (0, "")
    assert level_for(replace(loaded, coarser=()), (2.0, 2.0), PredictConfig(), wanted=1)[0] == 0
    assert level_for(loaded, (2.0, 2.0), PredictConfig(), wanted=1)[0] == 1


def test_the_shell_learns_on_a_level_and_answers_at_full_resolution(folder: Path) -> None:
    slide, model, truth = folder / "slide.ome.zarr", folder / "m.unet", scene()[1]
    said = run(
        "train", slide, folder / "paint.tif", "-o", model, "--seconds", 0, "--preset", "tiny"
    )
    assert "learned on the level of 128 x 128 pixels" in said
    assert load_model(model).spacing == (2.0, 2.0)
    said = run("predict", model, slide, "-o", folder / "out.ome.zarr")
    assert "Level 2 of the pyramid is looked at (2 x 2 pixels" in said
    labels = zarr.open(str(folder / "out.ome.zarr"), mode="r")
    assert labels["0"].shape == (512, 512)
    full = np.asarray(labels["0"]) > 0
    assert iou(full, truth) > 0.85
    steps = np.abs(np.diff(full.astype(int), axis=1)).nonzero()[1]
    assert len({int(step) % TIMES for step in steps}) == TIMES  # borders between coarse pixels
    run("predict", model, slide, "-o", folder / "out.tif")
    assert np.array_equal(tifffile.imread(folder / "out.tif") > 0, full)
    said = run("predict", model, slide, "-o", folder / "fine.tif", "--level", 0)
    assert "is looked at" not in said
    tifffile.imwrite(folder / "coarse_truth.tif", truth[::TIMES, ::TIMES].astype(np.uint8) + 1)
    assert "16384 pixels compared" in run("evaluate", model, slide, folder / "coarse_truth.tif")


def test_paint_that_fits_has_the_axes_of_its_image(folder: Path) -> None:
    image, mask = scene()
    movie = np.stack([image[:64, :64]] * 3)
    paint = np.zeros(movie.shape, np.uint8)
    paint[1] = np.where(mask[:64, :64], 2, 1)
    about = {"axes": "TYX"}
    tifffile.imwrite(folder / "movie.ome.tif", movie, photometric="minisblack", metadata=about)
    tifffile.imwrite(folder / "strokes.tif", paint, photometric="minisblack")
    said = run(
        "train", folder / "movie.ome.tif", folder / "strokes.tif", "-o", folder / "t.unet",
        "--seconds", 0, "--preset", "tiny",
    )  # fmt: skip
    assert "does not name" not in said


def test_python_streams_the_same_and_another_level_is_another_result(folder: Path) -> None:
    image, mask = scene()
    coarse = means(means(image))
    paint = strokes(mask[::TIMES, ::TIMES])
    model = fit(coarse, paint, max_seconds=0, preset=TINY, spacing=(2.0, 2.0))
    said: list[str] = []

    def note(event: object) -> None:
        if isinstance(event, Notice):
            said.append(event.text)

    out = folder / "labels.zarr"
    predict_to_zarr(model, folder / "slide.ome.zarr", out, block_size=64, on_event=note)
    assert ["Level 2" in text for text in said] == [True]
    streamed = np.asarray(zarr.open(str(out), mode="r")["0"])
    source = source_at(read_image(folder / "slide.ome.zarr"), 2)
    result = exhaust(predict(model, source, want_probabilities=True))
    assert result.probabilities is not None
    assert result.labels is not None
    assert np.array_equal(streamed, result.labels[0])
    chances = predict_proba(model, coarse, spacing=(2.0, 2.0))
    wide = np.kron(chances[1], np.ones((TIMES, TIMES)))
    assert np.abs(result.probabilities[0, 1] - wide).mean() < 0.05
    from napari_unet.learn.recipe import recipe

    recipes = [recipe(model, source_at(read_image(folder / "slide.ome.zarr"), k), PredictConfig())
               for k in (0, 1, 2)]  # fmt: skip
    assert len({one["image"] for one in recipes}) == 3


def peak(model: Any, folder: Path, side: int) -> int:
    """Most bytes of arrays while a level is brought to eight times its size, on disk."""
    group = zarr.open_group(str(folder / f"{side}.zarr"), mode="w", zarr_format=2)
    coarse = means(scene()[0])[: side // 8, : side // 8]
    group.create_array("0", shape=(side, side), dtype=np.uint16, chunks=(64, 64))
    group.create_array("1", data=np.ascontiguousarray(coarse), chunks=(64, 64))
    steps = [{"type": "scale", "scale": [0.25, 0.25]}]
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"]
    datasets: list[dict[str, Any]] = [{"path": "0", "coordinateTransformations": steps}]
    group.attrs["multiscales"] = [
        {"axes": axes, "datasets": [*datasets, {"path": "1"}], "version": "0.4"}
    ]
    tracemalloc.start()
    predict_to_zarr(model, folder / f"{side}.zarr", folder / f"{side}_out.zarr", block_size=128)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_finest_level(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(rescaled, "_MOST_PIXELS", 128**2)
    image, mask = scene()
    coarse, paint = means(means(image)), strokes(mask[::TIMES, ::TIMES])
    model = fit(coarse, paint, max_seconds=0, preset=TINY, spacing=(2.0, 2.0))
    peak(model, folder, 256)  # what is loaded once is loaded
    small, large = (peak(model, folder, side) for side in (1024, 2048))
    assert large < small + 2 * 2**20  # the probabilities of all of it are 24 MB more


def test_a_level_is_looked_at_by_the_workers_of_a_cluster_too(folder: Path) -> None:
    pytest.importorskip("distributed")
    from napari_unet.cluster_worker import Errand, TileWorker

    image, mask = scene()
    paint = strokes(mask[::TIMES, ::TIMES])
    model = fit(means(means(image)), paint, max_seconds=0, preset=TINY, spacing=(2.0, 2.0))
    slide = folder / "slide.ome.zarr"
    here = predictor_for(model, source_at(read_image(slide), 2), PredictConfig())
    worker = TileWorker(model, Errand(slide, "YX", PredictConfig(), here.setup, None, 2))
    worker.setup(None)
    tiles = [(0, tile) for tile in here.grid]
    for (_, _, mine), its in zip(here.answers(tiles), worker.compute(tiles), strict=True):
        np.testing.assert_array_equal(mine, its)
