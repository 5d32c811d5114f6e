"""Images and paint become one training set, or a sentence why not."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unet.core.annotations import ClassMap
from napari_unet.core.arrays import image_source
from napari_unet.core.assemble import PaintedImage, assemble, assemble_arrays
from napari_unet.core.errors import InvalidSetting, PaintError, ShapeMismatch

RNG = np.random.default_rng(0)


def image(side: int = 20) -> np.ndarray:
    return RNG.integers(0, 255, (side, side), dtype=np.uint8)


def paint(*values: int, side: int = 20) -> np.ndarray:
    layer = np.zeros((side, side), np.uint8)
    for row, value in enumerate(values):
        layer[3 * row + 1, 2:9] = value
    return layer


def test_classes_of_all_images_are_joined() -> None:
    done = assemble_arrays([image(), image(24)], [paint(1, 2), paint(1, 3, side=24)])
    assert done.training.classes.values == (1, 2, 3)
    assert done.training.painted_pixels == (14, 7, 7)
    assert [i.name for i in done.training.images] == ["image 1", "image 2"]
    assert len(done.readings) == 2


def test_an_image_nobody_painted_on_may_be_among_them() -> None:
    done = assemble_arrays([image(), image()], [paint(1, 2), paint()])
    assert done.training.painted_pixels == (7, 7)


def test_names_and_axes_per_image() -> None:
    stack = np.stack([image(), image()])
    layers = [np.stack([paint(1, 2), paint()]), paint(1, 2)]
    done = assemble_arrays(
        [stack, image()], layers, axes=["ZYX", "YX"], names={2: "Cell"}, spacing=None
    )
    assert done.training.classes.names == ("Background", "Cell")
    assert [i.source.samples for i in done.training.images] == [2, 1]


def test_given_classes_are_used() -> None:
    classes = ClassMap((1, 2, 3))
    done = assemble_arrays(image(), paint(1, 2, 4), classes=classes)
    assert done.training.classes is classes
    assert done.training.painted_pixels == (7, 7, 0)


def test_strokes_and_masks_cannot_be_mixed() -> None:
    first = PaintedImage(image_source(image()), paint(1, 2), "strokes")
    second = PaintedImage(image_source(image()), paint(1), "mask")
    with pytest.raises(PaintError, match="full masks"):
        assemble([first, second])


def test_a_mask_without_objects_is_all_background() -> None:
    reading = PaintedImage(image_source(image()), paint(), "mask").read()
    assert (reading.mode, reading.classes.background) == ("mask", 0)


def test_paint_must_fit_its_image() -> None:
    with pytest.raises(ShapeMismatch, match=r"\(24, 24\), but the image needs \(20, 20\)"):
        assemble_arrays(image(), paint(1, 2, side=24))
    with pytest.raises(ShapeMismatch, match="2 images, 1 paint"):
        assemble_arrays([image(), image()], [paint(1, 2)])
    with pytest.raises(ShapeMismatch, match="axes for 1"):
        assemble_arrays([image(), image()], [paint(1, 2)] * 2, axes=["YX"])


def test_a_way_to_read_paint_that_does_not_exist_is_not_taken_for_strokes() -> None:
    with pytest.raises(InvalidSetting, match="auto, strokes, mask"):
        assemble_arrays(image(), paint(1, 2), mode="masks")  # type: ignore[arg-type]
