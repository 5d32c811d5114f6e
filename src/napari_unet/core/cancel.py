"""A flag one thread raises and another looks at: the normal way to end work early."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event


class CancelToken:
    """Tell running work to end soon and keep what it has."""

    def __init__(self) -> None:
        self._event = Event()
        self._listeners: list[Callable[[], object]] = []

    def cancel(self) -> None:
        """Ask the work to end; it looks at every step."""
        self._event.set()
        for heard in tuple(self._listeners):
            heard()

    def listen(self, heard: Callable[[], object]) -> None:
        """Call `heard` when somebody asks the work to end, in the thread that asks.

        For work that sleeps; called at once if it was asked already.
        """
        self._listeners.append(heard)
        if self.cancelled:
            heard()

    @property
    def cancelled(self) -> bool:
        """True once somebody has asked the work to end."""
        return self._event.is_set()
