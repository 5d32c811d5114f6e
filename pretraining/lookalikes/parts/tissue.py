"""What sections under an electron microscope hold, and what is asked about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.shapes import log_uniform


@dataclass(frozen=True)
class Tissue:
    """What a section holds; lengths in pixels, numbers per 10 000 pixels at zoom 1."""

    spacing: float
    merged: float
    stretch: float
    bent: float
    membrane: float
    oblique: float
    cleft: bool
    variety: float
    mitochondria: float
    synapses: float
    crowd: float
    myelin: float
    nuclei: float
    nucleus_radius: float
    clumps: float
    granules: float
    granule_radius: float
    granule_core: str
    reticulum: bool
    grain: float


def draw_neuropil(rng: np.random.Generator) -> tuple[Tissue, str]:
    """Neurites with mitochondria, synapses and vesicles."""
    questions = ("membranes", "mitochondria", "nuclei", "profiles", "organelles", "outlined")
    question = str(rng.choice(questions, p=(0.4, 0.36, 0.07, 0.05, 0.07, 0.05)))
    asked = question in ("mitochondria", "organelles", "outlined")
    tissue = Tissue(
        spacing=log_uniform(rng, 16, 40),
        merged=rng.uniform(0.2, 0.8),
        stretch=log_uniform(rng, 1, 2.2),
        bent=rng.uniform(0.12, 0.4),
        membrane=log_uniform(rng, 2, 4.2),
        oblique=float(rng.choice([0.0, rng.uniform(0.3, 1)])),
        cleft=bool(rng.random() < 0.25),
        variety=rng.uniform(0.01, 0.09),
        mitochondria=rng.uniform(2, 7) if asked else rng.uniform(0, 5),
        synapses=rng.uniform(0, 4),
        crowd=log_uniform(rng, 0.008, 0.08),
        myelin=rng.uniform(0.3, 1) if rng.random() < 0.2 else 0.0,
        nuclei=0.25 if question == "nuclei" else 0.12 * float(rng.random() < 0.12),
        nucleus_radius=rng.uniform(45, 80),
        clumps=rng.uniform(0.05, 0.4),
        granules=rng.uniform(0.2, 1.5) if rng.random() < 0.3 else 0.0,
        granule_radius=rng.uniform(3, 8),
        granule_core="dense",
        reticulum=False,
        grain=rng.uniform(0, 0.08),
    )
    return tissue, question


def draw_cells(rng: np.random.Generator) -> tuple[Tissue, str]:
    """Cells with nuclei and organelles."""
    questions = ("mitochondria", "nuclei", "granules", "membranes", "outlined")
    question = str(rng.choice(questions, p=(0.38, 0.34, 0.18, 0.05, 0.05)))
    tissue = Tissue(
        spacing=log_uniform(rng, 110, 260),
        merged=0.0,
        stretch=log_uniform(rng, 1, 1.8),
        bent=rng.uniform(0.06, 0.24),
        membrane=rng.uniform(2, 3.5),
        oblique=float(rng.choice([0.0, rng.uniform(0.3, 1)])),
        cleft=bool(rng.random() < 0.5),
        variety=rng.uniform(0.01, 0.06),
        mitochondria=log_uniform(rng, 3, 12),
        synapses=0.0,
        crowd=log_uniform(rng, 0.005, 0.08),
        myelin=0.0,
        nuclei=rng.uniform(0.2, 0.45) if question == "nuclei" or rng.random() < 0.5 else 0.0,
        nucleus_radius=rng.uniform(40, 75),
        clumps=rng.uniform(0.1, 0.5),
        granules=log_uniform(rng, 1, 6) if question == "granules" else rng.uniform(0, 3),
        granule_radius=log_uniform(rng, 4, 13),
        granule_core=str(rng.choice(["dense", "pale", "dense"])),
        reticulum=bool(rng.random() < 0.7),
        grain=rng.uniform(0, 0.1),
    )
    return tissue, question


def draw_virions(rng: np.random.Generator) -> tuple[Tissue, str]:
    """Virions in cytoplasm or on a bare film."""
    bare = rng.random() < 0.5
    tissue = Tissue(
        spacing=300.0 if bare else log_uniform(rng, 90, 220),
        merged=0.0,
        stretch=1.0,
        bent=0.1,
        membrane=0.0 if bare else rng.uniform(2, 4),
        oblique=0.0,
        cleft=False,
        variety=0.0 if bare else 0.05,
        mitochondria=0.0 if bare else rng.uniform(0, 3),
        synapses=0.0,
        crowd=log_uniform(rng, 0.003, 0.04),
        myelin=0.0,
        nuclei=0.0,
        nucleus_radius=50.0,
        clumps=0.3,
        granules=log_uniform(rng, 2, 12),
        granule_radius=log_uniform(rng, 4, 12),
        granule_core=str(rng.choice(["shell", "shell", "dense"])),
        reticulum=bool(not bare and rng.random() < 0.5),
        grain=rng.uniform(0, 0.1),
    )
    return tissue, "granules"
