"""The rules by which paint is taken for strokes, a mask, or a mask of objects.

The limits were set between the values measured on real masks (fluorescence, bright field,
histology, phase contrast, tomography) and on strokes simulated on the same images; in doubt
paint is strokes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from napari_unet.core.annotations import BACKGROUND_VALUE, MAX_CLASSES
from napari_unet.core.paint_evidence import Border, Shape, border
from napari_unet.core.paint_survey import Survey

_MANY_VALUES = 5
_UNLIKELY_VALUE = 10
"""Nobody begins a list of classes at this value; masks of objects and of 0 and 255 do."""
_ONE_PIECE = 0.85
_BLOB = 4.0
"""Largest spread of a blob; strokes reach it only when they are short and thick."""
_MORE_THAN_PAINTED = 150
"""Nobody paints so many strokes of one class and none of another."""
_MORE_PLANES_THAN_PAINTED = 20
"""Nor strokes of one class only on so many slices."""


def are_objects(facts: Survey, pieces: Mapping[int, Shape], sure: bool) -> bool:
    """Return True if every value is one object.

    Parameters
    ----------
    facts : Survey
        What is known of the paint.
    pieces : mapping of int to Shape
        The pieces of each value.
    sure : bool
        True if the layer is known to be a mask, so that less evidence is enough.
    """
    if len(facts.values) >= MAX_CLASSES:
        return True
    single = [shape for shape in pieces.values() if shape.together == 1]
    if not pieces or len(single) < _ONE_PIECE * len(pieces):
        return False
    if sure:
        return len(facts.values) >= _MANY_VALUES or facts.values[0] >= _MANY_VALUES - 1
    blobs = float(np.median([shape.spread for shape in pieces.values()])) <= _BLOB
    if facts.values[-1] < _UNLIKELY_VALUE:
        # As many classes of a single dab each are possible, too: let the image decide.
        seen = border(facts.windows, None) if len(facts.values) >= _MANY_VALUES else None
        return blobs and seen is not None and _ends_with_things(seen, _BLOB)
    few_but_odd = facts.values[0] >= _MANY_VALUES - 1 and len(facts.values) > 1
    return blobs and (len(facts.values) >= _MANY_VALUES or few_but_odd)


def is_mask(facts: Survey, pieces: Mapping[int, Shape]) -> bool:
    """Return True if there is good evidence that 0 is background (or that there is no 0).

    Parameters
    ----------
    facts : Survey
        What is known of the paint.
    pieces : mapping of int to Shape
        The pieces of each value.
    """
    if facts.truth_values or facts.full:
        return True
    spread = max((shape.spread for shape in pieces.values()), default=np.inf)
    count = sum(shape.pieces for shape in pieces.values())
    if len(facts.values) == 1:
        return _is_binary_mask(facts, spread, count)
    borders = [border(facts.windows, v) for v in facts.values[: _MANY_VALUES * 2]]
    seen = [b for b in borders if b is not None]
    return bool(seen) and all(_ends_with_things(b, spread) for b in seen)


def _is_binary_mask(facts: Survey, spread: float, count: int) -> bool:
    value = facts.values[0]
    if value >= _UNLIKELY_VALUE:
        return True
    if value != BACKGROUND_VALUE:
        return False  # One class of strokes so far, of a list that begins at 1.
    if count >= _MORE_THAN_PAINTED or facts.painted_planes >= _MORE_PLANES_THAN_PAINTED:
        return True
    seen = border(facts.windows, value)
    if seen is None:
        return facts.coverage >= 0.4 or (count >= 12 and spread <= 3)
    if facts.coverage >= 0.25 and count >= 20 and seen.contrast >= 0.5 and seen.beside <= 0.3:
        return True  # So much paint in so many pieces that end at edges: phases, grains.
    clear = seen.contrast >= 0.93 and seen.beside <= 0.1 and (seen.beyond or 0.0) <= 0.02
    enough = facts.coverage >= 0.05 or (count >= 8 and facts.coverage >= 0.005)
    return _ends_with_things(seen, spread) and (clear or enough)


def _ends_with_things(seen: Border, spread: float) -> bool:
    """True if the paint ends where things in the image end, and none like it is left out."""
    if seen.beyond is None:
        return seen.contrast >= 0.8 and seen.beside <= 0.15
    if spread <= _BLOB:
        return seen.contrast >= 0.5 and seen.beside <= 0.3 and seen.beyond <= 0.1
    return seen.contrast >= 0.6 and seen.beside <= 0.25 and seen.beyond <= 0.1
