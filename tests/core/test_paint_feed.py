"""Newer paint, part by part, comes to the same as reading all of it anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.core.annotations import ClassMap
from napari_unet.core.assemble import PaintedImage, assemble
from napari_unet.core.axes import AxesSpec
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.errors import PaintError
from napari_unet.core.paint_desk import PaintDesk, PaintPiece
from napari_unet.core.paint_feed import PaintFeed
from napari_unet.core.source import ImageSource

LAYOUTS = {
    "YX": (300, 280),
    "TYX": (3, 40, 270),
    "YXC": (270, 40, 3),
    "CZYX": (2, 3, 260, 30),
    "XTY": (50, 2, 60),
    "TZYX": (2, 70, 40, 66),
}
SPATIAL = {"TZYX": "ZYX"}


def started(axes: str, seed: int, mode: str = "strokes") -> tuple[np.ndarray, PaintedImage]:
    """A layer with strokes of two classes, and its image."""
    random = np.random.default_rng(seed)
    shape = LAYOUTS[axes]
    spec = AxesSpec(axes, spatial=SPATIAL.get(axes, "YX"))
    layer = np.zeros(spec.label_shape(shape), np.uint8)
    for number in range(8):
        dab(layer, random, 1 + number % 2)
    source = ImageSource(random.integers(0, 255, shape).astype(np.uint8), spec)
    return layer, PaintedImage(source, layer.copy(), mode)


def dab(layer: np.ndarray, random: np.random.Generator, value: int) -> tuple[slice, ...]:
    start = [int(random.integers(0, n)) for n in layer.shape]
    where = tuple(
        slice(a, min(n, a + int(random.integers(1, 9))))
        for a, n in zip(start, layer.shape, strict=True)
    )
    layer[where] = value
    return where


def everything(training: TrainingSet) -> list[np.ndarray]:
    image = training.images[0]
    box = tuple(slice(0, n) for n in image.source.spatial_shape)
    return [image.annotation.read(sample, box) for sample in range(image.source.samples)]


@pytest.mark.parametrize("axes", LAYOUTS)
@pytest.mark.parametrize("mode", ["strokes", "mask"])
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_it_is_what_reading_everything_gives(axes, mode, seed):
    layer, painted = started(axes, seed, mode)
    desk = PaintDesk()
    feed = PaintFeed([painted], desk)
    random = np.random.default_rng(seed)
    for value in random.permutation([0, 0, 1, 2, 3, 7]):
        where = dab(layer, random, int(value))
        desk.post([PaintPiece(0, where, layer[where].copy())])
    now = feed.news()
    fresh = assemble([PaintedImage(painted.source, layer, mode)]).training
    values = now.classes.values
    assert set(fresh.classes.values) <= set(values)
    number = np.arange(256, dtype=np.uint8)
    number[: len(fresh.classes)] = [values.index(value) for value in fresh.classes.values]
    for ours, theirs in zip(everything(now), everything(fresh), strict=True):
        assert np.array_equal(ours, number[theirs])
    assert feed.news() is None


def test_parts_that_did_not_change_are_the_same_objects():
    layer, painted = started("TYX", 1)
    desk = PaintDesk()
    feed = PaintFeed([painted], desk)
    before = feed.training
    layer[1, 5, 5] = 2
    where = (slice(1, 2), slice(0, 10), slice(0, 10))
    desk.post([PaintPiece(0, where, layer[where].copy())])
    now = feed.news()
    old = {id(box) for box in before.images[0].annotation.boxes}
    new = [box for box in now.images[0].annotation.boxes if id(box) not in old]
    assert [box.sample for box in new] == [1]
    assert now.normalisations is before.normalisations
    assert now.images[0].source is before.images[0].source


def test_the_newest_copy_of_a_part_replaces_older_ones():
    desk = PaintDesk()
    where = (slice(0, 4), slice(0, 4))
    for value in range(5):
        desk.post([PaintPiece(0, where, np.full((4, 4), value))], {value: str(value)})
    desk.post([PaintPiece(1, where, np.full((4, 4), 9))])
    update = desk.take()
    assert [int(piece.values[0, 0]) for piece in update.pieces] == [4, 9]
    assert update.names[4] == "4"
    assert desk.take() is None


def test_the_first_background_of_a_layer_is_known_as_background():
    random = np.random.default_rng(0)
    layer = np.zeros((60, 60), np.uint8)
    layer[:3, :9], layer[10:13, :9] = 2, 3
    source = ImageSource(random.integers(0, 255, (60, 60)), AxesSpec("YX"))
    desk = PaintDesk()
    feed = PaintFeed([PaintedImage(source, layer.copy(), "strokes")], desk)
    assert feed.training.classes.background is None
    layer[30:33] = 1
    desk.post([PaintPiece(0, (slice(0, 60), slice(0, 60)), layer.copy())])
    assert feed.news().classes == ClassMap((1, 2, 3), 1, ("Background", "Class 2", "Class 3"))


def test_more_values_than_classes_are_refused():
    layer, painted = started("YX", 0)
    painted = PaintedImage(painted.source, layer.astype(np.int32), "strokes")
    desk = PaintDesk()
    feed = PaintFeed([painted], desk)
    many = np.arange(1, 301, dtype=np.int32)[None]
    desk.post([PaintPiece(0, (slice(0, 1), slice(0, 280)), many[:, :280])])
    with pytest.raises(PaintError, match="Undo"):
        feed.news()


def _parts(*, answered: bool, earlier=()) -> tuple[PaintFeed, PaintDesk, np.ndarray]:
    layer, painted = started("YX", 1)
    desk = PaintDesk()
    return PaintFeed([painted], desk, earlier=earlier, answered=answered), desk, layer


def _paint_more(desk: PaintDesk, layer: np.ndarray) -> None:
    where = (slice(5, 9), slice(5, 9))
    layer[where] = 2
    desk.post([PaintPiece(0, where, layer[where].copy())])


def test_paint_that_comes_while_answers_are_seen_corrects_them():
    feed, desk, layer = _parts(answered=True)
    first = feed.training.images[0]
    assert first.earlier is None
    _paint_more(desk, layer)
    now = feed.news().images[0]
    assert now.earlier is first.annotation
    assert now.annotation is not first.annotation
    where = (slice(5, 9), slice(5, 9))
    layer[where] = 0
    desk.post([PaintPiece(0, where, layer[where].copy())])
    assert feed.news().images[0].earlier is None  # undone: nothing corrects any more


def test_without_answers_all_paint_is_alike():
    feed, desk, layer = _parts(answered=False)
    _paint_more(desk, layer)
    assert feed.news().images[0].earlier is None


def test_paint_from_before_an_earlier_answer_stays_known():
    earlier = _parts(answered=False)[0].training.first_paint
    layer, painted = started("YX", 1)
    layer[5:9, 5:9] = 2
    painted.paint[5:9, 5:9] = 2
    feed = PaintFeed([painted], PaintDesk(), earlier=earlier, answered=True)
    assert feed.training.images[0].earlier is earlier[0]
