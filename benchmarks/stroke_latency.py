"""How soon a stroke is answered on screen, and how soon a running training learns from it.

A real napari window under Xvfb, a 1024 x 1024 image shown whole, the panel, strokes along short
lines. Before training, the clock runs from the end of a stroke until the instant answer is
written into the preview; the first one has features to compute and is told apart. While
training, it runs until the window hears that the paint is in the training set.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.first_preview import painted_image
from benchmarks.lag import stroke, wait
from benchmarks.report import Report, as_json, progress
from napari_unet.core.events import PaintTaken
from scripts.window import (
    close_window,
    only_errors_pop_up,
    open_panel,
    open_window,
    run_on_virtual_screen,
    wait_for_job,
    wait_until,
)

if TYPE_CHECKING:
    from napari_unet.gui.panel import UNetPaint

SIDE = 1024
STROKES = 6
PAUSE_SECONDS = 1.0
TARGET_ANSWER_SECONDS = 0.5
TARGET_TAKEN_SECONDS = 1.0
LIMIT_SECONDS = 60.0


def run() -> Report:
    """Measure in a process of its own, which has a screen."""
    printed = run_on_virtual_screen("benchmarks.stroke_latency", capture=True)
    figures = json.loads(printed.splitlines()[-1])
    answer, taken = figures["answer_median_s"], figures["in_training_set_longest_s"]
    return Report(
        name="stroke_latency",
        figures=figures,
        reference="the end of a stroke",
        ratio=None,
        target={
            "answer_median_s": TARGET_ANSWER_SECONDS,
            "in_training_set_longest_s": TARGET_TAKEN_SECONDS,
        },
        met=answer <= TARGET_ANSWER_SECONDS and taken <= TARGET_TAKEN_SECONDS,
    )


def measure() -> dict[str, Any]:
    """Open the window, paint before and during training, and return what it took."""
    only_errors_pop_up()
    viewer = open_window()
    image, paint = painted_image(SIDE)
    viewer.add_image(image, name="image")
    tied = {"napari_unet": {"image": "image", "classes": {1: "Background", 2: "Object"}}}
    layer = viewer.add_labels(paint, name="image paint", metadata=tied)
    panel = open_panel(viewer)
    wait_until(lambda: panel.session.state.device != "", LIMIT_SECONDS)
    with _heard(panel.session.glance, "_show") as answers:
        first, *others = _latencies(layer, 500, answers)
    settings = panel.settings()
    panel.apply(replace(settings, train=settings.train.changed(max_seconds=None, patience=9999)))
    with _paint_taken(panel) as taken:
        panel.train.start()
        wait_until(lambda: panel.session.state.phase.value == "training", LIMIT_SECONDS)
        wait(2.0)
        learned = _latencies(layer, 700, taken)
    panel.session.train.stop()
    wait_for_job(panel, LIMIT_SECONDS)
    close_window(viewer)
    return {
        "first_answer_s": first,
        "answer_median_s": float(np.median(others)),
        "answer_longest_s": max(others),
        "in_training_set_median_s": float(np.median(learned)),
        "in_training_set_longest_s": max(learned),
    }


def _latencies(layer: Any, column: int, heard: list[float]) -> list[float]:
    """Seconds from the end of each stroke until something is heard of it."""
    seconds = []
    for number in range(STROKES):
        heard.clear()
        stroke(layer, (100 + 120 * number, column), 1 + number % 2)
        end = time.perf_counter()
        wait_until(lambda: bool(heard), LIMIT_SECONDS, pause=0.002)
        seconds.append(heard[-1] - end)
        wait(PAUSE_SECONDS)
    return seconds


@contextmanager
def _heard(owner: Any, name: str) -> Iterator[list[float]]:
    """Note when a method returns, which is after the window knows what it is told."""
    times: list[float] = []
    method: Callable[..., Any] = getattr(owner, name)

    def call(*given: Any) -> None:
        method(*given)
        times.append(time.perf_counter())

    setattr(owner, name, call)
    yield times
    delattr(owner, name)


@contextmanager
def _paint_taken(panel: UNetPaint) -> Iterator[list[float]]:
    """Note when the window hears that paint is in the training set."""
    times: list[float] = []
    handle: Callable[[Any], None] = panel.session.train._on_event

    def note(event: Any) -> None:
        handle(event)
        if isinstance(event, PaintTaken):
            times.append(time.perf_counter())

    panel.session.train._on_event = note  # type: ignore[method-assign]
    yield times
    del panel.session.train._on_event


if __name__ == "__main__":
    progress("a napari window: strokes before and during training")
    print(as_json(measure()), flush=True)  # type: ignore[arg-type]
    sys.exit(0)
