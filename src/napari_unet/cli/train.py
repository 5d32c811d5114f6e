"""``unet-paint train``: from images and paint to a model file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from napari_unet.cli.options import (
    AsJson,
    Axes,
    Channels,
    Debug,
    DeviceName,
    Overwrite,
    Quiet,
    channels_in,
)
from napari_unet.cli.report import Report
from napari_unet.cli.training import TrainingOrder, run_training
from napari_unet.core.config import PRESETS, TrainConfig
from napari_unet.core.settings import with_budget


def train(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="IMAGE PAINT",
            show_default=False,
            help="One or more images, each followed by the paint on it (TIFF or PNG); slide.lif#2 "
            "is one of several images in a file.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="MODEL", help="Where the model goes.")
    ],
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=0, help="Time to learn; 0 for the instant answer; else 60."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option("--steps", min=0, help="Learning steps, whatever they take.")
    ] = None,
    preset: Annotated[
        str, typer.Option("--preset", help=f"The network: {', '.join(PRESETS)}.")
    ] = "fast",
    start: Annotated[
        str,
        typer.Option(
            "--start",
            metavar="MODEL|auto|scratch",
            help="Continue from a model file, from the weights that come along, or from nothing. "
            "A model with --seconds 0 keeps its features and is solved anew from this paint.",
        ),
    ] = "auto",
    dimensions: Annotated[
        int, typer.Option("--dimensions", min=2, max=3, help="2: slice by slice. 3: volumes.")
    ] = 2,
    paint: Annotated[
        Literal["auto", "strokes", "mask"],
        typer.Option("--paint", help="Whether 0 is not painted (strokes) or background (mask)."),
    ] = "auto",
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="VALUE=NAME", help="Name a class, for example 2=Nucleus."),
    ] = None,
    validation: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            "--validation", metavar="IMAGE PAINT", help="Score on these, not on held-out strokes."
        ),
    ] = None,
    channels: Channels = None,
    axes: Axes = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same run.")] = 0,
    device: DeviceName = "auto",
    devices: Annotated[
        int,
        typer.Option("--devices", min=1, help="Graphics cards, or processes, that learn together."),
    ] = 1,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Train a U-Net on painted images and save it.

    Paint is a labels file as large as its image: 0 not painted, 1 background, 2 and up classes.
    A full mask, whose 0 means background, is recognised.

    Ctrl+C ends the training early and saves the best model so far (exit code 130).

    [bold]Examples[/bold]

    unet-paint train cells.tif cells_paint.tif -o cells.unet

    unet-paint train a.tif a_paint.tif b.tif b_paint.tif -o ab.unet --seconds 300

    unet-paint train new.tif new_paint.tif -o better.unet --start cells.unet
    """
    del debug
    if len(files) % 2:
        raise typer.BadParameter("give a paint file after every image", param_hint="IMAGE PAINT")
    order = TrainingOrder(
        pairs=list(zip(files[::2], files[1::2], strict=True)),
        output=output,
        preset=preset,
        start=start,
        dimensions=3 if dimensions == 3 else 2,
        paint=paint,
        names=_names(name or []),
        validation=validation,
        axes=axes,
        channels=channels_in(channels),
        config=with_budget(TrainConfig(seed=seed, device=device), seconds, steps),
        overwrite=overwrite,
        devices=devices,
    )
    exit_code = run_training(order, Report(quiet, as_json))
    if exit_code:
        raise typer.Exit(exit_code)


def _names(given: list[str]) -> dict[int, str]:
    names: dict[int, str] = {}
    for entry in given:
        value, equals, name = entry.partition("=")
        if not (equals and name and value.strip().isdigit()):
            raise typer.BadParameter(f"{entry!r} is not VALUE=NAME", param_hint="--name")
        names[int(value)] = name
    return names
