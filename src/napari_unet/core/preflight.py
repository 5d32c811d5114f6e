"""What to tell a user before training starts, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_unet.core.axes import AxesSpec
from napari_unet.core.errors import AxesError, FlatImage, ShapeMismatch
from napari_unet.core.label_shift import label_shift
from napari_unet.core.normalize import fit_normalisation
from napari_unet.core.paint_evidence import Window
from napari_unet.core.paint_reading import PaintReading
from napari_unet.core.paint_survey import Survey, check_shape, survey
from napari_unet.core.source import ImageSource

_MOST_TIMES_RARER = 40
_FEW_PIXELS = 40
_LOOK_AT = 250_000
_CLIPPED_SHARE = 0.5


@dataclass(frozen=True)
class Advice:
    """One thing to know before training.

    Parameters
    ----------
    text : str
        One or two sentences that end in what to do.
    serious : bool
        True if training cannot work as it is.
    code : str
        What it is about: ``"shape"``, ``"nothing-painted"``, ``"one-class"``,
        ``"no-background"``, ``"rare-class"``, ``"little-paint"``, ``"flat-image"``,
        ``"clipped-image"`` or ``"shifted-labels"``.
    value : int or None, optional
        The paint value to go on painting with.
    shift : tuple of int, optional
        How far the labels should be moved: rows down and columns to the right.
    """

    text: str
    serious: bool
    code: str
    value: int | None = None
    shift: tuple[int, int] = (0, 0)


def check_paint(
    paint: Any,
    image: Any,
    axes: AxesSpec,
    reading: PaintReading | None = None,
    varied: bool = False,
) -> list[Advice]:
    """Return what stands in the way of training on this paint, the worst first.

    Parameters
    ----------
    paint : array-like of integers, in the image's axes without C
        The paint.
    image : array-like
        The image.
    axes : AxesSpec
        The image's axes.
    reading : PaintReading, optional
        What the paint was read as; not needed while image and paint do not fit.
    varied : bool, optional
        The image is known not to be the same everywhere, so it need not be read to find out.

    Returns
    -------
    list of Advice
        Empty if all is well.
    """
    try:
        check_shape(tuple(paint.shape), axes, tuple(image.shape))
    except (AxesError, ShapeMismatch) as misfit:
        return [Advice(str(misfit), True, "shape")]
    advice = [] if varied else _on_image(image, axes)
    if reading is not None:
        facts = survey(paint, None if advice else image, axes)
        advice += _on_classes(_pixels(facts, reading), reading)
        advice += _on_windows(facts.windows, reading)
    return sorted(advice, key=lambda a: not a.serious)


def _on_image(image: Any, axes: AxesSpec) -> list[Advice]:
    try:
        fit_normalisation(ImageSource(image, axes), most=_LOOK_AT)
    except FlatImage:
        text = (
            "The image has the same value everywhere, so there is nothing to learn from. "
            "Choose another image or another channel."
        )
        return [Advice(text, True, "flat-image")]
    return []


def _pixels(facts: Survey, reading: PaintReading) -> dict[int, int]:
    """How many pixels each class has, by its paint value; only those that have any."""
    pixels = dict(zip(facts.values, facts.counts, strict=True))
    painted = sum(facts.counts)
    if reading.instances:
        pixels = {1: painted} if painted else {}
    if painted and 0 in reading.classes.values:
        pixels[0] = round(painted / facts.coverage) - painted
    return {v: n for v, n in pixels.items() if n and v in reading.classes.values}


def _on_classes(pixels: dict[int, int], reading: PaintReading) -> list[Advice]:
    name = dict(zip(reading.classes.values, reading.classes.names, strict=True))
    if not pixels:
        text = "Nothing is painted yet. Paint a few strokes of background and of each class."
        return [Advice(text, True, "nothing-painted")]
    if len(pixels) == 1:
        only = next(iter(pixels))
        other = "another class" if only == reading.classes.background else "the background"
        text = (
            f"Only {name[only]} is painted, so there is nothing to tell apart. "
            f"Paint a few strokes of {other}."
        )
        return [Advice(text, True, "one-class", _missing(pixels, reading))]
    advice = []
    if reading.mode == "strokes" and reading.classes.background not in pixels:
        text = (
            "No background is painted, so every pixel will be given one of your classes. "
            f"Paint what is none of them with value {reading.classes.background or 1}."
        )
        missing = reading.classes.background or 1
        advice.append(Advice(text, False, "no-background", missing))
    return advice + _on_amounts(pixels, name)


def _missing(pixels: dict[int, int], reading: PaintReading) -> int:
    """The paint value to go on with where a single class is painted."""
    background = reading.classes.background
    if background is not None and background not in pixels:
        return background
    return next((v for v in reading.classes.values if v not in pixels), max(pixels) + 1)


def _on_windows(windows: tuple[Window, ...], reading: PaintReading) -> list[Advice]:
    """Advice that needs a close look at paint and image together."""
    advice = []
    clipped = _clipped(windows, reading)
    if len(clipped) > 1:
        text = (
            f"The image is clipped where {' and '.join(clipped[:3])} are painted, so they look "
            "the same there. Paint them where it is not, or use an image that is not clipped."
        )
        advice.append(Advice(text, False, "clipped-image"))
    shift = label_shift(windows) if reading.mode == "mask" else None
    if shift is not None:
        ways = [
            f"{abs(by)} pixels {words[by > 0]}"
            for by, words in zip(shift, (("up", "down"), ("left", "right")), strict=True)
            if by
        ]
        text = f"The mask seems to lie beside the image: it fits better {' and '.join(ways)}."
        advice.append(Advice(text, False, "shifted-labels", shift=shift))
    return advice


def _clipped(windows: tuple[Window, ...], reading: PaintReading) -> list[str]:
    """Names of the classes most of whose paint has one and the same extreme of the image."""
    pairs = [(w.image, w.paint) for w in windows if w.image is not None]
    if not pairs or reading.instances:
        return []
    pixels = np.concatenate([i.reshape(len(i), -1) for i, _ in pairs], axis=1)
    paint = np.concatenate([p.ravel() for _, p in pairs])
    for ends in (pixels.max(axis=1), pixels.min(axis=1)):
        at_end = (pixels == ends[:, np.newaxis]).all(axis=0)
        found = [
            name
            for value, name in zip(reading.classes.values, reading.classes.names, strict=True)
            if (of := paint == value).sum() >= _FEW_PIXELS and at_end[of].mean() > _CLIPPED_SHARE
        ]
        if len(found) > 1:
            return found
    return []


def _on_amounts(pixels: dict[int, int], name: dict[int, str]) -> list[Advice]:
    """Advice on classes with little paint; in a mask, objects may well be rare."""
    advice = []
    most = max(pixels, key=lambda v: pixels[v])
    for value, count in pixels.items():
        times = pixels[most] // count
        if count < _FEW_PIXELS:
            text = (
                f"Only {count} pixels of {name[value]} are painted. "
                "Paint a few more strokes of it, in different places."
            )
            advice.append(Advice(text, False, "little-paint", value))
        elif times > _MOST_TIMES_RARER and 0 not in name:
            text = (
                f"{name[value]} has {times} times less paint than {name[most]}. Training evens "
                f"this out, but paint more of {name[value]} if it is not found."
            )
            advice.append(Advice(text, False, "rare-class", value))
    return advice
