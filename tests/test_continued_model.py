"""What `start=model` and ``--start`` mean, with and without gradient steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from typer.testing import CliRunner

from napari_unet import api
from napari_unet.cli import app
from napari_unet.core.config import ModelConfig
from napari_unet.core.errors import InvalidSetting
from napari_unet.core.events import Notice

TINY = ModelConfig(base_width=4, depth=2, head_levels=2)
PLAIN = TINY.changed(filter_bank=False, normalisation="none")


def greys(seed: int = 0) -> np.ndarray:
    """Columns of three greys, with noise."""
    image = np.random.default_rng(seed).normal(100, 4, (64, 96))
    image[:, 32:64] += 50
    image[:, 64:] += 100
    return image.astype(np.float32)


def strokes(*values: int) -> np.ndarray:
    """Ten short strokes on each of the three greys, in these values."""
    paint = np.zeros((64, 96), np.uint8)
    for third, value in enumerate(values):
        for row in range(3, 63, 6):
            paint[row, 32 * third + 8 : 32 * third + 24] = value
    return paint


def shares(model: api.Model) -> list[float]:
    """How much of each grey is taken for class 2, on another image."""
    found = api.predict(model, greys(1)) == 2
    return [round(float(found[:, a : a + 32].mean()), 1) for a in (0, 32, 64)]


@pytest.mark.parametrize("budget", [{"max_seconds": 0}, {"max_steps": 0}])
def test_without_a_step_new_paint_counts_and_what_was_learned_stays(
    budget: dict[str, int],
) -> None:
    first = api.fit(greys(), strokes(1, 1, 2), preset=TINY, max_steps=2, patch_size=32)
    assert shares(first) == [0, 0, 1]
    before = {name: weight.clone() for name, weight in first.net.state_dict().items()}
    again = api.fit(greys(), strokes(1, 2, 2), start=first, **budget)
    assert shares(again) == [0, 1, 1]
    learned = [name for name, _ in first.net.named_parameters() if not name.startswith("head.")]
    after = again.net.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in learned)
    assert all(torch.equal(before[name], now) for name, now in first.net.state_dict().items())


def test_an_instant_answer_answers_again() -> None:
    first = api.fit(greys(), strokes(1, 1, 2), preset=TINY, max_seconds=0)
    again = api.fit(greys(), strokes(1, 2, 2), start=first, max_seconds=0)
    assert (shares(first), shares(again)) == ([0, 0, 1], [0, 1, 1])


def test_no_steps_are_no_seconds_for_a_network_without_filters() -> None:
    few = strokes(1, 1, 2)
    few[4:] = 0
    how = {"preset": PLAIN, "held_out": 0.0}
    by_steps = api.fit(greys(), few, max_steps=0, **how)
    by_seconds = api.fit(greys(), few, max_seconds=0, **how)
    answers = [api.predict_proba(model, greys()) for model in (by_steps, by_seconds)]
    np.testing.assert_allclose(*answers, atol=1e-2)


def test_a_class_that_is_not_painted_again_is_said_to_be_forgotten() -> None:
    names = {2: "Nucleus", 3: "Wall"}
    first = api.fit(greys(), strokes(1, 2, 3), preset=TINY, max_seconds=0, names=names)
    said: list[str] = []

    def note(event: object) -> None:
        if isinstance(event, Notice):
            said.append(event.text)

    api.fit(greys(), strokes(1, 2, 2), start=first, max_seconds=0, on_event=note)
    assert [text for text in said if "knew Wall," in text and "Paint some of it" in text]
    said.clear()
    api.fit(greys(), strokes(1, 2, 3), start=first, max_seconds=0, on_event=note)
    assert not [text for text in said if "forgotten" in text]


def test_the_shell_continues_without_a_step(tmp_path: Path) -> None:
    first = api.fit(greys(), strokes(1, 1, 2), preset=TINY, max_seconds=0)
    first.save(tmp_path / "first.unet")
    tifffile.imwrite(tmp_path / "image.tif", greys())
    tifffile.imwrite(tmp_path / "paint.tif", strokes(1, 2, 2))
    command = ["train", "image.tif", "paint.tif", "-o", "again.unet", "--start", "first.unet"]
    words = [str(tmp_path / word) if "." in word else word for word in command]
    result = CliRunner().invoke(app, [*words, "--seconds", "0"])
    assert result.exit_code == 0, result.output
    assert shares(api.load_model(tmp_path / "again.unet")) == [0, 1, 1]
    refused = CliRunner().invoke(app, [*words, "--overwrite", "--dimensions", "3"])
    assert refused.exit_code == 1
    assert "2D" in refused.output


def test_a_2d_network_is_not_taken_for_a_volume_in_silence() -> None:
    first = api.fit(greys(), strokes(1, 1, 2), preset=TINY, max_seconds=0)
    volume, paint = np.stack([greys()] * 3), np.stack([strokes(1, 1, 2)] * 3)
    for how in ({"start": first}, {"preset": TINY}):
        with pytest.raises(InvalidSetting, match=r"2D.*3D"):
            api.fit(volume, paint, axes="ZYX", dimensions=3, max_seconds=0, **how)
