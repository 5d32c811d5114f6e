"""Labels arrays and the image they belong to: paint read, results written, in the layer's axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import ShapeMismatch
from napari_unet.core.source import Box
from napari_unet.gui.layers import axes_of
from napari_unet.gui.notes import notes_of
from napari_unet.gui.place import level_zero


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


def labels_for(
    spec: AxesSpec, shape: tuple[int, ...], labels: np.ndarray, channel_axis: int | None = None
) -> np.ndarray:
    """Canonical labels in the shape that a result layer of an image has.

    Parameters
    ----------
    spec : AxesSpec
        Axes of the image.
    shape : tuple of int
        Shape of the image.
    labels : ndarray, shape (S, *spatial)
    channel_axis : int, optional
        As `napari_unet.gui.layers.LabelGeometry`.
    """
    array = spec.labels_from_canonical(labels, shape)
    if channel_axis is not None:
        array = np.expand_dims(array, channel_axis)
    return np.ascontiguousarray(array)


def write_labels(
    data: np.ndarray, spec: AxesSpec, sample: int, where: Box, block: np.ndarray
) -> tuple[slice, ...]:
    """Write canonical labels ``(*spatial)`` of one box into a labels array made for an image.

    Parameters
    ----------
    data : ndarray
        Array of the shape `napari_unet.gui.layers.label_geometry` gives; changed in place.
    spec : AxesSpec
        Axes of the image.
    sample : int
    where : tuple of slice
        Spatial box.
    block : ndarray, shape (*spatial)

    Returns
    -------
    tuple of slice
        The part of `data` that was written.
    """
    labels = spec.without_channels()
    view = data
    if data.ndim > labels.ndim:  # an axis of length one stands for the channels
        view = data[(slice(None),) * spec.axes.index("C") + (0,)]
    order = [spec.spatial.index(a) for a in labels.axes if a in spec.spatial]
    index = labels.array_index(sample, where, tuple(view.shape))
    view[index] = block.transpose(order)
    part = [i if isinstance(i, slice) else slice(int(i), int(i) + 1) for i in index]
    if view is not data:
        part.insert(spec.axes.index("C"), slice(0, 1))
    return tuple(part)


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)


def spec_of_result(result: Any) -> AxesSpec:
    """Axes of the image a result was made for, as they were then."""
    notes = notes_of(result)
    return AxesSpec(notes["axes"], spatial=notes["spatial"])


def labels_like(result: Any, labels: np.ndarray) -> np.ndarray:
    """Canonical labels ``(S, *spatial)`` in the shape of a result layer."""
    labels_spec = spec_of_result(result).without_channels()
    size = iter(result.data.shape)
    if result.data.ndim > labels_spec.ndim:
        channel = spec_of_result(result).axes.index("C")
        size = iter(np.delete(result.data.shape, channel))
    array = labels_for(labels_spec, tuple(int(n) for n in size), labels)
    return array.reshape(result.data.shape)
