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
from pretraining.lookalikes.dishes import draw_dishes
from pretraining.lookalikes.documents import draw_documents
from pretraining.lookalikes.electron import draw_electron
from pretraining.lookalikes.filaments import draw_filaments
from pretraining.lookalikes.fluorescence import draw_fluorescence
from pretraining.lookalikes.histology import draw_histology
from pretraining.lookalikes.landscapes import draw_landscapes
from pretraining.lookalikes.metallography import draw_metallography
from pretraining.lookalikes.particles import draw_particles
from pretraining.lookalikes.phase import draw_phase
from pretraining.lookalikes.puncta import draw_puncta
from pretraining.lookalikes.radiology import draw_radiology
from pretraining.lookalikes.retina import draw_retina
from pretraining.lookalikes.roads import draw_roads
from pretraining.lookalikes.roots import draw_roots
from pretraining.lookalikes.skin import draw_skin
from pretraining.lookalikes.specimens import draw_specimens
from pretraining.lookalikes.tomography import draw_tomography
from pretraining.lookalikes.walls import draw_walls
from pretraining.tasks import Kind

LOOKALIKES: Mapping[str, Callable[[np.random.Generator], Kind]] = MappingProxyType(
    {
        "bacteria": draw_bacteria,
        "blood": draw_blood,
        "cracks": draw_cracks,
        "crops": draw_crops,
        "defects": draw_defects,
        "dishes": draw_dishes,
        "documents": draw_documents,
        "electron": draw_electron,
        "filaments": draw_filaments,
        "fluorescence": draw_fluorescence,
        "histology": draw_histology,
        "landscapes": draw_landscapes,
        "metallography": draw_metallography,
        "particles": draw_particles,
        "phase": draw_phase,
        "puncta": draw_puncta,
        "radiology": draw_radiology,
        "retina": draw_retina,
        "roads": draw_roads,
        "roots": draw_roots,
        "skin": draw_skin,
        "specimens": draw_specimens,
        "tomography": draw_tomography,
        "walls": draw_walls,
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
