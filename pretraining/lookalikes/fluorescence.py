"""Cultured cells and sections with glowing dyes: nuclei, whole cells, cells with a marker."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.cell_bodies import Bodies, CellsLook, draw_cells_look
from pretraining.lookalikes.parts.fluorescent import (
    dirt,
    draw_dim_camera,
    draw_hues,
    faint_ground,
    hazed,
)
from pretraining.lookalikes.parts.nuclei import Nuclei, NucleiLook, draw_nuclei_look
from pretraining.microscope import Camera
from pretraining.shapes import log_uniform

QUESTIONS = ("nuclei", "outlined nuclei", "cells", "outlined cells", "parts", "positive")
"""What can be asked; ``"parts"`` are cell and nucleus, ``"positive"`` what carries a marker."""


@dataclass(frozen=True, eq=False)
class Fluorescence:
    """A series of fluorescence micrographs with one question.

    Parameters
    ----------
    nuclei : NucleiLook
        Nuclei of the cells.
    cells : CellsLook
        Their bodies.
    hues : ndarray of float, shape (3, channels)
        How DNA, the stain of the cells and the marker are seen.
    question : str
        One of `QUESTIONS`.
    marked : float
        Share of cells that carry the marker.
    in_nuclei : bool
        Whether the marker is in nuclei instead of whole cells.
    unit : float
        The zoom.
    haze : float
        Light from out of focus, 0 if confocal.
    ghosts : float
        Nuclei far out of focus, over those in focus.
    soft : float
        Blur of nuclei somewhat out of focus, in pixels.
    ground : float
        Brightness of what lies between the cells.
    debris : float
        Crumbs per 10 000 pixels.
    camera : Camera
        How it is imaged.
    """

    nuclei: NucleiLook
    cells: CellsLook
    hues: np.ndarray
    question: str
    marked: float
    in_nuclei: bool
    unit: float
    haze: float
    ghosts: float
    soft: float
    ground: float
    debris: float
    camera: Camera

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Another field of view; see `pretraining.tasks.Kind`."""
        nuclei = self.nuclei.place(rng, side)
        count = len(nuclei.radii)
        marked = (rng.random(count) < self.marked) & ~nuclei.special
        bodies = self._bodies(rng, nuclei)
        dna = self._dna(rng, nuclei)
        stain = marker = np.zeros((side, side), np.float32)
        if bodies is not None and self.hues[1].any():
            stain = self.cells.lit(rng, bodies, count)
        if self.hues[2].any():
            marker = self._marker(rng, nuclei, bodies, marked)
        canvas = np.zeros((self.hues.shape[1], side, side), np.float32)
        for light, hue in zip((dna, stain, marker), self.hues, strict=True):
            glow = hazed(light, self.haze, 5 * self.unit) + faint_ground(rng, side, self.ground)
            canvas += hue.astype(np.float32)[:, None, None] * glow
        if self.debris:
            crumbs = dirt(rng, side, self.debris, self.unit)
            hue = self.hues[int(rng.integers(3))] + 0.2 * self.hues.max(0)
            canvas += rng.uniform(0.3, 1.5) * hue.astype(np.float32)[:, None, None] * crumbs
        image = self.camera.varied(rng).shoot(canvas, rng)
        return image, self._answer(nuclei, bodies, marked)

    def _bodies(self, rng: np.random.Generator, nuclei: Nuclei) -> Bodies | None:
        """The cells, where they matter."""
        needed = self.hues[1].any() or (self.hues[2].any() and not self.in_nuclei)
        return self.cells.grow(rng, nuclei) if needed else None

    def _dna(self, rng: np.random.Generator, nuclei: Nuclei) -> np.ndarray:
        """Nuclei, some a little out of focus, and ghosts of others far from it."""
        side = nuclei.stamps.side
        if not self.hues[0].any():
            return np.zeros((side, side), np.float32)
        if self.soft:
            off = rng.random(len(nuclei.tones)) < 0.4
            light = self.nuclei.lit(rng, nuclei, nuclei.tones * ~off)
            soft = self.nuclei.lit(rng, nuclei, nuclei.tones * off)
            light = light + ndimage.gaussian_filter(soft, self.soft)
        else:
            light = self.nuclei.lit(rng, nuclei)
        if self.ghosts:
            look = replace(self.nuclei, cover=self.ghosts * self.nuclei.cover, chromatin=0.02)
            others = look.lit(rng, look.place(rng, side))
            far = self.nuclei.radius * rng.uniform(0.25, 0.5)
            light = light + 0.5 * ndimage.gaussian_filter(others, far)
        return np.asarray(light)

    def _marker(
        self, rng: np.random.Generator, nuclei: Nuclei, bodies: Bodies | None, marked: np.ndarray
    ) -> np.ndarray:
        """Light of the marker: strong in those that carry it, a trace in the others."""
        tones = np.where(marked, rng.uniform(0.5, 1.4, len(marked)), rng.uniform(0, 0.08))
        if self.in_nuclei or bodies is None:
            return self.nuclei.lit(rng, nuclei, tones)
        return self.cells.lit(rng, bodies, len(marked), tones)

    def _answer(self, nuclei: Nuclei, bodies: Bodies | None, marked: np.ndarray) -> np.ndarray:
        """The classes asked for."""
        painted = nuclei.stamps.painted()
        inner = painted.inside
        if self.question == "positive":
            chosen = np.concatenate([[False], marked])
            of = painted.instances if self.in_nuclei or bodies is None else bodies.instances
            return chosen[of].astype(np.uint8)
        if bodies is None or "nuclei" in self.question:
            if self.question == "outlined nuclei":
                return inner * (1 + _edges(painted.instances, self.nuclei.radius))
            return inner.astype(np.uint8)
        body = bodies.instances > 0
        if self.question == "outlined cells":
            width = self.cells.wall if self.cells.stain == "membrane" else 1.5
            return body * (1 + (bodies.depth <= width + 0.5).astype(np.uint8))
        if self.question == "parts":
            return np.where(inner, 2, body).astype(np.uint8)
        return (body | inner).astype(np.uint8) if self.hues[0].any() else body.astype(np.uint8)


def _edges(instances: np.ndarray, radius: float) -> np.ndarray:
    """1 at the rim of objects, on their inside, else 0; uint8."""
    size = 3 if radius < 9 else 5
    rim = ndimage.grey_dilation(instances, (size, size)) != instances
    rim |= ndimage.grey_erosion(instances, (size, size)) != instances
    return (rim & (instances > 0)).astype(np.uint8)


def draw_fluorescence(rng: np.random.Generator) -> Fluorescence:
    """Draw a series of fluorescence micrographs.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Fluorescence
        Its `sample` renders images of it.
    """
    unit = log_uniform(rng, 0.6, 2)
    question = str(rng.choice(QUESTIONS, p=(0.5, 0.05, 0.22, 0.06, 0.06, 0.11)))
    nuclei, cells = draw_nuclei_look(rng, unit), draw_cells_look(rng, unit)
    in_nuclei = bool(rng.random() < 0.6)
    about_cells = question in ("cells", "outlined cells", "parts")
    if about_cells or (question == "positive" and not in_nuclei):
        # A crop should hold several cells.
        nuclei = replace(nuclei, radius=min(nuclei.radius, 36 / cells.reach))
        cover = log_uniform(rng, 0.25, 1.2) / cells.reach**2
        nuclei = replace(nuclei, apart=rng.uniform(0.8, 1.4), cover=cover)
    else:
        # Crowded nuclei leave no room for large cells.
        cells = replace(cells, reach=min(cells.reach, max((1.6 / nuclei.cover) ** 0.5, 1.4)))
        question = "nuclei" if "outlined" in question and nuclei.radius < 5 else question
    if question == "parts" and cells.stain == "membrane":
        cells = replace(cells, hollow=0.5)
    hues = _draw_hues(rng, question, about_cells)
    return Fluorescence(
        nuclei=nuclei,
        cells=cells,
        hues=hues,
        question=question,
        marked=rng.uniform(0.1, 0.5),
        in_nuclei=in_nuclei,
        unit=unit,
        haze=float(rng.choice([0.0, rng.uniform(0.1, 0.5), rng.uniform(0.4, 1.3)])),
        ghosts=rng.uniform(0.2, 1.5) if rng.random() < 0.3 else 0.0,
        soft=rng.uniform(0.08, 0.25) * nuclei.radius if rng.random() < 0.3 else 0.0,
        ground=log_uniform(rng, 0.005, 0.15),
        debris=log_uniform(rng, 0.1, 4) if rng.random() < 0.5 else 0.0,
        camera=draw_dim_camera(rng, min(0.3 + 1.2 * unit, 0.25 * nuclei.radius + 0.3)),
    )


def _draw_hues(rng: np.random.Generator, question: str, about_cells: bool) -> np.ndarray:
    """How DNA, the stain of cells and the marker are seen; 0 where there is no such dye."""
    asked = {"positive": 2}.get(question, 1 if about_cells else 0)
    single = question != "positive" and rng.random() < (0.3 if about_cells else 0.6)
    grey = rng.random() < (0.75 if single else 0.4)
    hues = draw_hues(rng, 3, asked, grey)
    shown = [asked == 0 or not single, asked == 1 or not single, question == "positive"]
    shown[1] &= about_cells or rng.random() < (0.3 if question == "positive" else 0.6)
    shown[2] |= not single and rng.random() < 0.25
    if question == "parts":
        shown[0] = True
        hues[0] = np.maximum(hues[0], rng.uniform(0.5, 1) * (hues[0] > 0.3 if not grey else 1))
    return hues * np.array(shown)[:, None]
