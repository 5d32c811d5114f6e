"""The one line at the bottom: what would help most now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from qtpy.QtCore import QObject

from napari_unet.app.session import Session
from napari_unet.app.state import Phase, Severity
from napari_unet.gui.advice_line import AdviceLine
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.paint_step import PaintStep
from napari_unet.gui.survey import Findings, Survey

_PHASES = {
    Phase.PREPARING: "Getting ready: the first time, the network's libraries take a few seconds.",
    Phase.TRAINING: "Learning. Watch the preview, and paint where it is wrong: it is learned too.",
    Phase.PAUSED: "Paused. You can go on painting; press Go on to learn from it.",
    Phase.RESTING: "Resting; paint to go on.",
    Phase.STOPPING: "Stopping; the best model is kept.",
    Phase.PREDICTING: "Predicting. You can go on painting.",
}


class Line(NamedTuple):
    """What the line says.

    Parameters
    ----------
    text : str
    severity : {"hint", "good", "warning", "error"}
    link : str
        Words of a link that does what the sentence asks for.
    code : str
        Which link it is.
    """

    text: str
    severity: Severity = "hint"
    link: str = ""
    code: str = ""


class Advisor(QObject):
    """Chooses the sentence of the bottom line from everything that is known.

    Parameters
    ----------
    viewer : napari.Viewer
    session : Session
    paint_step : PaintStep
    survey : Survey
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
        warning: str,
        lifecycle: Lifecycle,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._session, self._paint = viewer, session, paint_step
        self._survey, self._warning = survey, warning
        self._seen: tuple[Any, ...] = ()
        self.line = AdviceLine()
        self._links: dict[str, Callable[[], None]] = {
            "sample": self._open_sample,
            "new": paint_step.new_paint,
            "paint": self._start_painting,
        }
        self.line.follow_requested.connect(self._on_link)
        state = session.state
        lifecycle.connect(state.phase_changed, self._show)
        lifecycle.connect(state.message_changed, self._show)
        lifecycle.connect(state.model_changed, self._show)
        survey.found.connect(self._on_found)
        for said in (paint_step.said, paint_step.editor.said):
            said.connect(self.say)
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
            return Line(message.text, "error")
        if self._warning:
            return Line(self._warning, "warning")
        if message.text:
            return Line(message.text, message.severity)
        if phase in _PHASES:
            return Line(_PHASES[phase])
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
            return Line(text, link="paint", code="paint")
        if findings.advice:
            first = findings.advice[0]
            return Line(first.text, "warning" if first.serious else "hint")
        return None

    def _next(self) -> Line:
        if self._session.state.model is None:
            return Line("Ready: press Train. You can go on painting meanwhile.")
        return Line("Predict, or paint where the answer is wrong and train more.")

    def _on_acted(self) -> None:
        """Once the user chose or painted something, what was said before is answered."""
        image, paint = self._paint.image, self._paint.paint
        seen = (image, paint, self._paint.editor.pixels)
        if seen != self._seen and not self._session.state.busy:
            self.say("")
        self._seen = seen
        self._look()
        self._show()

    def _look(self) -> None:
        self._survey.look(self._paint.image, self._paint.paint)

    def _on_found(self, findings: Findings) -> None:
        self._paint.editor.set_reading(findings.reading)
        self._show()

    def _show(self, _: object = None) -> None:
        line = self.best()
        self.line.set_advice(line.text, line.severity, link=line.link, code=line.code)

    def _on_link(self, code: str) -> None:
        if code in self._links:
            self._links[code]()

    def _open_sample(self) -> None:
        self._viewer.open_sample("napari-unet-paint", "coins")

    def _start_painting(self) -> None:
        rows = self._paint.editor.table.value()
        if rows:
            self._paint.editor.paint_with(rows[0].value)
