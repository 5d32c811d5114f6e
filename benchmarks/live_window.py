"""Lag of napari's event loop while a network trains live, previews, and somebody paints strokes.

As `window`, but with everything on: strokes go into the running training, the preview follows,
every stroke is kept on disk. Afterwards the same strokes without training, each with its
instant answer. Painting makes napari draw the canvas anew, in software here, and that is a lag
of its own: strokes with the panel's answers off, before all that, are what it is compared with.
The preview is one layer more to draw, so these strokes are painted again when there is one and
nothing works any more.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks.lag import PAINT_EVERY_MS, every, lag, lag_figures, stroke_of, wait
from benchmarks.painting_window import (
    LIMIT_SECONDS,
    Figures,
    measured_apart,
    paint_taken,
    print_figures,
    train_without_end,
    wait_for_engine,
    wait_for_training,
)
from benchmarks.report import Report
from scripts.window import open_panel, wait_for_job

if TYPE_CHECKING:
    import napari

ALONE_SECONDS = 5.0
LIVE_SECONDS = 10.0
ANSWER_SECONDS = 5.0
DABS = 20
"""Dabs of one stroke: two thirds of a second."""
TARGET_MS = 20.0


def run() -> Report:
    """Measure in a process of its own, which has a screen."""
    figures = measured_apart("benchmarks.live_window")
    late = figures["live_lag_p99_ms"]
    return Report(
        name="live_window",
        figures=figures,
        reference={
            "painting_alone_lag_p99_ms": figures["alone_lag_p99_ms"],
            "painting_alone_under_preview_lag_p99_ms": figures["alone_under_preview_lag_p99_ms"],
        },
        ratio=late / max(figures["alone_lag_p99_ms"], 0.1),
        target=f"lag with everything on, 99th percentile, at most {TARGET_MS:.0f} ms",
        met=late <= TARGET_MS,
    )


def measure(viewer: napari.Viewer) -> Figures:
    """Paint alone, with live training, with instant answers, and return every figure."""
    panel = open_panel(viewer)
    layer = viewer.layers["coins paint"]
    panel.train.box.set_answers_shown(False)
    wait_for_engine(panel)
    figures: Figures = {}
    wait(1.0)
    with lag() as late, _strokes(layer, 0) as made:
        wait(ALONE_SECONDS)
    figures |= lag_figures("alone", late) | {"strokes_alone": len(made)}
    with paint_taken(panel) as taken:
        train_without_end(panel)
        wait_for_training(panel)
        wait(1.0)
        with lag() as late, _strokes(layer, 20) as made:
            wait(LIVE_SECONDS)
    figures |= lag_figures("live", late)
    figures |= {"strokes_live": len(made), "updates_learned": len(taken)}
    panel.session.train.stop()
    wait_for_job(panel, LIMIT_SECONDS)
    with lag() as late, _strokes(layer, 50):
        wait(ALONE_SECONDS)
    figures |= lag_figures("alone_under_preview", late)
    panel.train.box.set_answers_shown(True)
    with lag() as late, _strokes(layer, 62):
        wait(ANSWER_SECONDS)
    return figures | lag_figures("answers", late)


@contextmanager
def _strokes(layer: Any, first: int) -> Iterator[list[int]]:
    """Paint one stroke after another, a dab at a time, and collect their numbers.

    Numbers begin at `first`; each number has a place of its own, for to paint a place again
    changes nothing.
    """
    made: list[int] = []
    dabs: Iterator[object] = iter(())

    def dab() -> None:
        nonlocal dabs
        if next(dabs, None) is None:
            number = first + len(made)
            made.append(number)
            start = (12 + 13 * (number % 22), 10 + 95 * (number // 22 % 4))
            dabs = stroke_of(layer, start, 1 + number % 2, DABS)
            next(dabs)

    with every(PAINT_EVERY_MS, dab):
        yield made
    for _ in dabs:  # the stroke that was begun ends
        pass


if __name__ == "__main__":
    print_figures(
        "strokes alone, with live training, with instant answers", measure, sample="coins"
    )
    sys.exit(0)
