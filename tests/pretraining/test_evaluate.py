"""The instant answer as the start weights are judged by it."""

from __future__ import annotations

import numpy as np
import torch

from napari_unet.learn.head import RIDGE_AS_READ
from pretraining.annotator import Habit, draw_paint
from pretraining.evaluate import Instant
from pretraining.meta_training import Learner


def scene(bright: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A noisy image whose right columns are bright, and which these are."""
    rng = np.random.default_rng(seed)
    truth = np.zeros((64, 64), np.uint8)
    truth[:, 64 - bright :] = 1
    image = np.where(truth, 0.8, -0.6) + rng.normal(0, 0.15, truth.shape)
    return image[None].astype(np.float32), truth


def test_the_share_of_own_statistics_changes_other_images_only() -> None:
    torch.manual_seed(0)
    learner = Learner(base_width=4)
    (image, truth), (other, _) = scene(24, 0), scene(5, 1)
    paint = draw_paint(truth, Habit(3, 20, 1), np.random.default_rng(0))
    found = {
        share: Instant(learner.for_channels, RIDGE_AS_READ, own_share=share) for share in (0, 1)
    }
    maps = {share: method._maps(other, image) for share, method in found.items()}
    assert not torch.allclose(maps[0][-1], maps[1][-1], atol=0.1)
    alone = learner.for_channels(1).train().feature_maps(torch.from_numpy(other)[None])
    for ours, expected in zip(maps[1], alone, strict=True):
        assert torch.allclose(ours, expected, atol=1e-3)
    answers = [method(image, paint)(image) for method in found.values()]
    assert np.array_equal(*answers)
    assert (answers[0] == truth).mean() > 0.95
