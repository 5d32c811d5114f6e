from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QListWidget

from napari_unet.gui.layer_checklist import LayerChecklist, LayerItem

LAYERS = [LayerItem(str(n), f"image {n}") for n in range(9)]


@pytest.fixture
def checklist(docked):
    checklist = LayerChecklist(at_least=1, rows=4)
    checklist.set_layers(LAYERS[:3])
    docked(checklist)
    return checklist


def test_value_round_trips(qtbot, checklist):
    with qtbot.waitSignal(checklist.valueChanged) as emitted:
        checklist.setValue(("2", "0"))
    assert checklist.value() == ("0", "2") == emitted.args[0]
    with qtbot.assertNotEmitted(checklist.valueChanged):
        checklist.setValue(("0", "2", "not there"))


def test_a_tick_is_said(qtbot, checklist):
    with qtbot.waitSignal(checklist.valueChanged) as emitted:
        checklist.findChild(QListWidget).item(1).setCheckState(Qt.CheckState.Checked)
    assert emitted.args == [("1",)]


def test_ticks_survive_new_names_and_a_lost_layer_loses_its_tick(qtbot, checklist):
    checklist.setValue(("1", "2"))
    checklist.set_layers([LayerItem("2", "renamed"), LayerItem("0", "first")])
    assert checklist.value() == ("2",)


def test_it_hides_with_too_few_layers_and_scrolls_with_many(checklist):
    shown = checklist.findChild(QListWidget)
    checklist.set_layers(LAYERS[:2])
    two = shown.height()
    checklist.set_layers(LAYERS[:4])
    four = shown.height()
    checklist.set_layers(LAYERS)
    assert two < four == shown.height()
    checklist.set_layers([])
    assert checklist.isHidden()
