from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QLineEdit, QListWidget

from napari_unet.batch.events import FileFailed
from napari_unet.gui.folder_form import FolderChoice, FolderForm


@pytest.fixture
def form(docked):
    form = FolderForm()
    docked(form)
    return form


@pytest.mark.parametrize(
    "choice",
    [
        FolderChoice(),
        FolderChoice(Path("/in"), (), "*.tif", Path("/out"), "ome-zarr"),
        FolderChoice(None, (Path("/in/a.tif"), Path("/in/b.tif")), "", Path("/out"), "ome-tiff"),
    ],
)
def test_value_round_trips(form, choice):
    form.setValue(choice)
    assert form.value() == choice


def test_one_file_is_a_file_and_not_a_folder(form, tmp_path):
    one = tmp_path / "a.tif"
    one.write_text("")
    form.images.set_paths((one,))
    assert form.value().files == (one,)
    assert form.value().folder is None


def test_masks_go_beside_the_images_unless_said_otherwise(form, tmp_path):
    form.images.set_paths((tmp_path / "one",))
    assert form.value().output == tmp_path / "one_masks"
    form.images.set_paths((tmp_path / "two",))
    assert form.value().output == tmp_path / "two_masks"
    form.output.set_paths((tmp_path / "mine",))
    form.images.set_paths((tmp_path / "three",))
    assert form.value().output == tmp_path / "mine"


def test_a_folder_is_chosen_in_the_dialog_or_typed(form, monkeypatch, qtbot):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/chosen")
    actions = {a.text(): a for a in form.images._button.menu().actions()}
    actions["Folder\u2026"].trigger()
    assert form.value().folder == Path("/chosen")
    line = form.images.findChild(QLineEdit)
    line.clear()
    qtbot.keyClicks(line, "/typed")
    assert form.value().folder == Path("/typed")


def test_typing_replaces_files_that_were_chosen(form, monkeypatch, qtbot):
    monkeypatch.setattr(
        QFileDialog, "getOpenFileNames", lambda *_: (["/in/a.tif", "/in/b.tif"], "")
    )
    actions = {a.text(): a for a in form.images._button.menu().actions()}
    actions["Files\u2026"].trigger()
    assert len(form.value().files) == 2
    line = form.images.findChild(QLineEdit)
    assert line.text().startswith("2 files")
    line.clear()
    qtbot.keyClicks(line, "/typed")
    assert form.value().files == ()


def test_the_button_starts_and_stops(form, qtbot):
    assert not form.button.isEnabled()
    form.set_state("ready")
    with qtbot.waitSignal(form.start_requested):
        qtbot.mouseClick(form.button, Qt.MouseButton.LeftButton)
    form.set_state("running")
    with qtbot.waitSignal(form.stop_requested):
        qtbot.mouseClick(form.button, Qt.MouseButton.LeftButton)
    form.set_state("stopping")
    assert not form.button.isEnabled()


def test_failures_are_listed_with_their_reason(form):
    listed = form.findChild(QListWidget)
    assert listed.isHidden()
    form.set_failures([FileFailed(Path("/in/bad.tif"), "It is broken. Choose another.")])
    assert form.failures() == ["bad.tif: It is broken. Choose another."]
    assert not listed.isHidden()
    form.set_failures([])
    assert listed.isHidden()


def test_everything_fits_the_width_of_the_dock(docked):
    form = FolderForm()
    host = docked(form, width=320)
    form.set_state("running")
    form.set_progress(1, 3, "2 of 3: an_image_with_a_very_long_name_indeed_0001.tif")
    assert host.width() == 320
    assert form.minimumSizeHint().width() <= 320
