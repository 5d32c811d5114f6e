"""Photographs of specimens: leaves, wings, feathers, seeds, eggs, wood, otoliths, shells, rock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pretraining.lookalikes.parts.feathers import Feather
from pretraining.lookalikes.parts.growth_rings import Layers
from pretraining.lookalikes.parts.minerals import Rock
from pretraining.lookalikes.parts.seeds import Seeds
from pretraining.lookalikes.parts.series import Series, Sort
from pretraining.lookalikes.parts.venation import Blade, Wing
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.tasks import Kind
from pretraining.textures import draw_texture


class Specimens(Series):
    """One series of photographs of specimens."""


def _colour(rng: np.random.Generator, *choices: tuple[float, float, float]) -> np.ndarray:
    """One of several colours, a little changed."""
    colour = np.array(choices[rng.integers(len(choices))]) * rng.uniform(0.85, 1.15)
    return np.clip(colour + rng.normal(0, 0.02, 3), 0.03, 0.97)


def _plain(rng: np.random.Generator) -> np.ndarray:
    """Colour of a ground to photograph on."""
    return _colour(rng, (0.9, 0.9, 0.89), (0.06, 0.06, 0.07), (0.85, 0.8, 0.68), (0.5, 0.5, 0.5),
                   (0.3, 0.42, 0.6), (0.75, 0.77, 0.8), (0.45, 0.34, 0.25))  # fmt: skip


def _leaf(rng: np.random.Generator, zoom: float, question: str) -> Blade:
    """Fresh against the sky, from above, dried, or cleared and stained."""
    prepared = str(rng.choice(["fresh", "lit", "dry", "cleared"], p=(0.45, 0.2, 0.2, 0.15)))
    green = _colour(rng, (0.30, 0.46, 0.16), (0.22, 0.38, 0.15), (0.42, 0.54, 0.24),
                    (0.5, 0.3, 0.2))  # fmt: skip
    lamina, vein, ground = green, green * 0.5 + np.array([0.36, 0.38, 0.26]), _plain(rng)
    if prepared == "lit":
        lamina, ground = green * 1.5 + 0.05, np.array([0.96, 0.96, 0.95])
        vein = lamina * rng.choice([0.5, 0.62])
    elif prepared == "dry":
        lamina = _colour(rng, (0.42, 0.36, 0.22), (0.36, 0.26, 0.16), (0.45, 0.42, 0.28))
        vein, ground = lamina * rng.choice([0.6, 1.4]), np.array([0.86, 0.82, 0.72])
    elif prepared == "cleared":
        lamina = _colour(rng, (0.88, 0.8, 0.8), (0.85, 0.83, 0.72), (0.92, 0.78, 0.7))
        vein, ground = lamina * np.array([0.65, 0.3, 0.35]), np.array([0.95, 0.95, 0.94])
    return Blade(
        length=zoom * log_uniform(rng, 150, 620), stretch=rng.uniform(2.4, 7),
        widest=rng.uniform(0.35, 0.65), teeth=rng.choice([0.0, rng.uniform(0.05, 0.25)]),
        pairs=rng.uniform(5, 14), lean=rng.uniform(0.4, 1.4), mesh=rng.uniform(0.018, 0.04),
        width=max(zoom * log_uniform(rng, 1.2, 3.5), 0.9), lamina=lamina, vein=np.clip(vein, 0, 1),
        ground=ground, harm=_colour(rng, (0.35, 0.24, 0.14), (0.18, 0.13, 0.1), (0.6, 0.5, 0.34)),
        damaged=rng.uniform(0.5, 1.0) if question == "damage" else rng.choice([0, 0, rng.random()]),
        gloss=rng.uniform(0.05, 0.6) if prepared == "fresh" else 0.1,
    )  # fmt: skip


def _wing(rng: np.random.Generator, zoom: float, question: str) -> Wing:
    """Of flies, wasps or dragonflies."""
    vein = _colour(rng, (0.22, 0.15, 0.09), (0.08, 0.07, 0.06), (0.4, 0.26, 0.12))
    many = rng.random() < 0.35
    return Wing(
        length=zoom * log_uniform(rng, 170, 520), stretch=rng.uniform(4.5, 7),
        main=int(rng.integers(7, 12)) if many else int(rng.integers(5, 8)),
        crossed=rng.uniform(12, 30) if many else rng.uniform(1, 3),
        width=max(zoom * log_uniform(rng, 1.1, 2.6), 0.8), vein=vein,
        membrane=_colour(rng, (0.75, 0.72, 0.62), (0.6, 0.5, 0.35), (0.82, 0.83, 0.84)),
        ground=_colour(rng, (0.93, 0.93, 0.92), (0.85, 0.87, 0.9), (0.75, 0.74, 0.7)),
        clear=rng.uniform(0.1, 0.9), dotted=rng.uniform(0, 1),
        spotted=rng.uniform(0.5, 1) if question == "spots" else rng.choice([0, rng.random()]),
    )  # fmt: skip


def _feather(rng: np.random.Generator, zoom: float, question: str) -> Feather:
    light = _colour(rng, (0.88, 0.86, 0.8), (0.65, 0.5, 0.34), (0.55, 0.55, 0.55))
    dark = light * rng.uniform(0.2, 0.55) * np.array([1.1, 0.95, 0.85])
    return Feather(
        length=zoom * log_uniform(rng, 200, 520), stretch=rng.uniform(4, 8),
        barbs=rng.uniform(60, 130), lean=rng.uniform(0.7, 1.8), bars=rng.uniform(4, 14),
        light=light, dark=np.clip(dark, 0.03, 1), ground=_plain(rng),
        spotted=bool(rng.random() < 0.3) and question == "bars",
    )  # fmt: skip


def _seeds(rng: np.random.Generator, zoom: float, question: str) -> Seeds:
    """Grains of cereals, beans, lentils, coffee, eggs."""
    radius, stretch, crease, gloss, spotted, colour = (
        (4, 3.0, 0.1, 0.3, 0.0, (0.86, 0.84, 0.76)), (6, 2.0, 0.9, 0.1, 0.2, (0.72, 0.52, 0.3)),
        (13, 1.35, 0.9, 0.5, 0.1, (0.3, 0.18, 0.1)), (10, 1.6, 0.0, 0.8, 0.9, (0.75, 0.55, 0.42)),
        (8, 1.05, 0.0, 0.3, 0.3, (0.55, 0.42, 0.2)), (11, 1.2, 0.2, 0.5, 0.2, (0.88, 0.66, 0.2)),
        (9, 1.1, 0.0, 0.5, 0.0, (0.45, 0.55, 0.25)), (7, 1.7, 0.0, 0.7, 0.3, (0.12, 0.1, 0.09)),
    )[rng.integers(8)]  # fmt: skip
    clear = rng.random() < 0.15
    first = np.array([0.8, 0.78, 0.7]) if clear else np.array(colour) * rng.uniform(0.8, 1.15)
    lighter = first.mean() < 0.25 or (first.mean() < 0.5 and rng.random() < 0.5)
    factor = rng.uniform(1.4, 2.2) if lighter else rng.uniform(0.4, 0.68)
    second = np.clip(first * factor + rng.normal(0, 0.06, 3), 0.05, 0.95)
    other = rng.uniform(0.2, 0.5) if question in ("others", "both") else rng.choice([0, 0, 0.15])
    if clear:
        radius, stretch, crease = int(rng.integers(9, 22)), rng.uniform(1, 1.3), 0.0
    ground = first * 1.1 if clear else _plain(rng)
    while abs(ground.mean() - first.mean()) < 0.15 and not clear:
        ground = _plain(rng)
    return Seeds(
        radius=max(zoom * radius * rng.uniform(0.7, 1.5), 2.5), stretch=stretch,
        rough=rng.uniform(0.0, 0.06), colours=np.array([first, second]), crease=crease,
        gloss=gloss * rng.uniform(0.3, 1), spotted=spotted * rng.random(), clear=clear, other=other,
        touching=rng.random(), cover=log_uniform(rng, 0.15, 0.9), ground=np.clip(ground, 0.05, 0.9),
        texture=draw_texture(rng), strength=rng.choice([0.02, rng.uniform(0.02, 0.15)]),
        sun=rng.uniform(0, 2 * np.pi),
    )  # fmt: skip


def _layers(rng: np.random.Generator, zoom: float, question: str) -> Layers:
    """Wood, otoliths or shells, in this order of frequency."""
    form = str(rng.choice(["wood", "otolith", "shell"], p=(0.6, 0.25, 0.15)))
    if question == "whole":
        form = str(rng.choice(["otolith", "shell"]))
    early = _colour(rng, (0.80, 0.66, 0.46), (0.86, 0.76, 0.6), (0.66, 0.46, 0.3))
    dense, ground = early * rng.uniform(0.4, 0.7) * np.array([1, 0.88, 0.75]), _plain(rng)
    if form == "otolith":
        early = _colour(rng, (0.72, 0.72, 0.7), (0.6, 0.5, 0.36))
        dense = early * rng.uniform(0.4, 0.65)
        ground = _colour(rng, (0.05, 0.05, 0.06), (0.9, 0.89, 0.87))
        if rng.random() < 0.5:
            early, dense = dense, early
    if form == "shell":
        early = _colour(rng, (0.85, 0.78, 0.68), (0.6, 0.45, 0.36), (0.4, 0.38, 0.42))
        dense = early * rng.uniform(0.5, 0.75)
    if np.abs(early.mean() - ground.mean()) < 0.2:
        ground = np.full(3, 0.05)
    return Layers(
        form=form, width=max(zoom * log_uniform(rng, 7, 32), 5), regular=rng.uniform(0.3, 0.95),
        late=rng.uniform(0.2, 0.5), sharp=rng.uniform(2, 7), early=early, dense=dense,
        ground=ground, radius=zoom * log_uniform(rng, 60, 170),
        pores=rng.choice([0, rng.random()]), rays=rng.random(),
    )  # fmt: skip


def _rock(rng: np.random.Generator, zoom: float, question: str) -> Rock:
    """Granite, gabbro, sandstone, schist, lava."""
    crossed = bool(rng.random() < (0.5 if question == "mineral" else 0.7))
    suites = (
        ("olivine", "plagioclase", "pyroxene", "ore"), ("mica", "quartz", "plagioclase"),
        ("pore", "quartz", "plagioclase", "ore"), ("pyroxene", "plagioclase", "ore"),
        ("hornblende", "plagioclase", "quartz", "mica"), ("ore", "quartz", "carbonate"),
        ("garnet", "mica", "quartz"), ("carbonate", "quartz", "ore"),
    )  # fmt: skip
    suite = suites[rng.integers(len(suites))]
    if not crossed and suite[0] == "carbonate":
        suite = suites[1]
    # Between crossed polarisers these are as dark as anything that lies in extinction.
    crossed &= suite[0] not in ("ore", "pore")
    shares = rng.dirichlet(np.full(len(suite), 4.0))
    return Rock(
        minerals=suite, shares=shares, size=zoom * log_uniform(rng, 10, 42),
        warp=rng.choice([0.0, rng.uniform(0.05, 0.35)]), crossed=crossed,
        large=rng.choice([0.0, 0.0, rng.uniform(0.4, 2)]), cracked=rng.choice([0, rng.random()]),
    )  # fmt: skip


SORTS: dict[str, tuple[Callable[..., Sort], tuple[str, ...], tuple[float, ...]]] = {
    "leaf": (_leaf, ("veins", "damage", "leaf"), (0.5, 0.35, 0.15)),
    "wing": (_wing, ("veins", "spots", "wing"), (0.7, 0.2, 0.1)),
    "feather": (_feather, ("bars", "feather"), (0.65, 0.35)),
    "seeds": (_seeds, ("seeds", "others", "borders", "both"), (0.7, 0.12, 0.1, 0.08)),
    "layers": (_layers, ("dense", "ends", "whole"), (0.6, 0.25, 0.15)),
    "rock": (_rock, ("mineral", "borders"), (0.75, 0.25)),
}
"""What draws each sort, what may be asked about it, and how often."""


def draw_specimens(rng: np.random.Generator) -> Kind:
    """Draw a series of photographs of specimens.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    style = str(rng.choice(list(SORTS), p=(0.24, 0.14, 0.08, 0.22, 0.16, 0.16)))
    draw, questions, share = SORTS[style]
    question, zoom = str(rng.choice(questions, p=share)), log_uniform(rng, 0.6, 2)
    camera = Camera(
        blur=rng.uniform(0.1, 1.0), noise=rng.uniform(0.0, 0.1), gamma=rng.uniform(0.7, 1.3),
        shade=rng.uniform(0, 0.2), light_scale=rng.uniform(80, 300),
        jpeg=int(rng.integers(35, 95)) if rng.random() < 0.5 else 0,
    )  # fmt: skip
    if rng.random() < 0.35:
        other = draw_camera(rng)
        camera = replace(other, inverted=False, blur=min(other.blur, 1.2), stripes=0.0,
                         glow=0.4 * other.glow, noise=min(other.noise, 0.2))  # fmt: skip
    grey = rng.dirichlet((3, 3, 3))[None]
    return Specimens(
        style, question, draw(rng, zoom, question), camera,
        natural=float(rng.choice([0.0, 1.0, rng.uniform(0.4, 1)], p=(0.3, 0.4, 0.3))),
        mixing=np.eye(3) if rng.random() < 0.65 else grey,
    )  # fmt: skip
