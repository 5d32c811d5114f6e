"""Particles, powders, bubbles and pores under electron and light microscopes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.powders import Shape, draw_ground, draw_shape, draw_surface
from pretraining.lookalikes.parts.stamps import Painted
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.textures import Texture, smooth_noise


@dataclass(frozen=True, eq=False)
class Particles:
    """Pictures of one powder by one microscope with one question.

    Parameters
    ----------
    look : str
        ``"scanning"``, ``"transmission"``, ``"bubbles"``, ``"matrix"`` or ``"pores"``.
    question : str
        ``"all"``, ``"borders"`` or ``"inside and border"``.
    shape, debris : Shape
        The particles, and what else lies around.
    cover, touching, heap : float
        See `Shape.painted`.
    camera : Camera
        The microscope's.
    light : ndarray, shape (2,)
        Where the light or the detector is.
    surface, ground : Texture
        What particles and the ground between look like.
    surface_contrast, ground_contrast : float
        Strength of those.
    tone, variety : float
        Brightness of particles against the ground, and its deviation.
    edge, relief, shadow : float
        Bright rim, slope shading, and darkness beside particles.
    layers : int
        Layers of particles beneath, out of focus.
    charging, tilt : float
        Streaks, and brightness across the picture.
    debris_cover : float
        How much debris there is.
    tint : ndarray, shape (C, 2)
        Colour of the light and of the particles.
    """

    look: str
    question: str
    shape: Shape
    debris: Shape
    cover: float
    touching: float
    heap: float
    camera: Camera
    light: np.ndarray
    surface: Texture
    ground: Texture
    surface_contrast: float
    ground_contrast: float
    tone: float
    variety: float
    edge: float
    relief: float
    shadow: float
    layers: int
    charging: float
    tilt: float
    debris_cover: float
    tint: np.ndarray

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Image float32 (C, side, side) in 0 to 1, and its classes uint8 (side, side)."""
        canvas = self._ground(rng, side)
        surface = self.surface_contrast * self.surface(rng, side)
        for layer in range(self.layers, 0, -1):
            below = self.shape.painted(rng, side, min(self.cover, 1.5), self.touching, -3)
            canvas = self._laid(rng, canvas, below, np.roll(surface, 31 * layer), 0.75**layer)
            blur = layer * (0.5 + self.shape.radius / 20)
            canvas = ndimage.gaussian_filter(canvas, blur * (2.5 if self.touching else 0.9))
            canvas = canvas * 0.75 - 0.15
        for _ in range(2 if self.debris_cover else 0):
            bits = self.debris.painted(rng, side, self.debris_cover, 0.0, -0.3)
            canvas = self._laid(rng, canvas, bits, surface, 0.6)
        cover = self.cover * rng.uniform(0.75, 1.3)
        asked = self.shape.painted(rng, side, cover, self.touching, self.heap)
        canvas = self._laid(rng, canvas, asked, surface, 1.0)
        canvas = self._scanned(rng, canvas, asked)
        colour = np.where(asked.inside, 1.0, 0.0).astype(np.float32)
        scene = self.tint[:, 0, None, None] * canvas + self.tint[:, 1, None, None] * colour
        shot = self.camera.varied(rng).shoot(scene.astype(np.float32), rng)
        return shot, self._classes(asked)

    def _ground(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """What lies between: film, tape, metal or liquid."""
        ground = self.ground_contrast * self.ground(rng, side)
        ground += 0.5 * self.ground_contrast * smooth_noise(rng, side, side / 3)
        y, x = np.mgrid[:side, :side].astype(np.float32) / side - 0.5
        return ground + self.tilt * (self.light[0] * y + self.light[1] * x)

    def _laid(
        self,
        rng: np.random.Generator,
        canvas: np.ndarray,
        things: Painted,
        surface: np.ndarray,
        strength: float,
    ) -> np.ndarray:
        """Things drawn over a canvas, with their shadows."""
        cover = ndimage.gaussian_filter(things.inside.astype(np.float32), 0.6)
        count = int(things.instances.max())
        tones = self.variety * rng.standard_normal(count)
        see_through = self.look in ("transmission", "pores")
        tones = self.tone * np.exp(0.6 * tones) if see_through else self.tone + tones
        value = (things.spread(tones) + surface + self._shading(rng, things)) * strength
        if self.shadow:
            width = 0.25 * self.shape.radius + 1
            shade = ndimage.gaussian_filter(things.inside.astype(np.float32), width)
            shade = ndimage.shift(shade, -self.light * width, order=1, mode="nearest")
            canvas = canvas - self.shadow * shade * strength
            gap = np.exp(-np.maximum(things.depth, 0) / (0.08 * self.shape.radius + 0.7))
            value = value - 0.5 * self.shadow * gap * things.inside  # where others touch
        return canvas * (1 - cover) + value * cover

    def _shading(self, rng: np.random.Generator, things: Painted) -> np.ndarray:
        """Brightness by form: domes, facets, rims, highlights."""
        r = self.shape.radius
        distance = np.clip(things.distance, 0, 1)
        height = np.sqrt(np.clip(1.02 - distance**2, 0.02, 1))
        if self.look == "bubbles":
            dark = -2.2 * self.edge * np.exp(-(((distance - 0.9) / 0.13) ** 2))
            slope = np.array(np.gradient(np.where(things.inside, height * r, 0)))
            off = slope - 0.7 * self.light[:, None, None]
            glint = np.exp(-(off**2).sum(0) / 0.04) + 0.4 * np.exp(-((distance / 0.4) ** 2))
            return dark + 2 * self.relief * glint * things.inside
        rim = self.edge * np.exp(-np.maximum(things.depth, 0) / (0.07 * r + 0.7))
        if self.look == "matrix":
            return rim
        if self.look == "pores":  # a hollow: the far wall is lit, and the floor is dark
            bowl = ndimage.gaussian_filter(np.where(things.inside, -height * r, 0), 0.1 * r + 0.5)
            lit = np.tensordot(self.light, np.array(np.gradient(bowl)), 1)
            return rim * 0.5 + self.relief * np.clip(lit, -0.5, 2)
        if self.look == "transmission":
            return -0.4 * self.relief * height + rim
        form = self.shape.form
        if form in ("cube", "crystal", "plate", "flake"):
            return rim + self.relief * self._facets(rng, things)
        bumps = 0.35 * r * self.shape.rough * 3 * smooth_noise(rng, len(height), 0.3 * r + 1.5)
        surface = np.where(things.inside, height * r + bumps, 0)
        slope = np.array(np.gradient(ndimage.gaussian_filter(surface, 0.03 * r + 0.5)))
        lit = np.tensordot(self.light, slope, 1) / np.sqrt(1 + (slope**2).sum(0))
        steep = 1 - 1 / np.sqrt(1 + 0.4 * (slope**2).sum(0))
        return self.relief * lit + self.edge * steep + 0.4 * rim

    def _facets(self, rng: np.random.Generator, things: Painted) -> np.ndarray:
        """Flat sides around a flat top, each lit differently."""
        theta = np.arctan2(things.across, things.along) / (2 * np.pi)
        sides = self.shape.facets or 4
        number = np.floor((theta + 1) * sides + 0.5).astype(int) % sides
        table = rng.normal(0, 0.8, (int(things.instances.max()) + 1, sides + 1)).astype(np.float32)
        top = things.distance < (0.92 if self.shape.form in ("plate", "flake") else 0.62)
        return table[things.instances, np.where(top, sides, number)] * things.inside

    def _scanned(self, rng: np.random.Generator, canvas: np.ndarray, asked: Painted) -> np.ndarray:
        """Charging: rows beside particles turn bright or dark, and the picture fogs."""
        if not self.charging:
            return canvas
        side = len(canvas)
        rows = ndimage.gaussian_filter1d(rng.normal(0, 1, (side, 1)), 1.5, axis=0)
        rows = rows * asked.inside.mean(1, keepdims=True)
        trail = ndimage.gaussian_filter1d(asked.inside.astype(np.float32), 0.5)
        trail = ndimage.uniform_filter1d(trail, max(side // 6, 3), axis=1, origin=-(side // 14))
        streaks = ndimage.gaussian_filter1d(rng.standard_normal((side, 1)), 0.7, axis=0)
        return canvas + self.charging * (0.5 * rows + 1.5 * streaks * trail - trail)

    def _classes(self, asked: Painted) -> np.ndarray:
        """Answer the question."""
        inside = asked.inside
        if self.question == "all":
            return inside.astype(np.uint8)
        change = ndimage.morphological_gradient(asked.instances, 3) > 0
        border = ndimage.binary_dilation(change) if self.shape.radius > 9 else change
        if self.question == "borders":
            return border.astype(np.uint8)
        return np.where(inside, np.where(border, 2, 1), 0).astype(np.uint8)


def _draw_camera(rng: np.random.Generator, look: str, small: bool) -> Camera:
    """A microscope with the defects of its sort."""
    if rng.random() < 0.35:
        return draw_camera(rng)
    electrons = look in ("scanning", "transmission", "pores")
    return Camera(
        blur=rng.uniform(0.2, 0.9 if small else 1.6), noise=log_uniform(rng, 0.02, 0.4),
        shot=rng.uniform(0, 0.15) if electrons else 0.0,
        stripes=rng.uniform(0.02, 0.12) if look == "scanning" and rng.random() < 0.3 else 0.0,
        shade=rng.uniform(0, 0.25), gamma=float(np.exp(rng.normal(0, 0.25))),
        jpeg=int(rng.integers(35, 92)) if rng.random() < 0.35 else 0,
    )  # fmt: skip


def draw_particles(rng: np.random.Generator) -> Particles:
    """Draw a powder, a microscope and a question."""
    looks = ("scanning", "transmission", "bubbles", "matrix", "pores")
    look = str(rng.choice(looks, p=(0.45, 0.2, 0.12, 0.13, 0.1)))
    shape = draw_shape(rng, look)
    size = log_uniform(rng, 0.12, 0.4) * shape.radius
    flat = look in ("matrix", "pores")
    tone = {
        "scanning": rng.uniform(0.3, 2.2),
        "transmission": -rng.uniform(0.8, 2.6),
        "bubbles": rng.normal(0, 0.35),
        "matrix": rng.choice([-1, 1]) * rng.uniform(0.7, 2.2),
        "pores": -rng.uniform(0.8, 2.5),
    }[look]
    heaped = look == "scanning" and rng.random() < 0.45
    layers = int(look in ("scanning", "bubbles") and rng.random() < 0.15)
    if heaped:  # more of them would take long where particles are small
        layers = int(rng.integers(0, 3 if shape.radius > 8 else 2))
    apart = look in ("pores", "bubbles") or rng.random() < 0.4
    light = rng.uniform(0, 2 * np.pi)
    tint = np.array([[1.0, 0.0]])
    if look in ("bubbles", "matrix") and rng.random() < 0.6:
        tint = np.stack([rng.uniform(0.5, 1.1, 3), rng.normal(0, 0.35, 3)], 1)
    return Particles(
        look=look, shape=shape,
        question=str(rng.choice(["all", "borders", "inside and border"], p=(0.86, 0.05, 0.09))),
        debris=Shape("rough", max(size, 1.2), 0.5, 1.3, 0.15, 0),
        cover=log_uniform(rng, 1.5, 4) if heaped else log_uniform(rng, 0.25, 2.5),
        touching=0.0 if heaped else float(rng.choice([0.9, 1.0, 1.15] if apart else [0.5, 0.8, 1])),
        heap=rng.uniform(-0.5, 0.7) if heaped else float(rng.choice([-3, rng.uniform(-1, 0.5)])),
        camera=_draw_camera(rng, look, shape.radius < 6),
        light=np.array((np.sin(light), np.cos(light)), np.float32),
        surface=draw_surface(rng), ground=draw_ground(rng, look),
        surface_contrast=rng.uniform(0.03, 0.4), ground_contrast=log_uniform(rng, 0.05, 0.6),
        tone=tone, variety=rng.uniform(0.02, 0.5) if look not in ("bubbles", "pores") else 0.08,
        edge=rng.choice([-1, 1]) * rng.uniform(0, 0.8) if flat else rng.uniform(0.2, 1.8),
        relief=log_uniform(rng, 0.25, 1.3),
        shadow=rng.uniform(0.2, 1.0) if look == "scanning" and rng.random() < 0.7 else 0.0,
        layers=layers,
        charging=rng.uniform(0.1, 0.6) if look == "scanning" and rng.random() < 0.25 else 0.0,
        tilt=float(rng.choice([0, rng.uniform(0, 1.0)])),
        debris_cover=log_uniform(rng, 0.03, 0.3) if rng.random() < 0.4 else 0.0, tint=tint,
    )  # fmt: skip
