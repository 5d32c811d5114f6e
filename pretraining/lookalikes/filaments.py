"""Thin living things: microtubules, actin, mitochondria, fibres of gels, neurites, hyphae."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.arbours import Arbour
from pretraining.lookalikes.parts.cell_bodies import draw_cells_look
from pretraining.lookalikes.parts.crumbs import draw_crumbs
from pretraining.lookalikes.parts.cytoskeleton import Drawn, InCells
from pretraining.lookalikes.parts.fluorescent import (
    dirt,
    draw_dim_camera,
    draw_hues,
    faint_ground,
    hazed,
)
from pretraining.lookalikes.parts.neurons import Branching
from pretraining.lookalikes.parts.nuclei import draw_nuclei_look
from pretraining.lookalikes.parts.threads import STEP, Threads, uneven, woven
from pretraining.microscope import Camera
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise

STYLES = ("microtubules", "actin", "mitochondria", "mesh", "fibres", "neurons", "hyphae")
"""What is drawn; ``"fibres"`` are wavy bundles such as collagen."""


BENDS = {"microtubules": (0.35, 1.0), "mitochondria": (0.35, 1.0), "fibres": (0.1, 0.4)}
"""How threads of some styles wander."""


@dataclass(frozen=True, eq=False)
class Filaments:
    """A series of images of thin things with one question.

    Parameters
    ----------
    style : str
        One of `STYLES`.
    question : str
        ``"threads"``, ``"bodies"``, ``"both"`` or ``"rims"`` (of threads that are wide).
    within : InCells
        Cells and threads in them.
    arbour : Arbour
        Neurons or hyphae.
    density : float
        Threads per 100 pixels of side.
    aligned : float
        How much threads go one way.
    beside : float
        Threads far out of focus, over those in focus.
    optics : str
        Of hyphae: ``"glow"``, ``"bright"``, ``"phase"`` or ``"stained"``.
    hues : ndarray of float, shape (3, channels)
        How DNA, threads and the rest are seen.
    haze, ground, debris : float
        Light from out of focus and between things; crumbs per 10 000 pixels.
    camera : Camera
        How it is imaged.
    """

    style: str
    question: str
    within: InCells
    arbour: Arbour
    density: float
    aligned: float
    beside: float
    optics: str
    hues: np.ndarray
    haze: float
    ground: float
    debris: float
    camera: Camera

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Another field of view; see `pretraining.tasks.Kind`."""
        if self.style in ("mesh", "fibres"):
            drawn = self._mesh(rng, side)
        elif self.style == "neurons":
            drawn = self.arbour.neurons(rng, side)
        elif self.style == "hyphae":
            drawn = self.arbour.hyphae(rng, side)
        else:
            drawn = self.within.draw(rng, side)
        if self.style == "hyphae" and self.optics != "glow":
            canvas = self._transmitted(rng, drawn)
        else:
            canvas = self._glowing(rng, drawn)
        image = self.camera.varied(rng).shoot(canvas.astype(np.float32), rng)
        if self.question == "both":
            classes = np.where(drawn.is_body, 2, drawn.is_thread)
        elif self.question == "bodies":
            classes = drawn.is_body
        else:
            classes = drawn.is_thread | (drawn.is_body & (self.style == "neurons"))
            if self.question == "rims":
                classes = classes & ~ndimage.binary_erosion(classes, iterations=2)
        return image, classes.astype(np.uint8)

    def _glowing(self, rng: np.random.Generator, drawn: Drawn) -> np.ndarray:
        """Fluorescence of all dyes."""
        side, unit = len(drawn.dna), self.within.unit
        canvas = np.zeros((self.hues.shape[1], side, side), np.float32)
        parts = (drawn.dna, drawn.threads + drawn.rest, drawn.rest)
        for light, hue in zip(parts, self.hues.astype(np.float32), strict=True):
            glow = hazed(light, self.haze, 4 * unit) + faint_ground(rng, side, self.ground)
            canvas += hue[:, None, None] * glow
        if self.debris:
            crumbs = rng.uniform(0.3, 1.3) * dirt(rng, side, self.debris, unit)
            canvas += self.hues[1].astype(np.float32)[:, None, None] * crumbs
        return canvas

    def _mesh(self, rng: np.random.Generator, side: int) -> Drawn:
        """Threads of a gel, or wavy bundles of fibres that run side by side."""
        look = self.within
        wavy = self.style == "fibres"
        count = max(int(self.density * side / 100 * rng.uniform(0.7, 1.3)), 3)
        middle = woven(rng, side, count, self.aligned, look.bend, 9 * look.unit)
        if wavy:
            waves = self._waves(rng, middle.shape[1])
            normal = np.gradient(middle, axis=1)[..., ::-1] * (1, -1) / STEP
            middle = middle + waves[None, :, None] * normal
            each = int(rng.integers(2, 7))
            off = rng.normal(0, 1.6 * look.sigma, (count * each, 1, 1))
            drift = np.linspace(-1, 1, middle.shape[1])[:, None] * rng.normal(0, 2, off.shape)
            middle = np.repeat(middle, each, 0) + (off + drift) * np.repeat(normal, each, 0)
        groups = []
        for sigma, paths in zip(
            (0.8 * look.sigma, 1.4 * look.sigma),
            np.split(middle, [int(0.7 * len(middle))]), strict=True,
        ):  # fmt: skip
            shape = paths.shape[:2]
            own = np.exp(look.variety * rng.standard_normal((shape[0], 1)))
            # Threads leave the focal plane and come back.
            depth = np.clip(uneven(rng, shape, 0.6, 45 * look.unit) * 1.3 - 0.25, 0.04, 1.3)
            light = own * depth * uneven(rng, shape, look.beaded, 4 * look.unit)
            groups.append(Threads(paths, light, sigma))
        light = np.sum([group.lit(side) for group in groups], 0)
        mask = np.any([group.mask(side, 0.4) for group in groups], 0)
        far = 3.5 * look.unit + look.sigma
        ghosts = woven(rng, side, max(int(self.beside * count), 1), self.aligned, look.bend, 9)
        rest = Threads(ghosts, np.full(ghosts.shape[:2], 0.9), far).lit(side)
        nothing = np.zeros((side, side), np.float32)
        return Drawn(nothing, light, self.beside * 0.4 * rest, mask, nothing > 0)

    def _waves(self, rng: np.random.Generator, steps: int) -> np.ndarray:
        """Crimp that all fibres of a view share."""
        period = rng.uniform(18, 45) * self.within.unit
        phase = np.arange(steps) * STEP / period + 0.2 * rng.standard_normal()
        lazy = ndimage.gaussian_filter1d(rng.standard_normal(steps), 30 / STEP) * 4
        return np.asarray(rng.uniform(0.3, 2) * self.within.unit * np.sin(6.28 * phase + lazy))

    def _transmitted(self, rng: np.random.Generator, drawn: Drawn) -> np.ndarray:
        """Hyphae in bright field, phase contrast, or stained blue; spores lie about."""
        side, unit = len(drawn.dna), self.within.unit
        dots = np.clip(draw_crumbs(rng, side, self.debris, unit, (1.0, 1.6, 2.4)), 0, 1)
        ground = self.ground * smooth_noise(rng, side, 40) + 0.03 * smooth_noise(rng, side, 4)
        if self.optics == "stained":
            dark = 0.9 * drawn.threads + 0.7 * drawn.dna + 0.8 * dots + 0.15 + ground
            dye = np.array([1.1, 0.7, 0.25]) if self.arbour.knobs else np.array([0.35, 1.0, 0.6])
            shown = np.exp(-dark[None] * dye[:, None, None])
            return shown if self.hues.shape[1] == 3 else shown.mean(0, keepdims=True)
        body = drawn.rest * 0.5 + 0.5 * drawn.threads + dots
        wide = ndimage.gaussian_filter(body, 2.2 * unit)
        if self.optics == "phase":
            grey = ground + 1.1 * wide - body - 0.4 * drawn.dna
        else:
            grey = ground + 0.8 * (body - wide) * (1 if self.arbour.knobs else -1) - 0.7 * drawn.dna
        tint = 1 + 0.1 * (self.hues[1] - self.hues[1].mean())
        return np.asarray(tint[:, None, None] * (grey + 2.5))


def draw_filaments(rng: np.random.Generator) -> Filaments:
    """Draw a series of images of thin things.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Filaments
        Its `sample` renders images of it.
    """
    unit = log_uniform(rng, 0.6, 2)
    style = str(rng.choice(STYLES, p=(0.16, 0.13, 0.14, 0.13, 0.1, 0.18, 0.16)))
    question = str(rng.choice(["threads", "bodies", "both"], p=(0.8, 0.08, 0.12)))
    question = "threads" if style in ("mesh", "fibres", "hyphae") else question
    within = _draw_within(rng, unit, style)
    question = "rims" if style == "hyphae" and rng.random() < 0.1 else question
    hues = _draw_hues(rng, question)
    optics = str(rng.choice(["glow", "bright", "phase", "stained"], p=(0.3, 0.25, 0.25, 0.2)))
    aligned = float(rng.choice([0.0, rng.uniform(0.3, 1)])) if style != "fibres" else 0.95
    beside = float(rng.choice([0.0, rng.uniform(0.3, 1.5)]))
    arbour = Arbour(
        tree=_draw_tree(rng, unit, style),
        density=rng.uniform(0.6, 3.5),
        aligned=aligned,
        beside=beside,
        knobs=float(rng.choice([0.0, rng.uniform(1.0, 1.8) * max(unit, 0.8)])),
        glows=optics == "glow",
        sigma=within.sigma,
        bend=within.bend,
        beaded=within.beaded,
        unit=unit,
    )
    return Filaments(
        style=style,
        question=question,
        within=within,
        arbour=arbour,
        density=log_uniform(rng, 3, 25),
        aligned=aligned,
        beside=beside,
        optics=optics,
        hues=hues,
        haze=float(rng.choice([0.0, rng.uniform(0.05, 0.4), rng.uniform(0.3, 1.0)])),
        ground=log_uniform(rng, 0.005, 0.15),
        debris=log_uniform(rng, 0.1, 3) if rng.random() < 0.5 else 0.0,
        camera=draw_dim_camera(rng, 0.3 + 0.7 * within.sigma),
    )


def _draw_within(rng: np.random.Generator, unit: float, style: str) -> InCells:
    """Cells with threads, or threads alone."""
    nuclei, cells = draw_nuclei_look(rng, unit), draw_cells_look(rng, unit)
    reach = rng.uniform(2.2, 3.6) * (1.35 if style == "microtubules" else 1)
    radius = float(np.clip(log_uniform(rng, 10, 20) * unit, 8, 30))
    nuclei = replace(
        nuclei, radius=radius, cover=rng.uniform(0.6, 1.8) / reach**2, apart=1.4, rough=0.04,
        dividing=0.0, dying=0.0, stretch=min(nuclei.stretch, 1.5),
    )  # fmt: skip
    cells = replace(cells, reach=reach, rough=rng.uniform(0.08, 0.2), stretch=rng.uniform(1, 1.8))
    counts = {"microtubules": (30, 130), "actin": (15, 70)}
    return InCells(
        sort=style,
        nuclei=nuclei,
        cells=cells,
        count=log_uniform(rng, *counts.get(style, (40, 220))),
        sigma=max(log_uniform(rng, 0.65, 1.2) * unit**0.8, 0.6),
        bend=log_uniform(rng, *BENDS.get(style, (0.15, 1.0))),
        variety=rng.uniform(0.1, 0.5),
        beaded=rng.uniform(0.05, 0.35),
        diffuse=log_uniform(rng, 0.03, 0.5),
        unit=unit,
    )


def _draw_tree(rng: np.random.Generator, unit: float, style: str) -> Branching:
    """How neurites or hyphae grow."""
    fungal = style == "hyphae"
    return Branching(
        length=rng.uniform(150, 320) * unit if fungal else rng.uniform(60, 140) * unit,
        radius=float(np.clip(log_uniform(rng, 1.3, 4) * unit, 1.2, 6)),
        taper=rng.uniform(0.8, 1.0) if fungal else rng.uniform(0.3, 0.6),
        children=rng.uniform(0.5, 3) if fungal else rng.uniform(0.6, 2),
        fork=rng.uniform(0.6, 1.2) if fungal else rng.uniform(0.4, 0.9),
        bend=log_uniform(rng, 0.1, 0.5) if fungal else log_uniform(rng, 0.2, 0.7),
        stay=rng.uniform(4, 12) * unit,
        thinnest=0.5,
        generations=3 if fungal else 4,
    )


def _draw_hues(rng: np.random.Generator, question: str) -> np.ndarray:
    """How DNA and threads are seen."""
    grey = rng.random() < 0.55
    hues = draw_hues(rng, 3, 1, grey)
    if question == "threads" and rng.random() < 0.5:
        hues[0] = 0
    elif grey and question != "threads":
        hues[0] = rng.uniform(0.5, 1.2)
    hues[2] = 0
    return hues
