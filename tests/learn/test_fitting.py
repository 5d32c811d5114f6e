"""A model meets an image: other channels, another pixel size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage as ndi

from napari_unet import api
from napari_unet.core.axes import AxesSpec
from napari_unet.core.config import ModelConfig, PredictConfig, TrainConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.drive import exhaust
from napari_unet.core.errors import ChannelMismatch
from napari_unet.core.events import Notice
from napari_unet.core.finer import FinerSource
from napari_unet.core.source import ImageSource
from napari_unet.learn import rescaled
from napari_unet.learn.channel_dropout import ChannelDropout, dropout_for
from napari_unet.learn.checkpoint import load_model
from napari_unet.learn.fitting import predictor_for
from napari_unet.learn.inference import predict
from napari_unet.learn.model import Model
from napari_unet.learn.rescaled import RescaledPredictor

PLAIN = ModelConfig(base_width=8, depth=2, filter_bank=False, head_levels=1)


def scene(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two channels that show the same blobs, the second one poorly; and where the blobs are."""
    random = np.random.default_rng(seed)
    height = ndi.gaussian_filter(random.random((96, 96)), 5)
    truth = height > np.median(height)
    channels = [truth + random.normal(0, noise, truth.shape) for noise in (0.15, 0.8)]
    return np.stack(channels).astype(np.float32), truth


def iou(found: np.ndarray, truth: np.ndarray) -> float:
    return float((found & truth).sum() / (found | truth).sum())


def fit(dropout: float, **more) -> Model:
    image, truth = scene(0)
    paint = np.zeros(truth.shape, np.uint8)
    paint[8:40] = np.where(truth[8:40], 2, 1)
    return api.fit(
        image, paint, axes="CYX", max_steps=50, channel_dropout=dropout, patch_size=64,
        preset=PLAIN, learning_rate=3e-3, start="scratch", device="cpu", **more,
    )  # fmt: skip


def test_a_missing_channel_hurts_less_where_channels_were_left_out_in_training() -> None:
    image, truth = scene(1)
    lacking = image.copy()
    lacking[0] = np.nan
    scores = {}
    for dropout in (0.0, 0.3):
        model = fit(dropout)
        assert model.channel_dropout == dropout
        scores[dropout] = [
            iou(api.predict(model, i, axes="CYX") > 0, truth) for i in (image, lacking)
        ]
    assert scores[0.3][0] > 0.9
    loss = {dropout: whole - part for dropout, (whole, part) in scores.items()}
    assert loss[0.3] < 0.7 * loss[0.0]


def test_one_channel_always_stays_and_all_patches_are_alike() -> None:
    drop, image = ChannelDropout(0.6, seed=0), torch.ones(3, 2, 4, 4)
    counts = []
    for _ in range(60):
        out = drop(image)
        assert bool(((out == 0) | (out == 1)).all())
        assert torch.equal(out, out[:1, :, :1, :1].expand_as(out))
        counts.append(int(out[0, :, 0, 0].sum()))
    assert set(counts) == {1, 2}
    assert bool((image == 1).all())
    assert ChannelDropout(0.0, seed=0)(image) is image


@pytest.mark.parametrize(
    ("axes", "shape", "expected"),
    [("CYX", (2, 32, 32), 0.1), ("YXC", (32, 32, 3), 0.0), ("YX", (32, 32), 0.0)],
)
def test_only_channels_that_are_no_colours_are_left_out(axes, shape, expected) -> None:
    from napari_unet.core.annotations import AnnotatedImage, Annotation, ClassMap

    source = ImageSource(np.zeros(shape), AxesSpec(axes))
    image = AnnotatedImage(source, Annotation((), source.spatial_shape))
    assert dropout_for(TrainingSet((image,), ClassMap((1, 2)), ()), TrainConfig()) == expected


@pytest.fixture
def two_channels(make_net, small_model) -> Model:
    """A model of two named channels that weighs them differently."""
    normalisation = replace(small_model.normalisation, low=(0.0, 0.0), high=(1.0, 1.0))
    net = make_net(input_channels=2)
    return replace(small_model, net=net, normalisation=normalisation, channels=("DAPI", "GFP"))


def labels(model: Model, source: ImageSource, **settings) -> tuple[np.ndarray, list[str]]:
    said: list[str] = []

    def note(event: object) -> None:
        if isinstance(event, Notice):
            said.append(event.text)

    config = PredictConfig(device="cpu", **settings)
    events = predict(model, source, config, want_probabilities=True)
    return exhaust(events, note).probabilities, said


def test_names_bring_channels_into_the_models_order(two_channels) -> None:
    image, _ = scene(0)
    right = ImageSource(image, AxesSpec("CYX"), "im", ("DAPI", "GFP"))
    turned = ImageSource(image[::-1], AxesSpec("CYX"), "im", ("x GFP", "x DAPI"))
    expected, said = labels(two_channels, right)
    assert said == []
    found, said = labels(two_channels, turned)
    assert np.array_equal(found, expected)
    assert "as in training" in said[0]


def test_a_channel_that_is_missing_is_said_and_one_too_many_refused(two_channels) -> None:
    image, _ = scene(0)
    _, said = labels(two_channels, ImageSource(image[0], AxesSpec("YX"), "im", ("DAPI",)))
    assert "lacks GFP" in said[0]
    three = ImageSource(np.concatenate([image, image[:1]]), AxesSpec("CYX"), "im")
    with pytest.raises(ChannelMismatch, match=r"2 channels \(DAPI, GFP\)"):
        predictor_for(two_channels, three, PredictConfig(device="cpu"))


def test_the_card_keeps_the_channels(two_channels, tmp_path) -> None:
    replace(two_channels, channel_dropout=0.25).save(tmp_path / "m.unet")
    known = load_model(tmp_path / "m.unet").known_channels
    assert (known.count, known.names, known.spared) == (2, ("DAPI", "GFP"), True)


def blobs(size: int, step: float) -> np.ndarray:
    """The same scene seen with pixels `step` wide."""
    random = np.random.default_rng(3)
    y, x = np.mgrid[:size, :size] * step + step / 2
    image = np.zeros((size, size))
    for cy, cx in random.uniform(0, size * step, (40, 2)):
        image += np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / 18)
    return image.astype(np.float32)


def test_rescaled_answers_are_those_of_the_image_at_the_models_pixel_size(small_model) -> None:
    model = replace(small_model, spacing=(1.3, 1.3))
    coarse = ImageSource(blobs(120, 1.3), AxesSpec("YX", (1.3, 1.3)))
    fine = ImageSource(blobs(240, 0.65), AxesSpec("YX", (0.65, 0.65)))
    expected, _ = labels(model, coarse)
    found, said = labels(model, fine, rescale="on")
    assert found.shape == (1, 2, 240, 240)
    assert "0.5 x 0.5" in said[0]
    wide = np.kron(expected[0, 0], np.ones((2, 2)))
    off, _ = labels(model, fine, rescale="off")
    errors = [np.abs(p[0, 0] - wide)[8:-8, 8:-8].mean() for p in (found, off)]
    assert errors[0] < 0.25 * errors[1]


def test_rescaled_tiles_have_no_seams(small_model) -> None:
    model = replace(small_model, spacing=(1.0, 1.5))
    source = ImageSource(blobs(300, 1.0), AxesSpec("YX", (0.6, 1.0)))
    config = PredictConfig(device="cpu", rescale="on", precision="float32")
    whole = predictor_for(model, source, config)
    tiled = predictor_for(model, source, config.changed(tile_size=64))
    assert isinstance(tiled, RescaledPredictor)
    assert len(whole.grid) == 1
    assert len(tiled.grid) > 4
    ones, _ = labels(model, source, rescale="on", precision="float32")
    cut, _ = labels(model, source, rescale="on", precision="float32", tile_size=64)
    assert np.abs(ones - cut).max() < 1e-4


def pyramid_of(fine: np.ndarray, times: int) -> FinerSource:
    """The finest level, and one of means that is looked at."""
    size = fine.shape[0] // times
    means = fine.reshape(size, times, size, times).mean((1, 3))
    seen = ImageSource(means, AxesSpec("YX", (0.6 * times,) * 2))
    return FinerSource.of(ImageSource(fine, AxesSpec("YX", (0.6, 0.6))), seen)


def test_a_coarse_level_is_looked_at_and_the_finest_answered_for(small_model) -> None:
    model, source = replace(small_model, spacing=(2.4, 2.4)), pyramid_of(blobs(480, 0.25), 4)
    expected, _ = labels(model, source.seen)
    found, said = labels(model, source)
    assert found.shape == (1, 2, 480, 480)
    assert not said
    means = found[0].reshape(2, 120, 4, 120, 4).mean((2, 4))
    inner = (slice(None), slice(2, -2), slice(2, -2))
    apart = np.abs(means - expected[0])[inner]
    assert apart.max() < 0.15  # of linear ramps, near a peak
    for axis, step in ((1, 1), (1, -1), (2, 1), (2, -1)):
        shifted = np.roll(means, step, axis=axis)
        assert apart.mean() < 0.5 * np.abs(shifted - expected[0])[inner].mean()


def test_a_finer_answer_has_no_seams_and_is_that_of_one_tile(small_model) -> None:
    source = pyramid_of(blobs(384, 0.5), 2)
    config = PredictConfig(device="cpu", precision="float32")
    whole = predictor_for(small_model, source, config)
    tiled = predictor_for(small_model, source, config.changed(tile_size=64))
    assert isinstance(tiled, RescaledPredictor)
    assert len(whole.grid) == 1
    assert len(tiled.grid) > 4
    ones, _ = labels(small_model, source, precision="float32")
    cut, _ = labels(small_model, source, precision="float32", tile_size=64)
    assert np.abs(ones - cut).max() < 1e-4


def test_tiles_of_a_finer_answer_stay_small_however_fine_it_is(small_model, monkeypatch) -> None:
    monkeypatch.setattr(rescaled, "_MOST_PIXELS", 200**2)
    source = pyramid_of(blobs(960, 0.125), 8)
    predictor = predictor_for(small_model, source, PredictConfig(device="cpu"))
    assert max(np.prod([s.stop - s.start for s in tile.reach]) for tile in predictor.grid) < 260**2
    asked = []
    inner = predictor._predictor
    compute = inner.probabilities
    monkeypatch.setattr(inner, "probabilities", lambda *a, **k: asked.append(a) or compute(*a, **k))
    answers = list(predictor.answers([(0, tile) for tile in predictor.grid]))
    assert len(answers) > 9
    assert len(asked) == 1  # what one tile of the network covers is computed once


def test_a_level_is_rescaled_besides_where_it_is_not_the_models(small_model) -> None:
    model = replace(small_model, spacing=(1.8, 1.8))
    source = pyramid_of(blobs(120, 0.5), 2)
    found, said = labels(model, source, rescale="on")
    assert found.shape == (1, 2, 120, 120)
    assert "0.667 x 0.667" in said[0]
    asked, said = labels(replace(model, spacing=(2.0, 2.0)), source)
    assert "measure 1.2 x 1.2" in said[0]
    assert asked.shape == found.shape


@pytest.mark.parametrize("settings", [{}, {"rescale": "off"}])
def test_nothing_is_rescaled_unasked(small_model, settings) -> None:
    source = ImageSource(blobs(64, 1.0), AxesSpec("YX", (2.0, 2.0)))
    predictor = predictor_for(small_model, source, PredictConfig(device="cpu", **settings))
    assert not isinstance(predictor, RescaledPredictor)
