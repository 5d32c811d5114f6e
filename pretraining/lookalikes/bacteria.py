"""Bacteria under a light, fluorescence or scanning electron microscope, or stained on a slide."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.colonies import Colony, Form
from pretraining.lookalikes.parts.crumbs import draw_crumbs, draw_hair, draw_leukocytes
from pretraining.lookalikes.parts.tubes import Tubes
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.textures import Texture, draw_texture, smooth_noise

OPTICS = ("phase", "bright", "relief", "fluorescence", "scanning", "stained")
"""Ways to image bacteria."""


@dataclass(frozen=True, eq=False)
class Bacteria:
    """A series of images of bacteria with one question.

    Parameters
    ----------
    forms : tuple of Form
        One or two species.
    optics : str
        One of `OPTICS`.
    unit : float
        The zoom.
    halo : float
        Reach of halos and fringes in pixels.
    direction : float
        Of light and relief in radians.
    variety : float
        Deviation of the logarithm of brightness between cells.
    label : str
        What fluoresces: ``"cytosol"``, ``"membrane"``, ``"spots"`` or ``"nucleoid"``.
    dirt : float
        Number of crumbs per 10 000 pixels.
    ground, bed : float, Texture
        Strength and kind of the texture of what they lie on.
    colours : ndarray of float, shape (species + 1, channels)
        Absorbed (stained) or emitted by each species; the last is of the host's cells.
    hosts : float
        Large cells among them per 10 000 pixels.
    question : str
        ``"cells"``, ``"outlined"``, ``"species"`` (two classes) or ``"one"`` species of two.
    camera : Camera
        How it is imaged.
    """

    forms: tuple[Form, ...]
    optics: str
    unit: float
    halo: float
    direction: float
    variety: float
    label: str
    dirt: float
    ground: float
    bed: Texture
    colours: np.ndarray
    hosts: float
    question: str
    camera: Camera

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Another field of view; see `pretraining.tasks.Kind`."""
        colony = Colony.empty(side, max(form.width for form in self.forms))
        for form in self.forms:
            colony.grow(rng, form)
        species = np.array(colony.species)[colony.tubes.index]
        radii = np.array([1.0, *(form.width / 2 for form in self.forms), 1.0])[species]
        inward = np.clip(-colony.tubes.distance / radii, 0, 1)
        thick = np.sqrt(1 - (1 - inward) ** 2).astype(np.float32)
        tones = np.exp(self.variety * rng.standard_normal(len(colony.species)))
        tone = tones[colony.tubes.index]
        if self.optics == "stained":
            canvas = self._stained(rng, thick * tone, species)
        elif self.optics == "fluorescence":
            light = self._glowing(rng, colony.tubes, thick, tone, radii)
            canvas = light * self.colours[0][:, None, None]
        elif self.optics == "scanning":
            canvas = self._scanned(rng, thick * radii, tone, colony.tubes)[None]
        else:
            canvas = self._refracted(rng, thick, tone, colony.tubes)[None]
        image = self.camera.varied(rng).shoot(canvas.astype(np.float32), rng)
        return image, self._answer(colony.tubes, species, radii)

    def _refracted(
        self, rng: np.random.Generator, thick: np.ndarray, tone: np.ndarray, tubes: Tubes
    ) -> np.ndarray:
        """Phase contrast, bright field or interference contrast."""
        side = len(thick)
        inside = thick * (0.6 + 0.4 * tone) + 0.12 * thick * smooth_noise(rng, side, 2 * self.unit)
        spores = ndimage.gaussian_filter(self._spots(rng, tubes, 0.0015), 1.2 * self.unit)
        inside = inside - 4 * self.unit**2 * spores * (self.label == "spots")
        inside = inside + self._dirt(rng, side)
        ground = self.ground * (self.bed(rng, side) + 2 * smooth_noise(rng, side, 60))
        if self.optics == "relief":
            slope = np.gradient(ndimage.gaussian_filter(inside, 0.7 * self.unit))
            return ground + 3 * (
                np.sin(self.direction) * slope[0] + np.cos(self.direction) * slope[1]
            )
        wide = ndimage.gaussian_filter(inside, self.halo)
        if self.optics == "bright":
            close = ndimage.gaussian_filter(inside, 0.5 * self.halo)
            return ground + 1.5 * (close - wide) * np.sign(np.cos(self.direction)) - 0.25 * inside
        far = ndimage.gaussian_filter(inside, 3 * self.halo)
        return ground + 0.9 * wide + 0.4 * far - inside

    def _glowing(
        self, rng: np.random.Generator, tubes: Tubes, thick: np.ndarray, tone: np.ndarray,
        radii: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """Fluorescence with light from out of focus."""
        side = len(thick)
        rim = np.exp(-(((tubes.distance + 0.2 * radii) / (0.3 * radii + 0.4)) ** 2))
        light = thick * tone
        if self.label == "membrane":
            light = (0.25 * thick + rim * (thick > 0)) * tone
        elif self.label == "spots":
            spots = ndimage.gaussian_filter(self._spots(rng, tubes, 0.006), 0.9 * self.unit)
            light = 0.45 * light + 6 * self.unit**2 * spots
        elif self.label == "nucleoid":
            period = 3.2 * radii
            lobes = 0.55 + 0.45 * np.sin(2 * np.pi * tubes.along / period + 2 * tubes.index)
            light = (0.15 * thick + thick**3 * lobes) * tone
        haze = ndimage.gaussian_filter(light, 5 * self.unit)
        faint = self.ground * (1 + smooth_noise(rng, side, 50) + 0.4 * self.bed(rng, side))
        dust = np.clip(self._dirt(rng, side), 0, 1) * 0.7
        return np.asarray(light + 0.35 * haze + faint + dust)[None]

    def _scanned(
        self, rng: np.random.Generator, height: np.ndarray, tone: np.ndarray, tubes: Tubes
    ) -> np.ndarray:
        """Secondary electrons: steep slopes shine, gaps are dark."""
        side = len(height)
        step = 0.8 * tubes.index % 3  # Those on top of others stand out a little.
        bed = self.bed(rng, side) * (1 + 4 * self.ground)
        wrinkles = 0.25 * smooth_noise(rng, side, 3 * self.unit)
        surface = np.where(tubes.inside, 2 * height + step + wrinkles, 0.8 * bed)
        surface = ndimage.gaussian_filter(surface, 0.6)
        surface = surface + 2 * self._dirt(rng, side)
        slope = np.gradient(surface)
        steep = np.sqrt(1 + 0.6 * (slope[0] ** 2 + slope[1] ** 2)) - 1
        lit = np.sin(self.direction) * slope[0] + np.cos(self.direction) * slope[1]
        sunk = ndimage.gaussian_filter(surface, 2.2 * self.unit) - surface
        body = tubes.inside * (0.35 + 0.1 * np.log(tone))
        return np.asarray(0.5 * np.minimum(steep, 1.6) + 0.2 * lit - 0.12 * sunk + body)

    def _stained(
        self, rng: np.random.Generator, stain: np.ndarray, species: np.ndarray
    ) -> np.ndarray:
        """A smear in transmitted light: dyes absorb."""
        side = len(stain)
        dark = np.zeros((self.colours.shape[1], side, side))
        for number in range(1, len(self.forms) + 1):
            share = np.clip(1.4 * stain, 0, 1.5) * (species == number)
            dark += self.colours[number - 1][:, None, None] * share
        host = draw_leukocytes(rng, side, self.hosts, self.unit)
        crumbs = np.clip(self._dirt(rng, side), 0, 1)
        film = smooth_noise(rng, side, 30) + 0.4 * smooth_noise(rng, side, 3 * self.unit)
        film = self.ground * np.maximum(1 + film, 0)
        dark += self.colours[-1][:, None, None] * (host + film + crumbs)
        return np.asarray(np.exp(-dark))

    def _spots(self, rng: np.random.Generator, tubes: Tubes, share: float) -> np.ndarray:
        """Points within cells: spores, granules or labelled foci."""
        chance = share * 6 / self.unit**2 * (tubes.distance < -1.2)
        return (rng.random(tubes.distance.shape) < chance).astype(np.float32)

    def _dirt(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Crumbs of all sizes, flakes and hairs."""
        dirt = draw_crumbs(rng, side, self.dirt, self.unit, (0.6, 1.1, 2.2, 5.0))
        if rng.random() < 0.05 * self.dirt:
            dirt += 0.6 * draw_hair(rng, side, self.unit)
        return dirt

    def _answer(self, tubes: Tubes, species: np.ndarray, radii: np.ndarray) -> np.ndarray:
        """The classes asked for."""
        cells = tubes.inside.astype(np.uint8)
        if self.question == "outlined":
            edge = tubes.distance > -np.maximum(0.35 * radii, 1.2)
            touching = ndimage.morphological_gradient(tubes.instances, 3) > 0
            return cells * (1 + (edge | touching)).astype(np.uint8)
        if self.question == "species":
            return (cells * species).astype(np.uint8)
        if self.question == "one":
            return (cells * (species == 1)).astype(np.uint8)
        return cells


def draw_bacteria(rng: np.random.Generator) -> Bacteria:
    """Draw a series of images of bacteria.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    unit = log_uniform(rng, 0.6, 2)
    optics = str(rng.choice(OPTICS, p=(0.3, 0.12, 0.08, 0.24, 0.13, 0.13)))
    heaped = optics == "scanning" or (optics == "stained" and rng.random() < 0.5)
    question = str(rng.choice(["cells", "outlined", "species", "one"], p=(0.75, 0.1, 0.07, 0.08)))
    forms = [_draw_form(rng, unit, heaped, 1)]
    if question in ("species", "one"):
        other = _draw_form(rng, unit, heaped, 2)
        while abs(np.log((other.length + 0.3) / (forms[0].length + 0.3))) < 0.9:
            other = _draw_form(rng, unit, heaped, 2)
        forms.append(other)
    if forms[0].width < 6 and question == "outlined":
        question = "cells"
    # What nobody can make out, nobody would paint.
    camera = draw_camera(rng) if rng.random() < 0.25 else _camera(rng, unit, optics)
    camera = replace(camera, blur=min(camera.blur, 0.22 * min(form.width for form in forms)))
    return Bacteria(
        forms=tuple(forms),
        optics=optics,
        unit=unit,
        halo=log_uniform(rng, 1.6, 4) * unit,
        direction=rng.uniform(0, 2 * np.pi),
        variety=log_uniform(rng, 0.05, 0.5),
        label=str(
            rng.choice(["cytosol", "membrane", "spots", "nucleoid"], p=(0.5, 0.2, 0.15, 0.15))
        ),
        dirt=log_uniform(rng, 0.1, 6),
        ground=log_uniform(rng, 0.01, 0.09),
        bed=draw_texture(rng) if rng.random() < 0.5 else _plain,
        colours=_draw_colours(rng, optics, len(forms)),
        hosts=rng.uniform(0.1, 0.6) if rng.random() < 0.5 else 0.0,
        question=question,
        camera=camera,
    )


def _plain(rng: np.random.Generator, side: int) -> np.ndarray:
    """A ground with little on it."""
    return 0.6 * smooth_noise(rng, side, 3) + 0.8 * smooth_noise(rng, side, 25)


def _draw_form(rng: np.random.Generator, unit: float, heaped: bool, species: int) -> Form:
    """A species: rods, cocci, filaments or curved rods."""
    shape = int(rng.choice(4, p=(0.52, 0.24, 0.12, 0.12)))
    width = float(np.clip(log_uniform(rng, 5, 9) * unit, 4, 13)) * (0.8 if shape == 2 else 1)
    length = ((1.2, 4.5), (0.05, 0.35), (10, 25), (2, 4))[shape]
    bend = (rng.uniform(0, 0.35), 0.0, rng.uniform(0.5, 2.5), rng.uniform(0.8, 1.6))[shape]
    how = (0.0, rng.uniform(0.3, 0.9), rng.uniform(0.95, 0.995))
    packed = float(rng.choice(how, p=(0.28, 0.3, 0.42)))
    return Form(
        width=width,
        length=log_uniform(rng, *length),
        spread=rng.uniform(0.1, 0.4),
        bend=float(bend),
        cover=log_uniform(rng, 0.06, 0.7) * (1.3 if heaped else 1),
        packed=packed if shape != 2 else 0.3 * packed,
        chained=float(rng.choice([0.15, rng.uniform(0.2, 0.6), rng.uniform(0.9, 1)])),
        jitter=log_uniform(rng, 0.04, 0.4),
        heaped=heaped,
        dividing=rng.uniform(0, 0.6),
        species=species,
    )


def _draw_colours(rng: np.random.Generator, optics: str, species: int) -> np.ndarray:
    """Colours of each species and of host cells; one channel where the image is grey."""
    grey = rng.dirichlet((3, 3, 3))
    if optics == "stained":
        violet, pink, blue = (1.0, 1.5, 0.5), (0.25, 1.1, 0.6), (1.4, 0.8, 0.2)
        chosen = np.array([violet, pink, blue])[rng.permutation(3)[: species + 1]]
        dyes = chosen * np.exp(rng.normal(0, 0.2, chosen.shape)) * log_uniform(rng, 0.4, 1.2)
        return dyes if rng.random() < 0.75 else dyes @ grey[:, None]
    if optics == "fluorescence" and rng.random() < 0.35:
        light = np.array([(0.1, 1, 0.15), (1, 0.15, 0.1), (0.1, 0.3, 1), (0.9, 0.9, 0.2)])
        return light[[int(rng.integers(4))]] * rng.uniform(0.7, 1, (1, 3))
    return np.ones((1, 1))


def _camera(rng: np.random.Generator, unit: float, optics: str) -> Camera:
    """A camera that fits the way of imaging."""
    dim = optics == "fluorescence"
    return Camera(
        shade=rng.uniform(0.05, 0.4) if rng.random() < 0.3 else 0.0,
        glow=rng.uniform(0.1, 0.8) if rng.random() < 0.35 else 0.0,
        light_scale=rng.uniform(80, 300),
        blur=rng.uniform(0.3, 0.5 + (0.9 if dim else 0.5) * unit),
        noise=log_uniform(rng, 0.02, 0.25),
        shot=rng.uniform(0.03, 0.2) if dim and rng.random() < 0.6 else 0.0,
        gamma=float(np.exp(rng.normal(0, 0.25))),
        stripes=rng.uniform(0.02, 0.08) if optics == "scanning" and rng.random() < 0.2 else 0.0,
        inverted=bool(rng.random() < 0.04),
        jpeg=int(rng.integers(40, 92)) if rng.random() < 0.3 else 0,
    )
