"""Draws synthetic kinds: which layers, looks and question make up a `Scene`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from pretraining.microscope import draw_camera
from pretraining.scenes import Layer, Look, Relabel, Scene
from pretraining.shapes import Layout, Mosaic, draw_blobs, draw_curves, draw_regions, draw_walls
from pretraining.textures import draw_texture


class Kind(Protocol):
    """A kind of image with one question."""

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Image float32 (C, side, side) in 0 to 1, and its classes uint8 (side, side)."""


CUES = ("brightness", "texture", "roughness", "hue", "outline")
"""By what a thing can differ from the ground."""


def _ground(rng: np.random.Generator) -> Look:
    """The look of what is between the things."""
    strength = float(np.exp(rng.uniform(np.log(0.05), np.log(0.7))))
    direction = 1 + 0.3 * rng.standard_normal(3)
    return Look(0.3 * rng.standard_normal(3), draw_texture(rng), strength * direction)


def _different(rng: np.random.Generator, look: Look, size: float, colour: bool) -> Look:
    """A look that differs from another one by one to three cues, clearly if `size` is 1."""
    share = (0.45, 0.2, 0.1, 0.15, 0.1) if colour else (0.55, 0.23, 0.11, 0.0, 0.11)
    cues = rng.choice(CUES, p=share, size=int(rng.choice([1, 2, 3], p=(0.45, 0.35, 0.2))))
    for cue in set(cues.tolist()):
        look = _CHANGES[cue](rng, look, size)

    def sometimes(share: float, most: float) -> float:
        return rng.uniform(-most, most) if rng.random() < share else 0.0

    return replace(
        look,
        dome=sometimes(0.25, 1.0),
        halo=sometimes(0.12, 1.0),
        variety=abs(sometimes(0.5, 0.5)) * size,
        opacity=rng.uniform(0.5, 1) if rng.random() < 0.25 else 1.0,
    )


def _brighter(rng: np.random.Generator, look: Look, size: float) -> Look:
    step = size * rng.choice([-1, 1]) * np.exp(rng.uniform(np.log(0.5), np.log(3)))
    return replace(look, colour=look.colour + step * (1 + 0.15 * rng.standard_normal(3)))


def _other_texture(rng: np.random.Generator, look: Look, size: float) -> Look:
    strength = rng.uniform(0.3, 0.9) * size
    return replace(
        look, texture=draw_texture(rng), contrast=strength * (1 + 0.3 * rng.standard_normal(3))
    )


def _other_roughness(rng: np.random.Generator, look: Look, size: float) -> Look:
    factor = float(np.exp(rng.choice([-1, 1]) * size * rng.uniform(0.8, 1.8)))
    return replace(look, contrast=look.contrast * factor)


def _other_hue(rng: np.random.Generator, look: Look, size: float) -> Look:
    tint = rng.standard_normal(3)
    tint -= tint.mean()
    step = size * rng.uniform(0.8, 2.0) / (np.linalg.norm(tint) + 1e-6)
    return replace(look, colour=look.colour + step * tint)


def _other_outline(rng: np.random.Generator, look: Look, size: float) -> Look:
    return replace(look, rim=size * float(rng.choice([-1, 1])) * rng.uniform(0.6, 2.0))


_CHANGES = {
    "brightness": _brighter,
    "texture": _other_texture,
    "roughness": _other_roughness,
    "hue": _other_hue,
    "outline": _other_outline,
}


@dataclass(frozen=True, eq=False)
class Palette:
    """The looks of one scene.

    Parameters
    ----------
    ground : Look
        What is between the things; everything else differs from it by something.
    colour : bool
        Whether hue may tell things apart.
    """

    ground: Look
    colour: bool

    def asked(self, rng: np.random.Generator) -> Look:
        """The look of what is asked for: clearly different from the ground."""
        return _different(rng, self.ground, rng.uniform(0.7, 1.5), self.colour)

    def clutter(self, rng: np.random.Generator, like: Look | None = None) -> Look:
        """The look of something else; now and then hard to tell from `like`."""
        if like is not None and rng.random() < 0.25:
            return _different(rng, like, rng.uniform(0.4, 1.0), self.colour)
        return _different(rng, self.ground, rng.uniform(0.4, 1.5), self.colour)


def draw_scene(rng: np.random.Generator) -> Scene:
    """Draw a synthetic kind: objects, walls, lines, areas, or a question about one of them.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Scene
        Its `sample` renders images of it.
    """
    makers = (_objects, _walls, _lines, _areas, _odd_ones, _outlines)
    share = (0.34, 0.14, 0.22, 0.16, 0.07, 0.07)
    channels = 3 if rng.random() < 0.45 else 1
    palette = Palette(_ground(rng), channels == 3)
    layers, relabel = makers[rng.choice(len(makers), p=share)](rng, palette)
    return Scene(
        ground=palette.ground,
        layers=layers,
        camera=draw_camera(rng),
        channels=channels,
        grey=rng.dirichlet((3, 3, 3)),
        relabel=relabel,
        uneven_ground=float(rng.choice([0.0, rng.uniform(0.05, 0.5)])),
    )


def _any_layout(rng: np.random.Generator) -> Layout:
    draw = (draw_blobs, draw_curves, draw_walls, draw_regions)
    return draw[rng.choice(4, p=(0.5, 0.25, 0.1, 0.15))](rng)


def _clutter(
    rng: np.random.Generator, palette: Palette, like: Look | None, most: int = 2
) -> list[Layer]:
    """Things that are visible but not asked for, some of them looking much like `like`."""
    return [
        Layer(_any_layout(rng), palette.clutter(rng, like), None if rng.random() < 0.3 else 0)
        for _ in range(int(rng.integers(0, most + 1)))
    ]


def _stacked(rng: np.random.Generator, below: list[Layer], asked: list[Layer]) -> tuple[Layer, ...]:
    """Clutter beneath and sometimes above the asked layers."""
    above = [layer for layer in below if layer.class_number == 0 and rng.random() < 0.4]
    beneath = [layer for layer in below if layer not in above]
    return tuple(beneath + asked + above)


def _objects(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """One or two sorts of closed objects among clutter."""
    look = palette.asked(rng)
    asked = [Layer(draw_blobs(rng), look, 1)]
    if rng.random() < 0.15:
        asked.append(Layer(draw_blobs(rng), palette.asked(rng), 2))
    return _stacked(rng, _clutter(rng, palette, look), asked), Relabel()


def _walls(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """A tissue of cells with membranes and organelles; any of them is asked for."""
    walls = draw_walls(rng)
    mosaic = Mosaic(walls.spacing, walls.warp, 0.0, 0.0)
    role = int(rng.integers(3))
    organelles = Layer(draw_blobs(rng), palette.asked(rng), 1 if role else 0)
    membrane = Layer(walls, palette.asked(rng), 1 if role == 0 else 2 if role == 2 else 0)
    layers = [Layer(mosaic, palette.clutter(rng), 0)] if rng.random() < 0.5 else []
    if role or rng.random() < 0.6:
        layers.append(organelles)
    return (*layers, membrane), Relabel()


def _lines(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """Vessels, roots, roads, cracks, scratches on a ground with clutter."""
    look = palette.asked(rng)
    asked = [Layer(draw_curves(rng), look, 1)]
    return _stacked(rng, _clutter(rng, palette, look, most=3), asked), Relabel()


def _areas(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """Large areas that differ in texture, orientation, scale, brightness or hue."""
    classes = 1 if rng.random() < 0.7 else int(rng.integers(2, 4))
    asked = [Layer(draw_regions(rng), palette.asked(rng), n + 1) for n in range(classes)]
    clutter = _clutter(rng, palette, None) if rng.random() < 0.4 else []
    ignored = [Layer(layer.layout, layer.look, None) for layer in clutter]
    return tuple(asked + ignored), Relabel()


def _odd_ones(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """Objects of one look; only those of one size, or of one shape, are asked for."""
    look = palette.asked(rng)
    blobs = draw_blobs(rng)
    if rng.random() < 0.5:
        wide = replace(blobs, spread=0.7)
        mode = str(rng.choice(["large", "small"]))
        limit = np.pi * blobs.radius**2 * blobs.stretch
        return (Layer(wide, look, 1),), Relabel(mode, limit)
    other = Layer(_any_layout(rng), look, 0)
    return (other, Layer(blobs, look, 1)), Relabel()


def _outlines(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """Where objects end or touch."""
    layout: Layout = draw_blobs(rng)
    if rng.random() < 0.4:
        walls = draw_walls(rng)
        layout = Mosaic(walls.spacing, walls.warp, 0.0, 0.0)
    varied = replace(palette.asked(rng), variety=abs(rng.normal(0, 0.7)) + 0.3, opacity=1.0)
    mode = "outline" if isinstance(layout, Mosaic) or rng.random() < 0.5 else "inside and outline"
    return (Layer(layout, varied, 1),), Relabel(mode, float(rng.integers(1, 4)))
