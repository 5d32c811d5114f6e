"""Blood smears: red cells, white cells, platelets and parasites, stained or not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.leukocytes import WhiteCells, draw_parasites, draw_white_cells
from pretraining.lookalikes.parts.stains import (
    absorbed,
    draw_bright_field,
    draw_mixing,
    fine_noise,
    jittered,
)
from pretraining.lookalikes.parts.stamps import Painted, apart, draw_stamps
from pretraining.microscope import Camera
from pretraining.textures import smooth_noise

RED = np.array((0.10, 0.55, 0.42))
PURPLE = np.array((0.62, 0.88, 0.28))
BLUE = np.array((0.55, 0.38, 0.10))
PINK = np.array((0.15, 0.75, 0.30))
"""What red cells, nuclei, the plasma of white cells and granules absorb."""


@dataclass(frozen=True, eq=False)
class Blood:
    """Smears of one laboratory with one question.

    Parameters
    ----------
    question : str
        ``"all"``, ``"red"``, ``"white"``, ``"nucleus"``, ``"white parts"``, ``"sorts"``,
        or ``"parasites"``.
    shape : str
        ``"normal"``, ``"crenated"``, ``"oval"``, ``"drop"``, ``"sickle"`` or ``"mixed"`` red cells.
    radius : float
        Of a red cell, in pixels.
    stains : ndarray, shape (4, 3)
        What red cells, nuclei, plasma and granules absorb.
    light, mixing : ndarray
        Colour of the light, (3,), and the channels of the image, (C, 3).
    camera : Camera
        The microscope's.
    stained : float
        Strength of the stain; little where the smear is not stained.
    crowd, touching, gaps : float
        How many red cells there are, how far they may overlap, and how bare places are.
    pallor, pallor_width, pallor_edge, target, wobble : float
        How pale the middle of a red cell is, how far, how suddenly; share with a dark spot there;
        how uneven.
    rim, halo : float
        Dark outline and bright fringe by refraction.
    spread : float
        Deviation of the logarithm of the radius.
    white, platelets, infected, dirt, film : float
        How many white cells, platelets, parasites and specks there are; how stained the plasma.
    white_size : float
        Radius of a white cell in radii of a red one.
    granular, grain : float
        How grainy white and red cells are.
    stages : tuple of str
        Stages of parasites, see `draw_parasites`.
    """

    question: str
    shape: str
    radius: float
    stains: np.ndarray
    light: np.ndarray
    mixing: np.ndarray
    camera: Camera
    stained: float
    crowd: float
    touching: float
    gaps: float
    pallor: float
    pallor_width: float
    pallor_edge: float
    target: float
    wobble: float
    rim: float
    halo: float
    spread: float
    white: float
    platelets: float
    infected: float
    dirt: float
    film: float
    white_size: float
    granular: float
    grain: float
    stages: tuple[str, ...]

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Image float32 (C, side, side) in 0 to 1, and its classes uint8 (side, side)."""
        white = self._white_places(rng, side)
        red, density, centres = self._red(rng, side, *white)
        found, densities = draw_white_cells(rng, side, *white, self.granular)
        small, more = self._small(rng, side, red, centres, found.cell)
        densities += more
        densities[0] += density * (1 - ndimage.gaussian_filter(found.cell.astype(np.float32), 0.7))
        densities[1:] *= self.stained
        film = smooth_noise(rng, side, 3 * self.radius) + 0.5 * smooth_noise(rng, side, 4)
        densities[3] += self.film * np.clip(1 + 0.5 * film, 0, 3)
        scene = absorbed(densities * rng.uniform(0.85, 1.15), self.stains, self.light)
        cells = (red.inside | found.cell).astype(np.float32)
        fringe = ndimage.gaussian_filter(cells, 0.05 * self.radius + 0.8) * (1 - cells)
        scene *= 1 + self.halo * fringe + 0.012 * smooth_noise(rng, side, 25)
        image = np.tensordot(self.mixing, scene, 1).astype(np.float32)
        shot = self.camera.varied(rng).shoot(image, rng)
        return shot, self._classes(red.inside, found, small)

    def _white_places(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Centres and radii of white cells."""
        share = self.white * side * side / (60 * self.radius**2)
        asked = self.question in ("white", "nucleus", "white parts", "sorts")
        count = int(rng.poisson(share)) + asked
        radii = self.radius * self.white_size * np.exp(rng.normal(0, 0.12, count))
        centres = rng.uniform(0.05 * side, 0.95 * side, (count, 2))
        kept = apart(centres, radii, 0.98)
        return centres[kept], radii[kept]

    def _red(
        self, rng: np.random.Generator, side: int, white: np.ndarray, white_radii: np.ndarray
    ) -> tuple[Painted, np.ndarray, np.ndarray]:
        """Red cells, their density, and their centres."""
        r = self.radius
        count = int(self.crowd * (side + 2 * r) ** 2 / (2 * r * r)) + 2
        radii = r * np.exp(rng.normal(0, self.spread, count))
        centres = rng.uniform(-r, side + r, (count, 2))
        heap = smooth_noise(rng, side, 5 * r)
        at = tuple(np.clip(centres, 0, side - 1).astype(int).T)
        kept = apart(centres, radii, self.touching) & (heap[at] > self.gaps)
        gap = np.linalg.norm(centres[:, None] - white[None], axis=2)
        kept &= (gap > white_radii[None] + 0.85 * radii[:, None]).all(1)
        centres, radii = centres[kept], radii[kept]
        count = len(radii)
        odd = rng.random(count) < {"normal": 0.05, "mixed": 0.4}.get(self.shape, 0.7)
        shape = str(rng.choice([*SHAPES])) if self.shape in ("normal", "mixed") else self.shape
        long, rough, bend, waves = SHAPES[shape]
        length = np.where(odd, 1 + (long - 1) * rng.uniform(0.6, 1.2, count), 1)
        length = length * rng.uniform(1, 1.15, count)
        stamps = draw_stamps(
            rng, side, centres, radii / np.sqrt(length), stretch=length,
            rough=np.where(odd, rough, 0.03), waves=waves,
            bend=np.where(odd, bend * rng.uniform(0.5, 1.3, count), 0),
        )  # fmt: skip
        lean = rng.normal(0, 0.1, (2, count)).astype(np.float32)
        off = np.hypot(*(v - s[stamps.number] for v, s in zip((stamps.along, stamps.across), lean)))
        wobble = smooth_noise(rng, side, 0.45 * r).ravel()[stamps.pixel]
        off = off * np.exp(self.wobble * wobble)
        pallor = self.pallor * rng.uniform(0.5, 1.2, count) * np.where(odd, 0.6, 1)
        pale = pallor[stamps.number] * np.exp(-((off / self.pallor_width) ** self.pallor_edge))
        spot = (rng.random(count) < self.target) * self.pallor * 0.8
        pale -= spot[stamps.number] * np.exp(-((off / 0.22) ** 2))
        edge = self.rim * np.exp(-((stamps.depth / (0.06 * r + 0.6)) ** 2))
        tone = np.exp(rng.normal(0, 0.1, count))[stamps.number]
        density = stamps.summed(stamps.coverage() * tone * (1 - pale + edge))
        density *= 1 + self.grain * fine_noise(rng, side, 0.08 * r + 0.5)
        return stamps.painted(), density, centres

    def _small(
        self, rng: np.random.Generator, side: int, red: Painted, centres: np.ndarray,
        white: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """Where parasites are, and densities of parasites, platelets and specks."""
        r, free = self.radius, ~red.inside & ~white
        densities = np.zeros((4, side, side), np.float32)
        count = rng.poisson(self.platelets * side * side / (30 * r * r))
        at = rng.uniform(0, side, (count, 2))
        at = at[free[tuple(at.astype(int).T)] | (rng.random(count) < 0.2)]
        sizes = r * rng.uniform(0.16, 0.4, len(at))
        plates = draw_stamps(rng, side, at, sizes, rough=0.15, stretch=1.3)
        shade = plates.summed(plates.coverage() * (1.1 - 0.7 * np.clip(plates.distance, 0, 1)))
        grains = np.clip(1 + 0.6 * fine_noise(rng, side, 0.05 * r + 0.4), 0, 3)
        densities[1] += 0.5 * shade * grains
        densities[2] += 0.35 * shade
        specks = rng.random((side, side)) < self.dirt * 2e-4
        densities[1] += 4 * ndimage.gaussian_filter(specks.astype(np.float32), rng.uniform(0.6, 1))
        visible = centres[((centres > 0) & (centres < side)).all(1)]
        infected = visible[rng.random(len(visible)) < self.infected]
        if self.question == "parasites" and len(infected) < 2:
            infected = visible[:2]
        stage = str(rng.choice(self.stages))
        places = infected + rng.normal(0, 0.28 * r, infected.shape)
        parasite, more = draw_parasites(rng, side, places, r, stage)
        return parasite, densities + more

    def _classes(self, red: np.ndarray, white: WhiteCells, parasite: np.ndarray) -> np.ndarray:
        """Answer the question."""
        answers = {
            "all": red | white.cell,
            "red": red & ~white.cell,
            "white": white.cell,
            "nucleus": white.nucleus,
            "white parts": np.where(white.nucleus, 2, white.cell),
            "sorts": np.where(white.cell, 2, red),
            "parasites": parasite & ~white.cell,
        }
        return answers[self.question].astype(np.uint8)


SHAPES: dict[str, tuple[float, float, float, tuple[int, ...]]] = {
    "normal": (1.1, 0.03, 0.0, (2, 3)),
    "crenated": (1.0, 0.06, 0.0, (8, 11, 13)),
    "oval": (1.7, 0.02, 0.0, (2, 3)),
    "drop": (1.3, 0.14, 0.3, (1, 2, 3)),
    "sickle": (3.2, 0.03, 1.2, (2, 3)),
}
"""Length, roughness, bend and frequencies of the outline of odd red cells."""

QUESTIONS = ("all", "red", "white", "nucleus", "white parts", "sorts", "parasites")


def draw_blood(rng: np.random.Generator) -> Blood:
    """Draw a laboratory's smears and a question."""
    question = str(rng.choice(QUESTIONS, p=(0.35, 0.08, 0.2, 0.12, 0.06, 0.07, 0.12)))
    zoom = float(np.exp(rng.uniform(np.log(0.6), np.log(2.0))))
    low, high = {"parasites": (20, 30), "all": (9, 22), "red": (9, 22)}.get(question, (9, 20))
    stained = question in ("nucleus", "white parts", "parasites") or rng.random() < 0.8
    mixing = draw_mixing(rng)
    camera = draw_bright_field(rng, 1.6, len(mixing) == 3)
    strength = rng.uniform(0.25, 1.0)
    stains = np.stack([jittered(rng, s, 0.07) for s in (RED, PURPLE, BLUE, PINK)])
    stains[0] *= strength
    shape = str(rng.choice([*SHAPES, "mixed"], p=(0.45, 0.1, 0.1, 0.05, 0.12, 0.18)))
    return Blood(
        question=question,
        radius=max(zoom * rng.uniform(low, high), 6),
        shape="normal" if question == "parasites" and shape == "sickle" else shape,
        light=np.clip(rng.uniform(0.75, 0.95) + 0.05 * rng.standard_normal(3), 0.5, 1),
        mixing=mixing,
        stains=stains,
        camera=camera,
        stained=rng.uniform(0.7, 1.3) if stained else 0.12,
        crowd=rng.uniform(0.4, 2.5),
        touching=rng.uniform(0.7, 1.02),
        gaps=rng.uniform(-3, 0.3),
        pallor=rng.uniform(0.1, 1.0),
        pallor_width=rng.uniform(0.3, 0.65),
        pallor_edge=rng.uniform(1.6, 7),
        target=float(rng.choice([0, 0, 0.4])),
        wobble=float(rng.choice([0.05, rng.uniform(0.1, 0.35)])),
        rim=float(rng.choice([0, rng.uniform(0, 0.6)])) if stained else rng.uniform(0.5, 1.5),
        halo=float(rng.choice([0.0, rng.uniform(0, 0.4)])) if stained else rng.uniform(0.1, 0.6),
        spread=rng.uniform(0.05, 0.16),
        grain=rng.uniform(0, 0.08),
        white=rng.uniform(0.2, 1.2) if question != "parasites" else 0.15,
        white_size=rng.uniform(1.25, 2.1),
        granular=rng.uniform(0, 1),
        platelets=float(rng.choice([0, rng.uniform(0.3, 2)])),
        infected=rng.uniform(0.15, 0.7)
        if question == "parasites"
        else float(rng.choice([0, 0.08])),
        stages=("ring",) if rng.random() < 0.6 else ("ring", "blob", "dots", "banana"),
        film=float(rng.choice([0.02, rng.uniform(0.03, 0.2)])),
        dirt=float(rng.choice([0, rng.uniform(0, 3)])),
    )
