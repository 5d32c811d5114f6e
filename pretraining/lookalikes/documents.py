"""Marks on grounds: maps, writing, drawings, recordings, gels, fingerprints, seismic sections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from pretraining.lookalikes.parts.charts import ContourMap, Drawing
from pretraining.lookalikes.parts.gels import Gel
from pretraining.lookalikes.parts.layered_earth import Seismic
from pretraining.lookalikes.parts.paper import Paper, Writing
from pretraining.lookalikes.parts.recordings import Curve
from pretraining.lookalikes.parts.ridges import Ridges
from pretraining.lookalikes.parts.series import Series, Sort
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.tasks import Kind

PAPERS = ((0.93, 0.92, 0.89), (0.88, 0.83, 0.72), (0.80, 0.71, 0.55), (0.94, 0.94, 0.95),
          (0.84, 0.80, 0.74), (0.72, 0.60, 0.44))  # fmt: skip
"""Colours of paper, from new to old."""

INKS = ((0.10, 0.10, 0.12), (0.22, 0.15, 0.10), (0.12, 0.16, 0.38), (0.35, 0.24, 0.14))
"""Colours of ink to write with."""


class Documents(Series):
    """One series of documents."""


def _near(rng: np.random.Generator, colour: tuple[float, ...], size: float = 0.04) -> np.ndarray:
    """A colour, a little changed."""
    return np.clip(np.array(colour) + rng.normal(0, size, 3), 0.03, 0.97)


def _any(rng: np.random.Generator, colours: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """One of some colours, a little changed."""
    return _near(rng, colours[rng.integers(len(colours))], 0.02)


def _paper(rng: np.random.Generator) -> Paper:
    return Paper(_any(rng, PAPERS), *rng.uniform(0, 1, 3) ** (0.7, 2.0, 1.0))


def _map(rng: np.random.Generator, zoom: float, question: str) -> ContourMap:
    wear = rng.uniform(0, 0.7)
    return ContourMap(
        paper=_paper(rng), gap=zoom * log_uniform(rng, 6, 18),
        half=max(0.6 * zoom * rng.uniform(0.8, 1.3), 0.5),
        contour=_near(rng, (0.62, 0.38, 0.22)) if rng.random() < 0.75 else _any(rng, INKS),
        water=_near(rng, (0.22, 0.45, 0.72)), road=_near(rng, (0.82, 0.28, 0.20)),
        black=_near(rng, (0.12, 0.11, 0.11), 0.02),
        wood=_near(rng, (0.74, 0.84, 0.62)) * rng.uniform(0.85, 1.05), wear=wear,
        busy=rng.uniform(0.4, 1) if question != "contours" else rng.random(),
    )  # fmt: skip


def _writing(rng: np.random.Generator, zoom: float, question: str) -> Writing:
    ink = _any(rng, INKS)
    hand = bool(rng.random() < 0.55)
    size = max(zoom * log_uniform(rng, 6, 14), 4.5)
    return Writing(
        paper=_paper(rng), hand=hand, size=size,
        half=max(size * log_uniform(rng, 0.07, 0.15), 0.6), slant=rng.normal(0.3, 0.25), ink=ink,
        second=_near(rng, (0.72, 0.18, 0.16)) if ink[2] > 0.3 or rng.random() < 0.6
        else _near(rng, (0.15, 0.25, 0.65)),
        density=rng.uniform(0.5, 1), wear=rng.uniform(0, 1),
        through=rng.choice([0, rng.uniform(0.1, 0.5)]),
        ruled=rng.choice([0, 0, rng.uniform(0.2, 0.8)]) if hand else 0.0,
        marked=question in ("second", "both") or bool(rng.random() < 0.15),
    )  # fmt: skip


def _drawing(rng: np.random.Generator, zoom: float, question: str) -> Drawing:
    paper, ink = _paper(rng), _near(rng, (0.13, 0.13, 0.15))
    if rng.random() < 0.25:  # A blueprint.
        blue = _near(rng, (0.14, 0.28, 0.55)) * rng.uniform(0.8, 1.2)
        paper, ink = replace(paper, colour=blue), _near(rng, (0.86, 0.89, 0.93))
    thick = max(zoom * rng.uniform(0.9, 1.7), 0.75)
    if question == "weights":
        thick = max(thick, 1.2)
    return Drawing(paper, ink, thick, zoom * log_uniform(rng, 14, 36), rng.uniform(0, 0.8))


def _curve(rng: np.random.Generator, zoom: float, question: str) -> Curve:
    form = str(rng.choice(["heart", "peaks", "quake"], p=(0.45, 0.3, 0.25)))
    grid = ((0.9, 0.5, 0.5), (0.5, 0.75, 0.55), (0.55, 0.65, 0.85), (0.7, 0.7, 0.7))
    return Curve(
        paper=_paper(rng), form=form, ink=_any(rng, INKS), grid=_any(rng, grid),
        half=max(zoom * rng.uniform(0.5, 1.0), 0.5), square=max(zoom * rng.uniform(4, 9), 3.5),
        ruled=rng.uniform(0.4, 1) if question == "grid" else rng.uniform(0, 1),
        rows=max(int(rng.integers(1, 5) / zoom**0.5), 1), wear=rng.uniform(0, 0.8),
    )  # fmt: skip


def _gel(rng: np.random.Generator, zoom: float, question: str) -> Gel:
    form = str(rng.choice(["lanes", "blot", "spots"], p=(0.55, 0.25, 0.2)))
    if question == "lanes":
        form = "lanes"
    pitch = zoom * log_uniform(rng, 14, 36)
    thick, bands = log_uniform(rng, 0.08, 0.2) * pitch, rng.uniform(4, 12) / zoom
    if form == "blot":
        pitch, bands = 1.2 * pitch, rng.uniform(1.5, 4)
        thick = rng.uniform(0.1, 0.22) * pitch
    tints = ((1, 1, 1), (1, 1, 1), (1.0, 0.62, 0.35), (0.75, 0.8, 1.0), (0.45, 1.0, 0.6))
    dark = bool(rng.random() < (0.75 if form != "lanes" else 0.4))
    return Gel(
        form=form, pitch=pitch, thick=max(thick, 1.3), bands=max(bands, 1.0),
        smile=rng.normal(0, 0.8) * zoom, dark=dark,
        smear=rng.choice([0.1, rng.uniform(0.2, 1)]) if question != "lanes" else 1.0,
        dirt=rng.random(), diffuse=rng.random() ** 1.5, saturated=log_uniform(rng, 0.5, 2.5),
        tint=tints[rng.integers(5)] if not dark else ((1, 1, 1), (0.82, 0.88, 1.0))[
            rng.integers(2)],
    )  # fmt: skip


def _ridges(rng: np.random.Generator, zoom: float, question: str) -> Ridges:
    most = 0.3 if question == "print" else 0.85  # A whole print must be seen to be asked for.
    return Ridges(
        paper=_paper(rng), ink=_any(rng, INKS) * rng.uniform(0.7, 1.2),
        period=max(zoom * log_uniform(rng, 6.5, 12), 4.5), share=rng.uniform(-0.22, 0.22),
        form=str(rng.choice(["loop", "whorl", "arch"])), ends=rng.uniform(0.3, 1.6),
        patchy=rng.random(), pores=rng.choice([0, rng.random()]), faint=rng.random() ** 1.5 * most,
    )  # fmt: skip


def _seismic(rng: np.random.Generator, zoom: float, question: str) -> Seismic:
    colours = ((0.0, 0.0, 0.0), (0.5, 0.5, 0.5), (1.0, 1.0, 1.0))
    if rng.random() < 0.35:
        colours = (((0.1, 0.2, 0.7), (0.95, 0.95, 0.95), (0.75, 0.12, 0.1)),
                   ((0.1, 0.08, 0.06), (0.8, 0.72, 0.55), (0.7, 0.3, 0.1)))[
            rng.integers(2)]  # fmt: skip
    return Seismic(
        period=max(zoom * log_uniform(rng, 5, 13), 4), bend=rng.uniform(0.1, 1.2),
        faulted=rng.uniform(1, 4) if question == "faults" else rng.uniform(0, 2.5),
        salt=rng.uniform(0.15, 0.5) if question == "salt" else rng.choice([0, 0, 0.2]),
        noisy=rng.uniform(0.03, 0.4), colours=np.array(colours),
    )  # fmt: skip


SORTS: dict[str, tuple[Callable[..., Sort], tuple[str, ...], tuple[float, ...]]] = {
    "map": (_map, ("contours", "water", "roads", "woods", "black"), (0.45, 0.2, 0.1, 0.1, 0.15)),
    "writing": (_writing, ("ink", "second", "both"), (0.75, 0.15, 0.1)),
    "drawing": (_drawing, ("ink", "outlines", "weights", "hatched"), (0.6, 0.2, 0.1, 0.1)),
    "curve": (_curve, ("curve", "grid"), (0.88, 0.12)),
    "gel": (_gel, ("bands", "lanes"), (0.88, 0.12)),
    "ridges": (_ridges, ("ridges", "print"), (0.82, 0.18)),
    "seismic": (_seismic, ("salt", "unit", "faults"), (0.5, 0.3, 0.2)),
}
"""What draws each sort, what may be asked about it, and how often."""


def draw_documents(rng: np.random.Generator) -> Kind:
    """Draw a series of documents.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    style = str(rng.choice(list(SORTS), p=(0.18, 0.2, 0.08, 0.1, 0.2, 0.12, 0.12)))
    draw, questions, share = SORTS[style]
    question, zoom = str(rng.choice(questions, p=share)), log_uniform(rng, 0.6, 2)
    camera = Camera(
        blur=rng.uniform(0.0, 0.8), noise=rng.uniform(0.0, 0.12), gamma=rng.uniform(0.7, 1.3),
        shade=rng.uniform(0, 0.2), light_scale=rng.uniform(80, 300),
        jpeg=int(rng.integers(30, 95)) if rng.random() < 0.5 else 0,
    )  # fmt: skip
    if rng.random() < 0.35:
        other = draw_camera(rng)
        inverted = other.inverted and style in ("gel", "ridges") and rng.random() < 0.5
        camera = replace(other, inverted=inverted, blur=min(other.blur, 1.0), stripes=0.0,
                         glow=0.4 * other.glow, noise=min(other.noise, 0.25))  # fmt: skip
    coloured = rng.random() < (0.4 if style in ("gel", "ridges", "seismic") else 0.65)
    coloured |= question in ("water", "roads", "woods", "black", "second", "both")
    return Documents(
        style, question, draw(rng, zoom, question), camera,
        natural=float(rng.choice([0.0, 1.0, rng.uniform(0.4, 1)], p=(0.3, 0.4, 0.3))),
        mixing=np.eye(3) if coloured else rng.dirichlet((3, 3, 3))[None],
    )  # fmt: skip
