"""What one stroke did to a labels array: which pixels, and the values they have since then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_unet.core.source import Box


@dataclass(frozen=True, eq=False)
class MaskEdit:
    """Pixels changed inside one box.

    Parameters
    ----------
    box : tuple of slice
        One slice per axis of the labels array, with explicit start and stop.
    mask : ndarray of bool or None
        Which pixels of the box were changed, in its shape; None for all of them.
    values : int or ndarray
        What they are now: one value, or one for each pixel under the mask, or the whole box.
    before : int or ndarray, optional
        What they were, in the same way; None if nobody knows.
    """

    box: Box
    mask: np.ndarray | None
    values: int | np.ndarray
    before: int | np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class PointEdit:
    """Pixels changed one by one.

    Parameters
    ----------
    where : tuple of ndarray of int
        Position of each pixel, one array per axis of the labels array.
    values : int or ndarray
        What they are now: one value, or one for each pixel.
    before : int or ndarray, optional
        What they were, in the same way; None if nobody knows.
    """

    where: tuple[np.ndarray, ...]
    values: int | np.ndarray
    before: int | np.ndarray | None = None

    @property
    def box(self) -> Box:
        """The smallest box around the pixels."""
        return tuple(slice(int(axis.min()), int(axis.max()) + 1) for axis in self.where)


Edit = MaskEdit | PointEdit


def box_of(edits: Sequence[Edit]) -> Box:
    """The smallest box around all edits of a stroke.

    Parameters
    ----------
    edits : sequence of Edit
        At least one.
    """
    boxes = [edit.box for edit in edits]
    return tuple(
        slice(min(part.start for part in parts), max(part.stop for part in parts))
        for parts in zip(*boxes, strict=True)
    )
