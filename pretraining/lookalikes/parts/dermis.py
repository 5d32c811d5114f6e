"""Pigmented lesions of the skin through a dermatoscope, and hairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.scenery import Answers, Frame, off_centre, rough_patch, toward
from pretraining.lookalikes.parts.stains import stretched_noise
from pretraining.lookalikes.parts.stamps import draw_stamps
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.wandering import drawn, walk
from pretraining.textures import nearest_points

MELANIN = np.array((0.42, 0.85, 1.15))
BLOOD = np.array((0.12, 0.75, 0.62))
"""What pigments absorb of red, green and blue."""


def hairs(
    rng: np.random.Generator, side: int, count: int, unit: float, width: float
) -> tuple[np.ndarray, np.ndarray]:
    """Hairs that mostly lie one way: how much of each pixel they cover, and where across one."""
    lie = rng.uniform(0, 2 * np.pi)
    paths = []
    for _ in range(count):
        angle = lie + rng.normal(0, 0.5)
        length = rng.uniform(50, 220) * unit
        start = rng.uniform(0, side, 2) - 0.4 * length * np.array([np.sin(angle), np.cos(angle)])
        thick = width * unit * rng.uniform(0.6, 1.2)
        paths.append(walk(rng, start, angle, length, (thick, 0.4 * thick), (0.4, 50 * unit)))
    cover, across, _ = drawn(paths, side)
    return cover, across


@dataclass(frozen=True, eq=False)
class Dermoscopy:
    """A pigmented lesion under a dermatoscope; lengths in pixels.

    Parameters
    ----------
    unit, radius : float
        The zoom, and the radius of the lesion.
    skin : ndarray, shape (3,)
        Colour of the skin.
    rough, soft, dark, red : float
        Raggedness and softness of the border, melanin and blood in the lesion.
    zones, network, globules, veil, pale : float
        Strength of patches of pigment, of the net, the dots, the blue veil and white patches.
    mesh : float
        Width of the net's meshes.
    lines, mottled : float
        Strength of skin lines, and of reddish patches of plain skin.
    hairs, hair_width : float
        Mean number of hairs per 192 pixels squared, and half their width.
    blond : bool
        Whether hairs are lighter than the skin.
    bubbles : float
        Mean number of gas bubbles.
    ruler : bool
        Whether a scale with marks lies in the view.
    vignette : float
        0 none, else how far the round field of view reaches, in pixels.
    """

    unit: float
    radius: float
    skin: np.ndarray
    rough: float
    soft: float
    dark: float
    red: float
    zones: float
    network: float
    globules: float
    veil: float
    pale: float
    mesh: float
    lines: float
    mottled: float
    hairs: float
    hair_width: float
    blond: bool
    bubbles: float
    ruler: bool
    vignette: float

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A field of view, (3, side, side), and its answers."""
        frame = Frame.of(side)
        radius = self.radius * np.exp(rng.normal(0, 0.15))
        centre = off_centre(rng, side, radius)
        depth = rough_patch(rng, frame, centre, radius, self.rough)
        melanin, blood = self._skin(rng, side)
        image = self._pigmented(rng, side, depth, melanin, blood)
        if self.bubbles:
            _bubbles(rng, frame, image, rng.poisson(self.bubbles), self.unit)
        count = rng.poisson(self.hairs * (side / 192) ** 2 / self.unit) + (self.hairs > 8)
        hair, across = hairs(rng, side, count, self.unit, self.hair_width)
        tone = np.array((0.85, 0.72, 0.5)) if self.blond else np.array((0.17, 0.12, 0.1))
        shine = 0.16 * np.exp(-((across + 0.3) ** 2) / 0.1)
        strand = tone[:, None, None].astype(np.float32) + shine
        toward(image, 0.88 * hair, strand)
        if self.ruler:
            _ruler(rng, frame, image, self.unit)
        lesion = depth > 0
        if self.vignette:
            seen = self._view(rng, frame, image, centre)
            lesion &= seen
            hair = hair * seen
        hairy = hair > 0.45
        return image, {
            "lesion": lesion,
            "hairs": hairy,
            "lesion and hairs": np.where(hairy, 2, lesion),
        }

    def _skin(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Melanin and blood of plain skin."""
        unit = self.unit
        blood = self.mottled * fine_noise(rng, side, 30 * unit)
        blood += 0.5 * self.mottled * fine_noise(rng, side, 7 * unit)
        melanin = 0.3 * self.mottled * fine_noise(rng, side, 22 * unit)
        melanin += 0.025 * fine_noise(rng, side, 2 * unit)
        melanin += 0.015 * fine_noise(rng, side, 0.8)
        freckles = fine_noise(rng, side, 4 * unit) + 0.7 * fine_noise(rng, side, 30 * unit)
        melanin += 0.25 * np.clip(freckles - 2.4, 0, 1)
        if self.lines:
            direction = rng.uniform(0, np.pi) + 0.25 * fine_noise(rng, side, 60 * unit)
            for turn in (0.0, 1.2):
                fibre = stretched_noise(rng, side, direction + turn, 2.5 * unit, 16 * unit)
                melanin += self.lines * np.clip(-fibre - 0.6, -1, 1)
        return melanin, blood

    def _pigmented(
        self, rng: np.random.Generator, side: int, depth: np.ndarray, melanin: np.ndarray,
        blood: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """Skin with the lesion in it."""
        unit = self.unit
        soft = np.clip(self.soft * np.exp(0.6 * fine_noise(rng, side, 0.5 * self.radius)), 1, 40)
        cover = np.clip(depth / soft + 0.5, 0, 1)
        inner = np.clip(depth / (0.5 * self.radius), 0, 1)
        patches = fine_noise(rng, side, 0.35 * self.radius) + 0.4 * fine_noise(rng, side, 9 * unit)
        amount = 1 + self.zones * patches + 0.35 * self.zones * inner
        amount += 0.1 * fine_noise(rng, side, 2.2 * unit) + 0.06 * fine_noise(rng, side, 0.9)
        if self.network:
            near, second, _ = nearest_points(rng, side, self.mesh, 0.3 * self.mesh)
            net = np.exp(-(((second - near) / (0.3 * self.mesh)) ** 2)) - 0.35
            fades = np.clip(0.7 + 0.6 * fine_noise(rng, side, 0.3 * self.radius), 0, 1.3)
            amount += self.network * net * fades
        if self.globules:
            amount += self.globules * self._dots(rng, side)
        pale = self.pale * np.clip(fine_noise(rng, side, 0.3 * self.radius) - 0.9, 0, 1)
        pigment = melanin + self.dark * cover * np.clip(amount - pale, 0.08, 3)
        reddish = blood + self.red * cover * (1 + 0.4 * fine_noise(rng, side, 15 * unit))
        reddish += 0.12 * np.exp(-((depth / (14 * unit)) ** 2)) * (self.red > 0.2)
        absorbed = MELANIN[:, None, None] * pigment + BLOOD[:, None, None] * reddish
        image = (self.skin[:, None, None] * np.exp(-absorbed)).astype(np.float32)
        veil = fine_noise(rng, side, 0.35 * self.radius) + 0.4 * fine_noise(rng, side, 6 * unit)
        veil = np.clip(0.6 * veil - 0.2, 0, 1) * inner * cover
        toward(image, np.clip(self.veil * veil, 0, 0.7), np.array((0.38, 0.43, 0.52)))
        return image

    def _dots(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Dark dots and globules in loose groups."""
        count = int(rng.uniform(20, 120) * (side / 192 / self.unit) ** 2) + 1
        centres = rng.uniform(0, side, (count, 2))
        heap = fine_noise(rng, side, 0.3 * self.radius)
        kept = heap[tuple(centres.astype(int).T)] > -0.2
        centres = centres[kept]
        sizes = self.unit * rng.uniform(1.2, 3.8, len(centres))
        stamps = draw_stamps(rng, side, centres, sizes, stretch=1.15, rough=0.06)
        return np.clip(stamps.summed(stamps.coverage()), 0, 1)

    def _view(
        self, rng: np.random.Generator, frame: Frame, image: np.ndarray, centre: np.ndarray
    ) -> np.ndarray:
        """Darken what lies outside the round field of view; returns what is inside."""
        side = image.shape[-1]
        middle = 0.5 * (centre + side / 2) + rng.normal(0, 0.3 * side, 2)
        away = np.hypot(frame.y - middle[0], frame.x - middle[1])
        image *= np.clip(1.15 - 0.5 * (away / self.vignette) ** 3, 0.35, 1)
        inside = np.clip((self.vignette - away) / 3 + 0.5, 0, 1)
        image *= inside
        return inside > 0.5


def _bubbles(
    rng: np.random.Generator, frame: Frame, image: np.ndarray, count: int, unit: float
) -> None:
    """Gas bubbles in the gel: a bright and a dark ring, a highlight."""
    side = image.shape[-1]
    for _ in range(count):
        radius, centre = unit * rng.uniform(2.5, 16), rng.uniform(0, side, 2)
        away = frame.ellipse(centre, (radius, radius))
        ring = np.exp(-(((away - 0.93) * radius / 1.3) ** 2))
        image += rng.uniform(0.05, 0.25) * ring - 0.08 * np.exp(
            -(((away - 0.72) * radius / 2) ** 2)
        )
        spark = frame.ellipse(centre + radius * np.array([-0.45, 0.35]), (0.18 * radius + 0.8,) * 2)
        image += 0.4 * np.exp(-(spark**2))
    np.clip(image, 0, 1.05, out=image)


def _ruler(rng: np.random.Generator, frame: Frame, image: np.ndarray, unit: float) -> None:
    """Marks of a millimetre scale along one edge of the view."""
    side = image.shape[-1]
    angle = rng.choice([0.0, 0.5]) * np.pi + rng.normal(0, 0.03)
    y, x = frame.y - rng.choice([0.06, 0.94]) * side, frame.x - rng.choice([0.05, 0.95]) * side
    along, off = np.cos(angle) * y + np.sin(angle) * x, np.cos(angle) * x - np.sin(angle) * y
    step = 17 * unit * rng.uniform(0.8, 1.3)
    at = np.round(along / step)
    reach = np.where(at % 5 == 0, 14, 8) * unit
    mark = np.clip(1.1 * unit - np.abs(along - at * step) + 0.5, 0, 1)
    toward(image, 0.8 * mark * (np.abs(off) < reach), np.array((0.08, 0.08, 0.1)))
