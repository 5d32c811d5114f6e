"""Flat specimens with a long axis: leaves with their veins, wings of insects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.aerial import blend
from pretraining.lookalikes.parts.stamps import draw_stamps
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import fractal
from pretraining.textures import nearest_points

Found = dict[str, np.ndarray]
"""Classes by what may be asked."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Coordinates of one specimen, each (side, side).

    Parameters
    ----------
    along : ndarray
        0 at its base to 1 at its tip.
    across : ndarray
        Pixels from its axis.
    turn : float
        Its direction.
    """

    along: np.ndarray
    across: np.ndarray
    turn: float


def framed(rng: np.random.Generator, side: int, length: float, bend: float) -> Frame:
    """Lay a specimen of a length in pixels so that a part of it is seen."""
    turn, seen = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.7)
    y, x = np.mgrid[:side, :side].astype(np.float32)
    middle = side * rng.uniform(0.35, 0.65, 2)
    y, x = y - np.float32(middle[0]), x - np.float32(middle[1])
    along = (np.sin(turn) * y + np.cos(turn) * x) / length + seen
    across = np.cos(turn) * y - np.sin(turn) * x
    across = across - bend * length * ((along - seen) ** 2)
    across = across + 0.008 * length * fine_noise(rng, side, 0.3 * length)
    return Frame(along.astype(np.float32), across.astype(np.float32), turn)


def comb(position: np.ndarray, marks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the nearest of sorted marks, and which of them that is."""
    middles = (marks[1:] + marks[:-1]) / 2
    nearest = np.searchsorted(middles, position)
    return np.abs(position - marks[nearest]), nearest


def moved(plane: np.ndarray, pixels: int) -> np.ndarray:
    """The plane moved down and right; its border is repeated."""
    return np.pad(plane, ((pixels, 0), (pixels, 0)), mode="edge")[:-pixels, :-pixels]


@dataclass(frozen=True, eq=False)
class Blade:
    """A sort of leaf and how it is prepared.

    Parameters
    ----------
    length, stretch, widest, teeth : float
        In pixels; length over half width; where it is widest; depth of its teeth.
    pairs, lean : float
        Number of side veins; how far they point to the tip.
    mesh : float
        Size of the areoles over the length.
    width : float
        Half width of the midrib in pixels.
    lamina, vein, ground : ndarray, shape (3,)
        Colours.
    harm : ndarray, shape (3,)
        Colour of what is dead; holes show the ground.
    damaged, gloss : float
        About 0 to 1.
    """

    length: float
    stretch: float
    widest: float
    teeth: float
    pairs: float
    lean: float
    mesh: float
    width: float
    lamina: np.ndarray
    vein: np.ndarray
    ground: np.ndarray
    harm: np.ndarray
    damaged: float
    gloss: float

    def paint(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Found]:
        """Colours (3, side, side), and where leaf, veins and damage are."""
        frame = framed(rng, side, self.length, rng.normal(0, 0.12))
        u = np.clip(frame.along, 0, 1)
        arch = np.sin(np.pi * u ** (np.log(0.5) / np.log(self.widest))).clip(0) ** 0.8
        saw = (u * self.pairs * 3 + 0.2 * fine_noise(rng, side, 9)) % 1
        half = self.length / self.stretch * arch * (1 - self.teeth * saw) + 0.1
        leaf = np.clip(half - np.abs(frame.across) + 0.5, 0, 1)
        leaf = leaf * (frame.along > 0) * (frame.along < 1)
        ground = self.ground[:, None, None] * (1 + 0.03 * fractal(rng, side, 0.5 * side))
        shift = max(round(0.012 * self.length), 1)
        image = ground * (1 - 0.3 * moved(leaf, shift))
        veins, relief = self._veins(rng, side, frame, half)
        tone = 1 + 0.06 * fractal(rng, side, 40) + 0.04 * fine_noise(rng, side, 0.8)
        tone = tone + self.gloss * (0.25 * relief + 0.15 * np.sign(frame.across))
        face = self.lamina[:, None, None] * tone
        yellow = np.clip(0.4 * fractal(rng, side, 0.2 * self.length), 0, 0.5) * self.damaged
        blend(face, yellow, np.array([0.72, 0.68, 0.3]))
        blend(face, 0.9 * veins, self.vein[:, None, None] * (1 + 0.05 * fine_noise(rng, side, 2)))
        dead, holes = self._damage(rng, side)
        halo = np.clip(1.6 - np.abs(dead * 3 - 1), 0, 1) * (dead < 0.5)
        blend(face, 0.4 * halo, np.array([0.75, 0.7, 0.35]))
        rot = self.harm[:, None, None] * (1 + 0.15 * fractal(rng, side, 8))
        blend(face, np.clip(dead * 2 - 0.5, 0, 1), rot)
        blend(image, leaf, face)
        blend(image, holes * leaf, ground * 0.93)
        there = (leaf > 0.5) & (holes < 0.5)
        rotten = dead > 0.5
        return image, {
            "leaf": there, "veins": (veins > 0.5) & there & ~rotten,
            "damage": (rotten | (holes > 0.5)) & (leaf > 0.5),
        }  # fmt: skip

    def _veins(
        self, rng: np.random.Generator, side: int, frame: Frame, half: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Cover of the veins and the bumps between them."""
        share = np.clip(np.abs(frame.across) / np.maximum(half, 1), 0, 1)
        wide = np.maximum(self.width * (1.1 - frame.along), 0.5)
        outside = np.abs(frame.across) - wide
        bumps = np.zeros((side, side), np.float32)
        for hand in (-1, 1):
            marks = (np.arange(-3, int(self.pairs) + 3) + rng.normal(0, 0.12)) / self.pairs
            marks = np.sort(marks + rng.normal(0, 0.12 / self.pairs, len(marks)))
            wobble = 0.01 * fine_noise(rng, side, 0.08 * self.length)
            at = frame.along - self.lean * np.abs(frame.across) / self.length * (
                1 + 0.7 * share
            ) + wobble  # fmt: skip
            off, _ = comb(at, marks)
            off = off * self.length / np.hypot(1, 1.4 * self.lean)
            thick = np.maximum(0.55 * self.width * (1.05 - share), 0.45)
            here = frame.across * hand > 0
            outside = np.where(here, np.minimum(outside, off - thick), outside)
            bumps = np.where(here, np.minimum(off * self.pairs / self.length * 2, 1), bumps)
        near, second, _ = nearest_points(rng, side, max(self.mesh * self.length, 7), 2.0)
        fine = (second - near) / 2 - max(0.1 * self.width, 0.3)
        if 3 * self.mesh * self.length > 16:
            near, second, _ = nearest_points(rng, side, 3 * self.mesh * self.length, 4.0)
            outside = np.minimum(outside, (second - near) / 2 - max(0.2 * self.width, 0.4))
        if self.mesh * self.length > 12:
            outside = np.minimum(outside, fine)
        return np.clip(0.5 - outside, 0, 1), bumps - 0.4 * np.clip(0.5 - fine, 0, 1)

    def _damage(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Cover of dead spots and of holes."""
        dead, holes = np.zeros((2, side, side), np.float32)
        for plane, most in ((dead, 14), (holes, 5)):
            count = rng.poisson(self.damaged * most)
            if count and self.damaged > 0.15:
                radii = np.exp(rng.normal(np.log(0.018 * self.length), 0.6, count))
                radii = np.clip(radii, 1.5, 0.14 * side)
                spots = draw_stamps(rng, side, rng.uniform(0, side, (count, 2)), radii,
                                    stretch=rng.uniform(1, 2, count), rough=0.2)  # fmt: skip
                np.maximum.at(plane.reshape(-1), spots.pixel, spots.coverage())
        return dead, holes


@dataclass(frozen=True, eq=False)
class Wing:
    """A sort of insect wing.

    Parameters
    ----------
    length, stretch : float
        In pixels; length over half width.
    main : int
        Number of veins along it.
    crossed : float
        Number of veins across each strip.
    width : float
        Half width of the thickest vein in pixels.
    vein, membrane, ground : ndarray, shape (3,)
        Colours.
    clear, spotted, dotted : float
        Transparency; how many spots; strength of its small hairs.
    """

    length: float
    stretch: float
    main: int
    crossed: float
    width: float
    vein: np.ndarray
    membrane: np.ndarray
    ground: np.ndarray
    clear: float
    spotted: float
    dotted: float

    def paint(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Found]:
        """Colours (3, side, side), and where wing, veins and spots are."""
        frame = framed(rng, side, self.length, rng.normal(0, 0.05))
        u = np.clip(frame.along, 1e-3, 1)
        half = self.length / self.stretch * np.sin(np.pi * u**1.25).clip(0) ** 0.6 + 0.1
        v = frame.across / half
        body = np.clip(half - np.abs(frame.across) + 0.5, 0, 1)
        body = body * (frame.along > 0) * (frame.along < 1)
        lines = np.linspace(-0.97, 0.85, self.main)
        lines[1:-1] += rng.normal(0, 0.25 / self.main, self.main - 2)
        outside = np.abs(np.abs(frame.across) - half) - 0.35 * self.width
        strip = np.zeros((side, side), int)
        for line, wave in zip(np.sort(lines), rng.normal(0, 0.04, self.main), strict=True):
            at = line + wave * np.sin(5 * u)
            thick = np.maximum(self.width * (1 - 0.6 * u) * (1.2 if line < -0.9 else 0.7), 0.5)
            outside = np.minimum(outside, np.abs(v - at) * half - thick)
            strip += v > at
        for number in range(self.main + 1):
            marks = np.sort(rng.uniform(0.1, 1.0, max(rng.poisson(self.crossed), 2)))
            if self.crossed > 8:
                marks = np.linspace(0.05, 1, int(self.crossed)) + rng.normal(0, 0.006)
            off, _ = comb(u + 0.03 * v + 0.006 * fine_noise(rng, side, 15), marks)
            off = off * self.length - max(0.4 * self.width, 0.45)
            outside = np.where(strip == number, np.minimum(outside, off), outside)
        near = np.clip(half - np.abs(frame.across) + 0.5 + 0.35 * self.width, 0, 1)
        near = near * (frame.along > 0) * (frame.along < 1) * (half > 0.5)
        veins = np.clip(0.5 - outside, 0, 1) * near
        image = self.ground[:, None, None] * (1 + 0.03 * fractal(rng, side, 0.5 * side))
        film = fractal(rng, side, 0.15 * self.length) + 3 * v
        shine = np.stack([np.sin(film + phase) for phase in (0, 2, 4)]) * 0.06 * self.dotted
        hairs = np.clip(fine_noise(rng, side, 0.7) - 1, 0, 1) * self.dotted
        tinted = self.membrane[:, None, None] * (1 + shine - 0.35 * hairs)
        blend(image, body * (1 - self.clear * 0.85), tinted)
        field = fractal(rng, side, 0.09 * self.length, 0.35)
        spots = np.clip((field - 2.6 + 1.6 * self.spotted) * 6, 0, 1) * body
        cell = (strip == 1) & (np.abs(u - 0.8) < 0.06) & (self.spotted > 0.3)
        spots = np.maximum(spots, cell * body)
        blend(image, 0.8 * spots, self.vein * 1.2 + 0.03)
        blend(image, 0.95 * veins, self.vein)
        return image, {"wing": body > 0.5, "veins": veins > 0.5, "spots": spots > 0.5}
