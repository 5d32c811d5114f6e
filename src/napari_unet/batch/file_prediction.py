"""A model at work on image files: one is read, predicted, and its labels are written."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_unet.batch.events import Written
from napari_unet.batch.tasks import Task
from napari_unet.core.arrays import labels_in_layer_axes, probabilities_in_layer_axes
from napari_unet.core.axes import Spatial
from napari_unet.core.cancel import CancelToken
from napari_unet.core.channels import Channel
from napari_unet.core.config import PredictConfig
from napari_unet.core.events import Notice, StreamResult, TileDone
from napari_unet.core.frames import Part, samples_in
from napari_unet.core.source import ImageSource
from napari_unet.data.canvas import Canvas
from napari_unet.data.files import LoadedImage, read_image, write_labels, write_probabilities
from napari_unet.data.label_store import LabelStore
from napari_unet.data.ngff import NgffVersion
from napari_unet.data.pyramid import level_for, level_of_shape, source_at

if TYPE_CHECKING:
    from napari_unet.learn.model import Model

Work = Generator[TileDone | Notice, None, Written | None]
"""One image being predicted; returns None if it was stopped."""


class FilePrediction:
    """A model at work on files.

    Parameters
    ----------
    model : Model
    config : PredictConfig
    axes : str or None
        Axes of the images, if not as the files say.
    cancel : CancelToken
    parts : tuple of Part, optional
        Which frames, slices and positions are predicted; all when not given.
    version : {"0.4", "0.5"}, optional
        Version of results in OME-Zarr; that of the image, if it has one, when not given.
    channels : sequence of int, str or None, optional
        Which channels of the images are used; all when not given.
    level : int, optional
        Which level of pyramids is looked at, 0 the finest; the one that fits the model when not
        given. Labels are at full resolution.

    Attributes
    ----------
    elsewhere : callable or None
        Given a task, its image and the level that is looked at, who computes tiles of results
        in OME-Zarr; this process if there is nobody.
    """

    def __init__(
        self,
        model: Model,
        config: PredictConfig,
        axes: str | None,
        cancel: CancelToken,
        parts: tuple[Part, ...] = (),
        version: NgffVersion | None = None,
        channels: Sequence[Channel] | None = None,
        level: int | None = None,
    ) -> None:
        self._model, self._config, self._axes = model, config, axes
        self._channels, self._level = channels, level
        self._cancel, self._parts, self._version = cancel, parts, version
        self.elsewhere: Callable[[Task, LoadedImage, int], Any] | None = None

    def read(self, path: Path) -> tuple[LoadedImage, int, list[str]]:
        """Open an image; the level to look at, and what the user should know about it."""
        loaded = read_image(path, self._axes)
        loaded = loaded.suiting_model(self._model.config.input_channels, self._spatial)
        level, said = level_for(
            loaded, self._model.spacing, self._config, self._spatial, self._level
        )
        texts = (*loaded.notices, *([said] if said else ()))
        return loaded, level, [f"{loaded.address.name}: {text}" for text in texts]

    def source(
        self, loaded: LoadedImage, level: int, shape: tuple[int, ...] | None = None
    ) -> ImageSource:
        """The image at full resolution; or the coarser level that has labels of this shape."""
        if shape is not None and (other := level_of_shape(loaded, shape)) is not loaded:
            return other.source(self._spatial, self._channels)
        return source_at(loaded, level, self._spatial, self._channels)

    def made_with(self) -> str:
        """What results depend on, beside the images: two that agree in it are alike."""
        from napari_unet.learn.recipe import model_digest

        result = self._config.changed(device="auto", tile_size=None)  # these change no labels
        digest = model_digest(self._model)
        channels = None if self._channels is None else tuple(self._channels)
        facts = (digest, self._axes, self._parts, self._version, channels, result)
        return repr(facts if self._level is None else (*facts, self._level))

    @property
    def _spatial(self) -> Spatial:
        return "ZYX" if self._model.config.dimensions == 3 else "YX"

    def write(self, task: Task, overwrite: bool) -> Work:
        """Predict one image and write the results.

        Raises
        ------
        UNetError
            Whatever is wrong with the image or where the results would go.
        """
        from napari_unet.learn.inference import predict

        loaded, level, notices = self.read(task.image)
        source = self.source(loaded, level)
        for text in notices:
            yield Notice(text)
        shape = tuple(int(n) for n in source.array.shape)
        samples = samples_in(self._parts, source.axes, shape, source.name)
        if task.streams:
            elsewhere = self.elsewhere(task, loaded, level) if self.elsewhere else None
            return (yield from self._stream(task, overwrite, loaded, source, samples, elsewhere))
        result = yield from predict(
            self._model,
            source,
            self._config,
            cancel=self._cancel,
            want_probabilities=task.probabilities is not None,
            samples=samples,
        )
        if result.labels is None:
            return None
        write_labels(task.labels, labels_in_layer_axes(result.labels, source), loaded, overwrite)
        if task.probabilities is not None and result.probabilities is not None:
            maps = probabilities_in_layer_axes(result.probabilities, source)
            write_probabilities(task.probabilities, maps, loaded, overwrite)
        predicted = result.labels if samples is None else result.labels[list(samples)]
        values = self._model.classes.label_values
        pixels = self._named([int((predicted == v).sum()) for v in values])
        return Written(task.image, task.labels, pixels, task.probabilities)

    def _named(self, pixels: Sequence[int]) -> dict[str, int]:
        return dict(zip(self._model.classes.names, pixels, strict=True))

    def _stream(
        self,
        task: Task,
        overwrite: bool,
        loaded: LoadedImage,
        source: ImageSource,
        samples: Sequence[int] | None,
        answers: Any,
    ) -> Work:
        """Predict one image block by block into OME-Zarr, here or elsewhere."""
        from napari_unet.learn.streaming import stream

        store = LabelStore(
            task.labels,
            Canvas.of(loaded, self._spatial),
            self._model.classes,
            version=self._version or loaded.ngff or "0.4",
            inputs=[task.image],
            overwrite=overwrite,
        )
        result: StreamResult = yield from stream(
            self._model,
            source,
            store,
            self._config,
            cancel=self._cancel,
            answers=answers,
            samples=samples,
        )
        if result.stopped:
            return None
        return Written(
            task.image,
            task.labels,
            self._named(result.pixels),
            blocks=result.blocks,
            computed=result.computed,
        )
