"""A napari window with the panel in which somebody paints: shared by benchmarks that open one."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmarks.report import as_json, progress
from napari_unet.core.events import PaintTaken
from scripts.window import (
    close_window,
    only_errors_pop_up,
    open_window,
    run_on_virtual_screen,
    wait_until,
)

if TYPE_CHECKING:
    import napari

    from napari_unet.gui.panel import UNetPaint

LIMIT_SECONDS = 60.0
"""Nothing that is waited for takes longer, or something is wrong."""

Figures = dict[str, Any]


def measured_apart(module: str) -> Figures:
    """What a benchmark measures in a process of its own, which has a screen nobody sees.

    Parameters
    ----------
    module : str
        One that ends in `print_figures` when it is run.
    """
    figures: Figures = json.loads(run_on_virtual_screen(module, capture=True).splitlines()[-1])
    return figures


def print_figures(words: str, measure: Callable[[napari.Viewer], Figures], **opened: str) -> None:
    """Open a window, measure in it, close it and print the figures as one line.

    Parameters
    ----------
    words : str
        What is being measured, for whoever waits.
    measure : callable
        Takes the viewer.
    **opened
        As for `scripts.window.open_window`.
    """
    progress(f"a napari window: {words}")
    only_errors_pop_up()
    viewer = open_window(**opened)
    figures = measure(viewer)
    close_window(viewer)
    print(as_json(figures), flush=True)  # type: ignore[arg-type]


def wait_for_engine(panel: UNetPaint) -> None:
    """Wait until torch is loaded."""
    wait_until(lambda: panel.session.state.device != "", LIMIT_SECONDS)


def train_without_end(panel: UNetPaint) -> None:
    """Press Train, with settings by which nothing but Stop ends it."""
    settings = panel.settings()
    panel.apply(replace(settings, train=settings.train.changed(max_seconds=None, patience=9999)))
    panel.train.start()


def wait_for_training(panel: UNetPaint) -> None:
    """Wait until steps are taken."""
    wait_until(lambda: panel.session.state.phase.value == "training", LIMIT_SECONDS)


@contextmanager
def heard(
    owner: Any, name: str, counts: Callable[..., bool] = lambda *_: True
) -> Iterator[list[float]]:
    """Note when a method returns, which is after the window knows what it is told.

    Parameters
    ----------
    owner : object
        Has the method.
    name : str
    counts : callable, optional
        Takes what the method is given; what it says no to is not noted.
    """
    times: list[float] = []
    method: Callable[..., Any] = getattr(owner, name)

    def call(*given: Any) -> None:
        method(*given)
        if counts(*given):
            times.append(time.perf_counter())

    setattr(owner, name, call)
    yield times
    delattr(owner, name)


@contextmanager
def paint_taken(panel: UNetPaint) -> Iterator[list[float]]:
    """Note when the window hears that paint is in the training set; begin before Train."""
    train = panel.session.train
    with heard(train, "_on_event", lambda event: isinstance(event, PaintTaken)) as times:
        yield times
