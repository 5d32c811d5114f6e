"""Newer paint for a training that runs: from changed parts of layers to a new training set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from napari_unet.core.annotations import (
    BACKGROUND_VALUE,
    MAX_CLASSES,
    Annotation,
    ClassMap,
    PaintBox,
)
from napari_unet.core.assemble import PaintedImage, assemble
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.errors import PaintError
from napari_unet.core.paint_desk import PaintDesk, PaintPiece, PaintUpdate
from napari_unet.core.paint_reading import PaintReading, annotate, annotate_tile, joint_reading
from napari_unet.core.paint_survey import all_tiles, in_memory
from napari_unet.core.source import Box, ImageSource

_Key = tuple[int, tuple[int, ...]]
"""Sample and corner of a tile."""


class PaintFeed:
    """Keeps a training set in step with the paint on its images.

    Only the tiles that changed are read again. How paint is read, as strokes or as a mask,
    stays what it was in the beginning; a value that was not there before is a new class.

    Parameters
    ----------
    painted : sequence of PaintedImage
        Its paint is taken over and changed; give it copies.
    desk : PaintDesk
        Where changes of the paint are left.
    earlier : sequence of Annotation, optional
        The paint on each image before an answer was first seen, where that is known.
    answered : bool, optional
        Answers are seen from now on, so that newer strokes correct them.

    Raises
    ------
    UNetError
        As `napari_unet.core.assemble.assemble`.
    """

    def __init__(
        self,
        painted: Sequence[PaintedImage],
        desk: PaintDesk,
        *,
        earlier: Sequence[Annotation] = (),
        answered: bool = False,
    ) -> None:
        self._desk = desk
        assembled = assemble(painted)
        reading = joint_reading(assembled.readings)
        known = tuple(earlier) if reading.mode == "strokes" else ()  # a mask says all at once
        self._training = assembled.training.after(known)
        strokes = answered and reading.mode == "strokes"
        self._first = self._training.first_paint if strokes else known
        self._reading = replace(reading, classes=self._training.classes)
        self._papers = [
            _Paper(image, number, self._training.images[number].annotation)
            for number, image in enumerate(painted)
        ]

    @property
    def training(self) -> TrainingSet:
        """The training set under the paint that was last taken from the desk."""
        return self._training

    def news(self) -> TrainingSet | None:
        """Take what is on the desk, and return the training set under it.

        Returns
        -------
        TrainingSet or None
            None if nothing changed, or if too little is painted now to learn from it: then
            the last training set counts until there is more.

        Raises
        ------
        PaintError
            If there are more values than there can be classes.
        """
        update = self._desk.take()
        if update is None:
            return None
        self._take_classes(update)
        for paper in self._papers:
            paper.repaint([p for p in update.pieces if p.image == paper.number], self._reading)
        renamed = replace(self._training, classes=self._reading.classes)
        try:
            newer = renamed.with_paint([paper.annotation for paper in self._papers])
        except PaintError:
            return None
        self._training = newer.after(self._first)
        return self._training

    def _take_classes(self, update: PaintUpdate) -> None:
        """Know the classes of new values; class numbers follow the order of the values."""
        if self._reading.instances:
            return
        before = self._reading.classes
        found = {int(v) for piece in update.pieces for v in np.unique(piece.values) if v > 0}
        values = tuple(sorted(found | set(before.values)))
        if len(values) > MAX_CLASSES:
            raise PaintError(
                f"The paint has {len(values)} values, more than there can be classes. "
                "Undo the last change, then train again."
            )
        strokes = self._reading.mode == "strokes" and BACKGROUND_VALUE in values
        background = BACKGROUND_VALUE if strokes else before.background
        names = dict(zip(before.values, before.names, strict=True))
        names |= {v: name for v, name in update.names.items() if v in found - set(names)}
        plain = {value: f"Class {value}" for value in values}
        if background is not None:
            plain[background] = "Background"
        classes = ClassMap(values, background, tuple(names.get(v, plain[v]) for v in values))
        self._reading = replace(self._reading, classes=classes)
        if values != before.values:
            for paper in self._papers:
                paper.renumber(before.values, values)


class _Paper:
    """The paint on one image: the array, and its painted tiles in class numbers."""

    def __init__(self, image: PaintedImage, number: int, annotation: Annotation) -> None:
        self.number = number
        self.annotation = annotation
        self._axes, self._shape = image.source.axes, tuple(image.source.array.shape)
        self._array = in_memory(image.paint)
        self._source = ImageSource(self._array, self._axes.without_channels(), "paint")
        self._tile_at = {
            tuple(part.start for part in tile): tile for tile in all_tiles(annotation.spatial_shape)
        }
        first = next(iter(self._tile_at.values()))
        self._side = [part.stop - part.start for part in first]
        self._boxes = {self._key(box): box for box in annotation.boxes}

    def _key(self, box: PaintBox) -> _Key:
        return box.sample, self._corner(box.start)

    def _corner(self, start: Sequence[int]) -> tuple[int, ...]:
        return tuple(a // side * side for a, side in zip(start, self._side, strict=True))

    def renumber(self, before: Sequence[int], now: Sequence[int]) -> None:
        """Write the classes of these values under the numbers they have now."""
        number = np.arange(256, dtype=np.uint8)
        number[: len(before)] = [now.index(value) for value in before]
        self._boxes = {
            key: replace(box, classes=_frozen(number[box.classes]))
            for key, box in self._boxes.items()
        }
        self._collect()

    def repaint(self, pieces: Sequence[PaintPiece], reading: PaintReading) -> None:
        """Take over what these parts of the layer hold now."""
        if not pieces:
            return
        for piece in pieces:
            self._array[piece.where] = piece.values
        if 0 in reading.classes.values:  # what nobody painted means something, tile by tile
            self.annotation = annotate(self._array, self._axes, self._shape, reading)
            self._boxes = {self._key(box): box for box in self.annotation.boxes}
            return
        for sample, corner in {key for piece in pieces for key in self._tiles(piece.where)}:
            box = annotate_tile(self._source, sample, self._tile_at[corner], reading)
            self._boxes.pop((sample, corner), None)
            if box is not None:
                self._boxes[sample, corner] = box
        self._collect()

    def _collect(self) -> None:
        boxes = tuple(self._boxes[key] for key in sorted(self._boxes))
        self.annotation = Annotation(boxes, self.annotation.spatial_shape)

    def _tiles(self, where: Box) -> Iterator[_Key]:
        """Samples and tiles that a part of the paint array meets."""
        axes = self._source.axes
        part = dict(zip(axes.axes, where, strict=True))
        indices = product(*(range(part[a].start, part[a].stop) for a in axes.sample_axes))
        samples = [axes.sample_number(index, tuple(self._array.shape)) for index in indices]
        starts = (
            range(part[a].start // side * side, part[a].stop, side)
            for a, side in zip(axes.spatial, self._side, strict=True)
        )
        yield from product(samples, product(*starts))


def _frozen(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array
