"""One session: the state, the three controllers, and what they share. One panel owns one."""

from __future__ import annotations

from collections.abc import Callable

from napari_unet.app.model_controller import ModelController
from napari_unet.app.models import ModelLibrary
from napari_unet.app.ports import JobRunner, LayerStore
from napari_unet.app.predict_controller import PredictController
from napari_unet.app.state import Phase, SessionState
from napari_unet.app.train_controller import TrainController


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
        heavy = make_runner()
        self.train = TrainController(self.state, layers, heavy)
        self.predict = PredictController(self.state, layers, heavy, make_runner())
        self.models = ModelController(
            self.state, library or ModelLibrary(), make_runner(), make_runner()
        )
        self._was_training = False
        self.state.phase_changed.connect(self._on_phase)

    def _on_phase(self, phase: Phase) -> None:
        """Keep on disk what a training gave, however it ended."""
        if phase is Phase.PREPARING:
            self._was_training = True
        elif phase in {Phase.IDLE, Phase.FAILED} and self._was_training:
            self._was_training = False
            current = self.state.model
            if current is not None and not current.saved:
                self.models.keep_last()
