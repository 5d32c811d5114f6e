"""Settings changed where somebody asked for something else, with errors in plain words."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import ValidationError

from napari_unet.core.config import Config, ModelConfig, TrainConfig, preset
from napari_unet.core.errors import InvalidSetting

SomeConfig = TypeVar("SomeConfig", bound=Config)


def changed_where_given(config: SomeConfig, **changes: Any) -> SomeConfig:
    """A copy of a configuration with those settings changed that are not None.

    Raises
    ------
    InvalidSetting
        If a setting cannot have the value.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    return changed(config, **given)


def changed(config: SomeConfig, **changes: Any) -> SomeConfig:
    """A copy of a configuration with some settings changed, None included.

    Raises
    ------
    InvalidSetting
        If a setting cannot have the value.
    """
    try:
        return config.changed(**changes)
    except ValidationError as err:
        first = err.errors()[0]
        name = " ".join(str(part) for part in first["loc"])
        raise InvalidSetting(
            f"{name} cannot be {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}. "
            "Choose another value."
        ) from err


def network_for(network: ModelConfig, channels: int, classes: int) -> ModelConfig:
    """The network for images with these channels and paint with these classes.

    A network with one sigmoid output tells two classes apart; for more it gets one output
    per class.
    """
    output = network.output if classes == 2 else "softmax"
    return changed(network, input_channels=channels, classes=classes, output=output)


def network_named(name: str | ModelConfig, dimensions: Literal[2, 3] | None) -> ModelConfig:
    """The network of a preset, in 2D or 3D; a `ModelConfig` is returned as it is.

    Raises
    ------
    UnknownPreset
        If there is no preset of that name.
    InvalidSetting
        If a `ModelConfig` has other dimensions than are asked for.
    """
    if isinstance(name, ModelConfig):
        if dimensions not in (None, name.dimensions):
            raise InvalidSetting(
                f"The network is {name.dimensions}D, which cannot be changed to {dimensions}D. "
                "Leave the dimensions out, or begin with another network."
            )
        return name
    return changed_where_given(preset(name), dimensions=dimensions)


def preset_name(name: str | ModelConfig) -> str | None:
    """The name of a preset, or None for a network that is none."""
    return None if isinstance(name, ModelConfig) else name


def with_budget(
    config: TrainConfig, max_seconds: float | None, max_steps: int | None
) -> TrainConfig:
    """The configuration with the budget that was asked for.

    Steps alone mean as long as they take; nothing asked for leaves the budget as it is.
    """
    if max_seconds is None and max_steps is None:
        return config
    return changed(config, max_seconds=max_seconds, max_steps=max_steps)
