"""How much time or how many steps are left, and whether something is due."""

from __future__ import annotations

import time

from napari_unet.core.config import TrainConfig


class Budget:
    """The clock of one training run; it starts when it is made."""

    def __init__(self, config: TrainConfig) -> None:
        self._config = config
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def fraction(self, steps: int) -> float:
        """Share of the budget that is used, 0 to 1; 0 if there is no limit."""
        used = [0.0]
        if self._config.max_seconds is not None:
            used.append(self.seconds / self._config.max_seconds if self._config.max_seconds else 1)
        if self._config.max_steps is not None:
            used.append(steps / self._config.max_steps if self._config.max_steps else 1)
        return min(1.0, max(used))

    def seconds_left(self, steps: int) -> float | None:
        """Seconds until the budget is used; None while that cannot be told."""
        fraction = self.fraction(steps)
        if fraction <= 0:
            return None
        return self.seconds * (1 - fraction) / fraction


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
        self._next = time.monotonic() + seconds

    def due(self) -> bool:
        """True if it is time; the next one is then counted from `done`, or from now."""
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self._seconds
        return True

    def done(self, cost: float) -> None:
        """Say what it cost, in seconds."""
        self._next = time.monotonic() + max(self._seconds, cost / self._share)
