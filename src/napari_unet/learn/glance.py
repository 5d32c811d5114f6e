"""A glance: the instant answer for what is on screen, from the paint there is right now."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
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
from napari_unet.core.repaint import all_strokes
from napari_unet.core.tiles import inside
from napari_unet.learn.blocks import crop
from napari_unet.learn.devices import choose_device, free_memory
from napari_unet.learn.edge_smoothing import smooth_along_edges, smoothing_reach
from napari_unet.learn.feature_cache import FeatureCache
from napari_unet.learn.first_network import first_network
from napari_unet.learn.glance_parts import (
    ROOM,
    Part,
    is_large_volume,
    look_at_strokes,
    over,
    parts_in_cells,
    shape_of,
    size_of,
)
from napari_unet.learn.instant import solve_from
from napari_unet.learn.model import Model
from napari_unet.learn.more_classes import with_classes
from napari_unet.learn.painted_parts import pictured_of, surroundings
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
        for part in self._parts(net, training, request):
            if size_of(part.look) > _MOST_PIXELS or over(cancel):
                return
            if part.near:
                features.maps(image, request.sample, part.look, part.keep)
        if any(one.annotation.boxes for one in training.images):
            self._solved(training, config, model, cancel)  # what is around strokes is remembered

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
        net, features = self._solved(training, config, model, cancel)
        predictor: Predictor | None = None
        for part in self._parts(net, training, request):
            if over(cancel):
                return
            box = part.request.box
            if part.keep is not None or (part.near and self._remembered(net, part)):
                found = self._from_features(net, features, training, part, smoothed=True)
                chances = found.numpy()
            else:
                predictor = predictor or self._predictor(net, training, request.image)
                chances = predictor.probabilities(request.sample, box)
            labels = finish(chances, training.classes)
            yield PreviewDone(request.generation, request.image, request.sample, box, labels)

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

        Not smoothed, which would hide where the head itself is in doubt.

        Parameters
        ----------
        training, config, request, model, cancel
            As for `answers`.

        Returns
        -------
        ndarray of float32, shape (K, *box), or None
            None if it was cancelled.
        """
        net, features = self._solved(training, config, model, cancel)
        parts = [self._whole(net, training, request)]
        if is_large_volume(shape_of(training, request)):
            parts = parts_in_cells(net, shape_of(training, request), request)
        elif not self._remembered(net, parts[0]) and not over(cancel):
            plain = copy.deepcopy(net)
            plain.head.smoothing = 0.0
            predictor = self._predictor(plain, training, request.image)
            return predictor.probabilities(request.sample, request.box)
        shape = [side.stop - side.start for side in request.box]
        chances = np.empty((len(training.classes), *shape), np.float32)
        for part in parts:
            if over(cancel):
                return None
            where = inside(part.request.box, request.box)
            found = self._from_features(net, features, training, part, smoothed=False)
            chances[(slice(None), *where)] = found
        return chances

    def _solved(
        self,
        training: TrainingSet,
        config: ModelConfig,
        model: Model | None,
        cancel: CancelToken | None,
    ) -> tuple[UNet, FeatureCache]:
        """A network with a head for all paint, unless cancelled, and features under its trunk."""
        net, features = self._ready(training, config, model)
        if model is not None:
            training = training.after(model.first_paint)
        strokes = all_strokes(training)
        if look_at_strokes(net, features, training, strokes, cancel):
            solve_from(net, features, training, strokes)
        return net, features

    def _parts(self, net: UNet, training: TrainingSet, request: PreviewRequest) -> list[Part]:
        """What is answered in one go: of an image that is not large, all that was asked for."""
        shape = shape_of(training, request)
        if is_large_volume(shape):
            return parts_in_cells(net, shape, request)
        if prod(shape) <= _MOST_PIXELS:
            return [self._whole(net, training, request)]
        parts = [self._whole(net, training, part) for part in request.parts()]
        return [replace(part, near=number < _NEAR_PARTS) for number, part in enumerate(parts)]

    @staticmethod
    def _whole(net: UNet, training: TrainingSet, request: PreviewRequest) -> Part:
        """All that was asked for, with the features of the image, or of it and its context."""
        shape = shape_of(training, request)
        whole = tuple(slice(0, n) for n in shape)
        small = prod(shape) <= _MOST_PIXELS
        return Part(request, whole if small else surroundings(request.box, shape, net))

    @staticmethod
    def _remembered(net: UNet, part: Part) -> bool:
        """True if the features behind a part are few enough to remember.

        In a volume the context of a slice is many times the slice.
        """
        flat = net.config.dimensions == 2
        return size_of(part.request.box if flat else part.look) <= _MOST_PIXELS

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
            net = with_classes(net, len(training.classes))
        if net is not self._net:
            self._net = net.to(self._device.torch_device).eval().requires_grad_(False)
        if self._features is None:
            precision = best_precision(self._device, self._asked, self._net.config)
            room = ROOM[first.dimensions]
            self._features = FeatureCache(self._net, self._device, precision, room)
        self._features.keep_only(pictured_of(training, n) for n in range(len(training.images)))
        return self._net, self._features

    @torch.no_grad()
    def _from_features(
        self, net: UNet, features: FeatureCache, training: TrainingSet, part: Part,
        *, smoothed: bool,
    ) -> Tensor:  # fmt: skip
        """Class probabilities (K, *box) from remembered maps of what is on screen."""
        request, image = part.request, pictured_of(training, part.request.image)
        maps = features.maps(image, request.sample, part.look, part.keep, last=not part.near)
        with autocast(self._device, features.precision):
            scores = net.head(maps)
        around = part.keep or part.look
        reach = smoothing_reach(net.config.dimensions) if smoothed and net.head.smoothing else 0
        wide = tuple(
            slice(max(a.start, s.start - reach), min(a.stop, s.stop + reach))
            for s, a in zip(request.box, around, strict=True)
        )
        start = [s.start - a.start for s, a in zip(wide, around, strict=True)]
        size = [s.stop - s.start for s in wide]
        chances = probabilities(crop(scores, size, start), net.config).cpu()
        if reach:
            seen = image.read(request.sample, wide)[None]
            chances = smooth_along_edges(chances, seen, net.head.smoothing)
        return chances[0][(slice(None), *inside(request.box, wide))]

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
