"""A model and an image as people hand them over, made ready for one another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from napari_unet.core.arrays import image_source
from napari_unet.core.axes import Spatial
from napari_unet.core.channels import Channel
from napari_unet.core.source import ImageSource
from napari_unet.learn.checkpoint import load_model
from napari_unet.learn.model import Model


def model_and_source(
    model: Model | str | Path,
    image: Any,
    axes: str,
    spacing: Sequence[float] | None = None,
    channels: Sequence[Channel] | None = None,
) -> tuple[Model, ImageSource]:
    """Return the model, loaded if need be, and the image as it reads it.

    Parameters
    ----------
    model : Model or path
    image : array-like
    axes : str
    spacing : sequence of float, optional
    channels : sequence of int, str or None, optional
        Which channels of the image.
    """
    if not isinstance(model, Model):
        model = load_model(model)
    spatial: Spatial = "ZYX" if model.config.dimensions == 3 else "YX"
    return model, image_source(image, axes, spacing=spacing, spatial=spatial, channels=channels)
