"""What helps, in a sentence, and the click that does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject

from napari_unet.app.session import Session
from napari_unet.app.state import LEARNING, Phase, Severity
from napari_unet.core.arrays import pixel_size_notice
from napari_unet.core.channels import misfit
from napari_unet.core.config import TrainConfig
from napari_unet.core.errors import UNetError
from napari_unet.core.learning_curve import loss_is_stuck
from napari_unet.core.preflight import Advice
from napari_unet.gui.advanced_form import AdvancedSettings
from napari_unet.gui.advice_line import Line
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.paint_area import move_paint
from napari_unet.gui.paint_step import PaintStep

PAINT = "paint"
"""Begins the code of a link that goes on painting; a paint value follows it."""


def paint_link(value: int) -> str:
    """The code of a link that goes on painting with this value."""
    return f"{PAINT}:{value}"


class Coach(QObject):
    """Knows what is wrong with paint, training and model, and mends it when asked.

    Parameters
    ----------
    session : Session
    paint_step : PaintStep
    settings : callable
        Gives the settings of the moment.
    apply : callable
        Takes changed settings.
    train : callable
        Trains, as a press of the button does.
    lifecycle : Lifecycle
    parent : QObject
    """

    def __init__(
        self,
        session: Session,
        paint_step: PaintStep,
        settings: Callable[[], AdvancedSettings],
        apply: Callable[[AdvancedSettings], None],
        train: Callable[[], None],
        lifecycle: Lifecycle,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._paint = session, paint_step
        self._settings, self._apply, self._train = settings, apply, train
        self._afresh = False
        self._shift = (0, 0)
        lifecycle.connect(session.state.phase_changed, self._on_phase)

    def of_paint(self, advice: Advice) -> Line:
        """The line for what was found out about the paint."""
        severity: Severity = "warning" if advice.serious else "hint"
        if advice.shift != (0, 0):
            self._shift = advice.shift
            return Line(advice.text, "warning", "move it there", "move")
        if advice.value is None:
            return Line(advice.text, severity)
        names = {row.value: row.name for row in self._paint.editor.table.value()}
        link = f"paint {names[advice.value]}" if advice.value in names else "add a class"
        return Line(advice.text, severity, link, paint_link(advice.value))

    def of_training(self) -> Line | None:
        """The line for a training that gets nowhere."""
        state = self._session.state
        if state.phase is not Phase.TRAINING:
            return None
        curve = state.curve
        if not loss_is_stuck([p.loss for p in curve], [p.score for p in curve]):
            return None
        text = "The loss does not move. See that the paint belongs to this image, or"
        return Line(text, "warning", "begin afresh", "afresh")

    def of_model(self) -> Line | None:
        """The line for a model that knows other channels, or pixels of another size."""
        model = self._session.state.model
        if model is None:
            return None
        try:
            source = self._paint.source("ZYX" if model.model.config.dimensions == 3 else "YX")
        except UNetError:
            return None
        if source is None:
            return None
        known = getattr(model.model, "known_channels", None)
        if known is not None and (text := misfit(known, source)):
            return Line(text, "warning")
        spacing = getattr(model.model, "spacing", None)
        text = pixel_size_notice(spacing, source.axes.spatial_spacing)
        if not text:
            return None
        return Line(f"{text} Or paint here and train more.", "warning", "paint", PAINT)

    def follow(self, code: str) -> bool:
        """Do what a link says; False if it is none of these."""
        word, _, value = code.partition(":")
        if word == PAINT:
            self._go_on_painting(int(value) if value else None)
        elif word == "afresh":
            self._begin_afresh()
        elif word == "move":
            self._move()
        else:
            return False
        return True

    # -- inside ---------------------------------------------------------------------------

    def _go_on_painting(self, value: int | None) -> None:
        rows = [row.value for row in self._paint.editor.table.value()]
        if self._paint.paint is None:
            self._paint.new_paint()
        elif value is not None and value not in rows:
            self._paint.editor.table.add_requested.emit()
        elif rows:
            self._paint.editor.paint_with(rows[0] if value is None else value)

    def _begin_afresh(self) -> None:
        """Stop, forget, and train at the step size that suits most; as soon as it has stopped."""
        self._afresh = True
        if self._session.state.phase in LEARNING:
            self._session.train.stop()
        else:
            self._on_phase(self._session.state.phase)

    def _on_phase(self, phase: Any) -> None:
        if not self._afresh or phase not in {Phase.IDLE, Phase.FAILED}:
            return
        self._afresh = False
        settings, usual = self._settings(), TrainConfig().learning_rate
        if settings.train.learning_rate != usual:
            train = settings.train.changed(learning_rate=usual)
            self._apply(AdvancedSettings(settings.model, train, settings.predict, settings.start))
        self._session.train.forget()
        self._train()

    def _move(self) -> None:
        if self._paint.paint is not None:
            text = move_paint(self._paint.paint, self._shift)
            self._session.state.say(text)
