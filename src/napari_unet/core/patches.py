"""Patches to learn from: where to take them, and what is in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import numpy as np

from napari_unet.core.annotations import UNPAINTED, Annotation, PaintBox
from napari_unet.core.boxes import BoxIndex, mirrored, overlap
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.source import Box
from napari_unet.core.strokes import Stroke

_CACHE_BYTES = 512 * 1024**2
_SAMPLE_BYTES = 128 * 1024**2


@dataclass(frozen=True)
class PatchSpec:
    """Where a patch lies; it may reach outside the image.

    Parameters
    ----------
    image : int
        Index of the image in the training set.
    sample : int
        Canonical sample number.
    start : tuple of int
        First pixel along each spatial axis; may be negative.
    size : tuple of int
        Number of pixels along each spatial axis.
    """

    image: int
    sample: int
    start: tuple[int, ...]
    size: tuple[int, ...]

    @property
    def box(self) -> Box:
        """The slices the patch covers; starts may be negative."""
        return tuple(slice(a, a + n) for a, n in zip(self.start, self.size, strict=True))


class HeldOut:
    """Held-out strokes: erased from what is learned, alone in what is scored.

    Parameters
    ----------
    strokes : iterable of Stroke
        The strokes to keep back.
    """

    def __init__(self, strokes: Iterable[Stroke]) -> None:
        groups: dict[tuple[int, int], list[Stroke]] = defaultdict(list)
        for stroke in strokes:
            groups[stroke.image, stroke.sample].append(stroke)
        self._groups = {
            key: (group, BoxIndex(s.box for s in group)) for key, group in groups.items()
        }

    def erase(self, target: np.ndarray, spec: PatchSpec) -> np.ndarray:
        """Set held-out pixels of a target to `UNPAINTED`, in place, and return it.

        Parameters
        ----------
        target : ndarray of uint8, shape (*spatial)
            Class numbers inside the patch.
        spec : PatchSpec
            Where the patch lies.
        """
        for stroke in self._meeting(spec.image, spec.sample, spec.box):
            _put(target, spec.box, stroke, UNPAINTED)
        return target

    def only(self, image: int, sample: int, box: Box) -> np.ndarray:
        """Return the class numbers of the held-out paint inside a box.

        Parameters
        ----------
        image, sample : int
            Index of the image in the training set, canonical sample number.
        box : tuple of slice
            Spatial box; it may reach outside the image.

        Returns
        -------
        ndarray of uint8, shape (*spatial)
            `UNPAINTED` where nothing is held out.
        """
        target = np.full([s.stop - s.start for s in box], UNPAINTED, np.uint8)
        for stroke in self._meeting(image, sample, box):
            _put(target, box, stroke, stroke.class_number)
        return target

    def _meeting(self, image: int, sample: int, box: Box) -> list[Stroke]:
        if (image, sample) not in self._groups:
            return []
        group, index = self._groups[image, sample]
        return [group[i] for i in index.meeting(box)]


def _put(target: np.ndarray, box: Box, stroke: Stroke, value: int) -> None:
    both = overlap(box, stroke.start, stroke.mask.shape)
    if both is not None:
        target[both[0]][stroke.mask[both[1]]] = value


class PatchReader:
    """Read patches of a training set quickly: normalised samples are kept while they fit.

    Parameters
    ----------
    training : TrainingSet
        Images, paint and normalisations.
    cache_bytes : int, optional
        How much memory normalised samples may take; 512 MB when not given.
    """

    def __init__(self, training: TrainingSet, cache_bytes: int = _CACHE_BYTES) -> None:
        self._training = training
        self._room = cache_bytes
        self._kept: dict[tuple[int, int], np.ndarray] = {}
        self._paint = [_by_sample(image.annotation.boxes) for image in training.images]

    def under(self, training: TrainingSet) -> PatchReader:
        """A reader of the same images under other paint, which shares the pixels kept."""
        other = PatchReader(training, self._room)
        other._kept = self._kept
        return other

    def read(self, spec: PatchSpec, held: HeldOut | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return what a patch shows and what is painted on it.

        Parameters
        ----------
        spec : PatchSpec
            Where the patch lies.
        held : HeldOut, optional
            Strokes that are left out of the target.

        Returns
        -------
        image : ndarray of float32, shape (C, *spatial)
            Normalised pixels, mirrored at the image border as often as needed.
        target : ndarray of uint8, shape (*spatial)
            Class numbers; `UNPAINTED` where not painted and outside the image.
        """
        boxes, index = self._paint[spec.image].get(spec.sample, ([], BoxIndex([])))
        near = tuple(boxes[i] for i in index.meeting(spec.box))
        target = Annotation(near, ()).read(spec.sample, spec.box)
        if held is not None:
            held.erase(target, spec)
        return self.pixels(spec), target

    def pixels(self, spec: PatchSpec) -> np.ndarray:
        """Return only the normalised pixels of a patch, float32 ``(C, *spatial)``."""
        shape = self._training.images[spec.image].source.spatial_shape
        places = [mirrored(*run) for run in zip(spec.start, spec.size, shape, strict=True)]
        box = tuple(slice(int(p.min()), int(p.max()) + 1) for p in places)
        block = self._normalised(spec.image, spec.sample, box)
        if box != spec.box:
            for axis, (place, kept) in enumerate(zip(places, box, strict=True), start=1):
                block = block.take(place - kept.start, axis=axis)
        return np.ascontiguousarray(block)

    def _normalised(self, image: int, sample: int, box: Box) -> np.ndarray:
        source = self._training.images[image].source
        normalisation = self._training.normalisations[image]
        kept = self._kept.get((image, sample))
        if kept is None:
            size = 4 * source.channels * prod(source.spatial_shape)
            if size > min(self._room, _SAMPLE_BYTES):
                return normalisation.apply(source.read(sample, box))
            kept = normalisation.apply(source.read(sample))
            self._kept[image, sample] = kept
            self._room -= size
        return kept[(slice(None), *box)]


def _by_sample(boxes: Iterable[PaintBox]) -> dict[int, tuple[list[PaintBox], BoxIndex]]:
    """Boxes of each sample, with an index to find the few that meet a patch."""
    groups: dict[int, list[PaintBox]] = defaultdict(list)
    for box in boxes:
        groups[box.sample].append(box)
    return {sample: (group, BoxIndex(b.box for b in group)) for sample, group in groups.items()}


def read_patch(
    training: TrainingSet, spec: PatchSpec, held: HeldOut | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return one patch as `PatchReader.read` does, which is faster for many."""
    return PatchReader(training, cache_bytes=0).read(spec, held)
