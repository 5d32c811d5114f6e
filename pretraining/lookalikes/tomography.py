"""Slices of materials from X-ray tomography or ion beam milling: rock, bone, foam, batteries."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.matter import (
    BRIGHT,
    MATRIX,
    MIDDLING,
    PARTICLE,
    SORTS,
    VOID,
    Matter,
)
from pretraining.lookalikes.parts.scanner import Scanner
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise

SHARES = {
    "rock": 0.25, "soil": 0.13, "bone": 0.1, "foam": 0.1, "wood": 0.1, "fibres": 0.11,
    "electrode": 0.12, "concrete": 0.09,
}  # fmt: skip
"""How often each sort of material is drawn."""

SIZES = {
    "rock": (14, 60), "soil": (25, 80), "bone": (22, 60), "foam": (14, 60), "wood": (9, 26),
    "fibres": (7, 22), "electrode": (10, 60), "concrete": (25, 70),
}  # fmt: skip
"""Sizes of parts in pixels at zoom 1."""

ASKED: dict[str, dict[str, float]] = {
    "rock": {"void": 5, "matrix": 2, "bright": 1.5, "middling": 2, "particle": 1, "several": 2.5},
    "soil": {"void": 5, "particle": 2, "middling": 2, "bright": 0.7, "several": 1.5},
    "bone": {"particle": 7, "void": 1, "middling": 1},
    "foam": {"particle": 6, "void": 2, "bright": 0.5},
    "wood": {"particle": 6, "void": 2, "middling": 0.6},
    "fibres": {"particle": 5, "void": 3, "several": 1.5},
    "electrode": {"particle": 4, "void": 3, "middling": 1.5, "bright": 1, "several": 2},
    "concrete": {"particle": 4, "void": 4, "middling": 1, "bright": 1, "several": 1.5},
}
"""What is asked about each sort, and how often."""

TABLES = {
    "void": (1, 0, 0, 0, 0), "matrix": (0, 1, 0, 0, 0), "particle": (0, 0, 1, 0, 0),
    "bright": (0, 0, 0, 1, 0), "middling": (0, 0, 0, 0, 1),
}  # fmt: skip
"""From phases to classes."""


@dataclass(frozen=True, eq=False)
class Tomography:
    """A stack of slices of one material with one question.

    Parameters
    ----------
    style : str
        One of `SHARES`.
    matter : Matter
        How it is built.
    tones : ndarray, shape (5,)
        Density of each phase.
    variety, grain : ndarray, shape (5,)
        Deviation of it from part to part, and its fine texture.
    scale : float
        Size of that texture in pixels.
    table : ndarray of uint8, shape (5,)
        Class of each phase.
    scanner : Scanner
        How slices are reconstructed.
    camera : Camera
        What happens to them then.
    """

    style: str
    matter: Matter
    tones: np.ndarray
    variety: np.ndarray
    grain: np.ndarray
    scale: float
    table: np.ndarray
    scanner: Scanner
    camera: Camera

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Another field of view; see `pretraining.tasks.Kind`."""
        phase, parts = SORTS[self.style](rng, side, self.matter)
        own = rng.standard_normal(int(parts.max()) + 1).clip(-2, 2)[parts]
        fine = ndimage.gaussian_filter(rng.standard_normal((side, side)), self.scale)
        fine = 0.7 * fine / (fine.std() + 1e-6) + 0.5 * smooth_noise(rng, side, 5 * self.scale + 3)
        tone = self.tones[phase] + self.variety[phase] * own + self.grain[phase] * fine
        bright = phase == BRIGHT
        starts = bright if bright.any() else (phase == PARTICLE) & (own > 1)
        slice_ = self.scanner(rng, tone, phase == VOID, starts)
        image = self.camera.varied(rng).shoot(slice_[None], rng)
        return image, self.table[phase]


def draw_tomography(rng: np.random.Generator) -> Tomography:
    """Draw a stack of slices of a material.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Tomography
        Its `sample` renders images of it.
    """
    style = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    unit = log_uniform(rng, 0.6, 2)
    asked = ASKED[style]
    weights = np.array(list(asked.values()))
    question = str(rng.choice(list(asked), p=weights / weights.sum()))
    matter = _draw_matter(rng, style, unit, question)
    table = _draw_table(rng, style, question)
    for _ in range(20):
        tones, spread = _draw_tones(rng, style, question)
        apart = _contrast(tones, table)
        if apart > 0.09:
            break
    texture = rng.uniform(0, 0.05, 5) + np.array([0, 0.06, 0.02, 0.04, 0.1]) * rng.uniform(0, 1.2)
    variety = spread * np.array([0.1, 0.6, 1, 1.5, 0.7])
    if style == "soil":
        texture[MATRIX] = rng.uniform(0.05, 0.16)
    # What is asked for must not drown in noise, else nobody could paint it.
    texture = np.minimum(texture, 0.65 * apart)
    scanner = _draw_scanner(rng, style, unit)
    scanner = replace(scanner, noise=min(scanner.noise, (0.7 + 0.4 * unit) * apart))
    camera = draw_camera(rng) if rng.random() < 0.25 else _draw_camera(rng)
    return Tomography(
        style=style,
        matter=matter,
        tones=tones,
        variety=variety,
        grain=texture,
        scale=rng.uniform(0.5, 1.6) * unit,
        table=table,
        scanner=scanner,
        camera=replace(camera, blur=min(camera.blur, 0.9), inverted=bool(rng.random() < 0.08)),
    )


def _draw_matter(rng: np.random.Generator, style: str, unit: float, question: str) -> Matter:
    """How a material of that sort is built; what is asked for is there."""
    long = {"fibres": (1, 1.25), "wood": (0.8, 1.5), "soil": (1, 1.6)}.get(style, (1, 1.9))
    felt = style == "fibres" and rng.random() < 0.4
    filled = float(rng.choice([0.0, rng.uniform(0.1, 0.6)]))
    rare = log_uniform(rng, 0.004, 0.06)
    return Matter(
        size=log_uniform(rng, *SIZES[style]) * unit,
        unit=unit,
        open=rng.uniform(0.1, 0.9) if question != "void" else rng.uniform(0.2, 0.85),
        rounded=rng.uniform(0, 1),
        rough=rng.uniform(0, 1),
        stretch=rng.uniform(2, 4) if felt else rng.uniform(*long),
        spread=rng.uniform(0, 0.7),
        second=rng.uniform(0.32 if question == "several" else 0.1, 0.6),
        rare=max(rare, rng.uniform(0.05, 0.15)) if question == "bright" else rare,
        filled=max(filled, 0.35) if question in ("middling", "several") else filled,
        cracked=rng.uniform(0, 1) if rng.random() < 0.6 else 0.0,
    )


def _draw_tones(rng: np.random.Generator, style: str, question: str) -> tuple[np.ndarray, float]:
    """Density of each phase, and how much it differs from part to part."""
    solid = rng.uniform(0.55, 0.85)
    near = rng.choice([-1, 1], p=(0.7, 0.3)) * rng.uniform(0.1, 0.28)
    tones = np.array([
        rng.uniform(0.02, 0.2), solid + near, solid, rng.uniform(1.1, 1.8),
        rng.uniform(0.35, 0.7) * solid,
    ])  # fmt: skip
    if style == "fibres":
        # Resin is little denser than air, glass much, carbon hardly denser than resin.
        tones[MATRIX] = rng.uniform(0.3, 0.8) * solid
    if style == "concrete":
        tones[MATRIX] = solid * rng.choice([rng.uniform(0.75, 0.9), rng.uniform(1.1, 1.3)])
    if style == "bone":
        tones[MIDDLING] = tones[VOID] + rng.uniform(0.1, 0.25)
    apart = abs(tones[PARTICLE] - tones[MATRIX])
    spread = rng.uniform(0, 0.3) * apart if question in ("matrix", "particle") else 0.3 * apart
    return tones, float(spread)


def _contrast(tones: np.ndarray, table: np.ndarray) -> float:
    """Least difference of density between phases of different classes."""
    gaps = np.abs(tones[:, None] - tones)
    return float(gaps[table[:, None] != table].min())


def _draw_table(rng: np.random.Generator, style: str, question: str) -> np.ndarray:
    """Class of each phase."""
    if question != "several":
        return np.array(TABLES[question], np.uint8)
    table = np.zeros(5, np.uint8)
    if style in ("fibres", "concrete"):
        table[VOID], table[PARTICLE] = 1, 2
    elif style == "electrode":
        table[[PARTICLE, BRIGHT, MIDDLING]] = (1, 1, 2)
    elif style == "soil":
        table[VOID], table[[PARTICLE, BRIGHT]] = 1, 2
    else:
        table[VOID], table[MATRIX] = 1, 2
        table[BRIGHT] = 3 if rng.random() < 0.4 else 0
        table[MIDDLING] = 2 if table[BRIGHT] == 0 and rng.random() < 0.3 else 0
    return table


def _draw_scanner(rng: np.random.Generator, style: str, unit: float) -> Scanner:
    """A laboratory scanner, a synchrotron or an ion beam in an electron microscope."""

    def sometimes(share: float, low: float, high: float) -> float:
        return log_uniform(rng, low, high) if rng.random() < share else 0.0

    milled = style == "electrode" and rng.random() < 0.45
    return Scanner(
        blur=log_uniform(rng, 0.4, 1.3) * min(unit, 1.3),
        fringe=sometimes(0.35, 0.3, 1.8),
        fringe_width=rng.uniform(1.2, 3.0),
        rings=0.0 if milled else sometimes(0.45, 0.015, 0.09),
        streaks=0.0 if milled else sometimes(0.25, 0.03, 0.15),
        cupping=0.0 if milled else sometimes(0.3, 0.1, 0.5),
        curtain=sometimes(0.6, 0.01, 0.06) if milled else 0.0,
        shine=rng.uniform(0.1, 0.5) if milled else 0.0,
        noise=log_uniform(rng, 0.01, 0.25),
        clumped=float(rng.choice([0.0, rng.uniform(0.4, 1.2)])),
    )


def _draw_camera(rng: np.random.Generator) -> Camera:
    """Little is left for a camera to spoil."""
    return Camera(
        shade=rng.uniform(0.05, 0.2) if rng.random() < 0.2 else 0.0,
        light_scale=rng.uniform(100, 300),
        noise=log_uniform(rng, 0.01, 0.12),
        gamma=log_uniform(rng, 0.75, 1.35),
        jpeg=int(rng.integers(45, 92)) if rng.random() < 0.2 else 0,
    )
