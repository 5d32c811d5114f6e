"""The answer at once: the class head solved in closed form from the paint."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import partial
from math import prod

import torch
from torch import Tensor

from napari_unet.core.dataset import TrainingSet
from napari_unet.core.errors import NothingPainted, OutOfMemory
from napari_unet.core.strokes import Stroke
from napari_unet.learn.blocks import crop
from napari_unet.learn.devices import is_out_of_memory, release_memory
from napari_unet.learn.edge_smoothing import STRENGTHS, smooth_along_edges
from napari_unet.learn.feature_cache import FeatureCache
from napari_unet.learn.first_answer import FirstAnswer
from napari_unet.learn.head import solve_head
from napari_unet.learn.learner import Learner
from napari_unet.learn.painted_parts import (
    WHOLE_SAMPLE,
    PaintedPart,
    by_sample,
    painted_parts,
    pictured_of,
)
from napari_unet.learn.precision import autocast
from napari_unet.learn.smoothing_choice import best_strength
from napari_unet.learn.spare_heads import MOST_CHANNELS, spare_head, without_channel
from napari_unet.learn.unet import UNet, probabilities

_IN_VOLUMES = STRENGTHS[1]
"""How strongly the answer in a volume is smoothed before it is learned from."""


class AnswerAtOnce:
    """Solve the head of a learner's network from painted pixels, without a gradient step.

    Parameters
    ----------
    training : TrainingSet
    learner : Learner
        Its network, as it is now, gets the head, in the trained and in the averaged weights.
    shows : bool, optional
        The learner shows the solved network besides what it learns. Not for one that continues
        a model, which knows more than this paint.
    """

    def __init__(self, training: TrainingSet, learner: Learner, *, shows: bool = True) -> None:
        self._training, self._learner, self._shows = training, learner, shows
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
        """What the first trunk answers with a head for these strokes; the learner holds to it.

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
        solved = self._solved(strokes)
        if self._shows:
            self._learner.hold_to(solved)
        return self._answer_with(solved, strokes)

    def spare_heads(self, net: UNet, strokes: Sequence[Stroke]) -> dict[int, dict[str, Tensor]]:
        """Heads for images that lack a channel, near the one a network has.

        None where there is one channel only, where channels are colours, where there are very
        many, and where memory is short.

        Parameters
        ----------
        net : UNet
            With the trunk as it was at first.
        strokes : sequence of Stroke
            What its head was solved from.
        """
        heads: dict[int, dict[str, Tensor]] = {}
        sources = [image.source for image in self._training.images]
        if not 1 < self._training.channels <= MOST_CHANNELS or any(s.colour for s in sources):
            return heads
        try:
            for channel in range(self._training.channels):
                seen = partial(without_channel, channel=channel)
                parts = painted_parts(net, self._features, self._training, strokes, seen)
                heads[channel] = spare_head(net, *_examples(parts))
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            heads.clear()
        return heads

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
        for image, group in by_sample(strokes):
            pictured = pictured_of(self._training, image)
            shape = pictured.source.spatial_shape
            if prod(shape) <= min(WHOLE_SAMPLE, self._features.at_once):
                whole = tuple(slice(0, n) for n in shape)
                maps = self._features.maps(pictured, group[0].sample, whole)
                with autocast(self._learner.device, self._learner.precision):
                    scores = crop(net.head(maps), shape)
                chances = probabilities(scores, net.config)[0].cpu()
                seen = pictured.read(group[0].sample)
                flat = len(shape) == 2
                strength = net.head.smoothing if flat else _IN_VOLUMES
                smooth = smooth_along_edges(chances[None], seen[None], strength)
                first.add(image, group[0].sample, smooth[0])
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
    parts = painted_parts(net, features, training, strokes)
    corrected = any(part.earlier is not None for part in parts)
    weights = [part.weights for part in parts] if corrected else None
    solve_head(net, *_examples(parts), len(training.classes), weights=weights)
    net.head.smoothing = best_strength(net, parts)


def _examples(parts: Sequence[PaintedPart]) -> tuple[list[list[Tensor]], list[Tensor]]:
    """Feature maps and paint, as `solve_head` takes them."""
    return [part.maps for part in parts], [part.target for part in parts]
