"""Polished and etched sections of metals and ceramics under a light or an electron microscope."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pretraining.lookalikes.parts.castings import SORTS
from pretraining.lookalikes.parts.microstructure import BORDER, RARE, SECOND, TWIN, Metal
from pretraining.lookalikes.parts.stains import fine_noise
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise

ASKED: dict[str, dict[str, float]] = {
    "grains": {"borders": 7, "inside": 1, "twins": 1.2, "rare": 1},
    "pearlite": {"second": 6, "borders": 2, "both": 1},
    "islands": {"second": 8, "rare": 0.7},
    "dendrites": {"second": 5, "matrix": 4, "rare": 0.7},
    "graphite": {"second": 8, "both": 1.5},
    "precipitates": {"second": 8, "both": 0.7},
    "ceramic": {"borders": 5, "rare": 2.5, "inside": 1, "second": 1.5},
    "clean": {"rare": 1},
}
"""What is asked about each sort of section, and how often."""

SIZES = {
    "grains": (16, 70), "pearlite": (14, 60), "islands": (18, 70), "dendrites": (12, 40),
    "graphite": (30, 90), "precipitates": (25, 90), "ceramic": (16, 60), "clean": (40, 110),
}  # fmt: skip
"""Sizes of grains or arms in pixels at zoom 1."""

SHARES = (0.27, 0.14, 0.12, 0.12, 0.11, 0.1, 0.09, 0.05)
"""How often each sort is drawn."""

TABLES = {
    "borders": (0, 1, 0, 0, 0), "inside": (1, 0, 1, 0, 1), "second": (0, 0, 1, 0, 0),
    "rare": (0, 0, 0, 1, 0), "twins": (0, 0, 0, 0, 1), "matrix": (1, 0, 0, 0, 0),
}  # fmt: skip
"""From phases to classes."""


@dataclass(frozen=True, eq=False)
class Metallography:
    """A series of images of one material with one question.

    Parameters
    ----------
    style : str
        Sort of section.
    metal : Metal
        How it is built.
    table : ndarray of uint8, shape (5,)
        Class of each phase.
    scratches, rough, stains : float
        Marks of polishing per image, texture of the ground, stains of drying.
    light : ndarray, shape (C,)
        Colour of the light; one for a grey image.
    tint : float
        Deviation of the colour from grain to grain.
    hues : ndarray, shape (2, 3)
        Directions of that colour.
    camera : Camera
        How it is imaged.
    """

    style: str
    metal: Metal
    table: np.ndarray
    scratches: float
    rough: float
    stains: float
    light: np.ndarray
    tint: float
    hues: np.ndarray
    camera: Camera

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Another field of view; see `pretraining.tasks.Kind`."""
        cut = SORTS[self.style](rng, side, self.metal)
        tone = cut.tone + self.rough * fine_noise(rng, side, 0.7 * self.metal.unit + 0.3)
        tone = tone + 0.35 * self.rough * smooth_noise(rng, side, 14 * self.metal.unit)
        if self.stains:
            spot = smooth_noise(rng, side, 0.3 * side) + 0.1 * smooth_noise(rng, side, 12)
            tone = tone - self.stains * (
                np.clip(spot - 1, 0, 0.6) + 0.3 * (np.abs(spot - 1) < 0.04)
            )
        if self.scratches:
            tone = tone + self._polish(rng, side)
        scene = np.clip(tone, 0, 1.3)[None] * self.light[:, None, None]
        if self.tint and len(self.light) == 3:
            own = rng.standard_normal((2, int(cut.grain.max()) + 1)).clip(-2, 2)
            shift = self.tint * np.tensordot(self.hues.T, own[:, cut.grain], 1)
            shift = np.where(cut.phase == RARE, 0, 0.7 * np.tanh(shift / 0.7))
            scene = scene * np.exp(shift)
        image = self.camera.varied(rng).shoot(scene.astype(np.float32), rng)
        return image, self.table[cut.phase]

    def _polish(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Straight scratches, most of them in about one direction."""
        y, x = np.mgrid[:side, :side].astype(np.float32)
        total, main = np.zeros((side, side), np.float32), rng.uniform(0, np.pi)
        for _ in range(min(rng.poisson(self.scratches), 25)):
            angle = rng.normal(main, 0.15) if rng.random() < 0.7 else rng.uniform(0, np.pi)
            across = np.cos(angle) * (y - rng.uniform(0, side)) + np.sin(angle) * (
                x - rng.uniform(0, side)
            )
            wide = rng.uniform(0.25, 0.9) * max(self.metal.unit, 0.7)
            total += (
                rng.choice([-1, 1], p=(0.75, 0.25))
                * rng.uniform(0.03, 0.2)
                * np.exp(-((across / wide) ** 2))
            )
        return total * np.clip(0.7 + 0.6 * smooth_noise(rng, side, 0.25 * side), 0, 1.5)


def draw_metallography(rng: np.random.Generator) -> Metallography:
    """Draw a series of images of a section.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Metallography
        Its `sample` renders images of it.
    """
    style = str(rng.choice(list(ASKED), p=SHARES))
    unit = log_uniform(rng, 0.6, 2)
    weights = np.array(list(ASKED[style].values()))
    question = str(rng.choice(list(ASKED[style]), p=weights / weights.sum()))
    metal = _draw_metal(rng, style, unit, question)
    scanning = style == "ceramic" or (style in ("precipitates", "islands") and rng.random() < 0.4)
    colour = not scanning and rng.random() < 0.6
    light = np.ones(1)
    if colour:
        light = np.clip(1 + rng.normal(0.02, 0.05) * np.array([1, 0.2, -1]), 0.5, 1.3)
        light = light * np.clip(rng.normal(1, 0.03, 3), 0.9, 1.1)
    vivid = colour and style in ("grains", "islands") and rng.random() < 0.4
    camera = draw_camera(rng) if rng.random() < 0.3 else _draw_camera(rng, scanning)
    most = 0.35 + 0.35 * min(unit, 1.4) if question in ("borders", "both") else 0.4 + 0.7 * unit
    return Metallography(
        style=style,
        metal=metal,
        table=_draw_table(rng, style, question),
        scratches=0.0 if rng.random() < 0.45 else log_uniform(rng, 1, 15),
        rough=log_uniform(rng, 0.005, 0.035),
        stains=rng.uniform(0.05, 0.25) if rng.random() < 0.2 else 0.0,
        light=light,
        tint=rng.uniform(0.1, 0.4) if vivid else 0.0,
        hues=rng.normal(0, 0.8, (2, 3)),
        camera=replace(
            camera,
            blur=min(camera.blur, most),
            glow=min(camera.glow, 0.5),
            inverted=bool(rng.random() < 0.05),
        ),
    )


def _draw_metal(rng: np.random.Generator, style: str, unit: float, question: str) -> Metal:
    """How a section of that sort is built; what is asked for can be seen."""
    size = log_uniform(rng, *SIZES[style]) * unit
    flat = question == "borders" and rng.random() < 0.55
    etched = rng.uniform(0.35, 1) if question in ("borders", "both", "inside", "twins") else (
        float(rng.choice([0.0, rng.uniform(0.1, 0.9)])))  # fmt: skip
    line = log_uniform(rng, 1.0, 2.8) * unit**0.6
    rare = log_uniform(rng, 0.012, 0.08) if question == "rare" else (
        float(rng.choice([0.0, log_uniform(rng, 0.002, 0.03)])))  # fmt: skip
    twinned = style == "grains" and (question == "twins" or rng.random() < 0.4)
    oriented = rng.uniform(0, 0.05) if flat else rng.uniform(0.02, 0.16)
    if style == "clean":
        etched, oriented = etched * 0.2, 0.02
    return Metal(
        size=size,
        unit=unit,
        line=float(np.clip(line, 1, 0.12 * size + 0.5)),
        etched=etched,
        faint=float(rng.choice([0.0, rng.uniform(0.03, 0.25)])),
        oriented=max(oriented, 0.06) if question == "twins" else oriented,
        share=rng.uniform(0.1, 1),
        fine=log_uniform(rng, 2.2, 6) * unit,
        stretch=log_uniform(rng, 1, 2.2) if rng.random() < 0.4 else 1.1,
        spread=rng.uniform(0, 0.8),
        rounded=rng.uniform(0, 1),
        twins=rng.uniform(0.25, 0.8) if twinned or style in ("graphite", "precipitates", "ceramic")
        else 0.0,
        rare=rare,
        pits=log_uniform(rng, 5, 15 if question == "rare" else 150) if rng.random() < 0.4 else 0.0,
        levels=_draw_levels(rng, style),
        plain=bool(rng.random() < 0.5),
    )  # fmt: skip


def _draw_levels(rng: np.random.Generator, style: str) -> tuple[float, ...]:
    """Brightness of matrix, borders, second phase, inclusions and twins."""
    matrix = rng.uniform(0.6, 0.85)
    bright_lines = rng.random() < (0.25 if style == "ceramic" else 0.06)
    border = matrix + 0.35 if bright_lines else rng.uniform(0.05, 0.35)
    second = matrix - rng.uniform(0.28 if style == "pearlite" else 0.15, 0.5)
    if style in ("islands", "precipitates", "ceramic", "dendrites") and rng.random() < 0.4:
        matrix, second = second, matrix
        border = min(border, 0.6 * matrix) if not bright_lines else matrix + 0.35
    return matrix, border, second, rng.uniform(0.02, 0.22), matrix


def _draw_table(rng: np.random.Generator, style: str, question: str) -> np.ndarray:
    """Class of each phase."""
    if question != "both":
        table = np.array(TABLES[question], np.uint8)
        if question == "second" and rng.random() < 0.15:
            table[RARE] = 1
        return table
    table = np.zeros(5, np.uint8)
    table[SECOND], table[TWIN if style == "graphite" else BORDER] = 1, 2
    return table


def _draw_camera(rng: np.random.Generator, scanning: bool) -> Camera:
    """A light microscope from above, or a scanning electron microscope."""
    return Camera(
        shade=rng.uniform(0.05, 0.3) if rng.random() < 0.5 else 0.0,
        glow=rng.uniform(0.1, 0.6) if rng.random() < 0.3 else 0.0,
        light_scale=rng.uniform(90, 300),
        blur=rng.uniform(0.3, 1.0),
        noise=log_uniform(rng, 0.03, 0.3) if scanning else log_uniform(rng, 0.01, 0.12),
        stripes=rng.uniform(0.02, 0.08) if scanning and rng.random() < 0.2 else 0.0,
        gamma=log_uniform(rng, 0.7, 1.4),
        jpeg=int(rng.integers(40, 92)) if rng.random() < 0.4 else 0,
    )
