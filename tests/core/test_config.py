"""Settings: frozen, checked, and complete enough to make a form from."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from napari_unet.core.config import (
    PRESETS,
    AugmentConfig,
    ModelConfig,
    PredictConfig,
    TrainConfig,
    preset,
)
from napari_unet.core.errors import UnknownPreset

CONFIGS = [ModelConfig, AugmentConfig, TrainConfig, PredictConfig]


@pytest.mark.parametrize("config", CONFIGS)
def test_every_setting_has_a_title_and_says_what_it_does(config: type[BaseModel]) -> None:
    for name, field in config.model_fields.items():
        if isinstance(field.default, BaseModel):
            continue
        assert field.title, name
        assert field.description, name
        assert field.description.endswith("."), name


@pytest.mark.parametrize("config", CONFIGS)
def test_settings_survive_json_cannot_be_changed_and_refuse_unknown_names(
    config: type[BaseModel],
) -> None:
    made = config()

    assert config.model_validate_json(made.model_dump_json()) == made
    with pytest.raises(ValidationError):
        setattr(made, next(iter(config.model_fields)), 1)
    with pytest.raises(ValidationError):
        config(no_such_setting=1)


def test_a_changed_copy_is_validated() -> None:
    assert TrainConfig().changed(batch_size=4).batch_size == 4
    assert TrainConfig().changed(seed=3).augment == AugmentConfig()
    with pytest.raises(ValidationError):
        TrainConfig().changed(batch_size=0)


def test_presets_take_changes_and_unknown_ones_are_named() -> None:
    assert preset("fast", classes=5).classes == 5
    assert preset("fast", classes=5) != PRESETS["fast"]
    with pytest.raises(UnknownPreset, match="classic-resize"):
        preset("huge")
