"""A pyramid in a file: which level a model looks at, and which one paint was made on."""

from __future__ import annotations

from collections.abc import Sequence

from napari_unet.core.axes import Spatial
from napari_unet.core.channels import Channel
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import InvalidSetting
from napari_unet.core.finer import FinerSource
from napari_unet.core.pixel_size import level_to_see
from napari_unet.core.source import ImageSource
from napari_unet.data.loaded import LoadedImage


def source_at(
    loaded: LoadedImage,
    level: int = 0,
    spatial: Spatial = "YX",
    channels: Sequence[Channel] | None = None,
) -> ImageSource:
    """An image at full resolution, for an answer made by looking at one of its levels.

    Parameters
    ----------
    loaded : LoadedImage
    level : int, optional
        0 the finest.
    spatial : {"YX", "ZYX"}, optional
        The axes the network sees.
    channels : sequence of int, str or None, optional
        As `LoadedImage.source`.

    Raises
    ------
    InvalidSetting
        If there is no such level.
    """
    finest = loaded.source(spatial, channels)
    if level == 0:
        return finest
    if not 0 < level < len(loaded.levels):
        raise InvalidSetting(
            f"{loaded.path.name} has no level {level}: it has {len(loaded.levels)}, counted from "
            "0, the finest. Choose another, or leave the choice out."
        )
    return FinerSource.of(finest, loaded.levels[level].source(spatial, channels))


def level_for(
    loaded: LoadedImage,
    trained: Sequence[float] | None,
    config: PredictConfig,
    spatial: Spatial = "YX",
    wanted: int | None = None,
) -> tuple[int, str]:
    """The level a model looks at, and what to tell the user.

    Parameters
    ----------
    loaded : LoadedImage
    trained : sequence of float or None
        Pixel size the model was trained at, along the spatial axes.
    config : PredictConfig
        Where it is rescaled all the same, no level is taken that is coarser than in training;
        where that is off, the finest one is.
    spatial : {"YX", "ZYX"}, optional
    wanted : int, optional
        The level the user asks for; that of the nearest pixel size when not given.

    Returns
    -------
    int
        0 the finest, where nothing else is known.
    str
        Empty for the finest.
    """
    if not loaded.coarser:
        return 0, ""  # no pyramid, such as other images of a folder
    sizes = [one.source(spatial).axes.spatial_spacing for one in loaded.levels]
    level, why = wanted, "as asked for"
    if level is None and config.rescale != "off":
        level = level_to_see(trained, sizes, finer=config.rescale == "on")
        why = f"nearest to the {_product(trained or ())} of the training"
    if not level or level >= len(sizes):
        return level or 0, ""
    return level, (
        f"Level {level} of the pyramid is looked at ({_product(sizes[level])} pixels, {why}); "
        "labels are at full resolution."
    )


def _product(sizes: Sequence[float]) -> str:
    return " x ".join(f"{size:.3g}" for size in sizes)


def level_of_shape(loaded: LoadedImage, shape: tuple[int, ...]) -> LoadedImage:
    """The level that labels of this shape were painted on; the finest if they fit none."""
    return next(
        (one for one in loaded.levels if one.spec().label_shape(one.array.shape) == shape), loaded
    )
