"""Pixel sizes in one unit, so that an image and a model can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np

_MICROMETRES = {
    "angstrom": 1e-4,
    "å": 1e-4,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "nanometre": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "micron": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "millimetre": 1e3,
    "cm": 1e4,
    "centimeter": 1e4,
    "centimetre": 1e4,
    "m": 1e6,
    "meter": 1e6,
    "metre": 1e6,
    "inch": 25400.0,
}

_ALIKE = 0.05
"""Pixel sizes that differ by no more than this share are the same: resampling would only blur."""


def in_micrometres(size: float, unit: str) -> float:
    """A length in micrometres; as it is where the unit is no length, for example a pixel.

    Parameters
    ----------
    size : float
    unit : str
        As napari, OME and ImageJ write it: ``"nm"``, ``"µm"``, ``"micrometer"``.

    Examples
    --------
    >>> in_micrometres(250, "nm"), in_micrometres(0.5, "pixel")
    (0.25, 0.5)
    """
    plain = unit.strip().lower().replace("\u03bc", "µ")
    return size * _MICROMETRES.get(plain, 1.0)


def is_length(unit: str) -> bool:
    """True for a unit of length that can be turned into micrometres."""
    return unit.strip().lower().replace("\u03bc", "µ") in _MICROMETRES


def known_size(spacing: Sequence[float] | None) -> bool:
    """True if a pixel size says something: ones stand for one that nobody gave."""
    return spacing is not None and len(spacing) > 0 and set(spacing) != {1.0}


def rescaling(trained: Sequence[float] | None, now: Sequence[float]) -> tuple[float, ...] | None:
    """How many pixels one pixel of an image becomes, to look to a model as in training.

    Parameters
    ----------
    trained : sequence of float or None
        Pixel size the model was trained at, along the spatial axes.
    now : sequence of float
        Pixel size of the image.

    Returns
    -------
    tuple of float, or None
        A factor for each spatial axis; None where a size is not known, or there is nothing to do.
    """
    if trained is None or not known_size(trained) or not known_size(now):
        return None
    if len(trained) != len(now):
        return None
    factors = tuple(b / a for a, b in zip(trained, now, strict=True))
    return None if all(abs(factor - 1) <= _ALIKE for factor in factors) else factors


def level_to_see(
    trained: Sequence[float] | None, levels: Sequence[Sequence[float]], finer: bool = False
) -> int | None:
    """Which level of a pyramid looks to a model as in training.

    Parameters
    ----------
    trained : sequence of float or None
        Pixel size the model was trained at, along the spatial axes.
    levels : sequence of (sequence of float)
        Pixel size of each level, finest first.
    finer : bool, optional
        Take no level that is coarser than the training, because it is rescaled all the same.

    Returns
    -------
    int or None
        The level of the nearest size; None where sizes are not known, unless one of them is as
        in training. Ones, which may be a size or stand for none, count where a level has them.
    """
    if trained is None or any(len(size) != len(trained) for size in levels):
        return None
    if not known_size(trained):
        same = [k for k, size in enumerate(levels) if np.allclose(size, trained, rtol=1e-3)]
        return same[0] if same else None
    apart = [[log(now / a) for a, now in zip(trained, size, strict=True)] for size in levels]
    chosen = min(range(len(levels)), key=lambda k: max(map(abs, apart[k])))
    if finer:
        fine = [k for k, steps in enumerate(apart) if max(steps) <= _ALIKE]
        chosen = fine[-1] if fine else 0
    alike = max(map(abs, apart[chosen])) <= _ALIKE
    return chosen if alike or known_size(levels[0]) else None
