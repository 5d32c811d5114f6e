"""Telling two images apart without reading them whole."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from napari_unet.core.source import ImageSource
from napari_unet.core.tiles import spread_boxes

_BOXES = 16
_SIDE = 32


def fingerprint(source: ImageSource) -> str:
    """Return a digest of an image's size, type, axes and of boxes spread over it.

    Parameters
    ----------
    source : ImageSource

    Returns
    -------
    str
        The same for an image that was moved or opened by other means; another one, as good as
        surely, for another image.
    """
    array = source.array
    facts = (tuple(int(n) for n in array.shape), np.dtype(array.dtype).str, source.axes.axes)
    digest = sha256(repr((*facts, source.axes.spatial)).encode())
    shape = source.spatial_shape
    size = [min(n, _SIDE) for n in shape]
    for sample, box in spread_boxes(source.samples, shape, size, _BOXES, 1):
        digest.update(np.ascontiguousarray(source.read(sample, box)).tobytes())
    return digest.hexdigest()
