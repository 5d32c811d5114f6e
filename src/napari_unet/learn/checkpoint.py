"""Models on disk: one safetensors file with a JSON card in its header, never a pickle."""

from __future__ import annotations

import hashlib
import math
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from napari_unet.core.annotations import ClassMap
from napari_unet.core.card import (
    CARD_KEY,
    CardClasses,
    CardNormalisation,
    ModelCard,
    WeightFormat,
    damaged,
    parse_card,
    read_card,
)
from napari_unet.core.errors import ModelFileError, OutputExists
from napari_unet.core.normalize import Normalisation
from napari_unet.learn.model import Model
from napari_unet.learn.spare_heads import stored_spares, take_spares
from napari_unet.learn.unet import UNet, count_parameters, load_weights

__all__ = ["load_model", "make_card", "read_card", "save_model", "stored_weights"]


def stored_weights(net: nn.Module, weights: WeightFormat = "float32") -> dict[str, Tensor]:
    """Return the weights of a network as they go into a file.

    On the CPU, in one order of axes, parameters in one format; feature statistics, which
    are few and may be large, always in float32.
    """
    learned = {name for name, _ in net.named_parameters()}
    short = torch.float16 if weights == "float16" else torch.float32

    def kind(name: str, value: Tensor) -> torch.dtype:
        if not value.is_floating_point():
            return value.dtype
        return short if name in learned else torch.float32

    return {
        name: value.detach().to("cpu", kind(name, value)).contiguous()
        for name, value in net.state_dict().items()
    }


def stored_tensors(model: Model, weights: WeightFormat = "float32") -> dict[str, Tensor]:
    """Return all weights of a model as they go into a file."""
    return {**stored_weights(model.net, weights), **stored_spares(model.spare_heads)}


def make_card(model: Model, tensors: Mapping[str, Tensor]) -> ModelCard:
    """Return the card of a model whose weights are stored as these tensors."""
    half = any(value.dtype == torch.float16 for value in tensors.values())
    classes = model.classes
    return ModelCard(
        version=model.version,
        config=model.config,
        classes=CardClasses(
            values=classes.values, background=classes.background, names=classes.names
        ),
        normalisation=CardNormalisation(**model.normalisation.to_json()),
        spacing=model.spacing,
        axes=model.axes,
        history=tuple(_plain(model.history)),
        preset=model.preset,
        channels=model.channels,
        channel_dropout=model.channel_dropout,
        own_share=model.own_share,
        parameters=count_parameters(model.net),
        weights="float16" if half else "float32",
        checksum=_checksum(tensors),
    )


def save_model(
    model: Model,
    path: str | Path,
    overwrite: bool = False,
    *,
    weights: WeightFormat = "float32",
) -> None:
    """Write a model to one file, whole or not at all.

    Parameters
    ----------
    model : Model
        On any device.
    path : str or Path
        The file; its folder must exist.
    overwrite : bool, optional
        Replace a file that stands there.
    weights : {"float32", "float16"}, optional
        Format of the weights; the shorter one halves the file and rounds.

    Raises
    ------
    OutputExists
        If a file stands there and `overwrite` is False.
    ModelFileError
        If the folder is missing or the file cannot be written; whatever stood there
        before is untouched.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        raise OutputExists(f"{str(path)!r} exists already. Choose another name, or overwrite it.")
    if not path.parent.is_dir():
        raise ModelFileError(
            f"There is no folder {str(path.parent)!r}. Make it, or choose another one."
        )
    tensors = stored_tensors(model, weights)
    content = save(tensors, {CARD_KEY: make_card(model, tensors).to_text()})
    try:
        _write_whole(path, content)
    except OSError as error:
        raise ModelFileError(
            f"The model could not be written to {str(path)!r} ({error.strerror}). "
            "Choose another folder, or make room on this one."
        ) from error


def load_model(path: str | Path) -> Model:
    """Read a model from a file, on the CPU and ready to predict.

    Parameters
    ----------
    path : str or Path
        A file that `save_model` wrote. Nothing in it is ever executed.

    Raises
    ------
    DamagedModel
        If the file is cut short or contradicts itself.
    ForeignModel
        If it is not a model of this program.
    NewerModel
        If a later version of this program wrote it.
    ModelFileError
        If it does not exist or cannot be read.
    """
    path = Path(path)
    card = parse_card(path)
    try:
        tensors = load(path.read_bytes())
    except (SafetensorError, ValueError, KeyError) as error:
        raise damaged(path) from error
    if _checksum(tensors) != card.checksum:
        raise damaged(path)
    classes, spares = card.classes, take_spares(tensors)
    return Model(
        net=_network(card, tensors, path),
        classes=ClassMap(classes.values, classes.background, classes.names),
        normalisation=Normalisation(card.normalisation.low, card.normalisation.high),
        spacing=card.spacing,
        axes=card.axes,
        history=list(card.history),
        preset=card.preset,
        version=card.version,
        channels=card.channels,
        channel_dropout=card.channel_dropout,
        own_share=card.own_share,
        spare_heads=spares,
    )


def _network(card: ModelCard, tensors: Mapping[str, Tensor], path: Path) -> UNet:
    """The network of a card with these weights; draws no random numbers."""
    with torch.device("meta"):
        net = UNet(card.config)
    own = {
        name: value.to(torch.float32 if value.is_floating_point() else value.dtype, copy=True)
        for name, value in tensors.items()
    }
    try:
        load_weights(net, own, str(path), assign=True)
    except ModelFileError as error:
        raise damaged(path) from error
    return net.eval()


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _plain(value: Any) -> Any:
    """JSON values: lists for tuples, numbers for 0-d arrays, None for NaN and infinity."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, then move it there, so that no half file ever stands."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
