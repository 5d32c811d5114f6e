"""Two local Dask workers of one thread each against one process with as many threads as cores.

Both stream the same image into OME-Zarr; the workers have imported what they need. Then a worker is
ended in the middle of a run, whose result must be the same. ``STREAM_SIDE`` in the environment asks
for another size.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import zarr

from benchmarks._streaming import chosen_side, make_image, make_model, predict_apart
from benchmarks.report import Report, progress
from napari_unet.cluster import connected
from napari_unet.core.events import TileDone
from napari_unet.files import predict_to_zarr

SIDE = 4096
WORKERS = 2
TILE = 1024
TARGET = 0.85


def run() -> Report:
    """Predict here, on two workers, and on two of which one is lost."""
    side = chosen_side(SIDE)
    with TemporaryDirectory() as name:
        folder = Path(name)
        model, image = make_model(folder / "model.unet"), make_image(folder / "image.zarr", side)
        progress("one process")
        alone = predict_apart(model, image, folder / "alone.zarr", tile=TILE)
        assert alone is not None
        small = make_image(folder / "small.zarr", 600)
        options: dict[str, Any] = {"tile_size": TILE, "block_size": 512}
        with connected(workers=WORKERS) as client:
            for number in range(2 * WORKERS):  # until every worker has computed something
                predict_to_zarr(
                    model, small, folder / f"{number}.zarr", client=client, tile_size=256
                )
            progress("two workers")
            begin = time.perf_counter()
            predict_to_zarr(model, image, folder / "together.zarr", client=client, **options)
            seconds = time.perf_counter() - begin
            progress("two workers, one of which is lost")
            lost: list[str] = []
            options["on_event"] = _loser(client, lost)
            predict_to_zarr(model, image, folder / "lost.zarr", client=client, **options)
        labels = [
            np.asarray(zarr.open_group(str(folder / f"{result}.zarr"), mode="r")["0"][:])
            for result in ("alone", "together", "lost")
        ]
    different = [float((labels[0] != other).mean()) for other in labels[1:]]
    ratio = alone["seconds"] / seconds
    return Report(
        name="cluster",
        figures={
            "side": side,
            "pixels_per_second": round(side**2 / seconds),
            "share_of_pixels_that_differ": different[0],
            "share_of_pixels_that_differ_after_a_loss": different[1],
            "workers_lost": len(lost),
        },
        reference={"one_process_pixels_per_second": round(side**2 / alone["seconds"])},
        ratio=ratio,
        target=TARGET,
        met=ratio >= TARGET and not any(different) and bool(lost),
    )


def _loser(client: Any, lost: list[str]) -> Callable[[object], None]:
    """What ends a worker when half of the blocks are written, and notes which."""

    def lose(event: object) -> None:
        if isinstance(event, TileDone) and not lost and event.done * 2 > event.of:
            lost.append(next(iter(client.scheduler_info()["workers"])))
            client.run(os._exit, 1, workers=lost, on_error="return")

    return lose
