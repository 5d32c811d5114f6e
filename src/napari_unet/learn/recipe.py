"""What a prediction depends on, in words and digests: the same again means the same result."""

from __future__ import annotations

import json
from hashlib import sha256

from napari_unet import __version__
from napari_unet.core.config import PredictConfig
from napari_unet.core.finer import FinerSource
from napari_unet.core.fingerprint import fingerprint
from napari_unet.core.source import ImageSource
from napari_unet.learn.devices import choose_device
from napari_unet.learn.model import Model


def model_digest(model: Model) -> str:
    """Return a digest of what a model predicts with: network, weights, classes, intensities."""
    card = {k: v for k, v in model.card().items() if k not in ("history", "version")}
    return sha256(json.dumps(card, sort_keys=True).encode()).hexdigest()


def recipe(model: Model, source: ImageSource, config: PredictConfig) -> dict[str, str]:
    """Return what a result depends on, each as words or as a digest.

    Parameters
    ----------
    model : Model
    source : ImageSource
    config : PredictConfig
    """
    settings = config.model_dump(mode="json", exclude={"device"})
    looked_at = source.seen if isinstance(source, FinerSource) else source
    image = fingerprint(source)
    if looked_at is not source:
        image += fingerprint(looked_at)
    return {
        "model": model_digest(model),
        "image": image,
        "settings": json.dumps(settings, sort_keys=True),
        "pixels": str(looked_at.axes.spatial_spacing) if config.rescale == "on" else "",
        "device": choose_device(config.device).torch_device.type,
        "program": __version__,
    }
