"""Fundus photographs: vessels, optic disc and lesions of the eye's ground."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.exposure import exposed
from pretraining.lookalikes.parts.tapering import Strokes, fine_noise, stroke
from pretraining.lookalikes.parts.vessel_tree import Habit, grown_tree
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.tasks import Kind

MACULA = 15.5
"""Distance of the fovea from the optic disc in degrees."""


@dataclass(frozen=True, eq=False)
class Eye:
    """Where one image looks.

    Parameters
    ----------
    disc, fovea, middle : ndarray, shape (2,)
        Pixel positions of the landmarks and of the field of view.
    degree : float
        Pixels per degree.
    temporal : int
        1 if the fovea is to the right of the disc, else -1.
    """

    disc: np.ndarray
    fovea: np.ndarray
    middle: np.ndarray
    degree: float
    temporal: int


@dataclass(frozen=True, eq=False)
class Retina:
    """One series of fundus images with one question.

    Parameters
    ----------
    question : str
        ``"vessels"``, ``"arteries and veins"``, ``"disc"``, ``"bright"`` or ``"dark"`` lesions.
    modality : str
        ``"colour"``, ``"grey"`` or ``"angiography"`` (bright vessels).
    camera : Camera
        How it is imaged.
    natural : float
        How much of its own brightness range an image keeps.
    degree, view : float
        Pixels per degree, and radius of the field of view in degrees.
    colour, absorbed : ndarray, shape (3,)
        Of the ground, and how strongly blood takes away each colour.
    mixing : ndarray, shape (3,)
        Share of each colour in a grey image.
    width, density, wiggle, reflex : float
        Of the vessels: factor on widths and on numbers, winding, the bright line in the middle.
    choroid, vignette : float
        Strength of the deep vessels' pattern and of the light's fall towards the border.
    bright, dark : float
        Share of the image with bright and dark lesions.
    drusen : bool
        Whether bright lesions are round, pale and soft, not sharp and yellow.
    """

    question: str
    modality: str
    camera: Camera
    natural: float
    degree: float
    view: float
    colour: np.ndarray
    absorbed: np.ndarray
    mixing: np.ndarray
    width: float
    density: float
    wiggle: float
    reflex: float
    choroid: float
    vignette: float
    bright: float
    dark: float
    drusen: bool

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Image float32 (C, side, side) in 0 to 1, and its classes uint8 (side, side)."""
        eye = self._look(rng, side)
        rows, columns = np.mgrid[:side, :side].astype(np.float32)
        vessels = [self._vessels(rng, eye, side, artery) for artery in (False, True)]
        depth = [self._depth(strokes, radius) for strokes, radius in vessels]
        bright = _spots(rng, side, self.degree * (0.22 if self.drusen else 0.14), self.bright)
        dark = _spots(rng, side, self.degree * rng.uniform(0.15, 0.5), self.dark)
        disc, cup = _disc(rng, eye, rows, columns)
        view = np.hypot(rows - eye.middle[0], columns - eye.middle[1]) / self.degree
        ground = self._ground(rng, eye, side, rows, columns)
        if self.modality == "angiography":
            image = self._fluorescence(ground, depth, disc, bright, dark)[None]
        else:
            image = self._reflected(ground, depth, disc, cup, bright, dark)
        image = image * (1 - self.vignette * np.clip(view / self.view, 0, 1.2) ** 2)
        seen = np.clip((self.view - view) * self.degree / 1.5 + 0.5, 0, 1)
        image = image * seen + 0.02 * (1 - seen)
        if self.modality == "grey":
            image = np.tensordot(self.mixing, image, 1)[None]
        classes = self._classes([part.outside <= 0 for part, _ in vessels], disc, bright, dark)
        classes[seen < 0.5] = 0
        return exposed(self.camera, image.astype(np.float32), rng, self.natural), classes

    def _look(self, rng: np.random.Generator, side: int) -> Eye:
        """Choose which part of the eye's ground is seen."""
        temporal = int(rng.choice([-1, 1]))
        fovea = np.array([rng.normal(1.5, 1), temporal * MACULA * rng.uniform(0.93, 1.07)])
        middle = fovea * rng.choice([0.0, 0.6, 0.9], p=(0.2, 0.4, 0.4)) + rng.normal(0, 0.7, 2)
        away = np.clip(self.view - 0.48 * side / self.degree, 0.3 * self.view, 12)
        for _ in range(9):
            offset = rng.uniform(-1, 1, 2) * away
            if np.hypot(*offset) < away:
                break
        seen = middle + offset
        if self.question == "disc":
            seen = rng.uniform(-0.35, 0.35, 2) * side / self.degree
        shift = side / 2 - seen * self.degree
        return Eye(shift, fovea * self.degree + shift, middle * self.degree + shift, self.degree,
                   temporal)  # fmt: skip

    def _vessels(
        self, rng: np.random.Generator, eye: Eye, side: int, artery: bool
    ) -> tuple[Strokes, np.ndarray]:
        """The tree of arteries or of veins, drawn, and the radius of each of its points."""
        reach = side / self.degree
        low = -eye.disc / self.degree
        fovea = (eye.fovea - eye.disc) / self.degree
        habit = Habit(fovea, eye.temporal, self.degree, self.wiggle, self.density)
        paths = grown_tree(rng, habit, artery, low, low + reach)
        paths = paths or [np.full((1, 3), -999.0)]
        points = np.concatenate([path[:, :2] for path in paths]) * self.degree + eye.disc
        radius = np.concatenate([path[:, 2] for path in paths]) * self.degree * self.width
        visible = radius > 0.48
        points, radius = points[visible], np.maximum(radius[visible], 0.6)
        if not len(points):
            points, radius = np.full((1, 2), -999.0), np.ones(1)
        return stroke(points, radius, side), radius

    def _depth(self, strokes: Strokes, radius: np.ndarray) -> np.ndarray:
        """How much blood lies along the line of sight, 0 to about 1, less in thin vessels."""
        across = strokes.across(radius)
        column = np.sqrt(np.clip(1.05 - across**2, 0, 1)) * strokes.cover**0.5
        here = radius[strokes.nearest]
        reflex = self.reflex * np.exp(-((across / 0.3) ** 2)) * (here > 1.6)
        return column * np.clip(0.42 + here / (0.3 * self.degree), 0, 1) * (1 - reflex)

    def _ground(
        self, rng: np.random.Generator, eye: Eye, side: int, rows: np.ndarray, columns: np.ndarray
    ) -> np.ndarray:
        """Relative brightness of the ground: deep vessels, fibres, grain, fovea."""
        network = np.abs(fine_noise(rng, side, 1.3 * self.degree))
        network = ndimage.gaussian_filter(np.minimum(network, 0.7), 0.12 * self.degree) - 0.45
        spread = fine_noise(rng, side, 6 * self.degree)
        value = 1 + self.choroid * network * np.clip(0.6 + 0.5 * spread, 0, 1.6)
        value = value + 0.05 * spread + 0.025 * fine_noise(rng, side, 0.12 * self.degree)
        value = value + 0.012 * fine_noise(rng, side, 0.7)
        dy, dx = rows - eye.disc[0], columns - eye.disc[1]
        streaks = ndimage.gaussian_filter1d(rng.standard_normal(720), 1.5, mode="wrap")
        turn = ((np.arctan2(dy, dx) / (2 * np.pi) + 0.5) * 719).astype(int)
        away = np.hypot(dy, dx) / self.degree
        value = value + 0.08 * streaks[turn] * np.exp(-(((away - 4) / 4) ** 2))
        near = np.hypot(rows - eye.fovea[0], columns - eye.fovea[1]) / self.degree
        pit = 0.28 * np.exp(-((near / 2.2) ** 2)) + 0.12 * np.exp(-((near / 0.8) ** 2))
        return np.maximum(value * (1 - pit), 0.05)

    def _reflected(
        self, ground: np.ndarray, depth: list[np.ndarray], disc: np.ndarray, cup: np.ndarray,
        bright: np.ndarray, dark: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """The photograph in red, green and blue."""
        exponent = np.array([0.6, 1.15, 1.1])[:, None, None]
        image = self.colour[:, None, None] * ground**exponent
        pale = np.array([1.2, 0.88, 0.55])[:, None, None] * (0.75 + 0.2 * cup)
        image = image + 0.85 * disc * (pale - image)
        yellow = np.array([1.05, 0.85, 0.45])[:, None, None]
        image = image + bright * (0.4 if self.drusen else 0.75) * (yellow - image)
        absorbed = self.absorbed[:, None, None]
        blood = depth[0] + 0.72 * depth[1] * (1 - 0.4 * depth[0]) + 0.95 * dark
        return image * np.exp(-absorbed * blood)

    def _fluorescence(
        self, ground: np.ndarray, depth: list[np.ndarray], disc: np.ndarray,
        bright: np.ndarray, dark: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """The angiogram: dye shines in vessels and leaks, blood outside hides it."""
        image = 0.25 * ground**2 + 0.07 * disc
        image = image + 0.6 * np.maximum(depth[0], depth[1] * 0.9) + 0.5 * bright
        return image * (1 - 0.7 * dark)

    def _classes(
        self, vessels: list[np.ndarray], disc: np.ndarray, bright: np.ndarray, dark: np.ndarray
    ) -> np.ndarray:
        """Answer the question."""
        veins, arteries = vessels
        if self.question == "arteries and veins":
            return np.where(arteries, 1, np.where(veins, 2, 0)).astype(np.uint8)
        found = {"vessels": veins | arteries, "disc": disc > 0.5, "bright": bright > 0.5,
                 "dark": dark > 0.5}  # fmt: skip
        return found[self.question].astype(np.uint8)


def _spots(rng: np.random.Generator, side: int, size: float, share: float) -> np.ndarray:
    """Irregular spots in groups, 0 to 1, that cover about a share of the image."""
    if not share:
        return np.zeros((side, side), np.float32)
    field = fine_noise(rng, side, max(size, 0.8)) + 1.2 * fine_noise(rng, side, 14 * size)
    limit = np.quantile(field[::2, ::2], 1 - share * rng.uniform(0.7, 1.4))
    return np.clip((field - limit) * min(4 / size, 2.5) + 0.5, 0, 1)


def _disc(
    rng: np.random.Generator, eye: Eye, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The optic disc and the pale cup in it, each 0 to 1."""
    height, width = 2.7 * rng.uniform(0.9, 1.15), 2.4 * rng.uniform(0.9, 1.1)
    dy, dx = (rows - eye.disc[0]) / eye.degree, (columns - eye.disc[1]) / eye.degree
    away = np.hypot(dy / height, dx / width)
    disc = np.clip((1 - away) * height * eye.degree / 5 + 0.5, 0, 1)
    inner = np.hypot(dy, dx - 0.2 * eye.temporal) / (height * rng.uniform(0.3, 0.65))
    return disc, 1 / (1 + inner**4)


def draw_retina(rng: np.random.Generator) -> Kind:
    """Draw a series of fundus images.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    questions = ("vessels", "arteries and veins", "disc", "bright", "dark")
    question = str(rng.choice(questions, p=(0.82, 0.04, 0.06, 0.05, 0.03)))
    modality = str(rng.choice(["colour", "grey", "angiography"], p=(0.6, 0.25, 0.15)))
    if modality == "angiography" and question in ("disc", "arteries and veins"):
        modality = "colour"
    green = rng.uniform(0.28, 0.55)
    colour = np.array([rng.uniform(0.65, 0.95), green, green * rng.uniform(0.25, 0.75)])
    ill = rng.random() < 0.4

    def lesions(asked: bool) -> float:
        return log_uniform(rng, 0.012, 0.05) if asked else ill * rng.random() ** 2 * 0.03

    camera = Camera(
        shade=rng.uniform(0, 0.25), light_scale=rng.uniform(100, 300), blur=rng.uniform(0.2, 1.1),
        noise=rng.uniform(0, 0.15), grainy=rng.uniform(0, 0.08), gamma=rng.uniform(0.7, 1.3),
        jpeg=int(rng.integers(50, 95)) if rng.random() < 0.6 else 0,
    )  # fmt: skip
    if rng.random() < 0.4:
        other = draw_camera(rng)
        inverted = modality == "grey" and bool(rng.random() < 0.15)
        camera = replace(other, inverted=inverted, blur=min(other.blur, 1.4), stripes=0,
                         noise=min(other.noise, 0.22), glow=min(other.glow, 0.4),
                         speckle=min(other.speckle, 0.1))  # fmt: skip
    degree = 12 * log_uniform(rng, 0.6, 2) * rng.uniform(0.9, 1.15)
    return Retina(
        question, modality, camera, float(rng.choice([0.0, 1.0, rng.random()])), degree,
        rng.uniform(15, 26), colour,
        absorbed=np.array([rng.uniform(0.15, 0.45), 0.85, 0.65]) * rng.uniform(0.65, 1.25),
        mixing=np.array([0, 1, 0]) if rng.random() < 0.6 else rng.dirichlet((2, 4, 1)),
        width=rng.uniform(0.85, 1.15), density=rng.uniform(0.5, 1.0),
        wiggle=log_uniform(rng, 0.08, 0.25), reflex=rng.choice([0, rng.uniform(0.2, 0.7)]),
        choroid=rng.uniform(0, 0.5), vignette=rng.uniform(0.1, 0.55),
        bright=lesions(question == "bright"), dark=lesions(question == "dark"),
        drusen=bool(rng.random() < 0.4),
    )  # fmt: skip
