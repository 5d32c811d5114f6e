"""The answer at once: the class head solved in closed form from the paint."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from math import prod

import torch
from torch import Tensor

from napari_unet.core.annotations import UNPAINTED
from napari_unet.core.boxes import overlap
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.errors import NothingPainted, OutOfMemory
from napari_unet.core.source import Box
from napari_unet.core.strokes import Stroke
from napari_unet.learn.blocks import crop
from napari_unet.learn.devices import is_out_of_memory, release_memory
from napari_unet.learn.edge_smoothing import smooth_along_edges
from napari_unet.learn.feature_cache import FeatureCache, Pictured
from napari_unet.learn.first_answer import FirstAnswer
from napari_unet.learn.head import solve_head
from napari_unet.learn.learner import Learner
from napari_unet.learn.precision import autocast
from napari_unet.learn.unet import UNet, probabilities
from napari_unet.learn.volume_cells import cells

_WHOLE_SAMPLE = 1_500_000
"""A sample of at most so many pixels is looked at whole; else only the surroundings of strokes."""

_MOST_BOXES = 64


class AnswerAtOnce:
    """Solve the head of a learner's network from painted pixels, without a gradient step.

    Parameters
    ----------
    training : TrainingSet
    learner : Learner
        Its network, as it is now, gets the head, in the trained and in the averaged weights.
    """

    def __init__(self, training: TrainingSet, learner: Learner) -> None:
        self._training, self._learner = training, learner
        self._features = FeatureCache(learner.average, learner.device, learner.precision)

    def solve(self, strokes: Sequence[Stroke]) -> None:
        """Solve the head from these strokes and from no other paint.

        If memory runs out, only the surroundings of strokes are looked at, then the CPU goes on.

        Raises
        ------
        NothingPainted
            If there is no stroke.
        OutOfMemory
            If none of that helps.
        """
        while True:
            try:
                solved = self._solved(strokes)
                break
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                reason = error.with_traceback(None)  # which would keep what fills the memory
            release_memory(self._learner.device)
            if not self._do_with_less():
                raise OutOfMemory(
                    "There is too little memory for an answer from this image. "
                    "Close other programs, or choose a smaller network under Advanced."
                ) from reason
        self._learner.restart_from(solved)

    def _do_with_less(self) -> bool:
        """Look at less at once, else go to the CPU; False if neither is left."""
        if self._features.at_once:
            self._features.at_once = 0
        elif self._learner.fall_back():
            learner = self._learner
            self._features = FeatureCache(learner.average, learner.device, learner.precision)
        else:
            return False
        return True

    @torch.no_grad()
    def answer(self, training: TrainingSet, strokes: Sequence[Stroke]) -> FirstAnswer:
        """What the first trunk answers with a head for these strokes; the learner is left alone.

        Parameters
        ----------
        training : TrainingSet
            The same images, maybe under newer paint, with the same classes.
        strokes : sequence of Stroke
            At least one.

        Returns
        -------
        FirstAnswer
            For samples with strokes, where these are not too large, smoothed along the edges
            of the image.
        """
        self._training = training
        return self._answer_with(self._solved(strokes), strokes)

    def _solved(self, strokes: Sequence[Stroke]) -> UNet:
        """The network as it was at first, with a head for these strokes."""
        if not strokes:
            raise NothingPainted("Nothing is painted. Paint a few strokes of each class first.")
        last = pictured_of(self._training, max(stroke.image for stroke in strokes))
        net = copy.deepcopy(self._features.adapted(last))
        solve_from(net, self._features, self._training, strokes)
        return net

    def _answer_with(self, net: UNet, strokes: Sequence[Stroke]) -> FirstAnswer:
        """The answer for every sample whose features were just looked at as a whole."""
        first = FirstAnswer(len(self._training.classes))
        for image, group in _by_sample(strokes):
            pictured = pictured_of(self._training, image)
            shape = pictured.source.spatial_shape
            if prod(shape) <= min(_WHOLE_SAMPLE, self._features.at_once):
                whole = tuple(slice(0, n) for n in shape)
                maps = self._features.maps(pictured, group[0].sample, whole)
                with autocast(self._learner.device, self._learner.precision):
                    scores = crop(net.head(maps), shape)
                chances = probabilities(scores, net.config)[0].cpu()
                seen = pictured.normalisation.apply(pictured.source.read(group[0].sample))
                smooth = smooth_along_edges(chances, torch.from_numpy(seen))
                first.add(image, group[0].sample, smooth)
        return first


def solve_from(
    net: UNet, features: FeatureCache, training: TrainingSet, strokes: Sequence[Stroke]
) -> None:
    """Solve the head of a network from these strokes and from no other paint.

    Parameters
    ----------
    net : UNet
        Its head is overwritten; its trunk must be that of `features`.
    features : FeatureCache
    training : TrainingSet
        The images the strokes lie on.
    strokes : sequence of Stroke
        At least one.

    Raises
    ------
    NothingPainted
        If there is no stroke.
    """
    maps: list[list[Tensor]] = []
    targets: list[Tensor] = []
    for image, group in _by_sample(strokes):
        pictured = pictured_of(training, image)
        shape = pictured.source.spatial_shape
        most = min(_WHOLE_SAMPLE, features.at_once)
        if len(shape) == 3 and prod(shape) > most:
            for cell in cells(shape, group, net):
                maps.append(features.maps(pictured, group[0].sample, cell.look, cell.keep))
                targets.append(_target(cell.keep, cell.strokes, cell.box))
            continue
        for box, members in _boxes(shape, group, net, most):
            target = _target(box, members)
            maps.append(features.maps(pictured, group[0].sample, box))
            targets.append(target)
    solve_head(net, maps, targets, len(training.classes))


def pictured_of(training: TrainingSet, image: int) -> Pictured:
    """One image of a training set, as a trunk sees it."""
    return Pictured(training.images[image].source, training.normalisations[image])


def _by_sample(strokes: Sequence[Stroke]) -> Iterator[tuple[int, list[Stroke]]]:
    """Strokes of each sample that has some, with the number of its image."""
    for image, sample in sorted({(s.image, s.sample) for s in strokes}):
        yield image, [s for s in strokes if (s.image, s.sample) == (image, sample)]


def _boxes(
    shape: tuple[int, ...], strokes: list[Stroke], net: UNet, most: int
) -> Iterator[tuple[Box, list[Stroke]]]:
    """What to look at: a sample of at most so many pixels, or a box around each of many strokes."""
    if prod(shape) <= most:
        yield tuple(slice(0, n) for n in shape), strokes
        return
    for stroke in strokes[:: max(1, len(strokes) // _MOST_BOXES)]:
        yield surroundings(stroke.box, shape, net), [stroke]


def surroundings(box: Box, shape: tuple[int, ...], net: UNet) -> Box:
    """A box and all the context its scores depend on, starting where the network's grids do."""
    return tuple(
        slice(
            max(0, side.start - reach) // step * step,
            min(length, side.stop + reach),
        )
        for side, length, reach, step in zip(box, shape, net.context, net.alignments, strict=True)
    )


def _target(box: Box, strokes: list[Stroke], only: Box | None = None) -> Tensor:
    """Class numbers inside a box, of these strokes, and if asked for only in a part of it."""
    target = torch.full([s.stop - s.start for s in box], UNPAINTED, dtype=torch.uint8)
    for stroke in strokes:
        shared = overlap(box, stroke.start, stroke.mask.shape)
        if shared is not None:
            here = target[shared[0]]
            here[torch.from_numpy(stroke.mask[shared[1]].copy())] = stroke.class_number
    if only is None:
        return target
    part = tuple(
        slice(max(o.start - b.start, 0), o.stop - b.start) for o, b in zip(only, box, strict=True)
    )
    result = torch.full_like(target, UNPAINTED)
    result[part] = target[part]
    return result
