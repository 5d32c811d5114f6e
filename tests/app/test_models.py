from __future__ import annotations

import pytest

from napari_unet.app import models
from napari_unet.app.jobs import InlineRunner
from napari_unet.app.model_controller import ModelController
from napari_unet.app.models import BEFORE_LAST, LAST, ModelLibrary
from napari_unet.app.state import CurrentModel, Phase, SessionState
from napari_unet.core.errors import DamagedModel, UNetError
from tests.app.fakes import FakeModel


@pytest.fixture
def library(tmp_path) -> ModelLibrary:
    return ModelLibrary(tmp_path / "models")


def control(library: ModelLibrary) -> ModelController:
    return ModelController(SessionState(), library, InlineRunner(), InlineRunner())


def test_an_empty_library_makes_no_folder(library) -> None:
    assert library.entries() == []
    assert not library.folder.exists()


def test_damaged_files_are_listed_with_their_problem(library) -> None:
    library.folder.mkdir()
    library.path_for("broken").write_bytes(b"\x10\x00")
    library.path_for("foreign").write_text("hello, I am no model")
    entries = {entry.name: entry for entry in library.entries()}
    assert set(entries) == {"broken", "foreign"}
    assert all(entry.problem.endswith(".") for entry in entries.values())


def test_saving_never_replaces_a_file_by_itself(library) -> None:
    path = library.save(FakeModel(), library.path_for("m"))
    with pytest.raises(UNetError):
        library.save(FakeModel(text="other"), path)
    assert path.read_text() == "model"
    assert library.free_path("m") == library.path_for("m 2")
    library.save(FakeModel(text="other"), path, overwrite=True)
    assert path.read_text() == "other"


def test_the_suffix_is_added_once(library) -> None:
    path = library.save(FakeModel(), library.folder / "v1.2")
    assert path.name == "v1.2.safetensors"
    assert library.save(FakeModel(), path, overwrite=True) == path


@pytest.mark.parametrize("name", ["a/b", "..", 'x:"y"', "", " . "])
def test_any_name_becomes_a_file_inside_the_folder(library, name) -> None:
    path = library.path_for(name)
    assert path.parent == library.folder
    assert path.name != models.SUFFIX


def test_the_last_two_trainings_are_kept(library) -> None:
    for text in ("one", "two", "three"):
        library.keep_last(FakeModel(text=text))
    assert library.path_for(LAST).read_text() == "three"
    assert library.path_for(BEFORE_LAST).read_text() == "two"


def test_saving_the_current_model_gives_it_a_name_and_a_file(library) -> None:
    models_control = control(library)
    state = models_control._state
    state.set_model(CurrentModel(FakeModel(), "coins model", score=0.9))
    listed = []
    models_control.entries_changed.connect(listed.append)
    models_control.save(library.path_for("mine"))
    assert state.model.saved
    assert state.model.name == "mine"
    assert state.model.score == 0.9
    assert [entry.name for entry in listed[-1]] == ["mine"]


def test_a_file_in_the_way_is_reported_and_the_model_stays_unsaved(library) -> None:
    models_control = control(library)
    state = models_control._state
    state.set_model(CurrentModel(FakeModel(), "m"))
    path = library.path_for("m")
    library.folder.mkdir()
    path.write_text("precious")
    models_control.save(path)
    assert path.read_text() == "precious"
    assert not state.model.saved
    assert state.message.severity == "error"


def test_loading_makes_it_the_current_model(library, monkeypatch) -> None:
    loaded = FakeModel(history=[{"score": 0.5}, {"score": 0.7}, {"score": None}])
    monkeypatch.setattr(library, "load", lambda path: loaded)
    models_control = control(library)
    models_control.load(library.path_for("m"))
    current = models_control._state.model
    assert current.model is loaded
    assert current.saved
    assert current.score == 0.7


def test_a_model_that_cannot_be_loaded_leaves_the_current_one(library, monkeypatch) -> None:
    def damaged(path):
        raise DamagedModel("The file is damaged. Choose another.")

    monkeypatch.setattr(library, "load", damaged)
    models_control = control(library)
    state = models_control._state
    before = CurrentModel(FakeModel(), "before")
    state.set_model(before)
    models_control.load(library.path_for("m"))
    assert state.model is before
    assert state.message.text == "The file is damaged. Choose another."


def test_nothing_is_loaded_while_something_runs(library, monkeypatch) -> None:
    monkeypatch.setattr(library, "load", lambda path: FakeModel())
    models_control = control(library)
    models_control._state.move(Phase.PREPARING)
    models_control.load(library.path_for("m"))
    assert models_control._state.model is None
    assert "first" in models_control._state.message.text
