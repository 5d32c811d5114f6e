"""Answers from paint, off the main thread: for what is on screen, or for any other part."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np

from napari_unet.app.engine import engine, lower_priority
from napari_unet.app.train_job import TrainWish
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.cancel import CancelToken
from napari_unet.core.dataset import TrainingSet
from napari_unet.core.events import PreviewDone
from napari_unet.core.paint_desk import PaintDesk
from napari_unet.core.paint_feed import PaintFeed
from napari_unet.core.preview import PreviewRequest
from napari_unet.core.settings import network_for
from napari_unet.core.source import Box


class Glancer:
    """Answers from the paint on some images; its work runs on workers, one job at a time.

    Parameters
    ----------
    painted : sequence of PaintedImage
        Its paint is taken over; give it copies.
    """

    def __init__(self, painted: Sequence[PaintedImage]) -> None:
        self.desk = PaintDesk()
        self._painted: Sequence[PaintedImage] = painted
        self._feed: PaintFeed | None = None
        self._engine: Any = None
        self._lock = Lock()

    def answer(
        self, wish: TrainWish, model: Any, request: PreviewRequest, cancel: CancelToken
    ) -> PreviewDone | None:
        """The answer for what is on screen, or None if it is not wanted any more.

        Parameters
        ----------
        wish : TrainWish
            Which network, and on what.
        model : napari_unet.learn.model.Model or None
            Use the features it has learned.
        request : PreviewRequest
        cancel : CancelToken

        Raises
        ------
        UNetError
            If the paint cannot be learned from; `PaintError` if there is too little of it.
        """
        with self._lock:
            training = self._read()
            if cancel.cancelled:
                return None
            network = network_for(wish.model, training.channels, len(training.classes))
            glance = self._glance(wish)
            answer: PreviewDone | None
            answer = glance.answer(training, network, request, model, cancel=cancel)
            return answer

    def training(self) -> TrainingSet:
        """Images and the newest paint.

        Raises
        ------
        UNetError
            If the paint cannot be learned from.
        """
        with self._lock:
            return self._read()

    def chances(
        self, wish: TrainWish, model: Any, sample: int, box: Box, cancel: CancelToken
    ) -> np.ndarray | None:
        """How likely each class is, in one box of the first image.

        Parameters
        ----------
        wish, model, cancel
            As for `answer`.
        sample : int
        box : tuple of slice

        Returns
        -------
        ndarray of float32, shape (K, *box), or None
            None if it is not wanted any more.
        """
        with self._lock:
            training = self._read()
            network = network_for(wish.model, training.channels, len(training.classes))
            request = PreviewRequest(0, 0, sample, box)
            chances: np.ndarray | None = self._glance(wish).probabilities(
                training, network, request, model, cancel=cancel
            )
            return chances

    def _read(self) -> TrainingSet:
        if self._feed is None:
            self._feed = PaintFeed(self._painted, self.desk)
            self._painted = ()
        self._feed.news()
        return self._feed.training

    def _glance(self, wish: TrainWish) -> Any:
        """The engine, loaded when it is first wanted."""
        lower_priority()
        glance = self._engine
        if glance is None:
            glance = engine("glance").Glance(wish.config.device, wish.config.precision)
            self._engine = glance
        return glance

    def let_go(self) -> None:
        """Forget the features; they are large, and of no use once the network has learned."""
        self._engine = None
