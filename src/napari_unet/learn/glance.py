"""A glance: the instant answer for what is on screen, from the paint there is right now."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from math import prod

import numpy as np
import torch
from torch import Tensor

from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig, PredictConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.events import PreviewDone
from napari_unet.core.postprocess import finish
from napari_unet.core.preview import PreviewRequest
from napari_unet.core.source import Box
from napari_unet.core.strokes import strokes_of
from napari_unet.learn.blocks import crop
from napari_unet.learn.devices import choose_device, free_memory
from napari_unet.learn.feature_cache import FeatureCache
from napari_unet.learn.first_network import first_network
from napari_unet.learn.instant import pictured_of, solve_from, surroundings
from napari_unet.learn.model import Model
from napari_unet.learn.precision import autocast, best_precision
from napari_unet.learn.predictor import Predictor
from napari_unet.learn.unet import UNet, probabilities

_MOST_PIXELS = 3_000_000
"""What is on screen is remembered as features up to this size; beyond, it is predicted in tiles."""

_NEAR_PARTS = 6
"""Of a view of a larger image, so many parts around its middle are remembered as features."""

_LEAST_FREE = 2_000_000_000
"""Bytes that must be free for features to be computed before anybody asked for them."""


class Glance:
    """Answers for what is on screen by solving the class head anew after every stroke.

    Features are remembered: as long as the same part of the same image is looked at, only the
    head has to be solved and applied.

    Parameters
    ----------
    device : str, optional
        As in `TrainConfig.device`.
    precision : str, optional
        As in `TrainConfig.precision`.
    """

    def __init__(self, device: str = "auto", precision: str = "auto") -> None:
        self._device, self._asked = choose_device(device), precision
        self._trunk: Model | ModelConfig | None = None
        self._net: UNet | None = None
        self._features: FeatureCache | None = None

    def prepare(
        self,
        training: TrainingSet,
        config: ModelConfig,
        request: PreviewRequest,
        model: Model | None = None,
        *,
        cancel: CancelToken | None = None,
    ) -> None:
        """Compute the features an answer for one box will need; nothing if memory is short.

        Parameters
        ----------
        training : TrainingSet
            There need not be any paint.
        config, request, model, cancel
            As for `answers`.
        """
        if free_memory(self._device) < _LEAST_FREE:
            return
        net, features = self._ready(training, config, model)
        image = pictured_of(training, request.image)
        for part in self._parts(training, request)[:_NEAR_PARTS]:
            around = self._around(net, training, part)
            if _size(around) > _MOST_PIXELS:
                return
            if cancel is not None and cancel.cancelled:
                return
            features.maps(image, part.sample, around)
        if any(one.annotation.boxes for one in training.images):
            self._solved(training, config, model)  # what is around strokes is remembered, too

    def answers(
        self,
        training: TrainingSet,
        config: ModelConfig,
        request: PreviewRequest,
        model: Model | None = None,
        *,
        cancel: CancelToken | None = None,
    ) -> Iterator[PreviewDone]:
        """Solve the head from all paint and answer for one box, its middle first.

        Parameters
        ----------
        training : TrainingSet
            Images and the newest paint; the arrays of the images should be the same objects
            as the last time, so that their features are known.
        config : ModelConfig
            Network to use where there is no model; its channels and classes are those of
            `training`.
        request : PreviewRequest
            What is on screen.
        model : Model, optional
            Use the trunk it has learned, if it is for as many channels.
        cancel : CancelToken, optional
            Looked at before each part.

        Yields
        ------
        PreviewDone
            For one part of the box after the other; of an image that is not large, for all of it.
        """
        net, features = self._solved(training, config, model)
        predictor: Predictor | None = None
        for number, part in enumerate(self._parts(training, request)):
            if cancel is not None and cancel.cancelled:
                return
            if number < _NEAR_PARTS and self._remembered(net, training, part):
                chances = self._from_features(net, features, training, part).numpy()
            else:
                predictor = predictor or self._predictor(net, training, part.image)
                chances = predictor.probabilities(part.sample, part.box)
            labels = finish(chances, training.classes)
            yield PreviewDone(part.generation, part.image, part.sample, part.box, labels)

    def probabilities(
        self,
        training: TrainingSet,
        config: ModelConfig,
        request: PreviewRequest,
        model: Model | None = None,
        *,
        cancel: CancelToken | None = None,
    ) -> np.ndarray | None:
        """Solve the head from all paint and return how likely each class is in one box.

        Parameters
        ----------
        training, config, request, model, cancel
            As for `answers`.

        Returns
        -------
        ndarray of float32, shape (K, *box), or None
            None if it was cancelled.
        """
        net, features = self._solved(training, config, model)
        if cancel is not None and cancel.cancelled:
            return None
        if not self._remembered(net, training, request):
            predictor = self._predictor(net, training, request.image)
            return predictor.probabilities(request.sample, request.box)
        return self._from_features(net, features, training, request).numpy()

    def _solved(
        self, training: TrainingSet, config: ModelConfig, model: Model | None
    ) -> tuple[UNet, FeatureCache]:
        """A network with a head for all paint, and the features under its trunk."""
        net, features = self._ready(training, config, model)
        strokes = [
            stroke
            for number, image in enumerate(training.images)
            for stroke in strokes_of(number, image.annotation, len(training.classes))
        ]
        solve_from(net, features, training, strokes)
        return net, features

    @staticmethod
    def _parts(training: TrainingSet, request: PreviewRequest) -> list[PreviewRequest]:
        """What is answered in one go: of an image that is not large, all that was asked for."""
        shape = training.images[request.image].source.spatial_shape
        return [request] if prod(shape) <= _MOST_PIXELS else request.parts()

    def _remembered(self, net: UNet, training: TrainingSet, part: PreviewRequest) -> bool:
        """True if the features behind a part are few enough to remember.

        In a volume the context of a slice is many times the slice.
        """
        if net.config.dimensions == 2:
            return _size(part.box) <= _MOST_PIXELS
        return _size(self._around(net, training, part)) <= _MOST_PIXELS

    @staticmethod
    def _around(net: UNet, training: TrainingSet, request: PreviewRequest) -> Box:
        """What features are remembered of: the image, or the part of it and its context."""
        shape = training.images[request.image].source.spatial_shape
        if prod(shape) <= _MOST_PIXELS:
            return tuple(slice(0, n) for n in shape)
        return surroundings(request.box, shape, net)

    def _ready(
        self, training: TrainingSet, config: ModelConfig, model: Model | None
    ) -> tuple[UNet, FeatureCache]:
        """A network to write the head into, and the features under its trunk."""
        if model is not None and model.config.input_channels != training.channels:
            model = None
        first = config.changed(input_channels=training.channels, classes=2)
        trunk = first if model is None else model
        if trunk != self._trunk or self._features is None:
            self._trunk, self._net, self._features = trunk, None, None
        if self._net is None:
            net, _ = first_network(first, training, "auto" if model is None else model, seed=0)
        else:
            net = self._net
        if net.config.classes != len(training.classes):
            net = _with_classes(net, len(training.classes))
        if net is not self._net:
            self._net = net.to(self._device.torch_device).eval().requires_grad_(False)
        if self._features is None:
            precision = best_precision(self._device, self._asked, self._net.config)
            self._features = FeatureCache(self._net, self._device, precision)
        self._features.keep_only(pictured_of(training, n) for n in range(len(training.images)))
        return self._net, self._features

    @torch.no_grad()
    def _from_features(
        self, net: UNet, features: FeatureCache, training: TrainingSet, request: PreviewRequest
    ) -> Tensor:
        """Class probabilities (K, *box) from remembered maps of what is on screen."""
        image = pictured_of(training, request.image)
        around = self._around(net, training, request)
        maps = features.maps(image, request.sample, around)
        with autocast(self._device, features.precision):
            scores = net.head(maps)
        start = [s.start - a.start for s, a in zip(request.box, around, strict=True)]
        size = [s.stop - s.start for s in request.box]
        return probabilities(crop(scores, size, start), net.config)[0].cpu()

    def _predictor(self, net: UNet, training: TrainingSet, image: int) -> Predictor:
        """Answers for any part without remembering features of it."""
        source = training.images[image].source
        model = Model(
            net=copy.deepcopy(net),
            classes=training.classes,
            normalisation=training.normalisations[image],
            spacing=source.axes.spatial_spacing,
            axes=source.axes.axes,
            history=[],
        )
        config = PredictConfig(device=self._device.name)
        return Predictor(model, source, config)


def _with_classes(net: UNet, classes: int) -> UNet:
    """The same trunk under a head for so many classes, which is to be solved."""
    other = UNet(net.config.changed(classes=classes))
    body = {name: w for name, w in net.state_dict().items() if not name.startswith("head.")}
    other.load_state_dict(body, strict=False)
    return other


def _size(box: Box) -> int:
    """Pixels in a box."""
    return prod(side.stop - side.start for side in box)
