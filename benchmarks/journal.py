"""What keeping every stroke on disk costs the window, what it takes there, and what a kill loses.

Cost: strokes on a 20,000 x 20,000 labels layer, the time the journal takes on the main thread
against the time napari takes to paint the same stroke. Size: the journal against the same
strokes compressed one by one, each as the bits of its bounding box. Kills: processes that paint
by a script, erasing and undoing too, are ended by ``kill -9`` at random moments, and what the
next session is offered is compared with every state the layer ever had.

``python -m benchmarks.journal --kills 200`` kills more often.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.journal_painter import Painter
from benchmarks.report import Report, as_json, as_text, progress
from napari_unet.app import journal_book
from napari_unet.core.image_mark import image_mark
from napari_unet.data.journal_folder import JournalFolder

HUGE = (20_000, 20_000)
SIZE_STROKES = 60
KILL_SHAPE = (700, 900)
KILLS = 20
TOGETHER = 5
LONGEST_SECONDS = 3.0
COMPACT_BYTES = 6000
"""A journal is written anew this often in the kill test, so that kills hit that as well."""

TARGET_MS = 5.0
TARGET_SIZE = 2.0
TARGET_LOST_SECONDS = 2.0


def run(kills: int = KILLS) -> Report:
    """Measure all three; kills first, in processes forked before any thread is begun."""
    with tempfile.TemporaryDirectory() as folder:
        lost = _killed(Path(folder), kills)
        cost = _cost(Path(folder) / "cost")
        size = _size(Path(folder) / "size")
    figures = {**cost, **size, **lost}
    return Report(
        name="journal",
        figures=figures,
        reference={"napari_paints_ms": cost["napari_stroke_median_ms"]},
        ratio=cost["journal_stroke_median_ms"] / cost["napari_stroke_median_ms"],
        target={
            "main_thread_longest_ms": TARGET_MS,
            "journal_against_compressed_strokes": TARGET_SIZE,
            "oldest_lost_stroke_s": TARGET_LOST_SECONDS,
            "unreadable": 0,
        },
        met=cost["journal_stroke_longest_ms"] <= TARGET_MS
        and size["size_ratio"] <= TARGET_SIZE
        and lost["oldest_lost_s"] <= TARGET_LOST_SECONDS
        and lost["unreadable"] == 0,
    )


# -- cost and size --------------------------------------------------------------------------


def _cost(folder: Path) -> dict[str, float]:
    """Strokes of 1 to 3,000 dabs on a huge layer; milliseconds on the main thread."""
    progress("strokes on 20,000 x 20,000 pixels")
    painter = Painter(HUGE, folder)
    rng = np.random.default_rng(0)
    painter.stroke(rng, 5, 8.0)
    times = []
    for dabs, length in [(1, 5.0)] * 10 + [(40, 8.0)] * 20 + [(400, 12.0)] * 5 + [(3000, 90.0)] * 2:
        times.append(painter.stroke(rng, dabs, length))
        time.sleep(0.05)
    assert painter.writer is not None
    painter.writer.close(20)
    napari, ours = 1000 * np.array(times).T
    return {
        "napari_stroke_median_ms": float(np.median(napari)),
        "journal_stroke_median_ms": float(np.median(ours)),
        "journal_stroke_longest_ms": float(ours.max()),
        "journal_against_napari_longest": float(ours.max() / napari[ours.argmax()]),
    }


def _size(folder: Path) -> dict[str, float]:
    """Bytes of a journal, each stroke written by itself, and of the strokes compressed."""
    progress("size on disk")
    painter = Painter((2000, 2000), folder)
    assert painter.writer is not None
    rng, plain = np.random.default_rng(1), 0
    before = painter.layer.data.copy()
    for _ in range(SIZE_STROKES):
        painter.stroke(rng, int(rng.integers(5, 60)), 8.0)
        painter.writer.flush(20)
        plain += _compressed(before, painter.layer.data)
        before = painter.layer.data.copy()
    size = sum(file.stat().st_size for file in folder.glob("*/*"))
    painter.writer.close(20)
    return {
        "journal_bytes": size,
        "compressed_strokes_bytes": plain,
        "layer_bytes": int(before.nbytes),
        "size_ratio": size / plain,
    }


def _compressed(before: np.ndarray, after: np.ndarray) -> int:
    """Bytes of one stroke: the changed pixels of its bounding box as bits, and their value."""
    changed = before != after
    if not changed.any():
        return 0
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    box = changed[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    corner = np.array([rows[0], rows[-1], columns[0], columns[-1]], "<i4").tobytes()
    value = bytes([int(after[changed][0])])
    return len(zlib.compress(corner + value + np.packbits(box).tobytes()))


# -- kills ----------------------------------------------------------------------------------


def _killed(folder: Path, kills: int) -> dict[str, float]:
    """Kill painting processes and look at what they left."""
    import napari.components  # noqa: F401  (once, for all the processes forked from this one)

    progress(f"{kills} kills")
    states = list(_states(int(LONGEST_SECONDS / 0.02)))
    rng = np.random.default_rng()
    lost, unreadable = [], 0
    for first in range(0, kills, TOGETHER):
        moments = rng.uniform(0.05, LONGEST_SECONDS, min(TOGETHER, kills - first))
        for number, (ended, times) in enumerate(_painting(folder, first, moments), first):
            left = _left_by(folder / str(number), states[: len(times) + 2])
            unreadable += left is None
            lost.append(max((ended - when for when in times[left or 0 :]), default=0.0))
    return {
        "kills": kills,
        "unreadable": unreadable,
        "oldest_lost_s": max(lost),
        "median_lost_s": float(np.median(lost)),
    }


def _painting(folder: Path, first: int, moments: np.ndarray) -> list[tuple[float, list[float]]]:
    """Let processes paint and kill each at its moment; when that was, and when strokes ended."""
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else "spawn")
    running = []
    for number in range(first, first + len(moments)):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_paint_until_killed, args=(folder / str(number), theirs))
        process.start()
        theirs.close()
        running.append((process, ours))
    ends = [pipe.recv() + moment for (_, pipe), moment in zip(running, moments, strict=True)]
    done: dict[int, tuple[float, list[float]]] = {}
    for number in np.argsort(ends):
        process, pipe = running[number]
        time.sleep(max(0.0, ends[number] - time.monotonic()))
        process.kill()
        ended = time.monotonic()
        process.join()
        done[int(number)] = ended, list(_received(pipe))
    return [done[number] for number in sorted(done)]


def _received(pipe: Any) -> Iterator[float]:
    """What a process had said before it was killed."""
    try:
        while pipe.poll():
            yield pipe.recv()
    except (EOFError, OSError):
        return


def _paint_until_killed(folder: Path, pipe: Any) -> None:
    """Paint by the script, and say when it begins and when each stroke has ended."""
    journal_book._COMPACT_BYTES = COMPACT_BYTES
    painter = Painter(KILL_SHAPE, folder)
    rng, pauses = np.random.default_rng(2), np.random.default_rng(os.getpid())
    pipe.send(time.monotonic())
    while True:
        painter.step(rng)
        pipe.send(time.monotonic())
        painter.app.processEvents()
        time.sleep(float(pauses.uniform(0.02, 0.15)))


def _states(number: int) -> Iterator[bytes]:
    """The layer before the first stroke, and after each."""
    painter, rng = Painter(KILL_SHAPE, None), np.random.default_rng(2)
    yield zlib.compress(painter.layer.data.tobytes(), 1)
    for _ in range(number):
        painter.step(rng)
        yield zlib.compress(painter.layer.data.tobytes(), 1)


def _left_by(folder: Path, states: list[bytes]) -> int | None:
    """How many strokes a killed process left on disk; None if what it left was never painted."""
    mark = image_mark(np.zeros(KILL_SHAPE, np.uint8))
    journals = JournalFolder(folder)
    waiting = journals.waiting(mark, "")
    if not waiting:
        return 0
    file, journal = next(iter(waiting.items()))
    kept = zlib.compress(journals.paint_of(file, journal).array().tobytes(), 1)
    found = [number for number, state in enumerate(states) if state == kept]
    return found[-1] if found else None


def main() -> None:
    """Run it with more or fewer kills."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journal")
    parser.add_argument("--kills", type=int, default=KILLS, help="processes to kill")
    report = run(parser.parse_args().kills)
    print(as_text(report, (__doc__ or "").partition("\n")[0]))
    print(as_json(report), flush=True)


if __name__ == "__main__":
    main()
