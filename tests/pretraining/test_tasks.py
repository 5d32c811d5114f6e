"""Synthetic tasks: the same number gives the same task, with images and truths in range."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pretraining.annotator import Habit, Paint, draw_paint
from pretraining.feed import LEAST_SHARE, Feed, Task, make_task
from pretraining.microscope import draw_camera
from pretraining.shapes import Layout, draw_blobs, draw_curves, draw_regions, draw_walls
from pretraining.textures import draw_texture

SIDE = 64


def _task(number: int) -> Task:
    return make_task(number, seed=3, folders=(), real_share=0.0, side=SIDE)


def test_the_same_number_gives_the_same_task() -> None:
    first, again, other = _task(5), _task(5), _task(6)
    assert np.array_equal(first.painted.image, again.painted.image)
    assert np.array_equal(first.other.truth, again.other.truth)
    assert first.painted.image.shape != other.painted.image.shape or not np.array_equal(
        first.painted.image, other.painted.image
    )


def test_images_are_normalised_and_every_class_is_there() -> None:
    for number in range(8):
        task = _task(number)
        for shot in (task.painted, task.other):
            assert shot.image.shape[0] in (1, 3)
            assert shot.image.shape[1:] == shot.truth.shape == (SIDE, SIDE)
            assert np.isfinite(shot.image).all()
            assert np.abs(shot.image).max() <= 3
            assert shot.image.min() <= -0.9
            assert shot.image.max() >= 0.9
        share = np.bincount(task.painted.truth.ravel()) / SIDE**2
        assert len(share) == task.classes >= 2
        assert share.min() >= LEAST_SHARE
        assert task.other.truth.max() < task.classes


def test_textures_are_standardised() -> None:
    for seed in range(12):
        piece = draw_texture(np.random.default_rng(seed))(np.random.default_rng(1), SIDE)
        assert piece.shape == (SIDE, SIDE)
        assert abs(float(piece.mean())) < 1e-3
        assert float(piece.std()) == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize("draw", [draw_blobs, draw_curves, draw_regions, draw_walls])
def test_layouts_number_their_objects(draw: Callable[[np.random.Generator], Layout]) -> None:
    found = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        instances = draw(rng)(rng, SIDE)
        assert instances.shape == (SIDE, SIDE)
        assert instances.min() >= 0
        found += int(instances.any())
    assert found


def test_a_camera_keeps_the_range() -> None:
    scene = np.random.default_rng(0).normal(size=(3, SIDE, SIDE)).astype(np.float32)
    for seed in range(6):
        shot = draw_camera(np.random.default_rng(seed)).shoot(scene, np.random.default_rng(1))
        assert shot.shape == scene.shape
        assert shot.dtype == np.float32
        assert -0.21 <= shot.min() <= shot.max() <= 1.21


def _paint(where: np.ndarray | None = None) -> tuple[np.ndarray, Paint]:
    truth = np.zeros((SIDE, SIDE), np.uint8)
    truth[10:40, 20:60] = 1
    return truth, draw_paint(truth, Habit(3, 12, 2), np.random.default_rng(0), where)


def test_strokes_lie_in_their_class() -> None:
    truth, paint = _paint()
    assert np.array_equal(truth[tuple(paint.positions.T)], paint.classes)
    assert paint.strokes.max() == 5
    assert set(paint.classes) == {0, 1}


def test_corrections_start_where_the_answer_is_wrong() -> None:
    wrong = np.zeros((SIDE, SIDE), bool)
    wrong[12:20, 22:30] = True
    _, paint = _paint(wrong)
    assert set(paint.classes) == {1}
    assert (np.abs(paint.positions - (16, 26)) <= 6).all()


def test_strokes_of_both_rounds_are_numbered_on() -> None:
    _, paint = _paint()
    both = paint + paint
    assert len(np.unique(both.strokes)) == 12


def test_a_feed_forgets_old_tasks_and_makes_them_again() -> None:
    made: list[int] = []
    task = _task(0)

    def make(number: int) -> Task:
        made.append(number)
        return task

    feed = Feed(make, keep=2, workers=0)
    for number in (0, 1, 1, 2, 0):
        assert feed[number] is task
    assert made == [0, 1, 2, 0]
