"""A labels layer that is painted by a script and kept in a journal, without a window."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from napari_unet.app.journal_writer import JournalWriter
from napari_unet.app.painted import Painted
from napari_unet.data.journal_folder import JournalFolder


class Painter:
    """A labels layer of napari that is painted by a script, and its journal.

    Parameters
    ----------
    shape : tuple of int
    folder : Path or None
        Where the journal goes; None for none.
    """

    def __init__(self, shape: tuple[int, ...], folder: Path | None) -> None:
        from napari.components import ViewerModel

        self.pixels = np.zeros(shape, np.uint8)
        self.viewer = ViewerModel()
        image = self.viewer.add_image(self.pixels, contrast_limits=(0, 1), name="image")
        self.layer = self.viewer.add_labels(np.zeros(shape, np.uint8), name="paint")
        self.writer: JournalWriter | None = None
        if folder is not None:
            self._keep(folder, image)

    def _keep(self, folder: Path, image: Any) -> None:
        """Wire the journal as the panel does."""
        from qtpy.QtCore import QCoreApplication, QObject

        from napari_unet.gui.kept_paint_layer import KeptPaintLayers
        from napari_unet.gui.layer_store import ViewerLayers
        from napari_unet.gui.lifecycle import Lifecycle
        from napari_unet.gui.paint_counts import PaintCounts
        from napari_unet.gui.paint_layer import tie
        from napari_unet.gui.paint_watch import PaintWatch
        from napari_unet.gui.workers import share_interpreter

        self.app = QCoreApplication.instance() or QCoreApplication(sys.argv[:1])
        self.owner = QObject()
        store = ViewerLayers(self.viewer, PaintCounts(self.owner), self.owner)
        layers = KeptPaintLayers(self.viewer, store)
        tie(self.layer, image)
        self.writer = writer = JournalWriter(JournalFolder(folder), lambda *_: None)
        self.watch = PaintWatch(self.viewer, Lifecycle(), self.owner)
        share_interpreter(Lifecycle())

        def keep(change: Any) -> None:
            target = layers.target_of(change.layer)
            if target is not None:
                writer.put(Painted(target, change.edits, change.replaced))

        self.watch.changed.connect(keep)

    def stroke(self, rng: np.random.Generator, dabs: int, length: float) -> tuple[float, float]:
        """Paint along a line; seconds that napari takes, and that the journal takes after it."""
        layer = self.layer
        layer.brush_size = int(rng.integers(3, 25))
        value = int(rng.integers(0, 4))
        start = rng.random(2) * layer.data.shape
        steps = np.cumsum(rng.normal(0, length, (dabs, 2)), axis=0)
        points = np.clip(start + steps, 0, np.array(layer.data.shape) - 1)
        begin = time.perf_counter()
        with layer.block_history():
            for point in points:
                layer.paint(tuple(point), value, refresh=False)
            layer.refresh()
            painted = time.perf_counter()
        if self.writer is not None:
            self.watch.flush()
        return painted - begin, time.perf_counter() - painted

    def step(self, rng: np.random.Generator) -> None:
        """One act of the script: a stroke, or an undo."""
        if rng.random() < 0.15:
            self.layer.undo()
        else:
            self.stroke(rng, int(rng.integers(1, 30)), 8.0)
