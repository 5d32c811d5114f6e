"""``unet-paint predict``: from images and a model to label files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from napari_unet.batch.events import BatchResult, Written
from napari_unet.batch.file_prediction import FilePrediction
from napari_unet.batch.run import Batch
from napari_unet.batch.tasks import Task, Tasks, WriteAs, tasks_for
from napari_unet.cli.options import (
    AsJson,
    Axes,
    Channels,
    Debug,
    DeviceName,
    Frames,
    ModelFile,
    Overwrite,
    Quiet,
    Slices,
    channels_in,
)
from napari_unet.cli.prediction import closing_words, shown
from napari_unet.cli.report import Report, stopping_gently
from napari_unet.cluster import ClusterAnswers, connected
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import InvalidSetting
from napari_unet.core.frames import parts_of
from napari_unet.core.settings import changed_where_given
from napari_unet.data.files import check_output
from napari_unet.data.ngff import NgffVersion

_STOPPING = "Stopping; results that are finished stay."


def predict(
    model: ModelFile,
    images: Annotated[
        list[Path],
        typer.Argument(
            metavar="IMAGE...",
            help="Images (TIFF, PNG, OME-Zarr), folders of images, patterns like 'in/*.tif'. Of a "
            "file with several images all are predicted; slide.lif#2 or #NAME is one of them.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="A file, or NAME.ome.zarr, for one image; else a folder, in which "
            "IMAGE_labels.tif appears.",
        ),
    ],
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", min=0, max=1, help="Probability to leave the background."),
    ] = None,
    smallest_object: Annotated[
        int, typer.Option("--smallest-object", min=0, help="Remove objects of fewer pixels.")
    ] = 0,
    fill_holes: Annotated[
        int, typer.Option("--fill-holes", min=0, help="Fill holes of at most so many pixels.")
    ] = 0,
    flips: Annotated[bool, typer.Option("--flips", help="Average over mirrored copies.")] = False,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Also write IMAGE_probabilities.tif.")
    ] = False,
    tile: Annotated[
        int | None, typer.Option("--tile", min=16, help="Side of a tile, if memory is short.")
    ] = None,
    frames: Frames = None,
    slices: Slices = None,
    ome_tiff: Annotated[
        bool, typer.Option("--ome-tiff", help="Write TIFF with OME metadata, whatever the images.")
    ] = False,
    ome_zarr: Annotated[
        NgffVersion | None,
        typer.Option(
            "--ome-zarr",
            help="Write OME-Zarr of this version, whatever the images are.",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Compute OME-Zarr in so many processes here."),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            "--scheduler", metavar="ADDRESS", help="Compute OME-Zarr on the cluster of Dask there."
        ),
    ] = None,
    channels: Channels = None,
    rescale: Annotated[
        bool | None,
        typer.Option(
            "--rescale/--no-rescale",
            help="Look at images at the pixel size of training; if neither, only say so.",
        ),
    ] = None,
    level: Annotated[
        int | None,
        typer.Option(
            "--level",
            min=0,
            help="Look at this level of pyramids, 0 the finest; if not given, at that of the "
            "model's pixel size. Labels are at full resolution.",
        ),
    ] = None,
    axes: Axes = None,
    device: DeviceName = "auto",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Predict labels for images and write them to files.

    0 is background, every other class the value it was painted with. A TIFF keeps the image's
    pixel size and units, with ImageJ's or OME's metadata if the image has them. Inputs are never
    overwritten, other files only with --overwrite. Ctrl+C leaves finished results and no halves.

    A result NAME.ome.zarr is written block by block, for images of any size. After Ctrl+C or any
    other end the same command goes on where it was. So it does with many images: those that are
    done are skipped, and those that fail are told at the end (exit code 1).

    [bold]Examples[/bold]

    unet-paint predict cells.unet image.tif -o mask.tif

    unet-paint predict cells.unet images/*.tif -o masks/ --smallest-object 50

    unet-paint predict cells.unet movie.tif -o cells.tif --frames 10:20

    unet-paint predict cells.unet slide.ome.zarr -o slide_cells.ome.zarr

    unet-paint predict cells.unet positions.lif#2 -o third_position.ome.tif
    """
    del debug
    report = Report(quiet, as_json)
    tasks = tasks_for(images, output, probabilities, _write_as(ome_tiff, ome_zarr))
    config = changed_where_given(
        PredictConfig(flips=flips, smallest_object=smallest_object, fill_holes=fill_holes),
        threshold=threshold,
        tile_size=tile,
        rescale=None if rescale is None else "on" if rescale else "off",
        device=device,
    )
    parts = parts_of(frames, slices)
    if tasks.folder is None:
        _check_one(tasks.each[0], overwrite)
    from napari_unet.learn.checkpoint import load_model

    cancel, trained = CancelToken(), load_model(model)
    wanted = channels_in(channels)
    prediction = FilePrediction(trained, config, axes, cancel, parts, ome_zarr, wanted, level)
    batch: BatchResult | None = None
    with (
        _cluster(tasks, workers, scheduler, report) as client,
        stopping_gently(cancel, report, _STOPPING) as interrupted,
    ):
        if client is not None:
            prediction.elsewhere = lambda task, loaded, seen: ClusterAnswers(
                client, trained, task.image, loaded.axes, config, cancel, wanted, seen
            )
        if tasks.folder is None:
            [task] = tasks.each
            done = shown(prediction.write(task, overwrite), report, task.image.name)
            written = [done] if done else []
        else:
            names = trained.classes.names
            whole = Batch(tasks, names, prediction.made_with(), overwrite)
            batch = shown(whole.run(prediction.write, lambda: cancel.cancelled), report)
            written = batch.written
    _tell(report, model, written, batch)
    if cancel.cancelled or (batch is not None and batch.failed):
        raise typer.Exit(interrupted.exit_code if cancel.cancelled else 1)


def _tell(report: Report, model: Path, written: list[Written], batch: BatchResult | None) -> None:
    told: dict[str, Any] = {
        "model": str(model),
        "results": [one.as_json() for one in written],
        "failed": [],
    }
    lines = [_words(one) for one in written]
    if batch is not None:
        told["skipped"] = [str(image) for image in batch.skipped]
        told["failed"] = [{"image": str(f.image), "error": f.error} for f in batch.failed]
        told["summary"] = str(batch.summary)
        lines += closing_words(batch)
    report.result(told, *lines)


def _write_as(ome_tiff: bool, ome_zarr: NgffVersion | None) -> WriteAs:
    if ome_tiff and ome_zarr is not None:
        raise InvalidSetting("Results are either OME-TIFF or OME-Zarr. Leave one of the two out.")
    return "ome-tiff" if ome_tiff else "image" if ome_zarr is None else "ome-zarr"


def _check_one(task: Task, overwrite: bool) -> None:
    """Refuse to write over a file; what is written block by block looks after itself."""
    for path in () if task.streams else task.results:
        check_output(path, [task.image], overwrite)


@contextmanager
def _cluster(
    tasks: Tasks, workers: int | None, scheduler: str | None, report: Report
) -> Iterator[Any]:
    """The cluster that was asked for; None if none was."""
    if workers is None and scheduler is None:
        yield None
        return
    if not all(task.streams for task in tasks.each):
        raise InvalidSetting(
            "Only results in OME-Zarr are computed on a cluster. Give a name that ends in .zarr, "
            "or --ome-zarr 0.4."
        )
    with connected(workers=workers, scheduler=scheduler) as client:
        report.say(f"The cluster can be watched at {client.dashboard_link}")
        yield client


def _words(done: Written) -> str:
    """One line about one image, for example ``a.tif -> a_labels.tif (Cell 12.0 %)``."""
    total = sum(done.pixels.values()) or 1
    shares = ", ".join(f"{name} {100 * n / total:.1f} %" for name, n in done.pixels.items())
    before = ", was complete before" if done.computed == 0 else ""
    return f"{done.image} -> {done.labels} ({shares}){before}"
