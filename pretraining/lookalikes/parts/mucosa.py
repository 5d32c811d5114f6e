"""The inside of the gut as an endoscope shows it: folds, polyps, vessels, highlights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.scenery import Answers, Frame, off_centre, toward
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.wandering import Path, drawn, walk


@dataclass(frozen=True, eq=False)
class Endoscopy:
    """One patient's mucosa; lengths in pixels.

    Parameters
    ----------
    unit, radius : float
        The zoom, and the radius of polyps.
    mucosa, polyp : ndarray, shape (3,)
        Colours.
    high, round, folds, wet : float
        Height of polyps, how flat they end (0.5 round, 1.5 flat), height of folds; strength of
        highlights.
    vessels, pits, speckled : float
        Number of vessels; strength of the texture on polyps and elsewhere.
    lumen, near : float
        How dark the far end is; how fast light falls off.
    bubbles : float
        Mean number of bubbles and crumbs of stool.
    mask : bool
        Whether the dark frame of the image is in view.
    """

    unit: float
    radius: float
    mucosa: np.ndarray
    polyp: np.ndarray
    high: float
    round: float
    folds: float
    wet: float
    vessels: float
    pits: float
    speckled: float
    lumen: float
    near: float
    bubbles: float
    mask: bool

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A field of view, (3, side, side), and its answers."""
        frame, unit = Frame.of(side), self.unit
        polyp, dome, away = self._polyps(rng, frame, side)
        height, tunnel = self._folds(rng, frame, side)
        # Folds end softly where a polyp begins: a step would shade as a black outline.
        flat = ndimage.gaussian_filter(polyp, 9 * unit, truncate=2)
        height = height * (1 - 0.8 * flat) + dome
        fine = 0.5 * unit * self.speckled * fine_noise(rng, side, 2.2 * unit)
        fine += 0.8 * unit * self.speckled * fine_noise(rng, side, 6 * unit)
        height = height + fine * (1 + self.pits * polyp)
        image = self._coloured(rng, side, polyp)
        light, shine = self._lit(rng, frame, side, height, tunnel)
        crease = np.clip((away - 1) * self.radius / (10 * unit), 0, None)
        light = light * (1 - 0.3 * self.high * np.exp(-crease) * (1 - polyp))
        image *= light
        if self.bubbles:
            self._crumbs(rng, frame, image, side)
        toward(image, shine, np.array((0.97, 0.98, 1.0)))
        answers = {"polyp": polyp > 0.5, "highlights": shine > 0.5}
        if self.mask:
            seen = self._seen(rng, frame, side)
            image *= seen
            answers = {name: found & (seen > 0.5) for name, found in answers.items()}
        return image, answers

    def _polyps(
        self, rng: np.random.Generator, frame: Frame, side: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where polyps are (0 to 1), their height, and the distance from them, 1 at outlines."""
        away = np.full((side, side), 9.0, np.float32)
        count = 1 + int(rng.random() < 0.2)
        for _ in range(count):
            radius = self.radius * np.exp(rng.normal(0, 0.2)) / count**0.5
            stretch = np.exp(rng.normal(0, 0.18))
            centre, turn = off_centre(rng, side, radius), rng.uniform(0, np.pi)
            one = frame.ellipse(centre, (radius * stretch, radius / stretch), turn)
            one = one + 0.1 * fine_noise(rng, side, 0.6 * radius)
            lobes = rng.choice([0.02, 0.06])
            away = np.minimum(away, one + lobes * fine_noise(rng, side, 0.22 * radius))
        cover = np.clip((1 - away) * self.radius / (2.5 * self.unit) + 0.5, 0, 1)
        dome = self.high * self.radius * np.clip(1.02 - away**2, 0, 1) ** self.round
        return cover, ndimage.gaussian_filter(dome, 3 * self.unit), away

    def _folds(
        self, rng: np.random.Generator, frame: Frame, side: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Height of the wall, and how far away it is (0 near, 1 in the depth of the gut)."""
        unit = self.unit
        centre = side / 2 + rng.uniform(-1.1, 1.1, 2) * side
        away = np.hypot(frame.y - centre[0], frame.x - centre[1])
        bent = away + 18 * unit * fine_noise(rng, side, 60 * unit)
        phase = bent / (45 * unit) + rng.uniform(0, 9)
        ridge = np.abs(np.sin(phase)) ** 0.6 * np.clip(0.6 + fine_noise(rng, side, 60 * unit), 0, 2)
        height = self.folds * 20 * unit * ridge + 7 * unit * fine_noise(rng, side, 45 * unit)
        tunnel = np.exp(-((bent / (80 * unit)) ** 2))
        return height, tunnel

    def _coloured(self, rng: np.random.Generator, side: int, polyp: np.ndarray) -> np.ndarray:
        """Colour before light falls on it."""
        unit = self.unit
        blood = 0.22 * fine_noise(rng, side, 35 * unit) + 0.09 * fine_noise(rng, side, 5 * unit)
        blood += 0.05 * fine_noise(rng, side, 1.3)
        paths: list[Path] = []
        for _ in range(rng.poisson(self.vessels * (side / 192 / unit) ** 2)):
            start, angle = rng.uniform(0, side, 2), rng.uniform(0, 6.3)
            thick = rng.uniform(0.6, 1.5) * unit
            path = walk(rng, start, angle, rng.uniform(30, 110) * unit, (thick, 0.4 * thick),
                        (0.9, 9 * unit))  # fmt: skip
            paths.append(path)
            for at in rng.integers(len(path.points), size=rng.poisson(2.5)):
                turn = path.angles[at] + rng.choice([-1, 1]) * rng.uniform(0.4, 1)
                paths.append(walk(rng, path.points[at], turn, rng.uniform(8, 45) * unit,
                                  (0.6 * thick, 0.3 * thick), (0.9, 9 * unit)))  # fmt: skip
        if paths:
            net = ndimage.gaussian_filter(drawn(paths, side)[0], 0.7 * unit)
            blood += 0.75 * net * (1 - 0.9 * polyp)
        if self.pits:
            pattern = fine_noise(rng, side, 2.6 * unit) * fine_noise(rng, side, 25 * unit)
            blood += 0.14 * self.pits * pattern * polyp
        base = self.mucosa[:, None, None] + polyp * (self.polyp - self.mucosa)[:, None, None]
        return (base * np.exp(-np.array((0.25, 0.9, 0.8))[:, None, None] * blood)).astype("f4")

    def _lit(
        self, rng: np.random.Generator, frame: Frame, side: int, height: np.ndarray,
        tunnel: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """Diffuse light, and highlights (0 to 1), of a lamp next to the camera."""
        lamp = side / 2 + rng.normal(0, 0.5 * side, 2)
        down, right = np.gradient(height)
        far = 260 * self.unit
        to_y, to_x = (lamp[0] - frame.y) / far, (lamp[1] - frame.x) / far
        norm = np.sqrt(1 + down**2 + right**2) * np.sqrt(1 + to_y**2 + to_x**2)
        facing = np.clip((1 - down * to_y - right * to_x) / norm, 0, 1)
        near = 1 / (1 + self.near * (to_y**2 + to_x**2) * 2)
        light = facing**1.3 * near * (1 - self.lumen * tunnel) * (1 + 0.004 * height / self.unit)
        film = height + self.unit * fine_noise(rng, side, 6 * self.unit)
        steep, across = np.gradient(ndimage.gaussian_filter(film, 1.6 * self.unit))
        off = np.hypot(steep - 0.8 * to_y, across - 0.8 * to_x)
        mirror = fine_noise(rng, side, 14 * self.unit) + fine_noise(rng, side, 40 * self.unit)
        shine = np.clip((0.1 + 0.03 * self.wet - off) * 14, 0, 1) * np.clip(
            (mirror - 2.0 + self.wet) * 2, 0, 1
        )
        shine = ndimage.gaussian_filter(shine * near * (1 - tunnel), 0.5 * self.unit)
        light = 0.85 * light / max(float(np.percentile(light[::4, ::4], 97)), 0.05)
        return np.clip(light, 0.02, 1.2), np.clip(2.2 * shine, 0, 1)

    def _crumbs(self, rng: np.random.Generator, frame: Frame, image: np.ndarray, side: int) -> None:
        """Bubbles of foam and yellow crumbs."""
        for _ in range(rng.poisson(self.bubbles)):
            centre, radius = rng.uniform(0, side, 2), rng.uniform(1.5, 7) * self.unit
            away = frame.ellipse(centre, (radius, radius * rng.uniform(0.8, 1.2)))
            if rng.random() < 0.5:
                image += 0.22 * np.exp(-(((away - 1) * radius / (0.8 * self.unit)) ** 2))
            else:
                ragged = away + 0.25 * fine_noise(rng, side, max(0.5 * radius, 1))
                cover = np.clip((1 - ragged) * radius + 0.5, 0, 1)
                toward(image, 0.8 * cover, np.array((0.62, 0.5, 0.2)))

    def _seen(self, rng: np.random.Generator, frame: Frame, side: int) -> np.ndarray:
        """The octagon that the image fills, near one of its corners."""
        edges = rng.uniform(0.03, 0.12, 2) * side
        flips = rng.random(2) < 0.5
        y = side - 1 - frame.y if flips[0] else frame.y
        x = side - 1 - frame.x if flips[1] else frame.x
        inner = np.minimum(np.minimum(y - edges[0], x - edges[1]), (y + x) * 0.7 - 0.3 * side)
        return np.clip(inner + 0.5, 0, 1)
