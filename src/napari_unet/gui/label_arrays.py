"""Labels arrays and the image they belong to: paint read, results written, in the layer's axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_unet.core.axes import AxesSpec, Spatial
from napari_unet.core.errors import ShapeMismatch
from napari_unet.gui.layers import axes_of, label_geometry, level_zero


def paint_view(paint: Any, image: Any) -> Any:
    """The paint of a labels layer in the image's axes without C; a view where possible.

    Parameters
    ----------
    paint, image : napari layers

    Raises
    ------
    ShapeMismatch
        If the two do not cover the same pixels.
    """
    data, axes = level_zero(paint), axes_of(image)
    full = tuple(level_zero(image).shape)
    wanted = AxesSpec(axes).label_shape(full)
    if tuple(data.shape) == wanted:
        return data
    if "C" in axes:
        channel = axes.index("C")
        if tuple(data.shape) == (*wanted[:channel], 1, *wanted[channel:]):
            return data[(slice(None),) * channel + (0,)]
        if tuple(data.shape) == full:
            return np.asarray(data).max(axis=channel)
    raise ShapeMismatch(
        f"{paint.name!r} covers {_size(data.shape)} pixels, but {image.name!r} has "
        f"{_size(wanted)}. Press New to make a paint layer that fits."
    )


def labels_for(image: Any, spatial: Spatial, labels: np.ndarray) -> np.ndarray:
    """Canonical labels ``(S, *spatial)`` in the shape that a result layer of an image has."""
    axes = axes_of(image)
    shape = tuple(level_zero(image).shape)
    array = AxesSpec(axes, spatial=spatial).labels_from_canonical(labels, shape)
    channel = label_geometry(image).channel_axis
    if channel is not None:
        array = np.expand_dims(array, channel)
    return np.ascontiguousarray(array)


def write_labels(
    data: np.ndarray, image: Any, spatial: Spatial, sample: int, where: Any, block: np.ndarray
) -> None:
    """Write canonical labels ``(*spatial)`` of one box into a labels array made for an image.

    Parameters
    ----------
    data : ndarray
        Array of the shape `label_geometry` gives; changed in place.
    image : napari layer
    spatial : {"YX", "ZYX"}
    sample : int
    where : tuple of slice
        Spatial box.
    block : ndarray, shape (*spatial)
    """
    spec = AxesSpec(axes_of(image), spatial=spatial)
    labels = spec.without_channels()
    view = paint_like(data, spec)
    order = [spatial.index(a) for a in labels.axes if a in spatial]
    shape = tuple(view.shape)
    view[labels.array_index(sample, where, shape)] = block.transpose(order)


def paint_like(data: np.ndarray, spec: AxesSpec) -> np.ndarray:
    """View an array made for an image's labels without the axis that stands for channels."""
    if data.ndim == len(spec.label_axes):
        return data
    return data[(slice(None),) * spec.axes.index("C") + (0,)]


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
