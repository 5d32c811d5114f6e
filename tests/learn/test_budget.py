"""Time and steps as a budget, and the learning rate over it."""

from __future__ import annotations

import pytest

from napari_unet.core.config import TrainConfig
from napari_unet.learn import budget as module
from napari_unet.learn.budget import Budget, Every
from napari_unet.learn.schedule import learning_rate


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_the_fuller_of_time_and_steps_decides(clock):
    budget = Budget(TrainConfig(max_seconds=10, max_steps=100))
    clock[0] += 2
    assert budget.fraction(50) == 0.5
    assert budget.fraction(10) == 0.2
    clock[0] += 100
    assert budget.fraction(0) == 1


def test_without_a_limit_nothing_is_used(clock):
    budget = Budget(TrainConfig(max_seconds=None, max_steps=None))
    clock[0] += 1000
    assert budget.fraction(1000) == 0
    assert budget.seconds_left(1000) is None


def test_the_time_left_follows_the_pace(clock):
    budget = Budget(TrainConfig(max_seconds=None, max_steps=100))
    clock[0] += 30
    assert budget.seconds_left(75) == pytest.approx(10)


def test_nothing_takes_more_than_its_share_of_the_time(clock):
    every = Every(2.0, share=0.1)
    assert not every.due()
    clock[0] += 2
    assert every.due()
    every.done(0.5)
    clock[0] += 4.9
    assert not every.due()
    clock[0] += 0.2
    assert every.due()


def test_it_can_be_due_sooner_but_not_always(clock):
    every = Every(2.0, share=0.1)
    clock[0] += 2
    assert every.due()
    every.done(1.5)
    every.soon(1.0, share=0.3)
    clock[0] += 4.9
    assert not every.due()
    clock[0] += 0.2
    assert every.due()
    every.soon(1.0, share=0.3)
    clock[0] += 1.1
    assert every.due()
    every.soon(30.0, share=0.3)
    clock[0] += 2.1
    assert every.due()


def test_time_inside_a_pause_does_not_count(clock):
    budget = Budget(TrainConfig(max_seconds=10, max_steps=None))
    clock[0] += 4
    with budget.held():
        clock[0] += 100
        assert budget.fraction(0) == pytest.approx(0.4)
    clock[0] += 1
    assert budget.fraction(0) == pytest.approx(0.5)
    assert budget.seconds_left(0) == pytest.approx(5)


def test_a_clock_set_back_goes_on_from_there(clock):
    budget = Budget(TrainConfig(max_seconds=10, max_steps=100))
    clock[0] += 2
    budget.set_back(0.5, 10)
    assert budget.fraction(10) == pytest.approx(0.2)
    clock[0] += 7
    with budget.held():
        clock[0] += 50
        budget.set_back(0.5, 80)
    assert budget.fraction(80) == pytest.approx(0.5)
    assert budget.fraction(90) == pytest.approx(0.6)
    clock[0] += 3
    assert budget.fraction(80) == pytest.approx(0.8)


def test_the_rate_rises_then_falls_to_almost_nothing():
    config = TrainConfig(max_seconds=10)
    rates = [learning_rate(config, fraction, 100) for fraction in (0.001, 0.05, 0.5, 0.99, 1.0)]
    assert max(rates) == rates[1]
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert rates[-1] == pytest.approx(0.01 * config.learning_rate)
    assert learning_rate(config.changed(schedule="constant"), 0.99, 3) == config.learning_rate
