"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
Debug = Annotated[
    bool,
    typer.Option(
        "--debug", callback=_remember_debug, help="Show where an error comes from (traceback)."
    ),
]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="Model file from 'train'.")]
