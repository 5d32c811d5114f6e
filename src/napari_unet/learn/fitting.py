"""A model made ready for an image: its channels found, its pixel size heeded."""

from __future__ import annotations

from napari_unet.core.arrays import pixel_size_notice
from napari_unet.core.blocks import Setup
from napari_unet.core.cancel import CancelToken
from napari_unet.core.channels import match_channels
from napari_unet.core.config import PredictConfig
from napari_unet.core.pixel_size import rescaling
from napari_unet.core.rescale import RescaledSource
from napari_unet.core.source import ImageSource
from napari_unet.learn.model import Model
from napari_unet.learn.predictor import Predictor
from napari_unet.learn.rescaled import RescaledPredictor

AnyPredictor = Predictor | RescaledPredictor


def predictor_for(
    model: Model,
    source: ImageSource,
    config: PredictConfig,
    *,
    cancel: CancelToken | None = None,
    setup: Setup | None = None,
) -> AnyPredictor:
    """Make a model ready for an image.

    Parameters
    ----------
    model, source, config, cancel, setup
        As for `Predictor`. The channels are brought into the model's order where names tell
        it, and the image is seen at the model's pixel size where `config.rescale` is on.

    Raises
    ------
    ChannelMismatch
        If the image lacks channels, or names do not tell which to take.
    UNetError
        As `Predictor`.
    """
    fitting, said = match_channels(model.known_channels, source)
    factors = rescaling(model.spacing, source.axes.spatial_spacing)
    predictor: AnyPredictor
    if factors is None or config.rescale != "on":
        predictor = Predictor(model, fitting, config, cancel=cancel, setup=setup)
    else:
        seen = RescaledSource.of(fitting, factors)
        inner = Predictor(model, seen, config, cancel=cancel, setup=setup)
        predictor = RescaledPredictor(inner, seen, fitting, model.net.alignment)
        times = " x ".join(f"{factor:.3g}" for factor in factors)
        predictor.notices.append(f"{source.name!r} is looked at {times} times its size.")
    if config.rescale == "ask":
        size = pixel_size_notice(model.spacing, source.axes.spatial_spacing)
        predictor.notices.extend([size] if size else [])
    if said:
        predictor.notices.insert(0, said)
    return predictor
