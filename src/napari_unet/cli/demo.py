"""``unet-paint demo``: things to watch that need no data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from napari_unet.cli.discs import FULL, SCALED, DiscsDemo, run_discs
from napari_unet.cli.options import AsJson, Debug, DeviceName, Overwrite, Quiet
from napari_unet.cli.report import Report
from napari_unet.core.settings import changed_where_given

demo = typer.Typer(no_args_is_help=True, help="Things to watch that need no data.")


def _amount(option: str, least: int, words: str) -> Any:
    """An option of the demo, which shows its scaled-down default."""
    scaled = getattr(SCALED, option.strip("-"))
    return typer.Option(option, min=least, show_default=str(scaled), help=words)


@demo.callback()
def demos() -> None:
    """Things to watch that need no data."""


@demo.command()
def discs(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where the results go.")
    ] = Path("unet_discs"),
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help=f"As the tutorial: {FULL.images} discs of {FULL.size} pixels, full width. Hours "
            "on a CPU, minutes on a GPU.",
        ),
    ] = False,
    images: Annotated[int | None, _amount("--images", 16, "Discs to learn.")] = None,
    validation: Annotated[int | None, _amount("--validation", 1, "Discs to validate on.")] = None,
    epochs: Annotated[int | None, _amount("--epochs", 1, "Times all discs are learned.")] = None,
    size: Annotated[int | None, _amount("--size", 32, "Side in pixels, a multiple of 16.")] = None,
    width: Annotated[int | None, _amount("--width", 1, "Features at full resolution.")] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Same seed, same run.")] = 0,
    device: DeviceName = "auto",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Train the historical U-Net on random coloured discs, as the tutorial did.

    The preset classic-transpose learns to find discs on black: Adam, binary cross-entropy,
    batches of 16, the best weights by validation loss. The folder gets the model, the learning
    curve, and image, truth and prediction side by side. By default everything is scaled down to
    a few minutes on two CPU cores, and what was scaled is said.

    [bold]Examples[/bold]

    unet-paint demo discs

    unet-paint demo discs --full -o discs_full
    """
    del debug
    plan: DiscsDemo = changed_where_given(
        FULL if full else SCALED,
        images=images,
        validation=validation,
        epochs=epochs,
        size=size,
        width=width,
        seed=seed,
        device=device,
    )
    exit_code = run_discs(plan, output, overwrite, Report(quiet, as_json))
    if exit_code:
        raise typer.Exit(exit_code)
