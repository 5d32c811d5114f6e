"""The panel's keys in napari's own shortcut preferences: listed, chosen, kept, never in the way."""

from __future__ import annotations

import warnings

import pytest
from napari._qt.widgets.qt_keyboard_settings import ShortcutEditor
from napari.components import ViewerModel
from napari.settings import get_settings
from napari.utils.action_manager import action_manager
from napari.utils.interactions import Shortcut
from qtpy.QtWidgets import QApplication

from napari_unet.app.kept_keys import default_folder, keep_keys, kept_keys
from napari_unet.gui.key_list import KeyList
from napari_unet.gui.key_preferences import action_of
from napari_unet.gui.shortcuts import BACK_KEY, FLIP_KEY, NEXT_KEY, ClassKeys, ViewerKeys
from tests.gui.test_panel import image, window  # noqa: F401

NEXT = action_of(NEXT_KEY)


@pytest.fixture(autouse=True)
def _first_day():
    """Nobody has chosen a key."""
    yield
    (default_folder() / "keys.json").unlink(missing_ok=True)


@pytest.fixture
def editor(qtbot):
    """napari's table of shortcuts; what is changed in it goes into the settings, as in napari."""
    editors = []

    def make() -> ShortcutEditor:
        made = ShortcutEditor()
        qtbot.addWidget(made)
        editors.append(made)  # qtbot keeps weak references only
        made.valueChanged.connect(
            lambda _: setattr(get_settings().shortcuts, "shortcuts", made.value())
        )
        return made

    return make


def choose(editor: ShortcutEditor, name: str, key: str) -> None:
    """Write a key into napari's table."""
    table = editor._table
    (row,) = [
        row for row in range(table.rowCount()) if table.item(row, editor._action_col).text() == name
    ]
    table.item(row, editor._shortcut_col).setText(Shortcut(key).platform if key else "")


def pressed(viewer: ViewerModel, key: str) -> None:
    viewer.keymap[next(k for k in viewer.keymap if str(k) == key)](viewer)


def test_every_key_stands_in_the_preferences_and_one_chosen_there_counts(editor, qtbot):
    viewer, done = ViewerModel(), []
    keys = ViewerKeys(viewer, {NEXT_KEY: lambda: done.append("next")}, lambda: done.append("keys"))
    classes = ClassKeys(viewer, done.append)
    table = editor()
    listed = table.key_bindings_strs[table.VIEWER_KEYBINDINGS]
    assert {NEXT, action_of("Q"), action_of("O")} <= set(listed)
    assert listed[NEXT].description.startswith("U-Net Paint: ")
    choose(table, NEXT, "Alt-N")
    assert keys.now(NEXT_KEY) == "Alt+N"
    assert done[-1] == "keys"
    pressed(viewer, "Alt+N")
    assert done[-1] == "next"
    assert not any(str(key) == "N" for key in viewer.keymap)
    choose(table, action_of("W"), "")
    assert [classes.key_of(n) for n in range(3)] == ["Q", "", "R"]
    keys.unbind()
    classes.unbind()
    assert not viewer.keymap


def test_what_was_chosen_is_known_to_the_next_panel_and_not_left_to_napari(editor):
    first = ViewerKeys(ViewerModel(), {NEXT_KEY: print})
    choose(editor(), NEXT, "Alt+7")
    first.unbind()
    assert kept_keys()[NEXT] == ["Alt+7"]
    settings = get_settings().shortcuts
    assert not any(name.startswith("napari-unet-paint") for name in settings.shortcuts)
    with warnings.catch_warnings():  # what napari does when it starts
        warnings.simplefilter("error")
        for name in settings.shortcuts:
            action_manager.unbind_shortcut(name)
            for key in settings.shortcuts[name]:
                action_manager.bind_shortcut(name, key)
    again = ViewerKeys(ViewerModel(), {NEXT_KEY: print})
    assert again.now(NEXT_KEY) == "Alt+7"
    again.unbind()


def test_two_panels_have_the_same_keys_and_each_does_its_own(editor):
    one, two, done = ViewerModel(), ViewerModel(), []
    keys = [
        ViewerKeys(viewer, {BACK_KEY: lambda n=n: done.append(n)})
        for n, viewer in enumerate((one, two))
    ]
    choose(editor(), action_of(BACK_KEY), "Ctrl-B")
    for viewer in (one, two):
        pressed(viewer, "Ctrl+B")
    assert done == [0, 1]
    keys[0].unbind()
    assert not one.keymap
    pressed(two, "Ctrl+B")
    assert done == [0, 1, 1]
    keys[1].unbind()


def test_a_file_nobody_can_read_is_no_file(tmp_path):
    assert kept_keys(tmp_path) == {}
    for text in ("{", "[1]", '{"a": 3}'):
        (tmp_path / "keys.json").write_text(text)
        assert kept_keys(tmp_path) == {}
    keep_keys({"a": ["X"]}, tmp_path / "new")
    keep_keys({"b": []}, tmp_path / "new")
    assert kept_keys(tmp_path / "new") == {"a": ["X"], "b": []}
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["keys.json"]


def test_a_key_that_makes_no_sense_is_left_out():
    keep_keys({NEXT: ["Hyper-X", "Alt+8"]})
    keys = ViewerKeys(ViewerModel(), {NEXT_KEY: print})
    assert keys.now(NEXT_KEY) == "Alt+8"
    keys.unbind()


def test_the_panel_shows_the_keys_there_are_now(window, editor, qtbot):  # noqa: F811
    _, panel = window(image())
    panel.paint.new_paint()
    panel._advanced_section.toggled.emit(True)
    table = editor()
    choose(table, NEXT, "Alt+9")
    choose(table, action_of(FLIP_KEY), "Ctrl+J")
    choose(table, action_of("W"), "Alt+W")
    assert "Key: Alt+9" in panel.next.next_button.toolTip()
    rows = panel.paint.editor.table.value()
    assert [row.key for row in rows][:2] == ["Q", "Alt+W"]
    QApplication.processEvents()
    text = panel.findChild(KeyList).text()
    for key in ("Alt+9", "Ctrl+J", "Q Alt+W R"):
        assert f"<b>{key}" in text
