"""The commands: ``python -m pretraining train | evaluate | export | sheet``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch

from napari_unet.learn.adapt import OWN_SHARE
from pretraining.evaluate import compare
from pretraining.export import export
from pretraining.pairs import data_sets
from pretraining.sheet import write_sheet
from pretraining.train import NOT_FOR_2D, train

WEIGHTS = Path("src/napari_unet/weights")
DATA = Path("../shared/data")


def evaluate(options: argparse.Namespace) -> None:
    """Print how the weights of a run do on data sets, against a forest and random weights."""
    sets = options.sets or [s for s in data_sets(options.data) if s not in NOT_FOR_2D]
    how = options.each, options.forest, options.own_share
    for line in compare(options.data, sets, options.run, *how):
        print(line, flush=True)


def write(options: argparse.Namespace) -> None:
    """Write the weights of a run into the package."""
    print(f"exported {export(options.run, options.to)}")


def draw(options: argparse.Namespace) -> None:
    """Draw a picture of what trains."""
    write_sheet(options.picture, options.each, seed=options.seed)
    print(f"drawn {options.picture}")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    main = argparse.ArgumentParser("python -m pretraining", description=__doc__)
    commands = main.add_subparsers(required=True)
    command = commands.add_parser("train", help="meta-train; continues where it was stopped")
    command.add_argument("--minutes", type=float, default=60.0)
    command.add_argument("--steps", type=int, help="end after so many steps")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--out", type=Path, required=True)
    command.add_argument("--data", type=Path, default=DATA, help="folder of the real images")
    command.add_argument("--exclude", nargs="*", default=[], help="data sets to leave out")
    command.add_argument("--real-share", type=float, default=0.35)
    command.add_argument("--side", type=int, default=192, help="side of the images in pixels")
    command.add_argument("--workers", type=int, default=1, help="processes that make tasks")
    command.add_argument("--processes", type=int, default=1, help="that train together")
    command.add_argument("--begin-from", type=Path, help="folder of a run to begin with")
    command.add_argument("--threads", type=int, default=1)
    command.add_argument("--width", type=int, help="another width than the preset's")
    command.set_defaults(run_command=train)
    command = commands.add_parser("evaluate", help="a table per data set")
    command.add_argument("run", type=Path, nargs="?", help="folder of a run; else shipped weights")
    command.add_argument("--data", type=Path, default=DATA)
    command.add_argument("--sets", nargs="*", help="data sets; all of them if not given")
    command.add_argument("--each", type=int, default=3, help="cases per data set")
    command.add_argument("--forest", action=argparse.BooleanOptionalAction, default=True)
    command.add_argument("--own-share", type=float, default=OWN_SHARE,
                         help="of the next image's own feature statistics")  # fmt: skip
    command.add_argument("--threads", type=int, default=1)
    command.set_defaults(run_command=evaluate)
    command = commands.add_parser("export", help="write the weights into the package")
    command.add_argument("run", type=Path)
    command.add_argument("--to", type=Path, default=WEIGHTS)
    command.set_defaults(run_command=write, threads=1)
    command = commands.add_parser("sheet", help="a picture of drawn kinds, to be looked at")
    command.add_argument("picture", type=Path)
    command.add_argument("--each", type=int, default=6, help="images of each kind")
    command.add_argument("--seed", type=int, default=0)
    command.set_defaults(run_command=draw, threads=1)
    return main


def main(arguments: list[str] | None = None) -> None:
    """Run one command, giving way to everything else on the machine."""
    options = parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    if hasattr(os, "nice"):
        os.nice(max(0, 19 - os.nice(0)))
    options.run_command(options)


if __name__ == "__main__":
    main()
