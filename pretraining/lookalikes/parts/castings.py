"""Castings, alloys with precipitates, and ceramics, as microscopes show their polished sections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.microstructure import (
    BORDER,
    MATRIX,
    RARE,
    SECOND,
    TWIN,
    Cut,
    Metal,
    etch,
    finish,
    grain_tiles,
    grains,
    islands,
    lamellae,
    pearlite,
    scattered,
)
from pretraining.lookalikes.parts.stamps import draw_stamps
from pretraining.lookalikes.parts.tessellation import lattice
from pretraining.lookalikes.parts.wandering import Path, drawn, walk
from pretraining.textures import smooth_noise


def _eutectic(rng: np.random.Generator, side: int, metal: Metal) -> np.ndarray:
    """Brightness of a fine mixture of two phases."""
    noise = rng.standard_normal((side, side)).astype(np.float32)
    near = 0.3 * metal.fine
    maze = ndimage.gaussian_filter(noise, near) - ndimage.gaussian_filter(noise, 1.6 * near)
    maze = np.tanh(1.2 * maze / (maze.std() + 1e-6))
    low, high = metal.levels[SECOND], metal.levels[MATRIX]
    return np.asarray(low + 0.35 * (high - low) * (0.3 + 0.6 * maze))


def dendrites(rng: np.random.Generator, side: int, metal: Metal) -> Cut:
    """A casting: arms of crystals with a mixture between them."""
    size = metal.size
    if metal.plain:
        centres, radii = scattered(rng, side, 0.45 * size, 2.0 * (1.1 - metal.share), 0.35)
        rough = smooth_noise(rng, side, 0.4 * size) * 0.1 * size
        bodies = draw_stamps(rng, side, centres, radii, stretch=metal.stretch, rough=0.22,
                             waves=(3, 4, 6)).painted()  # fmt: skip
        solid = ndimage.gaussian_filter(bodies.depth, 0.5) > np.minimum(rough, 0.1 * size)
        parts = bodies.instances
    else:
        cover, _, parts = drawn(_arms(rng, side, metal), side)
        # Arms coarsen: they grow together near the stem and are necked and knobbly.
        lumps = smooth_noise(rng, side, 0.3 * size) + 0.5 * smooth_noise(rng, side, 0.8 * size)
        soft = ndimage.gaussian_filter(cover, (0.06 + 0.08 * metal.rounded) * size)
        solid = soft + 0.16 * lumps > 0.5
    tone = np.where(solid, metal.levels[MATRIX], _eutectic(rng, side, metal))
    edge = ndimage.distance_transform_edt(solid)
    # The middle of an arm froze first and is etched otherwise than its edge.
    tone = tone + metal.oriented * solid * np.clip(edge / (0.3 * size), 0, 1)
    phase = np.where(solid, MATRIX, SECOND).astype(np.uint8)
    return finish(rng, tone, phase, parts, metal)


def _arms(rng: np.random.Generator, side: int, metal: Metal) -> list[Path]:
    """Stems in about one direction and arms to both sides of each."""
    paths, size = [], metal.size
    heading, gap = rng.uniform(0, 2 * np.pi), 0.75 * size
    lean, half = rng.uniform(1.0, 1.57), 0.28 * size * (1.25 - 0.5 * metal.share)
    for _ in range(max(int(1.4 * side / size), 4)):
        angle = heading + rng.normal(0, 0.12) + np.pi * rng.integers(2)
        if rng.random() < 0.12:
            angle = np.float64(rng.uniform(0, 6.3))
        start, long = rng.uniform(-0.2, 1.1, 2) * side, rng.uniform(0.4, 1.1) * side
        stem = walk(rng, start, angle, long, (half, 0.6 * half), (0.05, 60))
        paths.append(stem)
        reach = rng.uniform(1.2, 3.2) * size
        for at in range(int(gap), len(stem.points), max(int(2 * gap), 2)):
            for hand in (-1, 1):
                length = reach * rng.uniform(0.3, 1) * min(1, (len(stem.points) - at) / (4 * reach))
                if length > 0.3 * size:
                    turn = stem.angles[at] + hand * lean + rng.normal(0, 0.08)
                    widths = 0.75 * half, half * rng.uniform(0.6, 1)
                    paths.append(walk(rng, stem.points[at], turn, length, widths, (0.1, 20)))
    return paths


def graphite(rng: np.random.Generator, side: int, metal: Metal) -> Cut:
    """Cast iron: flakes or nodules, ferrite about them, pearlite elsewhere."""
    size = metal.size
    if metal.plain:
        centres, radii = scattered(rng, side, 0.3 * size, 0.1 + 0.3 * metal.share, 0.35)
        balls = draw_stamps(
            rng, side, centres, radii, stretch=1.08, rough=0.07 + 0.1 * metal.spread
        )
        drawn_balls = balls.painted()
        inside = drawn_balls.inside
        rays = np.cos(7 * np.arctan2(drawn_balls.along, drawn_balls.across)) * drawn_balls.distance
        dark = metal.levels[RARE] + 0.04 * rays + 0.06 * (drawn_balls.distance < 0.3)
    else:
        paths = []
        for _ in range(int((0.3 + metal.share) * (side / size) ** 2 * 1.6) + 3):
            long, half = rng.uniform(0.5, 1.8) * size, rng.uniform(0.03, 0.07) * size + 0.4
            start, angle = rng.uniform(-0.1, 1.1, 2) * side, rng.uniform(0, 6.3)
            path = walk(rng, start, angle, long, (half, half), (0.9, 0.4 * size + 2))
            taper = np.sin(np.linspace(0.15, np.pi - 0.15, len(path.points))) ** 0.7
            paths.append(Path(path.points, path.angles, path.widths * taper))
        inside = drawn(paths, side)[0] > 0.5
        dark = np.full((side, side), metal.levels[RARE])
    tiles = grain_tiles(rng, side, metal)
    away = ndimage.distance_transform_edt(~inside) + 0.12 * size * smooth_noise(
        rng, side, 0.3 * size
    )
    ferrite = (away < rng.uniform(0.0, 0.5) * size) | (metal.twins < 0.1)
    bright = (
        metal.levels[MATRIX] + 0.5 * metal.oriented * rng.normal(0, 1, tiles.count)[tiles.index]
    )
    tone = np.where(ferrite, bright, lamellae(rng, side, metal, metal.levels[SECOND]))
    phase = np.where(ferrite, MATRIX, TWIN).astype(np.uint8)
    etch(rng, tone, tiles, metal, ferrite)
    tone = np.where(inside, dark + 0.03 * smooth_noise(rng, side, 2.0), tone)
    phase[inside] = SECOND
    return Cut(tone, phase, tiles.index)


def precipitates(rng: np.random.Generator, side: int, metal: Metal) -> Cut:
    """Small particles in grains and along their borders, or cubes in rows as in superalloys."""
    size, tiles = metal.size, grain_tiles(rng, side, metal)
    radius = max(0.09 * size * (0.5 + metal.share), 1.3)
    tone = metal.levels[MATRIX] + metal.oriented * rng.normal(0, 1, tiles.count)[tiles.index]
    tone = tone + 0.012 * smooth_noise(rng, side, 2 * metal.unit)
    borders = etch(rng, tone, tiles, metal, np.ones(tone.shape, bool))
    if metal.plain:
        spacing = radius * (2.05 + 1.5 * (1 - metal.share))
        points = lattice(rng, side, spacing, 0.07 + 0.1 * metal.spread)
        radii = radius * np.exp(rng.normal(0, 0.12 + 0.1 * metal.spread, len(points)))
        turn = np.full(len(radii), rng.uniform(0, 1.57)) + rng.normal(0, 0.06, len(radii))
        bits = draw_stamps(rng, side, points, radii, angle=turn, stretch=1.1, rough=0.03,
                           corners=5.0).painted()  # fmt: skip
    else:
        centres, radii = scattered(rng, side, radius, 0.04 + 0.25 * metal.share, 0.45)
        rows, columns = np.nonzero(borders)
        if len(rows):
            # Many of them sit on borders.
            chosen = rng.integers(0, len(rows), len(centres))
            moved = rng.random(len(centres)) < metal.twins + 0.2
            centres[moved] = np.stack([rows[chosen], columns[chosen]], 1)[moved]
        stretch = 1 + (metal.stretch - 1) * rng.uniform(0, 2, len(radii))
        bits = draw_stamps(rng, side, centres, radii, stretch=stretch,
                           rough=0.12 * (1 - metal.rounded)).painted()  # fmt: skip
    own = bits.spread(rng.normal(0, 0.05, len(radii)))
    seam = 0.12 * metal.etched * (np.clip(1.5 - bits.depth, 0, 1) - 0.5)
    tone = np.where(bits.inside, metal.levels[SECOND] + own + seam, tone)
    phase = np.where(bits.inside, SECOND, np.where(borders, BORDER, MATRIX)).astype(np.uint8)
    return finish(rng, tone, phase, tiles.index, metal)


def ceramic(rng: np.random.Generator, side: int, metal: Metal) -> Cut:
    """Sintered grains with facets and grooves, pores where they meet, grains of a second phase."""
    size, tiles = metal.size, grain_tiles(rng, side, metal)
    kinds = rng.random(tiles.count) < 0.6 * metal.share * metal.twins
    base = np.where(kinds, metal.levels[SECOND], metal.levels[MATRIX])
    tone = (base + 0.7 * metal.oriented * rng.normal(0, 1, tiles.count))[tiles.index]
    y, x = np.mgrid[:side, :side].astype(np.float32)
    slope = metal.oriented * rng.normal(0, 0.5 / size, (2, tiles.count))
    middle = [
        np.bincount(tiles.index.ravel(), part.ravel(), tiles.count)
        / np.maximum(np.bincount(tiles.index.ravel(), None, tiles.count), 1)
        for part in (y, x)
    ]
    tone += slope[0][tiles.index] * (y - middle[0][tiles.index])
    tone += slope[1][tiles.index] * (x - middle[1][tiles.index])
    if metal.plain:
        # Steps of growth on some facets.
        steps = np.sin(lamellae(rng, side, metal, metal.levels[MATRIX] - 0.3) * 9)
        stepped = (rng.random(tiles.count) < 0.3)[tiles.index]
        tone += 0.04 * steps * stepped
    # Grooves shine on the side that faces the detector.
    tone += 0.12 * metal.rounded * np.exp(-tiles.gap / (0.06 * size + 0.8))
    borders = etch(rng, tone, tiles, metal, np.ones(tone.shape, bool))
    phase = np.where(kinds[tiles.index], SECOND, MATRIX).astype(np.uint8)
    phase[borders] = BORDER
    open_ = rng.random(331)[tiles.edge % 331] < 0.8
    size_of = (0.06 + 0.14 * metal.spread) * size * rng.uniform(-0.6, 1, 71)[tiles.edge % 71]
    pores = (tiles.gap + tiles.corner < size_of) & open_
    pores = ndimage.gaussian_filter(pores.astype(np.float32), 0.7) > 0.5
    tone = np.where(pores, metal.levels[RARE], tone)
    phase[pores] = RARE
    return finish(rng, tone, phase, tiles.index, metal)


SORTS: Mapping[str, Callable[[np.random.Generator, int, Metal], Cut]] = MappingProxyType({
    "grains": grains, "pearlite": pearlite, "islands": islands, "dendrites": dendrites,
    "graphite": graphite, "precipitates": precipitates, "ceramic": ceramic, "clean": grains,
})  # fmt: skip
"""What draws each sort of section."""
