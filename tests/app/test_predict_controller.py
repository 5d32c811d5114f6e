from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_unet.app.jobs import InlineRunner
from napari_unet.app.predict_controller import PredictController
from napari_unet.app.predict_job import ImageBegun, ImageDone, ImageFailed, finish_all
from napari_unet.app.predict_run import PredictWish
from napari_unet.app.state import CurrentModel, Phase, SessionState
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import OutOfMemory
from napari_unet.core.events import Notice, TileDone
from tests.app.fakes import CLASSES, FakeLayers, FakeModel, StepRunner, source

BOX = (slice(0, 8), slice(0, 8))
LABELS = np.zeros((1, 8, 8), np.uint8)


def tile(done: int, of: int) -> TileDone:
    return TileDone(done, of, 0, BOX, LABELS[0])


def probabilities(object_share: float = 0.7) -> np.ndarray:
    half = np.empty((1, 2, 8, 8), np.float16)
    half[:, 0], half[:, 1] = 1 - object_share, object_share
    return half


class Bench:
    def __init__(self, *names: str, events: Any = ()) -> None:
        self.state, self.layers, self.runner = SessionState(), FakeLayers(*names), StepRunner()
        self.state.set_model(CurrentModel(FakeModel(), "m"))
        self.events, self.given = list(events), []
        self.control = PredictController(
            self.state, self.layers, self.runner, InlineRunner(), self.job
        )

    def job(self, *given: Any):
        self.given.append(given)
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event

    def start(self, *images: str, **more: Any) -> None:
        self.control.start(PredictWish(images, PredictConfig(), **more))


def whole(number: int, kept: np.ndarray | None = None) -> list[Any]:
    return [ImageBegun(number), tile(1, 2), tile(2, 2), ImageDone(number, LABELS, kept)]


def test_every_image_gets_one_layer_and_one_progress_runs_over_all() -> None:
    bench = Bench("a", "b", events=[*whole(0), *whole(1)])
    progress: list[float] = []
    bench.state.progress_changed.connect(lambda p: progress.append(p.fraction))
    bench.start("a", "b")
    assert bench.state.phase is Phase.PREDICTING
    bench.runner.finish()
    assert bench.layers.called("open_mask") == [("a",), ("b",)]
    assert [call[0] for call in bench.layers.called("write")] == [
        ("mask", "a"), ("mask", "a"), ("mask", "b"), ("mask", "b"),
    ]  # fmt: skip
    shown = [one for one in progress if one is not None]
    assert shown == sorted(shown)
    assert shown[-1] == 1
    assert len(bench.layers.called("replace")) == 2
    assert bench.layers.called("remove") == []
    assert bench.state.phase is Phase.IDLE


def test_stop_keeps_finished_masks_and_takes_the_others_away() -> None:
    bench = Bench("a", "b", events=whole(0))
    bench.start("a", "b")
    bench.runner.step()
    bench.control.stop()
    assert bench.runner.cancel.cancelled
    assert bench.state.phase is Phase.STOPPING
    bench.runner.finish()
    assert bench.layers.called("remove") == [(("mask", "b"),)]
    assert bench.state.phase is Phase.IDLE


@pytest.mark.parametrize("err", [OutOfMemory("No memory. Close things."), RuntimeError("boom")])
def test_an_error_takes_unfinished_masks_away_and_says_why(err) -> None:
    bench = Bench("a", events=[ImageBegun(0), tile(1, 3), err])
    bench.start("a")
    bench.runner.finish()
    assert bench.state.phase is Phase.FAILED
    assert bench.layers.called("remove") == [(("mask", "a"),)]
    assert bench.state.message.severity == "error"


def test_a_mask_that_was_painted_on_is_not_written_and_the_finished_one_is_another_layer() -> None:
    bench = Bench("a", events=whole(0))
    bench.start("a")
    bench.runner.step()
    bench.runner.step()
    bench.layers.touched.add(("mask", "a"))
    bench.runner.finish()
    assert len(bench.layers.called("write")) == 1
    assert bench.layers.called("open_mask") == [("a",), ("a",)]
    assert bench.layers.called("remove") == []
    assert "a layer of its own" in bench.state.message.text


@pytest.mark.parametrize("err", [None, OutOfMemory("No memory. Close things.")])
def test_an_unfinished_mask_that_was_painted_on_stays(err) -> None:
    bench = Bench("a", events=[ImageBegun(0), tile(1, 3), *([err] if err else [])])
    bench.start("a")
    bench.runner.step()
    bench.layers.touched.add(("mask", "a"))
    bench.control.stop()
    bench.runner.finish()
    assert bench.layers.called("remove") == []


def test_a_mask_the_user_removed_does_not_come_back() -> None:
    bench = Bench("a", events=whole(0))
    bench.start("a")
    bench.layers.touched.add(("mask", "a"))
    bench.layers.gone.add(("mask", "a"))
    bench.runner.finish()
    assert bench.layers.called("open_mask") == [("a",)]
    assert bench.state.phase is Phase.IDLE


def test_one_image_that_fails_does_not_stop_the_others() -> None:
    bench = Bench("a", "b", events=[ImageBegun(0), ImageFailed(0, "a: 3 channels."), *whole(1)])
    bench.start("a", "b")
    bench.runner.finish()
    assert bench.layers.called("remove") == [(("mask", "a"),)]
    assert len(bench.layers.called("replace")) == 1
    assert bench.state.message.text == "1 of 2 done. a: 3 channels."


def test_without_a_model_or_with_a_missing_layer_nothing_starts() -> None:
    bench = Bench("a")
    bench.start("gone")
    assert bench.state.phase is Phase.FAILED
    bench.state.set_model(None)
    bench.start("a")
    assert "no model" in bench.state.message.text
    assert bench.layers.called("open_mask") == []


def test_a_threshold_is_applied_again_without_the_network() -> None:
    bench = Bench("a", events=whole(0, probabilities(0.4)))
    bench.start("a")
    bench.runner.finish()
    assert bench.control.refinable
    bench.control.refine(PredictConfig(threshold=0.3))
    bench.control.refine(PredictConfig(threshold=0.6))
    low, high = [labels for _, labels in bench.layers.called("replace")[1:]]
    assert (low == 2).all()
    assert (high == 0).all()
    assert len(bench.given) == 1


def test_a_mask_changed_by_hand_is_left_alone() -> None:
    bench = Bench("a", events=whole(0, probabilities()))
    bench.start("a")
    bench.runner.finish()
    bench.layers.touched.add(("mask", "a"))
    bench.control.refine(PredictConfig(threshold=0.9))
    assert len(bench.layers.called("replace")) == 1
    assert not bench.control.refinable


def test_probabilities_are_shown_only_on_request() -> None:
    bench = Bench("a", events=whole(0, probabilities()))
    bench.start("a")
    bench.runner.finish()
    assert bench.layers.called("show_probabilities") == []
    bench.start("a", probabilities=True)
    bench.runner.finish()
    assert bench.layers.called("show_probabilities") == [("a", np.float16)]


def test_probabilities_are_kept_only_while_they_are_small(monkeypatch) -> None:
    monkeypatch.setattr("napari_unet.app.predict_controller.KEPT_BYTES", 2 * 2 * 64)
    bench = Bench("a", "big", events=[*whole(0, probabilities()), *whole(1)])
    bench.layers.sources["big"] = source((9, 9), name="big")
    bench.start("a", "big")
    bench.runner.finish()
    assert bench.given[0][3] == [True, False]
    bench.events = whole(0, probabilities())
    bench.start("a")
    bench.runner.finish()
    assert len(bench.control._kept) == 1


def test_a_notice_is_said() -> None:
    bench = Bench("a", events=[ImageBegun(0), Notice("Tiles are halved.")])
    bench.start("a")
    bench.runner.step()
    bench.runner.step()
    assert bench.state.message.text == "Tiles are halved."


def test_finishing_decides_every_sample_on_its_own() -> None:
    both = np.concatenate([probabilities(0.2), probabilities(0.8)])
    (labels,) = finish_all([(both, CLASSES)], PredictConfig())
    assert labels.shape == (2, 8, 8)
    assert not labels[0].any()
    assert (labels[1] == 2).all()


def test_a_result_of_one_class_is_told_with_what_to_paint() -> None:
    bench = Bench("a", events=[ImageBegun(0), ImageDone(0, LABELS, None, only=0)])
    bench.start("a")
    bench.runner.finish()
    said = bench.state.message
    assert said.severity == "warning"
    assert f"to be {CLASSES.names[0]}" in said.text
    assert said.link == f"paint {CLASSES.names[1]}"
    assert said.code == f"paint:{CLASSES.values[1]}"
    assert bench.state.phase is Phase.IDLE


def test_one_result_of_two_with_something_in_it_is_no_warning() -> None:
    bench = Bench("a", "b", events=[*whole(0), ImageBegun(1), ImageDone(1, LABELS, None, only=0)])
    bench.start("a", "b")
    bench.runner.finish()
    assert bench.state.message.severity == "good"


def test_samples_that_are_wanted_reach_the_job_in_the_order_of_the_images() -> None:
    bench = Bench("a", "b", events=[*whole(0), *whole(1)])
    bench.start("a", "b", samples={"b": (3, 4)})
    bench.runner.finish()
    assert bench.given[0][5] == [None, (3, 4)]


def test_frames_that_were_not_predicted_stay_without_labels_when_refined() -> None:
    kept = np.zeros((2, 2, 8, 8), np.float16)
    kept[1, 0], kept[1, 1] = 0.3, 0.7
    no_background = type(CLASSES)((1, 2), None, ("Object", "Other"))
    for classes in (CLASSES, no_background):
        [labels] = finish_all([(kept, classes)], PredictConfig())
        assert not labels[0].any()
        assert (labels[1] == 2).all()
