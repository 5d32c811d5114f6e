"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_unet.core.channels import Channel

DEBUG_KEY = "napari_unet.debug"


def _remember_debug(ctx: typer.Context, value: bool) -> bool:
    if value:
        ctx.meta[DEBUG_KEY] = True
    return value


Axes = Annotated[
    str | None,
    typer.Option(
        "--axes",
        metavar="LETTERS",
        help="One letter per image axis from T P C Z Y X, if the file says something else.",
    ),
]
Channels = Annotated[
    str | None,
    typer.Option(
        "--channels",
        metavar="LIST",
        help="Only these channels, counted from 0 or by name, such as 0,2; "
        "'none' stands for one that is missing.",
    ),
]
Frames = Annotated[
    str | None,
    typer.Option(
        "--frames",
        metavar="FROM:TO",
        help="Only these points in time, counted from 0: 10:20 is 10 to 19; 0 elsewhere.",
    ),
]
Slices = Annotated[
    str | None,
    typer.Option(
        "--slices",
        metavar="FROM:TO",
        help="Only these slices (Z) of a stack under a 2D network, counted from 0.",
    ),
]
DeviceName = Annotated[
    str, typer.Option("--device", help="auto, cpu, cuda or mps; see 'unet-paint devices'.")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that exist. Inputs are never replaced.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no notices, only results.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON object.")]


def channels_in(text: str | None) -> list[Channel] | None:
    """The channels a user named; None if all are wanted."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return [None if part.casefold() == "none" else part for part in parts]


Debug = Annotated[
    bool,
    typer.Option(
        "--debug", callback=_remember_debug, help="Show where an error comes from (traceback)."
    ),
]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="Model file from 'train'.")]
