"""Tiled prediction of a 4096x4096 image against the bare network and MONAI's sliding window.

Ours is `predict` as everybody calls it: reading, fitting the intensities, measuring the feature
statistics, overlapping tiles, blending, labels. The bare network is the same one, normalisation
folded away, in the same precision and layout, run again and again on one ready tensor of the size
it is fastest at; it reads nothing, overlaps nothing and its scores are thrown away. MONAI's
`sliding_window_inference` gets the same folded network, the same tile and overlap, and a ready
normalised tensor; it returns blended scores. All take turns, so that whatever else the machine
does meets all of them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.report import Report, progress
from napari_unet.core.annotations import ClassMap
from napari_unet.core.axes import AxesSpec
from napari_unet.core.cancel import CancelToken
from napari_unet.core.config import PredictConfig, preset
from napari_unet.core.events import PredictResult
from napari_unet.core.normalize import fit_normalisation
from napari_unet.core.source import ImageSource
from napari_unet.data.samples import load_sample
from napari_unet.learn.adapt import measure_on
from napari_unet.learn.devices import choose_device
from napari_unet.learn.inference import Predictor, predict
from napari_unet.learn.model import Model
from napari_unet.learn.precision import autocast, best_precision, lay_out_network
from napari_unet.learn.statistics import folded
from napari_unet.learn.unet import UNet

SIDE = 4096
PART = 1500
ROUNDS = 3
BARE_SIDES = (192, 256, 384, 512, 768, 1024, 1536, 2048)
TARGET = 0.85
TOLERANCE = 1e-3
STOP_SECONDS = 1.0


def run() -> Report:
    """Measure all in turns and report the medians of the ratios."""
    bench = _Bench(_image(SIDE))
    progress("looking for the tile size at which the bare network is fastest")
    sides = {side: bench.bare_rate(side, max(2, 1024**2 // side**2)) for side in BARE_SIDES}
    best = max(sides, key=sides.__getitem__)
    rows = []
    for number in range(ROUNDS):
        progress(f"round {number + 1} of {ROUNDS}")
        rows.append((bench.our_rate(), bench.bare_rate(best, SIDE**2 // best**2), bench.rival()))
    ours, bare, monai = (np.array(column) for column in zip(*rows, strict=True))
    ratio, over_monai = median(ours / bare), median(ours / monai)
    progress("comparing tiled with untiled, and stopping in the middle")
    difference, stop = bench.largest_difference(PART), bench.seconds_to_stop()
    compared = bool(np.isfinite(monai).all())
    figures = {
        "pixels_per_second": round(median(ours)),
        "bare_pixels_per_second": round(median(bare)),
        "monai_pixels_per_second": round(median(monai)) if compared else "MONAI is not installed",
        "ratio_to_bare_each_round": (ours / bare).round(3),
        "ratio_to_monai": over_monai if compared else None,
        "ratio_to_monai_each_round": (ours / monai).round(3) if compared else None,
        "bare_pixels_per_second_by_tile": {str(k): round(v) for k, v in sides.items()},
        "largest_difference_tiled_untiled": difference,
        "seconds_to_stop": stop,
        **bench.facts,
    }
    kept = difference <= TOLERANCE and stop <= STOP_SECONDS
    return Report(
        name="tiling",
        figures=figures,
        reference=f"the bare network on ready {best}x{best} tiles, and MONAI, in the same run",
        ratio=ratio,
        target={"of_bare": TARGET, "of_monai": 1.0, "difference": TOLERANCE},
        met=bool(ratio >= TARGET and over_monai > 1 and kept),
    )


def _image(side: int) -> np.ndarray:
    """A real image repeated, mirrored, to the size wanted, with 16-bit values."""
    coins = load_sample("coins").image.astype(np.uint16) * 200
    pair = np.concatenate([coins, coins[::-1]])
    block = np.concatenate([pair, pair[:, ::-1]], axis=1)
    times = [-(-side // n) for n in block.shape]
    return np.tile(block, times)[:side, :side]


class _Bench:
    """One network on one image, asked in three ways."""

    def __init__(self, image: np.ndarray) -> None:
        self._source = ImageSource(image, AxesSpec("YX"))
        self._normalisation = fit_normalisation(self._source)
        self._device = choose_device()
        torch.manual_seed(0)
        config = preset("fast")
        self._precision = best_precision(self._device, "auto", config)
        self._model = Model(UNet(config), ClassMap((1, 2)), self._normalisation)
        adapted = self._model.copy().net.to(self._device.torch_device)
        measure_on(adapted, self._source, self._normalisation, self._device)
        self._net = folded(adapted)
        if self._precision.channels_last:
            lay_out_network(self._net, config.dimensions)
        predictor = Predictor(self._model, self._source)
        self._tile, self._plan = predictor.grid[0], predictor.plan
        self._overlap = 2 * (predictor.grid[0].read[1].stop - predictor.grid[0].write[1].stop)
        self.facts: dict[str, Any] = {
            "device": self._device.words,
            "precision": self._precision.words,
            "threads": torch.get_num_threads(),
            "tile": self._tile.shape[1],
            "overlap": self._overlap,
            "tiles": len(predictor.grid),
            "batch": self._plan.batch,
        }

    def _bare(self, tensor: Tensor) -> Tensor:
        with torch.inference_mode(), autocast(self._device, self._precision):
            scores: Tensor = self._net(self._precision.lay_out(tensor))
        return scores

    def bare_rate(self, side: int, passes: int) -> float:
        """Pixels a second of the network alone on one ready tensor of that size."""
        ready = self._precision.lay_out(torch.randn(1, 1, side, side))
        ready = ready.to(self._device.torch_device)
        self._bare(ready)
        return side**2 * passes / _seconds(lambda: [self._bare(ready) for _ in range(passes)])

    def our_rate(self) -> float:
        """Pixels a second of the product."""
        return SIDE**2 / _seconds(lambda: _exhaust(self._model, self._source))

    def rival(self) -> float:
        """Pixels a second of MONAI (Cardoso et al. 2022, arXiv:2211.02701); NaN if absent."""
        if not find_spec("monai"):
            return float("nan")
        from monai.inferers import sliding_window_inference

        image = self._normalisation.apply(self._source.read(0))
        ready = torch.from_numpy(image)[None].to(self._device.torch_device)
        side = self._tile.shape[1]

        def slide() -> None:
            with torch.inference_mode():
                sliding_window_inference(
                    ready, (side, side), self._plan.batch, self._bare,
                    overlap=self._overlap / side, mode="gaussian",
                )  # fmt: skip

        return SIDE**2 / _seconds(slide)

    def largest_difference(self, side: int) -> float:
        """Largest difference in probability between many tiles and one."""
        part = ImageSource(self._source.array[:side, :side], self._source.axes)
        answers = [
            _exhaust(self._model, part, PredictConfig(tile_size=tile), keep=True).probabilities
            for tile in (512, 2 * side)
        ]
        return float(np.abs(np.subtract(*answers)).max())

    def seconds_to_stop(self) -> float:
        """Time from asking to stop, a third of the way through, to the end."""
        cancel, asked = CancelToken(), [0.0]

        def ask() -> None:
            asked[0] = time.perf_counter()
            cancel.cancel()

        timer = threading.Timer(0.3 * SIDE**2 / self.our_rate(), ask)
        timer.start()
        _exhaust(self._model, self._source, cancel=cancel)
        timer.join()
        return time.perf_counter() - asked[0]


def _exhaust(
    model: Model,
    source: ImageSource,
    config: PredictConfig | None = None,
    *,
    cancel: CancelToken | None = None,
    keep: bool = False,
) -> PredictResult:
    """Predict to the end."""
    work = predict(model, source, config, cancel=cancel, want_probabilities=keep)
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: PredictResult = end.value
            return result


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
