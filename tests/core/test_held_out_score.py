"""What is said of a score on few strokes: how surely it is known, or that nobody knows."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unet.core.held_out_score import (
    TOO_LITTLE,
    Interval,
    Sureness,
    balanced_iou,
    classes_in_words,
    score_in_words,
    sureness_of,
)

BOTH = np.array([True, True])


def strokes(hits: list[float], pixels: int = 100, turn: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """As many strokes of both classes, with these shares of right pixels."""
    rows, truth = [], []
    for number in (0, 1):
        for share in hits[turn:] + hits[:turn]:
            row = np.zeros(2)
            row[number], row[1 - number] = share * pixels, (1 - share) * pixels
            rows.append(row)
            truth.append(number)
    return np.array(rows), np.array(truth)


def test_the_interval_is_the_same_every_time_and_holds_the_score() -> None:
    answers, truth = strokes([0.5, 0.7, 0.9, 1.0, 0.8])
    first, again = (sureness_of(answers, truth, BOTH) for _ in range(2))
    confusion = np.array([answers[truth == k].sum(axis=0) for k in (0, 1)])
    assert first == again
    assert first.interval is not None
    assert first.interval.low < balanced_iou(confusion).mean() < first.interval.high


def test_more_strokes_are_surer_and_pixels_are_not() -> None:
    few = sureness_of(*strokes([0.5, 0.9, 0.7]), BOTH).interval
    many = sureness_of(*strokes([0.5, 0.9, 0.7] * 12), BOTH).interval
    large = sureness_of(*strokes([0.5, 0.9, 0.7], pixels=100_000), BOTH).interval
    assert few is not None
    assert many is not None
    assert large is not None
    assert many.deviation < 0.5 * few.deviation
    assert large.deviation == pytest.approx(few.deviation, rel=0.01)


def test_the_interval_holds_the_truth_nearly_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    truth = np.repeat([0, 1], 6)
    inside = 0
    for _ in range(100):
        hit = rng.uniform(0.6, 1.0, 12) * 100
        answers = np.stack([np.where(truth == k, hit, 100 - hit) for k in (0, 1)], axis=1)
        interval = sureness_of(answers, truth, BOTH).interval
        assert interval is not None
        inside += interval.low <= 0.8 / 1.2 <= interval.high
    assert inside >= 80


def test_bundled_strokes_of_a_full_mask_are_as_sure() -> None:
    rng = np.random.default_rng(0)
    hits = list(rng.uniform(0.5, 1, 1000))
    some = sureness_of(*strokes(hits[:200]), BOTH).interval
    bundled = sureness_of(*strokes(hits), BOTH).interval
    assert some is not None
    assert bundled is not None
    assert bundled.deviation == pytest.approx(some.deviation / np.sqrt(5), rel=0.25)


@pytest.mark.parametrize(
    ("counts", "enough"), [((2, 1), True), ((1, 1), False), ((5, 0), False), ((0, 0), False)]
)
def test_too_few_strokes_say_nothing(counts: tuple[int, ...], enough: bool) -> None:
    truth = np.repeat([0, 1], counts)
    answers = np.eye(2)[truth] * 50
    found = sureness_of(answers, truth, np.array(counts) > 0)
    assert found.strokes == counts
    assert found.enough == enough
    assert (found.interval is None) == (0 in counts)


def test_a_few_perfect_strokes_are_no_proof() -> None:
    few = sureness_of(*strokes([1.0] * 2), BOTH).interval
    many = sureness_of(*strokes([1.0] * 40), BOTH).interval
    assert few is not None
    assert many is not None
    assert few.high == many.high == 1
    assert few.low < 0.8
    assert many.low > 0.95


def test_a_class_without_strokes_has_no_interval_but_the_other_has() -> None:
    truth = np.array([1, 1, 1])
    answers = np.array([[1, 9], [5, 5], [0, 10]])
    found = sureness_of(answers, truth, np.array([False, True]))
    assert found.interval is None
    assert found.classes[0] is None
    assert found.classes[1] is not None


def test_words() -> None:
    assert score_in_words(None, Interval(0.1, 0.2)) == TOO_LITTLE
    assert score_in_words(0.874) == "0.87"
    assert score_in_words(0.874, Interval(0.83, 0.91)) == "0.87 ± 0.04"
    assert score_in_words(1.0, Interval(1.0, 1.0)) == "1.00 ± 0.01"
    sure = Sureness((2, 1), None, (Interval(0.8, 0.9), None))
    assert classes_in_words(("Sky", "Cell"), (0.85, 0.5), sure) == "Sky 0.85 ± 0.05, Cell 0.50"
    assert classes_in_words((), (0.85, None), None) == "class 1 0.85, class 2 none"
