"""What a training has reached is on disk while it goes on, and offered if it was cut short."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_unet.app import training_keeper
from napari_unet.app.jobs import InlineRunner
from napari_unet.app.models import BEFORE_LAST, LAST, ModelEntry, ModelLibrary
from napari_unet.app.state import CurrentModel, Phase, Progress, SessionState
from napari_unet.app.training_keeper import PAUSE_SECONDS, UNFINISHED, TrainingKeeper
from tests.app.fakes import FakeModel

CARD = {"classes": {"names": ["Background", "Nucleus"]}}


class Training:
    """A keeper, its clock, and a session that trains."""

    def __init__(self, folder: Path) -> None:
        self.now = 100.0
        self.library = ModelLibrary(folder)
        self.state = SessionState()
        self.keeper = TrainingKeeper(self.state, self.library, InlineRunner(), lambda: self.now)

    def start(self) -> None:
        self.state.move(Phase.PREPARING)
        self.state.move(Phase.TRAINING)

    def improve(self, text: str) -> None:
        self.state.set_model(CurrentModel(FakeModel(text=text), "m"))

    def unfinished(self) -> list[str]:
        return [path.read_text() for path in sorted((self.library.folder / "unfinished").glob("*"))]

    def named(self, name: str) -> str:
        return self.library.path_for(name).read_text()


@pytest.fixture
def training(tmp_path: Path, monkeypatch) -> Training:
    monkeypatch.setattr(ModelLibrary, "entry", lambda _, path: ModelEntry(path.stem, path, CARD))
    return Training(tmp_path)


def test_better_models_are_written_now_and_then_and_the_last_one_too(training) -> None:
    training.start()
    training.improve("one")
    assert training.unfinished() == ["one"]
    training.improve("two")
    training.state.set_progress(Progress(0.1))
    assert training.unfinished() == ["one"]
    training.now += PAUSE_SECONDS
    training.state.set_progress(Progress(0.2))
    assert training.unfinished() == ["two"]
    training.improve("three")
    training.state.move(Phase.PAUSED)
    assert training.unfinished() == ["three"]


def test_a_training_that_ends_leaves_one_model_and_no_offer(training) -> None:
    training.start()
    training.improve("one")
    training.improve("two")
    training.state.move(Phase.IDLE)
    assert training.named(LAST) == "two"
    assert training.unfinished() == []
    training.keeper.look()
    assert training.keeper.offer is None
    training.state.move(Phase.PREPARING)
    training.state.move(Phase.FAILED)
    assert training.named(LAST) == "two"
    assert not training.library.path_for(BEFORE_LAST).exists()
    training.start()
    assert training.unfinished() == []
    training.improve("three")
    training.state.move(Phase.IDLE)
    assert training.named(BEFORE_LAST) == "two"


def test_a_killed_training_is_offered_by_the_next_session(training, monkeypatch) -> None:
    training.start()
    training.improve("one")
    later = Training(training.library.folder)
    later.keeper.look()
    assert later.keeper.offer is None  # it goes on, in another window
    monkeypatch.setattr(training_keeper, "is_running", lambda _: False)
    later.keeper.look()
    assert "Nucleus" in later.keeper.offer.sentence
    path = later.keeper.take()
    assert path == later.library.path_for(UNFINISHED)
    assert path.read_text() == "one"
    assert later.keeper.offer is None
    later.keeper.look()
    assert later.keeper.offer is None
    assert later.keeper.take() is None


def test_closing_while_it_learns_writes_the_best_and_offers_it(training) -> None:
    training.start()
    training.improve("one")
    training.improve("two")
    training.keeper.close()
    assert training.unfinished() == ["two"]
    later = Training(training.library.folder)
    later.keeper.look()
    assert later.keeper.take().read_text() == "two"


def test_two_panels_in_one_program_keep_a_training_each(training) -> None:
    training.start()
    training.improve("mine")
    other = Training(training.library.folder)
    other.start()
    other.improve("its")
    assert sorted(training.unfinished()) == ["its", "mine"]
    other.keeper.look()
    assert other.keeper.offer is None  # both go on
    other.state.move(Phase.IDLE)
    assert training.unfinished() == ["mine"]


def test_closing_at_rest_writes_nothing(training) -> None:
    training.improve("loaded")
    training.keeper.close()
    assert not (training.library.folder / "unfinished").exists()


def test_an_offer_goes_when_something_is_trained(training, monkeypatch) -> None:
    training.start()
    training.improve("one")
    monkeypatch.setattr(training_keeper, "is_running", lambda _: False)
    later = Training(training.library.folder)
    later.keeper.look()
    shown: list[object] = []
    later.keeper.offer_changed.connect(shown.append)
    later.start()
    assert shown == [None]
    assert later.keeper.offer is None
    assert training.unfinished() == ["one"]
