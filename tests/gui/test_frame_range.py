from __future__ import annotations

import pytest
from qtpy.QtWidgets import QComboBox, QSpinBox

from napari_unet.core.frames import Part
from napari_unet.gui.frame_range import ALL, SHOWN, FrameChoice, FrameRange


@pytest.fixture
def control(docked):
    control = FrameRange()
    control.set_sizes({"T": 10, "Z": 5})
    docked(control)
    return control


def test_it_shows_only_where_there_is_a_choice(control):
    assert control.isVisible()
    control.set_sizes({"T": 1})
    assert control.isHidden()
    assert control.value() == FrameChoice()
    control.set_sizes({"Z": 3})
    assert not control.isHidden()
    combo = control.findChild(QComboBox)
    assert [combo.itemText(i) for i in range(combo.count())] == [
        "all slices", "what is shown", "slices",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "choice", [FrameChoice(), FrameChoice(SHOWN), FrameChoice("T", 2, 7), FrameChoice("Z", 0, 4)]
)
def test_value_round_trips(control, choice):
    control.setValue(choice)
    found = control.value()
    assert found.kind == choice.kind
    assert found.parts == choice.parts


def test_a_range_is_the_whole_axis_until_it_is_changed(control):
    control.setValue(FrameChoice("Z", 0, 99))
    assert control.value().parts == (Part("Z", 0, 5),)
    boxes = control.findChildren(QSpinBox)
    assert [box.isVisible() for box in boxes] == [True, True]
    control.setValue(FrameChoice(ALL))
    assert [box.isVisible() for box in boxes] == [False, False]
    assert control.value().parts == ()


def test_ends_the_wrong_way_round_are_put_right():
    assert FrameChoice("T", 7, 2).parts == (Part("T", 2, 8),)


def test_a_shorter_image_keeps_the_range_inside(control):
    control.setValue(FrameChoice("T", 2, 9))
    control.set_sizes({"T": 4})
    assert control.value().parts[0].stop <= 4


def test_it_fits_the_width_of_the_dock(docked):
    control = FrameRange()
    control.set_sizes({"T": 1000, "Z": 500, "P": 96})
    control.setValue(FrameChoice("P", 3, 95))
    docked(control, width=320)
    assert control.minimumSizeHint().width() <= 300
