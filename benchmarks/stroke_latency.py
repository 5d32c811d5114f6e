"""How soon a stroke is answered on screen, and how soon a running training learns from it.

A real napari window under Xvfb, a 1024 x 1024 image shown whole, the panel, strokes along short
lines. Before training, the clock runs from the end of a stroke until the instant answer is
written into the preview. The first one is told apart: at once when the engine is loaded, and on
another image with an empty paint layer that was left alone for a few seconds, as while somebody
makes up their mind where to paint. While training, it runs until the window hears that the paint
is in the training set.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.first_preview import painted_image
from benchmarks.lag import stroke, wait
from benchmarks.painting_window import (
    LIMIT_SECONDS,
    Figures,
    heard,
    measured_apart,
    paint_taken,
    print_figures,
    train_without_end,
    wait_for_engine,
    wait_for_training,
)
from benchmarks.report import Report
from napari_unet.gui.image_picker import ImageChoice
from napari_unet.gui.layer_store import id_of
from scripts.window import open_panel, wait_for_job, wait_until

if TYPE_CHECKING:
    import napari

    from napari_unet.gui.panel import UNetPaint

SIDE = 1024
STROKES = 6
PAUSE_SECONDS = 1.0
THINKING_SECONDS = 5.0
TARGET_ANSWER_SECONDS = 0.5
TARGET_TAKEN_SECONDS = 1.0


def run() -> Report:
    """Measure in a process of its own, which has a screen."""
    figures = measured_apart("benchmarks.stroke_latency")
    answer, taken = figures["answer_median_s"], figures["in_training_set_longest_s"]
    first = figures["first_answer_after_thinking_s"]
    return Report(
        name="stroke_latency",
        figures=figures,
        reference={"answer_median_s": answer},
        ratio=first / answer,
        target={
            "answer_median_s": TARGET_ANSWER_SECONDS,
            "first_answer_after_thinking_s": TARGET_ANSWER_SECONDS,
            "in_training_set_longest_s": TARGET_TAKEN_SECONDS,
        },
        met=max(answer, first) <= TARGET_ANSWER_SECONDS and taken <= TARGET_TAKEN_SECONDS,
    )


def measure(viewer: napari.Viewer) -> Figures:
    """Paint before and during training, and return what it took."""
    image, paint = painted_image(SIDE)
    viewer.add_image(image, name="image")
    tied = {"napari_unet": {"image": "image", "classes": {1: "Background", 2: "Object"}}}
    layer = viewer.add_labels(paint, name="image paint", metadata=tied)
    panel = open_panel(viewer)
    wait_for_engine(panel)
    with heard(panel.session.glance, "_show") as answers:
        first, *others = _latencies(layer, 500, answers)
        thought = _first_after_thinking(viewer, image[::-1].copy(), panel, answers)
    with paint_taken(panel) as taken:
        train_without_end(panel)
        wait_for_training(panel)
        wait(2.0)
        learned = _latencies(layer, 700, taken)
    panel.session.train.stop()
    wait_for_job(panel, LIMIT_SECONDS)
    return {
        "first_answer_s": first,
        "first_answer_after_thinking_s": thought,
        "answer_median_s": float(np.median(others)),
        "answer_longest_s": max(others),
        "in_training_set_median_s": float(np.median(learned)),
        "in_training_set_longest_s": max(learned),
    }


def _first_after_thinking(
    viewer: napari.Viewer, pixels: np.ndarray, panel: UNetPaint, times: list[float]
) -> float:
    """Seconds to the first answer on another image, after the stroke that makes two classes."""
    image = viewer.add_image(pixels, name="other")
    wait(PAUSE_SECONDS)
    panel.paint.images.setValue(ImageChoice(id_of(image)))
    panel.paint.new_paint()
    layer = panel.paint.paint
    wait(THINKING_SECONDS)
    stroke(layer, (200, 500), 1)
    wait(PAUSE_SECONDS)
    seconds = _latency(layer, (400, 500), 2, times)
    for made in (layer, *(one for one in viewer.layers if one.name == "other preview"), image):
        viewer.layers.remove(made)
    wait(PAUSE_SECONDS)
    return seconds


def _latencies(layer: Any, column: int, times: list[float]) -> list[float]:
    """Seconds from the end of each stroke until something is heard of it."""
    seconds = []
    for number in range(STROKES):
        seconds.append(_latency(layer, (100 + 120 * number, column), 1 + number % 2, times))
        wait(PAUSE_SECONDS)
    return seconds


def _latency(layer: Any, start: tuple[int, int], value: int, times: list[float]) -> float:
    times.clear()
    stroke(layer, start, value)
    end = time.perf_counter()
    wait_until(lambda: bool(times), LIMIT_SECONDS, pause=0.002)
    return times[0] - end


if __name__ == "__main__":
    print_figures("strokes before and during training", measure)
    sys.exit(0)
