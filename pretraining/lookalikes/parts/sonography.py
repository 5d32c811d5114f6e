"""Ultrasound: nodules and cysts in layered tissue, heads of unborn, chambers of hearts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.echoes import compressed, speckle
from pretraining.lookalikes.parts.scenery import Answers, Frame, off_centre, rough_patch
from pretraining.lookalikes.parts.tapering import fine_noise


@dataclass(frozen=True, eq=False)
class Ultrasound:
    """Examinations with one probe of one part of the body; lengths in pixels.

    Parameters
    ----------
    subject : str
        ``"nodule"``, ``"head"``, ``"heart"`` or ``"vessel"``.
    unit, radius : float
        The zoom, and the radius of what is looked for.
    grain : tuple of float
        Size of speckle down and across.
    echo : float
        How strongly a nodule reflects, in decibels relative to its surroundings.
    shadow, rough, layers, decibels, bend, attenuation : float
        Darkening (or, negative, brightening) below it; raggedness; strength of layers; range of
        the display and exponent of its greys; loss with depth in decibels per 100 pixels.
    sector : bool
        Whether the view is a sector with black beside it.
    """

    subject: str
    unit: float
    radius: float
    grain: tuple[float, float]
    echo: float
    shadow: float
    rough: float
    layers: float
    decibels: float
    bend: float
    attenuation: float
    sector: bool

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A field of view, (1, side, side), and its answers."""
        frame = Frame.of(side)
        radius = self.radius * np.exp(rng.normal(0, 0.15))
        centre = off_centre(rng, side, radius)
        level = self._tissue(rng, side)
        draw = {"nodule": self._nodule, "head": self._head, "heart": self._heart,
                "vessel": self._vessel}[self.subject]  # fmt: skip
        level, answers = draw(rng, frame, level, centre, radius)
        level = level - self.attenuation * frame.y / 100
        level = level + 3 * fine_noise(rng, side, 60 * self.unit)
        beams = ndimage.gaussian_filter1d(rng.standard_normal(side), 3 * self.unit)
        level = level + 4 * beams * np.clip(frame.y / side, 0, 1)
        power = 10 ** (level / 10) * speckle(rng, side, *self.grain) ** 2 + 10 ** (-4.2)
        image = compressed(ndimage.gaussian_filter(power, 0.4), self.decibels) ** self.bend
        if self.sector:
            seen = self._sector(rng, frame, side)
            image = image * seen
            answers = {name: found * (seen > 0.5) for name, found in answers.items()}
        return image[None], answers

    def _tissue(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Echo of tissue in decibels: lobules, layers and bright fasciae."""
        unit = self.unit
        slant = rng.normal(0, 0.12) * np.arange(side)[None] + np.arange(side)[:, None]
        bent = slant + 10 * unit * fine_noise(rng, side, 70 * unit)
        profile = ndimage.gaussian_filter1d(rng.standard_normal(3 * side), 12 * unit)
        profile = profile / max(profile.std(), 1e-6)
        at = np.clip(bent + side, 0, 3 * side - 1).astype(int)
        level = self.layers * 5 * profile[at].astype(np.float32)
        level += 2.5 * fine_noise(rng, side, 14 * unit) + 1.5 * fine_noise(rng, side, 5 * unit)
        squeezed = fine_noise(rng, 2 * side, 24 * unit)[::2, :side][:side]
        fascia = np.exp(-((squeezed / 0.09) ** 2)) * np.clip(fine_noise(rng, side, 40 * unit), 0, 2)
        level += 7 * self.layers * fascia
        for _ in range(rng.poisson(4 * self.layers)):
            line = (
                bent - rng.uniform(-0.1, 1.1) * side + 2 * unit * fine_noise(rng, side, 30 * unit)
            )
            level += rng.uniform(4, 11) * np.exp(-((line / (1.3 * unit)) ** 2))
        return level - 16

    def _below(self, inside: np.ndarray) -> np.ndarray:
        """How much of a thing lies above each pixel, 0 to 1."""
        total = np.cumsum(inside, 0) / (1.2 * self.radius)
        return ndimage.gaussian_filter1d(np.clip(total, 0, 1), 0.25 * self.radius, axis=1)

    def _nodule(
        self, rng: np.random.Generator, frame: Frame, level: np.ndarray, centre: np.ndarray,
        radius: float,
    ) -> tuple[np.ndarray, Answers]:  # fmt: skip
        """A lesion of the breast, the thyroid or the liver; dark lobules of fat look like it."""
        side, unit = frame.y.shape[0], self.unit
        depth = rough_patch(rng, frame, centre, radius, self.rough)
        for _ in range(int(rng.integers(0, 5))):
            other = rng.uniform(0, side, 2)
            size = rng.uniform(0.3, 0.9) * radius
            decoy = frame.ellipse(other, (0.5 * size, 1.4 * size), rng.normal(0, 0.2))
            level = level + 0.5 * self.echo * np.clip((1 - decoy) * 3, 0, 1)
        soft = rng.uniform(2, 7) * unit
        inside = np.clip(depth / soft + 0.5, 0, 1)
        echo = self.echo + 2.5 * fine_noise(rng, side, 0.3 * radius)
        dots = np.clip(fine_noise(rng, side, 1.6 * unit) - 2.2, 0, 1) * rng.choice([0, 14])
        level = level + inside * (np.minimum(-16 - level, 3) * 0.7 + echo + dots)
        rim = np.exp(-(((depth + 2 * unit) / (3 * unit)) ** 2))
        level = level + 4 * rim * np.clip(fine_noise(rng, side, 0.6 * radius), -0.5, 1.5)
        level = level - self.shadow * 12 * self._below(depth > 0) * (1 - inside)
        return level, {"lesion": depth > 0}

    def _head(
        self, rng: np.random.Generator, frame: Frame, level: np.ndarray, centre: np.ndarray,
        radius: float,
    ) -> tuple[np.ndarray, Answers]:  # fmt: skip
        """The head of an unborn child: a bright oval of bone with its midline, in dark water."""
        side, unit = frame.y.shape[0], self.unit
        turn = rng.normal(0, 0.5) + np.pi / 2
        away = frame.ellipse(centre, (1.25 * radius, radius), turn)
        away = away + 0.025 * fine_noise(rng, side, radius)
        depth = (1 - away) * radius
        water = np.clip(-depth / 12 + fine_noise(rng, side, 0.8 * radius), 0, 1) * (depth < 0)
        level = level - 18 * water * rng.uniform(0.3, 1)
        inside = depth > 0
        within = -9 + 3 * fine_noise(rng, side, 0.2 * radius) - 6 * (away < 0.5)
        level = np.where(inside, level * 0.35 - 12 + within, level)
        y, x = frame.y - centre[0], frame.x - centre[1]
        off = np.cos(turn) * x - np.sin(turn) * y
        level = level + 12 * np.exp(-((off / (1.8 * unit)) ** 2)) * (away < 0.85)
        for hand in (-1, 1):
            at = centre + hand * 0.3 * radius * np.array([-np.sin(turn), np.cos(turn)])
            hole = frame.ellipse(at, (0.5 * radius, 0.12 * radius), turn)
            level = level - 10 * np.clip((1.1 - hole) * 3, 0, 1)
        # Bone reflects where it lies across the beam.
        facing = 0.35 + 0.65 * (y / np.maximum(np.hypot(y, x), 1)) ** 2
        bone = np.exp(-(((depth - 2.5 * unit) / (3.2 * unit)) ** 2))
        level = level + 26 * bone * facing * np.clip(0.9 + 0.25 * fine_noise(rng, side, 30), 0, 1.2)
        return level, {"lesion": inside, "wall": np.where(inside, 1 + (depth < 6 * unit), 0)}

    def _heart(
        self, rng: np.random.Generator, frame: Frame, level: np.ndarray, centre: np.ndarray,
        radius: float,
    ) -> tuple[np.ndarray, Answers]:  # fmt: skip
        """Chambers of the heart from its tip: dark blood between bright walls."""
        side, unit = frame.y.shape[0], self.unit
        ripple = 0.1 * fine_noise(rng, side, 0.5 * radius) + 0.05 * fine_noise(rng, side, 9 * unit)
        tilt = rng.normal(0, 0.2)
        chamber = (1 - frame.ellipse(centre, (1.5 * radius, 0.75 * radius), tilt) - ripple) * radius
        below = centre + np.array([2.1, 0.1]) * radius
        atrium = (1 - frame.ellipse(below, (0.7 * radius, 0.75 * radius)) - ripple) * radius
        beside = centre + np.array([0.3, -1.65 * rng.choice([-1, 1])]) * radius
        right = (1 - frame.ellipse(beside, (1.2 * radius, 0.55 * radius), tilt) - ripple) * radius
        holes = np.maximum(np.maximum(chamber, atrium), right)
        wall = np.clip(-holes / (0.35 * radius), 0, 1)
        level = level + 6 * (wall < 1) - 12 * np.clip(wall - 0.8, 0, 1)
        soft = rng.uniform(3, 8) * unit
        blood = np.clip(holes / soft + 0.5, 0, 1)
        clutter = 5 * np.clip(fine_noise(rng, side, 20 * unit), -1, 2)
        level = level + blood * (-level - 42 + clutter)
        lining = np.exp(-(((holes + 3 * unit) / (2.5 * unit)) ** 2))
        level = level + 7 * lining * np.clip(fine_noise(rng, side, 14 * unit) + 0.3, -0.6, 1.4)
        return level, {"lesion": chamber > 0, "wall": np.where(chamber > 0, 1, 2 * (holes > 0))}

    def _vessel(
        self, rng: np.random.Generator, frame: Frame, level: np.ndarray, centre: np.ndarray,
        radius: float,
    ) -> tuple[np.ndarray, Answers]:  # fmt: skip
        """Vessels across or along: dark inside, with a double bright wall."""
        side, unit = frame.y.shape[0], self.unit
        long = 1.0 if rng.random() < 0.6 else 9.0
        turn = np.pi / 2 + rng.normal(0, 0.15)
        depth = np.full((side, side), -99.0, np.float32)
        for number in range(int(rng.integers(1, 4))):
            at = centre if number == 0 else rng.uniform(0, side, 2)
            size = radius * (1 if number == 0 else rng.uniform(0.3, 0.9))
            away = frame.ellipse(at, (size * long, size * rng.uniform(0.75, 1)), turn)
            away = away + 0.05 * fine_noise(rng, side, radius)
            depth = np.maximum(depth, (1 - away) * size)
        inside = np.clip(depth / (2.5 * unit) + 0.5, 0, 1)
        wall = np.exp(-(((depth + 2 * unit) / (2 * unit)) ** 2))
        outer = np.exp(-(((depth + 7 * unit) / (2 * unit)) ** 2))
        level = level + (9 * wall + 6 * outer) * (0.5 + 0.4 * fine_noise(rng, side, 25 * unit))
        level = level + inside * (-level - 38 + 4 * fine_noise(rng, side, 15 * unit))
        level = level + 6 * self._below(depth > 0) * (1 - inside)
        return level, {"lesion": depth > 0}

    def _sector(self, rng: np.random.Generator, frame: Frame, side: int) -> np.ndarray:
        """What a curved probe sees, of which one flank lies in the view."""
        tip = np.array([-rng.uniform(0.4, 1.5) * side, side * rng.choice([-0.1, 0.5, 1.1])])
        y, x = frame.y - tip[0], frame.x - tip[1]
        angle = np.arctan2(x, y)
        middle = float(np.arctan2(side / 2 - tip[1], side / 2 - tip[0]))
        half = rng.uniform(0.28, 0.5)
        flank = (half - np.abs(angle - middle * 0.5)) * np.hypot(y, x)
        return np.clip(flank + 0.5, 0, 1)
