"""Prediction into a store: what predicting in memory gives, whenever it is killed in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from napari_unet.core.annotations import ClassMap
from napari_unet.core.axes import AxesSpec
from napari_unet.core.blocks import BlockGrid, Setup
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import ModelConfig, PredictConfig
from napari_unet.core.errors import ChannelMismatch, InvalidSetting
from napari_unet.core.events import Notice, StreamResult, TileDone
from napari_unet.core.normalize import Normalisation
from napari_unet.core.source import Box, ImageSource
from napari_unet.core.tiles import overlap
from napari_unet.learn import predictor, streaming
from napari_unet.learn.inference import predict
from napari_unet.learn.model import Model
from napari_unet.learn.recipe import recipe
from napari_unet.learn.streaming import stream, tidy_margin
from napari_unet.learn.unet import UNet

FLOAT32 = PredictConfig(precision="float32", tile_size=40)


class Killed(BaseException):
    """The process ends here."""


class Memory:
    """A store that keeps everything, and dies after some blocks if told to."""

    def __init__(self, source: ImageSource, side: int = 48) -> None:
        shape = source.spatial_shape
        sides = tuple(min(n, side) for n in shape)
        self._grid = BlockGrid(source.samples, shape, sides)
        self._shape = (source.samples, *shape)
        self.arrays: dict[str, np.ndarray] = {}
        self.blocks: dict[str, dict[int, Sequence[int]]] = {}
        self.setup: Setup | None = None
        self.finished = 0
        self.lives: int | None = None

    def grid(self, stage: str) -> BlockGrid:
        return self._grid

    def resume(self, recipe: Mapping[str, str]) -> Setup | None:
        return self.setup

    def begin(self, recipe: Mapping[str, str], setup: Setup) -> None:
        self.setup = setup

    def done(self, stage: str) -> Mapping[int, Sequence[int]]:
        return self.blocks.setdefault(stage, {})

    def write(self, stage: str, number: int, labels: np.ndarray, pixels: Sequence[int]) -> None:
        assert number not in self.done(stage)
        sample, box = self._grid.place(number)
        array = self.arrays.setdefault(stage, np.zeros(self._shape, labels.dtype))
        if self.lives == 0:
            array[(sample, *box)] = 77  # half a block
            raise Killed
        self.lives = None if self.lives is None else self.lives - 1
        array[(sample, *box)] = labels
        self.blocks[stage][number] = pixels

    def read(self, stage: str, sample: int, box: Box) -> np.ndarray:
        return self.arrays[stage][(sample, *box)]

    def finish(self) -> None:
        self.finished += 1

    @property
    def labels(self) -> np.ndarray:
        return self.arrays["0"]


@cache
def model(**settings: Any) -> Model:
    torch.manual_seed(0)
    config = ModelConfig(**{"base_width": 4, "depth": 1, "filter_bank": False, **settings})
    net = UNet(config)
    with torch.no_grad():
        for name, weight in net.named_parameters():
            weight *= 4 if name.startswith("head") else 1
    channels = config.input_channels
    return Model(
        net,
        ClassMap((1, 5, 7)[: config.classes]),
        Normalisation((0.0,) * channels, (200.0,) * channels),
    )


def image(*shape: int) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(1)
    blobs = gaussian_filter(rng.random(shape), [3 if n > 16 else 0 for n in shape])
    return (2000 * (blobs - blobs.min()) + 40 * rng.random(shape)).astype(np.uint16)


def source(array: Any, axes: str = "YX", **more: Any) -> ImageSource:
    return ImageSource(array, AxesSpec(axes, **more))


def drive(work: Any) -> tuple[list[Any], Any]:
    events = []
    while True:
        try:
            events.append(next(work))
        except StopIteration as end:
            return events, end.value


def in_memory(of: Model, where: ImageSource, config: PredictConfig) -> np.ndarray:
    labels = drive(predict(of, where, config))[1].labels
    assert len(np.unique(labels)) > 1
    return labels


CASES: list[tuple[str, tuple[int, ...], dict[str, Any], dict[str, Any]]] = [
    ("YX", (130, 171), {}, {}),
    ("YX", (30, 33), {}, {}),
    ("XTY", (90, 3, 75), {}, {"tile_size": 16}),
    ("CYX", (2, 90, 75), {"input_channels": 2, "classes": 3}, {"threshold": 0.4}),
    ("ZYX", (20, 50, 45), {"dimensions": 3}, {"tile_size": 24}),
]


@pytest.mark.parametrize(("axes", "shape", "network", "settings"), CASES)
def test_blocks_are_those_of_the_prediction_in_memory(
    axes: str, shape: tuple[int, ...], network: dict[str, Any], settings: dict[str, Any]
) -> None:
    spatial = {"spatial": "ZYX"} if "dimensions" in network else {}
    where, config = source(image(*shape), axes, **spatial), FLOAT32.changed(**settings)
    store = Memory(where, 32)
    events, result = drive(stream(model(**network), where, store, config))
    np.testing.assert_array_equal(store.labels, in_memory(model(**network), where, config))
    assert (result.blocks, result.computed) == (len(store.grid("0")), len(store.grid("0")))
    values = model(**network).classes.label_values
    assert result.pixels == tuple(int((store.labels == v).sum()) for v in values)
    assert store.finished == 1
    tiles = [e for e in events if isinstance(e, TileDone)]
    assert [e.done for e in tiles] == list(range(1, len(tiles) + 1))
    for event in tiles:
        np.testing.assert_array_equal(store.labels[(event.sample, *event.box)], event.labels)


@pytest.mark.parametrize("settings", [{"smallest_object": 30}, {"fill_holes": 25}, {
    "smallest_object": 12, "fill_holes": 9}])  # fmt: skip
def test_tidying_up_block_by_block_is_tidying_up_at_once(settings: dict[str, int]) -> None:
    where, config = source(image(2, 140, 150), "TYX"), FLOAT32.changed(**settings)
    plain = in_memory(model(), where, FLOAT32)
    tidied = in_memory(model(), where, config)
    assert (plain != tidied).any()
    store = Memory(where, 32)
    events, result = drive(stream(model(), where, store, config))
    np.testing.assert_array_equal(store.labels, tidied)
    assert result.computed == len(store.grid("0"))
    assert (events[-1].done, events[-1].of) == (2 * result.blocks, 2 * result.blocks)


def test_objects_too_large_to_see_from_a_block_are_refused() -> None:
    assert tidy_margin(PredictConfig(smallest_object=1)) == 0
    with pytest.raises(InvalidSetting, match="Choose smaller numbers"):
        next(stream(model(), source(image(40, 40)), Memory(source(image(40, 40))),
                    PredictConfig(smallest_object=5000)))  # fmt: skip


@pytest.mark.parametrize("settings", [{}, {"smallest_object": 20}])
def test_whenever_it_is_killed_it_goes_on_to_the_same_result(settings: dict[str, int]) -> None:
    where, config = source(image(2, 100, 120), "TYX"), FLOAT32.changed(**settings)
    undisturbed = in_memory(model(), where, config)
    store, computed = Memory(where, 40), 0
    for lives in (0, 1, 8, 4):
        store.lives = lives
        before = {stage: dict(done) for stage, done in store.blocks.items()}
        with pytest.raises(Killed):
            drive(stream(model(), where, store, config))
        computed += sum(len(store.blocks[s]) - len(before.get(s, ())) for s in store.blocks)
    assert computed == 13
    store.lives = None
    there = len(store.done("0"))
    events, result = drive(stream(model(), where, store, config))
    assert isinstance(events[0], Notice) is (there < result.blocks)
    assert result.computed == result.blocks - there
    np.testing.assert_array_equal(store.labels, undisturbed)
    assert result.pixels[0] == (undisturbed == 0).sum()


def test_only_tiles_that_reach_into_missing_blocks_are_computed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where = source(image(200, 240))
    asked: list[int] = []
    original = predictor.Predictor.answers

    def counted(self: Any, wanted: Any) -> Any:
        asked.append(len(wanted))
        return original(self, wanted)

    monkeypatch.setattr(predictor, "free_memory", lambda device: 10**5)
    monkeypatch.setattr(predictor.Predictor, "answers", counted)
    config = PredictConfig(precision="float32", tile_size=40)
    store = Memory(where, 40)
    drive(stream(model(), where, store, config))
    del store.blocks["0"][7]
    store.arrays["0"][0][store.grid("0").place(7)[1]] = 77
    _, result = drive(stream(model(), where, store, config))
    assert result.computed == 1
    block = store.grid("0").place(7)[1]
    grid = predictor.Predictor(model(), where, config).grid
    assert asked == [len(grid), sum(overlap(tile.reach, block) is not None for tile in grid)]
    assert asked[1] < len(grid) / 4
    np.testing.assert_array_equal(store.labels, in_memory(model(), where, config))


def test_it_goes_on_as_it_was_begun_though_memory_has_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where, config = source(image(300, 320)), PredictConfig(precision="float32")
    store = Memory(where)
    monkeypatch.setattr(predictor, "free_memory", lambda device: 4 * 10**6)
    undisturbed = in_memory(model(), where, config)
    store.lives = 5
    with pytest.raises(Killed):
        drive(stream(model(), where, store, config))
    begun, store.lives = store.setup, None
    monkeypatch.setattr(predictor, "free_memory", lambda device: 10**10)
    assert predictor.Predictor(model(), where, config).plan.sides != begun.sides
    drive(stream(model(), where, store, config))
    assert store.setup == begun
    np.testing.assert_array_equal(store.labels, undisturbed)


def test_a_complete_result_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    where = source(image(60, 60))
    store = Memory(where)
    _, first = drive(stream(model(), where, store, FLOAT32))
    monkeypatch.setattr(streaming, "predictor_for", None)
    events, again = drive(stream(model(), where, store, FLOAT32))
    assert events == []
    assert again == StreamResult(first.blocks, 0, first.pixels)


def test_stopping_keeps_what_is_written() -> None:
    where, cancel = source(image(150, 150)), CancelToken()
    store = Memory(where, 32)
    work = stream(model(), where, store, FLOAT32, cancel=cancel)
    next(work)
    cancel.cancel()
    _, result = drive(work)
    assert result.stopped
    assert 0 < result.computed < result.blocks
    assert not store.finished
    drive(stream(model(), where, store, FLOAT32))
    np.testing.assert_array_equal(store.labels, in_memory(model(), where, FLOAT32))
    cancel = CancelToken()
    cancel.cancel()
    assert drive(stream(model(), where, Memory(where), FLOAT32, cancel=cancel))[1].stopped


def test_a_recipe_knows_model_image_and_settings() -> None:
    where = source(image(60, 60))
    plain = recipe(model(), where, FLOAT32)
    trained = model().copy()
    with torch.no_grad():
        next(trained.net.parameters()).add_(1)
    trained.history.append({"step": 1})
    others = {
        "model": recipe(trained, where, FLOAT32),
        "image": recipe(model(), source(image(60, 60) + 1), FLOAT32),
        "settings": recipe(model(), where, FLOAT32.changed(threshold=0.4)),
    }
    for name, other in others.items():
        assert [k for k in plain if plain[k] != other[k]] == [name]
    longer = model().copy()
    longer.history.append({"step": 1})
    assert recipe(longer, where, FLOAT32.changed(device="cpu")) == plain


def test_a_model_that_does_not_fit_begins_nothing() -> None:
    where = source(image(2, 60, 60), "CYX")
    store = Memory(where)
    with pytest.raises(ChannelMismatch):
        drive(stream(model(), where, store, FLOAT32))
    assert store.setup is None


class Huge:
    """An image of 4 gigapixels that is made up where it is read, and lets no one read much."""

    shape, dtype = (2**16, 2**16), np.dtype(np.uint16)

    def __init__(self, most: int) -> None:
        self.left = most

    def __getitem__(self, index: tuple[slice, slice]) -> np.ndarray:
        rows, columns = (np.arange(s.start, s.stop) for s in index)
        self.left -= rows.size * columns.size
        assert self.left >= 0, "read too much"
        return ((rows[:, None] // 7 * 31 + columns // 5 * 17) % 251).astype(np.uint16)


def test_of_a_huge_image_little_is_read_for_intensities_and_statistics() -> None:
    most = 4_000_000
    huge = Huge(most)
    ready = predictor.Predictor(model(), source(huge), PredictConfig(precision="float32"))
    ready.probabilities(0, (slice(5000, 5100), slice(60000, 60100)))
    recipe(model(), source(huge), PredictConfig())
    assert huge.left < most  # a thousandth of the image, at most


def test_some_samples_only_and_the_others_later() -> None:
    movie = source(image(5, 70, 60), "TYX")
    config = FLOAT32.changed(smallest_object=6)
    whole = drive(stream(model(), movie, full := Memory(movie), config))[1]
    store = Memory(movie)
    events, first = drive(stream(model(), movie, store, config, samples=[3, 1]))
    tiles = [e for e in events if isinstance(e, TileDone)]
    assert {e.sample for e in tiles} == {1, 3}
    assert (tiles[-1].done, tiles[-1].of) == (len(tiles), len(tiles))
    assert first.blocks == first.computed == 2 * whole.blocks // 5
    assert np.array_equal(store.labels[[1, 3]], full.labels[[1, 3]])
    assert not store.labels[[0, 2, 4]].any()
    assert sum(first.pixels) == 2 * 70 * 60
    again = drive(stream(model(), movie, store, config, samples=[1]))[1]
    assert again.computed == 0
    assert again.blocks == whole.blocks // 5
    rest = drive(stream(model(), movie, store, config))[1]
    assert rest.computed == 3 * whole.blocks // 5
    assert rest.pixels == whole.pixels
    assert np.array_equal(store.labels, full.labels)


def test_some_samples_in_memory_are_those_of_the_whole_image() -> None:
    movie = source(image(4, 70, 60), "TYX")
    every = drive(predict(model(), movie, FLOAT32))[1].labels
    some = drive(predict(model(), movie, FLOAT32, samples=[2]))[1].labels
    assert np.array_equal(some[2], every[2])
    assert not some[[0, 1, 3]].any()
