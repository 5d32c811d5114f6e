"""Pictures of scikit-image's wheel with masks that classic methods find well on them.

No person annotated them: each mask was made by the few lines below and looked at. They bring real
vessels, print, stains and stars, which no annotated set has that may be trained on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage import color, data, filters, io, measure, morphology

from pretraining.pairs import Pair, pair_of


def _vessels() -> tuple[np.ndarray, np.ndarray]:
    """Vessels of a retina: dark ridges in green, with hysteresis (Sato et al. 1998)."""
    photo = data.retina()
    green = photo[..., 1] / 255
    ridges = filters.sato(ndimage.gaussian_filter(green, 1), sigmas=[2, 3, 4, 6])
    eye = ndimage.binary_erosion(green > 0.08, iterations=25)
    weak, strong = np.percentile(ridges[eye], (89, 95))
    found = filters.apply_hysteresis_threshold(ridges, weak, strong) & eye
    return photo, morphology.remove_small_objects(found, max_size=400)


def _print() -> tuple[np.ndarray, np.ndarray]:
    """Ink on a page (Sauvola and Pietikainen 2000)."""
    photo = io.imread(Path(data.__file__).parent / "page.png")
    return photo, photo < filters.threshold_sauvola(photo, 25, 0.2)


def _stain(plane: int) -> tuple[np.ndarray, np.ndarray]:
    """One of the stains of a tissue, by colour deconvolution (Ruifrok and Johnston 2001)."""
    photo = data.immunohistochemistry()
    amount = filters.gaussian(color.rgb2hed(photo)[..., plane], 1.5)
    return photo, amount > filters.threshold_otsu(amount)


def _stars() -> tuple[np.ndarray, np.ndarray]:
    """Galaxies and stars: what is brighter than the sky."""
    photo = data.hubble_deep_field()
    light = filters.gaussian(color.rgb2gray(photo), 1.5)
    bright = light > filters.threshold_triangle(light) + 0.05
    return photo, morphology.remove_small_objects(bright, max_size=20)


def _joints() -> tuple[np.ndarray, np.ndarray]:
    """The joints between bricks: brighter than their surroundings."""
    photo = data.brick()
    light = filters.gaussian(photo, 1.5)
    bright = light > filters.threshold_local(light, 61, offset=-0.08)
    return photo, morphology.remove_small_objects(bright, max_size=200)


_MADE: dict[str, Callable[[], tuple[np.ndarray, np.ndarray]]] = {
    "vessels": _vessels,
    "print": _print,
    "blue stain": lambda: _stain(0),
    "brown stain": lambda: _stain(2),
    "stars": _stars,
    "joints": _joints,
}

WHEEL = tuple(_MADE)
"""Names of the pictures."""


@lru_cache(maxsize=len(_MADE))
def load_wheel(name: str) -> tuple[Pair, ...]:
    """One picture and its mask, with a number for each connected object.

    Parameters
    ----------
    name : str
        One of `WHEEL`.
    """
    photo, found = _MADE[name]()
    return (pair_of(photo, measure.label(found), name),)
