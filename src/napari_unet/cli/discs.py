"""The discs of the historical tutorial, from generator to pictures."""

from __future__ import annotations

from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from napari_unet.cli.report import Report, clock, score_words, stopping_gently
from napari_unet.cli.training import Listener
from napari_unet.core.arrays import image_source, labels_in_layer_axes
from napari_unet.core.assemble import assemble_arrays
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import (
    AugmentConfig,
    Config,
    ModelConfig,
    PredictConfig,
    TrainConfig,
    preset,
)
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.drive import exhaust
from napari_unet.core.events import TrainResult
from napari_unet.core.metrics import Evaluation, evaluate_classes, labels_to_classes
from napari_unet.data.discs import SIDE, TRAINING_DISCS, VALIDATION_DISCS
from napari_unet.data.discs import discs as make_discs
from napari_unet.data.files import check_output
from napari_unet.data.plots import curve_picture, side_by_side, write_png

if TYPE_CHECKING:
    from napari_unet.learn.model import Model

_PRESET = "classic-transpose"
_BATCH = 16
_AXES = "TYXC"
"""All discs are one image of many samples, so that one range of intensities holds for all."""

_SHOWN = 6
_PLAIN = AugmentConfig(flips=False, right_angles=False, scale=0, elastic=0, intensity=0, noise=0)


class DiscsDemo(Config):
    """How much of the tutorial is done."""

    images: int = Field(TRAINING_DISCS, ge=_BATCH)
    validation: int = Field(VALIDATION_DISCS, ge=1)
    epochs: int = Field(10, ge=1)
    size: int = Field(SIDE, ge=32, le=1024, multiple_of=16)
    width: int = Field(64, ge=1, le=256)
    seed: int = Field(0, ge=0)
    device: str = "auto"

    @property
    def steps_per_epoch(self) -> int:
        """Batches in which every disc is seen about once."""
        return ceil(self.images / _BATCH)

    def network(self) -> ModelConfig:
        """The historical network, at this width."""
        return preset(_PRESET, base_width=self.width)

    def training(self) -> TrainConfig:
        """The settings of the tutorial."""
        return TrainConfig(
            max_seconds=None,
            max_steps=self.epochs * self.steps_per_epoch,
            patch_size=self.size,
            batch_size=_BATCH,
            learning_rate=1e-3,
            optimiser="adam",
            loss="binary-cross-entropy",
            schedule="constant",
            average_decay=0,
            finish=0,
            augment=_PLAIN,
            score_every=self.steps_per_epoch,
            best_by="loss",
            patience=self.epochs,
            seed=self.seed,
            device=self.device,
        )


FULL = DiscsDemo()
"""As in the tutorial."""

SCALED = DiscsDemo(images=128, validation=32, epochs=5, size=64)
"""A few minutes on two CPU cores."""


def run_discs(plan: DiscsDemo, folder: Path, overwrite: bool, report: Report) -> int:
    """Train, evaluate, draw and tell; return the exit code."""
    files = {
        "model": folder / "discs.unet",
        "curve": folder / "learning_curve.png",
        "picture": folder / "predictions.png",
    }
    for path in files.values():
        check_output(path, [], overwrite, suffixes=())
    folder.mkdir(parents=True, exist_ok=True)
    for sentence in _what_is_done(plan):
        report.say(sentence)
    images, truth = _stack(plan.validation, plan, plan.seed + 1)
    learned, validation = (
        assemble_arrays(pixels, masks, axes=_AXES, mode="mask").training
        for pixels, masks in (_stack(plan.images, plan, plan.seed), (images, truth))
    )
    cancel = CancelToken()
    with stopping_gently(cancel, report, "Stopping; the best model is kept.") as interrupted:
        result = _train(plan, learned, validation, cancel, report)
    model: Any = result.model
    model.save(files["model"], overwrite=overwrite)
    labels, scores = _evaluate(model, images, truth, plan)
    write_png(files["curve"], _curve(model.history))
    write_png(files["picture"], _picture(images, truth, labels))
    _tell(report, plan, result, scores, files)
    return interrupted.exit_code if result.stopped else 0


def _what_is_done(plan: DiscsDemo) -> list[str]:
    """What is trained on what, and what of the tutorial was scaled down."""
    done = (
        f"Training {_PRESET} (width {plan.width}) on {plan.images} discs of {plan.size} x "
        f"{plan.size} pixels for {plan.epochs} epochs, validating on {plan.validation}."
    )
    changes = [
        f"{name} {now} instead of {before}"
        for name, now, before in (
            ("discs", plan.images, FULL.images),
            ("validation discs", plan.validation, FULL.validation),
            ("size", plan.size, FULL.size),
            ("width", plan.width, FULL.width),
        )
        if now != before
    ]
    if not changes:
        return [done]
    return [done, f"Other than in the tutorial: {', '.join(changes)}. See --full."]


def _stack(count: int, plan: DiscsDemo, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (T, Y, X, C) and their truths (T, Y, X)."""
    made = list(make_discs(count, side=plan.size, seed=seed))
    return np.stack([d.image for d in made]), np.stack([d.truth for d in made])


def _train(
    plan: DiscsDemo,
    learned: TrainingSet,
    validation: TrainingSet,
    cancel: CancelToken,
    report: Report,
) -> TrainResult:
    from napari_unet.learn.training import train

    listener = Listener(report)
    with report.progress("Learning") as bar:
        listener.watch(bar)
        events = train(
            learned,
            plan.network(),
            plan.training(),
            start="scratch",
            validation=validation,
            cancel=cancel,
            preset=_PRESET if plan.width == FULL.width else None,
        )
        return exhaust(events, listener)


def _evaluate(
    model: Model, images: np.ndarray, truth: np.ndarray, plan: DiscsDemo
) -> tuple[np.ndarray, Evaluation]:
    """Labels of the validation discs, and how well they agree with the truth."""
    from napari_unet.learn.inference import predict

    source = image_source(images, _AXES)
    result = exhaust(predict(model, source, PredictConfig(device=plan.device)))
    labels = labels_in_layer_axes(result.labels, source)
    classes = model.classes
    return labels, evaluate_classes(labels_to_classes(labels, classes), truth, classes)


def _curve(history: list[dict[str, Any]]) -> np.ndarray:
    lines = {
        name: [(h["step"], h[key]) for h in history if h.get(key) is not None]
        for name, key in (("training", "loss"), ("validation", "validation_loss"))
    }
    return curve_picture(lines, across="steps", up="binary cross-entropy")


def _picture(images: np.ndarray, truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    rows = [(images[i], truth[i], labels[i]) for i in range(min(_SHOWN, len(images)))]
    return side_by_side(rows, ("image", "truth", "prediction"))


def _tell(
    report: Report,
    plan: DiscsDemo,
    result: TrainResult,
    scores: Evaluation,
    files: dict[str, Path],
) -> None:
    disc = scores.classes[1]
    data = {
        "plan": plan.model_dump(mode="json"),
        "steps": result.steps,
        "seconds": round(result.seconds, 2),
        "disc": asdict(disc),
        "files": {name: str(path) for name, path in files.items()},
    }
    report.result(
        data,
        f"Validation discs: IoU {score_words(disc.iou)}, Dice {score_words(disc.dice)} after "
        f"{result.steps} steps, {clock(result.seconds)}.",
        *(f"{name}: {path}" for name, path in files.items()),
    )
