"""Which parts of a preview layer hold an answer, and what it says under a stroke."""

from __future__ import annotations

from math import prod
from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np

from napari_unet.core.source import Box
from napari_unet.core.stroke_errors import AnswerBelow, AnsweredParts

_MOST_PIXELS = 16_000_000
"""What lies around a stroke is copied up to this size, in a few milliseconds."""


class AnswersShown:
    """Remembers, for each preview layer, what was answered since it was last cleared."""

    def __init__(self) -> None:
        self._parts: WeakKeyDictionary[Any, tuple[ref[Any], AnsweredParts]] = WeakKeyDictionary()

    def wrote(self, preview: Any, part: Box) -> None:
        """Note that this part of a preview layer was written; another array begins anew."""
        parts = self._of(preview)
        if parts is None:
            parts = AnsweredParts()
            self._parts[preview] = ref(preview.data), parts
        parts.add(part)

    def answered(self, preview: Any) -> np.ndarray:
        """Which pixels of a preview layer were answered, as an array of bool of its shape."""
        answered, parts = np.zeros(preview.data.shape, bool), self._of(preview)
        everywhere = tuple(slice(0, n) for n in answered.shape)
        for part in parts.meeting(everywhere) if parts is not None else ():
            answered[part] = True
        return answered

    def below(self, preview: Any, box: Box) -> AnswerBelow | None:
        """A copy of the answer in one box, and where there is any; None if there is none.

        Parameters
        ----------
        preview : napari labels layer
        box : tuple of slice
            Along each axis of the layer.
        """
        parts = self._of(preview)
        answered = parts.meeting(box) if parts is not None else ()
        if not answered or prod(side.stop - side.start for side in box) > _MOST_PIXELS:
            return None
        return AnswerBelow(box, np.array(preview.data[box]), answered)

    def _of(self, preview: Any) -> AnsweredParts | None:
        """What was answered on the array that the layer shows now."""
        known = self._parts.get(preview)
        return known[1] if known is not None and known[0]() is preview.data else None
