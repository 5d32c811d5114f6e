"""The journal in the window: strokes go to disk, and what an earlier session left is offered."""

from __future__ import annotations

import contextlib
from typing import Any

from qtpy.QtCore import QObject, Signal, Slot

from napari_unet.app.journal_controller import JournalController, Offer, default_journal_folder
from napari_unet.app.journal_writer import JournalWriter
from napari_unet.app.painted import Painted
from napari_unet.app.state import SessionState
from napari_unet.data.journal_folder import JournalFolder
from napari_unet.gui.kept_paint_layer import KeptPaintLayers, identity_of
from napari_unet.gui.layer_store import ViewerLayers, id_of
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.offer_line import OfferLine
from napari_unet.gui.paint_step import PaintStep
from napari_unet.gui.paint_watch import PaintChange, PaintWatch
from napari_unet.gui.workers import QtRunner

_CLOSE_SECONDS = 1.0
"""Closing the panel waits no longer than this for the disk."""


class JournalWatch(QObject):
    """Hands strokes to the journal and shows its offer.

    Parameters
    ----------
    viewer : napari.Viewer
    state : SessionState
    store : ViewerLayers
    paint_step : PaintStep
    watch : PaintWatch
    runner : QtRunner
        Looks for kept paint; used by nobody else.
    lifecycle : Lifecycle
    parent : QObject
    """

    _said = Signal(str, bool)

    def __init__(
        self,
        viewer: Any,
        state: SessionState,
        store: ViewerLayers,
        paint_step: PaintStep,
        watch: PaintWatch,
        runner: QtRunner,
        lifecycle: Lifecycle,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._state, self._step, self._watch = state, paint_step, watch
        self._layers = KeptPaintLayers(viewer, store)
        folder = JournalFolder(default_journal_folder())
        self.writer = JournalWriter(folder, self._say)
        self.journal = JournalController(state, folder, self.writer, runner)
        self.line = OfferLine(
            ("Restore", "Put the kept paint back where nothing is painted"),
            ("Dismiss", "Do not offer this paint again"),
        )
        self._said.connect(self._on_said)
        watch.changed.connect(self._on_change)
        paint_step.pair_changed.connect(self._look)
        paint_step.input_changed.connect(self._on_input)
        self.line.accepted.connect(self._on_restore)
        self.line.declined.connect(self._on_dismiss)
        self.journal.offer_changed.connect(self._show)
        lifecycle.at_close(self._close)
        lifecycle.connect(viewer.layers.events.removed, self._on_removed)
        self._look()

    def _on_change(self, change: PaintChange) -> None:
        target = self._layers.target_of(change.layer)
        if target is not None:
            self.journal.painted(Painted(target, change.edits, change.replaced))

    def _on_input(self) -> None:
        """Note which channels there are now, if there is paint that they are the input of."""
        self._watch.flush()
        layer = self._step.paint
        target = self._layers.target_of(layer) if layer is not None else None
        if target is not None and self.journal.keeps(target.layer):
            self.journal.painted(Painted(target))

    def _on_removed(self, event: Any) -> None:
        self._watch.flush()
        self.journal.gone(id_of(event.value))

    def _look(self) -> None:
        image = self._step.image
        if image is not None:
            self.journal.look(identity_of(image), self._layers.layers_of(image))
        else:
            self.journal.forget()

    def _on_restore(self) -> None:
        offer = self.journal.offer
        self.journal.restore(self._layers)
        changed, sentence = self._layers.give_channels_back(offer) if offer else (False, "")
        if sentence:
            self._state.say(sentence, "warning")
        self._step.sync()
        if changed:
            self._step.input_changed.emit()

    def _on_dismiss(self) -> None:
        self.journal.dismiss()
        self._look()

    def _show(self, offer: Offer | None) -> None:
        self.line.set_sentence(offer.sentence if offer is not None else "")

    def _say(self, sentence: str, good: bool) -> None:
        """Called on the writing thread; Qt brings the signal to the main one."""
        with contextlib.suppress(RuntimeError):  # the panel was deleted meanwhile
            self._said.emit(sentence, good)

    @Slot(str, bool)  # type: ignore[untyped-decorator]
    def _on_said(self, sentence: str, good: bool) -> None:
        self._state.say(sentence, "good" if good else "warning")
        self._step.section.set_aside("" if good else "not kept on disk")

    def _close(self) -> None:
        self._watch.flush()
        self.writer.close(_CLOSE_SECONDS)
