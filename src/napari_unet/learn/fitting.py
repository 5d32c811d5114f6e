"""A model made ready for an image: its channels found, its pixel size heeded."""

from __future__ import annotations

from napari_unet.core.arrays import pixel_size_notice
from napari_unet.core.blocks import Setup
from napari_unet.core.cancel import CancelToken
from napari_unet.core.channels import match_channels
from napari_unet.core.config import PredictConfig
from napari_unet.core.finer import FinerSource
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
        it, and the image is seen at the model's pixel size where `config.rescale` is on. Of
        a `FinerSource` the coarser level is looked at, and the finest one answered for.

    Raises
    ------
    ChannelMismatch
        If the image lacks channels, or names do not tell which to take.
    UNetError
        As `Predictor`.
    """
    looked_at = source.seen if isinstance(source, FinerSource) else source
    fitting, said = match_channels(model.known_channels, looked_at)
    size_seen = looked_at.axes.spatial_spacing
    factors = rescaling(model.spacing, size_seen) if config.rescale == "on" else None
    seen = fitting if factors is None else RescaledSource.of(fitting, factors)
    inner = Predictor(model, seen, config, cancel=cancel, setup=setup)
    predictor: AnyPredictor = inner
    if isinstance(source, FinerSource):
        predictor = RescaledPredictor(inner, source.back(seen), source, model.net.alignment)
    elif isinstance(seen, RescaledSource):
        predictor = RescaledPredictor(inner, seen.back, fitting, model.net.alignment)
    if factors is not None:
        times = " x ".join(f"{factor:.3g}" for factor in factors)
        predictor.notices.append(f"{source.name!r} is looked at {times} times its size.")
    if config.rescale == "ask":
        size = pixel_size_notice(model.spacing, size_seen)
        predictor.notices.extend([size] if size else [])
    if said:
        predictor.notices.insert(0, said)
    return predictor
