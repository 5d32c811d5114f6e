"""A training set: images that fit together, or a sentence that says why not."""

from __future__ import annotations

import numpy as np
import pytest

from napari_unet.core.annotations import (
    UNPAINTED,
    AnnotatedImage,
    Annotation,
    ClassMap,
    PaintBox,
)
from napari_unet.core.axes import AxesSpec
from napari_unet.core.dataset import build_training_set
from napari_unet.core.errors import (
    AxesError,
    ChannelMismatch,
    FlatImage,
    NothingPainted,
    OneClassOnly,
    ShapeMismatch,
)
from napari_unet.core.normalize import fit_normalisation
from napari_unet.core.source import ImageSource

CLASSES = ClassMap((1, 2))


def annotated(
    numbers: tuple[int, ...] = (0, 1), axes: AxesSpec | None = None, shape: tuple[int, ...] = (8, 9)
) -> AnnotatedImage:
    axes = axes or AxesSpec("YX")
    image = np.random.default_rng(len(shape)).normal(size=shape)
    source = ImageSource(image, axes, f"image of {axes.axes}")
    boxes = tuple(
        PaintBox(0, (i,) * len(axes.spatial), np.full((1,) * len(axes.spatial), n, np.uint8))
        for i, n in enumerate(numbers)
    )
    return AnnotatedImage(source, Annotation(boxes, source.spatial_shape), source.name)


def test_images_and_their_normalisations_go_together() -> None:
    images = [annotated((0,)), annotated((1, 1), shape=(20, 30))]

    training = build_training_set(images, CLASSES)

    assert training.images == tuple(images)
    assert training.normalisations == tuple(fit_normalisation(i.source) for i in images)
    assert training.painted_pixels == (1, 2)
    assert (training.channels, training.dimensions) == (1, 2)


def test_newer_paint_keeps_the_normalisation() -> None:
    training = build_training_set([annotated()], CLASSES)
    newer = annotated((0, 1, 1)).annotation

    updated = training.with_paint([newer])

    assert updated.painted_pixels == (1, 2)
    assert updated.normalisations is training.normalisations
    assert training.painted_pixels == (1, 1)


def test_newer_paint_is_checked_too() -> None:
    training = build_training_set([annotated()], CLASSES)

    with pytest.raises(OneClassOnly):
        training.with_paint([annotated((0,)).annotation])


@pytest.mark.parametrize(
    ("images", "error"),
    [
        ([], NothingPainted),
        ([annotated(())], NothingPainted),
        ([annotated((UNPAINTED,))], NothingPainted),
        ([annotated((1, 1))], OneClassOnly),
        ([annotated((0,)), annotated((0,))], OneClassOnly),
        ([annotated(), annotated(axes=AxesSpec("CYX"), shape=(3, 8, 9))], ChannelMismatch),
        ([annotated(), annotated(axes=AxesSpec("ZYX", (), "ZYX"), shape=(4, 8, 9))], AxesError),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    images: list[AnnotatedImage], error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"\.$"):
        build_training_set(images, CLASSES)


def test_paint_of_another_image_is_refused() -> None:
    image, other = annotated(), annotated(shape=(20, 30))

    with pytest.raises(ShapeMismatch, match="20 x 30"):
        build_training_set([AnnotatedImage(image.source, other.annotation)], CLASSES)


def test_paint_on_a_sample_the_image_lacks_is_refused() -> None:
    image = annotated()
    boxes = (*image.annotation.boxes, PaintBox(1, (0, 0), np.zeros((1, 1), np.uint8)))

    with pytest.raises(ShapeMismatch):
        build_training_set([AnnotatedImage(image.source, Annotation(boxes, (8, 9)))], CLASSES)


def test_a_flat_image_is_refused() -> None:
    image = annotated()
    flat = ImageSource(np.zeros((8, 9)), AxesSpec("YX"), "flat one")

    with pytest.raises(FlatImage, match="flat one"):
        build_training_set([AnnotatedImage(flat, image.annotation)], CLASSES)
