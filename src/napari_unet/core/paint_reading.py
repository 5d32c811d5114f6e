"""Is a painted layer strokes or a full mask? Decided from the paint and what lies under it.

Taking strokes for a mask would teach that everything nobody painted is background, and nobody
would notice; taking a mask for strokes only leaves the background unknown, which shows at
once. So paint is strokes unless there is good evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from napari_unet.core.annotations import (
    BACKGROUND_VALUE,
    MAX_CLASSES,
    UNPAINTED,
    Annotation,
    ClassMap,
    PaintBox,
)
from napari_unet.core.axes import AxesSpec
from napari_unet.core.boxes import bounding_box
from napari_unet.core.errors import PaintError
from napari_unet.core.paint_evidence import shapes
from napari_unet.core.paint_survey import (
    Survey,
    all_tiles,
    check_shape,
    in_memory,
    painted_tiles,
    survey,
)
from napari_unet.core.paint_verdict import are_objects, is_mask
from napari_unet.core.source import Box, ImageSource

PaintMode = Literal["strokes", "mask"]

_Numbered = tuple[Box, np.ndarray]


@dataclass(frozen=True)
class PaintReading:
    """What a layer of paint was taken for.

    Parameters
    ----------
    mode : {"strokes", "mask"}
        Whether unpainted pixels are ignored or mean something.
    classes : ClassMap
        Which value stands for which class. Empty if nothing is painted.
    sentence : str
        The decision in one sentence, for the user.
    instances : bool
        True if every value is one object and all objects are one class.
    """

    mode: PaintMode
    classes: ClassMap
    sentence: str
    instances: bool = False


def read_paint(
    paint: Any,
    image: Any | None,
    axes: AxesSpec | None = None,
    mode: Literal["auto", "strokes", "mask"] = "auto",
    names: Mapping[int, str] | None = None,
) -> PaintReading:
    """Decide what a layer of paint is.

    Parameters
    ----------
    paint : array-like of integers, in the image's axes without C
        The paint: 0 where not painted.
    image : array-like or None
        The image under it; without it only unmistakable masks are recognised.
    axes : AxesSpec, optional
        The image's axes. When not given, the last two axes of the paint are rows and columns,
        and an image with one axis more has its channels last or else first.
    mode : {"auto", "strokes", "mask"}
        Overrule the decision.
    names : mapping of int to str, optional
        Names of classes by their paint value.

    Returns
    -------
    PaintReading

    Raises
    ------
    AxesError
        If the axes do not fit the paint.
    PaintError
        If strokes have more values than there can be classes.
    """
    facts = survey(paint, image, axes)
    names = names or {}
    if not facts.values:
        return PaintReading("strokes", ClassMap(()), "Nothing is painted yet.")
    pieces = shapes(facts.windows) if mode != "strokes" else {}
    instances = mode != "strokes" and are_objects(facts, pieces, sure=mode == "mask")
    if mode == "mask" or (mode == "auto" and (instances or is_mask(facts, pieces))):
        return _mask_reading(facts, instances, names)
    if len(facts.values) > MAX_CLASSES:
        raise PaintError(
            f"The paint has {len(facts.values)} values, more than there can be classes. "
            "If every value is one object, read the layer as a full mask."
        )
    classes = ClassMap(facts.values, BACKGROUND_VALUE, _names(facts.values, 1, names))
    return PaintReading("strokes", classes, "Read as strokes: unpainted pixels are ignored.")


def annotate(
    paint: Any, axes: AxesSpec, image_shape: tuple[int, ...], reading: PaintReading
) -> Annotation:
    """Return a sparse copy of the paint in class numbers.

    Parameters
    ----------
    paint : array-like of integers, in the image's axes without C
        The paint.
    axes : AxesSpec
        The image's axes.
    image_shape : tuple of int
        Shape of the image array.
    reading : PaintReading
        What the values mean. Under a mask whose 0 is background, slices without any paint
        stay unpainted: most likely nobody got to them.

    Raises
    ------
    ShapeMismatch
        If the paint does not cover the pixels of the image.
    """
    check_shape(tuple(paint.shape), axes, tuple(image_shape))
    source = ImageSource(in_memory(paint), axes.without_channels(), "paint")
    whole = 0 in reading.classes.values
    boxes: list[PaintBox] = []
    for sample in range(source.samples):
        tiles = list(painted_tiles(source, sample))
        numbered: Iterator[_Numbered] = ((b, _class_numbers(p, reading)) for b, p in tiles)
        if whole and tiles:
            numbered = _with_background(numbered, tiles, source.spatial_shape, reading)
        boxes += [box for n in numbered if (box := _paint_box(sample, *n)) is not None]
    return Annotation(tuple(boxes), source.spatial_shape)


def annotate_tile(
    paint: ImageSource, sample: int, tile: Box, reading: PaintReading
) -> PaintBox | None:
    """Return what `annotate` gives for one tile of strokes; None if nothing is painted there.

    Parameters
    ----------
    paint : ImageSource
        The paint, without channels.
    sample : int
        Canonical sample number.
    tile : tuple of slice
        One of `napari_unet.core.paint_survey.all_tiles`.
    reading : PaintReading
        What the values mean; 0 must not be one of its values.
    """
    return _paint_box(sample, tile, _class_numbers(paint.read(sample, tile)[0], reading))


def _class_numbers(block: np.ndarray, reading: PaintReading) -> np.ndarray:
    return (block > 0).astype(np.uint8) if reading.instances else reading.classes.to_classes(block)


def _with_background(
    numbered: Iterable[_Numbered],
    tiles: list[tuple[Box, np.ndarray]],
    shape: tuple[int, ...],
    reading: PaintReading,
) -> Iterator[_Numbered]:
    """Tiles with paint and those without; in 3D, slices without any paint are unpainted."""
    background = np.uint8(reading.classes.values.index(0))
    empty = np.zeros(shape[0], bool)
    if len(shape) == 3:
        empty[:] = True
        for box, block in tiles:
            empty[box[0]] &= ~(block > 0).any(axis=(1, 2))
    painted = {tuple(s.start for s in box): classes for box, classes in numbered}
    for box in all_tiles(shape):
        classes = painted.get(tuple(s.start for s in box))
        if classes is None:
            size = tuple(s.stop - s.start for s in box)
            # A single number seen everywhere: empty tiles of a huge mask take no memory.
            classes = np.broadcast_to(background, size)
        if empty[box[0]].any():
            classes = classes.copy()
            classes[empty[box[0]]] = UNPAINTED
        yield box, classes


def _paint_box(sample: int, box: Box, classes: np.ndarray) -> PaintBox | None:
    """The painted part of a tile, as a copy that nobody can change."""
    if classes.strides == (0,) * classes.ndim:
        return PaintBox(sample, tuple(s.start for s in box), classes)
    painted = classes != UNPAINTED
    if not painted.any():
        return None
    inside = bounding_box(painted)
    kept = classes[inside].copy()
    kept.setflags(write=False)
    start = tuple(s.start + i.start for s, i in zip(box, inside, strict=True))
    return PaintBox(sample, start, kept)


def joint_reading(readings: Sequence[PaintReading]) -> PaintReading:
    """Return one reading for paint on several images, with the classes of all.

    Parameters
    ----------
    readings : sequence of PaintReading
        One per image, at least one. Layers without paint do not count, and where some hold
        one object per value, all masks do.

    Raises
    ------
    PaintError
        If 0 is background in some and unpainted in others.
    """
    painted = [r for r in readings if len(r.classes)]
    if not painted:
        return readings[0]
    if len({0 in r.classes.values for r in painted}) > 1:
        raise PaintError(
            "Some paint was read as strokes and some as full masks, so that the same value "
            "means different things. Read all of it as strokes, or all as full masks."
        )
    objects = [r for r in painted if r.instances]
    if objects:
        return objects[0]
    names = {
        value: name
        for r in reversed(painted)
        for value, name in zip(r.classes.values, r.classes.names, strict=True)
    }
    values = tuple(sorted(names))
    # Where every pixel is painted, values mean the same as in strokes.
    first = next((r for r in painted if r.mode == "strokes"), painted[0])
    background = next(
        (r.classes.background for r in painted if r.classes.background in values), None
    )
    classes = ClassMap(values, background, tuple(names[v] for v in values))
    return PaintReading(first.mode, classes, first.sentence)


def _mask_reading(facts: Survey, instances: bool, names: Mapping[int, str]) -> PaintReading:
    if instances:
        objects = ClassMap((0, 1), 0, ("Background", "Object"))
        sentence = "Read as one object per value: 0 is background, every object is one class."
        return PaintReading("mask", objects, sentence, instances=True)
    if facts.full:
        background = BACKGROUND_VALUE if BACKGROUND_VALUE in facts.values else None
        classes = ClassMap(facts.values, background, _names(facts.values, background, names))
        known = "1 is background" if background else "every value is a class"
        sentence = f"Read as a full mask: every pixel is painted, {known}."
        return PaintReading("mask", classes, sentence)
    values = (0, *facts.values)
    where = "" if facts.planes == facts.painted_planes else " where a slice is painted at all"
    classes = ClassMap(values, 0, _names(values, 0, names))
    return PaintReading("mask", classes, f"Read as a full mask: 0 is background{where}.")


def _names(
    values: tuple[int, ...], background: int | None, names: Mapping[int, str]
) -> tuple[str, ...]:
    """One name per value; a name given for the background under another reading is not used."""
    chosen = []
    for value in values:
        plain = "Background" if value == background else f"Class {value}"
        given = names.get(value, plain)
        misplaced = (given.casefold() == "background") != (value == background)
        chosen.append(plain if misplaced and value in (0, BACKGROUND_VALUE) else given)
    return tuple(chosen)
