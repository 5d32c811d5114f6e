"""Paint, train, predict without a window: arrays in, a model or labels out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np

from napari_unet.core.arrays import (
    labels_in_layer_axes,
    paint_array,
    probabilities_in_layer_axes,
)
from napari_unet.core.assemble import AskedMode, PaintedImage, assemble_arrays
from napari_unet.core.axes import Spatial
from napari_unet.core.cancel import CancelToken
from napari_unet.core.channels import Channel
from napari_unet.core.config import ModelConfig, PredictConfig, TrainConfig
from napari_unet.core.drive import OnEvent, exhaust
from napari_unet.core.events import Notice
from napari_unet.core.frames import parts_of, samples_in
from napari_unet.core.metrics import (
    Evaluation,
    evaluate_classes,
    labels_to_classes,
    truth_to_classes,
)
from napari_unet.core.settings import changed, network_for, network_named, preset_name, with_budget
from napari_unet.learn import inference
from napari_unet.learn.at_hand import model_and_source
from napari_unet.learn.checkpoint import load_model
from napari_unet.learn.model import Model
from napari_unet.learn.training import train

__all__ = ["Model", "evaluate", "fit", "load_model", "predict", "predict_proba"]


def fit(
    image: Any,
    paint: Any,
    *,
    axes: str | Sequence[str] = "YX",
    max_seconds: float | None = None,
    start: Model | str | Path = "auto",
    corrects: Model | None = None,
    preset: str | ModelConfig = "fast",
    dimensions: Literal[2, 3] | None = None,
    paint_mode: AskedMode = "auto",
    names: Mapping[int, str] | None = None,
    spacing: Sequence[float] | None = None,
    channels: Sequence[Channel] | None = None,
    channel_names: Sequence[str] = (),
    validation: tuple[Any, Any] | None = None,
    on_event: OnEvent | None = None,
    cancel: CancelToken | None = None,
    **settings: Any,
) -> Model:
    """Train a U-Net on painted pixels and return the best model.

    Parameters
    ----------
    image : array-like, or list of array-like
        Any shape and dtype (numpy, dask, zarr); it is read piece by piece.
    paint : array-like of int, or list of array-like
        As many as images, each in its image's axes without C. Strokes: 0 is not painted,
        1 is background, 2 and up are classes. A full mask, whose 0 means background, is
        recognised; see `paint_mode`.
    axes : str or list of str, optional
        One letter per image axis from ``T P C Z Y X``, for example ``"YXC"`` for colour;
        one for all images, or one each.
    max_seconds : float, optional
        Time to learn. 0 gives the instant answer: the class head solved in closed form, no
        gradient step. When not given, a minute, or no limit if ``max_steps`` is given.
    start : Model, path, "auto" or "scratch", optional
        Continue from a model or its file; or begin with weights that ship with the program, if
        there are some, or with random ones. A model learns from no paint but this: classes not
        in it are forgotten; with ``max_seconds=0`` only the head is solved anew.
    corrects : Model, optional
        What answered before the newest strokes were painted where it was wrong, as `start` if
        that is a model. They then count less than the first ones, which they would drown. It
        knows the first paint while it is in memory; a file does not.
    preset : str or ModelConfig, optional
        The network: ``"fast"``, ``"standard"``, ``"large"``, ``"classic-transpose"`` or
        ``"classic-resize"``. Channels and classes are taken from the data. Not used when
        `start` is a model.
    dimensions : 2 or 3, optional
        Whether the network sees YX (then Z counts as samples) or ZYX. 2 when not given.
    paint_mode : {"auto", "strokes", "mask"}, optional
        Overrule what the paint is read as.
    names : mapping of int to str, optional
        Name of each paint value, for the model's card.
    spacing : sequence of float, optional
        Pixel size along each image axis, best in micrometres.
    channels : sequence of int or str, optional
        Which channels to learn from, counted from 0 or by name; all when not given.
    channel_names : sequence of str, optional
        What the channels of the images are called; the model's card keeps it.
    validation : tuple of (image, paint), optional
        Score on these (or lists of these) instead of on held-out strokes.
    on_event : callable, optional
        Called with every event: progress, scores, better models, notices.
    cancel : CancelToken, optional
        Ends the training early from another thread; the best model is returned.
    **settings
        Any setting of `napari_unet.core.config.TrainConfig`: ``max_steps``, ``seed`` (with
        `max_steps`, the same seed gives the same model on the same machine), ``device``,
        ``patch_size``, ``learning_rate`` and so on.

    Returns
    -------
    Model
        With `save`, and `history` of losses and scores.

    Raises
    ------
    UNetError
        `NothingPainted`, `OneClassOnly`, `ShapeMismatch`, `AxesError`, `FlatImage`,
        `ChannelMismatch`, `UnknownPreset` and others; each says what to do.

    Examples
    --------
    >>> from napari_unet.data.samples import load_sample
    >>> coins = load_sample("coins")
    >>> model = fit(coins.image, coins.paint, max_seconds=0)
    >>> predict(model, coins.image).shape
    (303, 384)
    """
    known = isinstance(start, Model) or start in ("auto", "scratch")
    begin: Any = start if known else load_model(start)  # type: ignore[arg-type]
    network = network_named(begin.config if isinstance(begin, Model) else preset, dimensions)
    spatial: Spatial = "ZYX" if network.dimensions == 3 else "YX"
    how: dict[str, Any] = {"axes": axes, "spacing": spacing, "spatial": spatial, "names": names}
    how |= {"channels": channels, "channel_names": channel_names}
    learned = assemble_arrays(image, paint, mode=paint_mode, **how)
    if on_event is not None:
        for reading in learned.readings:
            on_event(Notice(reading.sentence))
    checked = None
    if validation is not None:
        checked = assemble_arrays(
            *validation, mode=learned.readings[0].mode, classes=learned.training.classes, **how
        )
    config = with_budget(changed(TrainConfig(), **settings), max_seconds, settings.get("max_steps"))
    seen = corrects or (begin if isinstance(begin, Model) else None)
    training = learned.training.after(seen.first_paint if seen is not None else ())
    events = train(
        training,
        network_for(network, training.channels, len(training.classes)),
        config,
        start=begin,
        validation=checked.training if checked else None,
        cancel=cancel,
        preset=begin.preset if isinstance(begin, Model) else preset_name(preset),
    )
    return cast("Model", exhaust(events, on_event).model)


def predict(
    model: Model | str | Path,
    image: Any,
    *,
    axes: str = "YX",
    spacing: Sequence[float] | None = None,
    frames: str | None = None,
    slices: str | None = None,
    channels: Sequence[Channel] | None = None,
    on_event: OnEvent | None = None,
    **settings: Any,
) -> np.ndarray:
    """Return the class of every pixel.

    Parameters
    ----------
    model : Model or path
        From `fit`, or the file of one.
    image : array-like
        Any size and dtype (numpy, dask, zarr), read tile by tile.
    axes : str, optional
        One letter per image axis from ``T P C Z Y X``.
    spacing : sequence of float, optional
        Pixel size along each image axis, in the unit used for training; a notice is sent
        if it differs much from the model's.
    frames, slices : str, optional
        Predict only these places along T, and along Z under a 2D network, counted from 0, such
        as ``"7"`` or ``"10:20"``; elsewhere the result is 0.
    channels : sequence of int, str or None, optional
        Which channels to use, in the model's order, counted from 0; None for one that is missing.
    on_event : callable, optional
        Called with every finished tile and every notice.
    **settings
        Any setting of `napari_unet.core.config.PredictConfig`: ``threshold`` (probability a
        pixel needs to leave the background), ``smallest_object`` and ``fill_holes`` (in
        pixels), ``flips`` (average over mirrored copies), ``rescale`` (``"on"`` looks at the
        image at the model's pixel size), ``tile_size``, ``device`` and so on.

    Returns
    -------
    ndarray of uint8
        In the image's axes without C: 0 where background, whatever value painted it; every
        other class the value it was painted with.

    Raises
    ------
    UNetError
        `ChannelMismatch`, `AxesError`, `OutOfMemory`, `ModelFileError` and others.

    Examples
    --------
    >>> from napari_unet.data.samples import load_sample
    >>> coins = load_sample("coins")
    >>> model = fit(coins.image, coins.paint, max_seconds=0)
    >>> labels = predict(model, coins.image, smallest_object=50)
    >>> sorted(set(labels.flat))
    [np.uint8(0), np.uint8(2)]
    """
    model, source = model_and_source(model, image, axes, spacing, channels)
    samples = samples_in(parts_of(frames, slices), source.axes, source.array.shape)
    events = inference.predict(model, source, changed(PredictConfig(), **settings), samples=samples)
    return labels_in_layer_axes(exhaust(events, on_event).labels, source)


def predict_proba(
    model: Model | str | Path,
    image: Any,
    *,
    axes: str = "YX",
    spacing: Sequence[float] | None = None,
    frames: str | None = None,
    slices: str | None = None,
    channels: Sequence[Channel] | None = None,
    on_event: OnEvent | None = None,
    **settings: Any,
) -> np.ndarray:
    """Return the probability of every class at every pixel.

    Parameters
    ----------
    model, image, axes, spacing, frames, slices, channels, on_event, **settings
        As in `predict`.

    Returns
    -------
    ndarray of float32, shape (K, ...)
        One map per class, in the order of ``model.classes``, each in the image's axes
        without C. At every pixel they sum to 1.

    Raises
    ------
    UNetError
        As `predict`.
    """
    model, source = model_and_source(model, image, axes, spacing, channels)
    config = changed(PredictConfig(), **settings)
    samples = samples_in(parts_of(frames, slices), source.axes, source.array.shape)
    events = inference.predict(model, source, config, want_probabilities=True, samples=samples)
    return probabilities_in_layer_axes(exhaust(events, on_event).probabilities, source)


def evaluate(
    model: Model | str | Path,
    image: Any,
    truth: Any,
    *,
    axes: str = "YX",
    truth_mode: AskedMode = "auto",
    on_event: OnEvent | None = None,
    **settings: Any,
) -> Evaluation:
    """Predict an image and compare with the truth, on the pixels whose truth is known.

    Parameters
    ----------
    model, image, axes, on_event, **settings
        As in `predict`.
    truth : array-like of int
        In the image's axes without C. Strokes in the values the model was trained with,
        where 0 is unknown and does not count; or a full mask, where 0 is background. With a
        single class of objects any other number of the mask means that class.
    truth_mode : {"auto", "strokes", "mask"}, optional
        Overrule what the truth is read as.

    Returns
    -------
    Evaluation
        IoU, Dice, precision and recall of each class.

    Raises
    ------
    UNetError
        As `predict`; `PaintError` if the truth has classes the model does not know.
    """
    model, source = model_and_source(model, image, axes)
    labels = paint_array(truth, "truth")
    reading = PaintedImage(source, labels, truth_mode).read()
    numbers = truth_to_classes(labels, reading, model.classes)
    predicted = predict(model, image, axes=axes, on_event=on_event, **settings)
    return evaluate_classes(labels_to_classes(predicted, model.classes), numbers, model.classes)
