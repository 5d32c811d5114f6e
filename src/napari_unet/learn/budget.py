"""How much time or how many steps are left, and whether something is due."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from napari_unet.core.config import TrainConfig


class Budget:
    """The clock of one training run; it starts when it is made, and can be held and set back."""

    def __init__(self, config: TrainConfig) -> None:
        self._config = config
        self._start = time.monotonic()
        self._stopped: float | None = None
        self._seconds_back = 0.0
        self._steps_back = 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the start, without those in which it was held."""
        now = time.monotonic() if self._stopped is None else self._stopped
        return now - self._start

    @contextmanager
    def held(self) -> Iterator[None]:
        """Time that passes inside does not count."""
        self._stopped = time.monotonic()
        try:
            yield
        finally:
            self._start += time.monotonic() - self._stopped
            self._stopped = None

    def fraction(self, steps: int) -> float:
        """Share of the budget that is used, 0 to 1; 0 if there is no limit."""
        return min(1.0, max(0.0, *self._used(steps)))

    def set_back(self, fraction: float, steps: int) -> None:
        """Let no more than this share of the budget be used."""
        by_time, by_steps = self._used(steps)
        if self._config.max_seconds is not None:
            self._seconds_back += max(0.0, by_time - fraction) * self._config.max_seconds
        if self._config.max_steps is not None:
            self._steps_back += max(0.0, by_steps - fraction) * self._config.max_steps

    def seconds_left(self, steps: int) -> float | None:
        """Seconds until the budget is used; None while that cannot be told."""
        if self.fraction(steps) <= 0:
            return None
        by_time, by_steps = self._used(steps)
        left = []
        if self._config.max_seconds is not None:
            left.append((1 - by_time) * self._config.max_seconds)
        if self._config.max_steps is not None and steps:
            left.append((1 - by_steps) * self._config.max_steps * self.seconds / steps)
        return max(0.0, min(left)) if left else None

    def _used(self, steps: int) -> tuple[float, float]:
        """Share of the time and of the steps that is used; 0 where there is no limit."""
        by_time = by_steps = 0.0
        limit = self._config.max_seconds
        if limit is not None:
            by_time = (self.seconds - self._seconds_back) / limit if limit else 1.0
        limit = self._config.max_steps
        if limit is not None:
            by_steps = (steps - self._steps_back) / limit if limit else 1.0
        return by_time, by_steps


class Every:
    """Due once in so many seconds, and no more often than its own cost allows.

    Parameters
    ----------
    seconds : float
        Shortest time between two.
    share : float, optional
        Largest share of all time it may take: what costs 0.2 s is due every 2 s at 0.1.
    """

    def __init__(self, seconds: float, share: float = 1.0) -> None:
        self._seconds = seconds
        self._share = share
        self._last, self._cost = -float("inf"), 0.0
        self._next = time.monotonic() + seconds

    def due(self) -> bool:
        """True if it is time; the next one is then counted from `done`, or from now."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._seconds
        return True

    def done(self, cost: float) -> None:
        """Say what it cost, in seconds."""
        self._last, self._cost = time.monotonic(), cost
        self._next = self._last + max(self._seconds, cost / self._share)

    def soon(self, seconds: float, share: float) -> None:
        """Let the next one be due in so many seconds, though it takes this share of all time."""
        earliest = max(time.monotonic() + seconds, self._last + self._cost / share)
        self._next = min(self._next, earliest)
