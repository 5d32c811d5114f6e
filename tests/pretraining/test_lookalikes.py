"""Drawn lookalikes: the same seed draws the same, and what is asked for can be seen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from pretraining.lookalikes import LOOKALIKES, draw_lookalike


@pytest.fixture(params=sorted(LOOKALIKES))
def draw(request: pytest.FixtureRequest):
    return LOOKALIKES[request.param]


def test_the_same_seed_draws_the_same(draw) -> None:
    first, again = (
        draw(np.random.default_rng(4)).sample(np.random.default_rng(9), 96) for _ in range(2)
    )
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("side", [96, 133])
def test_images_and_classes_are_in_range_and_differ_from_view_to_view(draw, side) -> None:
    colours = set()
    for seed in range(5):
        rng = np.random.default_rng(seed)
        kind = draw(rng)
        (image, classes), (second, _) = (kind.sample(rng, side) for _ in range(2))
        assert image.dtype == np.float32
        assert classes.dtype == np.uint8
        assert image.shape[1:] == classes.shape == (side, side)
        assert np.isfinite(image).all()
        assert image.min() >= -0.3
        assert image.max() <= 1.3
        assert image.std() > 0.01
        assert classes.max() <= 3
        assert image.shape == second.shape
        assert not np.array_equal(image, second)
        colours.add(len(image))
    assert colours <= {1, 3}


def test_the_truth_lies_where_something_is_seen(draw) -> None:
    """A straight line through brightness, its surroundings and edges finds the foreground."""
    found = []
    for seed in range(40):
        rng = np.random.default_rng([seed, 1])
        image, classes = draw(rng).sample(rng, 128)
        truth = classes > 0
        if 0.01 < truth.mean() < 0.9:
            found.append(_separable(image, truth) - _separable(image, np.roll(truth, 41, (0, 1))))
        if len(found) == 12:
            break
    assert len(found) == 12
    assert np.mean(found) > 0.1


def _separable(image: np.ndarray, truth: np.ndarray) -> float:
    """Area under the curve of a linear discriminant on a few filters."""
    planes = []
    for plane in image:
        planes += [ndimage.gaussian_filter(plane, s) for s in (1, 2, 4, 8)]
        planes += [ndimage.gaussian_gradient_magnitude(plane, s) for s in (1, 2, 4)]
        planes += [ndimage.gaussian_laplace(plane, s) for s in (1, 2, 4)]
    features = np.stack(planes).reshape(len(planes), -1).T
    features = (features - features.mean(0)) / (features.std(0) + 1e-6)
    inside = truth.ravel()
    within = features - np.where(
        inside[:, None], features[inside].mean(0), features[~inside].mean(0)
    )
    spread = within.T @ within / len(within) + 1e-2 * np.eye(features.shape[1])
    scores = features @ np.linalg.solve(
        spread, features[inside].mean(0) - features[~inside].mean(0)
    )
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(len(scores))
    count = inside.sum()
    return float((ranks[inside].sum() - count * (count - 1) / 2) / (count * (~inside).sum()))


def test_all_kinds_are_drawn() -> None:
    rng = np.random.default_rng(0)
    drawn = {type(draw_lookalike(rng)).__module__ for _ in range(150)}
    expected = {f"pretraining.lookalikes.{name}" for name in LOOKALIKES}
    assert len(drawn & expected) >= len(expected) - 1
