"""Strokes or mask: decided rightly where it is plain, and never a mask in doubt."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage as ndi

from napari_unet.core.annotations import UNPAINTED, ClassMap
from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import AxesError, PaintError, ShapeMismatch
from napari_unet.core.paint_reading import PaintReading, annotate, joint_reading, read_paint

YX = AxesSpec("YX")


def discs(seed: int, side: int = 256, count: int = 14) -> np.ndarray:
    """A mask of discs, one value each, that do not touch."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((side, side), np.uint16)
    y, x = np.ogrid[:side, :side]
    value = 0
    while value < count:
        cy, cx, r = rng.integers(0, side), rng.integers(0, side), rng.integers(7, 15)
        if not mask[(y - cy) ** 2 + (x - cx) ** 2 <= (r + 4) ** 2].any():
            value += 1
            mask[(y - cy) ** 2 + (x - cx) ** 2 <= r**2] = value
    return mask


def picture(mask: np.ndarray, seed: int) -> np.ndarray:
    """Blurred, noisy, unevenly lit things where the mask is; brighter for higher values."""
    rng = np.random.default_rng(seed)
    clean = ndi.gaussian_filter((mask > 0) * 60.0 + (mask == 2) * 40.0, 1.5)
    light = np.linspace(0, 20, mask.shape[1])
    return (clean + light + rng.normal(0, 12, mask.shape) + 50).astype(np.float32)


def scribble(mask: np.ndarray, seed: int, strokes: int, radius: int, length: int) -> np.ndarray:
    """Wobbly strokes of one class each that end where the class does; value is class + 1."""
    rng = np.random.default_rng(seed)
    paint = np.zeros(mask.shape, np.uint8)
    for number in np.unique(mask):
        for _ in range(strokes):
            line = np.zeros(mask.shape, bool)
            place = np.argwhere(mask == number)[rng.integers((mask == number).sum())].astype(float)
            angle = rng.uniform(0, 2 * np.pi)
            for _ in range(length):
                y, x = np.round(place).astype(int)
                inside = 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1]
                if not inside or mask[y, x] != number:
                    break
                line[y, x] = True
                angle += rng.normal(0, 0.2)
                place += np.sin(angle), np.cos(angle)
            brush = np.hypot(*np.ogrid[-radius : radius + 1, -radius : radius + 1]) <= radius
            paint[ndi.binary_dilation(line, brush)] = number + 1
    return paint


SEEDS = st.integers(0, 10_000)


@given(SEEDS, st.integers(1, 8), st.integers(0, 6), st.integers(10, 60))
@settings(max_examples=25)
def test_strokes_are_never_a_mask(seed: int, strokes: int, radius: int, length: int) -> None:
    truth = discs(seed)
    paint = scribble(truth > 0, seed, strokes, radius, length)
    image = picture(truth, seed)

    assert read_paint(paint, image, YX).mode == "strokes"
    assert read_paint(paint, None, YX).mode == "strokes"
    assert read_paint(np.where(paint == 1, 1, 0), image, YX).mode == "strokes"
    assert read_paint(np.where(paint == 2, 2, 0), image, YX).mode == "strokes"


@given(SEEDS)
@settings(max_examples=10)
def test_masks_are_masks(seed: int) -> None:
    objects = discs(seed)
    image = picture(objects, seed)
    two_kinds = np.where(objects == 0, 0, 1 + objects % 2)

    read = {
        "objects": read_paint(objects, image, YX),
        "binary": read_paint((objects > 0).astype(np.uint8), image, YX),
        "0 and 255": read_paint((objects > 0) * np.uint8(255), image, YX),
        "truth values": read_paint(objects > 0, image, YX),
        "two kinds": read_paint(two_kinds, picture(two_kinds, seed), YX),
        "1 and 2": read_paint(1 + (objects > 0), image, YX),
    }

    assert {name for name, reading in read.items() if reading.mode != "mask"} == set()
    assert [name for name, reading in read.items() if reading.instances] == ["objects"]


def test_whole_objects_and_strokes_of_background_are_strokes() -> None:
    truth = discs(1)
    paint = np.where(scribble(truth > 0, 1, 4, 3, 50) == 1, 1, 0)
    paint[(truth > 0) & (truth < 7)] = 2

    assert read_paint(paint, picture(truth, 1), YX).mode == "strokes"


def test_some_whole_objects_alone_are_not_taken_for_all_of_them() -> None:
    truth = discs(1)

    assert read_paint(((truth > 0) & (truth < 7)) * 2, picture(truth, 1), YX).mode == "strokes"


def test_dabs_of_a_big_brush_are_strokes() -> None:
    truth = discs(2)
    paint = np.zeros((256, 256), np.uint8)
    y, x = np.ogrid[:256, :256]
    for i, (cy, cx) in enumerate([(40, 50), (200, 60), (120, 200), (30, 180)]):
        paint[(y - cy) ** 2 + (x - cx) ** 2 <= 100] = 1 + i % 2

    assert read_paint(paint, picture(truth, 2), YX).mode == "strokes"


def test_one_dab_of_each_of_many_classes_is_strokes() -> None:
    truth = discs(8)
    paint = np.zeros((256, 256), np.uint8)
    for value, (row, column) in enumerate(np.ndindex(2, 3), start=1):
        paint[60 + 80 * row : 72 + 80 * row, 40 + 70 * column : 60 + 70 * column] = value

    assert read_paint(paint, picture(truth, 8), YX).mode == "strokes"
    assert read_paint(paint, None, YX).mode == "strokes"


def test_few_objects_with_an_image_are_objects() -> None:
    objects = discs(9, count=6)

    assert read_paint(objects, picture(objects > 0, 9), YX).instances


@pytest.mark.parametrize(
    ("mode", "values", "background"), [("strokes", (1, 2), 1), ("mask", (0, 1, 2), 0)]
)
def test_the_decision_can_be_overruled(mode: Any, values: tuple[int, ...], background: int) -> None:
    paint = np.zeros((30, 30), np.uint8)
    paint[3:6, 2:20], paint[20, 4:9] = 1, 2

    reading = read_paint(paint, None, YX, mode=mode)

    assert reading.mode == mode
    assert (reading.classes.values, reading.classes.background) == (values, background)
    assert reading.sentence.startswith("Read as")


def test_objects_in_a_forced_mask_are_one_class() -> None:
    reading = read_paint(discs(3), None, YX, mode="mask")

    assert reading.instances
    assert reading.classes == ClassMap((0, 1), 0, ("Background", "Object"))
    assert "one object per value" in reading.sentence


def test_two_objects_of_odd_values_are_objects() -> None:
    paint = np.where(discs(3, count=9) > 7, discs(3, count=9) + 20, 0)

    assert read_paint(paint, None, YX).instances


def test_where_every_pixel_is_painted_1_is_background() -> None:
    paint = 1 + (discs(4) > 0)

    reading = read_paint(paint, None, YX)

    assert reading.mode == "mask"
    assert (reading.classes.values, reading.classes.background) == ((1, 2), 1)


def test_nothing_painted_is_said() -> None:
    reading = read_paint(np.zeros((9, 9), np.uint8), None, YX)

    assert len(reading.classes) == 0
    assert "Nothing" in reading.sentence


def test_names_go_with_their_values_but_background_stays_background() -> None:
    paint = np.zeros((30, 30), np.uint8)
    paint[3:6, 2:20], paint[20, 4:9] = 1, 2
    names = {1: "Background", 2: "Nucleus", 5: "Unused"}

    strokes = read_paint(paint, None, YX, "strokes", names)
    mask = read_paint(paint, None, YX, "mask", names)

    assert strokes.classes.names == ("Background", "Nucleus")
    assert mask.classes.names == ("Background", "Class 1", "Nucleus")


def test_more_values_than_classes_can_only_be_objects() -> None:
    paint = np.arange(900).reshape(30, 30)

    assert read_paint(paint, None, YX).instances
    with pytest.raises(PaintError, match="full mask"):
        read_paint(paint, None, YX, mode="strokes")


@pytest.mark.parametrize(
    ("paint", "image"),
    [
        ((20, 30), (20, 30)),
        ((20, 30), (20, 30, 3)),
        ((20, 30), (3, 20, 30)),
        ((4, 9, 9), (4, 9, 9)),
    ],
)
def test_axes_are_guessed_from_the_shapes(paint: tuple[int, ...], image: tuple[int, ...]) -> None:
    painted = np.zeros(paint, np.uint8)
    painted[..., 2:4, 2:6] = 1

    assert read_paint(painted, np.zeros(image)).mode == "strokes"


def test_paint_of_another_shape_is_refused() -> None:
    with pytest.raises((AxesError, ShapeMismatch)):
        read_paint(np.ones((9, 9), np.uint8), np.zeros((9, 8)), YX)
    reading = read_paint(np.ones((9, 9), np.uint8), None, YX)
    with pytest.raises(ShapeMismatch, match="9 x 8"):
        annotate(np.ones((9, 9), np.uint8), YX, (9, 8), reading)


def test_one_painted_slice_of_a_stack_is_enough() -> None:
    truth = discs(5)
    image = np.stack([picture(truth, s) for s in range(6)])
    mask, strokes = np.zeros(image.shape, np.uint8), np.zeros(image.shape, np.uint8)
    mask[2] = truth > 0
    strokes[3] = scribble(truth > 0, 5, 4, 2, 40)
    axes = AxesSpec("ZYX", spatial="ZYX")

    read = read_paint(mask, image, axes)

    assert read.mode == "mask"
    assert "where a slice is painted" in read.sentence
    assert read_paint(strokes, image, axes).mode == "strokes"


def reading_of(values: tuple[int, ...], **more: Any) -> PaintReading:
    background = 0 if 0 in values else 1
    mode = "mask" if 0 in values else "strokes"
    return PaintReading(mode, ClassMap(values, background), "Read as such.", **more)


def test_readings_of_several_images_join() -> None:
    joint = joint_reading([reading_of((2, 5)), reading_of(()), reading_of((1, 2))])

    assert joint.mode == "strokes"
    assert joint.classes == ClassMap((1, 2, 5))


def test_masks_of_objects_make_all_masks_such() -> None:
    objects = reading_of((0, 1), instances=True)

    assert joint_reading([reading_of((0, 1, 2)), objects]).instances


def test_strokes_and_masks_do_not_mix() -> None:
    with pytest.raises(PaintError, match=r"Read all of it"):
        joint_reading([reading_of((1, 2)), reading_of((0, 1))])


stacks = st.sampled_from(
    [AxesSpec("YX"), AxesSpec("TYX"), AxesSpec("XCY"), AxesSpec("ZYX", (), "ZYX")]
)


@given(stacks, st.data())
@settings(max_examples=60)
def test_an_annotation_of_strokes_reads_like_the_paint(spec: AxesSpec, draw: st.DataObject) -> None:
    shape = tuple(draw.draw(st.sampled_from([1, 7, 70])) for _ in range(spec.ndim))
    if "C" in spec.axes:
        shape = tuple(2 if a == "C" else n for a, n in zip(spec.axes, shape, strict=True))
    labels = spec.label_shape(shape)
    paint = np.zeros(labels, np.int32)
    for value in draw.draw(st.lists(st.integers(1, 3), min_size=1, max_size=6)):
        at = tuple(draw.draw(st.integers(0, n - 1)) for n in labels)
        paint[tuple(slice(a, a + 5) for a in at)] = value
    reading = read_paint(paint, None, spec, mode="strokes")

    annotation = annotate(paint, spec, shape, reading)

    canonical = spec.without_channels().to_canonical(paint)[:, 0]
    expected = reading.classes.to_classes(canonical)
    for sample, dense in enumerate(expected):
        box = tuple(slice(0, n) for n in dense.shape)
        assert np.array_equal(annotation.read(sample, box), dense)
    assert sum(annotation.painted_pixels(len(reading.classes))) == (paint > 0).sum()


@given(hnp.arrays(np.uint8, (2, 9, 300), elements=st.sampled_from([0] * 30 + [1, 2])))
@settings(max_examples=30)
def test_an_annotation_of_a_mask_covers_painted_slices_and_no_others(paint: np.ndarray) -> None:
    spec = AxesSpec("TYX")
    reading = read_paint(paint, None, spec, mode="mask")
    if 0 not in reading.classes.values:
        return

    annotation = annotate(paint, spec, paint.shape, reading)

    for sample, plane in enumerate(paint):
        read = annotation.read(sample, (slice(0, 9), slice(0, 300)))
        wanted = (
            reading.classes.to_classes(plane) if plane.any() else np.full_like(plane, UNPAINTED)
        )
        assert np.array_equal(read, wanted)


def test_in_a_volume_unpainted_slices_of_a_mask_stay_unpainted() -> None:
    paint = np.zeros((5, 80, 80), np.uint8)
    paint[2, 10:30, 10:30] = 1
    spec = AxesSpec("ZYX", (), "ZYX")
    reading = read_paint(paint, None, spec, mode="mask")

    read = annotate(paint, spec, paint.shape, reading).read(
        0, tuple(slice(0, n) for n in paint.shape)
    )

    assert np.array_equal(read[2], paint[2])
    assert (read[[0, 1, 3, 4]] == UNPAINTED).all()


def test_objects_are_annotated_as_one_class() -> None:
    mask = discs(6)
    reading = read_paint(mask, None, YX)

    read = annotate(mask, YX, mask.shape, reading).read(0, (slice(0, 256), slice(0, 256)))

    assert np.array_equal(read, mask > 0)


def test_the_annotation_is_sparse_and_a_copy() -> None:
    paint = np.zeros((3000, 3000), np.uint8)
    paint[100:104, 100:160], paint[2500:2504, 2700:2760] = 1, 2
    reading = read_paint(paint, None, YX)

    annotation = annotate(paint, YX, paint.shape, reading)
    paint[:] = 0

    assert sum(prod(b.classes.shape) for b in annotation.boxes) < 1000
    assert annotation.painted_pixels(2) == (240, 240)
    with pytest.raises(ValueError, match="read-only"):
        annotation.boxes[0].classes[0, 0] = 1


def test_paint_kept_as_floating_point_numbers_is_read() -> None:
    paint = np.zeros((20, 20))
    paint[2, 2:9], paint[5, 2:9], paint[9, 9] = 1, 2, np.nan
    reading = read_paint(paint, None, YX)

    assert reading.classes.values == (1, 2)
    assert annotate(paint, YX, paint.shape, reading).painted_pixels(2) == (7, 7)


class Lazy:
    """An array that is only sliced, as zarr and dask are."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, index: Any) -> np.ndarray:
        return self._array[index]

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.array(self._array, dtype=dtype)


def test_lazy_arrays_are_read() -> None:
    truth = discs(7)

    reading = read_paint(Lazy(truth), Lazy(picture(truth, 7)), YX)

    assert reading.instances
    assert annotate(Lazy(truth), YX, truth.shape, reading).painted_pixels(2)[1] == (truth > 0).sum()
