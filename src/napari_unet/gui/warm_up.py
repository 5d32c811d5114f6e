"""Loads the engine in the background while the user paints, so that Train starts at once."""

from __future__ import annotations

from qtpy.QtCore import QObject, QTimer, Signal

from napari_unet.app.engine import warm_up
from napari_unet.app.jobs import single
from napari_unet.gui.workers import QtRunner

DELAY_MS = 1500
"""How long there has been a paint layer before the engine is loaded."""


class WarmUp(QObject):
    """Loads the engine once and says which devices there are.

    Opening the panel must not take the second or more that this costs, and pressing Train
    should not either; between the two there is the time in which the user paints.
    """

    devices_known = Signal(object)
    """What `napari_unet.app.engine.warm_up` returns."""

    def __init__(self, runner: QtRunner, parent: QObject) -> None:
        super().__init__(parent)
        self._runner = runner
        self._begun = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._start)

    def begin(self) -> None:
        """Start the clock; only the first call counts."""
        if not self._begun:
            self._begun = True
            self._timer.start(DELAY_MS)

    def _start(self) -> None:
        self._runner.run(
            single(warm_up),
            on_event=lambda _: None,
            on_done=self.devices_known.emit,
            on_error=lambda _: None,  # Train will say what is wrong, in words
            words="loading the engine",
        )
