"""Many small objects drawn at once: where each lies, and coordinates within it for shading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree


@dataclass(frozen=True, eq=False)
class Painted:
    """Objects that hide each other, as maps of shape (side, side).

    Parameters
    ----------
    instances : ndarray of int32
        0 outside, 1..n one object each.
    distance, depth, along, across : ndarray of float32
        Of the uppermost object, as in `Stamps`; `depth` is -1 outside, the others 0.
    """

    instances: np.ndarray
    distance: np.ndarray
    depth: np.ndarray
    along: np.ndarray
    across: np.ndarray

    @property
    def inside(self) -> np.ndarray:
        """Where there is an object."""
        return self.instances > 0

    def spread(self, values: np.ndarray) -> np.ndarray:
        """One value per object to a map, 0 outside."""
        return np.concatenate([[0], values]).astype(np.float32)[self.instances]


@dataclass(frozen=True, eq=False)
class Stamps:
    """Pixels of objects, one entry per pixel and object; objects may share pixels.

    Parameters
    ----------
    side : int
        Side of the image.
    number, pixel : ndarray of int
        Which object, and which pixel of the flattened image.
    distance, depth : ndarray of float32
        0 in the middle to 1 at the outline, and pixels to the outline (negative beyond it).
    along, across : ndarray of float32
        Coordinates in the object's own frame, 1 at its ends.
    """

    side: int
    number: np.ndarray
    pixel: np.ndarray
    distance: np.ndarray
    depth: np.ndarray
    along: np.ndarray
    across: np.ndarray

    def painted(self) -> Painted:
        """Each object over those before it."""
        size = self.side * self.side
        at = np.flatnonzero(self.depth > 0)
        owner = np.full(size, -1)
        owner[self.pixel[at]] = at  # of repeated pixels the last one stays
        there = owner >= 0
        shape = (self.side, self.side)

        def gathered(values: np.ndarray, outside: float) -> np.ndarray:
            out = np.full(size, outside, np.float32)
            out[there] = values[owner[there]]
            return out.reshape(shape)

        instances = np.zeros(size, np.int32)
        instances[there] = self.number[owner[there]] + 1
        return Painted(
            instances.reshape(shape), gathered(self.distance, 0), gathered(self.depth, -1),
            gathered(self.along, 0), gathered(self.across, 0),
        )  # fmt: skip

    def coverage(self) -> np.ndarray:
        """Share of each pixel that each entry covers, with smooth edges."""
        return np.clip(self.depth + 0.5, 0, 1)

    def summed(self, values: np.ndarray) -> np.ndarray:
        """Sum of values per entry in each pixel, (side, side)."""
        size = self.side * self.side
        total = np.bincount(self.pixel, weights=values, minlength=size)
        return total.reshape(self.side, self.side).astype(np.float32)


def draw_stamps(
    rng: np.random.Generator, side: int, centres: np.ndarray, radii: np.ndarray, *,
    stretch: np.ndarray | float = 1.0, angle: np.ndarray | None = None,
    rough: np.ndarray | float = 0.0, waves: tuple[int, ...] = (2, 3, 5),
    corners: float = 2.0, bend: np.ndarray | float = 0.0, facets: int = 0, capsule: bool = False,
) -> Stamps:  # fmt: skip
    """Place objects of one shape.

    Parameters
    ----------
    rng, side : numpy.random.Generator and int
        Decides outlines, and angles where none are given; side of the image.
    centres, radii : ndarray, shape (n, 2) and (n,)
        Row and column of each, the last on top; half of the shorter axis in pixels.
    stretch, rough, bend : ndarray of shape (n,) or float
        Length over width; how far the outline strays; how far the ends are bent sideways.
    angle : ndarray of shape (n,), optional
        Direction of the long axis from the row axis.
    waves : tuple of int
        Frequencies of the rough outline.
    corners, facets, capsule : float, int, bool
        Exponent of the outline, 2 for an ellipse; number of straight edges, 0 for none; whether
        long objects have straight sides.
    """
    count = len(radii)
    stretches, roughs, bends = (np.broadcast_to(v, count) for v in (stretch, rough, bend))
    angles = rng.uniform(0, np.pi, count) if angle is None else angle
    grown = radii * (1.4 if facets else 1.05 + 2.5 * roughs)
    reach = _reach(grown, stretches, angles, bends, capsule or corners > 2)
    number, rows, columns = _boxes(side, centres, reach)
    tables = np.stack([*centres.T, np.cos(angles), np.sin(angles), radii, stretches]).astype("f4")
    row, column, cosine, sine, small, long = tables[:, number]
    y, x = rows - row, columns - column
    along = (cosine * y + sine * x) / small
    across = (cosine * x - sine * y) / small
    if np.any(bends):
        across = across + bends[number].astype(np.float32) * ((along / long) ** 2 - 0.4)
    beyond = np.maximum(np.abs(along) - (long - 1), 0) if capsule else along / long
    distance = np.hypot(beyond, across)
    along = along / long
    if facets:
        distance = _to_facets(rng, count, facets, number, along, across)
    elif corners > 2:
        distance = (np.abs(along) ** corners + np.abs(across) ** corners) ** (1 / corners)
    if np.any(roughs):
        distance = distance * _roughness(rng, roughs, waves, number, along, across)
    depth = (1 - distance) * small
    near = np.flatnonzero(depth > -1)
    pixel = rows[near].astype(np.int64) * side + columns[near]
    return Stamps(side, number[near], pixel, distance[near], depth[near], along[near], across[near])


def _reach(
    radii: np.ndarray, stretches: np.ndarray, angles: np.ndarray, bends: np.ndarray, boxy: bool
) -> np.ndarray:
    """How far objects extend from their centres in rows and columns, (n, 2)."""
    turned = np.abs(np.stack([np.cos(angles), np.sin(angles)], 1))
    ends, flanks = stretches[:, None] * turned, (1 + 0.6 * np.abs(bends))[:, None] * turned[:, ::-1]
    return radii[:, None] * (ends + flanks if boxy else np.hypot(ends, flanks)) + 2


def _boxes(
    side: int, centres: np.ndarray, reach: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Object, row and column of every pixel of the boxes around the objects."""
    low = np.clip(np.floor(centres - reach), 0, side).astype(int)
    high = np.clip(np.ceil(centres + reach) + 1, 0, side).astype(int)
    size = np.maximum(high - low, 0)
    area = size.prod(1)
    number = np.repeat(np.arange(len(reach), dtype=np.int32), area)
    starts = (np.cumsum(area) - area).astype(np.int32)
    offset = np.arange(len(number), dtype=np.int32) - starts[number]
    width = size[:, 1].astype(np.int32)[number]
    row = offset // width
    first = low.astype(np.int32)
    return number, row + first[number, 0], offset - row * width + first[number, 1]


def _to_facets(
    rng: np.random.Generator, count: int, facets: int, number: np.ndarray,
    along: np.ndarray, across: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Distance, 1 at the outline, of polygons with `facets` edges."""
    distance = np.zeros(len(number), np.float32)
    for edge in range(facets):
        normal = (edge + 0.35 * rng.standard_normal(count).clip(-1, 1)) * 2 * np.pi / facets
        near = rng.uniform(0.95, 1.25, count)
        first, second = (near * np.stack([np.cos(normal), np.sin(normal)])).astype(np.float32)
        np.maximum(distance, along * first[number] + across * second[number], out=distance)
    return distance


def _roughness(
    rng: np.random.Generator, roughs: np.ndarray, waves: tuple[int, ...], number: np.ndarray,
    along: np.ndarray, across: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Factor of the distance that lets outlines stray."""
    bins = 256
    theta = np.linspace(-np.pi, np.pi, bins, endpoint=False)
    profile = np.ones((len(roughs), bins))
    for wave in waves:
        lift = roughs * rng.standard_normal(len(roughs)).clip(-1.5, 1.5) / np.sqrt(wave / 2)
        phase = rng.uniform(0, 6.3, len(roughs))
        profile *= 1 + lift[:, None] * np.cos(wave * theta + phase[:, None])
    at = ((np.arctan2(across, along) / (2 * np.pi) + 0.5) * bins).astype(np.int32) % bins
    return profile.astype(np.float32).ravel()[number * np.int32(bins) + at]


def apart(centres: np.ndarray, radii: np.ndarray, share: float) -> np.ndarray:
    """Which discs stay if none may come too close to an earlier one.

    Parameters
    ----------
    centres, radii : ndarray, shape (n, 2) and (n,)
        The discs.
    share : float
        Least distance of two centres as a share of the sum of their radii.
    """
    stays = np.ones(len(radii), bool)
    if share <= 0 or len(radii) < 2:
        return stays
    pairs = cKDTree(centres).query_pairs(2 * share * radii.max(), output_type="ndarray")
    gap = np.linalg.norm(centres[pairs[:, 0]] - centres[pairs[:, 1]], axis=1)
    pairs = pairs[gap < share * (radii[pairs[:, 0]] + radii[pairs[:, 1]])]
    for first, second in pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tolist():
        if stays[first]:
            stays[second] = False
    return stays
