"""Prediction of any number of open images, decided without Qt and without torch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from napari_unet.app.jobs import Job, LatestOnly, single
from napari_unet.app.ports import JobRunner, LayerId, LayerStore
from napari_unet.app.predict_job import (
    KEPT_BYTES,
    ImageBegun,
    ImageDone,
    ImageFailed,
    finish_all,
    half_bytes,
    predict_job,
)
from napari_unet.app.predict_run import PredictRun, PredictWish
from napari_unet.app.predict_words import closing_words, everything_alike
from napari_unet.app.state import Phase, Progress, SessionState
from napari_unet.app.stream_job import StreamBegun, StreamDone, too_many
from napari_unet.core.annotations import ClassMap
from napari_unet.core.axes import Spatial
from napari_unet.core.cancel import CancelToken
from napari_unet.core.channels import misfit
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import UNetError
from napari_unet.core.events import Notice, TileDone
from napari_unet.core.source import ImageSource


@dataclass(frozen=True, eq=False)
class _Kept:
    """Probabilities of one result, kept so that a threshold can change without the network."""

    result: LayerId
    probabilities: np.ndarray
    classes: ClassMap


class PredictController:
    """Predicts images into new layers, and redoes threshold and sizes without the network.

    Parameters
    ----------
    state : SessionState
    layers : LayerStore
    runner : JobRunner
        For the heavy job.
    light : JobRunner
        For thresholds; used by nobody else.
    make_job : callable, optional
        Makes the heavy job; replaced in tests.
    """

    def __init__(
        self,
        state: SessionState,
        layers: LayerStore,
        runner: JobRunner,
        light: JobRunner,
        make_job: Callable[..., Job] = predict_job,
    ) -> None:
        self._state, self._layers, self._runner = state, layers, runner
        self._light = LatestOnly(light)
        self._make_job = make_job
        self._run: PredictRun | None = None
        self._kept: list[_Kept] = []

    def start(self, wish: PredictWish) -> None:
        """Predict every wished image into a new layer of its own."""
        current = self._state.model_to_use()
        if current is None:
            return
        model = current.model
        spatial: Spatial = "ZYX" if model.config.dimensions == 3 else "YX"
        try:
            sources = [self._source(image, spatial, model, wish) for image in wish.images]
        except UNetError as err:
            self._state.fail(str(err))
            return
        known = getattr(model, "known_channels", None)
        misfits = [misfit(known, source) for source in sources] if known is not None else [""]
        if misfits and all(misfits):
            self._state.fail(misfits[0])  # said before anything begins
        else:
            self._begin(wish, sources, model, spatial)

    def _source(
        self, image: LayerId, spatial: Spatial, model: Any, wish: PredictWish
    ) -> ImageSource:
        if image not in wish.full:
            return self._layers.source(image, spatial)
        return self._layers.full_source(image, spatial, getattr(model, "spacing", None))

    def _begin(
        self, wish: PredictWish, sources: list[ImageSource], model: Any, spatial: Spatial
    ) -> None:
        classes = model.classes
        canvases = [
            self._layers.canvas(image, spatial, image in wish.full) if too_many(source) else None
            for image, source in zip(wish.images, sources, strict=True)
        ]
        results = [
            self._layers.open_mask(image, classes, spatial, image in wish.full)
            if canvas is None
            else None
            for image, canvas in zip(wish.images, canvases, strict=True)
        ]
        cancel = CancelToken()
        streamed = [canvas is not None for canvas in canvases]
        self._run = PredictRun(
            wish, sources, classes, spatial, results, cancel, set(), [], streamed
        )
        self._state.say("")
        self._state.set_progress(Progress(words="Getting ready"))
        self._state.move(Phase.PREDICTING)
        keep = [wish.probabilities or half_bytes(s, len(classes)) <= KEPT_BYTES for s in sources]
        samples = [wish.samples.get(image) for image in wish.images]
        self._runner.run(
            self._make_job(sources, model, wish.config, keep, cancel, samples, canvases),
            on_event=self._on_event,
            on_done=self._on_done,
            on_error=self._on_error,
            cancel=cancel,
            words="predicting masks",
        )

    def stop(self) -> None:
        """Ask prediction to end; finished masks are kept."""
        if self._state.phase is Phase.PREDICTING and self._run is not None:
            self._run.cancel.cancel()
            self._state.move(Phase.STOPPING)

    def refine(self, config: PredictConfig) -> None:
        """Redo threshold, smallest object and holes of the last results, on a worker.

        Results the user has changed by hand, or removed, are left alone.
        """
        self._kept = [kept for kept in self._kept if not self._layers.edited(kept.result)]
        chosen = list(self._kept)
        if not chosen:
            return
        pairs = [(kept.probabilities, kept.classes) for kept in chosen]

        def show(all_labels: list[np.ndarray]) -> None:
            for kept, labels in zip(chosen, all_labels, strict=True):
                if not self._layers.edited(kept.result):
                    self._layers.replace(kept.result, labels)

        self._light.submit(
            lambda: single(lambda: finish_all(pairs, config)),
            on_done=show,
            on_error=lambda err: self._state.say(str(err), "error"),
            words="applying the threshold",
        )

    @property
    def refinable(self) -> bool:
        """True if a changed threshold shows at once."""
        return bool(self._kept)

    def _on_event(self, event: Any) -> None:
        run = self._run
        if run is None:
            return
        match event:
            case TileDone():
                self._on_tile(run, event)
            case ImageBegun(number=number):
                run.number = number
            case ImageDone(number=number):
                try:
                    self._on_image(run, event)
                except UNetError as err:  # the image was removed meanwhile
                    run.failures.append(f"{run.sources[number].name}: {err}")
            case StreamBegun(number=number, path=path):
                image, how = run.wish.images[number], run.how(number)
                with suppress(UNetError):  # the image was removed; the folder is told at the end
                    run.results[number] = self._layers.open_streamed(image, path, *how)
            case StreamDone(number=number, path=path, stopped=stopped):
                run.folders.append(path)
                if not stopped:
                    run.finished.add(number)
            case ImageFailed():
                run.failures.append(event.text)
            case Notice(text=text):
                self._state.say(text)

    def _on_tile(self, run: PredictRun, event: TileDone) -> None:
        result = run.results[run.number]
        if result is not None and not self._painted_on(result):
            self._layers.write(result, event.sample, event.box, event.labels)
        sizes = [prod(source.canonical_shape) for source in run.sources]
        done = sum(sizes[: run.number]) + sizes[run.number] * event.done / max(1, event.of)
        which = f" ({run.number + 1} of {len(sizes)})" if len(sizes) > 1 else ""
        words = run.sources[run.number].name + which
        self._state.set_progress(Progress(done / sum(sizes), None, words))

    def _on_image(self, run: PredictRun, event: ImageDone) -> None:
        result, image = run.results[event.number], run.wish.images[event.number]
        assert result is not None  # opened before the job began
        run.finished.add(event.number)
        if event.only is not None:
            run.uniform.append(event.only)
        if self._painted_on(result):
            run.painted_on = True  # it is the user's now
            result = self._layers.open_mask(image, *run.how(event.number))
        self._layers.replace(result, event.labels)
        if event.probabilities is None:
            return
        self._kept.append(_Kept(result, event.probabilities, run.classes))
        while sum(kept.probabilities.nbytes for kept in self._kept) > KEPT_BYTES:
            del self._kept[0]
        if run.wish.probabilities:
            how = run.how(event.number)
            self._layers.show_probabilities(image, event.probabilities, *how)

    def _painted_on(self, result: LayerId) -> bool:
        """True if the user changed a mask by hand, and it is still there."""
        return self._layers.edited(result) and self._layers.find(result) is not None

    def _on_done(self, _: None) -> None:
        failures, text = [], ""
        try:
            run = self._close()
            failures, stopped = run.failures, self._state.phase is Phase.STOPPING
            text = closing_words(stopped, len(run.finished), run.folders, run.painted_on)
            if failures and run.finished:
                failures = [f"{len(run.finished)} of {len(run.sources)} done.", *failures]
        finally:  # whatever a listener does, the button comes back
            if failures:
                self._state.fail(" ".join(failures))
            elif run.uniform and len(run.uniform) == len(run.finished):
                self._state.say(*everything_alike(run.uniform[0], run.classes))
                self._state.move(Phase.IDLE)
            else:
                self._state.say(text, "hint" if self._state.phase is Phase.STOPPING else "good")
                self._state.move(Phase.IDLE)

    def _on_error(self, err: UNetError) -> None:
        self._close()
        self._state.fail(str(err))

    def _close(self) -> PredictRun:
        """Take the masks away that were not finished, but for those painted on meanwhile."""
        run, self._run = self._run, None
        assert run is not None  # only a running job ends
        for number, result in enumerate(run.results):
            if number in run.finished or result is None or run.streamed[number]:
                continue
            if self._painted_on(result):
                run.painted_on = True
            else:
                self._layers.remove(result)
        return run
