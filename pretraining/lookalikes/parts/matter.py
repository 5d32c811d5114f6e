"""What tomography looks into: rock, soil, bone, foam, wood, fibres, electrodes, concrete.

Phases are 0 void, 1 matrix, 2 particles, 3 rare bright, 4 middling, whatever these are in a sort.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.stamps import apart, draw_stamps
from pretraining.lookalikes.parts.tessellation import Tiling, lattice, merged, tiling
from pretraining.lookalikes.parts.wandering import drawn, walk
from pretraining.textures import smooth_noise

VOID, MATRIX, PARTICLE, BRIGHT, MIDDLING = range(5)


@dataclass(frozen=True)
class Matter:
    """How a material is built; each sort of it uses what it needs.

    Parameters
    ----------
    size : float
        Typical size of its parts in pixels.
    unit : float
        The zoom.
    open : float
        How much void there is, 0 to 1.
    rounded, rough, stretch, spread : float
        Outlines of its parts, 0 to 1; length over width; how much they differ in size.
    second, rare, filled : float
        Shares of the matrix, the bright and the middling phase.
    cracked : float
        How many cracks there are, 0 to 1.
    """

    size: float
    unit: float
    open: float
    rounded: float
    rough: float
    stretch: float
    spread: float
    second: float
    rare: float
    filled: float
    cracked: float


Laid = tuple[np.ndarray, np.ndarray]
"""Phase (uint8) of each pixel and the number of the part that it belongs to (int)."""


def _blunt(tiles: Tiling, soft: float) -> np.ndarray:
    """Pixels to the nearest border where corners are rounded off."""
    return np.asarray(tiles.gap - soft * np.log1p(np.exp((tiles.gap - tiles.corner) / soft)))


def rock(rng: np.random.Generator, side: int, matter: Matter) -> Laid:
    """Grains of several minerals, pores and clay between them."""
    size = matter.size
    points = lattice(rng, side, size, 0.25 + 0.2 * matter.spread, matter.stretch)
    owners = merged(rng, points, 0.6 * matter.spread)
    bends = ((0.7 * size, 0.1 * size), (0.2 * size, 0.05 * matter.rough * size))
    tiles = tiling(rng, side, points, bends, owners)
    gap = _blunt(tiles, (0.03 + 0.1 * matter.rounded) * size)
    gap = gap + 0.05 * matter.rough * size * smooth_noise(rng, side, 0.12 * size)
    opening = rng.normal(0.35 * matter.open - 0.12, 0.1, 211) * size
    draws = rng.random(tiles.count)
    phase = np.full(tiles.count, PARTICLE, np.uint8)
    phase[draws < matter.second + matter.rare] = MATRIX
    phase[draws < matter.rare] = BRIGHT
    phase[draws > 1 - 0.3 * matter.open] = VOID
    laid = phase[tiles.index]
    laid[gap < tiles.per_edge(opening)] = VOID
    clay = smooth_noise(rng, side, 2 * size) + 0.4 * smooth_noise(rng, side, 0.3 * size)
    if matter.filled:
        laid[(laid == VOID) & (clay > 1.4 - 2.4 * matter.filled)] = MIDDLING
    specks = draw_stamps(rng, side, *_scattered(rng, side, 0.09 * size + 0.8, matter.rare / 4),
                         rough=0.2).painted().inside  # fmt: skip
    laid[specks] = BRIGHT
    return laid, tiles.index


def _scattered(
    rng: np.random.Generator, side: int, radius: float, cover: float, spread: float = 0.4
) -> tuple[np.ndarray, np.ndarray]:
    """Centres and radii of things that cover about that share of the image."""
    mean = cover * side**2 / (np.pi * radius**2 * np.exp(2 * spread**2))
    count = int(min(rng.poisson(mean), 600 * (side / 192) ** 2))
    radii = radius * np.exp(rng.normal(0, spread, count))
    return rng.uniform(-radius, side + radius, (count, 2)), radii


def soil(rng: np.random.Generator, side: int, matter: Matter) -> Laid:
    """Aggregates with cracks and burrows, grains of sand, bits of roots."""
    size = matter.size
    height = smooth_noise(rng, side, 1.5 * size) + 0.6 * smooth_noise(rng, side, 0.5 * size)
    height += (0.2 + 0.5 * matter.rough) * smooth_noise(rng, side, 0.15 * size)
    ridges = np.abs(
        smooth_noise(rng, side, 1.1 * size) + 0.25 * smooth_noise(rng, side, 0.2 * size)
    )
    void = (height < -2.1 + 2.2 * matter.open) | (ridges < 0.12 * matter.cracked)
    laid = np.where(void, VOID, MATRIX).astype(np.uint8)
    centres, radii = _scattered(rng, side, 0.3 * size, 0.5 * matter.second, 0.6)
    stays = apart(centres, radii, 0.85)
    sand = draw_stamps(rng, side, centres[stays], radii[stays], stretch=matter.stretch,
                       rough=0.12, facets=6 if matter.rounded < 0.3 else 0).painted()  # fmt: skip
    kinds = rng.random(int(stays.sum()) + 1) < matter.rare
    laid = np.where(sand.inside, np.where(kinds[sand.instances], BRIGHT, PARTICLE), laid)
    if matter.filled:
        centres, radii = _scattered(rng, side, 0.25 * size, 0.12 * matter.filled, 0.4)
        bits = draw_stamps(rng, side, centres, radii, stretch=2.5, rough=0.15, bend=0.4).painted()
        hollow = bits.inside & (bits.distance < 0.45)
        laid = np.where(bits.inside, np.where(hollow, VOID, MIDDLING), laid)
    return laid.astype(np.uint8), sand.instances


def bone(rng: np.random.Generator, side: int, matter: Matter) -> Laid:
    """Plates and rods of bone in marrow."""
    size = matter.size
    field = smooth_noise(rng, side, size) + 0.35 * smooth_noise(rng, side, 0.4 * size)
    field = ndimage.gaussian_filter(field, 0.06 * size)
    other = ndimage.gaussian_filter(smooth_noise(rng, side, size), 0.06 * size)
    thick = (0.55 - 0.4 * matter.open) * (1 + 0.3 * smooth_noise(rng, side, 3 * size))
    solid = (np.abs(field) < thick) & (other > -1.6 + 0.9 * matter.open)
    solid |= (np.abs(other) < 0.7 * thick) & (field > -0.8 + matter.open)
    holes = draw_stamps(rng, side, *_scattered(rng, side, 0.06 * size + 0.7, 0.02)).painted().inside
    laid = np.where(solid & ~holes, PARTICLE, VOID).astype(np.uint8)
    laid[(laid == VOID) & (height_of(rng, side, size) > 1.8 - 1.5 * matter.filled)] = MIDDLING
    return laid, (8 * (smooth_noise(rng, side, 0.7 * size) + 4)).astype(int).clip(0, 64)


def height_of(rng: np.random.Generator, side: int, size: float) -> np.ndarray:
    """A rough field, about standardised."""
    return 0.9 * smooth_noise(rng, side, 1.6 * size) + 0.4 * smooth_noise(rng, side, 0.3 * size)


def foam(rng: np.random.Generator, side: int, matter: Matter) -> Laid:
    """Bubbles with walls of differing thickness, some of them broken."""
    size = matter.size
    points = lattice(rng, side, size, 0.15 + 0.2 * matter.spread, matter.stretch)
    owners = merged(rng, points, 0.7 * matter.spread)
    tiles = tiling(rng, side, points, ((size, 0.06 * size),), owners)
    gap = _blunt(tiles, (0.02 + 0.16 * matter.rounded) * size)
    walls = np.exp(rng.normal(0, 0.4, 401)) * (0.03 + 0.16 * (1 - matter.open)) * size
    walls = np.maximum(walls, 0.7)
    # Open cells have struts only, cut across where three of them meet.
    walls[rng.random(401) < matter.cracked] = -3.0
    solid = gap < tiles.per_edge(walls)
    solid |= tiles.corner + tiles.gap < (0.08 + 0.2 * (1 - matter.open)) * size
    laid = np.where(solid, PARTICLE, VOID).astype(np.uint8)
    small = draw_stamps(rng, side, *_scattered(rng, side, 0.04 * size + 0.6, 0.03)).painted().inside
    laid[small & solid] = VOID
    grains = draw_stamps(rng, side, *_scattered(rng, side, 0.04 * size + 0.6, 0.1 * matter.rare))
    laid[grains.painted().inside & solid] = BRIGHT
    return laid, tiles.index


def wood(rng: np.random.Generator, side: int, matter: Matter) -> Laid:
    """Files of cells with thick walls, rings of growth, rays and vessels."""
    size = matter.size
    points = lattice(rng, side, size, 0.05 + 0.07 * matter.spread, matter.stretch, 0.5)
    tiles = tiling(rng, side, points, ((5 * size, 0.5 * size), (size, 0.04 * size)))
    gap = _blunt(tiles, (0.05 + 0.08 * matter.rounded) * size)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    angle, period = rng.uniform(0, 2 * np.pi), rng.uniform(6, 22) * size
    along = np.cos(angle) * y + np.sin(angle) * x + 0.4 * size * smooth_noise(rng, side, 6 * size)
    late = ((along / period + rng.random()) % 1) ** 4
    wall = (0.07 + 0.14 * (1 - matter.open) + 0.2 * late) * size
    wall = wall * rng.uniform(0.85, 1.15, tiles.count)[tiles.index]
    laid = np.where(gap < wall, PARTICLE, VOID).astype(np.uint8)
    if matter.spread > 0.5:
        centres, radii = _scattered(
            rng, side, rng.uniform(1.2, 2.2) * size, 0.3 * matter.second, 0.2
        )
        stays = apart(centres, radii, 1.1)
        stamps = draw_stamps(rng, side, centres[stays], radii[stays], stretch=1.2, rough=0.04)
        vessels = stamps.painted()
        laid = np.where(vessels.inside, np.where(vessels.depth < wall, PARTICLE, VOID), laid)
    across = np.cos(angle) * x - np.sin(angle) * y + 0.5 * size * smooth_noise(rng, side, 6 * size)
    rays = np.abs((across / (rng.uniform(5, 14) * size)) % 1 - 0.5) < 0.03 * matter.second
    laid[rays] = PARTICLE
    plugs = rng.random(tiles.count)[tiles.index] < 0.12 * matter.filled
    laid[plugs & (laid == VOID)] = MIDDLING
    return laid.astype(np.uint8), tiles.index


def fibres(rng: np.random.Generator, side: int, matter: Matter) -> Laid:
    """A composite or a felt: fibres cut across or along, resin, voids."""
    size = matter.size
    laid = np.full((side, side), MATRIX if matter.second > 0.3 else VOID, np.uint8)
    if matter.stretch < 1.8:
        points = lattice(rng, side, 1.25 * size, 0.12 + 0.1 * matter.spread)
        points = points + 0.6 * size * rng.uniform(-1, 1, (1, 2))
        crowd = smooth_noise(rng, side, 6 * size)
        at = np.clip(points.astype(int), 0, side - 1)
        points = points[crowd[at[:, 0], at[:, 1]] > -2.2 + 2.2 * matter.open]
        radii = 0.5 * size * rng.uniform(0.85, 1.1, len(points))
        stays = apart(points, radii, 0.97)
        cut = draw_stamps(rng, side, points[stays], radii[stays], stretch=matter.stretch,
                          angle=np.full(int(stays.sum()), rng.uniform(0, 3)),
                          rough=0.03 * matter.rough).painted()  # fmt: skip
        inside, parts = cut.inside, cut.instances
    else:
        heading, paths = rng.uniform(0, np.pi), []
        for _ in range(int(np.clip((0.9 - 0.7 * matter.open) * side / size * 2, 4, 70))):
            angle = heading + rng.normal(0, 0.1 + matter.spread)
            start = rng.uniform(-0.3, 1.1, 2) * side
            half = 0.35 * size * rng.uniform(0.7, 1.1)
            paths.append(
                walk(rng, start, angle, rng.uniform(0.2, 1.2) * side, (half, half), (0.2, 80))
            )
        cover, _, parts = drawn(paths, side)
        inside = cover > 0.5
    if matter.second > 0.3:
        void = height_of(rng, side, 2 * size) > 2.3 - 1.3 * matter.filled
        laid[void] = VOID
    laid[inside] = PARTICLE
    return _split(rng, laid, matter, (MATRIX, PARTICLE)), parts


def electrode(rng: np.random.Generator, side: int, matter: Matter) -> Laid:
    """Particles of a battery or a sintered powder, with cracks, binder and pores."""
    size = matter.size
    centres, radii = _scattered(
        rng, side, 0.42 * size, 1.5 * (1 - matter.open), 0.15 + matter.spread
    )
    order = np.argsort(-radii)
    centres, radii = centres[order], radii[order]
    stays = apart(centres, radii, 0.92)
    facets = 7 if matter.rounded < 0.35 else 0
    cut = draw_stamps(rng, side, centres[stays], radii[stays], stretch=min(matter.stretch, 2),
                      rough=0.12 * matter.rough, facets=facets).painted()  # fmt: skip
    laid = np.full((side, side), VOID, np.uint8)
    rough = smooth_noise(rng, side, 0.25 * size) + 0.6 * smooth_noise(rng, side, 0.08 * size)
    laid[rough > 1.5 - 2.2 * matter.filled] = MIDDLING
    kinds = np.where(rng.random(len(radii) + 1) < matter.rare, BRIGHT, PARTICLE)
    laid = np.where(cut.inside, kinds[cut.instances], laid).astype(np.uint8)
    if matter.cracked > 0.3:
        small = max(0.35 * size, 5.0)
        tiles = tiling(rng, side, lattice(rng, side, small, 0.35), ((small, 0.15 * small),))
        broken = np.where(rng.random(307) < 0.5 * matter.cracked, rng.uniform(0.4, 1.3, 307), -1)
        wide = tiles.per_edge(broken) * max(matter.unit, 0.8)
        damaged = (rng.random(len(radii) + 1) < matter.cracked)[cut.instances]
        laid[cut.inside & damaged & (tiles.gap < wide)] = VOID
    return laid, cut.instances


def concrete(rng: np.random.Generator, side: int, matter: Matter) -> Laid:
    """Aggregate of many sizes in paste, air voids, cracks, bits of steel or slag."""
    size = matter.size
    parts = []
    for radius, cover in ((0.7 * size, 1.2), (0.3 * size, 0.8), (0.12 * size + 0.7, 0.4)):
        parts.append(_scattered(rng, side, radius, cover * (0.5 + matter.second), 0.25))
    centres, radii = (np.concatenate(piece) for piece in zip(*parts, strict=True))
    stays = apart(centres, radii, 1.05)
    stones = draw_stamps(rng, side, centres[stays], radii[stays], stretch=matter.stretch,
                         rough=0.1, facets=0 if matter.rounded > 0.5 else 8).painted()  # fmt: skip
    kinds = rng.random(int(stays.sum()) + 1)
    which = np.where(
        kinds < matter.rare, BRIGHT, np.where(kinds > 1 - matter.filled, MIDDLING, PARTICLE)
    )
    laid = np.where(stones.inside, which[stones.instances], MATRIX).astype(np.uint8)
    bubbles = draw_stamps(rng, side, *_scattered(rng, side, 0.1 * size, 0.12 * matter.open, 0.7))
    laid[bubbles.painted().inside & ((laid == MATRIX) | (rng.random() < 0.2))] = VOID
    return _split(rng, laid, matter, (MATRIX, PARTICLE)), stones.instances


def _split(
    rng: np.random.Generator, laid: np.ndarray, matter: Matter, through: tuple[int, ...]
) -> np.ndarray:
    """Cracks through some of the phases."""
    side, paths = len(laid), []
    for _ in range(rng.poisson(2.2 * matter.cracked)):
        half = rng.uniform(0.4, 1.6) * max(matter.unit, 0.8)
        start, angle = rng.uniform(0, 1, 2) * side, rng.uniform(0, 6.3)
        paths.append(walk(rng, start, angle, rng.uniform(0.3, 1) * side, (half, 0.4), (0.5, 12)))
    if paths:
        laid[(drawn(paths, side)[0] > 0.5) & np.isin(laid, through)] = VOID
    return laid


SORTS: Mapping[str, Callable[[np.random.Generator, int, Matter], Laid]] = MappingProxyType({
    "rock": rock, "soil": soil, "bone": bone, "foam": foam, "wood": wood, "fibres": fibres,
    "electrode": electrode, "concrete": concrete,
})  # fmt: skip
"""What draws each sort of material."""
