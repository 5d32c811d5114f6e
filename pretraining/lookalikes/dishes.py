"""Living things on plates, in wells and under cover slips: colonies, organoids, worms, plankton."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.agar import Agar
from pretraining.lookalikes.parts.plankton import Plankton
from pretraining.lookalikes.parts.scenery import Imaged, Scenery
from pretraining.lookalikes.parts.spheroids import Spheroids
from pretraining.lookalikes.parts.stains import draw_bright_field, draw_mixing
from pretraining.lookalikes.parts.swimmers import Swimmers
from pretraining.shapes import log_uniform

AGARS = np.array([
    (0.87, 0.8, 0.62), (0.78, 0.72, 0.6), (0.62, 0.16, 0.12), (0.85, 0.83, 0.8), (0.2, 0.2, 0.21),
    (0.75, 0.5, 0.55), (0.45, 0.55, 0.4), (0.1, 0.11, 0.14), (0.9, 0.7, 0.35),
])  # fmt: skip
COLONIES = np.array([
    (0.95, 0.92, 0.8), (0.9, 0.8, 0.5), (0.8, 0.35, 0.3), (0.35, 0.3, 0.3), (0.3, 0.45, 0.7),
    (0.55, 0.2, 0.45), (0.85, 0.85, 0.85), (0.4, 0.5, 0.35), (0.75, 0.6, 0.45),
])  # fmt: skip
"""Colours of agar and of colonies."""

GREEN, OLIVE, PINK, YELLOW, GREY, BLUE = (np.array(stain) for stain in (
    (0.8, 0.25, 1.0), (0.45, 0.55, 1.3), (0.15, 1.0, 0.5), (0.15, 0.35, 1.1), (0.8, 0.82, 0.9),
    (1.0, 0.75, 0.25),
))  # fmt: skip
"""What contents of cells absorb."""


@dataclass(frozen=True, eq=False)
class Dishes(Imaged):
    """A series of images of cultures; see `Imaged`."""


def draw_dishes(rng: np.random.Generator) -> Dishes:
    """Draw a series of images of one culture with one question.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    unit = log_uniform(rng, 0.6, 2.0)
    draw = (_agar, _spheroids, _swimmers, _plankton)[rng.choice(4, p=(0.24, 0.24, 0.18, 0.34))]
    scenery, two = draw(rng, unit)
    question = str(rng.choice(["objects", "bordered", "other"], p=(0.8, 0.08, 0.12)))
    if question == "other":
        question = str(rng.choice(["one sort", "sorts"], p=(0.6, 0.4))) if two else "objects"
    colourful = draw in (_agar, _plankton)
    mixing = draw_mixing(rng)
    if not colourful and rng.random() < 0.6:
        mixing = mixing[:1] if len(mixing) == 1 else np.full((1, 3), 1 / 3, np.float32)
    camera = draw_bright_field(rng, 1.4, len(mixing) == 3)
    natural = float(rng.choice([0.0, 1.0, rng.random()], p=(0.35, 0.3, 0.35)))
    return Dishes(scenery, question, mixing, camera, natural)


def _maybe(rng: np.random.Generator, share: float, low: float, high: float) -> float:
    """A strength, 0 in all but a share of draws."""
    return float(rng.uniform(low, high)) if rng.random() < share else 0.0


def _agar(rng: np.random.Generator, unit: float) -> tuple[Scenery, bool]:
    """Draw plates with colonies."""
    while True:
        ground = np.clip(AGARS[rng.integers(len(AGARS))] + rng.normal(0, 0.04, 3), 0.04, 1)
        colours = COLONIES[rng.choice(len(COLONIES), 2, replace=False)] + rng.normal(
            0, 0.05, (2, 3)
        )
        if np.abs(colours[0] - ground).max() > 0.2 and np.abs(colours[1] - ground).max() > 0.2:
            break
    radius = unit * log_uniform(rng, 2.5, 26)
    cover, two = log_uniform(rng, 0.03, 0.35), rng.random() < 0.3
    scenery = Agar(
        unit=unit, radius=radius, spread=rng.uniform(0.08, 0.5),
        number=min(cover * 192**2 / (np.pi * radius**2), 320), touching=rng.uniform(0.55, 1.0),
        ground=ground, colours=np.clip(colours, 0.05, 1),
        second=rng.uniform(0.25, 0.6) if two else 0.0,
        rough=float(rng.choice([0.01, rng.uniform(0.02, 0.1)])), opacity=rng.uniform(0.5, 1.1),
        gloss=_maybe(rng, 0.6, 0.3, 1), edge=rng.normal(0, 0.15), core=_maybe(rng, 0.4, -0.3, 0.2),
        cast=_maybe(rng, 0.5, 0.1, 0.45), halo=_maybe(rng, 0.15, 0.3, 0.7),
        rim=bool(rng.random() < 0.35), writing=_maybe(rng, 0.15, 1, 6),
        glare=_maybe(rng, 0.3, 0.3, 1), grain=log_uniform(rng, 0.004, 0.03),
    )  # fmt: skip
    return scenery, two


def _spheroids(rng: np.random.Generator, unit: float) -> tuple[Scenery, bool]:
    """Draw spheroids or organoids."""
    single = rng.random() < 0.25
    radius = unit * (rng.uniform(35, 75) if single else log_uniform(rng, 8, 40))
    cover = log_uniform(rng, 0.06, 0.4)
    hollow = float(rng.choice([0.0, 1.0, rng.uniform(0.3, 0.7)], p=(0.35, 0.35, 0.3)))
    scenery = Spheroids(
        unit=unit, radius=radius, spread=rng.uniform(0.1, 0.45),
        number=0.0 if single else cover * 192**2 / (np.pi * radius**2), hollow=hollow,
        dark=log_uniform(rng, 0.25, 1.8), wall=rng.uniform(0.12, 0.35),
        rough=log_uniform(rng, 0.01, 0.07), grain=rng.uniform(0.05, 0.3),
        bright=_maybe(rng, 0.6, 0.1, 0.6), blurred=_maybe(rng, 0.4, 0.5, 4),
        bubbles=_maybe(rng, 0.15, 0.5, 3), dirt=_maybe(rng, 0.6, 0.2, 3),
        gel=rng.uniform(0.01, 0.08), loose=unit * rng.uniform(0.5, 4),
    )  # fmt: skip
    return scenery, 0 < hollow < 1


def _swimmers(rng: np.random.Generator, unit: float) -> tuple[Scenery, bool]:
    """Draw worms or fish."""
    fish = rng.random() < 0.35
    width = unit * (log_uniform(rng, 14, 34) if fish else log_uniform(rng, 2.5, 11))
    slender = rng.uniform(9, 13) if fish else rng.uniform(16, 34)
    scenery = Swimmers(
        fish=fish, unit=unit, width=width, slender=slender,
        number=0.3 if fish else min(4000 / (width**2 * slender) * rng.uniform(0.3, 1.4), 14),
        bend=rng.uniform(0.03, 0.2) if fish else log_uniform(rng, 0.2, 0.9),
        dark=rng.uniform(0.15, 0.8), gut=rng.uniform(0, 0.9), grain=rng.uniform(0.05, 0.4),
        line=rng.uniform(0.1, 1.0), halo=_maybe(rng, 0.5, 0.1, 0.4),
        dirt=_maybe(rng, 0.6, 0.2, 3), tracks=_maybe(rng, 0.4, 0.3, 1),
        eggs=0.0 if fish else _maybe(rng, 0.3, 1, 7), well=bool(rng.random() < 0.2),
    )  # fmt: skip
    return scenery, scenery.gut > 0.4 and width > 5


def _plankton(rng: np.random.Generator, unit: float) -> tuple[Scenery, bool]:
    """Draw yeast, oocytes, pollen, diatoms or algae."""
    sort = str(rng.choice(["yeast", "oocyte", "pollen", "diatom", "alga"],
                          p=(0.25, 0.17, 0.18, 0.2, 0.2)))  # fmt: skip
    low, high = {"yeast": (4.5, 12), "oocyte": (25, 65), "pollen": (10, 32), "diatom": (5, 18),
                 "alga": (3, 16)}[sort]  # fmt: skip
    radius = unit * log_uniform(rng, low, high)
    stretch = {"yeast": rng.uniform(1, 1.4), "oocyte": rng.uniform(1, 1.06),
               "pollen": rng.uniform(1, 1.35), "diatom": rng.choice([1.0, rng.uniform(2, 8)]),
               "alga": rng.choice([1.1, rng.uniform(3, 14)])}[sort]  # fmt: skip
    stains = {"yeast": (GREY, GREY), "oocyte": (GREY, GREY), "pollen": (PINK, YELLOW),
              "diatom": (OLIVE, GREEN), "alga": (GREEN, OLIVE)}[sort]  # fmt: skip
    if sort == "pollen" and rng.random() < 0.4:
        stains = (YELLOW, BLUE)
    cover, two = log_uniform(rng, 0.06, 0.4), sort not in ("yeast", "oocyte") and rng.random() < 0.4
    scenery = Plankton(
        sort=sort, unit=unit, radius=radius, spread=rng.uniform(0.06, 0.3),
        number=cover * 192**2 / (np.pi * radius**2 * stretch), stretch=float(stretch),
        absorbed=np.clip(np.stack(stains) + rng.normal(0, 0.1, (2, 3)), 0.03, 1.5),
        other=rng.uniform(0.25, 0.6) if two else 0.0,
        dark=rng.uniform(0.05, 0.4) if sort == "yeast" else log_uniform(rng, 0.25, 1.3),
        rim=rng.uniform(0.3, 1.2), halo=float(rng.choice([0.0, rng.uniform(-0.3, 0.6)])),
        grain=rng.uniform(0.05, 0.5), ribs=unit * rng.uniform(2.5, 6),
        defocus=rng.uniform(-0.6, 1.2), dirt=_maybe(rng, 0.6, 0.2, 3),
        ground=np.clip(np.array((0.85, 0.85, 0.8)) + rng.normal(0, 0.07, 3), 0.4, 1),
    )  # fmt: skip
    return scenery, two
