"""Images larger than memory, from Python: a file or a lazy array in, OME-Zarr labels out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from napari_unet.core.arrays import image_source
from napari_unet.core.axes import Spatial
from napari_unet.core.cancel import CancelToken
from napari_unet.core.channels import Channel
from napari_unet.core.config import PredictConfig
from napari_unet.core.drive import OnEvent, exhaust
from napari_unet.core.errors import InvalidSetting
from napari_unet.core.events import Notice, StreamResult
from napari_unet.core.frames import parts_of, samples_in
from napari_unet.core.settings import changed
from napari_unet.core.source import ImageSource
from napari_unet.data.canvas import Canvas
from napari_unet.data.files import LoadedImage, read_image, scenes_in
from napari_unet.data.label_store import LabelStore
from napari_unet.data.ngff import NgffVersion
from napari_unet.data.pyramid import level_for, source_at

if TYPE_CHECKING:
    from napari_unet.learn.model import Model

__all__ = ["predict_to_zarr", "read_image", "scenes_in"]


def predict_to_zarr(
    model: Model | str | Path,
    image: Any,
    output: str | Path,
    *,
    axes: str | None = None,
    spacing: Sequence[float] | None = None,
    version: Literal["0.4", "0.5"] | None = None,
    block_size: int | None = None,
    frames: str | None = None,
    slices: str | None = None,
    channels: Sequence[Channel] | None = None,
    level: int | None = None,
    overwrite: bool = False,
    on_event: OnEvent | None = None,
    cancel: CancelToken | None = None,
    client: Any = None,
    **settings: Any,
) -> StreamResult:
    """Predict an image of any size, block by block, into labels in OME-Zarr.

    The labels are those of `napari_unet.predict`, at a cost in memory that hardly grows with the
    image. If this ends early, for whatever reason, the same call goes on where it was: only
    blocks that are missing are computed. A result that is complete is left as it is.

    Parameters
    ----------
    model : Model or path
        From `fit`, or the file of one.
    image : path or array-like
        An OME-Zarr, TIFF or PNG, or an array (numpy, dask, zarr), which is read piece by piece;
        ``"slide.czi#2"`` is one of several images in a file (see `scenes_in`).
    output : str or Path
        The folder to write, for example ``"labels.ome.zarr"``; or
        ``"image.ome.zarr/labels/cells"`` to make the labels part of an OME-Zarr image.
    axes : str, optional
        One letter per image axis from ``T P C Z Y X``; what the file says, or ``"YX"`` for an
        array, when not given. The labels have the order TPZYX.
    spacing : sequence of float, optional
        Pixel size along each axis of an array.
    version : {"0.4", "0.5"}, optional
        Version of OME-Zarr: that of the image if it is one, else 0.4, which more programs read.
    block_size : int, optional
        Side of a block, which is a chunk of the result; 1024 when not given (in 3D, 32 planes of
        256 by 256).
    frames, slices : str, optional
        Predict only these places along T, and along Z under a 2D network, counted from 0, such
        as ``"7"`` or ``"10:20"``. Another call with the same output adds others.
    channels : sequence of int, str or None, optional
        Which channels of the image to use, in the model's order; see `napari_unet.predict`.
    level : int, optional
        Which level of a pyramid in a file to look at, 0 the finest; if not given, the one whose
        pixels are nearest to those the model was trained on. Labels are at full resolution.
    overwrite : bool, optional
        Replace another result of this program. Anything else is never replaced.
    on_event : callable, optional
        Called with every block that is written and every notice.
    cancel : CancelToken, optional
        Ends the work from another thread; it can be continued.
    client : distributed.Client, optional
        A Dask cluster that computes the tiles of an image given as a path, which all of its
        workers can read; see `napari_unet.cluster.connected`.
    **settings
        Any setting of `napari_unet.core.config.PredictConfig`.

    Returns
    -------
    StreamResult
        How many blocks there are and were computed now, and how many pixels each class has.

    Raises
    ------
    OtherResult
        If an unfinished or finished result of another model, image or settings stands there.
    OutputExists
        If anything else does.
    MissingPackage
        If zarr is not installed (``pip install 'napari-unet-paint[zarr]'``).
    UNetError
        As `napari_unet.predict`.
    """
    from napari_unet.learn.checkpoint import load_model
    from napari_unet.learn.streaming import stream

    trained = load_model(model) if isinstance(model, str | Path) else model
    spatial: Spatial = "ZYX" if trained.config.dimensions == 3 else "YX"
    config = changed(PredictConfig(), **settings)
    if isinstance(image, str | Path):
        loaded = read_image(image, axes).suiting_model(trained.config.input_channels, spatial)
        given = _from_file(loaded, trained.spacing, config, spatial, channels, level)
    else:
        how: dict[str, Any] = {"spacing": spacing, "spatial": spatial, "channels": channels}
        given = _from_array(image_source(image, axes or "YX", **how))
    source = given.source
    samples = samples_in(parts_of(frames, slices), source.axes, source.array.shape, source.name)
    store = LabelStore(
        Path(output),
        given.canvas,
        trained.classes,
        version=version or given.version or "0.4",
        side=block_size,
        inputs=[given.path] if given.path is not None else [],
        overwrite=overwrite,
    )
    for text in given.notices:
        if on_event is not None:
            on_event(Notice(text))
    elsewhere: dict[str, Any] = {}
    if client is not None:
        if given.path is None:
            raise InvalidSetting(
                "Workers of a cluster read the image themselves. Give the path of a file."
            )
        from napari_unet.cluster import ClusterAnswers

        elsewhere["answers"] = ClusterAnswers(
            client, trained, given.path, given.axes, config, cancel, channels, given.level
        )
    events = stream(trained, source, store, config, cancel=cancel, samples=samples, **elsewhere)
    return exhaust(events, on_event)


@dataclass(frozen=True)
class _Given:
    """The image, and what is to be known of where it came from."""

    source: ImageSource
    canvas: Canvas
    notices: tuple[str, ...] = ()
    path: Path | None = None
    axes: str = ""
    version: NgffVersion | None = None
    level: int = 0


def _from_file(
    loaded: LoadedImage,
    trained: Sequence[float] | None,
    config: PredictConfig,
    spatial: Spatial,
    channels: Sequence[Channel] | None,
    level: int | None,
) -> _Given:
    seen, said = level_for(loaded, trained, config, spatial, level)
    return _Given(
        source_at(loaded, seen, spatial, channels),
        Canvas.of(loaded, spatial),
        (*loaded.notices, *([said] if said else ())),
        loaded.address,
        loaded.axes,
        loaded.ngff,
        seen,
    )


def _from_array(source: ImageSource) -> _Given:
    return _Given(source, Canvas(source.axes, tuple(int(n) for n in source.array.shape)))
