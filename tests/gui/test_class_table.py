from __future__ import annotations

from dataclasses import replace

import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QColorDialog, QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_unet.gui.advice_line import LinkLine
from napari_unet.gui.class_row import ClassRowView, Swatch, grouped
from napari_unet.gui.class_table import ERASER, ClassRow, ClassTable

ROWS = (
    ClassRow(1, "Background", "#e41a1c", 1240, "Q"),
    ClassRow(2, "Object", "#4daf4a", 0, "W"),
    ClassRow(5, "Border", "#377eb8", 0, "R"),
)


@pytest.fixture
def table(docked):
    table = ClassTable()
    docked(table)
    table.setValue(ROWS)
    return table


def view_of(table, value):
    views = [v for v in table.findChildren(ClassRowView) if v.row().value == value]
    return views[-1]  # the first may be one that only waits to be deleted


def rename(qtbot, view, name):
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton)
    edit = view.findChild(QLineEdit)
    edit.setText(name)
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    return edit


def test_value_round_trips_and_says_so_once(qtbot, table):
    changed = (replace(ROWS[0], name="Ground", pixels=7), ROWS[2])
    with qtbot.waitSignal(table.valueChanged) as emitted:
        table.setValue(changed)
    assert table.value() == changed == emitted.args[0]
    with qtbot.assertNotEmitted(table.valueChanged):
        table.setValue(changed)


def test_a_click_selects(qtbot, table):
    with qtbot.waitSignal(table.select_requested) as emitted:
        qtbot.mouseClick(view_of(table, 5), Qt.MouseButton.LeftButton, pos=QPoint(60, 10))
    assert emitted.args == [5]
    assert table.current() == 5


def test_the_eraser_is_paint_value_zero(qtbot, table):
    table.set_current(2)
    with qtbot.waitSignal(table.select_requested) as emitted:
        qtbot.mouseClick(view_of(table, ERASER), Qt.MouseButton.LeftButton)
    assert emitted.args == [0]


def test_setting_the_current_class_is_no_request(qtbot, table):
    with qtbot.assertNotEmitted(table.select_requested):
        table.set_current(2)
    assert table.current() == 2
    assert view_of(table, 2).property("role") == "current"
    assert view_of(table, 1).property("role") == "row"


def test_a_name_is_edited_in_place(qtbot, table):
    heard = []
    with qtbot.waitSignals([table.rename_requested, table.valueChanged]):
        table.rename_requested.connect(lambda *said: heard.append(said))
        edit = rename(qtbot, view_of(table, 2), "  Nucleus ")
    assert heard == [(2, "Nucleus")]
    assert table.value()[1].name == "Nucleus"
    assert edit.isHidden()
    assert not edit.hasFocus()  # so that the keys that switch classes work again


def test_an_empty_name_changes_nothing(qtbot, table):
    with qtbot.assertNotEmitted(table.rename_requested):
        rename(qtbot, view_of(table, 2), "   ")
    assert table.value() == ROWS


def test_pixel_counts_do_not_disturb_a_name_being_edited(qtbot, table):
    view = view_of(table, 2)
    qtbot.mouseDClick(view, Qt.MouseButton.LeftButton)
    edit = view.findChild(QLineEdit)
    edit.setText("Nuc")
    table.set_pixels({1: 1240, 2: 33})
    assert edit.isVisible()
    assert edit.text() == "Nuc"
    assert table.value()[1].pixels == 33


def test_the_swatch_recolours(qtbot, table, monkeypatch):
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor("#123456"))
    with qtbot.waitSignal(table.recolour_requested) as emitted:
        qtbot.mouseClick(view_of(table, 1).findChild(Swatch), Qt.MouseButton.LeftButton)
    assert emitted.args == [1, "#123456"]
    assert table.value()[0].colour == "#123456"


def test_a_cancelled_colour_changes_nothing(qtbot, table, monkeypatch):
    monkeypatch.setattr(QColorDialog, "getColor", lambda *_: QColor())
    with qtbot.assertNotEmitted(table.recolour_requested):
        qtbot.mouseClick(view_of(table, 1).findChild(Swatch), Qt.MouseButton.LeftButton)


def test_only_a_class_without_paint_can_be_removed(qtbot, table):
    with qtbot.assertNotEmitted(table.remove_requested):
        qtbot.keyClick(view_of(table, 1), Qt.Key.Key_Delete)
    with qtbot.waitSignal(table.remove_requested) as emitted:
        qtbot.keyClick(view_of(table, 5), Qt.Key.Key_Delete)
    assert emitted.args == [5]
    table.setValue(ROWS[:2])  # two classes are the least
    with qtbot.assertNotEmitted(table.remove_requested):
        qtbot.keyClick(view_of(table, 2), Qt.Key.Key_Delete)


def test_arrow_keys_walk_through_the_classes_to_the_eraser(qtbot, table):
    table.set_current(2)
    for expected in (5, ERASER, ERASER):
        with qtbot.waitSignal(table.select_requested) as emitted:
            qtbot.keyClick(view_of(table, table.current()), Qt.Key.Key_Down)
        assert emitted.args == [expected]


def test_the_tab_key_walks_down_the_rows_and_on(docked):
    host, before, table = QWidget(), QPushButton("before"), ClassTable()
    layout = QVBoxLayout(host)
    after = QPushButton("after")
    for widget in (before, table, after):
        layout.addWidget(widget)
    docked(host)
    table.setValue(ROWS)
    order, widget = [], before.nextInFocusChain()
    while widget is not after:
        if isinstance(widget, ClassRowView):
            order.append(widget.row().value)
        widget = widget.nextInFocusChain()
    assert order == [1, 2, 5, ERASER]


def test_adding_is_a_request(qtbot, table):
    button = table.findChild(object, "add_class_button")
    with qtbot.waitSignal(table.add_requested):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert table.value() == ROWS


@pytest.mark.parametrize(("mode", "other"), [("strokes", "mask"), ("mask", "strokes")])
def test_the_reading_can_be_overruled(qtbot, table, mode, other):
    table.set_reading(mode)
    line = table.findChild(LinkLine)
    assert line.isVisible()
    with qtbot.waitSignal(table.mode_requested) as emitted:
        line.linkActivated.emit("#")
    assert emitted.args == [other]
    table.set_reading(None)
    assert line.isHidden()


def test_many_classes_scroll_inside(table):
    table.setValue([ClassRow(v, f"Class {v}", "#808080") for v in range(1, 31)])
    assert len(table.value()) == 30
    assert table.sizeHint().height() < 250


def test_thin_spaces_group_digits():
    assert grouped(1234567) == "1\u2009234\u2009567"
