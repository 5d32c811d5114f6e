"""Writes the start weights that ship with the program, and the card that says what made them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from napari_unet.learn.head import RIDGE_AS_READ
from napari_unet.learn.start_weights import NAME
from pretraining.lookalikes import LOOKALIKES
from pretraining.textures import PHOTOGRAPHS
from pretraining.wheel import WHEEL

CARD = "card.json"
"""The card of a run, beside its checkpoint."""

_PREFIX = "net."
_LEFT_OUT = ("head.", "running_mean", "running_var", "num_batches_tracked", "basis")


def shipped_weights(average: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights worth shipping, as float16.

    The class head is solved from paint, the statistics are those of the image at hand.

    Parameters
    ----------
    average : mapping of str to Tensor
        The averaged state of a run, as in its checkpoint.

    Returns
    -------
    dict of str to Tensor
        Names as in `UNet.state_dict`.
    """
    return {
        name.removeprefix(_PREFIX): value.half().contiguous()
        for name, value in average.items()
        if name.startswith(_PREFIX) and not any(part in name for part in _LEFT_OUT)
    }


def describe_run(
    data: Path, sets: list[str], settings: Mapping[str, Any], begin_from: Path | None = None
) -> dict[str, Any]:
    """What a run is made from: every data set with its licence, and the settings.

    What the runs were made from whose weights it begins with counts as well.

    Parameters
    ----------
    data : Path
        Where the data sets lie.
    sets : list of str
        Those that are used.
    settings : mapping
        Anything else worth knowing, for example the seed.
    begin_from : Path, optional
        Folder of the run whose weights it begins with.
    """
    earlier = _earlier(begin_from) if begin_from else {}
    runs = earlier.get("earlier runs", [])
    if earlier:
        runs = [*runs, {key: earlier[key] for key in ("settings", "episodes", "minutes")}]
    images = {name: _licence(data / name / "META.md") for name in sets}
    return {
        "preset": "fast",
        "real images": dict(sorted({**earlier.get("real images", {}), **images}.items())),
        "photographs as textures": {
            "from": "the wheel of scikit-image (CC0 or public domain)",
            "files": list(PHOTOGRAPHS),
        },
        "photographs with masks by classic methods": {
            "from": "the wheel of scikit-image (CC0 or public domain); see pretraining/wheel.py",
            "pictures": list(WHEEL),
        },
        "drawn images": {
            "from": "pretraining/tasks.py and pretraining/lookalikes of this project",
            "lookalikes": sorted(LOOKALIKES),
        },
        "settings": dict(settings),
        "earlier runs": runs,
    }


def _earlier(run: Path) -> dict[str, Any]:
    """The card of an earlier run with how long it took."""
    card: dict[str, Any] = json.loads((run / CARD).read_text())
    return card | _took(torch.load(run / "checkpoint.pt", weights_only=True))


def _took(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {"episodes": stored["episodes"], "minutes": round(stored["seconds"] / 60, 1)}


def _licence(meta: Path) -> str:
    """The lines about the licence of a data set, as one sentence."""
    lines = meta.read_text().splitlines() if meta.exists() else []
    said = [line.removeprefix("- ") for line in lines if line.startswith(("- licence", "- origin"))]
    return "; ".join(said) or "not stated"


def export(run: Path, folder: Path) -> Path:
    """Write the averaged weights of a run as one file, in one move.

    Parameters
    ----------
    run : Path
        Folder of a run, with its checkpoint and card.
    folder : Path
        Where the file goes.

    Returns
    -------
    Path
        The file written, named as `napari_unet.learn.start_weights.NAME`.
    """
    stored = torch.load(run / "checkpoint.pt", weights_only=True)
    card = json.loads((run / CARD).read_text())
    card |= _took(stored)
    card["ridge"] = RIDGE_AS_READ
    card["sharpness"] = round(float(stored["average"]["log_scale"].exp()), 3)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / NAME
    beside = file.with_suffix(".part")
    text = json.dumps(card, indent=1)
    beside.write_bytes(save(shipped_weights(stored["average"]), {"card": text}))
    beside.replace(file)
    file.with_suffix(".json").write_text(text + "\n")
    return file
