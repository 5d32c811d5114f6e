"""Meta-training: it learns, it resumes, it stops when asked, and what it exports loads."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_unet.core.config import preset
from napari_unet.learn import start_weights
from napari_unet.learn.class_head import ClassHead
from napari_unet.learn.start_weights import load_start
from pretraining.__main__ import main
from pretraining.annotator import Habit, draw_paint
from pretraining.episodes import apply_head, feature_maps, play, solve
from pretraining.export import shipped_weights
from pretraining.feed import Feed, feed_of, make_task
from pretraining.meta_training import Learner, MetaTraining, Plan, stoppable

WIDTH = 4


def _feed() -> Feed:
    return feed_of(0, (), 0.0, 48, keep=4, workers=0)


def _plan(steps: int) -> Plan:
    return Plan(max_steps=steps, minutes=1e9, batch=1, reuse=2, keep=4)


def test_the_solver_puts_painted_pixels_into_their_class() -> None:
    torch.manual_seed(0)
    learner = Learner(WIDTH).train()
    task = make_task(1, seed=0, folders=(), real_share=0.0, side=48)
    shot = task.painted
    paint = draw_paint(shot.truth, Habit(2, 10, 1), np.random.default_rng(0))
    maps = feature_maps(learner.for_channels(len(shot.image)), shot)
    weight, bias = solve(maps, paint, task.classes, steps=20, ridge=1e-3)
    answer = apply_head(maps, weight, bias)[0].argmax(0).numpy()
    assert (answer[tuple(paint.positions.T)] == paint.classes).mean() > 0.9


def test_a_solved_head_is_that_of_the_program() -> None:
    torch.manual_seed(0)
    maps = [torch.randn(1, 3, 8, 8), torch.randn(1, 2, 4, 4)]
    head = ClassHead(2, (3, 2), 2)
    weight = torch.cat([level.weight[:, :, 0, 0] for level in head.levels], 1).T
    expected = head(maps)
    assert torch.allclose(apply_head(maps, weight, head.levels[0].bias), expected, atol=1e-5)


def test_an_episode_reaches_the_trunk_and_playing_it_again_lowers_its_loss() -> None:
    torch.manual_seed(0)
    learner = Learner(WIDTH).train()
    task = make_task(2, seed=0, folders=(), real_share=0.0, side=48)
    optimiser = torch.optim.Adam(learner.parameters(), 0.01)
    losses = []
    for _ in range(8):
        judged = play(
            learner.for_channels(len(task.painted.image)), task, np.random.default_rng(0),
            learner.log_scale.exp(),
        )  # fmt: skip
        optimiser.zero_grad()
        judged.loss.backward()
        assert learner.net.encoder[0][1].conv.weight.grad.abs().sum() > 0
        optimiser.step()
        losses.append(judged.loss.item())
    assert losses[-1] < losses[0]


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = MetaTraining(_plan(4), _feed(), tmp_path / "whole", WIDTH)
    list(whole.run())
    first = MetaTraining(_plan(4), _feed(), tmp_path / "parts", WIDTH)
    stop = torch.zeros(1, dtype=torch.bool)
    for _ in range(2):
        first._one_step(0.0, False)
    first.save()
    second = MetaTraining(_plan(4), _feed(), tmp_path / "parts", WIDTH)
    assert second.step == 2
    list(second.run(stop))
    for name, value in whole.average.items():
        assert torch.equal(value, second.average[name]), name


def test_a_signal_ends_training() -> None:
    with stoppable() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_training_stopped_by_a_signal_exports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = MetaTraining._one_step

    def stopped(self: MetaTraining, began: float, _: bool) -> list[tuple[float, float, float]]:
        os.kill(os.getpid(), signal.SIGTERM)
        return step(self, began, True)

    monkeypatch.setattr(MetaTraining, "_one_step", stopped)
    monkeypatch.setattr(os, "nice", lambda _: 19)
    main(["train", "--out", str(tmp_path), "--data", str(tmp_path), "--workers", "0",
          "--side", "48", "--width", str(WIDTH)])  # fmt: skip
    assert (tmp_path / start_weights.NAME).is_file()
    card = json.loads((tmp_path / start_weights.NAME).with_suffix(".json").read_text())
    assert card["episodes"] == 2
    assert card["real images"] == {}


@pytest.mark.parametrize("channels", [1, 2, 3, 5])
def test_weights_for_three_planes_serve_any_number_of_channels(
    channels: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    wide = Learner()
    from safetensors.torch import save_file

    (tmp_path / "weights").mkdir()
    save_file(shipped_weights(wide.state_dict()), tmp_path / "weights" / start_weights.NAME)
    monkeypatch.setattr(start_weights, "files", lambda _: tmp_path)
    net = load_start(preset("fast", input_channels=channels, classes=4)).train()
    image = torch.randn(1, channels, 32, 32)
    maps = net.feature_maps(image)
    assert net(image).shape == (1, 4, 32, 32)
    if channels <= 3:
        own = wide.train().for_channels(channels).feature_maps(image)
        assert all(torch.allclose(a, b, atol=0.05) for a, b in zip(maps, own, strict=True))


def test_there_are_no_weights_for_other_shapes() -> None:
    assert load_start(preset("standard")) is None
    assert load_start(preset("fast", dimensions=3)) is None
