"""Small networks that behave like the large ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from napari_unet.core.annotations import ClassMap
from napari_unet.core.config import ModelConfig
from napari_unet.core.normalize import Normalisation
from napari_unet.learn.model import Model
from napari_unet.learn.unet import UNet


@pytest.fixture
def make_net() -> Callable[..., UNet]:
    """Make a small network, always the same one for the same settings."""

    def make(**settings: Any) -> UNet:
        torch.manual_seed(0)
        return UNet(ModelConfig(**{"base_width": 4, "depth": 2, **settings})).eval()

    return make


@pytest.fixture
def small_model(make_net: Callable[..., UNet]) -> Model:
    """A small model with everything on its card filled in."""
    return Model(
        net=make_net(),
        classes=ClassMap((1, 3), names=("Background", "Kern")),
        normalisation=Normalisation((12.5,), (250.0,)),
        spacing=(0.65, 0.65),
        axes="TYX",
        history=[{"step": 10, "loss": 0.5, "score": None}],
        preset="fast",
    )
