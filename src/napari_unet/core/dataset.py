"""What a network learns from: annotated images that were checked to fit together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_unet.core.annotations import AnnotatedImage, Annotation, ClassMap
from napari_unet.core.channels import in_order_of
from napari_unet.core.errors import (
    AxesError,
    ChannelMismatch,
    NothingPainted,
    OneClassOnly,
    ShapeMismatch,
)
from napari_unet.core.normalize import Normalisation, fit_normalisation
from napari_unet.core.source import ImageSource

_STILL_THERE = 0.5
"""So much of earlier paint must be left, or somebody began anew."""


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """Annotated images with the same channels and spatial axes, ready to learn from.

    Parameters
    ----------
    images : tuple of AnnotatedImage
        At least one.
    classes : ClassMap
        What the class numbers in every annotation mean.
    normalisations : tuple of Normalisation
        One per image.
    """

    images: tuple[AnnotatedImage, ...]
    classes: ClassMap
    normalisations: tuple[Normalisation, ...]

    @property
    def channels(self) -> int:
        """How many channels every image has."""
        return self.images[0].source.channels

    @property
    def dimensions(self) -> int:
        """2 or 3: the number of spatial axes."""
        return len(self.images[0].source.spatial_shape)

    @property
    def painted_pixels(self) -> tuple[int, ...]:
        """How many pixels each class has, over all images."""
        return _painted(self.images, len(self.classes))

    def with_paint(self, annotations: Sequence[Annotation]) -> TrainingSet:
        """Return the same images under newer paint; nothing is fitted again.

        Parameters
        ----------
        annotations : sequence of Annotation
            One per image, in order.

        Raises
        ------
        PaintError, ShapeMismatch
            As `build_training_set`.
        """
        images = tuple(
            replace(image, annotation=annotation)
            for image, annotation in zip(self.images, annotations, strict=True)
        )
        _check(images, self.classes)
        return replace(self, images=images)

    def after(self, earlier: Sequence[Annotation]) -> TrainingSet:
        """Return the same, knowing which paint was there before an answer was first seen.

        What is painted besides counts as corrections. Images that are new, of another size,
        without new paint, or with less than half of the earlier one are left as they are.

        Parameters
        ----------
        earlier : sequence of Annotation
            In the order of the images; there may be fewer.
        """
        images = list(self.images)
        for number, (image, before) in enumerate(zip(images, earlier, strict=False)):
            now = image.annotation
            alike = before.spatial_shape == now.spatial_shape
            more = alike and before.share_of(now) < 1 and now.share_of(before) >= _STILL_THERE
            images[number] = replace(image, earlier=before if more else None)
        return replace(self, images=tuple(images))

    @property
    def first_paint(self) -> tuple[Annotation, ...]:
        """The paint on each image before an answer was seen: all of it, if none was."""
        return tuple(image.earlier or image.annotation for image in self.images)


def build_training_set(images: Sequence[AnnotatedImage], classes: ClassMap) -> TrainingSet:
    """Check that the images fit together and fit the normalisation of each.

    Parameters
    ----------
    images : sequence of AnnotatedImage
        Images with their paint.
    classes : ClassMap
        What the class numbers in the paint mean.

    Raises
    ------
    ChannelMismatch
        If the images differ in their number of channels.
    AxesError
        If some are to be read in 2D and some in 3D.
    ShapeMismatch
        If paint does not cover the pixels of its image.
    NothingPainted, OneClassOnly
        If fewer than two classes are painted, over all images.
    FlatImage
        If an image has one value everywhere.
    """
    images = tuple(_in_order_of(images[0], image) for image in images)
    _check(images, classes)
    normalisations = tuple(fit_normalisation(image.source) for image in images)
    return TrainingSet(images, classes, normalisations)


def unpainted_set(sources: Sequence[ImageSource]) -> TrainingSet:
    """Images nobody has painted on yet: nothing can be learned, but features can be computed.

    Parameters
    ----------
    sources : sequence of ImageSource

    Raises
    ------
    ChannelMismatch, AxesError
        As `build_training_set`.
    FlatImage
        If an image has one value everywhere.
    """
    images = tuple(
        AnnotatedImage(source, Annotation((), source.spatial_shape), source.name)
        for source in sources
    )
    for image in images:
        _check_alike(images[0], image)
    classes = ClassMap((1, 2), 1, ("Background", "Class 2"))
    return TrainingSet(images, classes, tuple(fit_normalisation(s) for s in sources))


def _in_order_of(first: AnnotatedImage, other: AnnotatedImage) -> AnnotatedImage:
    source = in_order_of(first.source, other.source)
    return other if source is other.source else replace(other, source=source)


def _check(images: tuple[AnnotatedImage, ...], classes: ClassMap) -> None:
    if not images:
        raise NothingPainted("There is no image to learn from. Choose an image and paint on it.")
    first = images[0]
    for image in images:
        _check_alike(first, image)
        annotation, source = image.annotation, image.source
        if annotation.spatial_shape != source.spatial_shape or any(
            box.sample >= source.samples for box in annotation.boxes
        ):
            raise ShapeMismatch(
                f"The paint on {image.name!r} covers {_size(annotation.spatial_shape)} pixels, "
                f"but the image has {_size(source.spatial_shape)}. "
                "Choose the paint layer that was made for this image."
            )
    painted = np.count_nonzero(_painted(images, len(classes)))
    if painted == 0:
        raise NothingPainted(
            "Nothing is painted yet. Paint a few strokes of background and of each class."
        )
    if painted == 1:
        raise OneClassOnly(
            "Only one class is painted, so there is nothing to tell apart. "
            "Paint a few strokes of another class, for example the background."
        )


def _check_alike(first: AnnotatedImage, other: AnnotatedImage) -> None:
    if first.source.channels != other.source.channels:
        raise ChannelMismatch(
            f"{first.name!r} has {first.source.channels} channels and {other.name!r} has "
            f"{other.source.channels}. Train on images with the same channels."
        )
    if first.source.axes.spatial != other.source.axes.spatial:
        raise AxesError(
            f"{first.name!r} is read in {len(first.source.spatial_shape)}D and {other.name!r} "
            f"in {len(other.source.spatial_shape)}D. Choose 2D or 3D for all images."
        )


def _painted(images: Sequence[AnnotatedImage], classes: int) -> tuple[int, ...]:
    counts = [image.annotation.painted_pixels(classes) for image in images]
    return tuple(int(n) for n in np.sum(counts, axis=0))


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(str(n) for n in shape)
