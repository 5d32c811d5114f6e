"""Whole cells around nuclei, stained in their cytoplasm, skeleton, organelles or membrane."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.nuclei import Nuclei, NucleiLook, draw_nuclei_look
from pretraining.lookalikes.parts.stamps import Stamps, draw_stamps
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise

STAINS = ("cytoplasm", "membrane", "skeleton", "organelles")
"""What of a cell can glow."""


@dataclass(frozen=True, eq=False)
class Bodies:
    """Cells of a field of view, as maps of shape (side, side).

    Parameters
    ----------
    instances : ndarray of int32
        0 outside, else one more than the number of the nucleus.
    inward : ndarray of float32
        1 in the middle of a cell to 0 at its own outline, neighbours aside.
    depth : ndarray of float32
        Pixels to the border of the cell, be it to the outside or a neighbour; 0 outside.
    nucleus : ndarray of float32
        1 in nuclei of these cells, smooth at their edges.
    """

    instances: np.ndarray
    inward: np.ndarray
    depth: np.ndarray
    nucleus: np.ndarray


@dataclass(frozen=True)
class CellsLook:
    """How the cells of one line look.

    Parameters
    ----------
    reach, stretch, rough : float
        Radius over that of the nucleus, length over width, and how far outlines stray.
    stain : str
        One of `STAINS`.
    unit : float
        The zoom.
    hump : float
        How much more light comes from the thick middle than from the flat rim.
    grain : float
        Strength of the texture.
    hollow : float
        How dark the nucleus is; negative where it is brighter.
    variety : float
        Deviation of the logarithm of brightness.
    wall : float
        Width of membranes in pixels.
    """

    reach: float
    stretch: float
    rough: float
    stain: str
    unit: float
    hump: float
    grain: float
    hollow: float
    variety: float
    wall: float

    def grow(self, rng: np.random.Generator, nuclei: Nuclei) -> Bodies:
        """Cells around nuclei; where two meet they share a border."""
        side, count = nuclei.stamps.side, len(nuclei.radii)
        typical = float(np.median(nuclei.radii))
        radii = np.clip(nuclei.radii, 0.8 * typical, 1.3 * typical) * self.reach
        radii = radii * np.exp(0.2 * rng.standard_normal(count))
        off = 0.2 * radii[:, None] * rng.standard_normal((count, 2)).clip(-1.5, 1.5)
        drawn = draw_stamps(
            rng, side, nuclei.centres + off, 1.35 * np.where(nuclei.special, 0.8 * radii, radii),
            stretch=1 + (self.stretch - 1) * rng.uniform(0.4, 1.5, count), angle=nuclei.angles,
            rough=np.where(nuclei.special, 0.03, 0.7 * self.rough), waves=(2, 3, 4, 5),
        )  # fmt: skip
        cells = self._strayed(rng, drawn, radii).painted()
        change = ndimage.grey_dilation(cells.instances, (3, 3)) != cells.instances
        change |= ndimage.grey_erosion(cells.instances, (3, 3)) != cells.instances
        depth = ndimage.distance_transform_edt(~change).astype(np.float32) + 0.5
        inward = np.clip(1 - cells.distance, 0, 1) * cells.inside
        inner = nuclei.stamps.summed(nuclei.stamps.coverage()).clip(0, 1)
        return Bodies(cells.instances, inward, np.where(cells.inside, depth, 0), inner)

    def _strayed(self, rng: np.random.Generator, drawn: Stamps, radii: np.ndarray) -> Stamps:
        """Cells of the right size with ruffled outlines, the closest one on top."""
        side, size = drawn.side, float(radii.mean()) + 2
        bent = smooth_noise(rng, side, 0.5 * size) + 0.5 * smooth_noise(rng, side, 0.2 * size)
        bent += 0.2 * smooth_noise(rng, side, 0.07 * size)
        distance = 1.35 * drawn.distance + 1.1 * self.rough * bent.ravel()[drawn.pixel].clip(-2, 2)
        distance = np.maximum(distance, 0).astype(np.float32)
        order = np.argsort(-distance, kind="stable")
        depth = (1 - distance) * radii[drawn.number].astype(np.float32)
        return Stamps(
            side, drawn.number[order], drawn.pixel[order], distance[order], depth[order],
            drawn.along[order], drawn.across[order],
        )  # fmt: skip

    def lit(self, rng: np.random.Generator, bodies: Bodies, count: int,
            tones: np.ndarray | None = None) -> np.ndarray:  # fmt: skip
        """Light of the stain, float32 (side, side).

        Parameters
        ----------
        rng : numpy.random.Generator
            Decides textures and brightness.
        bodies : Bodies
            The cells.
        count : int
            Number of nuclei.
        tones : ndarray of float, shape (count,), optional
            Factor of the brightness of each cell.
        """
        side, unit = len(bodies.instances), self.unit
        own = np.exp(self.variety * rng.standard_normal(count).clip(-2.2, 2.2))
        own = own if tones is None else own * tones
        tone = np.concatenate([[0], own])[bodies.instances]
        thick = (1 - self.hump) + 1.6 * self.hump * np.clip(2.2 * bodies.inward, 0, 1) ** 1.3
        fine = smooth_noise(rng, side, 1.2 * unit + 0.5) + smooth_noise(rng, side, 4 * unit)
        if self.stain == "membrane":
            rim = np.exp(-((bodies.depth / self.wall) ** 2)) * (bodies.instances > 0)
            patchy = np.clip(1 + 0.35 * smooth_noise(rng, side, 6 * unit), 0.15, 2)
            inside = 0.12 * (1 + self.grain * fine) * (1 - 0.6 * bodies.nucleus)
            light = (rim * patchy + inside) * np.sqrt(tone)
        elif self.stain == "skeleton":
            light = tone * self._skeleton(rng, bodies, thick)
        elif self.stain == "organelles":
            near = np.clip(1.7 * bodies.inward, 0, 1) ** 1.5
            wet = np.clip(0.4 + 0.9 * smooth_noise(rng, side, 1.3 * unit + 0.4), 0, 2)
            lumps = np.clip(0.7 + 0.5 * smooth_noise(rng, side, 7 * unit), 0.1, 2)
            light = tone * (near * wet * lumps + 0.22) * (1 - 0.85 * bodies.nucleus)
        else:
            light = tone * thick * np.maximum(1 + self.grain * fine, 0.05)
            light = light * (1 - self.hollow * bodies.nucleus)
        edge = np.clip(bodies.depth / (1.2 * unit), 0, 1) if self.stain != "membrane" else 1.0
        return np.asarray(np.maximum(light * edge, 0), np.float32)

    def _skeleton(self, rng: np.random.Generator, bodies: Bodies, thick: np.ndarray) -> np.ndarray:
        """Actin: a bright rim and bundles that run through the cell."""
        side, unit = len(thick), self.unit
        y, x = np.mgrid[:side, :side].astype(np.float32)
        turn = rng.uniform(0, np.pi, int(bodies.instances.max()) + 1)[bodies.instances]
        across = np.cos(turn) * y - np.sin(turn) * x + 5 * unit * smooth_noise(rng, side, 25 * unit)
        profile = ndimage.gaussian_filter1d(rng.standard_normal(1024), 2.0) * 2.6
        place = ((across + 2 * side) / (0.5 * unit + 0.2)).astype(int) % 1024
        bundles = profile[place] + 0.9 * smooth_noise(rng, side, 14 * unit)
        bundles = np.clip(bundles - 0.3, 0, 2)
        rim = np.exp(-((bodies.depth / (1.2 * unit + 0.4)) ** 2))
        return np.asarray(0.35 * thick + 0.6 * bundles * thick + 0.9 * rim)


def draw_cells_look(rng: np.random.Generator, unit: float) -> CellsLook:
    """Draw how cells look at a zoom."""
    stain = str(rng.choice(STAINS, p=(0.4, 0.28, 0.17, 0.15)))
    return CellsLook(
        reach=log_uniform(rng, 1.5, 3.2),
        stretch=log_uniform(rng, 1.05, 2.4),
        rough=log_uniform(rng, 0.04, 0.2),
        stain=stain,
        unit=unit,
        hump=rng.uniform(0.1, 0.9),
        grain=log_uniform(rng, 0.03, 0.22),
        hollow=rng.uniform(-0.4, 0.8),
        variety=log_uniform(rng, 0.08, 0.6),
        wall=rng.uniform(0.9, 1.7) * max(unit, 0.8),
    )


def draw_holders(
    rng: np.random.Generator, unit: float, in_nuclei: bool
) -> tuple[NucleiLook, CellsLook]:
    """Draw cells large enough to hold spots at a zoom, in their nuclei or around them."""
    nuclei, cells = draw_nuclei_look(rng, unit), draw_cells_look(rng, unit)
    reach = rng.uniform(1.8, 3)
    low, high = (9, 20) if in_nuclei else (7, 15)
    cover = rng.uniform(0.18, 0.5) if in_nuclei else rng.uniform(0.5, 1.4) / reach**2
    nuclei = replace(
        nuclei, radius=float(np.clip(log_uniform(rng, low, high) * unit, 6, 26)),
        stretch=min(nuclei.stretch, 1.6), cover=cover, apart=rng.uniform(0.8, 1.3),
        spots=0.0, dying=0.0,
    )  # fmt: skip
    stain = "cytoplasm" if rng.random() < 0.75 else "organelles"
    return nuclei, replace(cells, reach=reach, stain=stain)
