"""Answers for what is on screen, by the network as it is now."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace

from napari_unet.core.config import PredictConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.events import PreviewDone
from napari_unet.core.postprocess import finish
from napari_unet.core.preview import PreviewRequest
from napari_unet.core.remembered import RememberedSource
from napari_unet.core.source import ImageSource
from napari_unet.learn.glance_parts import is_large_volume
from napari_unet.learn.model import Model
from napari_unet.learn.predictor import Predictor

_HALO_IN_VOLUMES = 12
"""Voxels of context in previews of large volumes: two and a half times as fast as all of it, and a
voxel in a thousand has another class."""


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
        self._source: ImageSource | None = None

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
            source = self._remembered(training.images[request.image].source)
            if is_large_volume(source.spatial_shape) and config.halo is None:
                config = config.changed(halo=_HALO_IN_VOLUMES)
            # as measured for learning, instead of reading all of the image's samples again
            model = replace(
                self._make_model(), normalisation=training.normalisations[request.image]
            )
            config = config.changed(normalisation="training")
            self._ready = key, Predictor(model, source, config)
        scores = self._ready[1].probabilities(request.sample, request.box)
        labels = finish(scores, training.classes)
        return PreviewDone(request.generation, request.image, request.sample, request.box, labels)

    def _remembered(self, source: ImageSource) -> ImageSource:
        """The same image, of which the boxes are remembered that each answer needs."""
        if type(source) is not ImageSource:
            return source
        if self._source is None or self._source.array is not source.array:
            self._source = RememberedSource.of(source)
        return self._source
