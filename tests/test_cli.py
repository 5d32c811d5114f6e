"""The command line: what it prints, writes and refuses, and its exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from typer.testing import CliRunner

from napari_unet.api import Model, fit, load_model, predict
from napari_unet.cli import app
from napari_unet.core.config import PRESETS, ModelConfig
from napari_unet.core.errors import OutOfMemory
from napari_unet.core.events import ModelImproved, StepDone, TileDone, TrainResult
from napari_unet.data.files import read_image, read_labels

TINY = ModelConfig(base_width=4, depth=2, head_levels=2)


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def answer(*arguments: object) -> dict[str, Any]:
    """What a command prints with --json."""
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def blobs(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A noisy image of four discs, its mask, and strokes on it."""
    rows, columns = np.mgrid[:64, :64]
    mask = ((rows % 32 - 16) ** 2 + (columns % 32 - 16) ** 2) < 64
    image = 400 * mask + np.random.default_rng(seed).normal(300, 30, mask.shape)
    paint = np.zeros(mask.shape, np.uint8)
    paint[[14, 17, 48]] = np.where(mask[[14, 17, 48]], 2, 0)
    paint[2::29, ::2] = 1
    return image.astype(np.uint16), mask, paint


@pytest.fixture(autouse=True)
def _tiny_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRESETS, "tiny", TINY)


@pytest.fixture(scope="module")
def trained() -> Model:
    image, _, paint = blobs()
    return fit(image, paint, max_seconds=0, preset=TINY)


@pytest.fixture
def folder(tmp_path: Path, trained: Model) -> Path:
    """A folder with an image, its paint, its mask and a model."""
    image, mask, paint = blobs()
    about = {"axes": "YX", "unit": "um"}
    tifffile.imwrite(tmp_path / "cells.tif", image, imagej=True, resolution=(4, 4), metadata=about)
    iio.imwrite(tmp_path / "cells.png", (image // 4).astype(np.uint8))
    tifffile.imwrite(tmp_path / "paint.tif", paint)
    iio.imwrite(tmp_path / "mask.png", mask.astype(np.uint8) * 255)
    trained.save(tmp_path / "model.unet")
    return tmp_path


# -- train --------------------------------------------------------------------------------


def test_train_writes_a_model_that_predicts(folder: Path) -> None:
    out = folder / "new" / "cells.unet"
    told = answer(
        "train", folder / "cells.tif", folder / "paint.tif", "-o", out,
        "--seconds", 0, "--preset", "tiny", "--name", "2=Cell",
    )  # fmt: skip
    assert told["model"] == str(out)
    assert told["stopped"] is False
    assert set(told["class_scores"]) == {"Background", "Cell"}
    model = load_model(out)
    assert model.classes.names == ("Background", "Cell")
    assert model.preset == "tiny"
    assert model.spacing == pytest.approx((0.25, 0.25))
    image, mask, _ = blobs(seed=1)
    found = predict(model, image) == 2
    assert (found & mask).sum() / (found | mask).sum() > 0.7


def test_train_on_several_images_with_validation_and_steps(folder: Path) -> None:
    pair = (folder / "cells.tif", folder / "paint.tif")
    told = answer(
        "train", *pair, *pair, "-o", folder / "two.unet", "--steps", 1, "--preset", "tiny",
        "--validation", *pair, "--paint", "strokes", "--seed", 3,
    )  # fmt: skip
    assert told["steps"] == 1
    low, high = told["score_interval"]
    assert low <= told["score"] <= high
    assert told["held_out_strokes"] >= 4


def test_a_score_is_told_with_its_deviation_or_as_too_little(folder: Path) -> None:
    pair = (folder / "cells.tif", folder / "paint.tif")
    fixed = ("--seconds", 0, "--preset", "tiny", "--overwrite", "-o", folder / "new.unet")
    checked = run("train", *pair, *fixed, "--validation", *pair)
    assert re.search(r"\(IoU\): \d\.\d\d ± \d\.\d\d \(Background \d", checked.output)
    paint = tifffile.imread(pair[1])
    paint[20:] = 0
    tifffile.imwrite(folder / "few.tif", paint)
    unsure = run("train", pair[0], folder / "few.tif", *fixed)
    assert "(IoU): too little held-out paint to say" in unsure.output


def test_train_continues_from_a_model(folder: Path, trained: Model) -> None:
    told = answer(
        "train", folder / "cells.tif", folder / "paint.tif", "-o", folder / "better.unet",
        "--start", folder / "model.unet", "--steps", 1,
    )  # fmt: skip
    assert load_model(told["model"]).config == trained.config


def test_train_says_what_the_paint_was_taken_for(folder: Path) -> None:
    result = run(
        "train", folder / "cells.tif", folder / "mask.png", "-o", folder / "mask.unet",
        "--seconds", 0, "--preset", "tiny",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "mask.png: Read as a full mask" in result.output
    assert "Saved" in result.output
    quiet = run(
        "train", folder / "cells.tif", folder / "mask.png", "-o", folder / "mask.unet",
        "--seconds", 0, "--preset", "tiny", "--quiet", "--overwrite",
    )  # fmt: skip
    assert "Read as" not in quiet.output
    assert quiet.stdout.startswith("Saved")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["cells.tif", "paint.tif", "-o", "model.unet"], "exists"),
        (["cells.tif", "paint.tif", "-o", "cells.tif", "--overwrite"], "input itself"),
        (["nothing.tif", "paint.tif", "-o", "new.unet"], "no file"),
        (["cells.tif", "cells.tif", "-o", "new.unet", "--paint", "strokes"], "classes"),
        (["cells.tif", "paint.tif", "-o", "new.unet", "--axes", "TYX"], "2 axes"),
        (["cells.tif", "paint.tif", "-o", "new.unet", "--preset", "huge"], "no preset"),
        (["cells.tif", "paint.tif", "-o", "new.unet", "--start", "cells.tif"], "model"),
        (["cells.tif", "paint.tif", "-o", "new.unet", "--device", "tpu"], "no device"),
    ],
)
def test_what_train_refuses(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    monkeypatch.chdir(folder)
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    result = run("train", *arguments, "--seconds", 0)
    assert result.exit_code == 1
    assert complaint in result.output
    assert "Traceback" not in result.output
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "a.tif", "-o", "m.unet"],
        ["train", "a.tif", "b.tif"],
        ["train", "a.tif", "b.tif", "-o", "m.unet", "--name", "Cell"],
        ["train", "a.tif", "b.tif", "-o", "m.unet", "--seconds", "-1"],
        ["predict", "m.unet", "a.tif"],
        ["predict", "m.unet", "a.tif", "-o", "b.tif", "--threshold", "2"],
        ["evaluate", "m.unet", "a.tif"],
        ["unknown"],
    ],
)
def test_commands_that_are_not_understood(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def _fake_training(monkeypatch: pytest.MonkeyPatch, training: Any) -> None:
    monkeypatch.setattr("napari_unet.learn.training.train", training)


def test_an_error_while_learning_keeps_what_was_learned(
    folder: Path, monkeypatch: pytest.MonkeyPatch, trained: Model
) -> None:
    def train(*_: object, **__: object) -> Iterator[object]:
        yield ModelImproved(trained)
        raise OutOfMemory("The memory is full. Choose a smaller patch.")

    _fake_training(monkeypatch, train)
    result = run("train", folder / "cells.tif", folder / "paint.tif", "-o", folder / "new.unet")
    assert result.exit_code == 1
    assert "memory is full" in result.output
    assert "learned before" in result.output
    assert load_model(folder / "new.unet").config == TINY


def test_interrupting_saves_the_best_model_and_exits_with_130(
    folder: Path, monkeypatch: pytest.MonkeyPatch, trained: Model
) -> None:
    def train(*_: object, cancel: Any, **__: object) -> Any:
        yield ModelImproved(trained)
        yield StepDone(1, 0.5, 0.1, 10.0)
        os.kill(os.getpid(), signal.SIGINT)
        while not cancel.cancelled:
            yield StepDone(2, 0.5, 0.2, 9.0)
        return TrainResult(trained, stopped=True, reason="Stopped.", steps=2)

    _fake_training(monkeypatch, train)
    handler = signal.getsignal(signal.SIGINT)
    result = run("train", folder / "cells.tif", folder / "paint.tif", "-o", folder / "new.unet")
    assert result.exit_code == 130
    assert "best model so far is kept" in result.output
    assert load_model(folder / "new.unet").config == TINY
    assert signal.getsignal(signal.SIGINT) is handler


def test_interrupting_twice_gives_up_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def train(*_: object, **__: object) -> Iterator[object]:
        for step in range(100):
            os.kill(os.getpid(), signal.SIGINT)
            yield StepDone(step, 0.5, 0.1, None)

    _fake_training(monkeypatch, train)
    result = run("train", folder / "cells.tif", folder / "paint.tif", "-o", folder / "new.unet")
    assert result.exit_code == 130
    assert not (folder / "new.unet").exists()


# -- predict ------------------------------------------------------------------------------


def test_predict_writes_labels_like_the_image(folder: Path, trained: Model) -> None:
    out = folder / "out.tif"
    told = answer("predict", folder / "model.unet", folder / "cells.tif", "-o", out)
    [result] = told["results"]
    assert result["labels"] == str(out)
    written = read_labels(out)
    assert (written.kind, written.units) == ("imagej", ("µm", "µm"))
    assert written.spacing == pytest.approx((0.25, 0.25))
    assert np.array_equal(written.array, predict(trained, blobs()[0], spacing=(0.25, 0.25)))
    assert result["pixels"]["Class 2"] == (written.array == 2).sum()


def test_predict_many_into_a_folder_with_probabilities(folder: Path) -> None:
    (folder / "cells.png").rename(folder / "more.png")
    images = (folder / "cells.tif", folder / "more.png")
    told = answer(
        "predict", folder / "model.unet", *images, "-o", folder / "results", "--probabilities",
        "--smallest-object", 5, "--fill-holes", 5, "--threshold", 0.4, "--flips",
    )  # fmt: skip
    names = [Path(result["labels"]).name for result in told["results"]]
    assert names == ["cells_labels.tif", "more_labels.png"]
    chances = read_image(folder / "results" / "cells_probabilities.tif")
    assert (chances.axes, chances.array.shape) == ("CYX", (2, 64, 64))


def test_predict_a_folder_of_images(folder: Path) -> None:
    images = folder / "images"
    images.mkdir()
    for name in ("b.ome.tif", "a.png"):
        if name.endswith("png"):
            iio.imwrite(images / name, blobs()[0])
        else:
            tifffile.imwrite(images / name, blobs()[0], ome=True)
    (images / "notes.txt").write_text("no image")
    result = run("predict", folder / "model.unet", images, "-o", folder / "results")
    assert result.exit_code == 0, result.output
    written = sorted(p.name for p in (folder / "results").iterdir())
    assert written == ["a_labels.png", "b_labels.ome.tif", "summary.csv"]
    assert result.stdout.count("->") == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["cells.tif", "-o", "cells.tif", "--overwrite"], "input itself"),
        (["cells.tif", "-o", "paint.tif"], "exists"),
        (["cells.tif", "-o", "out.jpg"], "ends in"),
        (["nothing.tif", "-o", "out.tif"], "no file"),
        (["cells.tif", "sub/cells.tif", "-o", "results"], "both be written"),
        (["empty", "-o", "results"], "no image"),
        (["colour.png", "-o", "out.png"], "channels"),
        (["cells.tif", "-o", "out.tif", "--axes", "YXC"], "2 axes"),
    ],
)
def test_what_predict_refuses(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    monkeypatch.chdir(folder)
    (folder / "empty").mkdir()
    (folder / "sub").mkdir()
    (folder / "sub" / "cells.tif").write_bytes((folder / "cells.tif").read_bytes())
    iio.imwrite(folder / "colour.png", np.zeros((64, 64, 3), np.uint8))
    before = {p: p.read_bytes() for p in folder.rglob("*.*")}
    result = run("predict", "model.unet", *arguments)
    assert result.exit_code == 1
    assert complaint in result.output
    assert {p: p.read_bytes() for p in folder.rglob("*.*")} == before


def test_overwriting_is_possible_when_asked_for(folder: Path) -> None:
    out = folder / "out.tif"
    out.write_text("old")
    told = answer("predict", folder / "model.unet", folder / "cells.tif", "-o", out, "--overwrite")
    assert read_labels(told["results"][0]["labels"]).array.any()


@pytest.mark.parametrize("content", [b"", b"not a model", None])
def test_a_bad_model_file_is_one_sentence(folder: Path, content: bytes | None) -> None:
    bad = folder / "bad.unet"
    bad.write_bytes((folder / "model.unet").read_bytes()[:-100] if content is None else content)
    result = run("predict", bad, folder / "cells.tif", "-o", folder / "out.tif")
    assert result.exit_code == 1
    assert "bad.unet" in result.output
    assert "Traceback" not in result.output


def test_interrupting_prediction_leaves_no_half(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_unet.core.events import PredictResult

    def stopped(*_: object, cancel: Any, **__: object) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        yield TileDone(1, 9, 0, (), np.zeros((1, 1)))
        assert cancel.cancelled
        return PredictResult(None, stopped=True)

    monkeypatch.setattr("napari_unet.learn.inference.predict", stopped)
    result = run("predict", folder / "model.unet", folder / "cells.tif", "-o", folder / "out.tif")
    assert result.exit_code == 128 + signal.SIGTERM
    assert not (folder / "out.tif").exists()


def test_debug_shows_where_an_error_comes_from(folder: Path) -> None:
    result = run("info", folder / "nothing", "--debug")
    assert type(result.exception).__name__ == "UnknownPreset"
    assert run("--debug", "info", folder / "nothing").exit_code == 1


# -- evaluate, info, devices --------------------------------------------------------------


def test_evaluate_prints_a_table_and_json(folder: Path) -> None:
    arguments = ("evaluate", folder / "model.unet", folder / "cells.tif", folder / "mask.png")
    told = answer(*arguments)
    assert told["pixels"] == 64 * 64
    assert [c["name"] for c in told["classes"]] == ["Background", "Class 2"]
    assert told["classes"][1]["iou"] > 0.7
    result = run(*arguments)
    assert "IoU" in result.stdout
    assert f"{told['classes'][1]['dice']:.3f}" in result.stdout


def test_evaluate_counts_only_painted_pixels(folder: Path) -> None:
    told = answer("evaluate", folder / "model.unet", folder / "cells.tif", folder / "paint.tif")
    assert told["pixels"] == (blobs()[2] > 0).sum()


def test_evaluate_refuses_a_truth_of_another_size(folder: Path) -> None:
    iio.imwrite(folder / "small.png", np.ones((9, 9), np.uint8))
    result = run("evaluate", folder / "model.unet", folder / "cells.tif", folder / "small.png")
    assert result.exit_code == 1
    assert "(9, 9)" in result.output


@pytest.mark.parametrize(
    ("preset", "parameters"), [("classic-transpose", 31_031_745), ("classic-resize", 31_031_685)]
)
def test_info_counts_the_parameters_of_the_historical_networks(
    preset: str, parameters: int
) -> None:
    assert answer("info", preset)["parameters"] == parameters
    assert f"{parameters:,}" in run("info", preset).stdout


def test_info_reads_the_card_of_a_model(folder: Path, trained: Model) -> None:
    told = answer("info", folder / "model.unet")
    assert told["parameters"] == trained.card()["parameters"]
    assert told["config"]["base_width"] == 4
    words = run("info", folder / "model.unet").stdout
    assert "1 Background, 2 Class 2" in words


def test_info_says_what_there_is() -> None:
    result = run("info", "huge")
    assert result.exit_code == 1
    assert "classic-resize" in result.output


def test_devices_end_with_the_cpu() -> None:
    assert answer("devices")["devices"][-1]["name"] == "cpu"
    assert "CPU" in run("devices").stdout


# -- demo ---------------------------------------------------------------------------------


def test_the_discs_demo_trains_evaluates_and_draws(tmp_path: Path) -> None:
    arguments = (
        "demo", "discs", "-o", tmp_path / "discs", "--images", 16, "--validation", 3,
        "--epochs", 2, "--size", 32, "--width", 2,
    )  # fmt: skip
    told = answer(*arguments)
    assert told["steps"] == 2
    assert told["disc"]["pixels"] > 0
    assert load_model(told["files"]["model"]).config.upsampling == "transpose"
    curve, picture = (iio.imread(told["files"][name]) for name in ("curve", "picture"))
    assert curve.shape == (420, 640, 3)
    assert picture.shape[1] > 3 * 32
    assert len(np.unique(curve.reshape(-1, 3), axis=0)) > 4
    again = run(*arguments)
    assert again.exit_code == 1
    assert "exists" in again.output


def test_the_discs_demo_says_what_was_scaled_down(tmp_path: Path) -> None:
    result = run(
        "demo", "discs", "-o", tmp_path, "--images", 16, "--validation", 1, "--epochs", 1,
        "--size", 32, "--width", 1,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "discs 16 instead of 1000" in result.output
    assert "--full" in result.output


# -- the program --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [[], ["train"], ["predict"], ["evaluate"], ["info"], ["devices"], ["demo", "discs"]]
)
def test_help_is_worth_reading(command: list[str]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 8


@pytest.mark.parametrize("command", ["train", "predict", "evaluate", "info"])
def test_help_has_examples(command: str) -> None:
    assert f"unet-paint {command} " in run(command, "--help").stdout


def test_the_version_is_told() -> None:
    import napari_unet

    assert run("--version").stdout.strip() == f"unet-paint {napari_unet.__version__}"


def test_as_a_module_in_a_process_of_its_own(folder: Path) -> None:
    command = [sys.executable, "-m", "napari_unet", "info", str(folder / "model.unet"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["file"] == str(folder / "model.unet")
    failed = subprocess.run([*command[:4], "nothing"], capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert failed.stdout == ""
    assert failed.stderr.count("\n") == 1


# -- the documentation --------------------------------------------------------------------

DOCUMENTATION = Path(__file__).parents[1] / "docs" / "command-line.md"


def test_every_option_in_the_documentation_exists() -> None:
    import re

    lines = DOCUMENTATION.read_text("utf-8").splitlines()
    ours = [
        line for line in lines if not re.search("#SBATCH|job_extra_directives|srun|torchrun", line)
    ]
    written = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "\n".join(ours)))
    commands = (["train"], ["predict"], ["evaluate"], ["info"], ["devices"], ["demo", "discs"], [])
    known = " ".join(run(*command, "--help").stdout for command in commands)
    assert len(written) > 20
    assert {option for option in written if f"{option} " not in known} == set()
