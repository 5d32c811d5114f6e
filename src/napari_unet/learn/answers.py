"""Answers for what is on screen, by the network as it is now."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from napari_unet.core.config import PredictConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.events import PreviewDone
from napari_unet.core.postprocess import finish
from napari_unet.core.preview import PreviewRequest
from napari_unet.learn.model import Model
from napari_unet.learn.predictor import Predictor


class Answers:
    """Predicts boxes; while the network stays the same it is made ready for an image once.

    Parameters
    ----------
    make_model : callable
        Gives a copy of the network as it is now.
    """

    def __init__(self, make_model: Callable[[], Model]) -> None:
        self._make_model = make_model
        self._ready: tuple[Hashable, Predictor] | None = None

    def answer(
        self, request: PreviewRequest, training: TrainingSet, config: PredictConfig, now: Hashable
    ) -> PreviewDone:
        """Answer a request.

        Parameters
        ----------
        request : PreviewRequest
        training : TrainingSet
            Has the image that the request is about.
        config : PredictConfig
        now : hashable
            Differs whenever the network does.
        """
        key = (request.image, now)
        if self._ready is None or self._ready[0] != key:
            source = training.images[request.image].source
            self._ready = key, Predictor(self._make_model(), source, config)
        scores = self._ready[1].probabilities(request.sample, request.box)
        labels = finish(scores, training.classes)
        return PreviewDone(request.generation, request.image, request.sample, request.box, labels)
