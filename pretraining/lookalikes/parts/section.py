"""Where the parts of a stained section lie: epithelium, glands, fat, fibres, tears and blood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.stains import stretched_noise
from pretraining.lookalikes.parts.stamps import Painted, apart, draw_stamps
from pretraining.textures import smooth_noise


@dataclass(frozen=True, eq=False)
class Parts:
    """Where the parts of a section lie, as maps of shape (side, side).

    Parameters
    ----------
    epithelium, lumen, fat, cleft : ndarray of bool
        Cell nests; holes in glands; drops of fat; tears between fibres.
    depth : ndarray of float
        Distance in the epithelium from its outer edge, in pixels.
    fibre : ndarray of float
        Structure of the stroma, standardised.
    direction : ndarray of float
        Where the fibres point.
    """

    epithelium: np.ndarray
    lumen: np.ndarray
    fat: np.ndarray
    cleft: np.ndarray
    depth: np.ndarray
    fibre: np.ndarray
    direction: np.ndarray


@dataclass(frozen=True)
class Anatomy:
    """How the tissue of one organ is built.

    Parameters
    ----------
    architecture : str
        ``"glands"``, ``"nests"``, ``"sheet"`` or ``"stroma"``.
    radius : float
        Of an epithelial nucleus, in pixels.
    gland : float
        Radius of a gland or nest, in pixels.
    wall : float
        Thickness of the epithelium of a gland, in radii of a nucleus.
    fibrous : float
        How torn the stroma is.
    fat : float
        How much fat there is.
    """

    architecture: str
    radius: float
    gland: float
    wall: float
    fibrous: float
    fat: float

    def parts(self, rng: np.random.Generator, side: int) -> Parts:
        """Draw the parts of one field of view."""
        direction = rng.uniform(0, np.pi) + 0.3 * smooth_noise(rng, side, 9 * self.radius + 40)
        width = self.radius * 0.35 + 0.6
        fibre = stretched_noise(rng, side, direction, width, 12 * width)
        fibre += 0.7 * stretched_noise(rng, side, direction, 3 * width, 30 * width)
        cleft = fibre + smooth_noise(rng, side, 6 * self.radius) > 3.4 - self.fibrous
        nowhere = np.zeros((side, side), bool)
        lumen, epithelium = nowhere, nowhere
        if self.architecture == "glands":
            epithelium, lumen = self._glands(rng, side)
        elif self.architecture == "nests":
            height = smooth_noise(rng, side, self.gland)
            height += 0.3 * smooth_noise(rng, side, self.gland / 4)
            epithelium = height > rng.uniform(-0.6, 0.5)
        elif self.architecture == "sheet":
            epithelium = smooth_noise(rng, side, 2 * self.gland) > -1.6
        fat = nowhere
        if self.fat and rng.random() < 0.6:
            fat = self._drops(rng, side) & ~epithelium & ~lumen
        depth = ndimage.distance_transform_edt(epithelium | lumen)
        return Parts(epithelium, lumen, fat, cleft & ~epithelium, depth, fibre, direction)

    def _glands(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Epithelium and lumen of glands cut across."""
        count = max(int(3 * side * side / self.gland**2), 6)
        sizes = self.gland * np.exp(rng.normal(0, 0.3, count))
        centres = rng.uniform(-self.gland, side + self.gland, (count, 2))
        kept = apart(centres, sizes, rng.uniform(1.0, 1.25))
        stamps = draw_stamps(
            rng, side, centres[kept], sizes[kept],
            stretch=rng.uniform(1, 1.7, kept.sum()), rough=0.09, waves=(2, 3, 4, 6),
        )  # fmt: skip
        painted = stamps.painted()
        wall = self.wall * self.radius * (1 + 0.2 * smooth_noise(rng, side, 15))
        open_ones = rng.random(kept.sum()) < 0.85
        lumen = (painted.depth > wall) & (painted.spread(open_ones) > 0)
        return painted.inside & ~lumen, lumen

    def _drops(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Fat cells side by side, with thin walls."""
        count = int(12 * self.fat * side * side / self.gland**2) + 6
        sizes = self.gland * rng.uniform(0.35, 0.6, count)
        centres = rng.uniform(0, side, (count, 2))
        fatty = smooth_noise(rng, side, 4 * self.gland)[tuple(centres.astype(int).T)] > 0.4
        centres, sizes = centres[fatty], sizes[fatty]
        kept = apart(centres, sizes, 0.72)
        drops = draw_stamps(rng, side, centres[kept], sizes[kept], rough=0.05, stretch=1.1)
        painted = drops.painted()
        edges = ndimage.morphological_gradient(painted.instances, 3) > 0
        return painted.inside & (painted.depth > 0.8) & ~edges


def smudges(rng: np.random.Generator, side: int, radius: float) -> np.ndarray:
    """Density of nuclei of another depth: pale smudges that nobody outlines."""
    count = int(rng.uniform(0, 0.12) * side * side / (np.pi * radius**2))
    if not count:
        return np.zeros((side, side), np.float32)
    centres, sizes = rng.uniform(0, side, (count, 2)), radius * rng.uniform(0.5, 0.9, count)
    ghosts = draw_stamps(rng, side, centres, sizes, stretch=1.4)
    return 0.28 * ndimage.gaussian_filter(ghosts.summed(ghosts.coverage()), 0.4 * radius)


def red_cells(
    rng: np.random.Generator, side: int, parts: Parts, radius: float, amount: float
) -> np.ndarray:
    """Density of red cells: in heaps, never in the epithelium."""
    centres = rng.uniform(0, side, (int(amount * side * side / radius**2), 2))
    at = tuple(centres.astype(int).T)
    heap = smooth_noise(rng, side, 6 * radius)[at] > 1.1
    centres = centres[heap & ~(parts.epithelium | parts.fat)[at]]
    if not len(centres):
        return np.zeros((side, side), np.float32)
    sizes = 0.7 * radius * rng.uniform(0.85, 1.1, len(centres))
    kept = apart(centres, sizes, 0.8)
    length = rng.uniform(1, 1.4, kept.sum())
    cells = draw_stamps(rng, side, centres[kept], sizes[kept], stretch=length, rough=0.05)
    pale = 0.75 + 0.25 * np.clip(cells.distance, 0, 1) ** 2
    return np.minimum(0.9 * cells.summed(cells.coverage() * pale), 1.3)


def plasma(
    rng: np.random.Generator, nuclei: Painted, radius: float
) -> tuple[np.ndarray, np.ndarray]:
    """Walls halfway between nuclei (0 to 1), and a tone for the plasma of each cell."""
    nearest = ndimage.distance_transform_edt(
        ~nuclei.inside, return_distances=False, return_indices=True
    )
    owner = nuclei.instances[tuple(nearest)]
    tones = np.exp(rng.normal(0, 0.15, int(owner.max()) + 1))
    change = (ndimage.morphological_gradient(owner, 3) > 0).astype(np.float32)
    return ndimage.gaussian_filter(change, max(0.08 * radius, 0.6)), tones[owner]
