"""From images and their paint to one training set, with what the paint was taken for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from napari_unet.core.annotations import AnnotatedImage, ClassMap
from napari_unet.core.arrays import image_source, paint_array
from napari_unet.core.axes import Spatial
from napari_unet.core.channels import Channel
from napari_unet.core.dataset import TrainingSet, build_training_set
from napari_unet.core.errors import InvalidSetting, ShapeMismatch
from napari_unet.core.paint_reading import PaintReading, annotate, joint_reading, read_paint
from napari_unet.core.source import ImageSource

AskedMode = Literal["auto", "strokes", "mask"]
"""How paint is to be read: as strokes, as a full mask, or as what it looks like."""


@dataclass(frozen=True, eq=False)
class PaintedImage:
    """An image and the layer painted on it, not yet read.

    Parameters
    ----------
    source : ImageSource
    paint : array-like of int
        In the image's axes without C.
    mode : {"auto", "strokes", "mask"}, optional
    names : mapping of int to str, optional
        Name of each paint value.
    """

    source: ImageSource
    paint: Any
    mode: AskedMode = "auto"
    names: Mapping[int, str] | None = None

    def read(self) -> PaintReading:
        """What the paint means.

        Raises
        ------
        InvalidSetting
            If the mode is none of these.
        ShapeMismatch
            If the paint does not have the image's shape without C.
        PaintError
            As `napari_unet.core.paint_reading.read_paint`.
        """
        if self.mode not in get_args(AskedMode):
            known = ", ".join(get_args(AskedMode))
            raise InvalidSetting(f"Paint cannot be read as {self.mode!r}. Choose one of {known}.")
        axes = self.source.axes
        wanted = axes.label_shape(tuple(self.source.array.shape))
        if tuple(self.paint.shape) != wanted:
            raise ShapeMismatch(
                f"The paint on {self.source.name!r} has shape {tuple(self.paint.shape)}, but the "
                f"image needs {wanted}. Paint on a layer that was made for this image."
            )
        reading = read_paint(self.paint, self.source.array, axes, mode=self.mode, names=self.names)
        if self.mode == "mask" and not len(reading.classes):
            # Nothing painted, and known to be a mask: an image without objects.
            empty = ClassMap((0,), background=0)
            return PaintReading("mask", empty, "Read as a full mask: all of it is background.")
        return reading


@dataclass(frozen=True, eq=False)
class Assembled:
    """A training set and how its paint was read.

    Parameters
    ----------
    training : TrainingSet
    readings : tuple of PaintReading
        One per image.
    """

    training: TrainingSet
    readings: tuple[PaintReading, ...]


def assemble(painted: Sequence[PaintedImage], classes: ClassMap | None = None) -> Assembled:
    """Read the paint on every image and bring all into one training set.

    Parameters
    ----------
    painted : sequence of PaintedImage
    classes : ClassMap, optional
        The classes to use, for example those of a training set that this one validates;
        all that are painted when not given.

    Raises
    ------
    UNetError
        As `PaintedImage.read`, `joint_reading` and `build_training_set`.
    """
    readings = tuple(image.read() for image in painted)
    joint = joint_reading(readings)
    if classes is not None:
        joint = replace(joint, classes=classes)
    images = [
        AnnotatedImage(
            image.source,
            annotate(image.paint, image.source.axes, tuple(image.source.array.shape), joint),
            image.source.name,
        )
        for image in painted
    ]
    return Assembled(build_training_set(images, joint.classes), readings)


def assemble_arrays(
    image: Any,
    paint: Any,
    *,
    axes: str | Sequence[str] = "YX",
    spacing: Sequence[float] | None = None,
    spatial: Spatial = "YX",
    mode: AskedMode = "auto",
    names: Mapping[int, str] | None = None,
    classes: ClassMap | None = None,
    channels: Sequence[Channel] | None = None,
    channel_names: Sequence[str] = (),
) -> Assembled:
    """Bring arrays, one image and its paint or lists of both, into one training set.

    Parameters
    ----------
    image, paint : array-like, or list of array-like
    axes : str or list of str, optional
        One letter per image axis; one for all images, or one each.
    spacing : sequence of float, optional
        Pixel size along each image axis.
    spatial : {"YX", "ZYX"}, optional
        The axes the network sees.
    mode : {"auto", "strokes", "mask"}, optional
        How the paint is to be read.
    names : mapping of int to str, optional
        Name of each paint value.
    classes : ClassMap, optional
        As in `assemble`.
    channels, channel_names : sequence, optional
        As in `napari_unet.core.arrays.image_source`, for all images.

    Raises
    ------
    ShapeMismatch
        If there are not as many paints, or axes, as images.
    UNetError
        As `assemble`.
    """
    images, paints = (list(p) if isinstance(p, list | tuple) else [p] for p in (image, paint))
    letters = [axes] * len(images) if isinstance(axes, str) else list(axes)
    if not len(images) == len(paints) == len(letters):
        raise ShapeMismatch(
            f"There are {len(images)} images, {len(paints)} paint layers and axes for "
            f"{len(letters)}. Give one paint layer for every image, in the same order."
        )
    painted = []
    for number, (pixels, layer, its) in enumerate(zip(images, paints, letters, strict=True), 1):
        name = "image" if len(images) == 1 else f"image {number}"
        source = image_source(
            pixels, its, spacing=spacing, spatial=spatial, name=name,
            channels=channels, channel_names=channel_names,
        )  # fmt: skip
        painted.append(PaintedImage(source, paint_array(layer), mode, names))
    return assemble(painted, classes)
