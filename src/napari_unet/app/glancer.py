"""Answers from paint, off the main thread: for what is on screen, or for any other part."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np

from napari_unet.app.engine import engine, lower_priority
from napari_unet.app.train_job import TrainWish
from napari_unet.core.assemble import PaintedImage
from napari_unet.core.cancel import CancelToken
from napari_unet.core.dataset import TrainingSet, unpainted_set
from napari_unet.core.errors import PaintError
from napari_unet.core.events import PreviewDone
from napari_unet.core.paint_desk import PaintDesk
from napari_unet.core.paint_feed import PaintFeed
from napari_unet.core.preview import PreviewRequest
from napari_unet.core.settings import network_for
from napari_unet.core.source import Box


class GlanceEngine:
    """The engine of instant answers; it outlives the paint, for it remembers features of images.

    Attributes
    ----------
    lock : Lock
        Held by whoever works with it.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self._glance: tuple[Hashable, Any] | None = None

    def glance(self, wish: TrainWish) -> Any:
        """The engine, loaded when it is first wanted, and anew for another device."""
        lower_priority()
        key = (wish.spatial, wish.config.device, wish.config.precision)
        made = self._glance
        if made is None or made[0] != key:
            glance = engine("glance").Glance(wish.config.device, wish.config.precision)
            made = self._glance = key, glance
        return made[1]

    def let_go(self) -> None:
        """Forget the features; they are large."""
        self._glance = None


class Glancer:
    """Answers from the paint on some images; its work runs on workers, one job at a time.

    Parameters
    ----------
    painted : sequence of PaintedImage
        Its paint is taken over; give it copies.
    engine : GlanceEngine, optional
        One of its own when not given.
    """

    def __init__(self, painted: Sequence[PaintedImage], engine: GlanceEngine | None = None) -> None:
        self.desk = PaintDesk()
        self._painted = list(painted)
        self._sources = [image.source for image in painted]
        self._feed: PaintFeed | None = None
        self._engine = engine or GlanceEngine()
        self._lock = self._engine.lock

    def prepare(
        self, wish: TrainWish, model: Any, request: PreviewRequest, cancel: CancelToken
    ) -> None:
        """Do what can be done before there is a stroke, so that the first is answered soon.

        Parameters
        ----------
        wish, model, request, cancel
            As for `answers`.

        Raises
        ------
        UNetError
            If nothing can be learned from these images.
        """
        with self._lock:
            if cancel.cancelled:
                return
            try:
                training = self._read()
            except PaintError:
                training = unpainted_set(self._sources)
            network = network_for(wish.model, training.channels, len(training.classes))
            glance = self._engine.glance(wish)
            glance.prepare(training, network, request, model, cancel=cancel)

    def answers(
        self, wish: TrainWish, model: Any, request: PreviewRequest, cancel: CancelToken
    ) -> Iterator[PreviewDone]:
        """The answer for what is on screen, part by part, its middle first.

        Parameters
        ----------
        wish : TrainWish
            Which network, and on what.
        model : napari_unet.learn.model.Model or None
            Use the features it has learned.
        request : PreviewRequest
        cancel : CancelToken
            Ends it before the next part.

        Raises
        ------
        UNetError
            If the paint cannot be learned from; `PaintError` if there is too little of it.
        """
        with self._lock:
            training = self._read()
            if cancel.cancelled:
                return
            network = network_for(wish.model, training.channels, len(training.classes))
            glance = self._engine.glance(wish)
            parts = glance.answers(training, network, request, model, cancel=cancel)
        while True:
            with self._lock:  # between two parts it is somebody else's turn
                part = next(parts, None)
            if part is None:
                return
            yield part

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
            As for `answers`.
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
            chances: np.ndarray | None = self._engine.glance(wish).probabilities(
                training, network, request, model, cancel=cancel
            )
            return chances

    def _read(self) -> TrainingSet:
        if self._feed is None:
            self._catch_up()
            self._feed = PaintFeed(self._painted, self.desk)
            self._painted.clear()
        self._feed.news()
        return self._feed.training

    def _catch_up(self) -> None:
        """Take strokes over that came before there was enough paint to be read."""
        update = self.desk.take()
        if update is None:
            return
        for piece in update.pieces:
            self._painted[piece.image].paint[piece.where] = piece.values
        self._painted[:] = [
            replace(image, names={**(image.names or {}), **update.names}) for image in self._painted
        ]

    def let_go(self) -> None:
        """Forget the features; they are large, and of no use once the network has learned."""
        self._engine.let_go()
