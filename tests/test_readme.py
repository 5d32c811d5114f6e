"""What the README tells people to type works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner

from napari_unet.cli.app import app
from napari_unet.data.samples import load_sample

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def painted() -> tuple[np.ndarray, np.ndarray]:
    coins = load_sample("coins")
    return coins.image[:160, :160], coins.paint[:160, :160]


def test_python(painted, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    image, paint = painted
    names = {"image": image, "paint": paint, "a": image, "b": image}
    names |= {"paint_a": paint, "paint_b": paint, "more_paint": np.where(image > 200, 2, paint)}
    [code] = blocks("python")
    exec(code.replace("max_seconds=60", "max_seconds=0"), names)
    assert names["labels"].shape == image.shape
    assert names["chances"].shape == (2, *image.shape)
    assert names["better"].classes == names["model"].classes


def test_shell(painted, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    image, paint = painted
    (tmp_path / "more").mkdir()
    named = {"cells": image, "cells_paint": paint, "truth": paint, "more/other": image}
    for name, array in named.items():
        tifffile.imwrite(tmp_path / f"{name}.tif", array)
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if line.startswith("unet-paint")]
    assert {command[1] for command in commands} == {"train", "predict", "evaluate", "info", "demo"}
    for _, *arguments in commands:
        words = ["0" if word == "60" else word.replace("*", "other") for word in arguments]
        if "demo" in words:  # takes minutes; that its options exist is enough
            words = [*words[:2], "--help"]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"{words}: {done.output}"


def test_every_file_it_links_to_exists() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


def test_the_animated_picture_is_shown_and_can_be_read() -> None:
    path = "docs/images/conversation.gif"
    assert f"({path})" in README
    assert (ROOT / path).stat().st_size <= 2_000_000
    with Image.open(ROOT / path) as film:
        assert film.width == 960
        assert 10 <= film.n_frames <= 20
        assert film.info["loop"] == 0
        seconds = 0.0
        for number in range(film.n_frames):
            film.seek(number)
            seconds += film.info["duration"] / 1000
    assert 15 <= seconds <= 60
