"""Whether a mask lies beside what it was drawn around, as after cropping or a wrong origin."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import ndimage as ndi

from napari_unet.core.paint_evidence import Window

_REACH = 16
"""Pixels the mask is tried moved by, each way."""

_LEAST = 3
"""A smaller shift is within what a careful hand does."""

_BORDER_PIXELS = 300
"""A mask with less border says too little."""

_MOST_BORDER = 4000
_BETTER = 1.3
"""How much stronger the edges of the image must be under the border of the moved mask."""

_CLEAR = 1.6
"""And how much stronger than under a mask moved anywhere."""

_AGREE = 2
"""Pixels by which the shifts that two halves of the border ask for may differ."""


def label_shift(windows: Iterable[Window]) -> tuple[int, int] | None:
    """How far a mask must be moved to lie on the edges of the image; None if it lies well.

    The border of the mask is moved over the image's gradient. An answer is given only for a
    clear peak away from where the mask is, which both halves of the border find.

    Parameters
    ----------
    windows : iterable of Window
        Of a full mask, with the image.

    Returns
    -------
    tuple of int or None
        Rows down and columns to the right.
    """
    responses = [_responses(*place) for w in windows if (place := _places(w)) is not None]
    if not responses or sum(len(one) for one in responses) < _BORDER_PIXELS:
        return None
    borders = np.concatenate(responses)
    whole = borders.mean(axis=0)
    here = whole[_REACH, _REACH]
    shift = _peak(whole)
    if max(map(abs, shift)) < _LEAST or max(map(abs, shift)) == _REACH:
        return None
    best = whole[shift[0] + _REACH, shift[1] + _REACH]
    if best < _BETTER * here or best < _CLEAR * np.median(whole):
        return None
    halves = [_peak(half.mean(axis=0)) for half in np.array_split(borders, 2)]
    agree = all(abs(a - b) <= _AGREE for half in halves for a, b in zip(half, shift, strict=True))
    return shift if agree else None


def _peak(response: np.ndarray) -> tuple[int, int]:
    row, column = np.unravel_index(np.argmax(response), response.shape)
    return int(row) - _REACH, int(column) - _REACH


def _places(window: Window) -> tuple[np.ndarray, np.ndarray] | None:
    """Edges of the image, and the border pixels of the mask, away from the window's rim."""
    if window.image is None or min(window.paint.shape) <= 2 * _REACH + 2:
        return None
    grey = np.nan_to_num(window.image.astype(np.float32)).mean(axis=0)
    edges = np.hypot(*(ndi.gaussian_filter(grey, 1.0, order=o) for o in ((1, 0), (0, 1))))
    strongest = np.percentile(edges, 99)
    if strongest <= 0:
        return None
    paint = window.paint
    border = np.zeros(paint.shape, bool)
    border[:-1] |= paint[:-1] != paint[1:]
    border[:, :-1] |= paint[:, :-1] != paint[:, 1:]
    border[: _REACH + 1] = border[-_REACH - 1 :] = False
    border[:, : _REACH + 1] = border[:, -_REACH - 1 :] = False
    places = np.argwhere(border)
    if not len(places):
        return None
    return np.minimum(edges / strongest, 1), places[:: 1 + len(places) // _MOST_BORDER]


def _responses(edges: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Edge strength around every border pixel, shape (places, 2 * reach + 1, 2 * reach + 1)."""
    side = 2 * _REACH + 1
    around = np.lib.stride_tricks.sliding_window_view(edges, (side, side))
    return np.asarray(around[places[:, 0] - _REACH, places[:, 1] - _REACH])
