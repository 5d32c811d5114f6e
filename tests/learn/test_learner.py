"""Steps, averaged weights, and what happens when memory runs out in the middle of one."""

from __future__ import annotations

import pytest
import torch

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.errors import OutOfMemory
from napari_unet.learn import learner as module
from napari_unet.learn.devices import Device, cpu
from napari_unet.learn.learner import Learner
from napari_unet.learn.unet import UNet

TINY = ModelConfig(base_width=4, depth=1, filter_bank=False, head_levels=1)
CONFIG = TrainConfig(precision="float32", learning_rate=1e-2)

OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError("MPS backend out of memory (MPS allocated: 9.00 GB)"),
    MemoryError(),
]


def _batch(n: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    image = torch.zeros(n, 1, 16, 16)
    image[..., 8:] = 1
    target = torch.full((n, 16, 16), UNPAINTED, dtype=torch.uint8)
    target[:, :, 2:4], target[:, :, 12:14] = 0, 1
    return image + 0.1 * torch.randn(image.shape), target


def _learner(device: Device | None = None) -> Learner:
    torch.manual_seed(0)
    return Learner(UNet(TINY), CONFIG, device or cpu())


def test_steps_make_the_loss_smaller():
    learner = _learner()
    losses = [learner.step(*_batch(), 1e-2) for _ in range(40)]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])
    assert learner.steps == 40


def test_the_average_follows_and_a_copy_of_it_does_not():
    learner = _learner()
    copy = learner.shown_copy()
    before = [p.clone() for p in copy.parameters()]
    for _ in range(5):
        learner.step(*_batch(), 1e-2)
    moved = [
        not torch.equal(a, b) for a, b in zip(before, learner.average.parameters(), strict=True)
    ]
    assert any(moved)
    assert all(torch.equal(a, b) for a, b in zip(before, copy.parameters(), strict=True))


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda e: str(e)[:12] or "MemoryError")
def test_a_batch_that_does_not_fit_is_learned_in_parts(monkeypatch, error):
    learner = _learner()
    seen = []
    forward = learner.net.forward

    def full(x):
        seen.append(len(x))
        if len(x) > 1:
            raise error
        return forward(x)

    monkeypatch.setattr(learner.net, "forward", full)
    before = [p.clone() for p in learner.net.parameters()]
    learner.step(*_batch(4), 1e-2)
    assert seen == [4, 2, 1, 1, 1, 1]
    assert learner.steps == 1
    assert any(not torch.equal(a, b) for a, b in zip(before, learner.net.parameters(), strict=True))


def test_other_errors_are_not_taken_for_memory(monkeypatch):
    learner = _learner()

    def broken(x):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(learner.net, "forward", broken)
    with pytest.raises(RuntimeError, match="shapes"):
        learner.step(*_batch(), 1e-2)


def test_when_one_patch_does_not_fit_the_cpu_takes_over(monkeypatch):
    graphics = Device("cuda:0", "Fake GPU, 1 GB", torch.device("cpu", 0))
    monkeypatch.setattr(module, "release_memory", lambda device: None)
    learner = _learner(graphics)
    learner.device = Device("cuda:0", "Fake GPU, 1 GB", torch.device("meta"))
    with monkeypatch.context() as m:
        m.setattr(Learner, "_pass", lambda *a: (_ for _ in ()).throw(OUT_OF_MEMORY[0]))
        with pytest.raises(OutOfMemory, match="Fake GPU"):
            learner.step(*_batch(2), 1e-2)
    assert learner.fall_back()
    assert learner.device.is_cpu
    assert learner.step(*_batch(2), 1e-2) > 0
    assert not learner.fall_back()


def test_a_slow_pass_is_split_so_that_stop_is_answered_soon(monkeypatch):
    learner = _learner()
    now = [0.0]

    def clock():
        now[0] += 10.0
        return now[0]

    monkeypatch.setattr(module.time, "monotonic", clock)
    learner.step(*_batch(4), 1e-2)
    learner.step(*_batch(4), 1e-2)
    assert learner.splits == 4
    learner.step(*_batch(4), 1e-2)
    assert learner.splits == 4


def test_parts_learn_the_same_as_the_whole():
    """Without batch statistics, micro-batches of equal paint give the gradient of the batch."""
    config = TINY.changed(normalisation="none")
    image, target = _batch(4)
    weights = []
    for splits in (1, 4):
        torch.manual_seed(0)
        learner = Learner(UNet(config), CONFIG, cpu())
        learner.splits = splits
        learner.step(image, target, 1e-2)
        weights.append(torch.cat([p.detach().ravel() for p in learner.net.parameters()]))
    assert (weights[0] - weights[1]).abs().max() < 5e-3
