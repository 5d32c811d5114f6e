"""Lag of napari's event loop while a network trains, and painting meanwhile, against idle.

A real napari window under Xvfb with the coins sample and the panel. A timer asks to be called
every 5 ms; how much later it is called is the lag that every click and every drag meets. Then
a spiral is painted, without and with training beside it. Painting makes napari draw the canvas
anew, in software here, which is a lag of its own: the two are to be compared with each other.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from benchmarks.lag import dab_figures, lag, lag_figures, painting, wait
from benchmarks.painting_window import (
    LIMIT_SECONDS,
    Figures,
    measured_apart,
    print_figures,
    train_without_end,
)
from benchmarks.report import Report
from scripts.window import PANEL, PLUGIN, settle, wait_for_job

if TYPE_CHECKING:
    import napari

    from napari_unet.gui.panel import UNetPaint

IDLE_SECONDS = 10.0
TRAINING_SECONDS = 20.0
TARGET_MS = 20.0


def run() -> Report:
    """Measure in a process of its own, which has a screen."""
    figures = measured_apart("benchmarks.window")
    late = figures["training_lag_p99_ms"]
    return Report(
        name="window",
        figures=figures,
        reference={"idle_lag_p99_ms": figures["idle_lag_p99_ms"]},
        ratio=late / max(figures["idle_lag_p99_ms"], 0.1),
        target=f"lag while training, 99th percentile, at most {TARGET_MS:.0f} ms",
        met=late <= TARGET_MS,
    )


def measure(viewer: napari.Viewer) -> Figures:
    """Open the panel, paint and train, and return every figure."""
    begin = time.perf_counter()
    _, panel = viewer.window.add_plugin_dock_widget(PLUGIN, PANEL)
    settle(0)
    figures: Figures = {"panel_opens_ms": 1000 * (time.perf_counter() - begin)}
    wait(4.0)  # the engine loads in the background while a user begins to paint
    with lag() as idle:
        wait(IDLE_SECONDS)
    figures |= lag_figures("idle", idle)
    with lag() as late, painting(viewer) as dabs:
        wait(IDLE_SECONDS)
    figures |= lag_figures("painting", late) | dab_figures("painting", dabs)
    train_without_end(panel)
    with lag() as late:
        wait(TRAINING_SECONDS)
    figures |= lag_figures("training", late)
    with lag() as late, painting(viewer) as dabs:
        wait(IDLE_SECONDS)
    figures |= lag_figures("painting_and_training", late)
    figures |= dab_figures("painting_and_training", dabs)
    return figures | _stopping(panel)


def _stopping(panel: UNetPaint) -> Figures:
    """What training came to, and the seconds it takes to answer Stop."""
    state = panel.session.state
    figures: Figures = {
        "scores_while_training": len(state.curve),
        "phase_while_training": str(state.phase),
    }
    begin = time.perf_counter()
    panel.train.box.stop_requested.emit()
    wait_for_job(panel, LIMIT_SECONDS)
    return {**figures, "stop_answered_s": time.perf_counter() - begin}


if __name__ == "__main__":
    print_figures("idle, painting, painting while training", measure, sample="coins")
    sys.exit(0)
