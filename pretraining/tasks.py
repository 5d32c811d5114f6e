"""Draws synthetic kinds: which layers, looks and question make up a `Scene`."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Palette:
    """How brightness and colour are dealt out in one scene.

    Parameters
    ----------
    spread : float
        Deviation of the means of different things; near 0 only texture and shape tell.
    hue : float
        Deviation of their colours.
    texture : float
        Typical strength of texture.
    """

    spread: float
    hue: float
    texture: float

    def look(self, rng: np.random.Generator, thing: bool = True) -> Look:
        """Draw the look of a thing, or of the ground."""
        tint = rng.standard_normal(3)
        contrast = self.texture * np.exp(rng.normal(0, 0.6))
        direction = 1 + self.hue * rng.standard_normal(3)

        def sometimes(share: float, size: float) -> float:
            return size * rng.standard_normal() if thing and rng.random() < share else 0.0

        return Look(
            colour=self.spread * rng.standard_normal() + self.hue * (tint - tint.mean()),
            texture=draw_texture(rng),
            contrast=contrast * direction,
            dome=sometimes(0.3, 0.7),
            rim=sometimes(0.25, 0.8),
            halo=sometimes(0.15, 0.7),
            variety=abs(sometimes(0.5, 0.4)),
            opacity=rng.uniform(0.35, 1) if thing and rng.random() < 0.4 else 1.0,
        )


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
    share = (0.28, 0.14, 0.2, 0.2, 0.08, 0.1)
    palette = Palette(
        spread=float(rng.choice([0.0, rng.uniform(0.1, 0.6), rng.uniform(0.6, 1.6)])),
        hue=float(rng.choice([0.1, rng.uniform(0.1, 1.0)])),
        texture=float(rng.choice([0.15, rng.uniform(0.1, 0.5), rng.uniform(0.4, 1.0)])),
    )
    layers, relabel = makers[rng.choice(len(makers), p=share)](rng, palette)
    return Scene(
        ground=palette.look(rng, thing=False),
        layers=layers,
        camera=draw_camera(rng),
        channels=3 if rng.random() < 0.45 else 1,
        grey=rng.dirichlet((3, 3, 3)),
        relabel=relabel,
        uneven_ground=float(rng.choice([0.0, rng.uniform(0.1, 0.8)])),
    )


def _any_layout(rng: np.random.Generator) -> Layout:
    draw = (draw_blobs, draw_curves, draw_walls, draw_regions)
    return draw[rng.choice(4, p=(0.5, 0.25, 0.1, 0.15))](rng)


def _clutter(
    rng: np.random.Generator, palette: Palette, like: Look | None, most: int = 2
) -> list[Layer]:
    """Things that are visible but not asked for, some of them looking like `like`."""
    found = []
    for _ in range(int(rng.integers(0, most + 1))):
        look = palette.look(rng)
        if like is not None and rng.random() < 0.35:
            look = like if rng.random() < 0.5 else _between(look, like)
        found.append(Layer(_any_layout(rng), look, None if rng.random() < 0.3 else 0))
    return found


def _between(look: Look, other: Look) -> Look:
    """A look with the colour of another one."""
    return Look(other.colour, look.texture, look.contrast, dome=look.dome, rim=look.rim)


def _visible(rng: np.random.Generator, palette: Palette) -> Look:
    """The look of what is asked for: it stands out by at least something."""
    look = palette.look(rng)
    if palette.spread == 0 and palette.hue <= 0.1 and rng.random() < 0.5:
        return Look(
            look.colour + rng.choice([-1, 1]) * rng.uniform(0.3, 1.2), look.texture, look.contrast,
            dome=look.dome, rim=look.rim, halo=look.halo, opacity=look.opacity,
        )  # fmt: skip
    return look


def _stacked(
    rng: np.random.Generator, below: list[Layer], asked: list[Layer]
) -> tuple[Layer, ...]:
    """Clutter beneath and sometimes above the asked layers."""
    above = [layer for layer in below if layer.class_number == 0 and rng.random() < 0.4]
    beneath = [layer for layer in below if layer not in above]
    return tuple(beneath + asked + above)


def _objects(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """One or two sorts of closed objects among clutter."""
    look = _visible(rng, palette)
    asked = [Layer(draw_blobs(rng), look, 1)]
    if rng.random() < 0.15:
        asked.append(Layer(draw_blobs(rng), _visible(rng, palette), 2))
    return _stacked(rng, _clutter(rng, palette, look), asked), Relabel()


def _walls(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """A tissue of cells with membranes and organelles; any of them is asked for."""
    walls = draw_walls(rng)
    mosaic = Mosaic(walls.spacing, walls.warp, 0.0, 0.0)
    role = int(rng.integers(3))
    organelles = Layer(draw_blobs(rng), palette.look(rng), 1 if role else 0)
    membrane = Layer(walls, _visible(rng, palette), 1 if role == 0 else 2 if role == 2 else 0)
    layers = [Layer(mosaic, palette.look(rng), 0)] if rng.random() < 0.5 else []
    if role or rng.random() < 0.6:
        layers.append(organelles)
    return tuple([*layers, membrane]), Relabel()


def _lines(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """Vessels, roots, roads, cracks, scratches on a ground with clutter."""
    look = _visible(rng, palette)
    asked = [Layer(draw_curves(rng), look, 1)]
    return _stacked(rng, _clutter(rng, palette, look, most=3), asked), Relabel()


def _areas(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """Large areas that differ in texture, orientation, scale, brightness or hue."""
    classes = 1 if rng.random() < 0.7 else int(rng.integers(2, 4))
    asked = [Layer(draw_regions(rng), _visible(rng, palette), n + 1) for n in range(classes)]
    clutter = _clutter(rng, palette, None) if rng.random() < 0.4 else []
    ignored = [Layer(layer.layout, layer.look, None) for layer in clutter]
    return tuple(asked + ignored), Relabel()


def _odd_ones(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """Objects of one look; only those of one size, or of one shape, are asked for."""
    look = _visible(rng, palette)
    blobs = draw_blobs(rng)
    if rng.random() < 0.5:
        wide = type(blobs)(**{**blobs.__dict__, "spread": 0.7})
        mode = str(rng.choice(["large", "small"]))
        limit = np.pi * blobs.radius**2 * blobs.stretch
        return (Layer(wide, look, 1),), Relabel(mode, limit)
    other = Layer(_any_layout(rng), look, 0)
    return (other, Layer(blobs, look, 1)), Relabel()


def _outlines(rng: np.random.Generator, palette: Palette) -> tuple[tuple[Layer, ...], Relabel]:
    """Where objects end or touch."""
    layout = draw_blobs(rng)
    if rng.random() < 0.4:
        walls = draw_walls(rng)
        layout = Mosaic(walls.spacing, walls.warp, 0.0, 0.0)
    look = palette.look(rng)
    varied = Look(look.colour, look.texture, look.contrast, dome=look.dome, rim=look.rim,
                  variety=abs(rng.normal(0, 0.7)) + 0.2)  # fmt: skip
    mode = "outline" if isinstance(layout, Mosaic) or rng.random() < 0.5 else "inside and outline"
    return (Layer(layout, varied, 1),), Relabel(mode, float(rng.integers(1, 4)))
