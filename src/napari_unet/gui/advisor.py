"""The one line at the bottom: what would help most now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, QTimer

from napari_unet.app.session import Session
from napari_unet.app.state import LOADED, Phase, Severity
from napari_unet.gui.advice_line import AdviceLine, Line
from napari_unet.gui.coach import PAINT, Coach
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.paint_step import PaintStep
from napari_unet.gui.survey import Findings, Survey

_HINT_MS = 12_000
"""A hint said while work goes on makes room again after this long."""

_PHASES = {
    Phase.PREPARING: "Getting ready: the first time, the network's libraries take a few seconds.",
    Phase.TRAINING: "Learning. Watch the preview, and paint where it is wrong: it is learned too.",
    Phase.PAUSED: "Paused. You can go on painting; press Go on to learn from it.",
    Phase.RESTING: "Resting; paint to go on.",
    Phase.STOPPING: "Stopping; the best model is kept.",
    Phase.PREDICTING: "Predicting. You can go on painting.",
}


class Advisor(QObject):
    """Chooses the sentence of the bottom line from everything that is known.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
    paint_step : PaintStep
    survey : Survey
    coach : Coach
    warning : str
        Something to say before all else; empty for nothing.
    lifecycle : Lifecycle
    parent : QObject
    """

    def __init__(
        self,
        viewer: Any,
        session: Session,
        paint_step: PaintStep,
        survey: Survey,
        coach: Coach,
        warning: str,
        lifecycle: Lifecycle,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._paint = viewer, session, paint_step
        self._survey, self._coach, self._warning = survey, coach, warning
        self._seen: tuple[Any, ...] = ()
        self._of_change = False
        self._fade = QTimer(self)
        self._fade.setSingleShot(True)
        self._fade.setInterval(_HINT_MS)
        self._fade.timeout.connect(self._on_faded)
        self.line = AdviceLine()
        self._links: dict[str, Callable[[], None]] = {
            "sample": self._open_sample,
            "new": paint_step.new_paint,
        }
        self.line.follow_requested.connect(self._on_link)
        state = session.state
        lifecycle.connect(state.phase_changed, self._show)
        lifecycle.connect(state.message_changed, self._on_message)
        lifecycle.connect(state.model_changed, self._show)
        lifecycle.connect(state.curve_changed, self._show)
        survey.found.connect(self._on_found)
        for said in (paint_step.said, paint_step.editor.said):
            said.connect(self._on_said)
        paint_step.pair_changed.connect(self._on_acted)
        paint_step.editor.painted.connect(self._on_acted)
        self._on_acted()

    def say(self, text: str, severity: Severity = "hint") -> None:
        """Show a sentence until something newer is to be said (the port `Notifier`)."""
        self._session.state.say(text, severity)

    def best(self) -> Line:
        """What would help most now."""
        message, phase = self._session.state.message, self._session.state.phase
        if message.severity == "error" and message.text:
            return Line(message.text, "error", message.link, message.code)
        if self._warning:
            return Line(self._warning, "warning")
        if message.text:
            of_model = self._coach.of_model() if message.code == LOADED else None
            return of_model or Line(*message)
        if phase in _PHASES:
            return self._coach.of_training() or Line(_PHASES[phase])
        return self._missing() or self._of_paint() or self._next()

    # -- inside ---------------------------------------------------------------------------

    def _missing(self) -> Line | None:
        if self._paint.image is None:
            return Line("Open an image to begin with.", link="open a sample", code="sample")
        if self._paint.paint is None:
            text = f"{self._paint.doubt} Make a layer to paint on, or choose one.".strip()
            return Line(text, link="new paint layer", code="new")
        return None

    def _of_paint(self) -> Line | None:
        findings = self._survey.findings
        if findings.problem:
            return Line(findings.problem, "warning")
        if not self._paint.editor.pixels:
            text = "Paint a few strokes: background first, then the object, close to its border."
            return Line(text, link="paint", code=PAINT)
        if findings.advice:
            return self._coach.of_paint(findings.advice[0])
        return None

    def _next(self) -> Line:
        if self._session.state.model is None:
            return Line("Ready: press Train. You can go on painting meanwhile.")
        usual = Line("Predict, or paint where the answer is wrong and train more.")
        return self._coach.of_model() or usual

    def _on_acted(self) -> None:
        """Once the user chose or painted something, what was said before is answered."""
        image, paint = self._paint.image, self._paint.paint
        seen = (image, paint, self._paint.editor.pixels)
        if seen != self._seen and self._of_change:
            self._of_change = False
        elif seen != self._seen and not self._session.state.busy and not self._must_be_read:
            self.say("")
        self._seen = seen
        self._look()
        self._show()

    @property
    def _must_be_read(self) -> bool:
        """True for a while after a warning: the next stroke must not wipe it away."""
        return self._session.state.message.severity == "warning" and self._fade.isActive()

    def _on_said(self, text: str) -> None:
        """Many a sentence tells what just happened to the paint; counting it is no answer."""
        self.say(text)
        self._of_change = True

    def _on_message(self, _: object) -> None:
        self._of_change = False
        self._fade.start()
        self._show()

    def _on_faded(self) -> None:
        state = self._session.state
        if state.busy and state.message.severity == "hint":
            self.say("")

    def _look(self) -> None:
        self._survey.look(self._paint.image, self._paint.paint)

    def _on_found(self, findings: Findings) -> None:
        self._paint.editor.set_reading(findings.reading)
        self._show()

    def _show(self, _: object = None) -> None:
        line = self.best()
        self.line.set_advice(line.text, line.severity, link=line.link, code=line.code)

    def _on_link(self, code: str) -> None:
        if not self._coach.follow(code) and code in self._links:
            self._links[code]()

    def _open_sample(self) -> None:
        self._viewer.open_sample("napari-unet-paint", "coins")
