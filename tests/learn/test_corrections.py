"""Paint that corrects an answer: what it decides, and what it must not drown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from napari_unet.api import Model, fit, load_model, predict
from napari_unet.core.assemble import assemble_arrays
from napari_unet.core.config import ModelConfig
from napari_unet.core.preview import PreviewRequest
from napari_unet.learn.glance import Glance
from napari_unet.learn.levelling import levels
from napari_unet.learn.painted_parts import CORRECTION, PaintedPart

TINY = ModelConfig(base_width=4, depth=2, head_levels=2)
HOW = {"preset": TINY, "max_seconds": 0, "paint_mode": "strokes"}


def squares() -> tuple[np.ndarray, np.ndarray]:
    """Bright squares on dark, and which pixels they are."""
    truth = np.zeros((96, 96), bool)
    for row in (12, 42, 72):
        for column in (12, 42, 72):
            truth[row : row + 14, column : column + 14] = True
    noise = np.random.default_rng(0).normal(0, 12, truth.shape)
    return (100 + 60 * truth + noise).astype(np.float32), truth


def first_strokes() -> np.ndarray:
    paint = np.zeros((96, 96), np.uint8)
    paint[3:6, 5:90] = paint[33:36, 5:90] = 1
    paint[18:20, 14:24] = paint[48:50, 44:54] = 2
    return paint


def misleading(paint: np.ndarray) -> np.ndarray:
    """Corrections by somebody who wants what the image does not show: much paint, few places."""
    after = paint.copy()
    after[60:66, 5:90] = 2
    after[74:84, 74:84] = 1
    return after


def overlap_of(found: np.ndarray) -> float:
    _, truth = squares()
    return float((found & truth).sum() / (found | truth).sum())


def overlap(model: Model) -> float:
    return overlap_of(predict(model, squares()[0]) == 2)


def same(one: Model, other: Model) -> bool:
    pairs = zip(one.net.state_dict().values(), other.net.state_dict().values(), strict=True)
    return all(torch.equal(*pair) for pair in pairs)


def test_corrections_do_not_drown_what_the_first_strokes_say() -> None:
    image, _ = squares()
    first = fit(image, first_strokes(), **HOW)
    assert overlap(first) > 0.9
    paint = misleading(first_strokes())
    fresh, corrected = fit(image, paint, **HOW), fit(image, paint, corrects=first, **HOW)
    assert overlap(corrected) > overlap(fresh) + 0.1


@pytest.mark.parametrize("how", ["corrects", "start"])
def test_a_model_knows_the_first_paint_through_all_rounds(how: str) -> None:
    image, _ = squares()
    first = fit(image, first_strokes(), **HOW)
    paint = first_strokes()
    paint[50:52, 74:84] = 2
    second = fit(image, paint, **{how: first}, **HOW)
    again = paint.copy()
    again[80:82, 10:30] = 1
    third = fit(image, again, **{how: second}, **HOW)
    assert third.first_paint == second.first_paint == first.first_paint
    assert not same(third, fit(image, again, **HOW))
    assert same(third, fit(image, again, **{how: first}, **HOW))


def test_without_new_paint_nothing_is_a_correction() -> None:
    image, _ = squares()
    first = fit(image, first_strokes(), **HOW)
    assert same(first, fit(image, first_strokes(), corrects=first, **HOW))
    less = first_strokes()
    less[33:36] = 0
    assert same(fit(image, less, **HOW), fit(image, less, corrects=first, **HOW))


def test_what_is_shown_while_painting_takes_the_model_for_what_was_corrected() -> None:
    image, _ = squares()
    first = fit(image, first_strokes(), **HOW)
    training = assemble_arrays(image, misleading(first_strokes()), mode="strokes").training
    box = (slice(0, 96), slice(0, 96))
    seen = {}
    for known in (first, replace(first, first_paint=())):
        shown = Glance(device="cpu", precision="float32")
        parts = shown.answers(training, TINY, PreviewRequest(1, 0, 0, box), known)
        labels = np.concatenate([part.labels for part in parts])
        seen[bool(known.first_paint)] = overlap_of(labels == 2)
    assert seen[True] > seen[False] + 0.1


def test_who_begins_anew_corrects_nothing() -> None:
    image, _ = squares()
    first = fit(image, first_strokes(), **HOW)
    paint = np.roll(first_strokes(), 30, 1)
    paint[:, :60] = 0
    assert same(fit(image, paint, **HOW), fit(image, paint, corrects=first, **HOW))


def test_paint_of_other_images_is_not_compared() -> None:
    image, _ = squares()
    first = fit(image, first_strokes(), **HOW)
    wide, paint = np.tile(image, 2), np.tile(first_strokes(), 2)
    assert same(fit(wide, paint, **HOW), fit(wide, paint, corrects=first, **HOW))


def test_a_file_holds_no_paint(tmp_path: Path) -> None:
    image, _ = squares()
    first = fit(image, first_strokes(), **HOW)
    first.save(tmp_path / "first.unet")
    read = load_model(tmp_path / "first.unet")
    assert read.first_paint == ()
    paint = misleading(first_strokes())
    assert same(fit(image, paint, corrects=read, **HOW), fit(image, paint, **HOW))


def test_new_pixels_weigh_less_old_ones_as_before() -> None:
    image, _ = squares()
    before, now = first_strokes(), misleading(first_strokes())
    earlier = assemble_arrays(image, before, mode="strokes").training.first_paint
    training = assemble_arrays(image, now, mode="strokes").training.after(earlier)
    box = (slice(10, 80), slice(0, 96))
    part = PaintedPart(None, 0, box, (), [], earlier=training.images[0].earlier)  # type: ignore[arg-type]
    weights = part.weights.numpy()
    assert (weights[before[box] > 0] == 1).all()
    assert (weights[(now > 0)[box] & (before == 0)[box]] == CORRECTION).all()


@pytest.mark.parametrize("classes", [2, 4])
def test_levels_undo_what_was_added_to_a_class(classes: int) -> None:
    rng = torch.Generator().manual_seed(0)
    number = torch.randint(classes, (4000,), generator=rng)
    goal = torch.nn.functional.one_hot(number, classes).double()
    noise = torch.randn(4000, classes, generator=rng, dtype=torch.float64)
    scores = 2 * goal + noise * 0.7
    wrong = torch.linspace(-3, 3, classes, dtype=torch.float64)
    weights = torch.full((4000,), 1 / 4000, dtype=torch.float64)
    added = levels(scores + wrong, goal, weights)
    assert torch.allclose(added, -wrong, atol=0.2)
    assert abs(float(added.sum())) < 1e-9
    better = ((scores + wrong + added).argmax(1) == number).double().mean()
    assert better > ((scores + wrong).argmax(1) == number).double().mean() + 0.1


def test_levels_stay_finite_where_all_paint_is_told_apart() -> None:
    scores = torch.tensor([[9.0, -9.0], [8.0, -8.0], [-1.0, 1.0]], dtype=torch.float64)
    goal = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    added = levels(scores, goal, torch.full((3,), 1 / 3, dtype=torch.float64))
    assert torch.isfinite(added).all()
    assert ((scores + added).argmax(1) == goal.argmax(1)).all()
