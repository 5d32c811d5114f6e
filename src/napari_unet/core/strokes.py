"""Paint as strokes: the pieces a person put down, and which of them to hold back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np
from scipy import ndimage as ndi
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_unet.core.annotations import UNPAINTED, Annotation, PaintBox
from napari_unet.core.boxes import BoxIndex, Start, bounding_box, overlap
from napari_unet.core.source import Box

_BLOCK_SIDE = {2: 64, 3: 32}
_SOLID = 0.35
"""Paint filling this share of the blocks it touches is an area, not a line."""
_LARGE = 8
"""Outside full masks, only areas worth this many blocks are cut: smaller ones are strokes."""
_FEWEST_STROKES = 3
_MOST_HELD = 0.5


@dataclass(frozen=True, eq=False)
class Stroke:
    """One connected piece of paint of one class.

    Parameters
    ----------
    image : int
        Index of the image in the training set.
    sample : int
        Canonical sample number.
    class_number : int
        What it was painted as.
    start : tuple of int
        First pixel of its bounding box along each spatial axis.
    mask : ndarray of bool, shape (*spatial)
        The painted pixels inside the bounding box. Read-only.
    pixels : int
        How many there are.
    """

    image: int
    sample: int
    class_number: int
    start: tuple[int, ...]
    mask: np.ndarray
    pixels: int

    @property
    def box(self) -> Box:
        """The slices its bounding box covers."""
        return tuple(slice(a, a + n) for a, n in zip(self.start, self.mask.shape, strict=True))


def strokes_of(image_index: int, annotation: Annotation, classes: int) -> list[Stroke]:
    """Return the strokes of one image: connected paint of one class (diagonals connect).

    Where every pixel of a sample is painted, and where a piece is a very large area, pieces
    larger than a block (64 pixels wide, in 3D 32) are cut into blocks, so that a full mask has
    many regions. Anything a brush leaves is never cut.

    Parameters
    ----------
    image_index : int
        Index of the image in the training set.
    annotation : Annotation
        Its paint.
    classes : int
        How many classes there are; other class numbers are ignored.

    Returns
    -------
    list of Stroke
        In a fixed order: the same paint in the same boxes gives the same list.
    """
    strokes: list[Stroke] = []
    for sample in sorted({box.sample for box in annotation.boxes}):
        boxes = [box for box in annotation.boxes if box.sample == sample]
        painted = sum(int(np.count_nonzero(b.classes != UNPAINTED)) for b in boxes)
        full = painted == prod(annotation.spatial_shape)
        for class_number, pieces in _components(boxes, classes):
            for start, mask in _shaped(pieces, full):
                mask.setflags(write=False)
                pixels = int(np.count_nonzero(mask))
                strokes.append(Stroke(image_index, sample, class_number, start, mask, pixels))
    return strokes


def hold_out(
    strokes: Sequence[Stroke],
    share: float,
    seed: int,
    *,
    learned: Sequence[Stroke] = (),
    unseen: Sequence[Stroke] = (),
) -> tuple[list[Stroke], list[Stroke]]:
    """Split strokes into those to learn from and those to score on.

    Whole strokes are held out, class by class, and only from classes with at least three of
    them; at least half the pixels of each class are kept.

    Parameters
    ----------
    strokes : sequence of Stroke
        The strokes to split: all of a training set, or those that are new.
    share : float
        Share of each class's strokes to hold out, 0 to 0.5.
    seed : int
        The same seed and strokes give the same split.
    learned, unseen : sequence of Stroke, optional
        Strokes that are split already; they count in numbers and pixels.

    Returns
    -------
    kept, held : lists of Stroke
        Those of `strokes`, in the order they came.
    """
    rng = np.random.default_rng(seed)
    held: set[int] = set()
    for class_number in sorted({s.class_number for s in strokes}):
        members = [i for i, s in enumerate(strokes) if s.class_number == class_number]
        kept_back = [s.pixels for s in unseen if s.class_number == class_number]
        others = [s.pixels for s in learned if s.class_number == class_number] + kept_back
        count = len(members) + len(others)
        if share <= 0 or count < _FEWEST_STROKES:
            continue
        wanted = max(1, round(share * count)) - len(kept_back)
        room = _MOST_HELD * (sum(strokes[i].pixels for i in members) + sum(others))
        room -= sum(kept_back)
        for i in rng.permutation(members):
            if wanted > 0 and strokes[i].pixels <= room:
                held.add(int(i))
                wanted -= 1
                room -= strokes[i].pixels
    kept = [s for i, s in enumerate(strokes) if i not in held]
    return kept, [s for i, s in enumerate(strokes) if i in held]


_Piece = tuple[Start, np.ndarray]
"""A boolean array and where it lies."""


def _components(boxes: list[PaintBox], classes: int) -> Iterator[tuple[int, list[_Piece]]]:
    """Connected paint across boxes: class number and the piece in each box."""
    ids, class_of = _label_boxes(boxes, classes)
    edges = list(_edges(boxes, ids, class_of))
    pairs = np.concatenate(edges, axis=1) if edges else np.zeros((2, 0), np.int64)
    size = len(class_of)
    graph = coo_array((np.ones(pairs.shape[1], bool), (pairs[0], pairs[1])), (size, size))
    _, group = connected_components(graph, directed=False)
    pieces: dict[int, list[_Piece]] = {}
    for box, labels in zip(boxes, ids, strict=True):
        first = int(labels[labels > 0].min()) if labels.any() else 1
        numbered = np.where(labels > 0, labels - (first - 1), 0)
        for i, where in enumerate(ndi.find_objects(numbered)):
            start = tuple(s.start + a for s, a in zip(where, box.start, strict=True))
            mask = numbered[where] == i + 1
            pieces.setdefault(int(group[first + i]), []).append((start, mask))
    number_of = {int(g): c for g, c in zip(group, class_of, strict=True)}
    for key, parts in pieces.items():
        yield number_of[key], parts


def _label_boxes(boxes: list[PaintBox], classes: int) -> tuple[list[np.ndarray], list[int]]:
    """Number the connected paint inside each box; numbers run on from box to box.

    Returns one int array per box (0 is no paint) and the class of each number.
    """
    ids: list[np.ndarray] = []
    class_of = [-1]
    for box in boxes:
        labels = np.zeros(box.classes.shape, np.int64)
        for number in np.flatnonzero(np.bincount(box.classes.ravel(), minlength=256)[:classes]):
            here = box.classes == number
            found, count = ndi.label(here, np.ones((3,) * here.ndim))
            labels[here] = found[here] + (len(class_of) - 1)
            class_of += [int(number)] * count
        ids.append(labels)
    return ids, class_of


def _edges(
    boxes: list[PaintBox], ids: list[np.ndarray], class_of: list[int]
) -> Iterator[np.ndarray]:
    """Pairs of numbers of one class that touch across the border of two boxes."""
    kind = np.array(class_of)
    index = BoxIndex(box.box for box in boxes)
    for i, box in enumerate(boxes):
        for j in index.meeting(box.box, margin=1):
            if j <= i:
                continue
            other = boxes[j]
            window = tuple(
                slice(max(a.start, b.start) - 1, min(a.stop, b.stop) + 1)
                for a, b in zip(box.box, other.box, strict=True)
            )
            seen = np.zeros([s.stop - s.start for s in window], np.int64)
            for part, labels in ((box, ids[i]), (other, ids[j])):
                both = overlap(window, part.start, labels.shape)
                if both is not None:
                    seen[both[0]] += labels[both[1]]
            for one, two in _neighbours(seen):
                touching = (one != two) & (one > 0) & (two > 0) & (kind[one] == kind[two])
                yield np.stack((one[touching], two[touching]))


def _neighbours(array: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of views in which equal positions are neighbours in `array`, diagonals too."""
    for step in product((-1, 0, 1), repeat=array.ndim):
        if step > (0,) * array.ndim:
            yield array[_shift(step, array.shape)], array[_shift([-s for s in step], array.shape)]


def _shift(step: Sequence[int], shape: tuple[int, ...]) -> Box:
    """The part of an array that stays inside it when moved back by `step`."""
    return tuple(slice(max(s, 0), n + min(s, 0)) for s, n in zip(step, shape, strict=True))


def _shaped(pieces: list[_Piece], full: bool) -> Iterator[_Piece]:
    """The strokes one connected component makes: itself, or its blocks."""
    start = tuple(int(a) for a in np.min([p[0] for p in pieces], axis=0))
    stop = np.max([np.add(a, m.shape) for a, m in pieces], axis=0)
    shape = tuple(int(n) for n in stop - start)
    side = _BLOCK_SIDE[len(shape)]
    if max(shape) > side:
        blocks = _blocks(pieces, side)
        pixels = sum(int(np.count_nonzero(m)) for _, m in pieces)
        solid = pixels >= max(_LARGE, _SOLID * len(blocks)) * side ** len(shape)
        if full or solid:
            yield from (_trimmed(corner, blocks[corner]) for corner in sorted(blocks))
            return
    if len(pieces) == 1:
        yield pieces[0]
        return
    mask = np.zeros(shape, bool)
    box = tuple(slice(a, a + n) for a, n in zip(start, shape, strict=True))
    _paste(mask, box, pieces)
    yield start, mask


def _blocks(pieces: list[_Piece], side: int) -> dict[Start, np.ndarray]:
    """Pieces laid on a grid of blocks; only blocks that hold paint, by their corner."""
    blocks: dict[Start, np.ndarray] = {}
    for start, mask in pieces:
        spans = [
            range(a // side * side, a + n, side) for a, n in zip(start, mask.shape, strict=True)
        ]
        for corner in product(*spans):
            box = tuple(slice(c, c + side) for c in corner)
            both = overlap(box, start, mask.shape)
            if both is not None and mask[both[1]].any():
                block = blocks.setdefault(corner, np.zeros((side,) * mask.ndim, bool))
                block[both[0]] |= mask[both[1]]
    return blocks


def _paste(target: np.ndarray, box: Box, pieces: Iterable[_Piece]) -> None:
    for start, mask in pieces:
        both = overlap(box, start, mask.shape)
        if both is not None:
            target[both[0]] |= mask[both[1]]


def _trimmed(start: Start, mask: np.ndarray) -> _Piece:
    """A mask cut down to its painted bounding box."""
    box = bounding_box(mask)
    return tuple(a + s.start for a, s in zip(start, box, strict=True)), mask[box].copy()
