"""Applying a model to an image of any size: tiles in, labels or probabilities out."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np

from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import OutOfMemory
from napari_unet.core.events import Notice, PredictResult, TileDone
from napari_unet.core.mosaic import Mosaic
from napari_unet.core.postprocess import decide, tidy
from napari_unet.core.source import ImageSource
from napari_unet.core.tiles import Tile, inside
from napari_unet.learn.adapt import measure_on
from napari_unet.learn.fitting import AnyPredictor, predictor_for
from napari_unet.learn.model import Model
from napari_unet.learn.predictor import Predictor
from napari_unet.learn.stopping import Stopped

__all__ = ["Predictor", "measure_on", "predict"]


def predict(
    model: Model,
    source: ImageSource,
    config: PredictConfig | None = None,
    *,
    cancel: CancelToken | None = None,
    want_probabilities: bool = False,
    samples: Sequence[int] | None = None,
) -> Generator[TileDone | Notice, None, PredictResult]:
    """Predict every sample of an image; yield tiles as they are done.

    Parameters
    ----------
    model : Model
        Left as it is.
    source : ImageSource
    config : PredictConfig, optional
    cancel : CancelToken, optional
        Ends the work within a second.
    want_probabilities : bool, optional
        Return the probabilities of all classes too.
    samples : sequence of int, optional
        Canonical numbers of the samples to predict; all when not given. The labels of the others
        are 0.

    Raises
    ------
    AxesError, ChannelMismatch, DeviceUnavailable
        If the model, the image and the settings do not go together.
    OutOfMemory
        If memory ran out on every device and at every size that was tried.
    """
    notices: list[str] = []
    cancel = cancel or CancelToken()
    try:
        predictor = predictor_for(model, source, config or PredictConfig(), cancel=cancel)
        notices = predictor.notices
        result = _Result(predictor, model, config or PredictConfig(), want_probabilities)
        chosen = range(source.samples) if samples is None else sorted(set(samples))
        return (yield from _compute(predictor, result, cancel, chosen))
    except Stopped:
        return PredictResult(None, stopped=True, notices=tuple(notices))
    except MemoryError as err:
        raise OutOfMemory(
            f"The result for {source.name!r} does not fit into memory. "
            "Close other programs or large images, or predict a part of it."
        ) from err


def _compute(
    predictor: AnyPredictor, result: _Result, cancel: CancelToken, samples: Sequence[int]
) -> Generator[TileDone | Notice, None, PredictResult]:
    """Tiles of all samples, one grid after the other."""
    said = 0
    wanted = [(s, tile) for s in samples for tile in predictor.grid]
    for done, (sample, tile, values) in enumerate(predictor.answers(wanted), start=1):
        if cancel.cancelled:
            raise Stopped
        for text in predictor.notices[said:]:
            yield Notice(text)
        said = len(predictor.notices)
        labels = result.add(sample, tile, values)
        yield TileDone(done, len(wanted), sample, tile.write, labels)
    return result.finished()


class _Result:
    """Labels, and probabilities if wanted, as tiles arrive sample by sample."""

    def __init__(
        self, predictor: AnyPredictor, model: Model, config: PredictConfig, keep: bool
    ) -> None:
        samples, self._size = predictor.source.samples, predictor.source.spatial_shape
        self._predictor = predictor
        self._classes, self._config = model.classes, config
        dtype = self._classes.to_labels(np.zeros(1, np.uint8)).dtype
        self._labels = np.zeros((samples, *self._size), dtype)
        whole = (samples, len(self._classes), *self._size)
        self._probabilities = np.zeros(whole, np.float32) if keep else None
        self._begin()

    def _begin(self) -> None:
        self._mosaic = Mosaic(self._predictor.grid, len(self._classes))
        self._numbers = np.zeros(self._size, np.uint8)

    def add(self, sample: int, tile: Tile, values: np.ndarray) -> np.ndarray:
        """Take in a tile; return its own labels, before neighbours are blended in."""
        finished = self._mosaic.add(tile, values)
        if finished is not None:
            box, probabilities = finished
            self._numbers[box] = self._decide(probabilities)
            if self._probabilities is not None:
                self._probabilities[sample][(slice(None), *box)] = probabilities
            if box[0].stop == self._size[0]:
                self._labels[sample] = self._classes.to_labels(self._tidy())
                self._begin()
        own = values[(slice(None), *inside(tile.write, tile.reach))]
        return self._classes.to_labels(self._decide(own))

    def _decide(self, probabilities: np.ndarray) -> np.ndarray:
        return decide(probabilities, self._classes, self._config.threshold)

    def _tidy(self) -> np.ndarray:
        return tidy(
            self._numbers,
            self._classes,
            smallest_object=self._config.smallest_object,
            fill_holes=self._config.fill_holes,
        )

    def finished(self) -> PredictResult:
        """What prediction returns."""
        return PredictResult(
            self._labels, self._probabilities, notices=tuple(self._predictor.notices)
        )
