"""The instant answer where a channel is missing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage as ndi

from napari_unet import api
from napari_unet.learn.checkpoint import load_model
from napari_unet.learn.model import Model
from napari_unet.learn.recipe import model_digest


def scene(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two channels that show the same blobs, the second one poorly; and where the blobs are."""
    random = np.random.default_rng(seed)
    height = ndi.gaussian_filter(random.random((128, 128)), 5)
    truth = height > np.median(height)
    channels = [truth + random.normal(0, noise, truth.shape) for noise in (0.15, 0.8)]
    return np.stack(channels).astype(np.float32), truth


def strokes(truth: np.ndarray) -> np.ndarray:
    paint = np.zeros(truth.shape, np.uint8)
    for row in (20, 90):
        paint[row : row + 4] = np.where(truth[row : row + 4], 2, 1)
    return paint


@pytest.fixture(scope="module")
def model() -> Model:
    image, truth = scene(0)
    return api.fit(image, strokes(truth), axes="CYX", max_seconds=0, device="cpu")


def iou(model: Model, image: np.ndarray, truth: np.ndarray) -> float:
    found = api.predict(model, image, axes="CYX") == 2
    return float((found & truth).sum() / (found | truth).sum())


def test_a_missing_channel_has_a_head_of_its_own_and_nothing_else_changes(model: Model) -> None:
    assert sorted(model.spare_heads) == [0, 1]
    assert model.known_channels.spared
    image, truth = scene(1)
    lacking = image.copy()
    lacking[0] = np.nan
    plain = replace(model, spare_heads={})
    assert 1 - iou(model, lacking, truth) < 0.85 * (1 - iou(plain, lacking, truth))
    whole = [api.predict_proba(one, image, axes="CYX") for one in (model, plain)]
    assert np.array_equal(*whole)


def test_a_channel_named_as_missing_and_one_of_nothing_are_the_same(model: Model) -> None:
    image, _ = scene(2)
    lacking = image.copy()
    lacking[0] = np.nan
    named = api.predict_proba(model, image, axes="CYX", channels=[None, 1])
    assert np.array_equal(named, api.predict_proba(model, lacking, axes="CYX"))


def test_heads_are_kept_with_the_model(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "model.unet")
    loaded = load_model(tmp_path / "model.unet")
    image, _ = scene(3)
    image[1] = np.nan
    answers = [api.predict_proba(one, image, axes="CYX") for one in (model, loaded)]
    assert np.array_equal(*answers)
    assert (
        model_digest(loaded) == model_digest(model) != model_digest(replace(model, spare_heads={}))
    )


def test_neither_one_channel_nor_colours_nor_a_trained_network_gets_any() -> None:
    image, truth = scene(0)
    more = {"device": "cpu"}
    assert not api.fit(image[0], strokes(truth), max_seconds=0, **more).spare_heads
    colours = np.stack([*image, image[0]], -1)
    colours = (255 * np.clip(colours, 0, 1)).astype(np.uint8)
    assert not api.fit(colours, strokes(truth), axes="YXC", max_seconds=0, **more).spare_heads
    off = {"axes": "CYX", "max_seconds": 0, "channel_dropout": 0}
    assert not api.fit(image, strokes(truth), **off, **more).spare_heads
