"""Small spots: vesicles, single transcripts, foci of nuclei, synapses, droplets, active neurons."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.cell_bodies import CellsLook, draw_holders
from pretraining.lookalikes.parts.fluorescent import (
    dirt,
    draw_dim_camera,
    draw_hues,
    faint_ground,
    hazed,
)
from pretraining.lookalikes.parts.nuclei import NucleiLook
from pretraining.lookalikes.parts.spots import PROFILES, Scene, Spots, draw_spots, heaped, strewn
from pretraining.lookalikes.parts.threads import Threads, uneven, woven
from pretraining.microscope import Camera
from pretraining.shapes import log_uniform
from pretraining.textures import Texture, draw_texture, smooth_noise

STYLES = ("vesicles", "transcripts", "foci", "synapses", "droplets", "calcium", "colloids")
"""What the spots are; ``"calcium"`` are neurons with an indicator, ``"colloids"`` any particles."""

IN_CELLS = ("vesicles", "transcripts", "foci", "droplets")
"""Styles with cells that hold the spots."""


@dataclass(frozen=True, eq=False)
class Puncta:
    """A series of images of small spots with one question.

    Parameters
    ----------
    style : str
        One of `STYLES`.
    question : str
        ``"spots"``, ``"holders"`` (cells with many) or ``"both"`` as two classes.
    nuclei, cells : NucleiLook, CellsLook
        The cells.
    radius, spread, profile : float, float, str
        Typical size in pixels, how it differs, and one of `PROFILES`.
    variety : float
        How brightness differs.
    rate : float
        How many, per cell or per 10 000 pixels.
    cluster : float
        How much they crowd.
    positive : float
        Share of cells with many spots.
    cell_light : float
        Brightness of cells, or of what else lies beneath.
    bed : Texture or None
        Structure of the ground.
    refracts : bool
        Whether droplets are seen by refraction instead of their glow.
    hues : ndarray of float, shape (3, channels)
        How DNA, spots and the rest are seen.
    haze, ground, debris : float
        Light from out of focus and between things; crumbs per 10 000 pixels.
    unit : float
        The zoom.
    camera : Camera
        How it is imaged.
    """

    style: str
    question: str
    nuclei: NucleiLook
    cells: CellsLook
    radius: float
    spread: float
    profile: str
    variety: float
    rate: float
    cluster: float
    positive: float
    cell_light: float
    bed: Texture | None
    refracts: bool
    hues: np.ndarray
    haze: float
    ground: float
    debris: float
    unit: float
    camera: Camera

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Another field of view; see `pretraining.tasks.Kind`."""
        if self.style in IN_CELLS:
            scene = self._in_cells(rng, side)
        elif self.style == "synapses":
            scene = self._synapses(rng, side)
        elif self.style == "calcium":
            scene = self._calcium(rng, side)
        else:
            scene = self._colloids(rng, side)
        canvas = self._refracted(rng, scene) if self.refracts else self._glowing(rng, scene)
        image = self.camera.varied(rng).shoot(canvas.astype(np.float32), rng)
        if self.question == "both":
            classes = np.where(scene.is_spot, 2, scene.holds)
        else:
            classes = scene.holds if self.question == "holders" else scene.is_spot
        return image, classes.astype(np.uint8)

    def _glowing(self, rng: np.random.Generator, scene: Scene) -> np.ndarray:
        """Fluorescence of all dyes."""
        side = len(scene.dna)
        canvas = np.zeros((self.hues.shape[1], side, side), np.float32)
        spots = scene.spots + self.cell_light * scene.rest
        for light, hue in zip((scene.dna, spots, scene.rest), self.hues, strict=True):
            glow = hazed(light, self.haze, 4 * self.unit) + faint_ground(rng, side, self.ground)
            canvas += hue.astype(np.float32)[:, None, None] * glow
        if self.debris:
            crumbs = rng.uniform(0.4, 2) * dirt(rng, side, self.debris, 1.5 * self.unit)
            canvas += self.hues.max(0).astype(np.float32)[:, None, None] * crumbs
        if self.bed is not None:
            canvas += self.ground * np.maximum(1 + self.bed(rng, side), 0)
        return canvas

    def _refracted(self, rng: np.random.Generator, scene: Scene) -> np.ndarray:
        """Bright field: droplets are lenses with a dark rim, cells are pale and grainy."""
        side = len(scene.dna)
        wide = ndimage.gaussian_filter(scene.spots, 0.7 * self.radius + 0.5)
        grey = 1.2 * scene.spots - 1.8 * wide
        cell = ndimage.gaussian_filter(scene.rest, self.unit)
        grain = smooth_noise(rng, side, 1.5 * self.unit + 0.5)
        grey = grey + 0.3 * (cell - ndimage.gaussian_filter(cell, 5 * self.unit))
        grey = grey + (0.04 + 0.08 * np.clip(cell, 0, 1)) * grain - 0.1 * scene.dna
        return np.asarray((grey + 3)[None] * (0.9 + 0.1 * self.hues[1])[:, None, None])

    def _seen(
        self, rng: np.random.Generator, side: int, spots: Spots
    ) -> tuple[np.ndarray, np.ndarray]:
        """Light of spots and where they are, and of fainter ones out of focus among them."""
        light, mask = spots.drawn(rng, side, self.profile, 0.4, self.camera.blur)
        share = rng.random(len(spots.radii)) < 0.25
        blurred = Spots(
            spots.centres[share] + rng.normal(0, 6 * self.unit, (share.sum(), 2)),
            spots.radii[share] * 2.5, 0.15 * spots.tones[share],
        )  # fmt: skip
        far, _ = blurred.drawn(rng, side, "blurred", 9, 0)
        return light + far, mask

    @property
    def _gap(self) -> float:
        """Balls do not run into each other; points may."""
        return 0.0 if self.profile == "blurred" else 0.8

    def _in_cells(self, rng: np.random.Generator, side: int) -> Scene:
        """Spots in the cytoplasm or the nuclei of cells."""
        nuclei = self.nuclei.place(rng, side)
        count = len(nuclei.radii)
        many = (rng.random(count) < self.positive) & ~nuclei.special
        bodies = self.cells.grow(rng, nuclei)
        rest = self.cells.lit(rng, bodies, count)
        inner = nuclei.stamps.painted()
        expected = self.rate * np.exp(0.4 * rng.standard_normal(count)) * np.where(many, 1, 0.03)
        where = inner.instances if self.style == "foci" else bodies.instances
        if self.style == "foci":
            weight = np.clip(inner.depth - 1, 0, 1)
        elif self.style == "transcripts":
            weight = np.clip(bodies.depth / 2, 0, 1) * (1 - 0.4 * inner.inside)
        else:
            weight = np.clip(2.5 * bodies.inward, 0, 1) ** 2 * (1 - bodies.nucleus)
        weight = weight * heaped(rng, side, 1.0, self.cluster, 5 * self.unit + self.radius)
        whole = np.bincount(where.ravel(), weight.ravel(), minlength=count + 1)
        # Cells cut off by the border hold as many on their area as others.
        typical = float(np.median(whole[1:][whole[1:] > 0])) if (whole[1:] > 0).any() else 1.0
        # Where they are too many to be told apart, nobody would paint them.
        room = 0.3 * np.maximum(whole[1:], typical) / (np.pi * (1.3 * self.radius) ** 2)
        expected = np.minimum(expected, room)
        per_weight = np.concatenate([[0], expected / np.maximum(whole[1:], typical)])
        chance = per_weight[where] * weight + 2e-5 * (self.style == "transcripts")
        spots = draw_spots(
            rng, strewn(rng, chance), self.radius, self.spread, self.variety, self._gap
        )
        light, mask = self._seen(rng, side, spots)
        holds = np.concatenate([[False], many])[where]
        dna = self.nuclei.lit(rng, nuclei)
        rest = rest + (0.5 * dna if self.style == "foci" else 0)
        return Scene(dna, light, rest, mask, holds | (mask & (where > 0)))

    def _synapses(self, rng: np.random.Generator, side: int) -> Scene:
        """Spots along neurites, many of them in pairs of sides."""
        paths = woven(rng, side, int(rng.integers(4, 14)), 0.3, 0.5, 8 * self.unit)
        shine = uneven(rng, paths.shape[:2], 0.4, 8 * self.unit)
        threads = Threads(paths, shine, 1.4 * self.unit)
        sure = paths.reshape(-1, 2)
        inside = sure[((sure > 0) & (sure < side)).all(1)]
        # They stay apart enough to be told from each other.
        most = int(0.12 * len(inside) / self.radius) + 5
        number = min(rng.poisson(self.rate * side**2 / 1e4), most, 600)
        on = inside[rng.integers(0, max(len(inside), 1), number)] if len(inside) else inside
        on = on + rng.normal(0, 1.3 * self.unit, on.shape)
        free = strewn(rng, heaped(rng, side, 0.15 * self.rate / 1e4, self.cluster, 20 * self.unit))
        centres = np.concatenate([on, free])
        spots = draw_spots(rng, centres, self.radius, self.spread, self.variety)
        light, mask = self._seen(rng, side, spots)
        nothing = np.zeros((side, side), np.float32)
        return Scene(nothing, light, threads.lit(side), mask, threads.mask(side, 0.3) | mask)

    def _calcium(self, rng: np.random.Generator, side: int) -> Scene:
        """Neurons filled with an indicator, dark at their nuclei, in a glowing tangle."""
        size = 2.2 * self.radius + 3 * self.unit
        chance = heaped(rng, side, self.rate / 8e4, self.cluster, 30 * self.unit)
        spots = draw_spots(rng, strewn(rng, chance, 300), size, 0.15, 1.3 * self.variety, 0.9)
        ring, mask = spots.drawn(rng, side, "shell", 0.4, 0)
        ball, _ = spots.drawn(rng, side, "ball", 0.4, 0)
        hollow = self.spread / 0.5
        light = hollow * ring + (1 - hollow) * ball
        light = light * (1 + 0.12 * smooth_noise(rng, side, 1.5 * self.unit))
        tangle = 1 + 0.3 * smooth_noise(rng, side, 1.6 * self.unit)
        tangle += 0.25 * smooth_noise(rng, side, 9 * self.unit)
        tangle += 0.3 * smooth_noise(rng, side, 60 * self.unit)
        vessels = woven(rng, side, int(rng.integers(0, 4)), 0.0, 0.4, 12 * self.unit)
        veins = Threads(vessels, np.ones(vessels.shape[:2]), 2.5 * self.unit).lit(side)
        rest = np.maximum(tangle, 0.1) * (1 - 0.8 * np.clip(veins, 0, 1))
        nothing = np.zeros((side, side), np.float32)
        return Scene(nothing, light, 0.7 * rest.astype(np.float32), mask, mask)

    def _colloids(self, rng: np.random.Generator, side: int) -> Scene:
        """Particles, viruses or beads, single and in clumps."""
        scale = rng.uniform(4, 20) * self.radius
        chance = heaped(rng, side, 1.3 * self.rate / 1e4, self.cluster, scale)
        spots = draw_spots(
            rng, strewn(rng, chance, 900), self.radius, self.spread, self.variety, self._gap
        )
        light, mask = self._seen(rng, side, spots)
        film = 0.3 * np.maximum(1 + smooth_noise(rng, side, 30 * self.unit), 0)
        return Scene(film * 0, light, film.astype(np.float32), mask, mask)


def draw_puncta(rng: np.random.Generator) -> Puncta:
    """Draw a series of images of small spots.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Puncta
        Its `sample` renders images of it.
    """
    unit = log_uniform(rng, 0.6, 2)
    style = str(rng.choice(STYLES, p=(0.19, 0.15, 0.17, 0.11, 0.14, 0.12, 0.12)))
    question = str(rng.choice(["spots", "holders", "both"], p=(0.78, 0.1, 0.12)))
    question = question if style in ("vesicles", "transcripts", "foci") else "spots"
    round_ones = style in ("droplets", "colloids")
    radius = log_uniform(rng, *((1.8, 4.5) if round_ones else (1.2, 2.2))) * unit**0.7
    profile = str(rng.choice(PROFILES)) if round_ones else "blurred"
    refracts = style == "droplets" and rng.random() < 0.3
    rates = {"foci": (7, 30), "droplets": (15, 120), "transcripts": (20, 120), "calcium": (15, 70)}
    nuclei, cells = draw_holders(rng, unit, style == "foci")
    hues = _draw_hues(rng, style, question)
    camera = draw_dim_camera(rng, 0.2 + 0.35 * radius)
    dark = camera.inverted if style != "colloids" else bool(rng.random() < 0.35)
    positive = {"holders": rng.uniform(0.25, 0.6), "both": 1.0}.get(question, rng.uniform(0.4, 1))
    visible = 0.12 if question != "spots" else 0.03
    return Puncta(
        style=style,
        question=question,
        nuclei=nuclei,
        cells=cells,
        radius=max(radius, 1.3),
        spread=rng.uniform(0.2, 0.5) if round_ones else rng.uniform(0.05, 0.3),
        profile="ball" if refracts else profile,
        variety=log_uniform(rng, 0.15, 0.65),
        rate=log_uniform(rng, *rates.get(style, (25, 140))),
        cluster=float(rng.choice([0.0, rng.uniform(0.2, 0.8)])),
        positive=positive,
        cell_light=log_uniform(rng, visible, 0.35) * (2 if style == "calcium" else 1),
        bed=draw_texture(rng) if style == "colloids" and rng.random() < 0.5 else None,
        refracts=refracts,
        hues=hues,
        haze=float(rng.choice([0.0, rng.uniform(0.05, 0.3), rng.uniform(0.2, 0.7)])),
        ground=log_uniform(rng, 0.005, 0.2),
        debris=log_uniform(rng, 0.1, 2) if rng.random() < 0.45 else 0.0,
        unit=unit,
        camera=replace(camera, inverted=dark),
    )


def _draw_hues(rng: np.random.Generator, style: str, question: str) -> np.ndarray:
    """How DNA, spots and the rest are seen."""
    hues = draw_hues(rng, 3, 1, rng.random() < 0.5)
    hues[0] *= style in IN_CELLS and (question != "spots" or rng.random() < 0.6)
    hues[2] *= rng.random() < 0.4
    if len(hues[1]) == 1 and question != "spots":
        hues[0] = max(float(hues[0, 0]), rng.uniform(0.15, 0.4))
    return hues
