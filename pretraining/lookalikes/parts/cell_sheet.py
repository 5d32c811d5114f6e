"""Sheets of cells with borders: plant tissue, epithelia, embryos; and how their borders glow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.stamps import apart, draw_stamps
from pretraining.lookalikes.parts.tessellation import lattice, merged, tiling
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise


@dataclass(frozen=True)
class Build:
    """How cells lie in a tissue.

    Parameters
    ----------
    spacing : float
        Typical size of a cell in pixels.
    stretch, jitter, merge : float
        Length over width; disorder; share of large cells among small ones.
    bend, lobes : float
        How bent, and how lobed like a jigsaw, the borders are, as shares of the spacing.
    cover : float
        Share of the image that is tissue, 1 for all.
    band : bool
        Whether the tissue is a root or stem across the image instead of a body of any outline.
    rounded : float
        How round the corners of cells are, as a share of the spacing.
    holes : float
        Spaces where cells meet, as a share of the spacing.
    stomata : float
        Pores of the leaf per 100 cells.
    """

    spacing: float
    stretch: float
    jitter: float
    merge: float
    bend: float
    lobes: float
    cover: float
    band: bool
    rounded: float
    holes: float
    stomata: float


@dataclass(frozen=True, eq=False)
class Sheet:
    """Cells of one field of view, maps of shape (side, side).

    Parameters
    ----------
    index : ndarray of int32
        Which cell; 0 outside the tissue.
    gap : ndarray of float32
        Pixels to the nearest border.
    edge : ndarray of int
        Which border, as in `Tiling`.
    corner : ndarray of float32
        Pixels to the second nearest border.
    depth : ndarray of float32
        Pixels to the outline of the tissue, negative outside.
    """

    index: np.ndarray
    gap: np.ndarray
    edge: np.ndarray
    corner: np.ndarray
    depth: np.ndarray


def draw_sheet(rng: np.random.Generator, side: int, build: Build) -> Sheet:
    """Lay out the cells of a field of view.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    side : int
        Side of the square in pixels.
    build : Build
        How cells lie.
    """
    spacing = build.spacing
    depth = _tissue(rng, side, build)
    points = lattice(rng, side, spacing, build.jitter, build.stretch)
    if build.cover < 1:
        points = _epidermis(points, depth, spacing / max(build.stretch, 1) ** 0.5)
    bends = [(1.1 * spacing, build.bend * spacing)] if build.bend else []
    if build.lobes:
        bends.append((0.32 * spacing, build.lobes * spacing))
    tiles = tiling(rng, side, points, tuple(bends), merged(rng, points, build.merge))
    index, gap, edge = tiles.index + 1, tiles.gap, tiles.edge.copy()
    if build.cover < 1:
        edge[np.abs(depth) < gap] = 7
        gap = np.minimum(gap, np.abs(depth))
    if build.rounded:
        soft = build.rounded * spacing
        gap = np.maximum(gap - soft * np.log1p(np.exp((gap - tiles.corner) / soft)), 0)
        gap = np.maximum(gap, 0.5 * np.minimum(tiles.gap, gap + 0.1))
    if build.holes:
        # Where three cells meet a space may open.
        size = build.holes * spacing * rng.uniform(-0.5, 1, 97)[tiles.index % 97]
        hole = (tiles.corner + tiles.gap < size) & (depth > 0)
        index = np.where(hole, 0, index)
        gap = np.where(hole, np.maximum(size - tiles.corner - tiles.gap, 0), gap)
    index = np.where(depth > 0, index, 0)
    sheet = Sheet(index, gap.astype(np.float32), edge, tiles.corner, depth)
    return _with_stomata(rng, sheet, build) if build.stomata else sheet


def _tissue(rng: np.random.Generator, side: int, build: Build) -> np.ndarray:
    """Pixels to the outline of the tissue, negative outside."""
    if build.cover >= 1:
        return np.full((side, side), 1e3, np.float32)
    wave = smooth_noise(rng, side, max(0.4 * side, 4 * build.spacing))
    if build.band:
        y, x = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
        angle = rng.uniform(0, np.pi)
        across = np.cos(angle) * y + np.sin(angle) * x + 0.03 * wave + rng.normal(0, 0.1)
        inside = np.abs(across) < 0.5 * build.cover
    else:
        inside = wave > np.quantile(wave, np.clip(1 - build.cover + rng.normal(0, 0.1), 0.05, 0.8))
        inside = ndimage.gaussian_filter(inside.astype(np.float32), 0.4 * build.spacing) > 0.5
    if inside.all() or not inside.any():
        return np.full((side, side), 1e3, np.float32)
    depth = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    return ndimage.gaussian_filter(depth, 1.0).astype(np.float32)


def _epidermis(points: np.ndarray, depth: np.ndarray, high: float) -> np.ndarray:
    """Points in the tissue; the outermost lie in one layer along its outline."""
    side = len(depth)
    at = np.clip(points.round().astype(int), 0, side - 1)
    here = depth[at[:, 0], at[:, 1]]
    down, right = (part[at[:, 0], at[:, 1]] for part in np.gradient(depth))
    outer = (np.abs(here - 0.5 * high) < 0.45 * high) & (at == points.round()).all(1)
    push = np.where(outer, 0.5 * high - here, 0)[:, None]
    kept = (points + push * np.stack([down, right], 1))[here > 0.05 * high]
    return kept if len(kept) > 3 else points


def _with_stomata(rng: np.random.Generator, sheet: Sheet, build: Build) -> Sheet:
    """Pairs of guard cells among the others."""
    side = len(sheet.gap)
    count = rng.poisson(build.stomata / 100 * (side / build.spacing) ** 2)
    if not count:
        return sheet
    centres = rng.uniform(0, side, (count, 2))
    radii = 0.13 * build.spacing * rng.uniform(0.85, 1.15, count) + 1.5
    stays = apart(centres, radii, 1.6)
    centres, radii = centres[stays], radii[stays]
    drawn = draw_stamps(rng, side, centres, radii, stretch=rng.uniform(1.1, 1.7)).painted()
    middle = np.abs(drawn.across) * drawn.spread(radii)
    pore = np.hypot(1.9 * drawn.along, drawn.across * 2.2)
    gap = np.where(drawn.inside, np.minimum(drawn.depth, middle + 2 * (pore < 1)), sheet.gap)
    outside = ndimage.distance_transform_edt(~drawn.inside) - 0.5
    gap = np.where(drawn.inside, gap, np.minimum(gap, outside))
    halves = sheet.index.max() + 2 * drawn.instances + (drawn.across > 0)
    index = np.where(drawn.inside, halves, sheet.index)
    edge = np.where(drawn.inside, 7, sheet.edge)
    return Sheet(index.astype(np.int32), gap.astype(np.float32), edge, sheet.corner, sheet.depth)


@dataclass(frozen=True)
class Glow:
    """How borders look.

    Parameters
    ----------
    width : float
        Their thickness in pixels.
    variety, faint : float
        Deviation of the logarithm of their brightness; share that nearly vanishes.
    oblique : float
        Share of borders cut at a slant, which smear to one side.
    beads, corners : float
        How patchy they are along themselves; brightness where they meet.
    outer : float
        Brightness of the outline of the tissue.
    """

    width: float
    variety: float
    faint: float
    oblique: float
    beads: float
    corners: float
    outer: float

    def __call__(self, rng: np.random.Generator, sheet: Sheet) -> np.ndarray:
        """Brightness of the borders of a sheet, about 0 to 1."""
        side = len(sheet.gap)
        strength = np.exp(self.variety * rng.standard_normal(509)).clip(0, 2.5)
        strength[rng.random(509) < self.faint] *= rng.uniform(0.05, 0.35)
        strength = strength[sheet.edge % 509]
        strength[sheet.edge == 7] = self.outer
        # Each side of a border has its own smear.
        sided = (sheet.edge * 31 + sheet.index * 7919) % 1021
        smear = np.where(rng.random(1021) < self.oblique, rng.uniform(4, 16, 1021), 1)[sided]
        half = 0.5 * self.width
        line = np.clip(0.5 + (half - sheet.gap) / max(0.4 * self.width, 0.9), 0, 1)
        wide = np.exp(-np.maximum(sheet.gap - half, 0) / (0.35 * self.width * smear + 0.1))
        value = strength * np.where(smear > 1, 0.3 * line + 0.6 * wide, line + 0.12 * wide)
        if self.beads:
            value = value * np.exp(self.beads * smooth_noise(rng, side, 1.2 * self.width + 1))
        near = np.exp(-((sheet.corner / (1.2 * self.width + 0.5)) ** 2))
        return np.asarray(value * (1 + self.corners * near), np.float32)

    def truth(self, sheet: Sheet) -> np.ndarray:
        """Where borders are."""
        return (sheet.gap <= max(0.5 * self.width, 0.95)) & (sheet.depth > -0.5 * self.width)


def draw_nuclei(
    rng: np.random.Generator, sheet: Sheet, share: float, size: float, clear: float
) -> np.ndarray:
    """Nuclei, most of them about the middle of their cells.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    sheet : Sheet
        The cells.
    share : float
        Share of the cells whose nucleus is in the section.
    size : float
        Radius over that of the cell.
    clear : float
        Pixels it keeps from borders.

    Returns
    -------
    ndarray of float32, shape (side, side)
        Depth in pixels, negative outside.
    """
    side = len(sheet.gap)
    rows, columns = np.divmod(np.arange(side * side), side)
    flat = sheet.index.ravel()
    area = np.bincount(flat, minlength=2)
    at = np.stack([np.bincount(flat, place) for place in (rows, columns)], 1)
    chosen = (area > 25) & (rng.random(len(area)) < share)
    chosen[0] = False
    cells = np.flatnonzero(chosen)
    if not len(cells):
        return np.full((side, side), -1, np.float32)
    middle = at[cells] / area[cells, None]
    radius = np.sqrt(area[cells] / np.pi)
    middle = middle + 0.2 * radius[:, None] * rng.standard_normal(middle.shape)
    radii = np.minimum(radius, 1.6 * np.median(radius)) * size * rng.uniform(0.7, 1.15, len(cells))
    stretch = log_uniform(rng, 1.02, 1.5)
    drawn = draw_stamps(rng, side, middle, np.maximum(radii, 1.2), stretch=stretch, rough=0.05)
    depth = drawn.painted().depth
    return np.where(depth > 0, np.minimum(depth, sheet.gap - clear), -1).astype(np.float32)
