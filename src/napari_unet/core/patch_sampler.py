"""Where to take patches from: every class equally often, every stroke its turn, new paint first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_unet.core.patches import PatchSpec
from napari_unet.core.strokes import Stroke

_OUTSIDE = 8
"""A patch may reach outside a larger image by one part in this many of its size."""

FRESH_SHARE = 1 / 3
"""So many of all patches lie on new paint, while there is some: enough to see it learned
within seconds, and two thirds of all that was painted before, or it would be forgotten."""


@dataclass(frozen=True, eq=False)
class FreshPaint:
    """Paint that came while learning went on.

    Parameters
    ----------
    stroke : Stroke
        The new pixels.
    patches : int
        For how many patches more it counts as new.
    """

    stroke: Stroke
    patches: int


class PatchSampler:
    """Draw patches around paint: every class equally often, every stroke its turn.

    A class is drawn uniformly, then one of its strokes (weighted by the square root of its
    pixels, so that long strokes count more but not all), then one of its pixels, and the
    patch is laid so that this pixel may be anywhere in it. Of new paint, while there is some,
    patches are drawn more often than its size asks for.

    Parameters
    ----------
    strokes : sequence of Stroke
        The paint to learn from.
    classes : int
        Number of classes; a class without strokes is never drawn.
    size : tuple of int
        Size of a patch along each spatial axis.
    seed : int
        The same seed gives the same patches.
    shapes : sequence of tuple of int, optional
        Spatial shape of each image. When given, patches are moved so that they reach outside
        an image at most a little, where that is possible; else they may lie anywhere.
    fresh : sequence of FreshPaint, optional
        Paint that is new; part of `strokes`.
    """

    def __init__(
        self,
        strokes: Sequence[Stroke],
        classes: int,
        size: tuple[int, ...],
        seed: int,
        shapes: Sequence[tuple[int, ...]] | None = None,
        fresh: Sequence[FreshPaint] = (),
    ) -> None:
        self._strokes = list(strokes)
        self._size = tuple(size)
        self._shapes = shapes
        self._rng = np.random.default_rng(seed)
        self._pixels: dict[Stroke, np.ndarray] = {}
        self._fresh = tuple(fresh)
        self._drawn = 0
        members: dict[int | None, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        for i, stroke in enumerate(self._strokes):
            if stroke.class_number < classes:
                members[None][stroke.class_number].append(i)
                members[stroke.image][stroke.class_number].append(i)
        self._choices = {
            image: [self._weighted(group) for _, group in sorted(by_class.items())]
            for image, by_class in members.items()
        }

    def _weighted(self, group: list[int]) -> tuple[np.ndarray, np.ndarray]:
        """Stroke numbers and the running sum of their weights."""
        weights = np.sqrt([self._strokes[i].pixels for i in group])
        return np.array(group), np.cumsum(weights)

    @property
    def images(self) -> dict[int, float]:
        """How likely `draw` takes a patch from each image; images without paint are absent."""
        share: dict[int, float] = defaultdict(float)
        everywhere = self._choices.get(None, [])
        for group, running in everywhere:
            weights = np.diff(running, prepend=0.0) / running[-1] / len(everywhere)
            for i, weight in zip(group, weights, strict=True):
                share[self._strokes[i].image] += float(weight)
        return dict(sorted(share.items()))

    def draw(self, n: int, image: int | None = None) -> list[PatchSpec]:
        """Draw `n` patches, from one image if that is given.

        Parameters
        ----------
        n : int
            How many patches.
        image : int, optional
            Index of the image they come from; all images when not given.

        Returns
        -------
        list of PatchSpec, empty if there is no paint to draw from
        """
        choices = self._choices.get(image)
        if not choices:
            return []
        drawn = []
        for _ in range(n):
            fresh = [one.stroke for one in self.fresh if image in (None, one.stroke.image)]
            if fresh and self._rng.random() < FRESH_SHARE:
                stroke = fresh[self._rng.integers(len(fresh))]
            else:
                stroke = self._strokes[self._number(choices)]
            drawn.append(self._patch(stroke))
            self._drawn += 1
        return drawn

    @property
    def fresh(self) -> list[FreshPaint]:
        """The paint that counts as new still, with what is left of its time."""
        return [
            FreshPaint(one.stroke, one.patches - self._drawn)
            for one in self._fresh
            if one.patches > self._drawn
        ]

    def _number(self, choices: list[tuple[np.ndarray, np.ndarray]]) -> int:
        group, running = choices[self._rng.integers(len(choices))]
        place = np.searchsorted(running, self._rng.random() * running[-1], side="right")
        return int(group[min(int(place), len(group) - 1)])

    def _patch(self, stroke: Stroke) -> PatchSpec:
        if stroke not in self._pixels:
            flat = np.flatnonzero(stroke.mask)
            self._pixels[stroke] = flat.astype(np.min_scalar_type(stroke.mask.size))
        pixels = self._pixels[stroke]
        inside = np.unravel_index(pixels[self._rng.integers(len(pixels))], stroke.mask.shape)
        jitter = self._rng.integers(0, self._size)
        start = [int(a + i - j) for a, i, j in zip(stroke.start, inside, jitter, strict=True)]
        if self._shapes is not None:
            start = self._moved(start, self._shapes[stroke.image])
        return PatchSpec(stroke.image, stroke.sample, tuple(start), self._size)

    def _moved(self, start: list[int], shape: tuple[int, ...]) -> list[int]:
        """The start moved towards the image so that little of the patch is outside it."""
        moved = []
        for a, size, n in zip(start, self._size, shape, strict=True):
            slack = size // _OUTSIDE
            moved.append(max(min(0, n - size) - slack, min(a, max(0, n - size) + slack)))
        return moved
