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


def test_why_a_view_from_afar_fills_here_and_there_is_said_once(tmp_path) -> None:
    session = make(tmp_path)
    said: list[str] = []
    session.state.message_changed.connect(lambda message: said.append(message.text))
    far, near = (slice(0, 8192), slice(0, 8192)), (slice(0, 900), slice(0, 900))
    session.look("a", 0, far)
    session.look("a", 0, near)
    session.state.move(Phase.PREPARING)
    session.state.move(Phase.TRAINING)
    assert said == []  # nothing was answered from afar yet
    session.look("a", 0, far)
    session.look("a", 0, near)
    session.look("a", 0, far)
    assert [text for text in said if text.startswith("Zoomed out")] == said
    assert len(said) == 1
