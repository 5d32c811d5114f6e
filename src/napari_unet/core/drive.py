"""Run a generator of events to its end: how Python and the shell drive the engine."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

Result = TypeVar("Result")

OnEvent = Callable[[Any], None]
"""Called with every event of `napari_unet.core.events`, on the calling thread."""


def exhaust(events: Generator[Any, None, Result], on_event: OnEvent | None = None) -> Result:
    """Return what a generator of events returns in the end.

    Parameters
    ----------
    events : generator
        Training or prediction.
    on_event : callable, optional
        Called with every event.
    """
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            result: Result = end.value
            return result
        if on_event is not None:
            on_event(event)
