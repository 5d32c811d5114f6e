"""Leaves seen from above, each with midrib, veins, a light and a dark half, and its shadow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage


@dataclass(frozen=True, eq=False)
class Leaf:
    """What all leaves of one sort of plant have in common.

    Parameters
    ----------
    stretch : float
        Length over half width.
    widest : float
        Where along it is widest, 0 to 1.
    stalk : float
        Share of its length that is stalk.
    lobes : float
        Depth of the teeth or lobes of its edge.
    teeth : float
        How many there are on each side.
    bend : float
        Deviation of the curvature of its midrib.
    colour : ndarray of float, shape (3,)
        Its mean colour.
    rib : float
        How much brighter midrib and veins are.
    veins : float
        How many side veins there are; 0 for grasses, whose veins run along.
    gloss : float
        Strength of the difference between its halves and of its bumps.
    """

    stretch: float
    widest: float
    stalk: float
    lobes: float
    teeth: float
    bend: float
    colour: np.ndarray
    rib: float
    veins: float
    gloss: float

    def paint(
        self, rng: np.random.Generator, canvas: np.ndarray, classes: np.ndarray,
        base: np.ndarray, angle: float, length: float, class_number: int,
        light: float = 0.8, shadow: float = 0.5, tone: float = 1.0,
    ) -> None:  # fmt: skip
        """Draw one leaf over what is there, in place.

        Parameters
        ----------
        rng : numpy.random.Generator
            Decides what differs from leaf to leaf.
        canvas : ndarray of float32, shape (3, side, side)
            The scene.
        classes : ndarray of uint8, shape (side, side)
            Gets the class number where the leaf is.
        base : ndarray of float, shape (2,)
            Where it starts.
        angle, length : float
            Where it points, how long it is in pixels.
        class_number : int
            Its class.
        light : float
            Angle of the light.
        shadow : float
            How dark its shadow is.
        tone : float
            Factor of its brightness; leaves beneath others are darker.
        """
        # Plain floats: numpy's own would turn every array below into float64.
        side, angle, length, tone = classes.shape[0], float(angle), float(length), float(tone)
        bend = float(rng.normal(0, self.bend))
        low, high = self._window(base, angle, length, bend, side)
        if (high - low < 3).any():
            return
        window = (slice(low[0], high[0]), slice(low[1], high[1]))
        along, across, half = self._coordinates(rng, low, high, base, angle, length, bend)
        inside = half - np.abs(across) * length
        alpha = np.clip(inside + 0.5, 0, 1) * (along > 0) * (along < 1)
        if not alpha.any():
            return
        part = canvas[:, window[0], window[1]]
        if shadow:
            offset = 0.06 * length + 1
            cast = _moved(alpha, round(-offset * math.sin(light)), round(-offset * math.cos(light)))
            part *= 1 - shadow * ndimage.gaussian_filter(cast, 0.5 + 0.03 * length)
        face = self._face(rng, along, across * length, half, angle - light) * tone
        part += alpha * (face - part)
        classes[window][alpha > 0.5] = class_number

    def _window(
        self, base: np.ndarray, angle: float, length: float, bend: float, side: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Corners of a box around a leaf and its shadow."""
        tall, wide = abs(math.sin(angle)), abs(math.cos(angle))
        middle = base + 0.5 * length * np.array([math.sin(angle), math.cos(angle)])
        pad = length * (1.15 / self.stretch + abs(bend)) + 2
        reach = np.array([0.55 * length * tall + pad * wide, 0.55 * length * wide + pad * tall])
        reach += 0.06 * length + 3
        low = np.clip((middle - reach).astype(int), 0, side)
        return low, np.clip((middle + reach).astype(int) + 1, 0, side)

    def _coordinates(
        self, rng: np.random.Generator, low: np.ndarray, high: np.ndarray, base: np.ndarray,
        angle: float, length: float, bend: float,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
        """Position along and across the midrib (shares of the length), half width in pixels."""
        y, x = np.mgrid[low[0] : high[0], low[1] : high[1]].astype(np.float32)
        sine, cosine = math.sin(angle), math.cos(angle)
        y, x = (y - float(base[0])) / length, (x - float(base[1])) / length
        along = y * sine + x * cosine
        across = y * cosine - x * sine
        across = across - bend * along**2
        blade = np.clip((along - self.stalk) / (1 - self.stalk), 0, 1)
        power = math.log(0.5) / math.log(self.widest)
        arch = np.maximum(np.sin(np.pi * blade**power), 0)  # float32 pi is beyond its zero.
        shape = arch ** (0.75 if self.widest > 0.4 else 0.9)
        if self.lobes:
            wave = np.abs(np.sin(np.pi * self.teeth * (blade + 0.3 * np.abs(across))))
            shape = shape * (1 - self.lobes * (1 - wave))
        uneven = 1 + 0.12 * rng.normal() * np.sign(across)
        half = length / self.stretch * shape * uneven
        stalk = max(0.035 * length / self.stretch**0.5, 0.7) * (along < self.stalk + 0.1)
        return along, across, np.maximum(half, stalk if self.stalk else 0.0)

    def _face(
        self, rng: np.random.Generator, along: np.ndarray, across: np.ndarray,
        half: np.ndarray, turned: float,
    ) -> np.ndarray:  # fmt: skip
        """Colour of each pixel of the leaf."""
        share = across / np.maximum(half, 0.7)
        wide = float(half.max())
        shade = 1 + self.gloss * math.sin(turned) * np.clip(share * 3, -1, 1) * 0.5
        shade += self.gloss * 0.4 * math.cos(turned) * (along - 0.5) - 0.1 * share**2
        bump = min(max(wide / 8, 0.7), 3)
        rough = ndimage.gaussian_filter(rng.standard_normal(share.shape, np.float32), bump)
        shade += 0.5 * self.gloss * rough * bump
        rib = np.exp(-((across / max(0.07 * wide, 0.7)) ** 2))
        if self.veins and wide > 3:
            comb = np.abs(np.sin(np.pi * self.veins * (along - 0.25 * np.abs(share))))
            rib = rib + 0.5 * np.exp(-((comb / 0.16) ** 2))
        elif wide > 3:
            rib = rib + 0.35 * np.cos(share * wide * 1.6)
        tint = self.colour * (1 + 0.07 * rng.standard_normal() + 0.03 * rng.standard_normal(3))
        pale = np.array((0.68, 0.75, 0.52), np.float32)
        face = tint.astype(np.float32)[:, None, None] * shade[None]
        return face + self.rib * rib * (pale[:, None, None] - face)


def _moved(plane: np.ndarray, down: int, right: int) -> np.ndarray:
    """The plane moved by whole pixels; zero where nothing comes from."""
    out = np.zeros_like(plane)
    rows, columns = plane.shape
    to = (slice(max(down, 0), rows + min(down, 0)), slice(max(right, 0), columns + min(right, 0)))
    of = (
        slice(max(-down, 0), rows + min(-down, 0)),
        slice(max(-right, 0), columns + min(-right, 0)),
    )
    if abs(down) < rows and abs(right) < columns:
        out[to] = plane[of]
    return out


GREENS = (
    (0.30, 0.48, 0.16), (0.22, 0.40, 0.14), (0.40, 0.56, 0.20), (0.18, 0.34, 0.17),
    (0.45, 0.55, 0.30), (0.28, 0.42, 0.26), (0.35, 0.50, 0.12),
)  # fmt: skip
"""Colours of leaves."""

SORTS = ("grass", "oval", "rosette", "toothed", "lobed", "cotyledon")


def draw_leaf(rng: np.random.Generator, sort: str | None = None) -> Leaf:
    """Draw a sort of leaf: one of `SORTS`, any if None."""
    sort = sort or str(rng.choice(SORTS))
    colour = np.array(GREENS[rng.integers(len(GREENS))]) * rng.uniform(0.75, 1.3)
    colour *= 1 + 0.05 * rng.standard_normal(3)
    colour += rng.uniform(0.0, 0.4) * (colour.mean() - colour)
    stretch = {"grass": rng.uniform(12, 30), "rosette": rng.uniform(4.5, 7)}
    lobes = {"toothed": rng.uniform(0.08, 0.25), "lobed": rng.uniform(0.3, 0.75)}
    return Leaf(
        stretch=stretch.get(sort, rng.uniform(2.6, 5.5)),
        widest=rng.uniform(0.25, 0.45) if sort == "grass" else rng.uniform(0.4, 0.7),
        stalk=rng.uniform(0.2, 0.5) if sort == "rosette" else float(rng.choice([0, 0.2])),
        lobes=lobes.get(sort, 0.0),
        teeth=rng.uniform(5, 12) if sort == "toothed" else rng.uniform(2.5, 5),
        bend=rng.uniform(0.1, 0.5) if sort == "grass" else rng.uniform(0.02, 0.2),
        colour=colour,
        rib=rng.uniform(0.0, 0.35),
        veins=0.0 if sort in ("grass", "cotyledon") else rng.uniform(5, 11),
        gloss=rng.uniform(0.15, 0.6),
    )
