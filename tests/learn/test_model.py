"""A model in memory."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from napari_unet import __version__
from napari_unet.core.annotations import ClassMap
from napari_unet.core.normalize import Normalisation
from napari_unet.learn.checkpoint import load_model, read_card
from napari_unet.learn.model import Model


def test_a_copy_shares_nothing(small_model: Model) -> None:
    twin = small_model.copy()
    with torch.no_grad():
        for weights in twin.net.parameters():
            weights.zero_()
    twin.history.append({"step": 11})
    twin.history[0]["loss"] = 0.0
    assert any(weights.any() for weights in small_model.net.parameters())
    assert small_model.history == [{"step": 10, "loss": 0.5, "score": None}]
    assert twin.classes == small_model.classes
    assert twin.config == small_model.config


def test_what_is_not_said_has_sensible_values(small_model: Model) -> None:
    plain = Model(small_model.net, ClassMap((1, 2)), Normalisation((0.0,), (1.0,)))
    other = Model(small_model.net, ClassMap((1, 2)), Normalisation((0.0,), (1.0,)))
    assert (plain.spacing, plain.axes, plain.preset) == (None, "YX", None)
    assert plain.version == __version__
    assert plain.history is not other.history


def test_the_card_is_what_the_file_will_say(small_model: Model, tmp_path: Path) -> None:
    card = small_model.card()
    assert json.loads(json.dumps(card)) == card
    assert card["config"]["base_width"] == 4
    assert card["classes"]["names"] == ["Background", "Kern"]
    assert card["parameters"] == sum(p.numel() for p in small_model.net.parameters())
    small_model.save(tmp_path / "a.unet")
    assert read_card(tmp_path / "a.unet") == card
    assert load_model(tmp_path / "a.unet").card() == card
