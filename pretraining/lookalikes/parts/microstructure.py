"""What a polished and etched section of metal or ceramic shows, sort by sort.

Phases are 0 matrix, 1 borders of grains, 2 the second phase, 3 rare inclusions or pores, 4 twins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.stamps import Painted, apart, draw_stamps
from pretraining.lookalikes.parts.tessellation import Tiling, lattice, merged, tiling
from pretraining.textures import smooth_noise

MATRIX, BORDER, SECOND, RARE, TWIN = range(5)


@dataclass(frozen=True)
class Metal:
    """How a section is built; each sort of it uses what it needs.

    Parameters
    ----------
    size : float
        Typical size of grains or arms in pixels.
    unit : float
        The zoom.
    line : float
        Thickness of etched borders in pixels.
    etched : float
        Contrast of borders, 0 to 1.
    faint : float
        Share of the borders that hardly show.
    oriented : float
        Deviation of brightness from grain to grain.
    share, fine : float
        How much second phase there is, 0 to 1; period of its lamellae in pixels.
    stretch, spread, rounded : float
        Length over width, differences of size, roundness.
    twins, rare, pits : float
        Share of grains with twins; cover of inclusions; etch pits per 10,000 pixels.
    levels : tuple of float
        Brightness of each phase.
    plain : bool
        Picks one of two forms of a sort.
    """

    size: float
    unit: float
    line: float
    etched: float
    faint: float
    oriented: float
    share: float
    fine: float
    stretch: float
    spread: float
    rounded: float
    twins: float
    rare: float
    pits: float
    levels: tuple[float, ...]
    plain: bool


@dataclass(frozen=True, eq=False)
class Cut:
    """A section, maps of shape (side, side).

    Parameters
    ----------
    tone : ndarray of float
        Brightness.
    phase : ndarray of uint8
        What is there.
    grain : ndarray of int
        Which grain, for its colour.
    """

    tone: np.ndarray
    phase: np.ndarray
    grain: np.ndarray


def grain_tiles(rng: np.random.Generator, side: int, metal: Metal) -> Tiling:
    """Grains that fill the section."""
    size = metal.size
    points = lattice(rng, side, size, 0.2 + 0.2 * metal.spread, metal.stretch)
    owners = merged(rng, points, 0.8 * metal.spread)
    bends = ((0.6 * size, (0.03 + 0.08 * metal.rounded) * size),)
    return tiling(rng, side, points, bends, owners)


def etch(
    rng: np.random.Generator, tone: np.ndarray, tiles: Tiling, metal: Metal, where: np.ndarray
) -> np.ndarray:
    """Etch borders into a tone, in place; returns where they are."""
    strength = np.clip(rng.normal(1, 0.25, 613), 0.3, 1.5)
    strength[rng.random(613) < metal.faint] *= rng.uniform(0.05, 0.3)
    patchy = np.clip(1 + 0.25 * smooth_noise(rng, len(tone), 1 + 0.15 * metal.size), 0, 2)
    line = np.clip(0.5 + 0.5 * metal.line - tiles.gap, 0, 1) * where
    tone += (
        metal.etched
        * (metal.levels[BORDER] - tone)
        * np.clip(line * tiles.per_edge(strength) * patchy, 0, 1)
    )
    return np.asarray((tiles.gap <= max(0.5 * metal.line, 0.8)) & where)


def _turned(
    rng: np.random.Generator, side: int, count: int, index: np.ndarray, bend: float
) -> np.ndarray:
    """A coordinate in another direction for each grain."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    turn = rng.uniform(0, np.pi, count).astype(np.float32)
    across = np.cos(turn)[index] * y + np.sin(turn)[index] * x
    return np.asarray(across + bend * smooth_noise(rng, side, 25))


def scattered(
    rng: np.random.Generator, side: int, radius: float, cover: float, spread: float = 0.4
) -> tuple[np.ndarray, np.ndarray]:
    """Centres and radii of things that cover about that share of the image and keep apart."""
    mean = cover * side**2 / (np.pi * radius**2 * np.exp(2 * spread**2))
    count = int(min(rng.poisson(mean), 700 * (side / 192) ** 2))
    radii = radius * np.exp(rng.normal(0, spread, count))
    centres = rng.uniform(-radius, side + radius, (count, 2))
    stays = apart(centres, radii, 1.05)
    return centres[stays], radii[stays]


def _inclusions(rng: np.random.Generator, side: int, metal: Metal) -> Painted:
    """Rare dark things: round oxides, drawn-out sulphides, pores."""
    radius = max((0.04 + 0.05 * metal.rounded) * metal.size, 1.1)
    centres, radii = scattered(rng, side, radius, metal.rare, 0.5)
    stretch = 1 + (metal.stretch - 1) * 4 if metal.stretch > 1.25 else 1.15
    turn = np.full(len(radii), rng.uniform(0, np.pi)) + rng.normal(0, 0.05, len(radii))
    rough, facets = 0.18 * (1 - metal.rounded), 5 if metal.plain else 0
    stamps = draw_stamps(
        rng, side, centres, radii, stretch=stretch, angle=turn, rough=rough, facets=facets
    )
    return stamps.painted()


def finish(
    rng: np.random.Generator, tone: np.ndarray, phase: np.ndarray, grain: np.ndarray, metal: Metal
) -> Cut:
    """Add inclusions and etch pits."""
    side = len(tone)
    if metal.rare:
        dark = _inclusions(rng, side, metal)
        own = dark.spread(rng.normal(0, 0.06, int(dark.instances.max()) + 1)[:-1]) if (
            dark.inside.any()) else 0.0  # fmt: skip
        seam = 0.1 * np.clip(1.5 - dark.depth, 0, 1)
        tone = np.where(dark.inside, metal.levels[RARE] + own + seam, tone)
        phase[dark.inside] = RARE
    if metal.pits:
        pits = rng.random((side, side)) < metal.pits / 1e4
        soft = ndimage.gaussian_filter(pits.astype(np.float32), 0.6 * metal.unit)
        tone = tone - 2.5 * metal.unit * soft
    return Cut(tone, phase, grain)


def grains(rng: np.random.Generator, side: int, metal: Metal) -> Cut:
    """One phase: grains with borders, differing tones, twins."""
    tiles = grain_tiles(rng, side, metal)
    tone = metal.levels[MATRIX] + metal.oriented * rng.normal(0, 1, tiles.count)[tiles.index]
    phase = np.zeros((side, side), np.uint8)
    if metal.twins:
        period = rng.uniform(0.35, 1.1, tiles.count)[tiles.index] * metal.size
        place = _turned(rng, side, tiles.count, tiles.index, 0.0) / period
        place = (place + rng.random(tiles.count)[tiles.index]) % 1
        thick = rng.uniform(0.08, 0.4, tiles.count)[tiles.index]
        there = (rng.random(tiles.count) < metal.twins)[tiles.index]
        band = there & (place < thick)
        change = rng.choice([-1, 1], tiles.count) * rng.uniform(0.5, 1.8, tiles.count)
        change = (0.6 * metal.oriented + 0.06) * change[tiles.index]
        edge = np.minimum(np.abs(place), np.abs(place - thick)) * period
        tone = tone + change * band
        seam = there * np.clip(0.9 - edge / (0.4 * metal.line), 0, 1)
        tone += 0.55 * metal.etched * seam * (metal.levels[BORDER] - tone)
        phase[band] = TWIN
    phase[etch(rng, tone, tiles, metal, np.ones_like(phase, bool))] = BORDER
    return finish(rng, tone, phase, tiles.index, metal)


def lamellae(rng: np.random.Generator, side: int, metal: Metal, dark: float) -> np.ndarray:
    """Brightness of plates in colonies of several directions, some too fine to be told apart."""
    size = max(0.6 * metal.size, 8.0)
    points = lattice(rng, side, size, 0.4)
    colonies = tiling(rng, side, points, ((size, 0.15 * size),))
    period = np.maximum(metal.fine * np.exp(rng.normal(0.1, 0.3, colonies.count)), 1.6)
    place = _turned(rng, side, colonies.count, colonies.index, 0.25 * metal.fine + 0.8)
    waves = np.sin(2 * np.pi * place / period[colonies.index])
    sharp = np.tanh(1.5 * waves + 0.2 + 0.4 * smooth_noise(rng, side, 2 * metal.fine))
    clear = rng.uniform(0.15, 1, colonies.count)[colonies.index]
    level = rng.normal(0, 0.05, colonies.count)[colonies.index]
    bright = metal.levels[MATRIX]
    return np.asarray(0.38 * bright + 0.62 * dark + level + 0.45 * (bright - dark) * clear * sharp)


def pearlite(rng: np.random.Generator, side: int, metal: Metal) -> Cut:
    """Steel: bright ferrite with thin borders and dark pearlite."""
    tiles = grain_tiles(rng, side, metal)
    crowd = smooth_noise(rng, side, 2 * metal.size)
    if metal.stretch > 1.3:
        y, x = np.mgrid[:side, :side]
        crowd = crowd + 1.5 * np.sin((y if metal.plain else x) / (1.3 * metal.size))
    flat = tiles.index.ravel()
    total, area = (np.bincount(flat, part, tiles.count) for part in (crowd.ravel(), None))
    mean = total / np.maximum(area, 1)
    level = mean + rng.normal(0, 0.6, tiles.count)
    dark = (level > np.quantile(level[mean != 0], 1 - 0.8 * metal.share))[tiles.index]
    smooth = ndimage.gaussian_filter(dark.astype(np.float32), 0.04 * metal.size + 0.3)
    dark = smooth + 0.05 * smooth_noise(rng, side, 0.1 * metal.size + 1) > 0.5
    tone = metal.levels[MATRIX] + 0.5 * metal.oriented * rng.normal(0, 1, tiles.count)[tiles.index]
    plates = lamellae(rng, side, metal, metal.levels[SECOND])
    tone = np.where(dark, plates, tone)
    phase = np.where(dark, SECOND, MATRIX).astype(np.uint8)
    phase[etch(rng, tone, tiles, metal, ~dark)] = BORDER
    return finish(rng, tone, phase, tiles.index, metal)


def islands(rng: np.random.Generator, side: int, metal: Metal) -> Cut:
    """Two phases side by side: bands, islands, or plates in few directions per grain."""
    size, tiles = metal.size, grain_tiles(rng, side, metal)
    if metal.plain:
        y, x = np.mgrid[:side, :side].astype(np.float32) - 0.5 * side
        angle, far = rng.uniform(0, np.pi), int(1.5 * side)
        field = smooth_noise(rng, far, 0.6 * size) + 0.3 * smooth_noise(rng, far, 0.2 * size)
        squeeze = metal.stretch + 2.5 * metal.spread
        along = (np.cos(angle) * y + np.sin(angle) * x) / squeeze + 0.74 * side
        across = np.cos(angle) * x - np.sin(angle) * y + 0.74 * side
        field = ndimage.map_coordinates(field, [along, across], order=1)
        second = field > np.quantile(field, 0.25 + 0.5 * (1 - metal.share))
    else:
        count = int(np.clip(9 * metal.share * (side / size) ** 2 + 8, 10, 420))
        centres = rng.uniform(0, side, (count, 2))
        at = centres.astype(int)
        home = tiles.index[at[:, 0], at[:, 1]]
        base = rng.uniform(0, np.pi, tiles.count)[home]
        angles = base + rng.integers(0, 3, count) * np.pi / 3 + rng.normal(0, 0.04, count)
        radii = size * rng.uniform(0.025, 0.07, count) + 0.5
        needles = draw_stamps(rng, side, centres, radii, angle=angles,
                              stretch=rng.uniform(5, 14, count)).painted()  # fmt: skip
        second = needles.inside & (tiles.index == np.append(0, home)[needles.instances])
    own = metal.oriented * rng.normal(0, 1, tiles.count)[tiles.index]
    tone = np.where(second, metal.levels[SECOND] + 0.4 * own, metal.levels[MATRIX] + 0.7 * own)
    seam = ndimage.morphological_gradient(second.astype(np.uint8), 3) > 0
    tone = np.where(seam, tone + 0.35 * metal.etched * (metal.levels[BORDER] - tone), tone)
    phase = np.where(second, SECOND, MATRIX).astype(np.uint8)
    shown = etch(rng, tone, tiles, metal, ~second)
    phase[shown] = BORDER
    return finish(rng, tone, phase, tiles.index, metal)
