"""Nuclei of cells with stained DNA: where they lie and how their chromatin glows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.stamps import Stamps, apart, draw_stamps
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise


@dataclass(frozen=True, eq=False)
class Nuclei:
    """Nuclei of one field of view.

    Parameters
    ----------
    centres, radii, angles, stretches : ndarray
        Of n nuclei, as in `draw_stamps`.
    tones : ndarray of float, shape (n,)
        Brightness.
    special : ndarray of bool, shape (n,)
        Whether it divides or dies.
    stamps : Stamps
        Their pixels.
    """

    centres: np.ndarray
    radii: np.ndarray
    angles: np.ndarray
    stretches: np.ndarray
    tones: np.ndarray
    special: np.ndarray
    stamps: Stamps


@dataclass(frozen=True)
class NucleiLook:
    """One population of nuclei.

    Parameters
    ----------
    radius, spread, stretch, rough, bend : float
        Half width in pixels, deviation of its logarithm, length over width, and outline.
    cover, apart, cluster, aligned : float
        Share of the image that is covered; least distance over the sum of two radii; how much
        they crowd in places; how much they point one way.
    dome, chromatin, grain, spots, nucleoli : float
        How much they are thicker in the middle; strength and size (over the radius) of mottles;
        number of bright dots each; darkness of holes.
    variety : float
        Deviation of the logarithm of brightness.
    dividing, dying : float
        Shares of condensed plates and of crumbling nuclei.
    """

    radius: float
    spread: float
    stretch: float
    rough: float
    bend: float
    cover: float
    apart: float
    cluster: float
    aligned: float
    dome: float
    chromatin: float
    grain: float
    spots: float
    nucleoli: float
    variety: float
    dividing: float
    dying: float

    def place(self, rng: np.random.Generator, side: int) -> Nuclei:
        """Put nuclei into a field of view."""
        margin = 2 * self.radius
        area = np.pi * self.radius**2 * self.stretch
        wanted = self.cover * rng.uniform(0.6, 1.4) * (side + 2 * margin) ** 2 / area
        count = int(np.clip(wanted, 2, 900))
        centres = rng.uniform(-margin, side + margin, (5 * count, 2))
        heap = smooth_noise(rng, side, max(5 * self.radius, 20))
        at = centres.astype(int).clip(0, side - 1)
        likely = np.exp(3 * self.cluster * (heap[at[:, 0], at[:, 1]] - 1.5)).clip(0, 1)
        kept = rng.random(len(centres)) < np.maximum(likely, 0.01)
        kept[:2] = True  # There is always one.
        centres = centres[kept]
        radii = self.radius * np.exp(self.spread * rng.standard_normal(len(centres)).clip(-2, 2))
        stays = apart(centres, radii * self.stretch**0.5, self.apart)
        centres, radii = centres[stays][:count], radii[stays][:count]
        main, flow = rng.uniform(0, np.pi), smooth_noise(rng, side, 8 * self.radius)
        at = centres.astype(int).clip(0, side - 1)
        angles = main + 0.6 * flow[at[:, 0], at[:, 1]] + rng.normal(0, 0.2, len(radii))
        angles = np.where(rng.random(len(radii)) < self.aligned, angles,
                          rng.uniform(0, np.pi, len(radii)))  # fmt: skip
        stretches = 1 + (self.stretch - 1) * rng.uniform(0.3, 1.6, len(radii))
        tones = np.exp(self.variety * rng.standard_normal(len(radii)).clip(-2.2, 2.2))
        return self._some_special(rng, side, (centres, radii, angles, stretches, tones))

    def _some_special(
        self, rng: np.random.Generator, side: int, drawn: tuple[np.ndarray, ...]
    ) -> Nuclei:
        """Let some divide or die."""
        centres, radii, angles, stretches, tones = (values.copy() for values in drawn)
        chance = rng.random(len(radii))
        dividing, dying = chance < self.dividing, chance > 1 - self.dying
        special = dividing | dying
        radii[dividing] *= rng.uniform(0.35, 0.6, dividing.sum())
        stretches[dividing] = rng.uniform(1.8, 3.4, dividing.sum())
        tones[special] = np.maximum(tones[special], 0.8) * rng.uniform(1.2, 2.0, special.sum())
        radii[dying] *= rng.uniform(0.2, 0.5, dying.sum())
        twin = np.flatnonzero(dividing & (rng.random(len(radii)) < 0.45))
        bits = np.repeat(np.flatnonzero(dying), rng.integers(0, 5, dying.sum()))
        gap = radii[twin] * rng.uniform(2, 5, len(twin))
        sideways = np.stack([-np.sin(angles[twin]), np.cos(angles[twin])], 1) * gap[:, None]
        strewn = rng.normal(0, 1, (len(bits), 2)) * 2 * radii[bits][:, None]
        more = np.concatenate([twin, bits])
        centres = np.concatenate([centres, centres[twin] + sideways, centres[bits] + strewn])
        radii = np.concatenate([radii, radii[twin], radii[bits] * rng.uniform(0.4, 1, len(bits))])
        angles, stretches, tones, special = (
            np.concatenate([values, values[more]]) for values in (angles, stretches, tones, special)
        )
        radii = np.maximum(radii, 1.2)
        stamps = draw_stamps(
            rng, side, centres, radii, stretch=stretches, angle=angles, waves=(2, 3, 5),
            rough=np.where(special, 0.12, self.rough),
            bend=self.bend * rng.standard_normal(len(radii)) * ~special,
        )  # fmt: skip
        return Nuclei(centres, radii, angles, stretches, tones, special, stamps)

    def lit(
        self, rng: np.random.Generator, nuclei: Nuclei, tones: np.ndarray | None = None
    ) -> np.ndarray:
        """Light of nuclei, which adds up where they overlap, float32 (side, side)."""
        stamps, tones = nuclei.stamps, nuclei.tones if tones is None else tones
        if not len(stamps.pixel):
            return np.zeros((stamps.side, stamps.side), np.float32)
        thick = 1.25 * np.sqrt(np.clip(1 - stamps.distance**2, 0, 1))
        profile = stamps.coverage() * (1 - self.dome + self.dome * thick)
        mottled = self._chromatin(rng, stamps.side).ravel()[stamps.pixel]
        mottled = np.where(nuclei.special[stamps.number], 1.0, mottled)
        return stamps.summed((tones[stamps.number] * profile * mottled).astype(np.float32))

    def _chromatin(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Relative density of DNA everywhere."""
        size = max(self.grain * self.radius, 1.2)
        mottled = 0.7 * smooth_noise(rng, side, size) + 0.5 * smooth_noise(rng, side, 2.5 * size)
        density = 1 + self.chromatin * mottled
        if self.nucleoli:
            holes = smooth_noise(rng, side, 0.55 * self.radius)
            density = density * (1 - self.nucleoli * np.clip(3 * (holes - 1.1), 0, 1))
        if self.spots:
            chance = self.spots / (np.pi * self.radius**2)
            dots = (rng.random((side, side)) < chance) * rng.uniform(0.3, 1, (side, side))
            sigma = max(0.11 * self.radius, 0.6)
            density = density + 6.3 * sigma**2 * ndimage.gaussian_filter(dots, sigma)
        return np.maximum(density, 0.1).astype(np.float32)


def draw_nuclei_look(rng: np.random.Generator, unit: float) -> NucleiLook:
    """Draw a population of nuclei at a zoom."""
    section = rng.random() < 0.3
    high = 0.6 if section else 0.45
    return NucleiLook(
        radius=float(np.clip(log_uniform(rng, 5, 8 if section else 16) * unit, 3.2, 28)),
        spread=rng.uniform(0.08, 0.3),
        stretch=log_uniform(rng, 1.1, 2.2 if section else 1.6),
        rough=log_uniform(rng, 0.02, 0.09),
        bend=float(rng.choice([0.0, rng.uniform(0.05, 0.3)])),
        cover=log_uniform(rng, 0.08, high),
        apart=rng.uniform(0.62, 0.92) if rng.random() < 0.85 else rng.uniform(0.35, 0.6),
        cluster=float(rng.choice([0.0, rng.uniform(0.2, 1)])),
        aligned=float(rng.choice([0.0, rng.uniform(0.4, 1)], p=(0.65, 0.35))),
        dome=float(rng.choice([rng.uniform(0, 0.25), rng.uniform(0.4, 0.9)])),
        chromatin=log_uniform(rng, 0.03, 0.3),
        grain=rng.uniform(0.1, 0.35),
        spots=float(rng.choice([0.0, rng.uniform(3, 16)], p=(0.65, 0.35))),
        nucleoli=float(rng.choice([0.0, rng.uniform(0.2, 0.75)])),
        variety=log_uniform(rng, 0.08, 0.55),
        dividing=float(rng.choice([0.0, rng.uniform(0.01, 0.1)])),
        dying=float(rng.choice([0.0, rng.uniform(0.01, 0.08)])),
    )
