"""The instant answer for what is on screen, and the features it remembers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_unet.core import preview
from napari_unet.core.assemble import assemble_arrays
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig, PredictConfig, preset
from napari_unet.core.dataset import TrainingSet, unpainted_set
from napari_unet.core.preview import PreviewRequest
from napari_unet.learn import glance, instant, painted_parts
from napari_unet.learn.feature_cache import FeatureCache
from napari_unet.learn.glance import Glance
from napari_unet.learn.instant import solve_from
from napari_unet.learn.model import Model
from napari_unet.learn.painted_parts import pictured_of
from napari_unet.learn.predictor import Predictor
from napari_unet.learn.unet import UNet

SMALL = preset("fast").changed(base_width=4, depth=2, head_levels=3)


def _training(seed: int = 0, classes: int = 2, size: int = 96) -> TrainingSet:
    """A bright square on noise, with strokes inside and outside."""
    random = np.random.default_rng(seed)
    image = random.normal(0, 0.2, (size, size))
    image[30:70, 30:70] += 1
    paint = np.zeros((size, size), np.uint8)
    paint[5:8, 5:60] = 1
    paint[40:43, 35:65] = 2
    if classes == 3:
        paint[80:83, 10:50] = 3
    return assemble_arrays(image, paint, mode="strokes").training


def _box(size: int = 96) -> tuple[slice, slice]:
    return slice(0, size), slice(0, size)


def _request(box: tuple[slice, slice], generation: int = 1) -> PreviewRequest:
    return PreviewRequest(generation, 0, 0, box)


def _answer(training: TrainingSet, look: Glance, box: tuple[slice, slice]) -> np.ndarray:
    """Labels in a box, put together from all parts."""
    shape = training.images[0].source.spatial_shape
    labels = np.full(shape, 255, np.uint8)
    for done in look.answers(training, SMALL, _request(box)):
        assert (labels[done.box] == 255).all()
        labels[done.box] = done.labels
    assert (labels[box] != 255).all()
    return labels[box]


def test_it_tells_what_is_painted_apart() -> None:
    labels = _answer(_training(), Glance("cpu", "float32"), _box())
    truth = np.zeros((96, 96), bool)
    truth[30:70, 30:70] = True
    assert ((labels == 2) & truth).sum() / ((labels == 2) | truth).sum() > 0.8


def test_the_next_stroke_computes_no_features(monkeypatch: pytest.MonkeyPatch) -> None:
    look, training = Glance("cpu", "float32"), _training()
    first = _answer(training, look, _box())
    calls = []
    forward = UNet.feature_maps
    monkeypatch.setattr(UNet, "feature_maps", lambda s, x: calls.append(1) or forward(s, x))
    more = _training(classes=3)
    painted = replace(
        training,
        classes=more.classes,
        images=(replace(training.images[0], annotation=more.images[0].annotation),),
    )
    second = _answer(painted, look, _box())
    assert not calls
    assert 3 in second
    assert 3 not in first


def _unpainted(training: TrainingSet) -> TrainingSet:
    return unpainted_set([image.source for image in training.images])


def test_what_is_prepared_before_the_first_stroke_is_not_computed_after_it(monkeypatch) -> None:
    look, training = Glance("cpu", "float32"), _training(classes=3)
    look.prepare(_unpainted(training), SMALL, _request(_box()))
    calls = []
    forward = UNet.feature_maps
    monkeypatch.setattr(UNet, "feature_maps", lambda s, x: calls.append(1) or forward(s, x))
    prepared = _answer(training, look, _box())
    assert not calls
    assert (prepared == _answer(training, Glance("cpu", "float32"), _box())).all()
    assert calls


def test_what_is_around_earlier_strokes_is_prepared_too(monkeypatch) -> None:
    monkeypatch.setattr(painted_parts, "WHOLE_SAMPLE", 1)  # strokes are looked at one by one
    look, training = Glance("cpu", "float32"), _training()
    look.prepare(training, SMALL, _request(_box()))
    calls = []
    forward = UNet.feature_maps
    monkeypatch.setattr(UNet, "feature_maps", lambda s, x: calls.append(1) or forward(s, x))
    _answer(training, look, _box())
    assert not calls


def test_nothing_is_prepared_where_memory_is_short_or_nobody_waits(monkeypatch) -> None:
    training, cancel = _training(), CancelToken()
    calls = []
    forward = UNet.feature_maps
    monkeypatch.setattr(UNet, "feature_maps", lambda s, x: calls.append(1) or forward(s, x))
    look = Glance("cpu", "float32")
    monkeypatch.setattr(glance, "free_memory", lambda _: 10**9)
    look.prepare(_unpainted(training), SMALL, _request(_box()))
    monkeypatch.setattr(glance, "free_memory", lambda _: 10**11)
    cancel.cancel()
    look.prepare(_unpainted(training), SMALL, _request(_box()), cancel=cancel)
    assert not calls
    look.prepare(_unpainted(training), SMALL, _request(_box()))
    assert calls


def test_a_large_view_is_answered_part_by_part_from_its_middle(monkeypatch) -> None:
    training, look = _training(size=160), Glance("cpu", "float32")
    whole = _answer(training, Glance("cpu", "float32"), _box(160))
    monkeypatch.setattr(painted_parts, "WHOLE_SAMPLE", 1)
    monkeypatch.setattr(glance, "_MOST_PIXELS", 128 * 128)
    monkeypatch.setattr(preview, "_LARGEST", 40)
    monkeypatch.setattr(glance, "_NEAR_PARTS", 3)
    parts = list(look.answers(training, SMALL, _request(_box(160))))
    assert [part.box for part in parts] == [part.box for part in _request(_box(160)).parts()]
    assert (_answer(training, look, _box(160)) == whole).mean() > 0.995


def test_between_two_parts_it_can_be_given_up(monkeypatch) -> None:
    monkeypatch.setattr(glance, "_MOST_PIXELS", 1)
    monkeypatch.setattr(preview, "_LARGEST", 48)
    cancel = CancelToken()
    parts = Glance("cpu", "float32").answers(_training(), SMALL, _request(_box()), cancel=cancel)
    next(parts)
    cancel.cancel()
    assert list(parts) == []


@pytest.mark.parametrize("most", [10**9, 1])
def test_a_part_is_answered_like_the_whole(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(painted_parts, "WHOLE_SAMPLE", 1)  # strokes are looked at one by one
    training = _training(size=160)
    box = (slice(30, 101), slice(40, 90))
    whole = _answer(training, Glance("cpu", "float32"), _box(160))
    monkeypatch.setattr(glance, "_MOST_PIXELS", most)
    part = _answer(training, Glance("cpu", "float32"), box)
    assert part.shape == (71, 50)
    assert (part == whole[box]).mean() > 0.995


def test_a_trained_trunk_is_used_and_left_alone() -> None:
    training, look = _training(), Glance("cpu", "float32")
    torch.manual_seed(3)
    net = UNet(SMALL.changed(input_channels=1, classes=2, filter_bank=False)).eval()
    model = Model(net, training.classes, training.normalisations[0])
    before = {k: v.clone() for k, v in net.state_dict().items()}
    (done,) = look.answers(training, SMALL, _request(_box(), 7), model)
    assert done.generation == 7
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert (done.labels != _answer(training, Glance("cpu", "float32"), _box())).any()


def test_its_probabilities_are_what_the_answer_was_decided_by_before_it_was_smoothed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(instant, "best_strength", lambda *_: 0.0)
    training, look = _training(classes=3), Glance("cpu", "float32")
    box = (slice(10, 60), slice(20, 90))
    chances = look.probabilities(training, SMALL, _request(box))
    assert chances is not None
    assert chances.shape == (3, 50, 70)
    assert np.allclose(chances.sum(0), 1, atol=1e-5)
    shown = _answer(training, look, box)
    assert (training.classes.to_labels(chances.argmax(0)) == shown).all()


def test_cancelled_it_answers_nothing() -> None:
    cancel = CancelToken()
    cancel.cancel()
    look = Glance("cpu", "float32")
    assert list(look.answers(_training(), SMALL, _request(_box()), cancel=cancel)) == []
    assert look.probabilities(_training(), SMALL, _request(_box()), cancel=cancel) is None


def test_the_solved_head_predicts_what_the_glance_shows() -> None:
    training = _training()
    torch.manual_seed(0)
    net = UNet(SMALL.changed(input_channels=1, classes=2)).eval()
    model = Model(net, training.classes, training.normalisations[0])
    (shown,) = Glance("cpu", "float32").answers(training, SMALL, _request(_box()), model)
    features = FeatureCache(net, glance.choose_device("cpu"), glance.best_precision(
        glance.choose_device("cpu"), "float32", net.config))  # fmt: skip
    from napari_unet.core.strokes import strokes_of

    solve_from(net, features, training, strokes_of(0, training.images[0].annotation, 2))
    predictor = Predictor(
        model, training.images[0].source, PredictConfig(device="cpu", precision="float32")
    )
    chances = predictor.probabilities(0, _box())
    assert (training.classes.to_labels(chances.argmax(0)) == shown.labels).mean() > 0.999


def test_features_of_one_image_stay_while_another_is_added_and_go_with_the_image() -> None:
    one, other = _training(seed=1), _training(seed=2)
    both = replace(
        one,
        images=(*one.images, *other.images),
        normalisations=(*one.normalisations, *other.normalisations),
    )
    look = Glance("cpu", "float32")
    seen = [
        {key[0] for key in look._features._maps}
        for training in (one, both, other)
        if list(look.answers(training, SMALL, _request(_box())))
    ]
    ids = [id(its.images[0].source.array) for its in (one, other)]
    assert seen == [{ids[0]}, set(ids), {ids[1]}]


def test_features_used_longest_ago_are_forgotten() -> None:
    training = _training()
    net = UNet(ModelConfig(base_width=2, depth=1)).eval()
    device = glance.choose_device("cpu")
    precision = glance.best_precision(device, "float32", net.config)
    image = pictured_of(training, 0)
    boxes = [(slice(0, 32), slice(start, start + 32)) for start in (0, 32, 64)]
    size = sum(m.nbytes for m in FeatureCache(net, device, precision).maps(image, 0, boxes[0]))
    cache = FeatureCache(net, device, precision, room=2 * size)
    first, second = (cache.maps(image, 0, box) for box in boxes[:2])
    assert cache.maps(image, 0, boxes[0]) is first
    cache.maps(image, 0, boxes[2])
    assert cache.maps(image, 0, boxes[0]) is first
    assert cache.maps(image, 0, boxes[1]) is not second
