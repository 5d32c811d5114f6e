"""A model at work on image files, as the shell drives it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_unet.cli.report import Bar, Report
from napari_unet.core.arrays import (
    labels_in_layer_axes,
    pixel_size_notice,
    probabilities_in_layer_axes,
)
from napari_unet.core.axes import Spatial
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.drive import exhaust
from napari_unet.core.errors import OutputExists, UnreadableImage
from napari_unet.core.events import Notice, PredictResult, TileDone
from napari_unet.core.source import ImageSource
from napari_unet.data.files import (
    IMAGE_SUFFIXES,
    LoadedImage,
    check_output,
    read_image,
    write_labels,
    write_probabilities,
)

if TYPE_CHECKING:
    from napari_unet.learn.model import Model


@dataclass(frozen=True)
class Task:
    """One image and where its results go."""

    image: Path
    labels: Path
    probabilities: Path | None


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

    def read(self, path: Path) -> tuple[LoadedImage, ImageSource]:
        """Read an image as the model sees it; say what the user should know about it."""
        loaded = read_image(path, self._axes)
        spatial: Spatial = "ZYX" if self._model.config.dimensions == 3 else "YX"
        source = ImageSource(loaded.array, loaded.spec(spatial), path.name)
        size = pixel_size_notice(self._model.spacing, source.axes.spatial_spacing)
        for notice in (*loaded.notices, size):
            self._report.say(f"{path.name}: {notice}" if notice else "")
        return loaded, source

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

    def write(self, task: Task, words: str, overwrite: bool) -> dict[str, Any] | None:
        """Predict one image and write the results.

        Returns
        -------
        dict or None
            What was written, and how many pixels each class has; None if cancelled.
        """
        loaded, source = self.read(task.image)
        result = self.predict(source, words, task.probabilities is not None)
        if result.labels is None:
            return None
        labels = labels_in_layer_axes(result.labels, source)
        write_labels(task.labels, labels, loaded, overwrite)
        done: dict[str, Any] = {"image": str(task.image), "labels": str(task.labels)}
        if task.probabilities is not None and result.probabilities is not None:
            maps = probabilities_in_layer_axes(result.probabilities, source)
            write_probabilities(task.probabilities, maps, loaded, overwrite)
            done["probabilities"] = str(task.probabilities)
        classes = self._model.classes
        done["pixels"] = {
            name: int((labels == value).sum())
            for name, value in zip(classes.names, classes.label_values, strict=True)
        }
        return done


def tasks_for(
    images: Sequence[Path], output: Path, probabilities: bool, overwrite: bool
) -> list[Task]:
    """What to predict and where to write it, checked before anything starts.

    Parameters
    ----------
    images : sequence of Path
        Files, and folders whose images are all taken.
    output : Path
        A file if there is one image and the name says so; else a folder.
    probabilities : bool
        Whether probabilities are written too.
    overwrite : bool
        Whether existing files may be replaced.

    Raises
    ------
    OutputExists
        If a result would replace an input, another result or an existing file.
    UnreadableImage
        If there is no image.
    """
    files = [file for path in images for file in _images_in(path)]
    if not files:
        raise UnreadableImage(
            f"There is no image in {', '.join(map(str, images))}. Give TIFF or PNG files."
        )
    as_file = len(images) == 1 and images[0].is_file() and not output.is_dir() and output.suffix
    tasks = [_task(file, output, bool(as_file), probabilities) for file in files]
    taken: dict[Path, Path] = {}
    for task in tasks:
        for path in filter(None, (task.labels, task.probabilities)):
            check_output(path, files, overwrite)
            if path in taken:
                raise OutputExists(
                    f"{taken[path]} and {task.image} would both be written to {path}. "
                    "Predict them into different folders."
                )
            taken[path] = task.image
    return tasks


def _images_in(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return sorted(p for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)


def _task(image: Path, output: Path, as_file: bool, probabilities: bool) -> Task:
    stem = image.name.removesuffix(image.suffix)
    if stem.lower().endswith(".ome"):
        stem, suffix = stem[: -len(".ome")], f"{stem[-len('.ome') :]}{image.suffix}"
    else:
        suffix = ".png" if image.suffix.lower() == ".png" else ".tif"
    labels = output if as_file else output / f"{stem}_labels{suffix}"
    if not probabilities:
        return Task(image, labels, None)
    folder, name = (output.parent, output.stem) if as_file else (output, stem)
    return Task(image, labels, folder / f"{name}_probabilities.tif")
