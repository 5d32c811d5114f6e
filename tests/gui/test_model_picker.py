from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QPushButton

from napari_unet.gui.model_picker import ModelFacts, ModelPicker

COINS = ModelFacts("m1", "coins", ("Background", "Coin"), 1, 0.873, saved=False, words="0.3 um")
CELLS = ModelFacts("m2", "cells", ("Background", "Cell", "Edge"), 3)


@pytest.fixture
def picker(docked):
    picker = ModelPicker()
    docked(picker)
    return picker


def test_value_round_trips(qtbot, picker):
    with qtbot.waitSignal(picker.valueChanged) as emitted:
        picker.set_models([COINS, CELLS])
    assert emitted.args == ["m1"]
    with qtbot.waitSignal(picker.valueChanged):
        picker.setValue("m2")
    assert picker.value() == "m2"


def test_what_is_said_about_a_model(picker):
    assert picker.info() == "Train or load a model to predict."
    picker.set_models([COINS])
    assert picker.info() == "Background, Coin \u00b7 1 channel \u00b7 score 0.87 \u00b7 0.3 um"
    picker.set_models([CELLS])
    assert picker.info() == "Background, Cell, Edge \u00b7 3 channels"


def test_facts_that_change_are_shown_though_the_choice_stays(qtbot, picker):
    picker.set_models([COINS])
    with qtbot.assertNotEmitted(picker.valueChanged):
        picker.set_models([ModelFacts("m1", "coins", score=0.95)])
    assert "0.95" in picker.info()


def test_save_and_load_are_requests(qtbot, picker):
    save = picker.findChild(QPushButton, "save_button")
    load = picker.findChild(QPushButton, "load_button")
    assert not save.isEnabled()
    assert save.toolTip()
    picker.set_enabled_save(True)
    for button, signal in ((save, picker.save_requested), (load, picker.load_requested)):
        with qtbot.waitSignal(signal):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize(
    ("chosen", "path"),
    [
        ("", None),
        ("/d.ir/coins", "/d.ir/coins.safetensors"),
        ("/d/coins.safetensors", "/d/coins.safetensors"),
    ],
)
def test_asking_where_to_save(picker, monkeypatch, chosen, path):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (chosen, ""))
    assert picker.ask_save_path("coins") == path


def test_asking_what_to_load(picker, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/d/a.safetensors", ""))
    assert picker.ask_load_path() == "/d/a.safetensors"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    assert picker.ask_load_path() is None
