"""How late a window answers while it is used: shared by the benchmarks that open one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import napari

TICK_MS = 5
PAINT_EVERY_MS = 30
"""A hand on a mouse: about 30 dabs a second."""
BRUSH = 6


def wait(seconds: float) -> None:
    """Let Qt's own event loop run, as it does for a user."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(int(1000 * seconds), loop.quit)
    loop.exec()


@contextmanager
def every(milliseconds: int, act: Any) -> Iterator[None]:
    """Call a function again and again while the event loop runs."""
    from qtpy.QtCore import Qt, QTimer

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(act)
    timer.start(milliseconds)
    try:
        yield
    finally:
        timer.stop()


@contextmanager
def lag() -> Iterator[list[float]]:
    """Collect how many milliseconds late each tick is."""
    late: list[float] = []
    last = time.perf_counter()

    def tick() -> None:
        nonlocal last
        now = time.perf_counter()
        late.append(max(0.0, 1000 * (now - last) - TICK_MS))
        last = now

    with every(TICK_MS, tick):
        yield late


@contextmanager
def painting(viewer: napari.Viewer) -> Iterator[list[float]]:
    """Paint along a spiral, one dab after another, and collect the milliseconds of each."""
    paint = viewer.layers["coins paint"]
    viewer.layers.selection.active = paint
    paint.mode, paint.brush_size = "paint", BRUSH
    spent: list[float] = []

    def dab() -> None:
        angle = 0.15 * len(spent)
        where = np.array([150, 190]) + (20 + angle) * np.array([np.sin(angle), np.cos(angle)])
        where = np.clip(where, 5, 295)
        begin = time.perf_counter()
        paint.paint(tuple(where), 1 + len(spent) // 40 % 2)
        spent.append(1000 * (time.perf_counter() - begin))

    with every(PAINT_EVERY_MS, dab):
        yield spent


def lag_figures(name: str, late: list[float]) -> dict[str, float]:
    """The usual percentiles, and how long the window was dead at a stretch."""
    return {
        f"{name}_lag_median_ms": float(np.median(late)),
        f"{name}_lag_p99_ms": float(np.percentile(late, 99)),
        f"{name}_lag_longest_ms": max(late),
    }


def dab_figures(name: str, spent: list[float]) -> dict[str, float]:
    """How long a dab of paint takes."""
    return {
        f"{name}_dabs": len(spent),
        f"{name}_dab_p99_ms": float(np.percentile(spent, 99)),
        f"{name}_dab_longest_ms": max(spent),
    }


def stroke_of(
    layer: Any, start: tuple[int, int], value: int, dabs: int = 20
) -> Iterator[tuple[int, int]]:
    """Paint one stroke along a row, a dab at every `next`, as one item of napari's history."""
    with layer.block_history():
        for step in range(dabs):
            place = (start[0], start[1] + 2 * step)
            layer.paint(place, value)
            yield place


def stroke(layer: Any, start: tuple[int, int], value: int) -> None:
    """Paint one stroke at once."""
    for _ in stroke_of(layer, start, value):
        pass
