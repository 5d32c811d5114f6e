"""What a window tells running training: end, pause, rest, show this, here is new paint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Event

from napari_unet.core.cancel import CancelToken
from napari_unet.core.paint_desk import PaintDesk, PaintPiece
from napari_unet.core.preview import PreviewDesk, PreviewRequest


class TrainingControl:
    """Both ends of the talk between a window and one training.

    The window calls `pause`, `go_on`, `set_live`, `show` and `repaint`, none of which waits.
    Training looks between two steps. When it has nothing to do it sleeps in `wait`, which
    takes no processor time, and whatever the window says wakes it.

    Parameters
    ----------
    cancel : CancelToken, optional
    previews : PreviewDesk, optional
    live : bool, optional
        Rest once everything is learned, and go on with the next stroke, instead of ending.
    """

    def __init__(
        self,
        cancel: CancelToken | None = None,
        previews: PreviewDesk | None = None,
        *,
        live: bool = False,
    ) -> None:
        self.cancel = cancel or CancelToken()
        self.previews = previews or PreviewDesk()
        self.paint = PaintDesk()
        self._live, self._paused = live, False
        self._bell = Event()
        self.cancel.listen(self._bell.set)

    # -- the window's end -----------------------------------------------------------------

    def pause(self) -> None:
        """Hold after the step that is being taken."""
        self._paused = True
        self._bell.set()

    def go_on(self) -> None:
        """Go on after a pause."""
        self._paused = False
        self._bell.set()

    def set_live(self, live: bool) -> None:
        """Rest and wake, or end once everything is learned; a resting training ends then."""
        self._live = live
        self._bell.set()

    def show(self, request: PreviewRequest) -> None:
        """Ask for the answer there; it replaces an older request."""
        self.previews.post(request)
        self._bell.set()

    def repaint(self, pieces: Iterable[PaintPiece], names: Mapping[int, str]) -> None:
        """Hand over paint that changed."""
        self.paint.post(pieces, names)
        self._bell.set()

    # -- the end of training --------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """True while it is to hold."""
        return self._paused

    @property
    def live(self) -> bool:
        """True if it is to rest, rather than end, once everything is learned."""
        return self._live

    def listen(self) -> None:
        """Begin to listen; whatever is said after this ends the next `wait`.

        Call it before looking at what was said, or something said in between is slept over.
        """
        self._bell.clear()

    def wait(self) -> None:
        """Sleep until the window says something."""
        self._bell.wait()
