"""Arrays as people hand them over, checked once and turned into what the engine reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_unet.core.axes import AxesSpec, Spatial
from napari_unet.core.channels import Channel, pick_channels
from napari_unet.core.errors import AxesError, JobFailed, PaintError, UnreadableImage
from napari_unet.core.pixel_size import rescaling
from napari_unet.core.source import ImageSource

_MOST_CHANNELS = 5
"""A short axis that is no longer than this is more likely channels than a stack."""


def image_source(
    image: Any,
    axes: str = "YX",
    *,
    spacing: Sequence[float] | None = None,
    spatial: Spatial = "YX",
    name: str = "image",
    channels: Sequence[Channel] | None = None,
    channel_names: Sequence[str] = (),
) -> ImageSource:
    """Return an image as the engine reads it.

    Parameters
    ----------
    image : array-like
        Anything with ``shape``, ``dtype`` and slicing (numpy, dask, zarr) is read piece by
        piece; anything else, such as nested lists, is turned into an array.
    axes : str, optional
        One letter per axis.
    spacing : sequence of float, optional
        Pixel size along each axis.
    spatial : {"YX", "ZYX"}, optional
        The axes the network sees.
    name : str, optional
        What to call the image in messages.
    channels : sequence of int, str or None, optional
        Which channels; see `napari_unet.core.channels.pick_channels`. All when not given.
    channel_names : sequence of str, optional
        One for each channel of the image.

    Raises
    ------
    UnreadableImage
        If it holds no real numbers, or no pixel.
    AxesError
        If the axes do not fit the image; the message says which would.
    ChannelMismatch
        If the image has no such channel.
    """
    array = image if hasattr(image, "shape") and hasattr(image, "dtype") else np.asarray(image)
    if getattr(array.dtype, "kind", "f") not in "buif":
        raise UnreadableImage(
            f"The {name} holds {array.dtype} values, which are no image. "
            "Give whole or floating-point numbers, for example the absolute of complex ones."
        )
    sizes = () if spacing is None else tuple(float(s) for s in np.ravel(spacing))
    spec = AxesSpec(axes, sizes, spatial)
    if any(n != n for n in array.shape):  # dask's word for a length it has not computed
        raise AxesError(
            f"The size of the {name} is not known before it is computed. "
            "Call its compute_chunk_sizes() first."
        )
    shape = tuple(int(n) for n in array.shape)
    if len(shape) != spec.ndim:
        likely = " or ".join(f'axes="{letters}"' for letters in likely_axes(shape))
        advice = f"Say {likely}." if likely else "Give one letter per axis."
        raise AxesError(
            f"The {name} has {len(shape)} axes (shape {shape}), but {axes!r} names "
            f"{spec.ndim}. {advice}"
        )
    source = ImageSource(array, spec, name, tuple(channel_names))
    if 0 in source.spatial_shape:
        raise UnreadableImage(
            f"The {name} has no pixels (shape {shape}). Check how it was read or cropped."
        )
    return source if channels is None else pick_channels(source, channels)


def likely_axes(shape: tuple[int, ...]) -> list[str]:
    """What the axes of an array of this shape may be, the likeliest first.

    Examples
    --------
    >>> likely_axes((512, 512, 3)), likely_axes((40, 512, 512))
    (['YXC'], ['ZYX', 'TYX'])
    """
    colour = len(shape) > 2 and shape[-1] in (3, 4)
    few = [len(shape) > 2 and n <= _MOST_CHANNELS for n in shape[:-2]]
    match len(shape):
        case 2:
            return ["YX"]
        case 3 if colour:
            return ["YXC"]
        case 3:
            return ["CYX", "ZYX"] if few[0] else ["ZYX", "TYX"]
        case 4 if colour:
            return ["ZYXC", "TYXC"]
        case 4 if few[1]:
            return ["ZCYX", "TCYX"]
        case 4:
            return ["CZYX", "TZYX"] if few[0] else ["TZYX"]
        case 5:
            return ["TZYXC"] if colour else ["TZCYX", "TCZYX"]
    return []


def paint_array(paint: Any, name: str = "paint") -> np.ndarray:
    """Return paint as an array of whole numbers.

    Raises
    ------
    PaintError
        If there are fractions in it.
    """
    array = np.asarray(paint)
    if array.dtype == bool:
        return array.astype(np.uint8)
    if array.dtype.kind in "ui":
        return array
    if array.dtype.kind == "f" and np.all(np.mod(array, 1) == 0):
        return array.astype(np.int64)
    raise PaintError(
        f"The {name} holds {array.dtype} values that are not whole numbers. "
        "Give one whole number per pixel: 0 not painted, 1 background, 2 and up classes."
    )


def labels_in_layer_axes(labels: np.ndarray | None, source: ImageSource) -> np.ndarray:
    """Labels ``(S, *spatial)`` in the image's own axes without C.

    Raises
    ------
    JobFailed
        If there are none, because the prediction was stopped.
    """
    if labels is None:
        raise JobFailed("The prediction was stopped before it was done. Start it again.")
    shape = tuple(int(n) for n in source.array.shape)
    return np.ascontiguousarray(source.axes.labels_from_canonical(labels, shape))


def probabilities_in_layer_axes(
    probabilities: np.ndarray | None, source: ImageSource
) -> np.ndarray:
    """Probabilities ``(S, K, *spatial)`` as ``(K, ...)`` in the image's own axes without C.

    Raises
    ------
    JobFailed
        If there are none, because the prediction was stopped.
    """
    maps = [None] if probabilities is None else list(np.moveaxis(probabilities, 1, 0))
    return np.stack([labels_in_layer_axes(one, source) for one in maps])


def pixel_size_notice(
    trained: tuple[float, ...] | None, now: tuple[float, ...], most: float = 1.5
) -> str:
    """A sentence if an image's pixels are much larger or smaller than a model's; else "".

    Parameters
    ----------
    trained : tuple of float or None
        Pixel size the model was trained at, along the spatial axes.
    now : tuple of float
        Pixel size of the image; ones on either side mean that it is not known.
    most : float, optional
        The largest ratio that says nothing.
    """
    ratios = rescaling(trained, now)
    if ratios is None or trained is None or all(1 / most <= ratio <= most for ratio in ratios):
        return ""
    sizes = (" x ".join(f"{s:g}" for s in size) for size in (now, trained))
    return (
        "The pixels measure {} and those the model was trained on {}. Rescale when "
        "predicting if objects look larger or smaller than those in training.".format(*sizes)
    )
