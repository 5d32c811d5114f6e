"""Adherent cultured cells in phase contrast, differential interference contrast or bright field.

Cells are drawn as an optical thickness; what the microscope makes of it (halos, relief, fringes)
follows from that thickness, as it does in reality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.crumbs import draw_crumbs
from pretraining.lookalikes.parts.culture import Culture
from pretraining.microscope import Camera, draw_camera
from pretraining.scenes import Relabel
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise


@dataclass(frozen=True)
class Phase:
    """A series of images of cultured cells with one question.

    Parameters
    ----------
    culture : Culture
        The cells.
    optics : str
        ``"phase"``, ``"relief"`` (differential interference contrast) or ``"bright"`` field.
    halo : float
        Reach of halos or fringes in pixels.
    direction : float
        Of the relief in radians.
    unit : float
        The zoom.
    gleam : float
        How bright round cells are in phase contrast.
    ground : float
        Strength of the texture of the dish.
    question : str
        ``"cells"``, ``"outlined"``, ``"nuclei"`` or ``"round"`` (flat and round cells as two
        classes).
    tint : tuple of float
        Gains of the channels; one for a grey image.
    camera : Camera
        How it is imaged.
    """

    culture: Culture
    optics: str
    halo: float
    direction: float
    unit: float
    gleam: float
    ground: float
    question: str
    tint: tuple[float, ...]
    camera: Camera

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Another field of view; see `pretraining.tasks.Kind`."""
        culture, radius = self.culture, self.culture.radius
        cells, nuclei, round_ones = culture.place(rng, side)
        is_round = np.isin(cells.index, round_ones)
        wild = radius * np.where(is_round, 0.1, 1)
        rough = culture.ruffled * wild
        # The membrane spans webs between arms, so creases of the outline are smoothed away.
        web = 0.16 * radius if culture.shape == "spread" else 0.4 * self.unit
        outline = ndimage.gaussian_filter(cells.distance, web) + rough * smooth_noise(
            rng, side, max(0.5 * radius, 3)
        )
        outline += 0.07 * wild * smooth_noise(rng, side, 1.3 * radius)
        outline += 0.4 * rough * smooth_noise(rng, side, max(0.16 * radius, 1.5))
        instances = np.where(outline < 0, cells.index, 0)
        flat = (instances > 0) & ~is_round
        change = ndimage.morphological_gradient(instances, 3) > 0
        depth = ndimage.distance_transform_edt(~(change | (instances == 0))).astype(np.float32)
        inner = np.where(flat & (depth > 1), nuclei.distance, 3.0)
        thick = self._thickness(rng, instances, flat, depth, inner)
        image = self._optics(rng, thick, (instances > 0) & is_round, depth)
        image += self._dish(rng, side)
        canvas = image[None] * np.array(self.tint)[:, None, None]
        shot = self.camera.varied(rng).shoot(canvas.astype(np.float32), rng)
        return shot, self._answer(instances, is_round, inner)

    def _thickness(
        self, rng: np.random.Generator, instances: np.ndarray, flat: np.ndarray,
        depth: np.ndarray, inner: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """The optical thickness of everything."""
        side, culture, unit = len(flat), self.culture, self.unit
        radius = culture.radius
        tone = np.exp(0.3 * rng.standard_normal(int(instances.max()) + 1))[instances]
        thick = culture.lamella * (1 - np.exp(-depth / (1.5 * unit)))
        even = ndimage.gaussian_filter(depth, 0.15 * radius)
        hump = np.clip(
            even / (0.75 * radius) + 0.12 * smooth_noise(rng, side, 0.6 * radius), 0, 1.2
        )
        thick = thick + culture.body * tone * hump**1.6
        period = max(0.35 * radius, 4.0)
        waves = np.cos(2 * np.pi * even / period + 2.5 * smooth_noise(rng, side, radius))
        patch = np.clip(smooth_noise(rng, side, radius) - 0.3, 0, 2) * np.exp(-depth / period)
        folds = 0.6 * waves * patch + 0.4 * smooth_noise(rng, side, 0.3 * radius + 1)
        thick += culture.folds * (folds + 0.4 * smooth_noise(rng, side, 1.6 * self.unit + 0.5))
        dots = (rng.random(flat.shape) < 0.07 * np.clip(hump, 0.08, 1) / unit) * rng.uniform(
            -0.5, 1, flat.shape
        )
        size = 0.9 * unit
        fine = ndimage.gaussian_filter(dots, size) * 6 * size**2
        fine += 0.5 * ndimage.gaussian_filter(dots * (rng.random(dots.shape) < 0.2), 2 * size) * 30
        fine += (0.3 * np.clip(hump, 0.1, 1)) * smooth_noise(rng, side, 1.5 * unit)
        # Organelles crowd round the nucleus.
        crowd = np.exp(-np.clip(inner, 0, 3) / 3) + 0.4
        thick += culture.grains * crowd * fine * (inner > -1)
        edge = np.clip(-inner / (1.5 * unit), 0, 1)
        thick += culture.nucleus * edge * (inner < 0)
        spots = ndimage.gaussian_filter(rng.standard_normal(flat.shape), 1.6 * unit) * 6 * unit
        thick += 0.7 * culture.nucleus * np.clip(spots - 1.2, 0, 1) * np.clip(-inner / 2 - 1, 0, 1)
        thick = np.where(flat, thick, 0)
        dome = np.sqrt(np.clip(depth / (0.5 * min(radius, 20)), 0, 1))
        round_one = (instances > 0) & ~flat
        return np.where(round_one, (1.6 + 0.1 * fine) * dome, thick)

    def _optics(
        self, rng: np.random.Generator, thick: np.ndarray, round_ones: np.ndarray, depth: np.ndarray
    ) -> np.ndarray:
        """What the microscope makes of a thickness."""
        strength = self.culture.lamella + 0.4 * self.culture.body
        crumbs = strength * draw_crumbs(
            rng, len(thick), self.culture.debris, self.unit, (0.7, 1.2, 2.2)
        )
        thick = thick + crumbs
        if self.optics == "relief":
            soft = ndimage.gaussian_filter(thick, 0.7 * self.unit)
            gradient = np.gradient(soft)
            relief = np.sin(self.direction) * gradient[0] + np.cos(self.direction) * gradient[1]
            return 3 * relief - 0.05 * soft
        wide = ndimage.gaussian_filter(thick, self.halo)
        if self.optics == "bright":
            close = ndimage.gaussian_filter(thick, 0.45 * self.halo)
            return 2.0 * (close - wide) * np.sign(np.cos(self.direction)) - 0.15 * thick
        far = ndimage.gaussian_filter(thick, 3.5 * self.halo)
        image = 0.65 * wide + 0.35 * far - 0.9 * thick
        size = 0.5 * min(self.culture.radius, 20)
        bright = np.clip(depth / size - 0.25, 0, 0.8) * round_ones
        shine = ndimage.gaussian_filter(bright.astype(np.float32), 0.8 * self.unit)
        return image + self.gleam * shine + 0.8 * self.gleam * np.clip(crumbs - 0.6, 0, 1)

    def _dish(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """The ground: scratched plastic, medium, and light that is not even."""
        ground = self.ground * 0.5 * smooth_noise(rng, side, 2.2 * self.unit)
        ground += self.ground * 0.5 * smooth_noise(rng, side, 9 * self.unit)
        return ground + self.ground * 1.5 * smooth_noise(rng, side, 70)

    def _answer(self, instances: np.ndarray, is_round: np.ndarray, inner: np.ndarray) -> np.ndarray:
        """The classes asked for."""
        cells = (instances > 0).astype(np.uint8)
        if self.question == "outlined":
            return Relabel("inside and outline", 1)(cells, instances)
        if self.question == "nuclei":
            return (inner < 0).astype(np.uint8)
        if self.question == "round":
            return cells + (is_round & (cells > 0)).astype(np.uint8)
        return cells


def draw_phase(rng: np.random.Generator) -> Phase:
    """Draw a series of cultured cells.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Phase
        Its `sample` renders images of it.
    """
    unit = log_uniform(rng, 0.6, 2)
    shapes = ("spindle", "spread", "star", "round")
    shape = str(rng.choice(shapes, p=(0.3, 0.35, 0.12, 0.23)))
    low, high = {"spindle": (5, 13), "spread": (10, 32), "star": (6, 12), "round": (8, 30)}[shape]
    stretch = {"spindle": (2, 5), "spread": (1.2, 2.6), "star": (2, 5), "round": (0.2, 0.9)}[shape]
    optics = str(rng.choice(["phase", "relief", "bright"], p=(0.6, 0.2, 0.2)))
    question = str(rng.choice(["cells", "outlined", "nuclei", "round"], p=(0.8, 0.08, 0.05, 0.07)))
    some_round = question == "round" or rng.random() < 0.55
    culture = Culture(
        shape=shape,
        radius=log_uniform(rng, low, high) * unit,
        stretch=log_uniform(rng, *stretch),
        ruffled=log_uniform(rng, 0.03, 0.18),
        cover=log_uniform(rng, 0.15, 1.3),
        cluster=float(rng.choice([0.0, rng.uniform(0.4, 1)])),
        aligned=float(rng.choice([0.0, rng.uniform(0.5, 1)])),
        lamella=log_uniform(rng, 0.08, 0.5),
        body=log_uniform(rng, 0.25, 1.0),
        nucleus=rng.uniform(0.25, 0.5) if question == "nuclei" else rng.uniform(0, 0.35),
        grains=log_uniform(rng, 0.06, 0.6),
        folds=log_uniform(rng, 0.02, 0.12),
        rounded=rng.uniform(0.03, 0.3) if some_round else 0.0,
        debris=log_uniform(rng, 0.2, 6),
    )
    tinted = rng.random() < 0.12
    return Phase(
        culture=culture,
        optics=optics,
        halo=log_uniform(rng, 2, 4.5) * unit,
        direction=rng.uniform(0, 2 * np.pi),
        unit=unit,
        gleam=log_uniform(rng, 0.4, 2),
        ground=log_uniform(rng, 0.003, 0.04),
        question=question,
        tint=tuple(rng.uniform(0.75, 1, 3).tolist()) if tinted else (1.0,),
        camera=draw_camera(rng) if rng.random() < 0.25 else _camera(rng, unit),
    )


def _camera(rng: np.random.Generator, unit: float) -> Camera:
    """A camera of a culture microscope: uneven light, moderate noise, often files with loss."""
    return Camera(
        glow=rng.uniform(0.2, 1.2) if rng.random() < 0.5 else 0.0,
        light_scale=rng.uniform(80, 300),
        blur=rng.uniform(0.2, 0.5 + 0.6 * unit),
        noise=log_uniform(rng, 0.02, 0.25),
        grainy=rng.uniform(0.03, 0.15) if rng.random() < 0.2 else 0.0,
        gamma=float(np.exp(rng.normal(0, 0.25))),
        jpeg=int(rng.integers(40, 92)) if rng.random() < 0.35 else 0,
    )
