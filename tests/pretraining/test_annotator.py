"""The simulated annotator puts a stroke where it is told, and never on another class."""

from __future__ import annotations

import numpy as np
import pytest

from pretraining.annotator import Habit, draw_stroke


@pytest.mark.parametrize("place", [(0, 0), (99, 119), (50, 60), (41, 60), (20, 90)])
def test_a_stroke_covers_its_place_stays_near_and_in_its_class(place) -> None:
    truth = np.zeros((100, 120), np.uint8)
    truth[40:60, 50:70] = 1
    truth[20, 90] = 1  # a single pixel has no middle but itself
    stroke = draw_stroke(truth, place, Habit(1, 20, 2), np.random.default_rng(3), reach=16)
    painted = {tuple(position) for position in stroke.positions.tolist()}
    assert place in painted
    assert (truth[tuple(stroke.positions.T)] == truth[place]).all()
    assert (stroke.classes == truth[place]).all()
    assert (np.abs(stroke.positions - place) <= 16).all()
    assert len(painted) == len(stroke.positions)
    assert set(stroke.strokes) == {0}
