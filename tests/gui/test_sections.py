"""Sections, the advice line, and what holds for every control of the panel."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QScrollArea,
    QScrollBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_unet.gui.advanced_form import AdvancedForm
from napari_unet.gui.advice_line import AdviceLine, LinkLine
from napari_unet.gui.class_table import ClassRow, ClassTable
from napari_unet.gui.image_picker import ImagePicker, PaintPicker
from napari_unet.gui.layer_checklist import LayerItem
from napari_unet.gui.model_picker import ModelPicker
from napari_unet.gui.predict_form import PredictForm
from napari_unet.gui.sections import Section
from napari_unet.gui.train_form import TrainBox


def test_a_step_always_shows_its_content(docked):
    section = Section("Paint", 1)
    section.add(QLabel("content"))
    docked(section)
    assert section.expanded()
    assert section.accessibleName() == "Step 1: Paint"
    assert section.findChild(QToolButton) is None


def test_a_group_folds_and_says_so(qtbot, docked):
    section = Section("Advanced", collapsible=True, expanded=False)
    content = QLabel("content")
    section.add(content)
    docked(section)
    assert not content.isVisible()
    with qtbot.waitSignal(section.toggled) as emitted:
        qtbot.mouseClick(section.findChild(QToolButton), Qt.MouseButton.LeftButton)
    assert emitted.args == [True]
    assert content.isVisible()
    with qtbot.assertNotEmitted(section.toggled):
        section.set_expanded(True)


def test_unfolding_scrolls_the_content_into_sight(qtbot, docked):
    area, inside = QScrollArea(), QWidget()
    area.setWidgetResizable(True)
    area.setWidget(inside)
    above, section = QLabel("above"), Section("Advanced", collapsible=True, expanded=False)
    content = QLabel("content")
    above.setFixedHeight(400)
    content.setFixedHeight(300)
    section.add(content)
    QVBoxLayout(inside).addWidget(above)
    inside.layout().addWidget(section)
    area.setFixedHeight(450)
    docked(area)
    qtbot.mouseClick(section.findChild(QToolButton), Qt.MouseButton.LeftButton)
    bottom = content.rect().bottomLeft()
    qtbot.waitUntil(lambda: content.mapTo(area.viewport(), bottom).y() <= area.viewport().height())
    assert section.mapTo(area.viewport(), section.rect().topLeft()).y() >= 0


def test_words_at_the_right_of_the_title(docked):
    section = Section("Train", 2)
    host = docked(section, width=320)
    section.set_aside("a device with a very long name " * 5)
    assert section.aside().startswith("a device")
    assert host.minimumSizeHint().width() <= 320


@pytest.mark.parametrize("severity", ["hint", "good", "warning", "error"])
def test_advice(qtbot, docked, severity):
    line = AdviceLine()
    docked(line)
    line.set_advice("Paint <two> classes & more.", severity, link="take me there", code="next")
    assert (line.text(), line.severity(), line.link()) == (
        "Paint <two> classes & more.",
        severity,
        "take me there",
    )
    with qtbot.waitSignal(line.follow_requested) as emitted:
        line.findChild(LinkLine).linkActivated.emit("#")
    assert emitted.args == ["next"]


def test_advice_keeps_its_height_up_to_two_lines(docked):
    line = AdviceLine()
    docked(line, width=340)
    heights = set()
    for text in ("Short.", "A sentence that needs two lines of the narrow panel to be said."):
        line.set_advice(text)
        heights.add(line.layout().heightForWidth(line.width()))
    assert len(heights) == 1


def everything() -> QWidget:
    panel = QWidget()
    layout = QVBoxLayout(panel)
    layout.setContentsMargins(0, 0, 0, 0)
    layers = [LayerItem("a", "an image with a long name " * 3, "TZYX", ("TZYX",), "3 channels")] * 1
    image, paint, table, train = ImagePicker(), PaintPicker(), ClassTable(), TrainBox()
    predict = PredictForm()
    for widget in (image, paint, train.also, predict):
        widget.set_layers(layers)
    rows = [ClassRow(v, f"Class {v} " * 9, "#808080", 10**7, "Q") for v in (1, 2)]
    table.setValue(rows)
    table.set_reading("mask")
    train.set_state("training")
    train.set_progress(0.5, 36000)
    for widget in (image, paint, table, train, predict, ModelPicker()):
        layout.addWidget(widget)
    advanced = AdvancedForm()
    for section in advanced.findChildren(Section):
        section.set_expanded(True)
    layout.addWidget(advanced)
    return panel


def controls(host: QWidget) -> list[QWidget]:
    kinds = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox)
    return [
        w
        for w in host.findChildren(QWidget)
        if isinstance(w, kinds)
        and not isinstance(w, QScrollBar)
        and w.objectName() != "ScrollLeftButton"
    ]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_is_cut_off_at_320_pixels(docked, theme):
    panel = everything()
    host = docked(panel, theme=theme, width=320)
    assert host.minimumSizeHint().width() <= 320
    assert host.width() == 320
    for control in controls(panel):
        if control.isVisible():
            right = control.mapTo(panel, control.rect().topRight()).x()
            assert right <= panel.width(), control
            if isinstance(control, QAbstractButton):
                least = control.minimumSizeHint().width()
                assert control.width() >= least, (control.text(), control.width(), least)


def test_every_control_has_a_name_and_a_tooltip(docked):
    panel = everything()
    docked(panel, width=340)
    for control in controls(panel):
        name = control.accessibleName() or getattr(control, "text", str)()
        assert name, control
        assert control.toolTip(), (name, control)
