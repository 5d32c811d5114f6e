"""The commands in one program, and how it ends when something goes wrong."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from napari_unet import __version__
from napari_unet.cli.demo import demo
from napari_unet.cli.devices import devices
from napari_unet.cli.evaluate import evaluate
from napari_unet.cli.info import info
from napari_unet.cli.options import DEBUG_KEY, Debug
from napari_unet.cli.predict import predict
from napari_unet.cli.train import train
from napari_unet.core.errors import UNetError

EXIT_FAILED = 1
EXIT_INTERRUPTED = 130


class Commands(TyperGroup):
    """Commands whose expected errors are one sentence and an exit code, not a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except (UNetError, OSError) as err:
            if ctx.meta.get(DEBUG_KEY):
                raise
            _complain(str(err))
            ctx.exit(EXIT_FAILED)
        except KeyboardInterrupt:
            _complain("Interrupted.")
            ctx.exit(EXIT_INTERRUPTED)


def _complain(sentence: str) -> None:
    Console(stderr=True, soft_wrap=True).print(Text(sentence, style="bold red"))


def _say_version(value: bool) -> None:
    if value:
        typer.echo(f"unet-paint {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="unet-paint",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=(
        "Exit codes: 0 done, 1 something is wrong with the data or the machine (one sentence on "
        "standard error says what), 2 the command was not understood, 130 interrupted."
    ),
)


@app.callback()
def unet_paint(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version."),
    ] = False,
    debug: Debug = False,
) -> None:
    """Paint a few strokes, train a U-Net, predict masks.

    Paint a few strokes on an image in napari (1 background, 2 and up classes, 0 not painted),
    save the layer, and then:

    [bold]unet-paint train[/bold] cells.tif cells_paint.tif -o cells.unet

    [bold]unet-paint predict[/bold] cells.unet more/*.tif -o masks/

    Results go to standard output, progress and notices to standard error.
    """
    del version, debug  # both act through their callbacks


app.command()(train)
app.command()(predict)
app.command()(evaluate)
app.command()(info)
app.command()(devices)
app.add_typer(demo, name="demo")


def main() -> None:
    """Entry point of ``unet-paint``."""
    app()
