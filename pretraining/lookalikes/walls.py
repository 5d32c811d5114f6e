"""Tissue with labelled or dark cell borders: plants, epithelia, embryos, cornea, wood."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.cell_sheet import Build, Glow, Sheet, draw_nuclei, draw_sheet
from pretraining.lookalikes.parts.stains import absorbed, fine_noise, jittered
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise

STYLES = ("ovule", "root", "pavement", "epithelium", "spheroid", "stained", "endothelium")
"""Sorts of tissue and staining."""

STAINS = np.array([(0.25, 1.1, 0.75), (0.9, 0.55, 0.15), (0.6, 0.9, 0.3), (0.5, 0.75, 0.9),
                   (0.95, 0.75, 0.3)])  # fmt: skip
"""Absorption of safranin, astra blue, toluidine blue, iodine and haematoxylin."""


@dataclass(frozen=True, eq=False)
class Walls:
    """A series of images of a tissue with one question.

    Parameters
    ----------
    style : str
        One of `STYLES`.
    build : Build
        How cells lie.
    glow : Glow
        How borders look.
    inside, variety, grain : float
        Brightness of cells, its deviation from cell to cell, and its texture.
    vacuole : float
        How much darker the middle of a cell is.
    haze : float
        Light from borders above and below.
    bleach : float
        Pixels of depth over which light is lost; 0 for none.
    nuclei : tuple of float
        Share of cells with one, size, and brightness (negative: darker than the cell).
    colours : ndarray, shape (3, 3)
        Of borders, cells and nuclei: light, or for stained tissue absorption.
    mixing : ndarray, shape (C, 3)
        From colours to channels.
    question : str
        ``"walls"``, ``"cells"``, ``"both"`` (borders and cells as two classes), ``"outside"`` or
        ``"nuclei"``.
    camera : Camera
        How it is imaged.
    """

    style: str
    build: Build
    glow: Glow
    inside: float
    variety: float
    grain: float
    vacuole: float
    haze: float
    bleach: float
    nuclei: tuple[float, float, float]
    colours: np.ndarray
    mixing: np.ndarray
    question: str
    camera: Camera

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Another field of view; see `pretraining.tasks.Kind`."""
        sheet = draw_sheet(rng, side, self.build)
        share, size, _ = self.nuclei
        nuclei = draw_nuclei(rng, sheet, share, size, 0.6 * self.glow.width)
        planes = self._planes(rng, sheet, nuclei)
        if self.style in ("stained", "endothelium"):
            light = np.array([0.95, 0.95, 0.93]) if self.style == "stained" else np.ones(3)
            scene = absorbed(planes, self.colours, light)
        else:
            scene = np.tensordot(self.colours.T.astype(np.float32), planes, 1)
        scene = np.tensordot(self.mixing, scene, 1).astype(np.float32)
        return self.camera.varied(rng).shoot(scene, rng), self._answer(sheet, nuclei)

    def _planes(self, rng: np.random.Generator, sheet: Sheet, nuclei: np.ndarray) -> np.ndarray:
        """How much of borders, cells and nuclei there is, (3, side, side)."""
        side, spacing = len(nuclei), self.build.spacing
        tissue = np.clip(sheet.depth + 0.5, 0, 1)
        border = self.glow(rng, sheet) * (sheet.depth > -0.6 * self.glow.width)
        many = int(sheet.index.max()) + 1
        tone = np.exp(self.variety * rng.standard_normal(many))
        tone[0] = 0.15
        body = self.inside * tone[sheet.index] * tissue
        even = np.clip(sheet.gap / (0.28 * spacing) + 0.3 * smooth_noise(rng, side, 0.2 * spacing),
                       0, 1)  # fmt: skip
        body = body * (1 - self.vacuole * even)
        texture = fine_noise(rng, side, max(0.03 * spacing, 0.6))
        texture = texture + smooth_noise(rng, side, 0.15 * spacing)
        body = body * np.exp(0.7 * self.grain * texture)
        if self.style == "stained":
            # Plasma shrinks from the walls of some cells; others are empty.
            clumps = smooth_noise(rng, side, 0.22 * spacing) + 0.4 * texture
            full = (rng.random(many) < 0.4)[sheet.index] & (sheet.gap > 0.08 * spacing)
            body = body * (1 + 5 * full * np.clip(clumps, 0, 1.5))
        share, _, bright = self.nuclei
        nucleus = np.clip(nuclei + 0.5, 0, 1) if share else np.zeros_like(nuclei)
        mottled = nucleus * np.clip(1 + 0.2 * smooth_noise(rng, side, 2 + 0.05 * spacing), 0, 2)
        if bright < 0:
            body = body * (1 + bright * nucleus)
            mottled = mottled * 0
        planes = np.stack([border, body, abs(bright) * mottled]).astype(np.float32)
        if self.haze:
            ghost = np.roll(border, (side // 3, side // 4), (0, 1)) * tissue
            far = ndimage.gaussian_filter(0.5 * border + 0.8 * ghost, 0.12 * spacing + 1.5)
            planes[0] += self.haze * (far + 0.8 * ndimage.gaussian_filter(border, 0.4 * spacing))
        if self.bleach:
            fade = np.exp(-np.clip(sheet.depth, 0, 250) / self.bleach)
            if self.build.cover >= 1:
                fade = np.exp(0.5 * smooth_noise(rng, side, self.bleach))
            planes *= np.clip(fade, 0.12, 1.5)
        return planes

    def _answer(self, sheet: Sheet, nuclei: np.ndarray) -> np.ndarray:
        """The classes asked for."""
        border = self.glow.truth(sheet)
        if self.question == "walls":
            return border.astype(np.uint8)
        if self.question == "nuclei":
            return (nuclei > 0).astype(np.uint8)
        cells = (sheet.index > 0) & ~border
        if self.question == "cells":
            return cells.astype(np.uint8)
        if self.question == "outside":
            return (sheet.depth <= 0).astype(np.uint8)
        return np.where(border, 1, 2 * cells).astype(np.uint8)


def draw_walls(rng: np.random.Generator) -> Walls:
    """Draw a series of images of a tissue.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Walls
        Its `sample` renders images of it.
    """
    style = str(rng.choice(STYLES, p=(0.22, 0.16, 0.12, 0.19, 0.11, 0.11, 0.09)))
    unit = log_uniform(rng, 0.6, 2)
    build = _draw_build(rng, style, unit)
    glow = _draw_glow(rng, style, build, unit)
    bright, dark = style not in ("stained", "endothelium"), style == "endothelium"
    share = {"spheroid": 0.75, "epithelium": 0.25, "root": 0.3, "ovule": 0.25, "stained": 0.2}
    nuclear = rng.random() < share.get(style, 0.0)
    questions = ["walls", "cells", "both", "outside", "nuclei"]
    weights = np.array([0.68, 0.1, 0.06, 0.08 * (build.cover < 1), 0.12 * nuclear])
    question = str(rng.choice(questions, p=weights / weights.sum()))
    level = rng.uniform(0.5, 1.3) if rng.random() < 0.6 or not bright else -rng.uniform(0.5, 0.9)
    inside = log_uniform(rng, 0.02, 0.35)
    if level < 0 or question == "outside":
        inside = max(inside, 0.18)
    if style == "stained":
        inside = log_uniform(rng, 0.02, 0.25)
    colours, mixing = _draw_colours(rng, style)
    return Walls(
        style=style,
        build=build,
        glow=glow,
        inside=inside,
        variety=rng.uniform(0.1, 0.6),
        grain=rng.uniform(0.1, 0.7),
        vacuole=rng.uniform(0.3, 0.9) if rng.random() < 0.5 and style != "spheroid" else 0.0,
        haze=log_uniform(rng, 0.1, 1.0) if bright and rng.random() < 0.7 else 0.0,
        bleach=rng.uniform(40, 160) if bright and rng.random() < 0.4 else 0.0,
        nuclei=(rng.uniform(0.6, 1), rng.uniform(0.3, 0.62), level) if nuclear else (0.0, 0.3, 0.0),
        colours=colours,
        mixing=mixing,
        question=question,
        camera=_draw_camera(rng, bright, dark, glow.width),
    )


def _draw_build(rng: np.random.Generator, style: str, unit: float) -> Build:
    """How cells lie in that sort of tissue."""
    low, high = {
        "ovule": (14, 42), "root": (13, 34), "pavement": (36, 90), "epithelium": (11, 45),
        "spheroid": (28, 75), "stained": (12, 50), "endothelium": (15, 34),
    }[style]  # fmt: skip
    partly = {"ovule": 0.65, "root": 0.7, "spheroid": 0.8, "epithelium": 0.2, "stained": 0.35}
    outside = rng.random() < partly.get(style, 0.0)
    stretched = {"root": (1, 3.5), "spheroid": (1, 1.2), "endothelium": (1, 1.15)}
    return Build(
        spacing=log_uniform(rng, low, high) * unit,
        stretch=log_uniform(rng, *stretched.get(style, (1, 1.6))),
        jitter=rng.uniform(0.06, 0.16) if style in ("root", "endothelium")
        else rng.uniform(0.1, 0.28),
        merge=rng.uniform(0.1, 0.6) if style in ("ovule", "stained") and rng.random() < 0.4
        else 0.5 if style == "pavement" and rng.random() < 0.5 else 0.0,
        bend=rng.uniform(0.02, 0.14),
        lobes=rng.uniform(0.1, 0.26) if style == "pavement" else 0.0,
        cover=rng.uniform(0.45, 0.9) if outside else 1.0,
        band=style == "root" or (style == "stained" and rng.random() < 0.5),
        rounded=rng.uniform(0.05, 0.16)
        if style == "stained" or (rng.random() < 0.15 and style != "endothelium")
        else float(rng.choice([0.0, rng.uniform(0.01, 0.05)])),
        holes=rng.uniform(0.05, 0.3) if style in ("ovule", "stained") and rng.random() < 0.4
        else 0.0,
        stomata=rng.uniform(5, 60) if style == "pavement" and rng.random() < 0.7 else 0.0,
    )  # fmt: skip


def _draw_glow(rng: np.random.Generator, style: str, build: Build, unit: float) -> Glow:
    """How borders look in that sort of tissue."""
    low, high = {"stained": (1.5, 6), "endothelium": (1, 2.2), "spheroid": (1.5, 4)}.get(
        style, (1.1, 3.5)
    )
    plain = style in ("stained", "endothelium")
    return Glow(
        width=float(np.clip(log_uniform(rng, low, high) * unit**0.7, 1, 0.2 * build.spacing + 0.5)),
        variety=rng.uniform(0.05, 0.25) if plain else rng.uniform(0.1, 0.6),
        faint=0.0 if plain else float(rng.choice([0.0, rng.uniform(0.02, 0.2)])),
        oblique=0.0 if plain else float(rng.choice([0.0, rng.uniform(0.05, 0.35)])),
        beads=rng.uniform(0.0, 0.2) if plain else rng.uniform(0.05, 0.5),
        corners=rng.uniform(0, 0.6) if style in ("epithelium", "stained") else 0.0,
        outer=log_uniform(rng, 0.5, 1.8),
    )


def _draw_colours(rng: np.random.Generator, style: str) -> tuple[np.ndarray, np.ndarray]:
    """Colours of borders, cells and nuclei, and the channels they are seen in."""
    grey = rng.dirichlet((2, 2, 2))[None].astype(np.float32)
    if style == "stained":
        first, second, third = rng.permutation(len(STAINS))[:3]
        stains = np.stack([jittered(rng, STAINS[i], 0.08) for i in (first, second, third)])
        strong = rng.uniform(0.8, 2) * stains * np.array([1, 1, 1.3])[:, None]
        return strong, np.eye(3, dtype=np.float32) if rng.random() < 0.6 else grey
    if style == "endothelium":
        return np.full((3, 3), rng.uniform(0.6, 1.6)), np.full((1, 3), 1 / 3, np.float32)
    if rng.random() < 0.72:
        return np.ones((3, 3)), np.full((1, 3), 1 / 3, np.float32)
    pure = np.array([(1, 0.1, 0.05), (0.1, 1, 0.15), (0.1, 0.25, 1), (0.9, 0.1, 0.9), (1, 1, 1)])
    border, body, nucleus = pure[rng.permutation(5)[:3]]
    body = border if rng.random() < 0.5 else body
    return np.clip(np.stack([border, body, nucleus]), 0, 1), np.eye(3, dtype=np.float32)


def _draw_camera(rng: np.random.Generator, bright: bool, cornea: bool, width: float) -> Camera:
    """A confocal microscope, or one of transmitted or reflected light."""
    if rng.random() < 0.3:
        camera = draw_camera(rng)
        return replace(camera, blur=min(camera.blur, 0.3 + 0.5 * width), inverted=False)
    return Camera(
        shade=rng.uniform(0.2, 0.6) if cornea or rng.random() < 0.25 else 0.0,
        glow=rng.uniform(0.4, 1.4) if cornea else 0.0,
        light_scale=rng.uniform(60, 200),
        blur=rng.uniform(0.35, 0.4 + 0.4 * width),
        noise=log_uniform(rng, 0.02, 0.4),
        grainy=rng.uniform(0.03, 0.2) if rng.random() < 0.3 else 0.0,
        shot=log_uniform(rng, 0.03, 0.4) if bright else 0.0,
        stripes=rng.uniform(0.02, 0.12) if bright and rng.random() < 0.12 else 0.0,
        gamma=log_uniform(rng, 0.55, 1.2) if bright else log_uniform(rng, 0.8, 1.25),
        inverted=bool(bright and rng.random() < 0.06),
        jpeg=int(rng.integers(40, 92)) if rng.random() < 0.2 else 0,
    )
