"""Seconds from pressing Train to the first preview on screen, in a napari that was just opened.

A 512 x 512 image with strokes on it. Every round is a process of its own that has not loaded
torch yet and finds no cache of ours, so it is the very first press on a new machine.
"""

from __future__ import annotations

import json
import sys
import time
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.report import Report, as_json, progress
from scripts.window import (
    close_window,
    only_errors_pop_up,
    open_panel,
    open_window,
    run_on_virtual_screen,
    settle,
    wait_for_job,
    wait_until,
)

if TYPE_CHECKING:
    import napari

SIDE = 512
ROUNDS = 3
TARGET = 10.0


def run() -> Report:
    """Measure three times, each in a new process."""
    rounds = []
    for number in range(ROUNDS):
        progress(f"round {number + 1} of {ROUNDS}")
        printed = run_on_virtual_screen("benchmarks.first_preview", capture=True)
        rounds.append(json.loads(printed.splitlines()[-1]))
    seconds = [each["cold_seconds"] for each in rounds]
    return Report(
        name="first_preview",
        figures={
            "seconds": median(seconds),
            "seconds_each_round": [round(s, 2) for s in seconds],
            "second_press_seconds": median(each["warm_seconds"] for each in rounds),
            "labelled_share_of_first_preview": median(each["labelled"] for each in rounds),
            "image": f"{SIDE} x {SIDE}",
        },
        reference="the clock, from the click on Train; torch not loaded, nothing cached",
        ratio=median(seconds) / TARGET,
        target=f"at most {TARGET:.0f} s",
        met=median(seconds) <= TARGET,
    )


def measure() -> dict[str, Any]:
    """Open the window, press Train twice, and return what it took."""
    only_errors_pop_up()
    viewer = open_window()
    image, paint = painted_image()
    viewer.add_image(image, name="image")
    tied = {"napari_unet": {"image": "image", "classes": {1: "Background", 2: "Object"}}}
    viewer.add_labels(paint, name="image paint", metadata=tied)
    panel = open_panel(viewer)
    if "torch" in sys.modules:
        sys.exit("torch is loaded already: this is no cold start")
    cold = _press(viewer, panel)
    labelled = float(np.mean(_preview(viewer) != 0))
    panel.train.box.stop_requested.emit()
    wait_for_job(panel, 60)
    viewer.layers.remove("image preview")
    panel.session.train.forget()
    warm = _press(viewer, panel)
    panel.train.box.stop_requested.emit()
    wait_for_job(panel, 60)
    close_window(viewer)
    return {"cold_seconds": cold, "warm_seconds": warm, "labelled": labelled}


def painted_image(side: int = SIDE) -> tuple[np.ndarray, np.ndarray]:
    """The coins with their strokes, continued to a square."""
    from napari_unet.data.samples import load_sample

    sample = load_sample("coins")
    missing = [(0, side - n) for n in sample.image.shape]
    return np.pad(sample.image, missing, mode="reflect"), np.pad(sample.paint, missing)


def _press(viewer: napari.Viewer, panel: Any) -> float:
    """Press Train and return the seconds until the preview shows anything."""
    begin = time.perf_counter()
    panel.train.box.train_requested.emit()
    wait_until(lambda: bool(_preview(viewer).any()), 120, pause=0.02)
    settle(0)
    return time.perf_counter() - begin


def _preview(viewer: napari.Viewer) -> np.ndarray:
    """What the preview layer shows; nothing before there is one."""
    found = [layer.data for layer in viewer.layers if layer.name == "image preview"]
    return np.asarray(found[0]) if found else np.zeros(1)


if __name__ == "__main__":
    print(as_json(measure()), flush=True)  # type: ignore[arg-type]
