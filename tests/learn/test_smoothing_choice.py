"""How strongly answers are smoothed: as much as the paint bears."""

from __future__ import annotations

import numpy as np
import torch

from napari_unet.api import fit, predict_proba
from napari_unet.core.annotations import UNPAINTED
from napari_unet.learn.edge_smoothing import STRENGTHS
from napari_unet.learn.smoothing_choice import strength_for


def _noisy(truth: torch.Tensor, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Chances that are right on average, in an image that shows the truth with little noise."""
    generator = torch.Generator().manual_seed(seed)
    logit = 1.5 * (2 * truth - 1) + 1.5 * torch.randn(truth.shape, generator=generator)
    chance = logit.sigmoid()
    image = truth + 0.03 * torch.randn(truth.shape, generator=generator)
    return torch.stack([1 - chance, chance]), image[None]


def test_broad_objects_are_smoothed_strongly() -> None:
    truth = torch.zeros(96, 96)
    truth[20:70, 30:80] = 1
    chances, image = _noisy(truth)
    assert strength_for(chances, image, truth.to(torch.uint8)) == STRENGTHS[-1]


def test_lines_that_would_be_lost_are_not_smoothed() -> None:
    truth = torch.zeros(96, 96)
    truth[::8] = 1
    chances = torch.stack([1 - truth, truth]) * 0.2 + 0.4
    blank = torch.zeros(1, 96, 96)  # nothing in the image holds the lines
    assert strength_for(chances, blank, truth.to(torch.uint8)) == 0


def test_without_paint_nothing_is_smoothed() -> None:
    truth = torch.zeros(32, 32)
    chances, image = _noisy(truth)
    nothing = torch.full((32, 32), UNPAINTED, dtype=torch.uint8)
    assert strength_for(chances, image, nothing) == 0


def test_the_strength_goes_with_the_model_and_its_file(tmp_path) -> None:
    rng = np.random.default_rng(0)
    truth = np.zeros((160, 160), np.uint8)
    truth[30:80, 40:120] = 1
    image = (600.0 * truth + 200 * rng.standard_normal(truth.shape) + 1000).astype(np.float32)
    paint = np.zeros_like(truth)
    paint[50:54, 50:110], paint[120:124, 20:140] = 2, 1
    model = fit(image, paint, max_seconds=0, paint_mode="strokes")
    assert model.net.head.smoothing > 0
    from napari_unet.api import load_model

    model.save(tmp_path / "model.safetensors")
    again = load_model(tmp_path / "model.safetensors")
    assert again.net.head.smoothing == model.net.head.smoothing
    smooth = predict_proba(model, image)
    assert np.array_equal(predict_proba(again, image), smooth)
    model.net.head.smoothing = 0.0
    assert not np.array_equal(predict_proba(model, image), smooth)


def test_weights_from_before_there_was_smoothing_have_none() -> None:
    from napari_unet.core.config import ModelConfig
    from napari_unet.learn.unet import UNet

    net = UNet(ModelConfig(base_width=4, depth=1))
    stored = {name: w for name, w in net.state_dict().items() if name != "head.strength"}
    net.head.smoothing = 6.0
    net.load_state_dict(stored)
    assert net.head.smoothing == 0
