"""A model at work on image files, as the shell drives it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_unet.cli.report import Bar, Report
from napari_unet.cli.tasks import NgffVersion, Task
from napari_unet.cluster import ClusterAnswers
from napari_unet.core.arrays import (
    labels_in_layer_axes,
    pixel_size_notice,
    probabilities_in_layer_axes,
)
from napari_unet.core.axes import Spatial
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.drive import exhaust
from napari_unet.core.events import Notice, PredictResult, StreamResult, TileDone
from napari_unet.core.source import ImageSource
from napari_unet.data.canvas import Canvas
from napari_unet.data.files import LoadedImage, read_image, write_labels, write_probabilities
from napari_unet.data.label_store import LabelStore

if TYPE_CHECKING:
    from napari_unet.learn.model import Model


class Prediction:
    """A model at work on files.

    Parameters
    ----------
    model : Model
    config : PredictConfig
    axes : str or None
        Axes of the images, if not as the files say.
    cancel : CancelToken
    report : Report

    Attributes
    ----------
    client : distributed.Client or None
        The cluster that computes results in OME-Zarr; this process if there is none.
    """

    def __init__(
        self,
        model: Model,
        config: PredictConfig,
        axes: str | None,
        cancel: CancelToken,
        report: Report,
    ) -> None:
        self._model, self._config, self._axes = model, config, axes
        self._cancel, self._report = cancel, report
        self.client: Any = None

    def read(self, path: Path) -> tuple[LoadedImage, ImageSource]:
        """Read an image as the model sees it; say what the user should know about it."""
        loaded = read_image(path, self._axes)
        source = ImageSource(loaded.array, loaded.spec(self._spatial), path.name)
        size = pixel_size_notice(self._model.spacing, source.axes.spatial_spacing)
        for notice in (*loaded.notices, size):
            self._report.say(f"{path.name}: {notice}" if notice else "")
        return loaded, source

    @property
    def _spatial(self) -> Spatial:
        return "ZYX" if self._model.config.dimensions == 3 else "YX"

    def predict(
        self, source: ImageSource, words: str, want_probabilities: bool = False
    ) -> PredictResult:
        """Predict one image under a progress bar."""
        from napari_unet.learn.inference import predict

        with self._report.progress(words) as bar:
            return exhaust(
                predict(
                    self._model,
                    source,
                    self._config,
                    cancel=self._cancel,
                    want_probabilities=want_probabilities,
                ),
                lambda event: self._show(event, bar),
            )

    def _show(self, event: Any, bar: Bar) -> None:
        match event:
            case Notice(text):
                self._report.say(text)
            case TileDone():
                bar.show(event.done / event.of)

    def write(
        self,
        task: Task,
        words: str,
        overwrite: bool,
        version: NgffVersion | None = None,
    ) -> dict[str, Any] | None:
        """Predict one image and write the results, as OME-Zarr in a version if not the image's own.

        Returns
        -------
        dict or None
            What was written, and how many pixels each class has; None if cancelled.
        """
        loaded, source = self.read(task.image)
        done: dict[str, Any] = {"image": str(task.image), "labels": str(task.labels)}
        if task.streams:
            streamed = self._stream(task, words, overwrite, loaded, source, version)
            if streamed.stopped:
                return None
            done |= {"blocks": streamed.blocks, "computed": streamed.computed}
            return done | {"pixels": self._named(streamed.pixels)}
        result = self.predict(source, words, task.probabilities is not None)
        if result.labels is None:
            return None
        labels = labels_in_layer_axes(result.labels, source)
        write_labels(task.labels, labels, loaded, overwrite)
        if task.probabilities is not None and result.probabilities is not None:
            maps = probabilities_in_layer_axes(result.probabilities, source)
            write_probabilities(task.probabilities, maps, loaded, overwrite)
            done["probabilities"] = str(task.probabilities)
        values = self._model.classes.label_values
        return done | {"pixels": self._named([int((labels == v).sum()) for v in values])}

    def _named(self, pixels: Sequence[int]) -> dict[str, int]:
        return dict(zip(self._model.classes.names, pixels, strict=True))

    def _stream(
        self,
        task: Task,
        words: str,
        overwrite: bool,
        loaded: LoadedImage,
        source: ImageSource,
        version: NgffVersion | None,
    ) -> StreamResult:
        """Predict one image block by block into OME-Zarr, here or on the cluster."""
        from napari_unet.learn.streaming import stream

        store = LabelStore(
            task.labels,
            Canvas.of(loaded, self._spatial),
            self._model.classes,
            version=version or loaded.ngff or "0.4",
            inputs=[task.image],
            overwrite=overwrite,
        )
        elsewhere: dict[str, Any] = {}
        if self.client is not None:
            elsewhere["answers"] = ClusterAnswers(
                self.client, self._model, task.image, loaded.axes, self._config, self._cancel
            )
        with self._report.progress(words) as bar:
            return exhaust(
                stream(self._model, source, store, self._config, cancel=self._cancel, **elsewhere),
                lambda event: self._show(event, bar),
            )
