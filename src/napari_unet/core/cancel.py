"""A flag one thread raises and another looks at: the normal way to end work early."""

from __future__ import annotations

from threading import Event


class CancelToken:
    """Tell running work to end soon and keep what it has."""

    def __init__(self) -> None:
        self._event = Event()

    def cancel(self) -> None:
        """Ask the work to end; it looks at every step."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """True once somebody has asked the work to end."""
        return self._event.is_set()
