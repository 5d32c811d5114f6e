"""Skin and mucosa: dermoscopy of pigmented lesions, wounds, polyps in endoscopy."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pretraining.lookalikes.parts.dermis import Dermoscopy
from pretraining.lookalikes.parts.mucosa import Endoscopy
from pretraining.lookalikes.parts.scenery import Imaged, Scenery
from pretraining.lookalikes.parts.stains import draw_mixing
from pretraining.lookalikes.parts.wounds import Wound
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform


@dataclass(frozen=True, eq=False)
class Skin(Imaged):
    """A series of images of skin or mucosa; see `Imaged`."""


def draw_skin(rng: np.random.Generator) -> Skin:
    """Draw a series of images of skin lesions, wounds or polyps.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    unit = log_uniform(rng, 0.6, 2.0)
    draw = (_dermoscopy, _wound, _endoscopy)[rng.choice(3, p=(0.45, 0.2, 0.35))]
    scenery, question = draw(rng, unit)
    mixing = draw_mixing(rng)
    if rng.random() < 0.55:  # grey images of these are rare
        mixing = np.eye(3, dtype=np.float32)
    natural = float(rng.choice([0.0, 1.0, rng.random()], p=(0.2, 0.4, 0.4)))
    return Skin(scenery, question, mixing, _camera(rng), natural)


def _camera(rng: np.random.Generator) -> Camera:
    """A camera for photographs, mostly good."""
    if rng.random() < 0.3:
        any_ = draw_camera(rng)
        return replace(
            any_, inverted=False, stripes=0, blur=min(any_.blur, 1.5), shade=0.6 * any_.shade,
            glow=0.3 * any_.glow, noise=min(any_.noise, 0.2), speckle=0,
            gamma=float(np.clip(any_.gamma, 0.7, 1.5)),
        )  # fmt: skip
    return Camera(
        shade=rng.uniform(0, 0.2), light_scale=rng.uniform(100, 300), blur=rng.uniform(0.3, 1.1),
        noise=rng.uniform(0, 0.1), grainy=rng.uniform(0, 0.04), gamma=rng.uniform(0.8, 1.25),
        jpeg=int(rng.integers(45, 95)) if rng.random() < 0.7 else 0,
    )  # fmt: skip


def _skin_colour(rng: np.random.Generator) -> np.ndarray:
    """Colour of skin from pale to dark."""
    pale = np.array((0.92, 0.74, 0.66)) + 0.03 * rng.standard_normal(3)
    tanned = np.exp(
        -np.array((0.42, 0.7, 0.85)) * rng.uniform(0, 0.3 if rng.random() < 0.75 else 1)
    )
    return np.clip(pale * tanned, 0.1, 1)


def _maybe(rng: np.random.Generator, share: float, low: float, high: float) -> float:
    """A strength, 0 in all but a share of draws."""
    return float(rng.uniform(low, high)) if rng.random() < share else 0.0


def _dermoscopy(rng: np.random.Generator, unit: float) -> tuple[Scenery, str]:
    """Draw a patient's skin under a dermatoscope."""
    question = str(rng.choice(["lesion", "hairs", "lesion and hairs"], p=(0.82, 0.13, 0.05)))
    hairy = _maybe(rng, 0.5, 1, 14) if question == "lesion" else rng.uniform(8, 25)
    pigmented = rng.random() < 0.85
    scenery = Dermoscopy(
        unit=unit, radius=unit * log_uniform(rng, 35, 150),
        skin=_skin_colour(rng), rough=log_uniform(rng, 0.03, 0.16),
        soft=unit * log_uniform(rng, 2, 18),
        dark=log_uniform(rng, 0.35, 1.6) if pigmented else rng.uniform(0.03, 0.15),
        red=_maybe(rng, 0.5, 0.1, 0.5) if pigmented else rng.uniform(0.35, 0.9),
        zones=rng.uniform(0.1, 0.5), network=_maybe(rng, 0.5, 0.3, 0.9),
        globules=_maybe(rng, 0.45, 0.3, 1.0), veil=_maybe(rng, 0.3, 0.4, 1.2),
        pale=_maybe(rng, 0.3, 0.3, 1.0), mesh=unit * rng.uniform(6, 11),
        lines=_maybe(rng, 0.6, 0.01, 0.06), mottled=log_uniform(rng, 0.02, 0.12),
        hairs=hairy, hair_width=rng.uniform(0.7, 1.7),
        blond=bool(rng.random() < 0.12), bubbles=_maybe(rng, 0.3, 1, 10),
        ruler=bool(rng.random() < 0.15), vignette=_maybe(rng, 0.3, 110, 250) * unit,
    )  # fmt: skip
    return scenery, question


def _wound(rng: np.random.Generator, unit: float) -> tuple[Scenery, str]:
    """Draw a ward's photographs of wounds."""
    scenery = Wound(
        unit=unit, radius=unit * log_uniform(rng, 28, 110), rough=log_uniform(rng, 0.07, 0.22),
        skin=_skin_colour(rng), slough=rng.uniform(-0.3, 2.2), necrosis=rng.uniform(0.6, 3.5),
        wet=rng.uniform(0, 1.2), bumpy=rng.uniform(0.05, 0.3), pallor=rng.uniform(-0.25, 0.25),
        flushed=rng.uniform(0, 0.6), wrinkles=rng.uniform(0, 0.07),
        cloth=bool(rng.random() < 0.25),
    )  # fmt: skip
    tissue = scenery.slough < 1 and rng.random() < 0.15
    return scenery, "tissue" if tissue else "lesion"


def _endoscopy(rng: np.random.Generator, unit: float) -> tuple[Scenery, str]:
    """Draw an examination of the gut."""
    mucosa = np.array((0.93, rng.uniform(0.5, 0.68), rng.uniform(0.36, 0.55)))
    tint = rng.normal(0, 0.06, 3) + rng.choice([0.0, -0.05]) * np.array((0, 1, 1))
    if rng.random() < 0.12:  # narrow-band light
        mucosa = np.array((0.55, 0.68, 0.6)) + 0.05 * rng.standard_normal(3)
    shiny = rng.random() < 0.12
    scenery = Endoscopy(
        unit=unit, radius=unit * log_uniform(rng, 24, 95), mucosa=mucosa,
        polyp=np.clip(mucosa + tint, 0.1, 1),
        high=rng.uniform(0.3, 0.9), round=rng.uniform(0.85, 1.9),
        folds=rng.uniform(0, 1), wet=rng.uniform(1.5, 2.5) if shiny else rng.uniform(0, 1.4),
        vessels=_maybe(rng, 0.7, 2, 9),
        pits=_maybe(rng, 0.6, 0.3, 1.2), speckled=rng.uniform(0.1, 0.5),
        lumen=rng.uniform(0.3, 0.95), near=rng.uniform(0.2, 1.6),
        bubbles=_maybe(rng, 0.3, 2, 12), mask=bool(rng.random() < 0.2),
    )  # fmt: skip
    return scenery, "highlights" if shiny else "polyp"
