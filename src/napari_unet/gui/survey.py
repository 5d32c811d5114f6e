"""Looks at the paint in the background, and says how it is read and what would help it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_unet.app.jobs import LatestOnly, single
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.errors import UNetError
from napari_unet.core.paint_reading import PaintReading
from napari_unet.core.preflight import Advice, check_paint
from napari_unet.gui.layer_store import ViewerLayers, id_of
from napari_unet.gui.place import place_of
from napari_unet.gui.workers import QtRunner

_REST_MS = 350
"""The paint is looked at once it has been left alone for this long."""


@dataclass(frozen=True)
class Findings:
    """What is known about the paint.

    Parameters
    ----------
    reading : PaintReading or None
        None if the paint cannot be read.
    advice : tuple of Advice
        What would help, the most serious first.
    problem : str, optional
        Why the paint cannot be used; empty if it can.
    """

    reading: PaintReading | None = None
    advice: tuple[Advice, ...] = ()
    problem: str = ""


class Survey(QObject):
    """Reads a copy of the paint on a worker, newest paint first, never two at a time."""

    found = Signal(object)
    """`Findings`, whenever they are new."""

    def __init__(self, store: ViewerLayers, runner: QtRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._store = store
        self._jobs = LatestOnly(runner)
        self._image: Any | None = None
        self._paint: Any | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._start)
        self.findings = Findings()
        self._looked_over: Any = None
        """Pixels of an image, and the part of it, that are known to show something."""

    def look(self, image: Any | None, paint: Any | None) -> None:
        """Look at this paint on this image soon."""
        self._image, self._paint = image, paint
        if image is None or paint is None:
            self._rest.stop()
            self._announce(Findings())
        else:
            self._rest.start()

    def _start(self) -> None:
        if self._image is None or self._paint is None:
            return
        try:
            painted = self._store.snapshot(id_of(self._image), id_of(self._paint), "YX")
        except UNetError as err:
            self._announce(Findings(problem=str(err)))
            return
        pixels, place = self._image.data, place_of(self._paint) or place_of(self._image)
        known = self._looked_over
        varied = known is not None and known[0] is pixels and known[1] == place

        def show(findings: Findings) -> None:
            flat = any(advice.code == "flat-image" for advice in findings.advice)
            self._looked_over = None if flat or findings.problem else (pixels, place)
            self._announce(findings)

        self._jobs.submit(
            lambda: single(lambda: _find(painted, varied)),
            on_done=show,
            on_error=lambda err: self._announce(Findings(problem=str(err))),
            words="looking at the paint",
        )

    def _announce(self, findings: Findings) -> None:
        self.findings = findings
        self.found.emit(findings)


def _find(painted: PaintedImage, varied: bool) -> Findings:
    """Runs on a worker; needs no torch."""
    try:
        reading = painted.read()
    except UNetError as err:
        return Findings(problem=str(err))
    source = painted.source
    advice = check_paint(painted.paint, source.array, source.axes, reading, varied)
    return Findings(reading, tuple(sorted(advice, key=lambda one: not one.serious)))
