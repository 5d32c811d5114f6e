"""A glance: the instant answer for what is on screen, from the paint there is right now."""

from __future__ import annotations

import copy
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
from napari_unet.learn.devices import choose_device
from napari_unet.learn.feature_cache import FeatureCache
from napari_unet.learn.first_network import first_network
from napari_unet.learn.instant import pictured_of, solve_from, surroundings
from napari_unet.learn.model import Model
from napari_unet.learn.precision import autocast, best_precision
from napari_unet.learn.predictor import Predictor
from napari_unet.learn.unet import UNet, probabilities

_MOST_PIXELS = 3_000_000
"""What is on screen is remembered as features up to this size; beyond, it is predicted in tiles."""


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

    def answer(
        self,
        training: TrainingSet,
        config: ModelConfig,
        request: PreviewRequest,
        model: Model | None = None,
        *,
        cancel: CancelToken | None = None,
    ) -> PreviewDone | None:
        """Solve the head from all paint and answer for one box.

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
            Looked at between the stages.

        Returns
        -------
        PreviewDone or None
            None if it was cancelled.
        """
        chances = self.probabilities(training, config, request, model, cancel=cancel)
        if chances is None:
            return None
        labels = finish(chances, training.classes)
        return PreviewDone(request.generation, request.image, request.sample, request.box, labels)

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
            As for `answer`.

        Returns
        -------
        ndarray of float32, shape (K, *box), or None
            None if it was cancelled.
        """
        net, features = self._ready(training, config, model)
        strokes = [
            stroke
            for number, image in enumerate(training.images)
            for stroke in strokes_of(number, image.annotation, len(training.classes))
        ]
        solve_from(net, features, training, strokes)
        if cancel is not None and cancel.cancelled:
            return None
        if prod(s.stop - s.start for s in request.box) > _MOST_PIXELS:
            return self._in_tiles(net, training, request)
        return self._from_features(net, features, training, request).numpy()

    def _ready(
        self, training: TrainingSet, config: ModelConfig, model: Model | None
    ) -> tuple[UNet, FeatureCache]:
        """A network to write the head into, and the features under its trunk."""
        if model is not None and model.config.input_channels != training.channels:
            model = None
        config = config.changed(input_channels=training.channels, classes=len(training.classes))
        trunk = config.changed(classes=2) if model is None else model
        if trunk != self._trunk or self._features is None:
            self._trunk, self._net, self._features = trunk, None, None
        if self._net is None or self._net.config.classes != config.classes:
            net, _ = first_network(config, training, "auto" if model is None else model, seed=0)
            self._net = net.to(self._device.torch_device).eval().requires_grad_(False)
        if self._features is None:
            precision = best_precision(self._device, self._asked, self._net.config)
            self._features = FeatureCache(self._net, self._device, precision)
        return self._net, self._features

    @torch.no_grad()
    def _from_features(
        self, net: UNet, features: FeatureCache, training: TrainingSet, request: PreviewRequest
    ) -> Tensor:
        """Class probabilities (K, *box) from remembered maps of what is on screen."""
        image = pictured_of(training, request.image)
        shape = image.source.spatial_shape
        around: Box = tuple(slice(0, n) for n in shape)
        if prod(shape) > _MOST_PIXELS:
            around = surroundings(request.box, shape, net)
        maps = features.maps(image, request.sample, around)
        with autocast(self._device, features.precision):
            scores = net.head(maps)
        start = [s.start - a.start for s, a in zip(request.box, around, strict=True)]
        size = [s.stop - s.start for s in request.box]
        return probabilities(crop(scores, size, start), net.config)[0].cpu()

    def _in_tiles(self, net: UNet, training: TrainingSet, request: PreviewRequest) -> np.ndarray:
        source = training.images[request.image].source
        model = Model(
            net=copy.deepcopy(net),
            classes=training.classes,
            normalisation=training.normalisations[request.image],
            spacing=source.axes.spatial_spacing,
            axes=source.axes.axes,
            history=[],
        )
        config = PredictConfig(device=self._device.name, halo=net.radius)
        predictor = Predictor(model, source, config)
        return predictor.probabilities(request.sample, request.box)
