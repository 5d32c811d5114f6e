"""A simulated annotator: strokes along the middle of regions, and later where the answer is wrong.

The same idea as the strokes of published interactive-segmentation benchmarks: a short walk on the
skeleton of a region, thickened, clipped to the region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from skimage.morphology import disk, skeletonize


@dataclass(frozen=True, eq=False)
class Paint:
    """Painted pixels of one image.

    Parameters
    ----------
    positions : ndarray of int64, shape (P, 2)
        Row and column of each painted pixel.
    classes : ndarray of int64, shape (P,)
        Its class.
    strokes : ndarray of int64, shape (P,)
        The stroke it belongs to, 0 .. n - 1.
    """

    positions: np.ndarray
    classes: np.ndarray
    strokes: np.ndarray

    def __add__(self, other: Paint) -> Paint:
        """Both together; the strokes of `other` are numbered on."""
        first = int(self.strokes.max()) + 1 if len(self.strokes) else 0
        return Paint(
            np.concatenate([self.positions, other.positions]),
            np.concatenate([self.classes, other.classes]),
            np.concatenate([self.strokes, other.strokes + first]),
        )


@dataclass(frozen=True)
class Habit:
    """How somebody paints.

    Parameters
    ----------
    strokes : int
        Strokes per class.
    length : int
        Steps of a stroke.
    radius : int
        Radius of the brush in pixels.
    """

    strokes: int
    length: int
    radius: int


def draw_habit(rng: np.random.Generator) -> Habit:
    """Draw how somebody paints: one to eight strokes, short to long, thin to thick."""
    strokes = int(rng.choice([1, 2, 3, 4, 6, 8], p=(0.1, 0.15, 0.2, 0.3, 0.15, 0.1)))
    length = int(np.exp(rng.uniform(np.log(8), np.log(70))))
    return Habit(strokes, length, int(rng.choice([0, 1, 2, 3], p=(0.1, 0.25, 0.5, 0.15))))


def draw_paint(
    truth: np.ndarray, habit: Habit, rng: np.random.Generator, where: np.ndarray | None = None,
    most: int = 120,
) -> Paint:  # fmt: skip
    """Paint strokes of every class.

    Parameters
    ----------
    truth : ndarray of uint8, shape (Y, X)
        Class of each pixel.
    habit : Habit
        How many strokes, how long, how thick.
    rng : numpy.random.Generator
        Decides where.
    where : ndarray of bool, shape (Y, X), optional
        Strokes start and run only here, for example where an answer is wrong.
    most : int, optional
        Pixels kept per stroke.

    Returns
    -------
    Paint
        May lack a class that has no room for a stroke.
    """
    positions, classes, numbers = [], [], []
    for class_number in np.unique(truth):
        region = truth == class_number
        middle = skeletonize(region if where is None else region & where)
        starts = np.flatnonzero(np.pad(middle, 1))
        for _ in range(habit.strokes if len(starts) else 0):
            path = _walk(np.pad(middle, 1), int(rng.choice(starts)), habit.length, rng)
            pixels = _thicken(path, habit.radius, region)
            if len(pixels) > most:
                pixels = pixels[rng.choice(len(pixels), most, replace=False)]
            positions.append(pixels)
            classes.append(np.full(len(pixels), class_number, np.int64))
            numbers.append(np.full(len(pixels), len(numbers), np.int64))
    if not positions:
        return Paint(np.zeros((0, 2), np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))
    return Paint(*(np.concatenate(part) for part in (positions, classes, numbers)))


def draw_stroke(
    truth: np.ndarray, place: tuple[int, int], habit: Habit, rng: np.random.Generator,
    reach: int = 32,
) -> Paint:  # fmt: skip
    """Paint one stroke of the true class at a place.

    Parameters
    ----------
    truth : ndarray of uint8, shape (Y, X)
        Class of each pixel.
    place : tuple of int
        Row and column; a dab of the brush is put there.
    habit : Habit
        How long and how thick; one stroke is painted.
    rng : numpy.random.Generator
        Decides where it runs, from the middle of the region next to the place.
    reach : int, optional
        The stroke stays within so many pixels of the place, along both axes.
    """
    class_number = int(truth[place])
    corner = tuple(max(0, p - reach) for p in place)
    window = tuple(slice(c, p + reach + 1) for c, p in zip(corner, place, strict=True))
    region = truth[window] == class_number
    here = np.subtract(place, corner)
    middle = np.argwhere(skeletonize(region))
    start = middle[((middle - here) ** 2).sum(1).argmin()] if len(middle) else here
    padded = np.pad(skeletonize(region), 1)
    begin = int(np.ravel_multi_index(tuple(start + 1), padded.shape))
    path = np.concatenate([_walk(padded, begin, habit.length, rng), here[None]])
    pixels = _thicken(path, habit.radius, region) + corner
    count = len(pixels)
    return Paint(pixels, np.full(count, class_number, np.int64), np.zeros(count, np.int64))


def _walk(middle: np.ndarray, start: int, length: int, rng: np.random.Generator) -> np.ndarray:
    """A path of neighbouring skeleton pixels that never returns, as rows and columns."""
    width = middle.shape[1]
    free = bytearray(middle.tobytes())
    around = (-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1)
    path, choice = [start], rng.random(length)
    free[start] = 0
    for step in range(length - 1):
        near = [path[-1] + offset for offset in around if free[path[-1] + offset]]
        if not near:
            break
        path.append(near[int(choice[step] * len(near))])
        free[path[-1]] = 0
    return np.stack(np.unravel_index(path, middle.shape), 1) - 1


def _thicken(path: np.ndarray, radius: int, region: np.ndarray) -> np.ndarray:
    """All pixels of the region within a radius of the path."""
    brush = np.argwhere(disk(radius)) - radius
    pixels = (path[:, None] + brush[None]).reshape(-1, 2)
    pixels = pixels[((pixels >= 0) & (pixels < region.shape)).all(1)]
    pixels = np.unique(pixels, axis=0)
    return pixels[region[tuple(pixels.T)]]
