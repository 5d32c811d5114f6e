"""Stained tissue sections: nuclei, glands, fibres, fat and blood in H&E, PAS or brown stain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.section import Anatomy, Parts, plasma, red_cells, smudges
from pretraining.lookalikes.parts.stains import (
    BLOOD,
    BROWN,
    EOSIN,
    HAEMATOXYLIN,
    MAGENTA,
    absorbed,
    draw_bright_field,
    draw_mixing,
    fine_noise,
    jittered,
)
from pretraining.lookalikes.parts.stamps import Painted, apart, draw_stamps
from pretraining.microscope import Camera
from pretraining.textures import smooth_noise

CELLS, SPINDLES, LYMPHOCYTES = range(3)


@dataclass(frozen=True, eq=False)
class Histology:
    """One organ, stain and scanner with one question.

    Parameters
    ----------
    question : str
        ``"nuclei"``, ``"borders"``, ``"epithelium"``, ``"tissue"``, ``"lymphocytes"``,
        ``"brown"`` or ``"sorts"``.
    anatomy : Anatomy
        How the tissue is built.
    stains : ndarray, shape (4, 3)
        What haematoxylin, eosin, brown and blood absorb.
    light, mixing : ndarray
        Colour of the light, (3,), and the channels of the image, (C, 3).
    camera : Camera
        The scanner.
    crowd, stretch, pleomorphic : float
        How many epithelial nuclei there are, how long, and how different in size.
    haematoxylin, eosin : float
        Strength of the stains.
    chromatin, membrane, nucleoli : float
        Strength of what is seen in nuclei.
    haze, walls, mucin : float
        How clear the plasma is around nuclei, how visible cell walls are, how pale glands are.
    blood, inflamed, brown : float
        Amount of red cells and lymphocytes, share of brown nuclei.
    membranous : bool
        Whether the brown stain sits in cell walls.
    fading, smooth : float
        How unsharp some nuclei are; blur of the section itself, in pixels.
    """

    question: str
    anatomy: Anatomy
    stains: np.ndarray
    light: np.ndarray
    mixing: np.ndarray
    camera: Camera
    crowd: float
    stretch: float
    pleomorphic: float
    haematoxylin: float
    eosin: float
    chromatin: float
    membrane: float
    nucleoli: float
    haze: float
    walls: float
    mucin: float
    blood: float
    inflamed: float
    brown: float
    membranous: bool
    fading: float
    smooth: float

    @property
    def radius(self) -> float:
        """Radius of an epithelial nucleus, in pixels."""
        return self.anatomy.radius

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Image float32 (C, side, side) in 0 to 1, and its classes uint8 (side, side)."""
        parts = self.anatomy.parts(rng, side)
        nuclei, sorts = self._nuclei(rng, side, parts)
        brown = rng.random(len(sorts)) < self.brown * rng.uniform(0.6, 1.4)
        brown &= sorts == CELLS
        densities = self._densities(rng, side, parts, nuclei, sorts, brown)
        if self.smooth:
            densities = ndimage.gaussian_filter(densities, (0, self.smooth, self.smooth))
        light = self.light * rng.uniform(0.95, 1.03)
        scene = absorbed(densities * rng.uniform(0.88, 1.12), self.stains, light)
        image = np.tensordot(self.mixing, scene, 1).astype(np.float32)
        shot = self.camera.varied(rng).shoot(image, rng)
        return shot, self._classes(parts, nuclei, sorts, brown)

    def _nuclei(
        self, rng: np.random.Generator, side: int, parts: Parts
    ) -> tuple[Painted, np.ndarray]:
        """Place nuclei of all sorts where they belong."""
        r = self.radius
        glands = self.anatomy.architecture == "glands"
        tries = int((2.5 if glands else 0.8) * self.crowd * (side + 2 * r) ** 2 / (r * r)) + 8
        centres = rng.uniform(-r, side + r, (tries, 2))
        at = tuple(np.clip(centres, 0, side - 1).astype(int).T)
        inside = parts.epithelium[at]
        chance = rng.random(tries)
        if glands:  # nuclei stand in a row at the outer side
            inside &= np.abs(parts.depth[at] - 1.6 * r) < r * (0.5 + self.crowd * (chance < 0.3))
        heaped = smooth_noise(rng, side, 8 * r)[at] + self.inflamed > 1.2
        sorts = np.where(heaped & (chance < 0.7), LYMPHOCYTES, SPINDLES)
        sorts[inside & (chance > 0.03 * self.inflamed)] = CELLS
        free = ~(parts.lumen | parts.fat | parts.cleft)[at]
        thin = np.array((1.0, 0.1, 0.3) if glands else (1.0, 0.3, 0.7))
        free &= rng.random(tries) < thin[sorts]
        free &= parts.epithelium[at] <= (inside | (sorts != SPINDLES))
        centres, sorts = centres[free], sorts[free]
        sizes = (
            r
            * np.array((1.0, 0.42, 0.62))[sorts]
            * np.exp(rng.normal(0, self.pleomorphic, len(sorts)))
        )
        kept = apart(centres, sizes * np.where(sorts == SPINDLES, 1.8, 1), rng.uniform(0.75, 1.0))
        centres, sizes, sorts = centres[kept], sizes[kept], sorts[kept]
        at = tuple(np.clip(centres, 0, side - 1).astype(int).T)
        count = len(sorts)
        length = np.where(sorts == CELLS, self.stretch, np.where(sorts == SPINDLES, 3.2, 1.05))
        length = 1 + (length - 1) * rng.uniform(0.4, 1.4, count)
        angle = np.where(sorts == CELLS, rng.uniform(0, np.pi, count), parts.direction[at])
        if glands:
            slope = np.gradient(ndimage.gaussian_filter(parts.depth, r))
            upright = np.arctan2(slope[1][at], slope[0][at])
            angle = np.where(sorts == CELLS, upright + rng.normal(0, 0.3, count), angle)
        stamps = draw_stamps(
            rng, side, centres, sizes / np.sqrt(np.where(sorts == CELLS, length, 1)),
            stretch=length, angle=angle, rough=np.where(sorts == LYMPHOCYTES, 0.03, 0.055),
            bend=np.where(sorts == SPINDLES, rng.normal(0, 0.35, count), 0),
        )  # fmt: skip
        return stamps.painted(), sorts

    def _densities(
        self, rng: np.random.Generator, side: int, parts: Parts, nuclei: Painted,
        sorts: np.ndarray, brown: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """How much haematoxylin, eosin, brown and blood lies in each pixel."""
        grain = fine_noise(rng, side, 0.9)
        cloud = smooth_noise(rng, side, 3 * self.radius)
        stroma = self.eosin * np.clip(0.75 + 0.3 * parts.fibre + 0.12 * cloud, 0.08, 2)
        cell = self.eosin * (0.8 + 0.1 * cloud + 0.12 * grain)
        walls, tone = plasma(rng, nuclei, self.radius)
        cell = cell * tone + self.eosin * self.walls * walls
        apical = np.clip(parts.depth / (3 * self.radius) - 0.7, 0, 1)
        cell = cell * (1 - self.mucin * apical)
        eosin = np.where(parts.epithelium, cell, stroma)
        blue = np.where(parts.epithelium, 0.25, 0.1) * self.haematoxylin * (1 + 0.3 * cloud)
        blue += 0.05 * grain * self.haematoxylin
        rim = ndimage.gaussian_filter(nuclei.inside.astype(np.float32), self.radius * 0.5)
        eosin *= 1 - self.haze * np.clip(rim * 2, 0, 1)
        empty = ndimage.gaussian_filter(
            (parts.lumen | parts.fat | parts.cleft).astype(np.float32), 0.8
        )
        dirt = 0.05 + 0.1 * np.clip(smooth_noise(rng, side, 12), 0, 2)
        eosin = eosin * (1 - empty) + dirt * empty * self.eosin
        blue *= 1 - empty
        crisp = ndimage.gaussian_filter(nuclei.inside.astype(np.float32), 0.6)
        soft = ndimage.gaussian_filter(nuclei.inside.astype(np.float32), 0.18 * self.radius)
        fading = np.clip(self.fading + 0.6 * smooth_noise(rng, side, 2 * self.radius), 0, 1)
        edge = crisp + (soft - crisp) * fading
        edge *= 1 - 0.5 * fading * max(self.fading, 0)
        inside = self._inside(rng, side, nuclei, sorts)
        is_brown = nuclei.spread(brown)
        blurred = self.haematoxylin * smudges(rng, side, self.radius) * (1 - empty)
        blue = blue + blurred + edge * self.haematoxylin * inside * (1 - 0.7 * is_brown)
        dab = edge * 1.3 * is_brown * np.clip(inside, 0.4, 1.5)
        if self.membranous:
            dab = (
                1.3
                * walls
                * parts.epithelium
                * np.clip(0.8 + 0.6 * smooth_noise(rng, side, 5 * self.radius), 0, 2)
            )
        return np.stack(
            [
                blue,
                eosin * (1 - 0.5 * edge),
                dab,
                red_cells(rng, side, parts, self.radius, self.blood),
            ]
        )

    def _inside(
        self, rng: np.random.Generator, side: int, nuclei: Painted, sorts: np.ndarray
    ) -> np.ndarray:
        """Chromatin: clumps, a dark membrane, nucleoli; dense in lymphocytes and spindles."""
        count = len(sorts)
        tone = np.exp(rng.normal(0, 0.2, count)) * np.array((0.8, 1.05, 1.25))[sorts]
        clumps = fine_noise(rng, side, max(0.16 * self.radius, 0.7))
        clumps += 0.6 * fine_noise(rng, side, max(0.3 * self.radius, 1.0))
        open_ = nuclei.spread(np.where(sorts == CELLS, rng.uniform(0.6, 1.4, count), 0.4))
        width = max(0.13 * self.radius, 0.9)
        membrane = np.exp(-((nuclei.depth - width) ** 2) / (2 * width**2)) * self.membrane
        spots = 0.0
        if self.nucleoli:
            angle, off = rng.uniform(0, 6.3, count), rng.uniform(0, 0.45, count)
            y = nuclei.along - nuclei.spread(off * np.cos(angle))
            x = nuclei.across - nuclei.spread(off * np.sin(angle))
            spots = self.nucleoli * np.exp(-(y * y + x * x) / (2 * 0.14**2)) * (open_ > 0.5)
        body = 1 - 0.45 * open_ * self.membrane + open_ * (membrane + spots)
        return nuclei.spread(tone) * np.clip(body + self.chromatin * open_ * clumps, 0.15, 2.5)

    def _classes(
        self, parts: Parts, nuclei: Painted, sorts: np.ndarray, brown: np.ndarray
    ) -> np.ndarray:
        """Answer the question."""
        if self.question == "epithelium":
            filled = parts.epithelium | parts.lumen
            return filled.astype(np.uint8)
        if self.question == "tissue":
            return np.select([parts.lumen | parts.fat, parts.epithelium], [2, 1]).astype(np.uint8)
        inside = nuclei.inside
        if self.question == "borders":
            rim = max(0.18 * self.radius, 1.6)
            return np.where(inside, np.where(nuclei.depth < rim, 2, 1), 0).astype(np.uint8)
        if self.question == "lymphocytes":
            return (nuclei.spread(sorts == LYMPHOCYTES) > 0).astype(np.uint8)
        if self.question == "brown":
            return (nuclei.spread(brown) > 0).astype(np.uint8)
        if self.question == "sorts":
            return nuclei.spread(np.array((1, 2, 2))[sorts]).astype(np.uint8)
        return inside.astype(np.uint8)


QUESTIONS = ("nuclei", "borders", "epithelium", "tissue", "lymphocytes", "brown", "sorts")
ARCHITECTURES = ("glands", "nests", "sheet", "stroma")
FITTING = {
    "epithelium": (0.75, 0.25, 0, 0), "tissue": (1, 0, 0, 0), "sorts": (0.5, 0.5, 0, 0),
    "lymphocytes": (0.2, 0.5, 0, 0.3), "brown": (0.3, 0.3, 0.4, 0),
}  # fmt: skip
"""How often each architecture goes with a question."""


def _draw_anatomy(rng: np.random.Generator, question: str) -> Anatomy:
    """Draw an organ at one enlargement."""
    zoom = float(np.exp(rng.uniform(np.log(0.6), np.log(2.0))))
    areas = question in ("epithelium", "tissue")
    radius = max(zoom * (rng.uniform(3.5, 6) if areas else rng.uniform(6, 12)), 3.0)
    return Anatomy(
        architecture=str(
            rng.choice(ARCHITECTURES, p=FITTING.get(question, (0.28, 0.27, 0.3, 0.15)))
        ),
        radius=radius, gland=radius * rng.uniform(7, 12), wall=rng.uniform(3, 6.5),
        fibrous=rng.uniform(0, 1.6), fat=float(rng.choice([0, 0, 1.0])),
    )  # fmt: skip


def draw_histology(rng: np.random.Generator) -> Histology:
    """Draw an organ, a stain, a scanner and a question."""
    shares = (0.62, 0.06, 0.13, 0.04, 0.05, 0.06, 0.04)
    question = str(rng.choice(QUESTIONS, p=shares))
    immune = question == "brown" or rng.random() < 0.15
    eosin = float(rng.uniform(0.05, 0.2) if immune else rng.uniform(0.25, 0.9))
    pink = HAEMATOXYLIN if immune else MAGENTA if rng.random() < 0.15 else EOSIN
    browns = question == "brown" or (immune and rng.random() < 0.6)
    mixing = np.eye(3, dtype=np.float32) if question == "brown" else draw_mixing(rng)
    camera = draw_bright_field(rng, 1.1, len(mixing) == 3)
    return Histology(
        question=question, anatomy=_draw_anatomy(rng, question),
        stains=np.stack([jittered(rng, s, 0.06) for s in (HAEMATOXYLIN, pink, BROWN, BLOOD)]),
        light=np.clip(0.93 + 0.04 * rng.standard_normal(3), 0.75, 1),
        mixing=mixing, camera=camera,
        crowd=rng.uniform(0.4, 1.2), stretch=rng.uniform(1.05, 1.9),
        pleomorphic=rng.uniform(0.08, 0.3),
        haematoxylin=rng.uniform(0.6, 1.5), eosin=eosin,
        chromatin=rng.uniform(0.05, 0.3), membrane=rng.uniform(0, 1.0),
        nucleoli=float(rng.choice([0.0, rng.uniform(0.4, 1.3)])), haze=rng.uniform(0, 0.7),
        walls=float(rng.choice([0.0, rng.uniform(-0.5, 0.6)])),
        mucin=float(rng.choice([0.0, rng.uniform(0.3, 0.9)])),
        blood=float(rng.choice([0, 0.1, 0.4])),
        inflamed=rng.uniform(-1, 0.8) if question in ("nuclei", "brown") else rng.uniform(0.2, 1),
        brown=rng.uniform(0.2, 0.6) if browns else 0.0,
        membranous=immune and not browns,
        fading=rng.uniform(-0.8, 0.9),
        smooth=float(rng.choice([0.0, rng.uniform(0.3, 0.8)])),
    )  # fmt: skip
