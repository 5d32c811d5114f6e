from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_unet.app.folder_controller import FolderController, FolderWish
from napari_unet.app.state import CurrentModel, Phase, SessionState
from napari_unet.batch.events import BatchResult, FileBegun, FileFailed, Written
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import OutputExists
from napari_unet.core.events import TileDone
from tests.app.fakes import FakeModel, StepRunner

OUT = Path("masks")
WISH = FolderWish(OUT, PredictConfig(), Path("images"))
BROKEN = FileFailed(Path("b.tif"), "It cannot be read. Choose another.")


def tile(done: int, of: int) -> TileDone:
    return TileDone(done, of, 0, (), np.zeros((1, 1)))


def written(name: str) -> Written:
    return Written(Path(name), OUT / name, {})


class Bench:
    def __init__(self, *events: Any, result: BatchResult | None = None) -> None:
        self.state, self.runner = SessionState(), StepRunner()
        self.state.set_model(CurrentModel(FakeModel(), "m"))
        self.events = events
        self.result = result or BatchResult(OUT / "summary.csv", [written("a.tif")])
        self.failures: list[tuple[FileFailed, ...]] = []
        self.control = FolderController(self.state, self.runner, self.job)
        self.control.failures_changed.connect(self.failures.append)

    def job(self, *given: Any):
        self.given = given
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event
        return self.result


def test_progress_runs_over_all_files_and_names_the_one_at_hand() -> None:
    bench = Bench(
        FileBegun(1, 2, Path("a.tif")), tile(1, 2), tile(2, 2), FileBegun(2, 2, Path("b.tif")),
        tile(1, 1),
    )  # fmt: skip
    shown: list[Any] = []
    bench.state.progress_changed.connect(shown.append)
    bench.control.start(WISH)
    assert bench.control.running
    assert bench.state.phase is Phase.PREDICTING
    bench.runner.finish()
    told = [one for one in shown if one is not None and one.fraction is not None]
    assert [one.fraction for one in told] == [0, 0.25, 0.5, 0.5, 1]
    assert told[-1].words == "2 of 2: b.tif"
    assert not bench.control.running
    assert bench.state.phase is Phase.IDLE
    assert bench.state.message.severity == "good"


def test_failures_are_listed_and_forgotten_at_the_next_start() -> None:
    result = BatchResult(OUT / "summary.csv", [written("a.tif")], [], [BROKEN])
    bench = Bench(FileBegun(1, 1, BROKEN.image), BROKEN, result=result)
    bench.control.start(WISH)
    bench.runner.finish()
    assert bench.failures == [(), (BROKEN,)]
    assert bench.state.message.severity == "warning"
    assert "1 failed" in bench.state.message.text
    assert bench.state.phase is Phase.IDLE
    bench.control.start(WISH)
    assert bench.failures[-1] == ()


def test_stop_raises_the_token_and_says_how_to_go_on() -> None:
    stopped = BatchResult(OUT / "summary.csv", [written("a.tif")], stopped=True)
    bench = Bench(FileBegun(1, 3, Path("a.tif")), result=stopped)
    bench.control.start(WISH)
    bench.runner.step()
    bench.control.stop()
    assert bench.runner.cancel.cancelled
    assert bench.state.phase is Phase.STOPPING
    bench.runner.finish()
    assert "go on" in bench.state.message.text
    assert bench.state.phase is Phase.IDLE


def test_an_error_frees_the_session() -> None:
    bench = Bench(OutputExists("a stands there. Choose another folder."))
    bench.control.start(WISH)
    bench.runner.finish()
    assert bench.state.phase is Phase.FAILED
    assert not bench.control.running
    assert bench.state.message.text.startswith("a stands there.")


def test_nothing_starts_without_a_model_or_beside_another_job() -> None:
    bench = Bench()
    bench.state.set_model(None)
    bench.control.start(WISH)
    assert bench.state.phase is Phase.FAILED
    bench.state.set_model(CurrentModel(FakeModel(), "m"))
    bench.state.move(Phase.PREDICTING)
    bench.control.start(WISH)
    assert not bench.control.running
    assert bench.runner.words == []
