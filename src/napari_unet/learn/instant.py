"""The answer at once: the class head solved in closed form from the paint."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import torch
from torch import Tensor

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.patches import HeldOut, PatchReader, PatchSpec
from napari_unet.core.strokes import Stroke
from napari_unet.learn.adapt import measure_on
from napari_unet.learn.head import solve_head
from napari_unet.learn.learner import Learner
from napari_unet.learn.precision import autocast

_WHOLE_SAMPLE = 1_500_000
"""A sample of at most so many pixels is read whole; else only the surroundings of strokes."""

_MOST_BOXES = 64


class AnswerAtOnce:
    """Solve the head of a learner's network from painted pixels, without a gradient step.

    Parameters
    ----------
    training : TrainingSet
    strokes : list of Stroke
        All strokes of the training set.
    learner : Learner
        Its network gets the head, in the trained and in the averaged weights.
    """

    def __init__(self, training: TrainingSet, strokes: list[Stroke], learner: Learner) -> None:
        self._training = training
        self._strokes = strokes
        self._learner = learner
        self._reader = PatchReader(training)

    @torch.no_grad()
    def solve(self, strokes: list[Stroke]) -> None:
        """Solve the head from these strokes and from no other paint."""
        net = self._learner.average
        shown = {id(stroke) for stroke in strokes}
        hidden = HeldOut(s for s in self._strokes if id(s) not in shown)
        features: list[list[Tensor]] = []
        targets: list[Tensor] = []
        for image in sorted({s.image for s in strokes}):
            source = self._training.images[image].source
            measure_on(net, source, self._training.normalisations[image], self._learner.device)
            for spec in self._specs([s for s in strokes if s.image == image]):
                block, target = self._reader.read(spec, hidden)
                if (target != UNPAINTED).any():
                    features.append(self._features(torch.from_numpy(block)))
                    targets.append(torch.from_numpy(target))
        solve_head(net, features, targets, len(self._training.classes))
        self._learner.restart_from(net)

    def _features(self, block: Tensor) -> list[Tensor]:
        device, precision = self._learner.device, self._learner.precision
        block = block[None].to(device.torch_device)
        with autocast(device, precision):
            return [m.float().cpu() for m in self._learner.average.feature_maps(block)]

    def _specs(self, strokes: list[Stroke]) -> Iterator[PatchSpec]:
        """What to read of one image: whole samples, or boxes around strokes with context."""
        source = self._training.images[strokes[0].image].source
        shape = source.spatial_shape
        if prod(shape) <= _WHOLE_SAMPLE:
            for sample in sorted({s.sample for s in strokes}):
                yield PatchSpec(strokes[0].image, sample, (0,) * len(shape), shape)
            return
        for stroke in strokes[:: max(1, len(strokes) // _MOST_BOXES)]:
            yield self._surroundings(stroke, shape)

    def _surroundings(self, stroke: Stroke, shape: tuple[int, ...]) -> PatchSpec:
        net = self._learner.average
        start, size = [], []
        for slice_, length in zip(stroke.box, shape, strict=True):
            first = max(0, slice_.start - net.radius) // net.alignment * net.alignment
            last = min(length, slice_.stop + net.radius)
            start.append(first)
            size.append(last - first)
        return PatchSpec(stroke.image, stroke.sample, tuple(start), tuple(size))
