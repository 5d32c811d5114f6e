from __future__ import annotations

from random import Random

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QComboBox, QToolButton

from napari_unet.core.axes import AxesSpec
from napari_unet.gui.axes_editor import AxesEditor
from napari_unet.gui.image_picker import ImageChoice, ImagePicker, PaintPicker
from napari_unet.gui.keyed_combo import KeyedCombo
from napari_unet.gui.layer_checklist import ChannelItem, LayerChecklist, LayerItem

COINS = LayerItem("1", "coins", "YX", ("YX",), "grey")
STACK = LayerItem("2", "stack", "ZYX", ("TYX", "CYX"), "16 bit")


@pytest.fixture
def picker(docked):
    picker = ImagePicker()
    docked(picker)
    return picker


def test_nothing_to_choose(picker):
    assert picker.value() == ImageChoice(None, "")
    assert picker.findChild(QToolButton).isHidden()
    assert not picker.findChild(AxesEditor).isVisible()


def test_value_round_trips(qtbot, picker):
    picker.set_layers([COINS, STACK])
    choice = ImageChoice("2", "TYX")
    with qtbot.waitSignal(picker.valueChanged) as emitted:
        picker.setValue(choice)
    assert picker.value() == choice == emitted.args[0]


def test_the_first_layer_is_chosen_and_the_choice_survives_new_layers(qtbot, picker):
    with qtbot.waitSignal(picker.valueChanged):
        picker.set_layers([COINS])
    picker.set_layers([STACK, COINS])
    assert picker.value() == ImageChoice("1", "YX")
    picker.set_layers([STACK])
    assert picker.value() == ImageChoice("2", "ZYX")
    picker.set_layers([])
    assert picker.value() == ImageChoice()


def test_a_renamed_layer_is_still_the_same(qtbot, picker):
    picker.set_layers([COINS, STACK])
    picker.setValue(ImageChoice("2", "TYX"))
    with qtbot.assertNotEmitted(picker.valueChanged):
        picker.set_layers([COINS, LayerItem("2", "movie", "ZYX", ("TYX",), "16 bit")])
    assert picker.value() == ImageChoice("2", "TYX")
    assert picker.findChild(KeyedCombo).currentText() == "movie"


def boxes(picker):
    return [
        box for box in picker.findChildren(QComboBox) if box.accessibleName().startswith("Axis")
    ]


def choose(box, letter):
    box.setCurrentIndex(box.findData(letter))
    box.activated.emit(box.currentIndex())


def test_axes_are_corrected_behind_one_button(qtbot, picker):
    picker.set_layers([STACK])
    button = picker.findChild(QToolButton, "change_button")
    assert not any(box.isVisible() for box in boxes(picker))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert [box.currentText() for box in boxes(picker)] == ["Z", "Y", "X"]
    assert all(box.isVisible() for box in boxes(picker))
    with qtbot.waitSignal(picker.valueChanged) as emitted:
        choose(boxes(picker)[0], "C")
    assert emitted.args == [ImageChoice("2", "CYX")]
    assert "CYX" in picker.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not any(box.isVisible() for box in boxes(picker))


def test_a_letter_that_is_taken_is_swapped(picker):
    picker.set_layers([STACK])
    choose(boxes(picker)[0], "X")
    assert picker.value().axes == "XYZ"
    choose(boxes(picker)[1], "Z")
    assert picker.value().axes == "XZY"
    assert [boxes(picker)[0].itemData(i) for i in range(boxes(picker)[0].count())] == list("ZYX")


@pytest.mark.parametrize("axes", ["YX", "ZYX", "TCYX", "PZCYX", "CXY"])
@pytest.mark.parametrize("colour", [False, True])
def test_every_choice_leaves_axes_that_make_sense(qtbot, axes, colour):
    editor, random = AxesEditor(), Random(0)
    qtbot.addWidget(editor)
    axes = axes.replace("C", "") + "C" if colour else axes
    editor.show_axes(axes, range(len(axes) - colour))
    for _ in range(60):
        box = random.choice(boxes(editor))
        choose(box, box.itemData(random.randrange(box.count())))
        AxesSpec(editor.value()).check((2,) * len(axes))
        assert not colour or editor.value().endswith("C")


CHANNELS = LayerItem(
    "3", "DAPI", "YX", words="grey",
    channels=(ChannelItem("#0", "DAPI", True), ChannelItem("4", "GFP", False)),
)  # fmt: skip


def test_channels_are_ticked_and_the_last_tick_stays(qtbot, picker):
    picker.set_layers([CHANNELS, COINS])
    picker.unfold()
    ticks = picker.findChild(LayerChecklist)
    assert ticks.isVisible()
    with qtbot.waitSignal(picker.valueChanged) as emitted:
        ticks.setValue(("#0", "4"))
    assert emitted.args == [ImageChoice("3", "YX", ("#0", "4"))]
    ticks.setValue(("4",))
    assert picker.value().channels == ("4",)
    with qtbot.assertNotEmitted(picker.valueChanged):
        ticks.setValue(())
    assert ticks.value() == ("4",)
    picker.setValue(ImageChoice("1"))
    assert not ticks.isVisible()


def test_corrected_axes_go_when_the_layer_gets_other_axes(picker):
    picker.set_layers([STACK])
    picker.setValue(ImageChoice("2", "TYX"))
    picker.set_layers([LayerItem("2", "stack", "TZYX")])
    assert picker.value() == ImageChoice("2", "TZYX")


def test_paint_picker(qtbot, docked):
    picker = PaintPicker()
    docked(picker)
    with qtbot.waitSignal(picker.valueChanged) as emitted:
        picker.set_layers([LayerItem("p", "coins paint"), LayerItem("q", "other")])
    assert emitted.args == ["p"]
    picker.setValue("q")
    assert picker.value() == "q"
    picker.setValue("unknown")
    assert picker.value() == "q"
    button = picker.findChild(QToolButton, "new_paint_button")
    with qtbot.waitSignal(picker.new_requested):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    picker.set_new_enabled(False, "Open an image first.")
    assert not button.isEnabled()
    assert button.toolTip() == "Open an image first."


def test_a_long_name_does_not_widen_the_dock(docked):
    picker = PaintPicker()
    host = docked(picker, width=320)
    picker.set_layers([LayerItem("p", "a name " * 40)])
    assert host.minimumSizeHint().width() <= 320
    assert picker.findChild(KeyedCombo).toolTip().startswith("a name a name")


def test_the_wheel_scrolls_the_panel_not_the_choice(picker):
    picker.set_layers([COINS, STACK])
    combo = picker.findChild(KeyedCombo)
    combo.clearFocus()
    middle = QPointF(combo.rect().center())
    down = QWheelEvent(
        middle,
        QPointF(combo.mapToGlobal(combo.rect().center())),
        QPoint(0, 0),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(combo, down)
    assert picker.value().key == "1"
