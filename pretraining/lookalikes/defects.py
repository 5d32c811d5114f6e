"""Faults on surfaces of industry: small, faint, among marks that are none."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.faults import Fault, draw_fault
from pretraining.lookalikes.parts.surfaces import MATERIALS, Surface, draw_surface
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise


@dataclass(frozen=True, eq=False)
class Defects:
    """One series of images of a surface.

    Parameters
    ----------
    surface : Surface
        What is inspected.
    asked : tuple of Fault
        Faults asked for, one class each, or all one class.
    clutter : tuple of Fault
        Marks that do not count.
    apart : bool
        Whether each sort of fault has its own class.
    tint : ndarray of float, shape (3,)
        Hue of the faults in a colour image.
    dust : float
        Specks per 10,000 pixels.
    camera : Camera
        How it is imaged.
    grey : ndarray of float or None
        Share of each colour in a grey image.
    """

    surface: Surface
    asked: tuple[Fault, ...]
    clutter: tuple[Fault, ...]
    apart: bool
    tint: np.ndarray
    dust: float
    camera: Camera
    grey: np.ndarray | None

    @property
    def style(self) -> str:
        """Material and fault in words."""
        return f"{self.surface.material} {self.asked[0].kind}"

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Render another field of view; see `pretraining.tasks.Kind`."""
        tone = self.surface.tone(rng, side)
        for mark in self.clutter:
            if rng.random() < 0.8:
                tone, _ = mark.paint(rng, tone)
        classes = np.zeros((side, side), np.uint8)
        hue = np.zeros((side, side), np.float32)
        for number, fault in enumerate(self.asked):
            tone, cover = fault.paint(rng, tone)
            classes[cover > 0.5] = number + 1 if self.apart else 1
            hue = np.maximum(hue, cover)
        if self.dust:
            specks = rng.random((side, side)) < self.dust / 1e4
            soft = ndimage.gaussian_filter(specks.astype(np.float32), 0.7)
            tone = tone * (1 + 2.5 * soft * rng.choice([-1, 1]))
        canvas = self.surface.colour[:, None, None] * tone[None]
        canvas = canvas * (1 + hue[None] * self.tint[:, None, None])
        warmth = 0.02 * smooth_noise(rng, side, 40)
        canvas = canvas * (1 + np.stack([warmth, 0 * warmth, -warmth]))
        canvas = np.clip(canvas, 0, 1.5).astype(np.float32)
        scene = canvas if self.grey is None else np.tensordot(self.grey, canvas, 1)[None]
        return self.camera.varied(rng).shoot(scene.astype(np.float32), rng), classes


def draw_defects(rng: np.random.Generator) -> Defects:
    """Draw a series of images of a surface with faults.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Defects
        Its `sample` renders images of it.
    """
    share = (0.2, 0.11, 0.11, 0.12, 0.1, 0.11, 0.12, 0.06, 0.07)
    material, zoom = str(rng.choice(MATERIALS, p=share)), log_uniform(rng, 0.6, 2)
    surface = draw_surface(rng, material, zoom)
    faults = [draw_fault(rng, material, zoom, surface.turn, surface.light) for _ in range(4)]
    others = [fault for fault in faults[1:] if fault.kind != faults[0].kind]
    more = int(rng.random() < 0.25)
    camera = Camera(
        shade=rng.uniform(0.0, 0.3), glow=rng.uniform(0, 0.5), light_scale=rng.uniform(60, 250),
        blur=rng.uniform(0.2, 0.9) * max(zoom, 0.8), noise=rng.uniform(0.01, 0.2),
        gamma=rng.uniform(0.75, 1.3), jpeg=int(rng.integers(40, 92)) if rng.random() < 0.5 else 0,
    )  # fmt: skip
    if rng.random() < 0.25:
        camera = replace(draw_camera(rng), inverted=bool(rng.random() < 0.15))
    plain = material in ("steel", "casting", "solar")
    return Defects(
        surface=surface,
        asked=(faults[0], *others[:more]),
        clutter=tuple(
            replace(other, strength=0.5 * other.strength)
            for other in others[more : more + int(rng.choice([0, 1, 2], p=(0.5, 0.35, 0.15)))]
        ),
        apart=bool(rng.random() < 0.5),
        tint=0.12 * rng.normal() * np.array((1, 0.2, -1)) + 0.04 * rng.standard_normal(3),
        dust=float(rng.choice([0.0, rng.uniform(1, 15)])),
        camera=camera,
        grey=rng.dirichlet((3, 3, 3)) if rng.random() < (0.65 if plain else 0.3) else None,
    )
