"""Predicting an image larger than memory: block by block into a store, to be continued any time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence

import numpy as np

from napari_unet.core.annotations import ClassMap
from napari_unet.core.blocks import BlockGrid, BlockStore, Setup
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import InvalidSetting, OutOfMemory
from napari_unet.core.events import Notice, StreamResult, TileDone
from napari_unet.core.mosaic import Seams
from napari_unet.core.postprocess import decide, tidy
from napari_unet.core.source import Box, ImageSource
from napari_unet.core.tiles import Tile, inside, overlap
from napari_unet.learn.fitting import AnyPredictor, predictor_for
from napari_unet.learn.model import Model
from napari_unet.learn.recipe import recipe
from napari_unet.learn.stopping import Stopped

DECIDED, TIDIED = "decided", "0"
"""Stages of a result: classes as the network decides, and what comes out of tidying up."""

Answers = Callable[
    [AnyPredictor, Sequence[tuple[int, Tile]]], Iterator[tuple[int, Tile, np.ndarray]]
]
"""As `Predictor.answers`."""

_WIDEST_MARGIN = 1024
"""How far around a block to look when tidying up; more would take too much memory."""


def stream(
    model: Model,
    source: ImageSource,
    store: BlockStore,
    config: PredictConfig | None = None,
    *,
    cancel: CancelToken | None = None,
    answers: Answers | None = None,
    samples: Sequence[int] | None = None,
) -> Generator[TileDone | Notice, None, StreamResult]:
    """Predict an image into a store; yield blocks as they are written.

    The labels are those of `napari_unet.learn.inference.predict`. Memory does not grow with the
    image, but for a few bytes for every pixel of its width (in 3D, of one of its slices). A store
    that holds an unfinished result of the same model, image and settings is continued: only blocks
    that are missing are computed, and of the tiles beside them those that blend into them.

    Parameters
    ----------
    model : Model
        Left as it is.
    source : ImageSource
    store : BlockStore
    config : PredictConfig, optional
    cancel : CancelToken, optional
        Ends the work within a second; what is written stays.
    answers : callable, optional
        Who computes tiles, in the given order; the predictor itself when not given.
    samples : sequence of int, optional
        Canonical numbers of the samples to predict; all when not given. The others stay as they
        are, and another call may add them.

    Raises
    ------
    OtherResult, OutputExists
        If something else stands in the store's place.
    InvalidSetting
        If objects to remove or holes to fill are too large to look at block by block.
    AxesError, ChannelMismatch, DeviceUnavailable, OutOfMemory
        As `predict`.
    """
    config, cancel = config or PredictConfig(), cancel or CancelToken()
    tidy_margin(config)
    notices: list[str] = []
    try:
        made_of = recipe(model, source, config)
        begun = store.resume(made_of)
        wanted = _blocks_of(store.grid(TIDIED), samples)
        if begun is not None and store.done(TIDIED).keys() >= set(wanted):
            store.finish()
            return _result(store, wanted, model.classes, 0, False, ())
        predictor = predictor_for(model, source, config, cancel=cancel, setup=begun)
        notices = predictor.notices
        if begun is None:
            store.begin(made_of, predictor.setup)
        work = _Work(predictor, model, store, config, answers or _computed_here, wanted)
        return (yield from work.run(cancel, begun))
    except Stopped:
        return StreamResult(0, 0, (), stopped=True, notices=tuple(notices))
    except MemoryError as err:
        raise OutOfMemory(
            f"Memory ran out while {source.name!r} was predicted. Close other programs, "
            "or choose smaller tiles; what is written stays, so start it again."
        ) from err


def _computed_here(
    predictor: AnyPredictor, wanted: Sequence[tuple[int, Tile]]
) -> Iterator[tuple[int, Tile, np.ndarray]]:
    return predictor.answers(wanted)


def tidy_margin(config: PredictConfig) -> int:
    """Return how far around a block tidying up has to look, to do what it does on all at once.

    A region of fewer pixels than `n` reaches less than `n` pixels far. So around a block lies,
    within one such distance, every object that decides on a hole, within two, every object
    beside one of those, and so on; beyond that nothing can change the block.

    Raises
    ------
    InvalidSetting
        If that is too far.
    """
    if config.smallest_object <= 1 and not config.fill_holes:
        return 0
    margin = 2 * config.smallest_object + config.fill_holes + 4
    if margin > _WIDEST_MARGIN:
        raise InvalidSetting(
            f"Objects of {config.smallest_object} and holes of {config.fill_holes} pixels are too "
            "large to tidy up block by block. Choose smaller numbers: twice the first and the "
            f"second together may be {_WIDEST_MARGIN - 4}."
        )
    return margin


def _blocks_of(grid: BlockGrid, samples: Sequence[int] | None) -> list[int]:
    """Numbers of the blocks of some samples, or of all."""
    chosen = range(grid.samples) if samples is None else sorted(set(samples))
    each = grid.per_sample
    return [number for s in chosen for number in range(s * each, (s + 1) * each)]


def _result(
    store: BlockStore,
    wanted: Sequence[int],
    classes: ClassMap,
    computed: int,
    stopped: bool,
    notices: tuple[str, ...],
) -> StreamResult:
    """What is in a store now, of what was asked for."""
    pixels, done = np.zeros(len(classes), np.int64), store.done(TIDIED)
    for number in wanted:
        if number in done:
            pixels += np.asarray(done[number], np.int64)
    found = tuple(int(n) for n in pixels)
    return StreamResult(len(wanted), computed, found, stopped, notices)


class _Work:
    """One run of a prediction into a store."""

    def __init__(
        self,
        predictor: AnyPredictor,
        model: Model,
        store: BlockStore,
        config: PredictConfig,
        answers: Answers,
        wanted: Sequence[int],
    ) -> None:
        margin, self._answers = tidy_margin(config), answers
        self._predictor, self._classes = predictor, model.classes
        self._store, self._config, self._margin = store, config, margin
        self._first = DECIDED if margin else TIDIED
        self._grid, self._wanted = store.grid(TIDIED), wanted
        self._said = 0
        self._computed = self._done = 0

    def run(
        self, cancel: CancelToken, begun: Setup | None
    ) -> Generator[TileDone | Notice, None, StreamResult]:
        """Compute what is missing."""
        total, there = len(self._wanted), len(self._wanted) - len(self._missing(TIDIED))
        self._done = there if self._first == TIDIED else there + total - len(self._missing(DECIDED))
        if begun is not None:
            yield Notice(f"Continuing: {there} of {total} blocks are there.")
        stopped = False
        try:
            yield from self._decided(cancel)
            if self._margin:
                yield from self._tidied(cancel)
            self._store.finish()
        except Stopped:
            stopped = True
        notices = tuple(self._predictor.notices)
        classes, computed = self._classes, self._computed
        return _result(self._store, self._wanted, classes, computed, stopped, notices)

    def _missing(self, stage: str) -> list[int]:
        done = self._store.done(stage)
        return [number for number in self._wanted if number not in done]

    def _write(self, stage: str, number: int, numbers: np.ndarray) -> TileDone:
        """Write the class numbers of a block: as labels, unless they are to be tidied up."""
        sample, box = self._grid.place(number)
        labels = self._classes.to_labels(numbers)
        pixels = np.bincount(numbers.ravel(), minlength=len(self._classes)).tolist()
        self._store.write(stage, number, labels if stage == TIDIED else numbers, pixels)
        self._computed += stage == TIDIED
        stages = {self._first, TIDIED}
        self._done += 1
        return TileDone(self._done, len(stages) * len(self._wanted), sample, box, labels)

    # -- what the network says ------------------------------------------------------------

    def _decided(self, cancel: CancelToken) -> Generator[TileDone | Notice, None, None]:
        missing = np.zeros(len(self._grid), bool)
        missing[self._missing(self._first)] = True
        wanted = _tiles_for(missing, self._grid, self._predictor)
        seams, open_blocks = Seams(self._predictor.grid), _OpenBlocks(self._grid, missing)
        current = 0
        for sample, tile, values in self._answers(self._predictor, wanted):
            if cancel.cancelled:
                raise Stopped
            for text in self._predictor.notices[self._said :]:
                yield Notice(text)
            self._said = len(self._predictor.notices)
            if sample != current:
                current, seams = sample, Seams(self._predictor.grid)
            box, probabilities = seams.add(tile, values)
            decided = decide(probabilities, self._classes, self._config.threshold)
            for number, numbers in open_blocks.add(sample, box, decided):
                yield self._write(self._first, number, numbers)

    # -- small objects and holes ----------------------------------------------------------

    def _tidied(self, cancel: CancelToken) -> Iterator[TileDone]:
        shape = self._predictor.source.spatial_shape
        for number in self._missing(TIDIED):
            if cancel.cancelled:
                raise Stopped
            sample, box = self._grid.place(number)
            around = tuple(
                slice(max(0, s.start - self._margin), min(n, s.stop + self._margin))
                for s, n in zip(box, shape, strict=True)
            )
            clean = tidy(
                self._store.read(DECIDED, sample, around).astype(np.uint8, copy=False),
                self._classes,
                smallest_object=self._config.smallest_object,
                fill_holes=self._config.fill_holes,
            )
            yield self._write(TIDIED, number, clean[inside(box, around)])


def _tiles_for(
    missing: np.ndarray, grid: BlockGrid, predictor: AnyPredictor
) -> list[tuple[int, Tile]]:
    """The tiles that reach into missing blocks, and those computed together with them.

    Tiles are computed in the same company as in an undisturbed run: how many are computed at
    once can change the last bit.
    """
    every = [(s, tile) for s in range(predictor.source.samples) for tile in predictor.grid]
    needed = [bool(missing[grid.touched(s, tile.reach)].any()) for s, tile in every]
    batch = predictor.plan.batch
    wanted = []
    for first in range(0, len(every), batch):
        if any(needed[first : first + batch]):
            wanted += every[first : first + batch]
    return wanted


class _OpenBlocks:
    """Missing blocks that some pixels are known of."""

    def __init__(self, grid: BlockGrid, missing: np.ndarray) -> None:
        self._grid, self._missing = grid, missing
        self._open: dict[int, tuple[np.ndarray, int]] = {}

    def add(self, sample: int, box: Box, numbers: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Take in final class numbers; yield the blocks that are complete."""
        for number in self._grid.touched(sample, box):
            if not self._missing[number]:
                continue
            _, place = self._grid.place(number)
            shared = overlap(place, box)
            if shared is None:
                continue
            size = tuple(s.stop - s.start for s in place)
            block, known = self._open.pop(number, (np.zeros(size, np.uint8), 0))
            part = numbers[inside(shared, box)]
            block[inside(shared, place)] = part
            if known + part.size == block.size:
                yield number, block
            else:
                self._open[number] = (block, known + part.size)
