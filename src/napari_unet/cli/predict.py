"""``unet-paint predict``: from images and a model to label files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from napari_unet.cli.options import AsJson, Axes, Debug, DeviceName, ModelFile, Overwrite, Quiet
from napari_unet.cli.prediction import Prediction, tasks_for
from napari_unet.cli.report import Report, stopping_gently
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.settings import changed_where_given

_STOPPING = "Stopping; results that are finished stay."


def predict(
    model: ModelFile,
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGE...", help="Images, or folders of images (TIFF or PNG)."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="A file for one image; else a folder, in which IMAGE_labels.tif appears.",
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

    [bold]Examples[/bold]

    unet-paint predict cells.unet image.tif -o mask.tif

    unet-paint predict cells.unet images/*.tif -o masks/ --smallest-object 50
    """
    del debug
    report = Report(quiet, as_json)
    tasks = tasks_for(images, output, probabilities, overwrite)
    config = changed_where_given(
        PredictConfig(flips=flips, smallest_object=smallest_object, fill_holes=fill_holes),
        threshold=threshold,
        tile_size=tile,
        device=device,
    )
    from napari_unet.learn.checkpoint import load_model

    cancel = CancelToken()
    prediction = Prediction(load_model(model), config, axes, cancel, report)
    done: list[dict[str, Any]] = []
    with stopping_gently(cancel, report, _STOPPING) as interrupted:
        for number, task in enumerate(tasks, 1):
            place = f"{number}/{len(tasks)} " if len(tasks) > 1 else ""
            facts = prediction.write(task, f"{place}{task.image.name}", overwrite)
            if facts is None:
                break
            done.append(facts)
    report.result({"model": str(model), "results": done}, *map(_words, done))
    if cancel.cancelled:
        raise typer.Exit(interrupted.exit_code)


def _words(done: dict[str, Any]) -> str:
    """One line about one image, for example ``a.tif -> a_labels.tif (Cell 12.0 %)``."""
    total = sum(done["pixels"].values()) or 1
    shares = ", ".join(f"{name} {100 * n / total:.1f} %" for name, n in done["pixels"].items())
    return f"{done['image']} -> {done['labels']} ({shares})"
