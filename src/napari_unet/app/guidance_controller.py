"""Where to paint next: asked on demand, answered on a worker, never in the way of anything."""

from __future__ import annotations

from typing import Any

from psygnal import Signal

from napari_unet.app.glance_controller import GlanceController
from napari_unet.app.jobs import LatestOnly, single
from napari_unet.app.ports import JobRunner, LayerId
from napari_unet.app.state import LEARNING, Phase, SessionState
from napari_unet.app.surveyor import Answers, PartKey, Survey, Surveyor, View, others, part_of
from napari_unet.app.train_job import TrainWish
from napari_unet.core.cancel import CancelToken
from napari_unet.core.errors import UNetError
from napari_unet.core.next_place import Outlook, Place
from napari_unet.core.source import Box

_AT_WORK = (LEARNING - {Phase.RESTING}) | {Phase.STOPPING}
"""Phases in which training knows the newest paint, or will in a moment."""

_ELSEWHERE = 2
"""Parts of the image that are not on screen and are looked over, too."""

_MOST_PARTS = 16
"""Parts of the image whose answers are remembered."""

_NOBODY = "Make a paint layer and paint a little of each class; then Next shows where to go."
_NOTHING = "Nothing is in doubt away from your paint. Look for mistakes yourself, or press Train."
_PAINT_HERE = "Paint one stroke of the right one."


class GuidanceController:
    """Finds where to paint next, and keeps what the answer was before.

    Parameters
    ----------
    state : SessionState
    glance : GlanceController
        Knows the paint.
    runner : JobRunner
        Used by nobody else.
    """

    found = Signal(object)
    """A `Place` to go to."""
    surveyed = Signal(object)
    """A `Survey`, each time an image was looked over."""
    looking = Signal(bool)
    """True when a place is being looked for, False when that is over."""

    def __init__(self, state: SessionState, glance: GlanceController, runner: JobRunner) -> None:
        self._state, self._glance, self._jobs = state, glance, LatestOnly(runner)
        self._cancel = CancelToken()
        self._generation = 0
        self._view: View | None = None
        self._left: list[Place] = []
        self._fresh, self._watched, self._wanted = False, False, False
        self._seen: tuple[LayerId, Outlook] | None = None
        self._answers: dict[tuple[LayerId, PartKey], Answers] = {}
        state.model_changed.connect(self._on_model)

    def look(self, image: LayerId, sample: int, box: Box) -> None:
        """Say what is on screen; places are looked for there first."""
        if self._view is not None and self._view.image != image:
            self._fresh = False
        self._view = View(image, sample, box)
        if self._watched and not self._covered(self._view):
            self._ask()

    def next(self) -> None:
        """Announce the next place of the image on screen; after new paint, the best one anew."""
        if self._fresh and self._left:
            self._go()
        else:
            self._wanted = True
            self._ask()

    def watch(self, on: bool) -> None:
        """Look over what is on screen, now and after each stroke, or do not."""
        self._watched = on
        if on:
            self._ask()

    def stroke_done(self) -> None:
        """There is new paint: what was found is out of date."""
        self._fresh = False
        if self._watched:
            self._ask()

    def forget(self) -> None:
        """Other layers, or paint read in another way: no answer can be compared any more."""
        self._cancel.cancel()
        self._generation += 1
        self._fresh, self._left, self._answers, self._seen = False, [], {}, None
        self._over()

    # -- inside ---------------------------------------------------------------------------

    def _on_model(self, _: object) -> None:
        self._fresh = False

    def _covered(self, view: View) -> bool:
        """True if the last survey was of what is on screen."""
        if self._seen is None:
            return False
        image, outlook = self._seen
        return (image, outlook.sample) == (view.image, view.sample) and all(
            seen.start >= part.start and seen.stop <= part.stop
            for seen, part in zip(view.box, outlook.box, strict=True)
        )

    def _ask(self) -> None:
        view = self._view
        try:
            asked = self._glance.asked()
        except UNetError as err:
            return self._over(str(err))
        if asked is None or view is None or view.image != asked[0].pairs[0][0]:
            return self._over(_NOBODY)
        self._cancel.cancel()
        cancel = self._cancel = CancelToken()
        self._generation += 1
        generation, elsewhere = self._generation, _ELSEWHERE if self._wanted else 0
        answers = {part: its for (image, part), its in self._answers.items() if image == view.image}
        surveyor = self._surveyor(*asked)
        self.looking.emit(self._wanted)
        return self._jobs.submit(
            lambda: single(lambda: surveyor.look(view, answers, elsewhere, cancel)),
            on_done=lambda survey: self._on_survey(survey, generation, view.image),
            on_error=lambda err: self._on_error(err, generation),
            words="looking for a place to paint next",
        )

    def _surveyor(self, wish: TrainWish, glancer: Any) -> Surveyor:
        model = self._state.model.model if self._state.model is not None else None
        knows = self._state.phase in _AT_WORK or not self._glance.painted
        return Surveyor(wish, glancer, model, knows)

    def _on_survey(self, survey: Survey | None, generation: int, image: LayerId) -> None:
        if survey is None or generation != self._generation:
            return
        self._seen = image, survey.outlooks[0]
        for outlook in survey.outlooks:
            key = image, part_of(outlook)
            self._answers[key] = (*others(self._answers.pop(key, ()), outlook)[-1:], outlook)
        for part in list(self._answers)[:-_MOST_PARTS]:
            del self._answers[part]
        self.surveyed.emit(survey)
        if not self._wanted:
            return
        self._left, self._fresh = list(survey.places), True
        if self._left:
            self._over()
            self._go()
        else:
            self._over(_NOTHING)

    def _go(self) -> None:
        place = self._left.pop(0)
        self._state.say(f"{place.reason} {_PAINT_HERE}", "hint")
        self.found.emit(place)

    def _on_error(self, err: UNetError, generation: int) -> None:
        if generation == self._generation:
            self._over(str(err))

    def _over(self, text: str = "") -> None:
        """Nothing is looked for any more; say why nothing was found, if somebody asked."""
        if self._wanted and text:
            self._state.say(text, "hint")
        self._wanted = False
        self.looking.emit(False)
