"""What an electron microscope shows in a section of tissue, layer by layer.

Tones are electron densities: 0 is empty resin, 1 a heavily stained membrane; all lengths in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from pretraining.lookalikes.parts.tubes import Tubes, bent_path
from pretraining.textures import smooth_noise


@dataclass(eq=False)
class Section:
    """A section being drawn.

    Parameters
    ----------
    density : ndarray of float32, shape (side, side)
        Its electron density.
    profiles : ndarray of int32, shape (side, side)
        Which cell or neurite each pixel belongs to.
    depth : ndarray of float32, shape (side, side)
        Distance to the nearest membrane.
    """

    density: np.ndarray
    profiles: np.ndarray
    depth: np.ndarray

    @property
    def side(self) -> int:
        """Its side in pixels."""
        return len(self.density)


def draw_profiles(
    rng: np.random.Generator, side: int, spacing: float, merged: float, stretch: float, bent: float
) -> np.ndarray:
    """Cells that fill the plane, small ones in bundles between large ones of any outline.

    Parameters
    ----------
    rng : numpy.random.Generator
        Places them.
    side : int
        Side of the square.
    spacing : float
        Size of the small ones.
    merged : float
        About the share of the area of large ones.
    stretch : float
        Length over width.
    bent : float
        How bent the borders are, as a share of the spacing.

    Returns
    -------
    ndarray of int32, shape (side, side)
    """
    at = np.moveaxis(np.mgrid[:side, :side].astype(np.float32), 0, -1) - side / 2
    for scale, share in ((1.6, 1.0), (0.6, 0.45)):
        warp = [smooth_noise(rng, side, scale * spacing) for _ in range(2)]
        at += share * bent * spacing * np.stack(warp, -1)
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    at = at @ (turn * np.array([stretch**-0.5, stretch**0.5])).astype(np.float32)
    reach = side * 0.75 * stretch**0.5 + 2 * spacing
    count = max(int((2 * reach / spacing) ** 2), 4)
    points = rng.uniform(-reach, reach, (count, 2))
    owners = np.arange(count)
    if merged:
        apart = spacing * rng.uniform(2.2, 4)
        large = rng.uniform(-reach, reach, (max(int((2 * reach / apart) ** 2), 2), 2))
        _, nearest = cKDTree(large).query(points)
        taken = rng.random(len(large))[nearest] + rng.normal(0, 0.12, count) < merged
        owners = np.where(taken, count + nearest, owners)
    _, index = cKDTree(points).query(at.reshape(-1, 2))
    return _rounded(owners[index].reshape(side, side).astype(np.int32), 0.16 * spacing)


def _rounded(profiles: np.ndarray, reach: float) -> np.ndarray:
    """Blunt the corners of profiles: a pixel goes to whom most neighbours at a distance belong."""
    side = len(profiles)
    for far in np.linspace(reach, 1, 6).round().astype(int):
        padded = np.pad(profiles, far, mode="edge")
        for straight in (True, False):
            steps = (
                ((0, 1), (2, 1), (1, 0), (1, 2)) if straight else ((0, 0), (0, 2), (2, 0), (2, 2))
            )
            a, b, c, d = (
                padded[y * far : y * far + side, x * far : x * far + side] for y, x in steps
            )
            most = ((a == b) & ((a == c) | (a == d))) | ((c == d) & ((a == c) | (b == c)))
            which = np.where((a == b) & ((a == c) | (a == d)), a, c)
            profiles = np.where(most, which, profiles)
    return profiles


def borders(profiles: np.ndarray) -> np.ndarray:
    """Lines one pixel wide where profiles meet."""
    edge = np.zeros(profiles.shape, bool)
    edge[:-1] |= profiles[:-1] != profiles[1:]
    edge[:, :-1] |= profiles[:, :-1] != profiles[:, 1:]
    return edge


def add_membranes(
    rng: np.random.Generator, section: Section, width: float, oblique: float, cleft: bool
) -> np.ndarray:
    """Stain the borders of profiles; where they are cut obliquely they are wide and pale.

    Returns
    -------
    ndarray of bool, shape (side, side)
        Where a membrane is.
    """
    edge = borders(section.profiles).astype(np.float32)
    sigma = width / 2
    line = ndimage.gaussian_filter(edge, sigma) * sigma * 2.5
    line *= 1 + 0.2 * smooth_noise(rng, section.side, 5 * width)
    line *= 1 + 0.1 * smooth_noise(rng, section.side, 1.2 * width)
    stain = 1 / (1 + np.exp(-np.clip((line - 0.58) / 0.1, -30, 30)))
    if cleft:
        gap = ndimage.gaussian_filter(edge, 0.22 * width) * 0.22 * width * 2.5
        stain = stain * (1 - 0.6 * np.clip(gap, 0, 1))
    if oblique:
        where = np.clip(smooth_noise(rng, section.side, 12 * width) * 2 - 2.4, 0, 1)
        pale = 0.75 * ndimage.gaussian_filter(stain, 1.2 * width)
        stain += oblique * where * (pale - stain)
    tone = 1 + 0.15 * smooth_noise(rng, section.side, 8 * width)
    section.density += stain * (tone - section.density)
    return line > 0.58


def add_synapses(
    rng: np.random.Generator, section: Section, count: int, unit: float, crowd: float,
    free: np.ndarray,
) -> None:  # fmt: skip
    """Thickened pieces of membrane with a cloud of vesicles on one side."""
    rows, columns = np.nonzero(borders(section.profiles) & free)
    dots = np.zeros_like(section.density)
    reach = int(15 * unit) + 2
    for _ in range(count if len(rows) else 0):
        pick = int(rng.integers(len(rows)))
        row, column = int(rows[pick]), int(columns[pick])
        top, left = max(row - reach, 0), max(column - reach, 0)
        window = (slice(top, row + reach), slice(left, column + reach))
        depth, home = section.depth[window], section.profiles[row, column]
        y, x = np.ogrid[: depth.shape[0], : depth.shape[1]]
        near = (y + top - row) ** 2 + (x + left - column) ** 2
        near = np.exp(-near / (2 * (5 * unit) ** 2)).astype(np.float32)
        thick = np.clip(1.6 - depth / (2.6 * unit), 0, 1) * (near > 0.4)
        section.density[window] += 0.9 * thick * (1.1 - section.density[window])
        cloud = rng.random(depth.shape) < crowd * near**0.3 * (near > 0.02) / unit**2
        dots[window] += cloud & (section.profiles[window] == home) & (depth > 3.5 * unit)
    _stamp_rings(section, dots * free, unit)


def add_vesicles(
    rng: np.random.Generator, section: Section, crowd: float, unit: float, free: np.ndarray
) -> None:
    """Vesicles and tubules strewn through the cytoplasm, some profiles full of them."""
    full = rng.random(int(section.profiles.max()) + 1)[section.profiles] ** 4
    chance = crowd * (full + 0.04) * (section.depth > 3.5 * unit) * free / unit**2
    _stamp_rings(section, (rng.random(full.shape) < chance).astype(np.float32), unit)


def _stamp_rings(section: Section, dots: np.ndarray, unit: float) -> None:
    """A dark ring with a pale middle at every dot."""
    wide = ndimage.gaussian_filter(dots.astype(np.float32), 1.7 * unit) * 18 * unit**2
    fine = ndimage.gaussian_filter(dots.astype(np.float32), 0.9 * unit) * 5.1 * unit**2
    ring = np.clip(wide - 1.5 * fine, -0.6, 1)
    section.density += 0.45 * ring * np.where(ring > 0, 1 - section.density, section.density)


def add_myelin(
    rng: np.random.Generator, section: Section, tubes: Tubes, thick: float, period: float
) -> np.ndarray:
    """Sheaths of many dark layers round the axons given by `tubes`; returns where they are."""
    distance = tubes.distance + 0.1 * thick * smooth_noise(rng, section.side, 4 * thick)
    sheath = (distance > -thick) & (distance < 0)
    layers = 0.8 + 0.25 * np.sin(2 * np.pi * distance / period)
    layers -= 0.5 * (smooth_noise(rng, section.side, thick) > 2.1)
    np.copyto(section.density, layers.astype(np.float32), where=sheath)
    return sheath


def add_nuclei(
    rng: np.random.Generator, section: Section, tubes: Tubes, unit: float, clumps: float
) -> np.ndarray:
    """Nuclei with an envelope and clumped chromatin, numbered."""
    side = section.side
    distance = tubes.distance + 2.5 * unit * smooth_noise(rng, side, 24 * unit)
    found = np.where(distance < 0, tubes.index, 0)
    mass = smooth_noise(rng, side, 9 * unit) + 0.6 * smooth_noise(rng, side, 4 * unit)
    mass = mass + 1.6 * np.exp(np.clip(distance, -99, 0) / (5 * unit))
    chromatin = 1 / (1 + np.exp(-np.clip(3 * (mass - 1), -30, 30)))
    tone = rng.uniform(0.2, 0.38) + clumps * chromatin + 0.04 * smooth_noise(rng, side, 2 * unit)
    for line in (0.8, 3.2):
        rim = np.exp(-(((distance + line * unit) / (0.8 * unit)) ** 2))
        tone = tone + rng.uniform(0.5, 0.9) * rim * (0.95 - tone)
    gap = np.exp(-(((distance + 2.0 * unit) / (0.7 * unit)) ** 2))
    tone = tone - 0.3 * gap * tone
    section.density += np.clip(0.5 - distance, 0, 1) * (tone - section.density)
    return found


def add_granules(
    rng: np.random.Generator, section: Section, radius: float, count: int, core: str,
    free: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Lysosomes (dense), lipid drops (pale) or virions (a shell round a core), numbered."""
    side = section.side
    tubes = Tubes.empty(side, reach=0.5 * radius + 2)
    rows, columns = np.nonzero(free & (section.depth > radius * 0.9))
    heaps = smooth_noise(rng, side, 10 * radius)
    spread = 0.12 if core == "shell" else 0.35
    for number in range(1, count + 1 if len(rows) else 0):
        picks = rng.integers(len(rows), size=3)
        pick = picks[int(np.argmax(heaps[rows[picks], columns[picks]]))]
        at = np.array([rows[pick], columns[pick]], float)
        size = radius * np.exp(rng.normal(0, spread))
        path = bent_path(rng, at, rng.uniform(0, 6.3), size * rng.uniform(0.05, 0.5), 0.3, 2)
        tubes.add(path, np.full(2, size * 0.9), number, over=True)
    distance = tubes.distance + 0.06 * radius * smooth_noise(rng, side, radius)
    rim = np.exp(-(((distance + 0.12 * radius) / (0.13 * radius + 0.4)) ** 2))
    grain = 0.06 * smooth_noise(rng, side, max(0.4 * radius, 1.2))
    if core == "dense":
        tone = 0.72 + 0.16 * rng.standard_normal(count + 1)[tubes.index] + 2 * grain
    elif core == "pale":
        tone = 0.2 + 0.5 * rim + 0.3 * grain
    else:
        middle = np.clip(-distance / radius * 2.5 - 1.0, 0, 1)
        tone = 0.25 + 0.55 * rim + 0.6 * middle + grain
    soft = np.clip(0.5 - distance, 0, 1) * (free | (tubes.index == 0))
    section.density += soft * (tone - section.density)
    return np.where((distance < 0) & free, tubes.index, 0)


def add_reticulum(
    rng: np.random.Generator, section: Section, unit: float, free: np.ndarray
) -> None:
    """Stacks of bent double membranes in patches of the cytoplasm."""
    side = section.side
    period = rng.uniform(6, 9) * unit
    angle = rng.uniform(0, np.pi)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    across = (
        np.cos(angle) * y + np.sin(angle) * x + 3.5 * period * smooth_noise(rng, side, 40 * unit)
    )
    lines = np.clip(np.sin(2 * np.pi * across / period) * 1.6 - 0.6, 0, 1)
    broken = np.clip(2 * smooth_noise(rng, side, 7 * unit), 0, 1)
    patch = np.clip(2 * smooth_noise(rng, side, 30 * unit) - 0.4, 0, 1) * free
    section.density += 0.5 * lines * broken * patch * (1 - section.density)
