"""Looking an image over, on a worker: the answer for parts of it, and where it is in doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_unet.app.engine import engine, lower_priority
from napari_unet.app.ports import LayerId
from napari_unet.app.train_job import TrainWish
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.lookout import where_to_look
from napari_unet.core.next_place import Outlook, Place, next_places, outlook_of
from napari_unet.core.source import Box

PartKey = tuple[int, ...]
Answers = tuple[Outlook, ...]


@dataclass(frozen=True)
class View:
    """What is on screen.

    Parameters
    ----------
    image : LayerId
    sample : int
        Canonical sample number.
    box : tuple of slice
        Spatial box.
    """

    image: LayerId
    sample: int
    box: Box


@dataclass(frozen=True, eq=False)
class Survey:
    """What was found out about one image.

    Parameters
    ----------
    wish : TrainWish
        On what paint.
    outlooks : tuple of Outlook
        The answer, at working size.
    places : tuple of Place
        Where to paint, the best first.
    """

    wish: TrainWish
    outlooks: tuple[Outlook, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, eq=False)
class Surveyor:
    """Looks an image over; its work runs on a worker.

    Parameters
    ----------
    wish : TrainWish
    glancer : napari_unet.app.glancer.Glancer
        Has the newest paint, and answers from it.
    model : napari_unet.learn.model.Model or None
        The newest one.
    model_knows : bool
        True if the model has learned all paint, so that its own answer is the current one.
    """

    wish: TrainWish
    glancer: Any
    model: Any
    model_knows: bool

    def look(
        self, view: View, answers: Mapping[PartKey, Answers], elsewhere: int, cancel: CancelToken
    ) -> Survey | None:
        """Answer for what is on screen and for parts far from paint, and rank places.

        Parameters
        ----------
        view : View
            Of the first image of the wish.
        answers : mapping
            Earlier outlooks by their part of the image, the newest last.
        elsewhere : int
            How many parts that are not on screen.
        cancel : CancelToken

        Returns
        -------
        Survey or None
            None if it is not wanted any more.

        Raises
        ------
        UNetError
            If there is no answer, for example with one class only.
        """
        lower_priority()
        training: TrainingSet = self.glancer.training()
        image = training.images[0]
        parts = where_to_look(
            image.annotation, image.source.samples, view.sample, view.box, elsewhere
        )
        answer, classes = self._chances, training.classes
        if self._fits(training):
            config = PredictConfig(
                device=self.wish.config.device, precision=self.wish.config.precision
            )
            predictor = engine("predictor").Predictor(
                self.model, image.source, config, cancel=cancel
            )
            answer, classes = predictor.probabilities, self.model.classes
        outlooks: list[Outlook] = []
        for sample, box in parts:
            if cancel.cancelled:
                return None
            outlooks.append(outlook_of(sample, box, answer(sample, box)))
        before = [old for o in outlooks for old in others(answers.get(part_of(o), ()), o)[-1:]]
        places = next_places(outlooks, image.annotation, classes, before=before)
        return Survey(self.wish, tuple(outlooks), tuple(places))

    def _chances(self, sample: int, box: Box) -> Any:
        return self.glancer.chances(self.wish, self.model, sample, box, CancelToken())

    def _fits(self, training: TrainingSet) -> bool:
        """True if the model is to be asked, and can be."""
        if self.model is None or not self.model_knows:
            return False
        config, source = self.model.config, training.images[0].source
        wanted = (source.channels, len(source.spatial_shape))
        return bool((config.input_channels, config.dimensions) == wanted)


def part_of(outlook: Outlook) -> PartKey:
    """Which part of the image an outlook is of."""
    return (outlook.sample, *(n for s in outlook.box for n in (s.start, s.stop)))


def others(answers: Answers, now: Outlook) -> Answers:
    """The answers that differ from this one; asking twice is no change of mind."""
    return tuple(
        old for old in answers if not (now.alike(old) and np.array_equal(now.chances, old.chances))
    )
