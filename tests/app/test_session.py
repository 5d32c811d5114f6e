from __future__ import annotations

from napari_unet.app.jobs import InlineRunner
from napari_unet.app.models import LAST, ModelLibrary
from napari_unet.app.session import Session
from napari_unet.app.state import CurrentModel, Phase
from tests.app.fakes import FakeLayers, FakeModel


def make(tmp_path) -> Session:
    return Session(FakeLayers("a"), InlineRunner, ModelLibrary(tmp_path))


def test_what_a_training_gave_is_on_disk_however_it_ended(tmp_path) -> None:
    for end in (Phase.IDLE, Phase.FAILED):
        session = make(tmp_path / end.value)
        session.state.move(Phase.PREPARING)
        session.state.set_model(CurrentModel(FakeModel(), "m"))
        session.state.move(end)
        assert session.models.library.path_for(LAST).exists()


def test_a_prediction_writes_no_model(tmp_path) -> None:
    session = make(tmp_path)
    session.state.set_model(CurrentModel(FakeModel(), "m"))
    session.state.move(Phase.PREDICTING)
    session.state.move(Phase.IDLE)
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_gave_nothing_new_keeps_no_file(tmp_path) -> None:
    session = make(tmp_path)
    session.state.set_model(CurrentModel(FakeModel(), "m", tmp_path / "saved"))
    session.state.move(Phase.PREPARING)
    session.state.move(Phase.FAILED)
    assert list(tmp_path.iterdir()) == []
