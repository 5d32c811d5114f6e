"""How wrong the answer was under each stroke: compared off the main thread, one series a layer."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from psygnal import Signal

from napari_unet.app.jobs import single
from napari_unet.app.ports import JobRunner, LayerId
from napari_unet.core.edits import Edit
from napari_unet.core.errors import UNetError
from napari_unet.core.stroke_errors import AnswerBelow, StrokeError, judge

_MOST_STROKES = 1000
"""Of a layer; older ones are forgotten."""


@dataclass(frozen=True, eq=False)
class JudgedStroke:
    """A stroke that ended over an answer.

    Parameters
    ----------
    paint : LayerId
    edits : sequence of Edit
        Read on another thread.
    below : AnswerBelow
    mask : bool
        True if the layer is a full mask that is being corrected.
    """

    paint: LayerId
    edits: Sequence[Edit]
    below: AnswerBelow
    mask: bool = False


class StrokeJudge:
    """Keeps how wrong the answer was under each stroke; training anew changes nothing of it.

    Parameters
    ----------
    runner : JobRunner
        Used by nobody else.
    clock : callable, optional
        Seconds since the epoch.
    """

    changed = Signal(object)
    """The layer whose series has grown."""

    def __init__(self, runner: JobRunner, clock: Callable[[], float] = time.time) -> None:
        self._runner, self._clock = runner, clock
        self._waiting: list[tuple[JudgedStroke, float]] = []
        self._series: defaultdict[LayerId, deque[StrokeError]] = defaultdict(
            lambda: deque(maxlen=_MOST_STROKES)
        )

    def series(self, paint: LayerId | None) -> tuple[StrokeError, ...]:
        """The strokes on one layer that were made over an answer, the oldest first."""
        return tuple(self._series[paint]) if paint in self._series else ()

    def take(self, stroke: JudgedStroke) -> None:
        """Compare a stroke with the answer under it soon; none is left out."""
        self._waiting.append((stroke, self._clock()))
        self._go_on()

    def _go_on(self) -> None:
        if not self._waiting or self._runner.busy:
            return
        strokes, self._waiting = self._waiting, []
        self._runner.run(
            single(
                lambda: [
                    (s.paint, judge(s.edits, s.below, mask=s.mask, seconds=at)) for s, at in strokes
                ]
            ),
            on_event=_nothing,
            on_done=self._on_judged,
            on_error=self._on_error,
            words="comparing strokes with the answer under them",
        )

    def _on_judged(self, judged: Sequence[tuple[LayerId, StrokeError | None]]) -> None:
        grown = {}
        for paint, error in judged:
            if error is not None:
                self._series[paint].append(error)
                grown[paint] = True
        for paint in grown:
            self.changed.emit(paint)
        self._go_on()

    def _on_error(self, _: UNetError) -> None:
        """One stroke less in a series is nothing to tell anybody; the log has it."""
        self._go_on()


def _nothing(_: object) -> None:
    """Take an event and do nothing."""
