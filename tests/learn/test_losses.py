"""Only painted pixels carry loss, and every painted class counts alike."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.config import TrainConfig
from napari_unet.learn.losses import balanced_cross_entropy, disagreement, paint_loss

CONFIGS = [TrainConfig(), TrainConfig(loss="binary-cross-entropy")]


def _case(seed: int, classes: int = 2, painted: float = 0.3) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, classes, 9, 7, generator=random)
    target = torch.randint(classes, (2, 9, 7), generator=random).to(torch.uint8)
    target[torch.rand(2, 9, 7, generator=random) > painted] = UNPAINTED
    return logits, target


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.loss)
@given(seed=st.integers(0, 10_000), painted=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_scores_of_unpainted_pixels_change_nothing(config, seed, painted):
    logits, target = _case(seed, painted=painted)
    other = torch.where((target == UNPAINTED)[:, None], torch.randn_like(logits) * 50, logits)
    assert torch.equal(paint_loss(logits, target, config), paint_loss(other, target, config))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.loss)
def test_unpainted_pixels_get_no_gradient(config):
    logits, target = _case(0)
    logits.requires_grad_(True)
    paint_loss(logits, target, config).backward()
    reached = (logits.grad != 0).any(dim=1)
    assert reached.any()
    assert not reached[target == UNPAINTED].any()


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.loss)
def test_without_paint_the_loss_is_zero_and_can_be_differentiated(config):
    logits = torch.randn(1, 2, 4, 4, requires_grad=True)
    loss = paint_loss(logits, torch.full((1, 4, 4), UNPAINTED, dtype=torch.uint8), config)
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_a_rare_class_counts_more_than_its_pixels_and_less_than_a_common_one():
    target = torch.zeros(1, 20, 20, dtype=torch.long)
    target[0, 0, :10] = 1
    logits = torch.zeros(1, 2, 20, 20)
    logits[:, 0] = 2.0
    wrong, right = torch.log1p(torch.exp(torch.tensor([2.0, -2.0])))
    rare, common = 10**0.5, 390**0.5
    expected = float((wrong * rare + right * common) / (rare + common))
    assert balanced_cross_entropy(logits, target) == pytest.approx(expected)


def test_disagreement_counts_where_nobody_painted_and_something_was_answered():
    target = torch.full((1, 2, 2), UNPAINTED, dtype=torch.uint8)
    target[0, 0, 0] = 1  # painted: does not count
    chances = torch.zeros(1, 2, 2, 2)
    chances[:, 0] = 1
    chances[:, :, 1, 1] = 0  # never answered: does not count
    logits = torch.zeros(1, 2, 2, 2)
    logits[:, :, 0, 0] = torch.tensor([-9.0, 9.0])
    logits[:, :, 1, 1] = torch.tensor([-9.0, 9.0])
    assert disagreement(logits, target, chances) == pytest.approx(math.log(2))
    assert disagreement(logits, target, torch.zeros_like(chances)) == 0


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.loss)
def test_one_score_is_the_same_as_two_that_differ_by_it(config):
    logits, target = _case(3)
    single = logits[:, 1:] - logits[:, :1]
    assert torch.allclose(paint_loss(single, target, config), paint_loss(logits, target, config))


def test_the_right_answer_has_hardly_any_loss():
    _, target = _case(5, classes=3)
    sure = torch.nn.functional.one_hot(target.long().clamp(max=2), 3).movedim(-1, 1) * 40.0
    assert float(paint_loss(sure, target, TrainConfig())) < 1e-3
