"""The line that offers the model of a training that was cut short."""

from __future__ import annotations

from pathlib import Path

import pytest
from qtpy.QtCore import Qt

from napari_unet.app.jobs import InlineRunner
from napari_unet.app.models import ModelEntry, ModelLibrary
from napari_unet.app.session import Session
from napari_unet.app.training_keeper import UNFINISHED
from napari_unet.core.events import ModelImproved
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.training_offer import TrainingOffer
from tests.app.fakes import FakeLayers, FakeModel
from tests.gui.test_panel import fake_training, image, painted, press, window  # noqa: F401

CARD = {"classes": {"names": ["Background", "Nucleus"]}}


@pytest.fixture
def session(tmp_path: Path, monkeypatch) -> Session:
    """A session after one that was closed while it learned."""
    monkeypatch.setattr(ModelLibrary, "entry", lambda _, path: ModelEntry(path.stem, path, CARD))
    monkeypatch.setattr(ModelLibrary, "load", lambda _, path: FakeModel(text=path.read_text()))
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "unfinished" / "0-1.5.safetensors").write_text("weights")
    return Session(FakeLayers("a"), InlineRunner, ModelLibrary(tmp_path))


@pytest.mark.parametrize("accept", [True, False])
def test_it_is_offered_once_and_stays_in_the_library(qtbot, docked, session, accept) -> None:
    line = TrainingOffer(session, Lifecycle())
    docked(line)
    assert "Nucleus" in line.sentence()
    assert line.isVisible()
    button = line.accept_button if accept else line.decline_button
    assert button.toolTip()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not line.isVisible()
    assert session.models.library.path_for(UNFINISHED).read_text() == "weights"
    assert (session.state.model is not None) == accept
    if accept:
        assert session.state.model.model.text == "weights"


def test_closing_the_panel_while_it_learns_keeps_the_best_model(window, qtbot) -> None:  # noqa: F811
    viewer, panel = window(image())
    painted(viewer, panel, qtbot)
    stopped = fake_training(panel, ModelImproved(FakeModel(text="best")), wait_for_stop=True)
    press(qtbot, panel.train.box.button)
    qtbot.waitUntil(lambda: panel.session.state.model is not None, timeout=30_000)
    folder = panel.session.models.library.folder / "unfinished"
    before = set(folder.glob("0-*"))  # of other tests, which share the home
    viewer.window.remove_dock_widget(panel.parent())
    qtbot.waitUntil(stopped.is_set)
    texts = [file.read_text() for file in set(folder.glob("0-*")) - before]
    assert texts == ["best"]
