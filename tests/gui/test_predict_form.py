from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QProgressBar, QSlider

from napari_unet.gui.layer_checklist import LayerItem
from napari_unet.gui.predict_form import PredictChoice, PredictForm

LAYERS = tuple(LayerItem(k, f"image {k}", words="grey") for k in "abc")


@pytest.fixture
def form(docked):
    form = PredictForm()
    form.set_layers(LAYERS, ticked=("a",))
    docked(form)
    return form


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.builds(
        PredictChoice,
        keys=st.lists(st.sampled_from("abc"), unique=True).map(lambda k: tuple(sorted(k))),
        threshold=st.none() | st.floats(0, 1),
        smallest_object=st.integers(0, 10**8),
        fill_holes=st.integers(0, 10**8),
        probabilities=st.booleans(),
    )
)
def test_value_round_trips(form, choice):
    form.setValue(choice)
    assert form.value() == choice


def test_set_value_is_said_once(qtbot, form):
    heard = []
    form.valueChanged.connect(heard.append)
    choice = PredictChoice(("b",), 0.5, 10, 20, True)
    form.setValue(choice)
    form.setValue(choice)
    assert heard == [choice]


def test_new_layers_are_ticked_only_where_asked_and_ticks_stay(form):
    assert form.value().keys == ("a",)
    form.setValue(PredictChoice(("b",)))
    form.set_layers((*LAYERS, LayerItem("d", "new")), ticked=("a", "d"))
    assert form.value().keys == ("b", "d")  # a was unticked by hand and stays so
    form.set_layers(LAYERS[:1])
    assert form.value().keys == ()


def test_the_far_left_of_the_slider_is_the_likeliest_class(qtbot, form):
    slider = form.findChild(QSlider)
    assert form.value().threshold is None
    slider.setValue(50)
    assert form.value().threshold == 0.5
    slider.setValue(0)
    assert form.value().threshold == 0.0
    slider.setValue(slider.minimum())
    assert form.value().threshold is None


def test_tidying_up_is_announced_when_it_comes_to_rest(qtbot, form):
    heard = []
    form.finish_changed.connect(lambda: heard.append(1))
    with qtbot.waitSignal(form.finish_changed):
        for position in range(10, 60, 10):
            form.findChild(QSlider).setValue(position)
    assert heard == [1]


def test_ticking_a_layer_is_not_tidying_up(qtbot, form):
    with qtbot.assertNotEmitted(form.finish_changed, wait=250):
        form.setValue(PredictChoice(("a", "c")))


@pytest.mark.parametrize(
    ("state", "text", "enabled", "signal"),
    [
        ("empty", "Predict", False, None),
        ("ready", "Predict", True, "predict_requested"),
        ("predicting", "Cancel", True, "cancel_requested"),
        ("stopping", "Stopping\u2026", False, None),
        ("blocked", "Predict", False, None),
    ],
)
def test_each_state_has_an_honest_button(qtbot, form, state, text, enabled, signal):
    form.set_state(state, "why")
    assert (form.button.text(), form.button.isEnabled()) == (text, enabled)
    assert form.button.toolTip() == "why"
    if signal:
        with qtbot.waitSignal(getattr(form, signal)):
            qtbot.mouseClick(form.button, Qt.MouseButton.LeftButton)


def test_progress_is_shown_and_forgotten_afterwards(form):
    bar = form.findChild(QProgressBar)
    form.set_state("predicting")
    form.set_progress(3, 12, "coins")
    assert (bar.value(), bar.maximum()) == (3, 12)
    form.set_state("ready")
    assert bar.value() == 0
