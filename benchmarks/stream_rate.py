"""Pixels a second of prediction that streams from Zarr to OME-Zarr against the one in memory.

Both predict the same image with the same model in one process, in turns; the one in memory has the
whole image as an array and returns the labels as one. ``STREAM_SIDE`` in the environment asks for
another size.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import zarr

from benchmarks._streaming import chosen_side, make_image, make_model
from benchmarks.report import Report, progress
from napari_unet.api import load_model, predict
from napari_unet.files import predict_to_zarr

SIDE = 3072
ROUNDS = 3
TARGET = 0.8


def run() -> Report:
    """Let both take turns."""
    side = chosen_side(SIDE)
    with TemporaryDirectory() as folder:
        model = load_model(make_model(Path(folder) / "model.unet"))
        path = make_image(Path(folder) / "image.zarr", side)
        whole = np.asarray(zarr.open_array(str(path), mode="r")[:])
        out = Path(folder) / "labels.ome.zarr"
        predict(model, whole[:512, :512])
        rates: list[tuple[float, float]] = []
        labels: list[np.ndarray] = []
        for number in range(ROUNDS):
            progress(f"round {number + 1} of {ROUNDS}")
            streamed = _seconds(lambda: predict_to_zarr(model, path, out, overwrite=True))
            in_memory = _seconds(lambda: labels.append(predict(model, whole)))
            rates.append((side**2 / streamed, side**2 / in_memory))
        written = np.asarray(zarr.open_group(str(out), mode="r")["0"][:])
    ours, reference = np.array(rates).T
    ratio = median(ours / reference)
    different = float((written != labels[0]).mean())
    return Report(
        name="stream_rate",
        figures={
            "side": side,
            "pixels_per_second": round(median(ours)),
            "ratio_each_round": (ours / reference).round(3),
            "share_of_pixels_that_differ": different,
        },
        reference={"in_memory_pixels_per_second": round(median(reference))},
        ratio=ratio,
        target=TARGET,
        met=ratio >= TARGET and different == 0,
    )


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
