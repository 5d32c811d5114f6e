"""``unet-paint evaluate``: how well a model does on an image whose truth is known."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from napari_unet.batch.file_prediction import FilePrediction
from napari_unet.cli.options import (
    AsJson,
    Axes,
    Channels,
    Debug,
    DeviceName,
    ModelFile,
    Quiet,
    channels_in,
)
from napari_unet.cli.prediction import shown
from napari_unet.cli.report import Report, score_words, stopping_gently
from napari_unet.core.arrays import labels_in_layer_axes
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.metrics import (
    Evaluation,
    evaluate_classes,
    labels_to_classes,
    truth_to_classes,
)
from napari_unet.data.files import read_labels


def evaluate(
    model: ModelFile,
    image: Annotated[
        Path,
        typer.Argument(metavar="IMAGE", help="The image (TIFF or PNG), or one of a file: a.lif#2."),
    ],
    truth: Annotated[
        Path, typer.Argument(metavar="TRUTH", help="Its true labels: strokes or a full mask.")
    ],
    paint: Annotated[
        Literal["auto", "strokes", "mask"],
        typer.Option("--truth", help="Whether 0 is unknown (strokes) or background (mask)."),
    ] = "auto",
    channels: Channels = None,
    axes: Axes = None,
    device: DeviceName = "auto",
    quiet: Quiet = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Compare what a model predicts with the truth: IoU, Dice, precision and recall per class.

    Pixels whose truth is not known count nowhere. With one class of objects, any mask will do,
    whatever number it uses.

    [bold]Examples[/bold]

    unet-paint evaluate cells.unet image.tif image_truth.tif

    unet-paint evaluate cells.unet image.tif image_truth.tif --json | jq .mean_iou
    """
    del debug
    from napari_unet.learn.checkpoint import load_model
    from napari_unet.learn.inference import predict

    report, cancel = Report(quiet, as_json), CancelToken()
    loaded_model = load_model(model)
    config = PredictConfig(device=device)
    wanted = channels_in(channels)
    files = FilePrediction(loaded_model, config, axes, cancel, channels=wanted)
    loaded, level, notices = files.read(image)
    labels = read_labels(truth).array
    source = files.source(loaded, level, labels.shape)
    for notice in notices:
        report.say(notice)
    reading = PaintedImage(source, labels, paint).read()
    report.say(f"{truth.name}: {reading.sentence}")
    classes = loaded_model.classes
    numbers = truth_to_classes(labels, reading, classes)
    with stopping_gently(cancel, report, "Stopping.") as interrupted:
        result = shown(predict(loaded_model, source, config, cancel=cancel), report, image.name)
    if result.labels is None:
        raise typer.Exit(interrupted.exit_code)
    predicted = labels_in_layer_axes(result.labels, source)
    scores = evaluate_classes(labels_to_classes(predicted, classes), numbers, classes)
    report.result(_data(model, image, scores), _table(scores), f"{scores.pixels} pixels compared")


def _data(model: Path, image: Path, scores: Evaluation) -> dict[str, Any]:
    return {
        "model": str(model),
        "image": str(image),
        "pixels": scores.pixels,
        "mean_iou": scores.mean_iou,
        "mean_dice": scores.mean_dice,
        "classes": [asdict(c) for c in scores.classes],
    }


def _table(scores: Evaluation) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("class")
    for name in ("IoU", "Dice", "precision", "recall", "true pixels"):
        table.add_column(name, justify="right")
    for c in scores.classes:
        numbers = (c.iou, c.dice, c.precision, c.recall)
        table.add_row(c.name, *map(score_words, numbers), str(c.pixels))
    means = (score_words(scores.mean_iou), score_words(scores.mean_dice))
    table.add_row("mean", *means, style="bold")
    return table
