from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field

from napari_unet.core.config import (
    PRESETS,
    AugmentConfig,
    Config,
    ModelConfig,
    PredictConfig,
    TrainConfig,
)
from napari_unet.gui.advanced_form import AdvancedForm, AdvancedSettings
from napari_unet.gui.config_form import ConfigForm

AUGMENTS = st.builds(AugmentConfig, scale=st.floats(0, 0.9), elastic=st.floats(0, 1e6))
MODELS = st.builds(
    ModelConfig,
    feature_count=st.none() | st.integers(1, 999),
    dropout=st.floats(0, 1, exclude_max=True),
    filter_bank=st.booleans(),
)
TRAINS = st.builds(
    TrainConfig,
    max_seconds=st.none() | st.floats(0, 1e6),
    max_steps=st.none() | st.integers(0, 10**9),
    patch_size=st.integers(1, 64).map(lambda n: 16 * n),
    learning_rate=st.floats(0, 1, exclude_min=True),
    augment=AUGMENTS,
    device=st.sampled_from(["auto", "cpu", "cuda:1"]),
)
PREDICTS = st.builds(
    PredictConfig,
    tile_size=st.none() | st.integers(16, 4096),
    threshold=st.none() | st.floats(0, 1),
    smallest_object=st.integers(0, 10**9),
    statistics=st.sampled_from(["both", "image", "training"]),
)
FORMS = {AugmentConfig: AUGMENTS, ModelConfig: MODELS, TrainConfig: TRAINS, PredictConfig: PREDICTS}


@pytest.fixture(params=FORMS, ids=lambda kind: kind.__name__)
def form(request, qtbot):
    form = ConfigForm(request.param)
    qtbot.addWidget(form)
    form.kind = request.param
    return form


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(data=st.data())
def test_every_value_round_trips_exactly(form, data):
    config = data.draw(FORMS[form.kind])
    form.setValue(config)
    assert form.value() == config


@pytest.mark.parametrize("name", PRESETS)
def test_presets_round_trip(qtbot, name):
    form = ConfigForm(ModelConfig)
    qtbot.addWidget(form)
    form.setValue(PRESETS[name])
    assert form.value() == PRESETS[name]


def test_it_starts_at_the_defaults_and_shows_every_field(form):
    assert form.value() == form.kind()
    for name, field in form.kind.model_fields.items():
        if name != "augment":
            assert field.description in form.editor(name).widget.tooltip


class Every(Config):
    """One field of each kind."""

    count: int = Field(3, ge=1, le=9, title="Count", description="A number.")
    even: int = Field(32, ge=16, multiple_of=16, title="Even", description="Of sixteen.")
    share: float = Field(0.25, gt=0, lt=1, title="Share", description="A share.")
    limit: int | None = Field(None, ge=0, title="Limit", description="Maybe a number.")
    yes: bool = Field(True, title="Yes", description="A switch.")
    kind: Literal["a", "b"] = Field("a", title="Kind", description="A choice.")


@pytest.fixture
def every(qtbot):
    form = ConfigForm(Every)
    qtbot.addWidget(form)
    return form


def control(form, name):
    return form.editor(name).widget[1]


def test_set_value_is_said_once(qtbot, every):
    heard = []
    every.valueChanged.connect(heard.append)
    changed = Every(count=4, share=0.123456789, limit=5, yes=False, kind="b")
    every.setValue(changed)
    every.setValue(changed)
    assert heard == [changed]


@pytest.mark.parametrize(
    ("name", "value"), [("count", 7), ("share", 0.5), ("yes", False), ("kind", "b")]
)
def test_an_edit_is_said(qtbot, every, name, value):
    with qtbot.waitSignal(every.valueChanged) as emitted:
        control(every, name).value = value
    assert emitted.args == [Every(**{name: value})]


def test_an_edited_number_is_always_a_legal_one(every):
    control(every, "even").value = 41
    assert every.value().even == control(every, "even").value == 48
    box = control(every, "share")
    for edge in (box.min, box.max):
        box.value = edge
        assert 0 < every.value().share < 1


def test_automatic_is_none_and_its_number_waits(qtbot, every):
    _, number, automatic = every.editor("limit").widget
    assert automatic.value
    assert not number.enabled
    automatic.value = False
    number.value = 12
    assert every.value().limit == 12
    automatic.value = True
    assert every.value().limit is None


def test_hidden_fields_keep_their_value(qtbot):
    form = ConfigForm(Every, shown=("yes", "count"), hidden=("count",))
    qtbot.addWidget(form)
    form.setValue(Every(count=9, kind="b"))
    control(form, "yes").value = False
    assert form.value() == Every(count=9, kind="b", yes=False)


def test_devices_are_offered_by_their_words(qtbot):
    form = ConfigForm(TrainConfig)
    qtbot.addWidget(form)
    form.setValue(TrainConfig(device="cuda:1"))
    form.set_devices([("cpu", "CPU, 2 cores"), ("cuda:0", "GPU")])
    assert form.value().device == "cuda:1"  # a choice is never dropped silently
    combo = control(form, "device")
    assert combo.choices == ("auto", "cpu", "cuda:0", "cuda:1")
    assert combo.native.itemText(1) == "CPU, 2 cores"
    combo.value = "cpu"
    assert form.value().device == "cpu"


@pytest.fixture
def advanced(qtbot):
    form = AdvancedForm()
    qtbot.addWidget(form)
    return form


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(
    st.builds(
        AdvancedSettings,
        model=MODELS,
        train=TRAINS,
        predict=PREDICTS,
        start=st.sampled_from(["auto", "scratch"]),
    )
)
def test_advanced_settings_round_trip(advanced, chosen):
    advanced.setValue(chosen)
    assert advanced.value() == chosen


def test_advanced_settings_are_said_once(qtbot, advanced):
    heard = []
    advanced.valueChanged.connect(heard.append)
    chosen = AdvancedSettings(
        model=PRESETS["large"], train=TrainConfig(seed=3, device="cpu"), start="scratch"
    )
    advanced.setValue(chosen)
    assert heard == [chosen]
    assert chosen.predict.device == "cpu"  # it predicts where it learns


def test_a_preset_changes_the_shape_but_not_what_the_data_decide(qtbot, advanced):
    advanced.setValue(
        AdvancedSettings(model=ModelConfig(dimensions=3, input_channels=4, classes=5))
    )
    combo = next(c for c in advanced.findChildren(object) if c.property("role") == "preset")
    with qtbot.waitSignal(advanced.valueChanged) as emitted:
        combo.setCurrentIndex(combo.findData("classic-transpose"))
        combo.activated.emit(combo.currentIndex())
    model = emitted.args[0].model
    assert (model.dimensions, model.input_channels, model.classes) == (3, 4, 5)
    assert (model.base_width, model.output) == (64, "sigmoid")
    assert emitted.args[0].preset == "classic-transpose"


def test_an_edited_preset_is_called_custom(advanced):
    assert advanced.value().preset == "fast"
    advanced.setValue(AdvancedSettings(model=ModelConfig(base_width=17)))
    assert advanced.value().preset == "custom"


def test_starting_afresh_is_a_request(qtbot, advanced):
    with qtbot.waitSignal(advanced.afresh_requested):
        advanced.findChild(object, "afresh_button").click()
