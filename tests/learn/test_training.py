"""The whole course of training, on images a network learns in a second."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from napari_unet.core.annotations import AnnotatedImage, Annotation, ClassMap, PaintBox
from napari_unet.core.axes import AxesSpec
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig, PredictConfig, TrainConfig
from napari_unet.core.dataset import TrainingSet, build_training_set
from napari_unet.core.errors import ChannelMismatch, OutOfMemory
from napari_unet.core.events import (
    ModelImproved,
    Notice,
    Prepared,
    PreviewDone,
    ScoreDone,
    TrainResult,
)
from napari_unet.core.preview import PreviewDesk, PreviewRequest
from napari_unet.core.source import ImageSource
from napari_unet.learn import learner as learner_module
from napari_unet.learn import run as run_module
from napari_unet.learn.predictor import Predictor
from napari_unet.learn.scoring import Score
from napari_unet.learn.training import train

SIDE = 96
TINY = ModelConfig(base_width=4, depth=2, head_levels=2)
FEW = TrainConfig(
    max_seconds=None, max_steps=12, patch_size=32, batch_size=4, precision="float32", score_every=4
)


def squares(channels: int = 1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Bright squares on a dark ground with noise, (Y, X) or (Y, X, C), and their mask."""
    random = np.random.default_rng(seed)
    mask = np.zeros((SIDE, SIDE), bool)
    for y, x in random.integers(0, SIDE - 16, (6, 2)):
        mask[y : y + 16, x : x + 16] = True
    image = (mask * 90 + random.normal(60, 12, mask.shape)).clip(0, 255).astype(np.uint8)
    return (image if channels == 1 else np.stack([image] * channels, -1)), mask


def strokes(mask: np.ndarray, seed: int = 0) -> np.ndarray:
    """Eight short strokes of each class, in class numbers; 255 where not painted."""
    random = np.random.default_rng(seed)
    paint = np.full(mask.shape, 255, np.uint8)
    for number, region in enumerate((~mask, mask)):
        ys, xs = np.nonzero(region)
        for k in random.integers(0, len(ys), 8):
            window = np.s_[max(0, ys[k] - 1) : ys[k] + 2, max(0, xs[k] - 3) : xs[k] + 4]
            paint[window][region[window]] = number
    return paint


def training_set(
    channels: int = 1, images: int = 1, classes: tuple[int, ...] = (1, 2)
) -> TrainingSet:
    """As many images as wished, each with its strokes."""
    annotated = []
    for seed in range(images):
        image, mask = squares(channels, seed)
        source = ImageSource(image, AxesSpec("YX" if channels == 1 else "YXC"))
        annotation = Annotation((PaintBox(0, (0, 0), strokes(mask, seed)),), mask.shape)
        annotated.append(AnnotatedImage(source, annotation))
    return build_training_set(annotated, ClassMap(classes))


def drive(generator):
    """All events of a run, and what it returns."""
    events = []
    while True:
        try:
            events.append(next(generator))
        except StopIteration as end:
            return events, end.value


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def iou(result: TrainResult, seed: int = 0, channels: int = 1) -> float:
    image, mask = squares(channels, seed)
    source = ImageSource(image, AxesSpec("YX" if channels == 1 else "YXC"))
    predictor = Predictor(result.model, source, PredictConfig(precision="float32"))
    whole = (slice(0, SIDE), slice(0, SIDE))
    found = predictor.probabilities(0, whole).argmax(0) == 1
    return (found & mask).sum() / (found | mask).sum()


def test_it_learns_and_says_what_it_does():
    events, result = drive(train(training_set(), TINY, FEW))
    prepared = events[0]
    assert isinstance(prepared, Prepared)
    assert prepared.classes == 2
    assert min(prepared.painted_pixels) > 50
    assert 0 < prepared.held_out_strokes < prepared.strokes
    assert of(ModelImproved, events)
    assert 0 < result.steps <= 12
    assert not result.stopped
    assert iou(result) > 0.6
    assert iou(result, seed=9) > 0.6
    assert [entry["step"] for entry in result.model.history][:2] == [0, 4]


def test_no_time_at_all_gives_the_instant_answer_from_all_strokes():
    events, result = drive(train(training_set(), TINY, FEW.changed(max_seconds=0)))
    assert result.steps == 0
    assert iou(result) > 0.5


def test_it_never_returns_a_model_that_scored_worse(monkeypatch):
    scores = iter([(0.5, 1.0), (0.9, 0.5), (0.3, 0.4), (0.2, 0.3)])
    monkeypatch.setattr(
        run_module,
        "score_model",
        lambda *args: Score((one := next(scores))[0], (0.5, 0.5), one[1]),
    )
    events, result = drive(train(training_set(), TINY, FEW.changed(finish=0)))
    best = of(ModelImproved, events)[-1].model
    assert [event.best for event in of(ScoreDone, events)] == [True, True, False, False]
    assert result.score == 0.9
    assert result.model is best


@pytest.mark.parametrize(
    ("mean", "loss", "taken"),
    [
        (None, None, True),
        (0.49, 2.0, True),
        (0.45, 1.05, True),
        (0.45, 2.0, False),
        (0.3, 1.0, False),
    ],
)
def test_what_was_learned_is_taken_unless_held_out_paint_speaks_clearly(
    monkeypatch, mean, loss, taken
):
    scores = iter([Score(None if mean is None else 0.5, (None, None), 1.0)])
    later = Score(mean, (None, None), loss)
    monkeypatch.setattr(run_module, "score_model", lambda *args: next(scores, later))
    events, result = drive(train(training_set(), TINY, FEW))
    assert [event.best for event in of(ScoreDone, events)][1] == taken
    assert ("instant answer" in result.reason) != taken


def test_what_is_shown_lies_between_what_was_solved_and_what_was_learned():
    run = run_module.TrainingRun(
        training_set(), TINY, FEW, start="scratch", validation=None, preset=None
    )
    run.answer_at_once()
    solved = copy.deepcopy(run.learner.average)
    for _ in range(3):
        run.step()
    learned, shown = copy.deepcopy(run.learner.average), run.learner.shown_copy()
    for a, b, c in zip(solved.parameters(), shown.parameters(), learned.parameters(), strict=True):
        assert torch.allclose(b, a + 0.5 * (c - a), atol=1e-6)
    pairs = zip(solved.parameters(), learned.parameters(), strict=True)
    assert any((a != c).any() for a, c in pairs)


def test_the_instant_answer_is_kept_if_no_step_helped(monkeypatch):
    scores = iter([0.9, 0.3, 0.2, 0.1])
    monkeypatch.setattr(
        run_module, "score_model", lambda *args: Score(next(scores), (0.5, 0.5), 1.0)
    )
    _, result = drive(train(training_set(), TINY, FEW))
    assert "instant" in result.reason
    assert iou(result) > 0.5


def test_a_validation_set_is_scored_and_nothing_is_held_back():
    training = training_set(images=2)
    events, result = drive(train(training, TINY, FEW, validation=training_set()))
    assert of(ScoreDone, events)[-1].score is not None
    assert of(ScoreDone, events)[-1].validation_loss > 0


def test_the_best_by_loss_is_the_one_with_the_least_loss():
    config = FEW.changed(best_by="loss", max_steps=16)
    events, _ = drive(train(training_set(images=2), TINY, config, validation=training_set()))
    scored = of(ScoreDone, events)
    best = [event for event in scored if event.best][-1]
    assert best.validation_loss == min(event.validation_loss for event in scored)


@pytest.mark.parametrize("before", ["Prepared", "ScoreDone", "StepDone"])
def test_stop_ends_it_at_once_and_keeps_the_best(before):
    cancel = CancelToken()
    generator = train(training_set(), TINY, FEW.changed(max_steps=10_000), cancel=cancel)
    events = []
    for event in generator:
        events.append(event)
        if type(event).__name__ == before:
            cancel.cancel()
            break
    more, result = drive(generator)
    assert result.stopped
    assert "best" in result.reason
    assert iou(result) > 0.4
    assert len(more) < 6


def test_a_second_run_continues_from_the_first():
    training = training_set()
    _, first = drive(train(training, TINY, FEW))
    events, second = drive(train(training, TINY, FEW.changed(max_steps=1), start=first.model))
    assert of(ScoreDone, events)[0].score >= first.score - 0.1
    assert len(second.model.history) > len(first.model.history)


def test_a_model_can_learn_a_class_more():
    _, first = drive(train(training_set(), TINY, FEW))
    training = training_set(classes=(1, 2, 3))
    paint = strokes(squares()[1])
    paint[(paint == 1) & (np.arange(SIDE) > SIDE // 2)] = 2
    annotation = Annotation((PaintBox(0, (0, 0), paint),), paint.shape)
    training = training.with_paint([annotation])
    _, second = drive(train(training, TINY, FEW, start=first.model))
    assert second.model.config.classes == 3


def test_a_model_for_other_channels_is_refused():
    _, first = drive(train(training_set(), TINY, FEW.changed(max_steps=1)))
    with pytest.raises(ChannelMismatch, match="3"):
        drive(train(training_set(3), TINY.changed(input_channels=3), FEW, start=first.model))


@pytest.mark.parametrize("normalisation", ["none", "batch", "group", "instance"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_normalisation_and_colour_trains(normalisation, channels):
    config = TINY.changed(normalisation=normalisation, input_channels=channels)
    _, result = drive(train(training_set(channels, images=2), config, FEW.changed(max_steps=6)))
    assert result.model.config == config


def test_the_newest_request_on_the_desk_is_answered():
    desk = PreviewDesk()
    desk.post(PreviewRequest(1, 0, 0, (slice(0, 8), slice(0, 8))))
    desk.post(PreviewRequest(2, 0, 0, (slice(10, 50), slice(20, 90))))
    events, _ = drive(train(training_set(), TINY, FEW, desk=desk))
    (first, *_) = of(PreviewDone, events)
    assert first.generation == 2
    assert first.labels.shape == (40, 70)
    assert set(np.unique(first.labels)) <= {0, 2}


def test_the_same_seed_gives_the_same_model():
    config = FEW.changed(max_steps=4)
    states = []
    for seed in (0, 0, 1):
        _, result = drive(train(training_set(), TINY, config.changed(seed=seed)))
        states.append(torch.cat([p.ravel() for p in result.model.net.parameters()]))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_forty_times_as_much_background_does_not_drown_the_object():
    training = training_set()
    classes = training.images[0].annotation.boxes[0].classes.copy()
    _, mask = squares()
    classes[:] = np.where(mask, 255, 0)
    ys, xs = np.nonzero(mask)
    few = np.linspace(0, len(ys) - 1, int((~mask).sum() / 40)).astype(int)
    classes[ys[few], xs[few]] = 1
    training = training.with_paint([Annotation((PaintBox(0, (0, 0), classes),), mask.shape)])
    _, result = drive(train(training, TINY, FEW.changed(max_steps=20)))
    assert iou(result) > 0.6


def test_when_memory_runs_out_learning_goes_on_with_one_line(monkeypatch):
    real = learner_module.Learner.step
    calls = []

    def first_time_full(self, *args):
        calls.append(1)
        if len(calls) == 3:
            raise OutOfMemory("Not even one patch fits.")
        return real(self, *args)

    monkeypatch.setattr(learner_module.Learner, "step", first_time_full)
    monkeypatch.setattr(learner_module.Learner, "fall_back", lambda self: True)
    events, result = drive(train(training_set(), TINY, FEW))
    (notice,) = of(Notice, events)
    assert "CPU" in notice.text
    assert result.steps >= 8


def test_a_loss_without_limit_is_survived(monkeypatch):
    real = learner_module.Learner.step
    calls = []

    def explode(self, *args):
        calls.append(1)
        loss = real(self, *args)
        return float("nan") if len(calls) == 5 else loss

    monkeypatch.setattr(learner_module.Learner, "step", explode)
    events, result = drive(train(training_set(), TINY, FEW))
    assert len(of(Notice, events)) == 1
    assert iou(result) > 0.5
