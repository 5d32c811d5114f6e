"""The instant answer while somebody paints and nothing is being trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from napari_unet.app.glancer import GlanceEngine, Glancer
from napari_unet.app.jobs import Job, LatestOnly, single
from napari_unet.app.ports import JobRunner, LayerId, LayerStore
from napari_unet.app.previews import Previews
from napari_unet.app.state import LEARNING, Phase, SessionState
from napari_unet.app.train_job import TrainWish
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.cancel import CancelToken
from napari_unet.core.errors import PaintError, UNetError
from napari_unet.core.events import PreviewDone
from napari_unet.core.paint_desk import PaintPiece
from napari_unet.core.preview import PreviewRequest
from napari_unet.core.source import Box

_QUIET = frozenset({Phase.IDLE, Phase.FAILED})
"""Phases in which nobody else answers for what is on screen."""


class GlanceController:
    """Answers after each stroke in closed form, unless training does it.

    Parameters
    ----------
    state : SessionState
    layers : LayerStore
    runner : JobRunner
        Used by nobody else.
    previews : Previews
    make_glancer : callable, optional
        Replaced in tests.
    """

    def __init__(
        self,
        state: SessionState,
        layers: LayerStore,
        runner: JobRunner,
        previews: Previews,
        make_glancer: Callable[[Sequence[PaintedImage]], Any] | None = None,
    ) -> None:
        self._state, self._layers, self._previews = state, layers, previews
        self._jobs = LatestOnly(runner)
        self._engine = GlanceEngine()
        self._make_glancer = make_glancer or partial(Glancer, engine=self._engine)
        self._on, self._ready, self._failed = True, False, False
        self._find_wish: Callable[[], TrainWish | None] = lambda: None
        self._wish: TrainWish | None = None
        self._glancer: Any = None
        self._view: tuple[LayerId, int, Box] | None = None
        self._stroke: PaintPiece | None = None
        self._known: tuple[TrainWish | None, Any] | None = None
        self._painted, self._was_learning = False, False
        self._cancel, self._preparing = CancelToken(), CancelToken()
        state.phase_changed.connect(self._on_phase)

    def set_source(self, find_wish: Callable[[], TrainWish | None]) -> None:
        """Say where to ask what would be trained now."""
        self._find_wish = find_wish

    def set_ready(self) -> None:
        """The engine is loaded, so that an answer takes no longer than it should."""
        self._ready = True
        self.prepare()

    def set_on(self, on: bool) -> None:
        """Answer while somebody paints, or do not."""
        self._on, self._failed = on, False
        if on:
            self._ask()
        else:
            self._give_up()

    def forget(self) -> None:
        """Read all paint anew for the next answer: other layers, or read in another way."""
        self._glancer, self._wish, self._known = None, None, None

    def forget_images(self) -> None:
        """Read images anew as well: another part or other channels of them."""
        self.forget()
        self._engine.let_go()

    @property
    def painted(self) -> bool:
        """True if there is paint that the model does not know."""
        return self._painted

    def asked(self) -> tuple[TrainWish, Any] | None:
        """What is painted on, and who answers from that paint; None without a paint layer.

        Raises
        ------
        UNetError
            If layers do not fit.
        """
        self._follow(self._find_wish())
        return None if self._wish is None else (self._wish, self._glancer)

    def prepare(self) -> None:
        """Get ready for what is on screen while nobody does anything; a stroke is answered sooner.

        What was got ready or answered before needs nothing.
        """
        self._ask(quietly=True)

    def look(self, image: LayerId, sample: int, box: Box) -> None:
        """Say what is on screen; where the paint is newer than any model, it is answered."""
        before, self._view = self._view, (image, sample, box)
        if before != self._view:
            self._stroke = None
        if before is not None and before[0] != image:
            self._failed = False  # what went wrong there may go well here
        if before == self._view or self._state.phase not in _QUIET:
            return
        if before is not None and before[:2] != (image, sample):
            self._cancel.cancel()  # nobody looks there any more
        self._preparing.cancel()
        self._ask()

    def number_of(self, paint: LayerId) -> int | None:
        """Index of the image whose paint this is, if answers are made from it."""
        if self._wish is None:
            return None
        paints = [its for _, its in self._wish.pairs]
        return paints.index(paint) if paint in paints else None

    def repaint(self, pieces: Iterable[PaintPiece], names: Mapping[int, str]) -> None:
        """Take paint that changed, of images by `number_of`."""
        pieces = list(pieces)
        if self._glancer is not None and pieces:
            self._stroke = pieces[-1]
            self._glancer.desk.post(pieces, names)

    def stroke_done(self, paint: LayerId) -> None:
        """Answer for a stroke on this layer; its paint was handed over before."""
        wish = self._find_wish()
        if wish is not None and paint in {its for _, its in wish.pairs}:
            self._painted = True
            self._ask()

    # -- inside ---------------------------------------------------------------------------

    def _ask(self, *, quietly: bool = False) -> None:
        wanted = self._on and self._ready and (self._painted or quietly) and not self._failed
        phase = self._state.phase
        if not wanted or self._view is None or not (phase in _QUIET or phase is Phase.RESTING):
            return None
        try:
            self._follow(self._find_wish())
        except UNetError:
            return self.forget()  # the bottom line says what is wrong with the layers
        wish, glancer, (image, sample, box) = self._wish, self._glancer, self._view
        images = [] if wish is None else [its for its, _ in wish.pairs]
        known = (wish, self._view)
        if wish is None or image not in images or (quietly and known == self._known):
            return None
        if quietly and self._painted and self._jobs.waiting:
            return None  # what waits is an answer, which is worth more
        number, generation = images.index(image), self._previews.next_generation()
        focus = self._focus(image, number, wish)
        request = PreviewRequest(generation, number, sample, box, focus)
        model = self._state.model.model if self._state.model is not None else None
        self._preparing.cancel()
        if quietly:
            cancel = self._preparing = CancelToken()
            return self._jobs.submit(
                lambda: single(lambda: glancer.prepare(wish, model, request, cancel)),
                on_done=lambda _: self._know(known, cancel),
                on_error=_nothing,  # the first stroke will say what is wrong
                cancel=cancel,
                words="getting ready for the first stroke",
            )
        token = self._cancel = CancelToken()
        return self._jobs.submit(
            lambda: self._answer(glancer, wish, model, request, token),
            on_event=lambda answer: self._show(wish, answer),
            on_done=lambda _: self._know(known, token),
            on_error=lambda err: self._on_error(err, glancer),
            cancel=token,
            words="answering for what is on screen",
        )

    def _know(self, what: tuple[TrainWish | None, Any], cancel: CancelToken) -> None:
        """Features of what was looked at are remembered now."""
        if not cancel.cancelled:
            self._known = what

    def _focus(self, image: LayerId, number: int, wish: TrainWish) -> tuple[int, ...] | None:
        """About where the last stroke was made, if that was in this view of this image."""
        stroke = self._stroke
        if stroke is None or stroke.image != number:
            return None
        letters = self._layers.source(image, wish.spatial).axes.without_channels().axes
        sides = [stroke.where[letters.index(letter)] for letter in wish.spatial]
        return tuple((side.start + side.stop) // 2 for side in sides)

    def _answer(self, glancer: Any, *asked: Any) -> Job:
        """Part after part, until there is something newer to answer."""
        for part in glancer.answers(*asked):
            yield part
            if self._jobs.waiting:
                return

    def _give_up(self) -> None:
        self._cancel.cancel()
        self._preparing.cancel()

    def _follow(self, wish: TrainWish | None) -> None:
        """Take a copy of the paint, unless it is the same layers as before."""
        old = self._wish
        self._wish = wish
        if wish is None:
            self._glancer, self._known = None, None
            self._engine.let_go()
        elif self._glancer is None or old is None or _differ(old, wish):
            painted = [self._layers.snapshot(*pair, wish.spatial) for pair in wish.pairs]
            self._glancer = self._make_glancer(painted)

    def _show(self, wish: TrainWish, answer: PreviewDone) -> None:
        phase = self._state.phase
        if not self._on or not (phase in _QUIET or phase in LEARNING):
            return
        image, paint = wish.pairs[answer.image]
        try:
            self._previews.open(image, paint, wish.spatial)
        except UNetError:
            return  # a layer was removed while the answer was made
        self._previews.show(image, answer)

    def _on_error(self, err: UNetError, glancer: Any) -> None:
        if glancer is self._glancer:
            self.forget()
        if not isinstance(err, PaintError):
            self._failed = True
            self._state.say(f"There is no answer while you paint. {err}", "warning")
        elif not self._jobs.waiting:  # too little paint is no news to who just began
            self._ask(quietly=True)

    def _on_phase(self, phase: Phase) -> None:
        learned = phase is Phase.RESTING or (phase is Phase.IDLE and self._was_learning)
        if phase is Phase.PREPARING or learned:
            self._painted = False  # the model knows it better than an instant answer does
            self._known = None
        if phase is Phase.PREPARING and self._glancer is not None:
            self._glancer.let_go()
        self._was_learning = phase in LEARNING or phase is Phase.STOPPING
        if phase in {Phase.PREPARING, Phase.PREDICTING}:
            self._give_up()
        if phase is Phase.PREDICTING:
            self._previews.close()  # masks hide previews; the next stroke brings them back
        if learned:
            self._ask(quietly=True)  # with the features of the new model


def _nothing(_: object) -> None:
    """Take what a job ended with and do nothing."""


def _differ(one: TrainWish, other: TrainWish) -> bool:
    """True if answers for one wish cannot be made from the paint copied for the other."""
    devices = (one.config.device, one.config.precision) != (
        other.config.device,
        other.config.precision,
    )
    return devices or one.pairs != other.pairs or one.spatial != other.spatial
