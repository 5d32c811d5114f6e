"""The strokes of newer paint: which are still the same, which are kept back, what is new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_unet.core.annotations import UNPAINTED, Annotation, ClassMap, PaintBox
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.patches import HeldOut
from napari_unet.core.strokes import Stroke, hold_out, strokes_of


@dataclass(frozen=True, eq=False)
class Split:
    """Strokes to learn from and strokes to score on.

    Parameters
    ----------
    kept, held : tuple of Stroke
    """

    kept: tuple[Stroke, ...]
    held: tuple[Stroke, ...]

    @property
    def strokes(self) -> list[Stroke]:
        """All of them."""
        return [*self.kept, *self.held]


def all_strokes(training: TrainingSet) -> list[Stroke]:
    """The strokes on every image of a training set."""
    classes = len(training.classes)
    return [
        stroke
        for number, image in enumerate(training.images)
        for stroke in strokes_of(number, image.annotation, classes)
    ]


def split_strokes(training: TrainingSet, share: float, seed: int) -> Split:
    """Split the strokes of a training set for the first time; see `hold_out`."""
    kept, held = hold_out(all_strokes(training), share, seed)
    return Split(tuple(kept), tuple(held))


def renumbered(split: Split, before: ClassMap, now: ClassMap) -> Split:
    """The same strokes in the class numbers of a map that has all their classes."""
    if before.values == now.values:
        return split
    number = [now.values.index(value) for value in before.values]
    kept, held = (
        tuple(replace(stroke, class_number=number[stroke.class_number]) for stroke in group)
        for group in (split.kept, split.held)
    )
    return Split(kept, held)


def strokes_again(strokes: Sequence[Stroke], before: TrainingSet, now: TrainingSet) -> list[Stroke]:
    """The strokes of newer paint; samples whose paint is the same are not looked through.

    Parameters
    ----------
    strokes : sequence of Stroke
        Those of `before`, in the class numbers of `now`.
    before, now : TrainingSet
        The same images under older and newer paint.
    """
    known: dict[tuple[int, int], list[Stroke]] = defaultdict(list)
    for stroke in strokes:
        known[stroke.image, stroke.sample].append(stroke)
    found: list[Stroke] = []
    for number, image in enumerate(now.images):
        old = _by_sample(before.images[number].annotation)
        for sample, boxes in sorted(_by_sample(image.annotation).items()):
            if old.get(sample) == boxes:  # boxes are compared by identity
                found += known[number, sample]
            else:
                part = Annotation(tuple(boxes), image.annotation.spatial_shape)
                found += strokes_of(number, part, len(now.classes))
    return found


def split_again(strokes: Sequence[Stroke], before: Split, share: float, seed: int) -> Split:
    """Split newer strokes so that nothing that was learned from is scored on.

    A stroke that was kept back stays so while it shares no pixel with paint that was learned
    from; strokes that are new are split by the rule of `hold_out`, counting those that are
    kept back already. A class of which only strokes that were kept back are left is learned
    from them.

    Parameters
    ----------
    strokes : sequence of Stroke
    before : Split
        How older paint on the same images was split, in the same class numbers.
    share : float
        Share of each class's strokes to hold out, 0 to 0.5.
    seed : int
        The same seed and strokes give the same split.
    """
    kept, held, new = _sorted(strokes, before)
    learned = {stroke.class_number for stroke in (*kept, *new)}
    kept += [stroke for stroke in held if stroke.class_number not in learned]
    held = [stroke for stroke in held if stroke.class_number in learned]
    more_kept, more_held = hold_out(new, share, seed, learned=kept, unseen=held)
    return Split((*kept, *more_kept), (*held, *more_held))


def _sorted(
    strokes: Sequence[Stroke], before: Split
) -> tuple[list[Stroke], list[Stroke], list[Stroke]]:
    """Strokes with paint that was learned from, those kept back, and those of new paint."""
    same_kept = {_identity(stroke) for stroke in before.kept}
    same_held = {_identity(stroke) for stroke in before.held}
    learned, unseen = HeldOut(before.kept), HeldOut(before.held)
    kept: list[Stroke] = []
    held: list[Stroke] = []
    new: list[Stroke] = []
    for stroke in strokes:
        identity = _identity(stroke)
        if identity in same_kept or (identity not in same_held and _touches(stroke, learned)):
            kept.append(stroke)
        elif identity in same_held or _touches(stroke, unseen):
            held.append(stroke)
        else:
            new.append(stroke)
    return kept, held, new


def _identity(stroke: Stroke) -> Hashable:
    """Equal for strokes of the same pixels and class."""
    place = (stroke.image, stroke.sample, stroke.class_number, stroke.start, stroke.mask.shape)
    return (*place, np.packbits(stroke.mask).tobytes())


def _touches(stroke: Stroke, paint: HeldOut) -> bool:
    """True if a stroke shares a pixel with any of some strokes, whatever their class."""
    under = paint.only(stroke.image, stroke.sample, stroke.box)
    return bool((under[stroke.mask] != UNPAINTED).any())


def fresh_paint(
    split: Split, split_before: Split, before: TrainingSet, now: TrainingSet
) -> list[Stroke]:
    """The pixels to learn from that were not painted so before, as strokes of their own.

    Parameters
    ----------
    split, split_before : Split
        The strokes of `now` and of `before`, both in the class numbers of `now`.
    before, now : TrainingSet
        The same images under older and newer paint.
    """
    values = before.classes.values
    number = np.arange(256, dtype=np.uint8)
    number[: len(values)] = [now.classes.values.index(value) for value in values]
    known = {_identity(stroke) for stroke in split_before.strokes}
    fresh = []
    for stroke in split.kept:
        if _identity(stroke) in known:
            continue
        old = before.images[stroke.image].annotation.read(stroke.sample, stroke.box)
        mask = stroke.mask & (number[old] != stroke.class_number)
        if mask.any():
            fresh.append(replace(stroke, mask=mask, pixels=int(np.count_nonzero(mask))))
    return fresh


def _by_sample(annotation: Annotation) -> dict[int, list[PaintBox]]:
    groups: dict[int, list[PaintBox]] = defaultdict(list)
    for box in annotation.boxes:
        groups[box.sample].append(box)
    return groups
