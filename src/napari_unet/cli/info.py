"""``unet-paint info``: what a model file or a preset is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from napari_unet.cli.options import AsJson, Debug
from napari_unet.cli.report import Report, score_words
from napari_unet.core.card import read_card
from napari_unet.core.channels import in_words
from napari_unet.core.config import PRESETS
from napari_unet.core.errors import UnknownPreset


def info(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL_OR_PRESET",
            show_default=False,
            help=f"A model file, or one of {', '.join(PRESETS)}.",
        ),
    ],
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Tell what a model or a preset is: parameters, classes, channels, pixel size, training.

    [bold]Examples[/bold]

    unet-paint info cells.unet

    unet-paint info classic-transpose --json
    """
    del debug
    facts = _preset_facts(model) if model in PRESETS else _file_facts(model)
    Report(quiet=False, as_json=as_json).result(facts, _table(facts))


def _preset_facts(name: str) -> dict[str, Any]:
    import torch

    from napari_unet.learn.unet import UNet, count_parameters

    with torch.device("meta"):  # shapes alone, no memory and no random numbers
        parameters = count_parameters(UNet(PRESETS[name]))
    return {
        "preset": name,
        "parameters": parameters,
        "config": PRESETS[name].model_dump(mode="json"),
    }


def _file_facts(name: str) -> dict[str, Any]:
    if not Path(name).exists():
        raise UnknownPreset(
            f"There is neither a file nor a preset {name!r}. "
            f"Give a model file, or one of {', '.join(PRESETS)}."
        )
    return {"file": name, **read_card(name)}


def _table(facts: dict[str, Any]) -> Table:
    table = Table(box=None, show_header=False)
    table.add_column(style="bold")
    table.add_column()
    config = facts["config"]
    rows: dict[str, Any] = {
        "file": facts.get("file"),
        "preset": facts.get("preset"),
        "parameters": f"{facts['parameters']:,}",
        "network": f"{config['dimensions']}D U-Net, width {config['base_width']}, depth "
        f"{config['depth']}, {config['upsampling']} up-sampling, "
        f"normalisation {config['normalisation']}",
        "channels": config["input_channels"],
    }
    if "file" in facts:
        classes = facts["classes"]
        rows["classes"] = ", ".join(
            f"{value} {name}"
            for value, name in zip(classes["values"], classes["names"], strict=True)
        )
        rows["axes"] = facts["axes"]
        rows["channels"] = in_words(config["input_channels"], facts["channels"])
        rows["pixel size"] = " x ".join(f"{s:g}" for s in facts["spacing"] or ()) or None
        rows["training"] = _training(facts["history"])
        rows["version"] = facts["version"]
    for name, value in rows.items():
        if value is not None:
            table.add_row(name, str(value))
    return table


def _training(history: list[dict[str, Any]]) -> str | None:
    """The course of the training in a few words."""
    if not history:
        return None
    best = max((h["score"] for h in history if h.get("score") is not None), default=None)
    return f"{history[-1].get('step', 0)} steps, best score {score_words(best)}"
