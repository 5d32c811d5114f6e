"""Cracks in asphalt, concrete, plaster, stone, metal and brick."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from scipy.spatial import Voronoi

from pretraining.lookalikes.parts.exposure import exposed
from pretraining.lookalikes.parts.pavement import SURFACES, dirt, grain, surface, turned
from pretraining.lookalikes.parts.tapering import FAR, fine_noise, refined, stroke
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.tasks import Kind


@dataclass(frozen=True, eq=False)
class Cracks:
    """One series of photographs of a cracked surface.

    Parameters
    ----------
    question : str
        ``"cracks"``, ``"paint"``, ``"holes"``, ``"spalls"``, or ``"cracks and paint"`` (two
        classes).
    ground : str
        One of `pretraining.lookalikes.parts.pavement.SURFACES`.
    pattern : str
        ``"lines"`` that cross the image, or ``"net"`` (alligator and map cracking).
    camera : Camera
        How it is photographed.
    natural : float
        How much of its own brightness range an image keeps.
    colour, mixing : ndarray, shape (3,)
        Of the surface; share of each colour in a grey image.
    grey : bool
        Whether images have one channel.
    zoom : float
        Enlargement.
    half : float
        Typical half width in pixels.
    rough, light : float
        Strength of the surface's texture, direction of the light.
    bend, ragged, faint : float
        How far cracks stray, how rough their sides are, how much they fade along their way.
    dark, spall : float
        How much light the crack swallows (negative: filled with something pale), how bright its
        broken edges are.
    count, branches, cell : float
        Mean number of lines, of branches of each, and size of a cell of the net in pixels.
    dirty, holes, paint, spalls : float
        Mean number of stains and of small holes; chance of paint and of broken-out places.
    """

    question: str
    ground: str
    pattern: str
    camera: Camera
    natural: float
    colour: np.ndarray
    mixing: np.ndarray
    grey: bool
    zoom: float
    half: float
    rough: float
    light: float
    bend: float
    ragged: float
    faint: float
    dark: float
    spall: float
    count: float
    branches: float
    cell: float
    dirty: float
    holes: float
    paint: float
    spalls: float

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Image float32 (C, side, side) in 0 to 1, and its classes uint8 (side, side)."""
        tone = surface(self.ground, rng, side, self.zoom, self.light, self.rough)
        tint = rng.uniform(0, 0.02) * fine_noise(rng, side, 50 * self.zoom)
        image = self.colour[:, None, None] * (1 + 1.6 * tone)
        image = image * (1 + np.array([1, 0, -1])[:, None, None] * tint)
        paint = self._paint(rng, image, side)
        spalls = self._spalls(rng, image, side)
        paint = paint * (spalls < 0.5)
        holes = self._holes(rng, image, side)
        cracks = self._crack(rng, image, side)
        count = min(rng.poisson(self.dirty), 4)
        image *= dirt(rng, side, self.zoom, count)
        if self.grey:
            image = np.tensordot(self.mixing, image, 1)[None]
        image = np.maximum(image, 0).astype(np.float32)
        if self.question == "cracks and paint":
            classes = np.where(cracks, 1, np.where(paint > 0.5, 2, 0))
        else:
            classes = {"cracks": cracks, "paint": (paint > 0.5) & ~cracks, "holes": holes > 0.5,
                       "spalls": (spalls > 0.5)}[self.question]  # fmt: skip
        return exposed(self.camera, image, rng, self.natural), classes.astype(np.uint8)

    def _paint(self, rng: np.random.Generator, image: np.ndarray, side: int) -> np.ndarray:
        """A worn road mark or a painted area."""
        if rng.random() > self.paint:
            return np.zeros((side, side))
        along, across = turned(side, rng.uniform(0, np.pi), rng.uniform(-0.3, 0.3) * side)
        half = rng.uniform(8, 30) * self.zoom
        edge = half - np.abs(across) + 0.7 * fine_noise(rng, side, 1.5)
        if rng.random() < 0.4:
            edge = np.minimum(edge, along + rng.uniform(-0.3, 0.3) * side)
        cover = np.clip(edge + 0.5, 0, 1)
        worn = fine_noise(rng, side, 12 * self.zoom) + fine_noise(rng, side, 0.9 * self.zoom)
        cover = cover * np.clip((worn + rng.uniform(1.2, 3.5)) * 2, 0, 1)
        yellow = rng.random() < 0.3
        colour = np.array([0.95, 0.75, 0.25] if yellow else [0.9, 0.9, 0.88])[:, None, None]
        grit = 1 + 0.35 * (image.mean(0) / image.mean() - 1)
        image += 0.85 * cover * (colour * grit - image)
        return cover

    def _spalls(self, rng: np.random.Generator, image: np.ndarray, side: int) -> np.ndarray:
        """Places where the surface has broken out: rough, darker, with a shaded edge."""
        if rng.random() > self.spalls:
            return np.zeros((side, side))
        field = fine_noise(rng, side, 30 * self.zoom) + 0.12 * fine_noise(rng, side, 2)
        level = np.quantile(field[::4, ::4], rng.uniform(0.8, 0.96))
        cover = np.clip((field - level) * 12 * self.zoom + 0.5, 0, 1)
        inside = surface("asphalt", rng, side, 1.4 * self.zoom, self.light, 1.5)
        colour = (self.colour * rng.uniform(0.6, 1.1))[:, None, None] * (1 + 2 * inside)
        image += cover * (colour - image)
        down, right = np.gradient(ndimage.gaussian_filter(cover, 0.7))
        image *= 1 - 0.9 * (np.cos(self.light) * right + np.sin(self.light) * down)
        return cover

    def _holes(self, rng: np.random.Generator, image: np.ndarray, side: int) -> np.ndarray:
        """Small round holes with a lit far edge."""
        count = min(rng.poisson(self.holes * (side / 192) ** 2), 120)
        if not count:
            return np.zeros((side, side))
        radius = np.maximum(rng.lognormal(rng.uniform(-0.2, 0.5), 0.5, count) * self.zoom, 0.7)
        drawn = stroke(rng.uniform(0, side, (count, 2)), np.minimum(radius, 9), side)
        cover = np.clip(0.5 - drawn.outside - 0.5 * fine_noise(rng, side, 1.5), 0, 1)
        away = (round(1.5 * np.sin(self.light)), round(1.5 * np.cos(self.light)))
        rim = np.clip(np.roll(cover, away, (0, 1)) - cover, 0, 1)
        image *= (1 - rng.uniform(0.35, 0.75) * cover) * (1 + 0.15 * rim)
        return cover

    def _crack(self, rng: np.random.Generator, image: np.ndarray, side: int) -> np.ndarray:
        """Draw the cracks; returns where they are."""
        paths = self._net(rng, side) if self.pattern == "net" else self._lines(rng, side)
        if not paths:
            return np.zeros((side, side), bool)
        points = np.concatenate(paths)
        wide = np.maximum(points[:, 2], 0.5)
        drawn = stroke(points[:, :2], wide, side, 3)
        here = np.where(drawn.outside < FAR, wide[drawn.nearest], 0)
        rough = self.ragged * np.minimum(here, 2)
        outside = drawn.outside + rough * fine_noise(rng, side, 0.8 + 0.5 * self.half)
        cover = np.clip(0.5 - outside, 0, 1)
        strength = points[:, 3][drawn.nearest] * np.minimum(0.55 + 0.4 * here, 1)
        away = (round(1.3 * np.sin(self.light)), round(1.3 * np.cos(self.light)))
        edge = np.clip(np.roll(cover, away, (0, 1)) - cover, 0, 1) + 0.4 * np.exp(
            -np.clip(outside, 0, 9)
        ) * (cover == 0)
        image *= 1 + self.spall * edge * strength
        deep = np.clip(-outside / np.maximum(here, 0.5), 0, 1) * 0.35 + 0.65
        if self.dark > 0:
            floor = 1 + 0.06 * grain(rng, side)
            image *= 1 - np.clip(self.dark * strength * deep * floor, 0, 0.97) * cover
        else:
            image += -self.dark * strength * cover * (0.95 - image)
        return (outside <= 0) & (strength > 0)

    def _lines(self, rng: np.random.Generator, side: int) -> list[np.ndarray]:
        """Cracks that cross the image and their branches."""
        paths = []
        for _ in range(1 + rng.poisson(self.count - 1)):
            angle = rng.uniform(0, 2 * np.pi)
            middle = side / 2 + rng.uniform(-0.32, 0.32, 2) * side
            reach = side * rng.uniform(0.4, 0.9, 2)
            ahead = np.array([np.sin(angle), np.cos(angle)])
            half = self.half * log_uniform(rng, 0.7, 1.4)
            start, end = middle - ahead * reach[0], middle + ahead * reach[1]
            path = self._path(rng, start, end, half, ends=0.05)
            paths.append(path)
            for _ in range(rng.poisson(self.branches)):
                at = path[rng.integers(len(path))]
                turn = angle + rng.choice([0, np.pi]) + rng.choice([-1, 1]) * rng.uniform(0.3, 1.3)
                length = side * log_uniform(rng, 0.08, 0.5)
                tip = at[:2] + length * np.array([np.sin(turn), np.cos(turn)])
                paths.append(self._path(rng, at[:2], tip, at[2] * rng.uniform(0.4, 0.9), ends=1))
        return paths

    def _net(self, rng: np.random.Generator, side: int) -> list[np.ndarray]:
        """Cracks along the sides of cells."""
        count = int(((side + 2 * self.cell) / self.cell) ** 2)
        seeds = rng.uniform(-self.cell, side + self.cell, (max(count, 6), 2))
        cells = Voronoi(seeds)
        worn = fine_noise(rng, side, 0.5 * side) + rng.uniform(-0.2, 1.6)
        paths = []
        for first, second in cells.ridge_vertices:
            if first < 0:
                continue
            start, end = cells.vertices[first], cells.vertices[second]
            middle = (start + end) / 2
            if not ((middle > -5) & (middle < side + 5)).all() or np.abs(start - end).max() > side:
                continue
            row, column = np.clip(middle.astype(int), 0, side - 1)
            if worn[row, column] + rng.normal(0, 0.35) > 0:
                half = min(self.half, 0.06 * self.cell) * log_uniform(rng, 0.5, 1.5)
                paths.append(self._path(rng, start, end, half, ends=0.15))
        return paths

    def _path(
        self, rng: np.random.Generator, start: np.ndarray, end: np.ndarray, half: float, ends: float
    ) -> np.ndarray:
        """A crack as (N, 4): row, column, half width, strength; `ends` says how it tapers."""
        points = np.stack([start, end]).astype(float)
        length = float(np.hypot(*(end - start))) + 1e-6
        size = self.bend * length
        while length > 2.5 * self.zoom:
            across = np.diff(points, axis=0)[:, ::-1] * (1, -1)
            across /= np.hypot(across[:, 0], across[:, 1])[:, None] + 1e-6
            push = rng.standard_t(4, len(across))[:, None] * size * 0.5
            middle = (points[:-1] + points[1:]) / 2 + push * across
            points = np.insert(points, np.arange(1, len(points)), middle, axis=0)
            length, size = length / 2, size * rng.uniform(0.5, 0.62)
        fine = refined(points, 0.5)
        count = len(fine)
        slow = ndimage.gaussian_filter1d(rng.standard_normal(count), 18 * self.zoom) * 6
        quick = ndimage.gaussian_filter1d(rng.standard_normal(count), 3 * self.zoom) * 2.5
        along = np.linspace(0, 1, count)
        taper = 1 - ends * along**1.5 * 0.8
        if ends < 0.1:
            taper = np.clip(7 * np.minimum(along, 1 - along), 0.15, 1)
        wide = half * np.exp(0.35 * slow + 0.17 * quick) * taper
        strength = np.clip(1 - self.faint * np.clip(0.4 - 0.7 * slow, 0, 1.3), 0.22, 1)
        gone = self.faint * (-slow - 0.4 * quick) > 1.6
        fine = np.column_stack([fine, np.clip(wide, 0.3, 3 * half), strength])
        return fine[~gone]


def draw_cracks(rng: np.random.Generator) -> Kind:
    """Draw a series of photographs of cracks.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    questions = ("cracks", "cracks and paint", "paint", "holes", "spalls")
    question = str(rng.choice(questions, p=(0.86, 0.03, 0.03, 0.03, 0.05)))
    ground = str(rng.choice(SURFACES, p=(0.28, 0.3, 0.14, 0.11, 0.09, 0.08)))
    zoom = log_uniform(rng, 0.6, 2)
    bright = {"asphalt": 0.42, "concrete": 0.6, "plaster": 0.75, "brick": 0.5}.get(ground, 0.55)
    hue = {"plaster": 0.12, "brick": 0.05, "stone": 0.08}.get(ground, 0.025)
    warm = np.array([0.2, 0, -0.12]) if ground == "brick" else np.array([0.02, 0, -0.03])
    colour = np.clip(bright * rng.uniform(0.8, 1.2) + warm * rng.uniform(0, 1.5)
                     + rng.normal(0, hue, 3), 0.1, 0.95)  # fmt: skip
    camera = Camera(
        shade=rng.uniform(0, 0.3), light_scale=rng.uniform(80, 250), blur=rng.uniform(0, 1.2),
        noise=rng.uniform(0, 0.15), gamma=rng.uniform(0.75, 1.3),
        jpeg=int(rng.integers(40, 95)) if rng.random() < 0.6 else 0,
    )  # fmt: skip
    if rng.random() < 0.4:
        other = draw_camera(rng)
        camera = replace(other, inverted=other.inverted and rng.random() < 0.25,
                         blur=min(other.blur, 1.4), stripes=0)  # fmt: skip
    return Cracks(
        question, ground, "net" if rng.random() < 0.25 else "lines", camera,
        rng.choice([0.0, 1.0, rng.uniform(0.5, 1)], p=(0.2, 0.5, 0.3)), colour,
        mixing=rng.dirichlet((3, 4, 2)), grey=bool(rng.random() < 0.4), zoom=zoom,
        half=max(log_uniform(rng, 0.55, 2.7) * zoom**0.7, 0.6), rough=rng.uniform(0.5, 1.4),
        light=rng.uniform(0, 2 * np.pi), bend=rng.uniform(0.08, 0.3),
        ragged=rng.uniform(0.1, 0.45), faint=rng.uniform(0, 0.9),
        dark=-rng.uniform(0.4, 0.8) if rng.random() < 0.08 else rng.uniform(0.45, 0.9),
        spall=max(rng.uniform(-0.3, 0.5), 0), count=log_uniform(rng, 1, 2.5),
        branches=rng.choice([0.3, rng.uniform(0.5, 4)]), cell=log_uniform(rng, 18, 70) * zoom,
        dirty=rng.uniform(0.3, 2), holes=rng.uniform(20, 80) if question == "holes"
        else (ground != "asphalt") * rng.choice([0, 0, rng.uniform(2, 30)]),
        paint=1 if "paint" in question else rng.choice([0, 0, 0.4]),
        spalls=1 if question == "spalls" else rng.choice([0, 0, 0.4]),
    )  # fmt: skip
