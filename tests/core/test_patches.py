"""Patches: drawn where paint is, read as padding would give, scored without leaks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_unet.core.annotations import (
    UNPAINTED,
    AnnotatedImage,
    Annotation,
    ClassMap,
    PaintBox,
)
from napari_unet.core.axes import AxesSpec
from napari_unet.core.boxes import mirrored
from napari_unet.core.dataset import TrainingSet, build_training_set
from napari_unet.core.patch_sampler import PatchSampler
from napari_unet.core.patches import HeldOut, PatchReader, PatchSpec, read_patch
from napari_unet.core.source import ImageSource
from napari_unet.core.strokes import Stroke, hold_out, strokes_of


def painted(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Class numbers of short random strokes of two classes."""
    rng = np.random.default_rng(seed)
    classes = np.full(shape, UNPAINTED, np.uint8)
    for number in range(10):
        start = [int(rng.integers(0, n)) for n in shape]
        classes[tuple(slice(a, a + int(rng.integers(1, 5))) for a in start)] = number % 2
    return classes


def training(*shapes: tuple[int, ...], channels: int = 2) -> TrainingSet:
    images = []
    for i, shape in enumerate(shapes):
        spec = AxesSpec("CZYX"[:1] + "ZYX"[-len(shape) :], (), "ZYX"[-len(shape) :])  # type: ignore[arg-type]
        pixels = np.random.default_rng(i).integers(0, 5000, (channels, *shape)).astype(np.uint16)
        classes = painted(shape, i)
        half = shape[0] // 2
        boxes = (
            PaintBox(0, (0,) * len(shape), classes[:half]),
            PaintBox(0, (half,) + (0,) * (len(shape) - 1), classes[half:]),
        )
        images.append(AnnotatedImage(ImageSource(pixels, spec), Annotation(boxes, shape)))
    return build_training_set(images, ClassMap((1, 2)))


def strokes(data: TrainingSet) -> list[Stroke]:
    return [s for i, a in enumerate(data.images) for s in strokes_of(i, a.annotation, 2)]


PLANE = training((31, 40))
VOLUME = training((6, 17, 20))


@given(st.integers(-40, 40), st.integers(1, 60), st.integers(1, 12))
def test_mirroring_is_that_of_numpy(start: int, size: int, length: int) -> None:
    around = 200
    padded = np.pad(np.arange(length), around, mode="reflect")

    expected = padded[start + around : start + around + size]

    assert np.array_equal(mirrored(start, size, length), expected)


def padded(data: TrainingSet, around: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Normalised pixels and class numbers of the first image and of what surrounds it."""
    source = data.images[0].source
    image = data.normalisations[0].apply(source.read(0))
    box = tuple(slice(-a, n + a) for a, n in zip(around, source.spatial_shape, strict=True))
    pixels = np.pad(image, ((0, 0), *[(a, a) for a in around]), mode="reflect")
    return pixels, data.images[0].annotation.read(0, box)


AROUND = {2: (80, 90), 3: (20, 40, 50)}
PADDED = {2: padded(PLANE, AROUND[2]), 3: padded(VOLUME, AROUND[3])}


@pytest.mark.parametrize("data", [PLANE, VOLUME], ids=["2D", "3D"])
@pytest.mark.parametrize("cache_bytes", [0, 2**20])
@given(draw=st.data())
@settings(max_examples=50)
def test_a_patch_is_cut_from_the_padded_normalised_image(
    data: TrainingSet, cache_bytes: int, draw: st.DataObject
) -> None:
    shape = data.images[0].source.spatial_shape
    around = AROUND[len(shape)]
    start = tuple(draw.draw(st.integers(-a, n)) for a, n in zip(around, shape, strict=True))
    size = tuple(draw.draw(st.integers(1, a)) for a in around)
    pixels, target = PADDED[len(shape)]
    there = tuple(slice(p + a, p + a + n) for p, a, n in zip(start, around, size, strict=True))

    reader = PatchReader(data, cache_bytes)
    for _ in range(2):
        image, classes = reader.read(PatchSpec(0, 0, start, size))
        assert np.array_equal(image, pixels[(slice(None), *there)])
        assert np.array_equal(classes, target[there])
        assert (image.dtype, classes.dtype) == (np.float32, np.uint8)


def test_reading_many_does_not_change_the_first() -> None:
    reader = PatchReader(PLANE)
    spec = PatchSpec(0, 0, (2, 3), (8, 8))
    pixels, classes = reader.read(spec)
    pixels[:] = 9
    classes[:] = 9

    again = reader.read(spec)

    assert (again[0] != 9).any()
    assert (again[1] != 9).all()


@pytest.mark.parametrize("data", [PLANE, VOLUME], ids=["2D", "3D"])
@given(st.integers(0, 50), st.data())
def test_kept_and_held_out_paint_partition_the_painted_pixels(
    data: TrainingSet, seed: int, draw: st.DataObject
) -> None:
    _, held = hold_out(strokes(data), 0.4, seed)
    assert held
    shape = data.images[0].source.spatial_shape
    spec = PatchSpec(
        0, 0,
        tuple(draw.draw(st.integers(-5, n)) for n in shape),
        tuple(draw.draw(st.integers(1, n + 9)) for n in shape),
    )  # fmt: skip
    hidden = HeldOut(held)

    _, everything = read_patch(data, spec)
    _, kept = read_patch(data, spec, hidden)
    only = hidden.only(0, 0, spec.box)

    assert not ((kept != UNPAINTED) & (only != UNPAINTED)).any()
    assert np.array_equal(np.where(kept != UNPAINTED, kept, only), everything)


def test_a_held_out_stroke_is_never_partly_learned() -> None:
    kept, held = hold_out(strokes(PLANE), 0.4, 1)
    whole = PatchSpec(0, 0, (0, 0), (31, 40))
    _, target = read_patch(PLANE, whole, HeldOut(held))

    for stroke in held:
        assert (target[stroke.box][stroke.mask] == UNPAINTED).all()
    for stroke in kept:
        assert (target[stroke.box][stroke.mask] == stroke.class_number).all()


def test_held_out_paint_of_other_images_and_samples_is_left_alone() -> None:
    stroke = Stroke(1, 2, 0, (0, 0), np.ones((3, 3), bool), 9)
    hidden = HeldOut([stroke])
    target = np.zeros((3, 3), np.uint8)

    assert (hidden.erase(target, PatchSpec(0, 2, (0, 0), (3, 3))) == 0).all()
    assert (hidden.erase(target, PatchSpec(1, 0, (0, 0), (3, 3))) == 0).all()
    assert (hidden.only(1, 2, (slice(0, 3), slice(0, 3))) == 0).all()


def lines(*made: tuple[int, int, int, int]) -> list[Stroke]:
    """Strokes of (image, class, column, pixels), one pixel high, in row 50."""
    return [Stroke(i, 0, c, (50, x), np.ones((1, n), bool), n) for i, c, x, n in made]


def covers(spec: PatchSpec, stroke: Stroke) -> bool:
    row, column = stroke.start
    inside = spec.start[0] <= row < spec.start[0] + spec.size[0]
    left, right = spec.start[1], spec.start[1] + spec.size[1]
    return inside and left < column + stroke.pixels and right > column


def test_every_class_is_drawn_equally_often_however_rare() -> None:
    common, rare = lines((0, 0, 0, 40), (0, 1, 500, 1))

    specs = PatchSampler([common, rare], 2, (16, 16), seed=0).draw(600)

    share = np.mean([covers(spec, rare) for spec in specs])
    assert 0.43 < share < 0.57
    assert all(covers(spec, rare) or covers(spec, common) for spec in specs)


def test_longer_strokes_are_drawn_more_often_but_not_in_proportion() -> None:
    short, long = lines((0, 0, 0, 1), (0, 0, 500, 9))

    specs = PatchSampler([short, long], 1, (4, 4), seed=0).draw(800)

    assert 0.2 < np.mean([covers(spec, short) for spec in specs]) < 0.3


def test_the_painted_pixel_may_be_anywhere_in_the_patch() -> None:
    sampler = PatchSampler(lines((0, 0, 20, 1)), 1, (8, 6), seed=0)

    starts = {spec.start for spec in sampler.draw(1500)}

    assert starts == {(50 - i, 20 - j) for i in range(8) for j in range(6)}


def test_with_shapes_patches_hardly_leave_the_image() -> None:
    stroke = Stroke(0, 0, 0, (0, 99), np.ones((1, 1), bool), 1)
    sampler = PatchSampler([stroke], 1, (16, 16), seed=0, shapes=[(100, 100)])

    starts = np.array([spec.start for spec in sampler.draw(300)])

    assert starts.min(axis=0).tolist() == [-2, 84]
    assert starts.max(axis=0).tolist() == [0, 86]


def test_a_patch_larger_than_the_image_holds_all_of_it() -> None:
    stroke = Stroke(0, 0, 0, (5, 5), np.ones((1, 1), bool), 1)
    sampler = PatchSampler([stroke], 1, (64, 64), seed=0, shapes=[(10, 10)])

    for spec in sampler.draw(100):
        assert all(-62 <= a <= 8 for a in spec.start)


def test_patches_can_be_asked_from_one_image() -> None:
    sampler = PatchSampler(lines((0, 0, 0, 4), (2, 0, 0, 1), (2, 1, 9, 1)), 2, (4, 4), seed=0)

    assert {spec.image for spec in sampler.draw(50, image=2)} == {2}
    assert sampler.draw(3, image=1) == []
    assert sampler.images == pytest.approx({0: 1 / 3, 2: 2 / 3})


def test_without_paint_nothing_is_drawn() -> None:
    sampler = PatchSampler([], 2, (4, 4), seed=0)

    assert sampler.draw(3) == []
    assert sampler.images == {}


def test_a_seed_decides_all() -> None:
    made = strokes(VOLUME)

    def drawn(seed: int) -> list[PatchSpec]:
        return PatchSampler(made, 2, (4, 8, 8), seed).draw(20)

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert all(spec.size == (4, 8, 8) for spec in drawn(1))
