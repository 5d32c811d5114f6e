"""One session: the state, the controllers, and what they share. One panel owns one."""

from __future__ import annotations

from collections.abc import Callable

from napari_unet.app.folder_controller import FolderController
from napari_unet.app.glance_controller import GlanceController
from napari_unet.app.guidance_controller import GuidanceController
from napari_unet.app.model_controller import ModelController
from napari_unet.app.models import ModelLibrary
from napari_unet.app.ports import JobRunner, LayerId, LayerStore
from napari_unet.app.predict_controller import PredictController
from napari_unet.app.previews import Previews
from napari_unet.app.state import LEARNING, Phase, SessionState
from napari_unet.app.stroke_judge import StrokeJudge
from napari_unet.app.train_controller import TrainController
from napari_unet.app.training_keeper import TrainingKeeper
from napari_unet.core.preview import from_afar, middle_of
from napari_unet.core.source import Box

_MOST_LOOKED_OVER = 1024
"""Longest side of what is searched for places to paint; of a larger view, its middle."""

_FROM_AFAR = "Zoomed out: answered here and there first. Zoom in to see all of a place at once."


class Session:
    """Puts state and controllers together.

    Parameters
    ----------
    layers : LayerStore
    make_runner : callable
        Gives a new `JobRunner`; one runs the heavy job, the others small ones beside it.
    library : ModelLibrary, optional
        The user's own folder, if not given.
    """

    def __init__(
        self,
        layers: LayerStore,
        make_runner: Callable[[], JobRunner],
        library: ModelLibrary | None = None,
    ) -> None:
        self.state = SessionState()
        heavy, self._previews = make_runner(), Previews(layers)
        self.train = TrainController(self.state, layers, heavy, self._previews)
        self.glance = GlanceController(self.state, layers, make_runner(), self._previews)
        self.guidance = GuidanceController(self.state, self.glance, make_runner())
        self.predict = PredictController(self.state, layers, heavy, make_runner())
        self.folder = FolderController(self.state, heavy)
        library = library or ModelLibrary()
        self.models = ModelController(self.state, library, make_runner(), make_runner())
        self.keeper = TrainingKeeper(self.state, library, make_runner())
        self.judge = StrokeJudge(make_runner())
        self._box: Box | None = None
        self._told_of_parts = False
        self.state.phase_changed.connect(self._tell_of_parts)

    def look(self, image: LayerId, sample: int, box: Box) -> None:
        """Say what is on screen: training answers for it, or else the instant answer does.

        Parameters
        ----------
        image : LayerId
        sample : int
            Canonical sample number.
        box : tuple of slice
            Spatial box inside the image.
        """
        self._box = box
        self._tell_of_parts()
        self.train.look(image, sample, box)
        self.glance.look(image, sample, box)
        self.guidance.look(image, sample, middle_of(box, _MOST_LOOKED_OVER))

    def stroke_done(self, paint: LayerId) -> None:
        """Say that a stroke on this layer has ended and its paint was handed over."""
        self.glance.stroke_done(paint)
        self.guidance.stroke_done()
        self._tell_of_parts()

    def forget_images(self) -> None:
        """Say that images have to be read anew: another part, other axes or channels of them."""
        self._previews.forget()
        self.glance.forget_images()
        self.guidance.forget()

    def forget_paint(self) -> None:
        """Say that paint has to be read anew: other layers, or read in another way."""
        self.glance.forget()
        self.guidance.forget()

    def _tell_of_parts(self, _: object = None) -> None:
        """Say once why the answer for a view from afar comes in scattered parts."""
        answered = self.glance.painted or self.state.phase in LEARNING - {Phase.PREPARING}
        if self._box is None or self._told_of_parts or not answered or not from_afar(self._box):
            return
        self._told_of_parts = True
        self.state.say(_FROM_AFAR)
