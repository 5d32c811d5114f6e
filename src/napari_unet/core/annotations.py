"""Paint as the engine sees it: a frozen, sparse copy, in class numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from napari_unet.core.boxes import BoxIndex
from napari_unet.core.source import Box, ImageSource

UNPAINTED = 255
"""Class number of pixels nobody painted: they carry no loss and enter no metric."""

MAX_CLASSES = 254

BACKGROUND_VALUE = 1
"""In a layer of strokes this value paints the background; 0 is not painted."""


@dataclass(frozen=True)
class ClassMap:
    """Which paint value stands for which class.

    Parameters
    ----------
    values : tuple of int
        Paint value of each class; class ``i`` was painted with ``values[i]``. Ascending.
    background : int or None
        The paint value that means background, or None where there is none.
    names : tuple of str, optional
        One name per class.
    """

    values: tuple[int, ...]
    background: int | None = BACKGROUND_VALUE
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.names:
            names = tuple(
                "Background" if v == self.background else f"Class {v}" for v in self.values
            )
            object.__setattr__(self, "names", names)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def background_class(self) -> int | None:
        """Class number of the background, or None."""
        if self.background in self.values:
            return self.values.index(self.background)
        return None

    @property
    def label_values(self) -> tuple[int, ...]:
        """What each class is written as in a result: 0 for background, else its paint value."""
        return tuple(0 if v == self.background else v for v in self.values)

    def to_classes(self, paint: np.ndarray) -> np.ndarray:
        """Class numbers (uint8) of an array of paint values; `UNPAINTED` where no class."""
        classes = np.full(paint.shape, UNPAINTED, np.uint8)
        for number, value in enumerate(self.values):
            classes[paint == value] = number
        return classes

    def to_labels(self, classes: np.ndarray) -> np.ndarray:
        """Result labels of an array of class numbers; integer dtype as small as it fits."""
        dtype = np.min_scalar_type(max(self.label_values, default=0))
        return np.asarray(self.label_values, dtype)[classes]


@dataclass(frozen=True, eq=False)
class PaintBox:
    """Paint inside one spatial box of one sample.

    Parameters
    ----------
    sample : int
        Canonical sample number.
    start : tuple of int
        First pixel of the box along each spatial axis.
    classes : ndarray of uint8, shape (*spatial)
        Class numbers; `UNPAINTED` where not painted. Read-only.
    """

    sample: int
    start: tuple[int, ...]
    classes: np.ndarray

    @cached_property
    def pixels(self) -> int:
        """How many pixels are painted."""
        return int(np.count_nonzero(self.classes != UNPAINTED))

    @property
    def box(self) -> Box:
        """The slices the box covers."""
        return tuple(slice(a, a + n) for a, n in zip(self.start, self.classes.shape, strict=True))


@dataclass(frozen=True, eq=False)
class Annotation:
    """All paint on one image, as boxes that do not overlap; the rest is not painted."""

    boxes: tuple[PaintBox, ...]
    spatial_shape: tuple[int, ...]

    def __deepcopy__(self, _: object) -> Annotation:
        return self  # nothing in it ever changes

    def painted_pixels(self, classes: int) -> tuple[int, ...]:
        """How many pixels each class has."""
        count = np.zeros(classes, np.int64)
        for box in self.boxes:
            count += np.bincount(box.classes.ravel(), minlength=256)[:classes]
        return tuple(int(n) for n in count)

    def read(self, sample: int, box: Box) -> np.ndarray:
        """Class numbers inside a box of one sample, `UNPAINTED` where not painted.

        The box may reach outside the image; nothing is painted there.
        """
        out = np.full(tuple(s.stop - s.start for s in box), UNPAINTED, np.uint8)
        for painted in self.boxes:
            if painted.sample != sample:
                continue
            inside = [
                (max(a.start, b.start), min(a.stop, b.stop))
                for a, b in zip(box, painted.box, strict=True)
            ]
            if any(lo >= hi for lo, hi in inside):
                continue
            to = tuple(
                slice(lo - a.start, hi - a.start) for (lo, hi), a in zip(inside, box, strict=True)
            )
            fro = tuple(
                slice(lo - b, hi - b) for (lo, hi), b in zip(inside, painted.start, strict=True)
            )
            block = painted.classes[fro]
            np.copyto(out[to], block, where=block != UNPAINTED)
        return out

    def share_of(self, other: Annotation) -> float:
        """How much of what is painted in the other is painted here, too, 0 to 1.

        Boxes that both hold, which are most of them after a stroke, are not looked through.
        """
        same, both, total = {id(box) for box in self.boxes}, 0, 0
        index = BoxIndex(box.box for box in self.boxes)
        for box in other.boxes:
            total += box.pixels
            if id(box) in same:
                both += box.pixels
                continue
            near = Annotation(tuple(self.boxes[n] for n in index.meeting(box.box)), ())
            here = near.read(box.sample, box.box) != UNPAINTED
            both += int(np.count_nonzero(here & (box.classes != UNPAINTED)))
        return both / total if total else 0.0


@dataclass(frozen=True, eq=False)
class AnnotatedImage:
    """An image and the paint on it, in the same canonical axes.

    Parameters
    ----------
    source : ImageSource
    annotation : Annotation
    name : str, optional
    earlier : Annotation, optional
        The part of the paint that was there before an answer was first seen; what came later
        corrects answers. None where that is not known.
    """

    source: ImageSource
    annotation: Annotation
    name: str = field(default="image")
    earlier: Annotation | None = None
