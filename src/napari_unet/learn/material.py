"""What one training run learns from and what it is scored on, while paint may still change."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.errors import OutOfMemory
from napari_unet.core.events import Prepared
from napari_unet.core.patch_sampler import FreshPaint
from napari_unet.core.repaint import (
    Split,
    all_strokes,
    fresh_paint,
    renumbered,
    split_again,
    split_strokes,
    strokes_again,
)
from napari_unet.core.strokes import Stroke
from napari_unet.learn.adapt import remember_statistics, training_crops
from napari_unet.learn.batches import Batch, Batches
from napari_unet.learn.channel_dropout import dropout_for
from napari_unet.learn.devices import Device, is_out_of_memory
from napari_unet.learn.instant import AnswerAtOnce
from napari_unet.learn.learning_memory import largest_shape, smaller
from napari_unet.learn.model import Model
from napari_unet.learn.precision import Precision
from napari_unet.learn.unet import UNet

_FRESH_STEPS = 60
"""New paint is drawn more often for so many steps: ten seconds or so on a processor."""


class Material:
    """Strokes to learn from, strokes to score on, and batches of the former.

    Parameters
    ----------
    training : TrainingSet
    validation : TrainingSet or None
        Score on its paint and hold nothing back; or hold some strokes of `training` back.
    config : TrainConfig
    single_image : bool
        As `Batches`.
    """

    def __init__(
        self,
        training: TrainingSet,
        validation: TrainingSet | None,
        config: TrainConfig,
        *,
        single_image: bool,
    ) -> None:
        self._config = config
        self._holding = True
        self._crops: list[Tensor] | None = None
        self.training = training
        if validation is None:
            self._split = split_strokes(training, config.held_out, config.seed)
            self.validation, self.scored = training, list(self._split.held)
        else:
            self._split = Split(tuple(all_strokes(training)), ())
            self.validation, self.scored = validation, all_strokes(validation)
        kept, held = self._split.kept, self._split.held
        self._batches = Batches(training, kept, held, config, single_image=single_image)

    @property
    def strokes(self) -> list[Stroke]:
        """All strokes of the training set."""
        return self._split.strokes

    @property
    def kept(self) -> list[Stroke]:
        """The strokes that are always learned from."""
        return list(self._split.kept)

    @property
    def holds_back(self) -> bool:
        """True if some strokes of the training set are kept back to score on."""
        return bool(self._split.held)

    def prepared(self, device: str, precision: str) -> Prepared:
        """What training on that device begins with."""
        painted = np.bincount(
            [stroke.class_number for stroke in self.strokes],
            weights=[stroke.pixels for stroke in self.strokes],
            minlength=len(self.training.classes),
        )
        return Prepared(
            device=device,
            precision=precision,
            classes=len(self.training.classes),
            painted_pixels=tuple(int(n) for n in painted),
            strokes=len(self.strokes),
            held_out_strokes=len(self.scored),
        )

    def model(
        self, net: UNet, history: list[dict[str, Any]], preset: str | None, *, solved: bool
    ) -> Model:
        """A model of a network that learned from this.

        Parameters
        ----------
        net : UNet
            Taken over.
        history : list of dict
        preset : str or None
        solved : bool
            True if no gradient step was taken, so that it knows nothing of missing channels.
        """
        first = self.training.images[0].source
        return Model(
            net=net,
            classes=self.training.classes,
            normalisation=self.training.normalisations[0],
            spacing=first.axes.spatial_spacing,
            axes=first.axes.axes,
            history=history,
            preset=preset,
            channels=first.names if first.channels > 1 else (),
            channel_dropout=0.0 if solved else dropout_for(self.training, self._config),
            first_paint=self.training.first_paint,
        )

    @property
    def scored_on(self) -> tuple[TrainingSet, list[Stroke]]:
        """What to score models on: images, and the strokes there that count."""
        return self.validation, self.scored

    def with_statistics(self, model: Model, device: Device, precision: Precision) -> Model:
        """A model that keeps the feature statistics of what is painted: the same one."""
        if self._crops is None:
            self._crops = training_crops(self.training, model.net.alignments)
        if model.own_share == 1:
            remember_statistics(model, self._crops, device, precision)
        return model

    def agree_with(self, at_once: AnswerAtOnce) -> None:
        """Let batches tell what is answered at once where nobody painted."""
        strokes = self.kept if self._holding else self.strokes
        self._batches.first = at_once.answer(self.training, strokes)

    def draw(self) -> Batch:
        """One batch of what may be learned from now; see `Batches.draw`.

        Raises
        ------
        OutOfMemory
            If the patches do not fit into the computer's memory.
        """
        try:
            return self._batches.draw()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemory(
                "Not even one batch of patches fits into this computer's memory. "
                "Close other programs, or choose a smaller patch under Advanced."
            ) from error

    def draw_otherwise(self, number: int) -> None:
        """Draw other patches than a process with another number; 0 draws as alone."""
        if number:
            self._batches.draw_otherwise(number)

    @property
    def patch(self) -> tuple[int, ...]:
        """Size of the patches."""
        return self._batches.size

    def set_patch(self, size: tuple[int, ...]) -> None:
        """Draw patches of another size from now on."""
        if size != self._batches.size:
            self._batches.size = size
            held = list(self._split.held) if self._holding else []
            strokes = self.kept if self._holding else self.strokes
            self._batches.repaint(self.training, strokes, held, self._batches.fresh)

    def shrink_patches(self, network: ModelConfig) -> bool:
        """Draw patches of half the pixels or less; False if they would be too small."""
        found = smaller(self.patch, largest_shape(self.training), network)
        if found is not None:
            self.set_patch(found)
        return found is not None

    def show_all(self) -> None:
        """Let the strokes that were kept back be learned too."""
        self._holding = False
        self._batches.repaint(self.training, self.strokes, [], self._batches.fresh)

    def repaint(self, training: TrainingSet) -> int:
        """Take newer paint on the same images; strokes kept back stay so where they can.

        Parameters
        ----------
        training : TrainingSet
            It may have more classes than before, but none less.

        Returns
        -------
        int
            How many pixels are new, or of another class than before, and learned from.
        """
        before, config = self.training, self._config
        old = renumbered(self._split, before.classes, training.classes)
        strokes = strokes_again(old.strokes, before, training)
        self._split = split_again(strokes, old, config.held_out, config.seed)
        fresh = fresh_paint(self._split, old, before, training)
        self.training = self.validation = training
        self._crops = None
        kept, held = self._split.kept, self._split.held
        self.scored, self._holding = list(held), True
        newest = [FreshPaint(one, _FRESH_STEPS * config.batch_size) for one in fresh]
        self._batches.repaint(training, kept, held, [*self._batches.fresh, *newest])
        return sum(one.pixels for one in fresh)
