"""What is looked at to solve a head: the painted parts of images, with feature maps of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from napari_unet.core.annotations import UNPAINTED, Annotation
from napari_unet.core.boxes import overlap
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.source import Box
from napari_unet.core.strokes import Stroke
from napari_unet.learn.feature_cache import FeatureCache, Pictured
from napari_unet.learn.unet import UNet
from napari_unet.learn.volume_cells import cells

WHOLE_SAMPLE = 1_500_000
"""A sample of at most so many pixels is looked at whole; else only the surroundings of strokes."""

CORRECTION = 0.25
"""A pixel that corrects an answer counts as so much of one painted before there was any.

First strokes are put down all over; corrections only where an answer was wrong, so that they
tell of a small part of the image, and by their number would drown what tells of the rest.
"""

_MOST_BOXES = 64


@dataclass(frozen=True, eq=False)
class PaintedPart:
    """A part of a sample with paint.

    Parameters
    ----------
    image : Pictured
    sample : int
        Canonical sample number.
    box : tuple of slice
        The part.
    strokes : sequence of Stroke
        The paint that counts.
    maps : list of Tensor
        Feature maps of the part.
    only : tuple of slice, optional
        Where paint counts; in all of the part when not given.
    earlier : Annotation, optional
        The paint that was there before an answer was seen; what is not in it corrects.
    """

    image: Pictured
    sample: int
    box: Box
    strokes: Sequence[Stroke]
    maps: list[Tensor]
    only: Box | None = None
    earlier: Annotation | None = None

    @property
    def weights(self) -> Tensor:
        """How much paint counts in each pixel of the part, float32: all, or as a `CORRECTION`."""
        if self.earlier is None:
            return torch.ones([s.stop - s.start for s in self.box])
        first = torch.from_numpy(self.earlier.read(self.sample, self.box) != UNPAINTED)
        return torch.where(first, 1.0, CORRECTION)

    @property
    def target(self) -> Tensor:
        """Class numbers of the part, uint8; `UNPAINTED` where no paint counts."""
        target = self.target_in(self.box)
        if self.only is None:
            return target
        part = tuple(
            slice(max(o.start - b.start, 0), o.stop - b.start)
            for o, b in zip(self.only, self.box, strict=True)
        )
        result = torch.full_like(target, UNPAINTED)
        result[part] = target[part]
        return result

    def target_in(self, box: Box) -> Tensor:
        """Class numbers inside a box of the sample, whatever part of it counts."""
        target = torch.full([s.stop - s.start for s in box], UNPAINTED, dtype=torch.uint8)
        for stroke in self.strokes:
            shared = overlap(box, stroke.start, stroke.mask.shape)
            if shared is not None:
                here = target[shared[0]]
                here[torch.from_numpy(stroke.mask[shared[1]].copy())] = stroke.class_number
        return target


def painted_parts(
    net: UNet,
    features: FeatureCache,
    training: TrainingSet,
    strokes: Sequence[Stroke],
    seen: Callable[[Pictured], Pictured] = lambda image: image,
) -> list[PaintedPart]:
    """The parts of images around strokes, as they are or as seen otherwise.

    Parameters
    ----------
    net : UNet
        Its trunk is that of `features`.
    features : FeatureCache
    training : TrainingSet
        The images the strokes lie on.
    strokes : sequence of Stroke
    seen : callable, optional
        What to look at instead of each image.
    """
    parts: list[PaintedPart] = []
    pictures: dict[int, Pictured] = {}
    for image, group in by_sample(strokes):
        if image not in pictures:
            pictures[image] = seen(pictured_of(training, image))
        pictured, sample = pictures[image], group[0].sample
        earlier = training.images[image].earlier
        shape = pictured.source.spatial_shape
        most = min(WHOLE_SAMPLE, features.at_once)
        if len(shape) == 3 and prod(shape) > most:
            for cell in cells(shape, group, net):
                maps = features.maps(pictured, sample, cell.look, cell.keep)
                look = cell.keep, cell.strokes, maps, cell.box
                parts.append(PaintedPart(pictured, sample, *look, earlier))
            continue
        for box, members in _boxes(shape, group, net, most):
            maps = features.maps(pictured, sample, box)
            parts.append(PaintedPart(pictured, sample, box, members, maps, earlier=earlier))
    return parts


def pictured_of(training: TrainingSet, image: int) -> Pictured:
    """One image of a training set, as a trunk sees it."""
    return Pictured(training.images[image].source, training.normalisations[image])


def by_sample(strokes: Sequence[Stroke]) -> Iterator[tuple[int, list[Stroke]]]:
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
