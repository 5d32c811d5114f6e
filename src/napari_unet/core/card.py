"""The card of a model file: what the model is, readable without loading the network.

A model file is a safetensors file; the card is JSON text in its header, under `CARD_KEY`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from napari_unet.core.config import ModelConfig
from napari_unet.core.errors import DamagedModel, ForeignModel, ModelFileError, NewerModel

CARD_KEY = "napari-unet-paint"

SCHEMA_VERSION = 1
"""Raised whenever an older program could not read a newer file correctly."""

_LENGTH_BYTES = 8
_LONGEST_HEADER = 100_000_000

WeightFormat = Literal["float32", "float16"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class CardClasses(_Part):
    """The classes, as in `napari_unet.core.annotations.ClassMap`."""

    values: tuple[int, ...]
    background: int | None
    names: tuple[str, ...]


class CardNormalisation(_Part):
    """The intensities, as in `napari_unet.core.normalize.Normalisation`."""

    low: tuple[float, ...]
    high: tuple[float, ...]


class ModelCard(_Part):
    """Everything about a model but its weights."""

    schema_version: int = SCHEMA_VERSION
    version: str
    """The program that wrote it."""
    config: ModelConfig
    classes: CardClasses
    normalisation: CardNormalisation
    spacing: tuple[float, ...] | None
    """Pixel size along the spatial axes of what it was trained on."""
    axes: str
    history: tuple[dict[str, Any], ...]
    """The course of its training, oldest first."""
    preset: str | None
    channels: tuple[str, ...] = ()
    """Names of the channels, where they are known."""
    channel_dropout: float = 0.0
    """How often each channel was left out in training."""
    own_share: float = 1.0
    """How much a new image's own feature statistics count against those kept here."""
    parameters: int
    weights: WeightFormat
    checksum: str
    """SHA-256 of names and weights, so that a flipped bit is noticed."""

    @model_validator(mode="after")
    def _agrees(self) -> ModelCard:
        if len(self.classes.values) != self.config.classes:
            raise ValueError("the classes do not match the network")
        if len(self.normalisation.low) != self.config.input_channels:
            raise ValueError("the intensities do not match the channels of the network")
        if self.channels and len(self.channels) != self.config.input_channels:
            raise ValueError("the names do not match the channels of the network")
        return self

    def to_text(self) -> str:
        """Return the card as JSON text."""
        return json.dumps(self.model_dump(mode="json"), allow_nan=False, sort_keys=True)


def damaged(path: Path) -> DamagedModel:
    """Return the error for a file that does not hold what it says."""
    return DamagedModel(
        f"The model file {str(path)!r} is damaged or was not copied completely. "
        "Copy it again, or choose another model."
    )


def foreign(path: Path) -> ForeignModel:
    """Return the error for a file that is not a model of this program."""
    return ForeignModel(
        f"{str(path)!r} is not a model of this program. "
        "Choose a file that was saved with U-Net Paint."
    )


def read_card(path: str | Path) -> dict[str, Any]:
    """Return the card of a model file; reads only the header and does not load torch.

    Parameters
    ----------
    path : str or Path
        The model file.

    Returns
    -------
    dict
        The fields of `ModelCard`, as plain JSON values.

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
    return parse_card(Path(path)).model_dump(mode="json")


def parse_card(path: Path) -> ModelCard:
    """Return the validated card of a model file; errors as `read_card`."""
    header = _read_header(path)
    try:
        text = header["__metadata__"][CARD_KEY]
    except (KeyError, TypeError):
        raise foreign(path) from None
    try:
        stored = json.loads(text)
        schema = int(stored["schema_version"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(path) from error
    if schema > SCHEMA_VERSION:
        raise NewerModel(
            f"The model file {str(path)!r} was saved by a later version of this program "
            f"({stored.get('version', 'unknown')}). Update napari-unet-paint to use it."
        )
    try:
        return ModelCard.model_validate(stored)
    except ValidationError as error:
        raise damaged(path) from error


def _read_header(path: Path) -> dict[str, Any]:
    """The JSON header of a safetensors file whose length agrees with it."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(_LENGTH_BYTES)
            length = int.from_bytes(start, "little")
            raw = file.read(length) if length <= _LONGEST_HEADER else b""
    except FileNotFoundError as error:
        raise ModelFileError(
            f"There is no model file {str(path)!r}. Check its name and folder."
        ) from error
    except OSError as error:
        raise ModelFileError(
            f"The model file {str(path)!r} cannot be read ({error.strerror}). "
            "Check that it is a file and that you may read it."
        ) from error
    if len(start) < _LENGTH_BYTES or size == _LENGTH_BYTES:
        raise damaged(path)
    if not raw.startswith(b"{"):
        raise foreign(path)
    try:
        header = json.loads(raw)
        ends = [int(v["data_offsets"][1]) for k, v in header.items() if k != "__metadata__"]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise damaged(path) from error
    if len(raw) != length or size != _LENGTH_BYTES + length + max(ends, default=0):
        raise damaged(path)
    return dict(header)
