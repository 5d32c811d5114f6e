"""Drawn images that look like kinds nobody may train on freely: one module for each kind.

The modules named in `LOOKALIKES` draw kinds; the others hold what several of them share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from pretraining.lookalikes.bacteria import draw_bacteria
from pretraining.lookalikes.blood import draw_blood
from pretraining.lookalikes.cracks import draw_cracks
from pretraining.lookalikes.crops import draw_crops
from pretraining.lookalikes.defects import draw_defects
from pretraining.lookalikes.electron import draw_electron
from pretraining.lookalikes.histology import draw_histology
from pretraining.lookalikes.particles import draw_particles
from pretraining.lookalikes.phase import draw_phase
from pretraining.lookalikes.retina import draw_retina
from pretraining.lookalikes.roads import draw_roads
from pretraining.lookalikes.roots import draw_roots
from pretraining.tasks import Kind

LOOKALIKES: Mapping[str, Callable[[np.random.Generator], Kind]] = MappingProxyType(
    {
        "bacteria": draw_bacteria,
        "blood": draw_blood,
        "cracks": draw_cracks,
        "crops": draw_crops,
        "defects": draw_defects,
        "electron": draw_electron,
        "histology": draw_histology,
        "particles": draw_particles,
        "phase": draw_phase,
        "retina": draw_retina,
        "roads": draw_roads,
        "roots": draw_roots,
    }
)
"""What each kind is called, and what draws one of it."""


def draw_lookalike(rng: np.random.Generator) -> Kind:
    """Draw a kind, each of `LOOKALIKES` as often as the others.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    return LOOKALIKES[str(rng.choice(sorted(LOOKALIKES)))](rng)
