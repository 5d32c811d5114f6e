"""What the benchmarks of streaming share: an image on disk, a model, and a process that predicts.

As a program it predicts one image into one result and prints what it took as JSON; or kills itself
at some moment of it, as ``kill -9`` does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
import zarr

from napari_unet.core.events import TileDone
from napari_unet.data.samples import load_sample
from napari_unet.files import predict_to_zarr

SIDE_VARIABLE = "STREAM_SIDE"
"""Environment variable that asks for a larger image than the usual one."""

FOLDER_VARIABLE = "STREAM_FOLDER"
"""Environment variable that names a folder to keep what was measured, to go on another time."""

_CHUNK = 1024
_TARGET_CHUNKS = _CHUNK // 2


def chosen_side(usual: int) -> int:
    """Side of the image: `usual`, or what the environment says, for example 20480."""
    return int(os.environ.get(SIDE_VARIABLE, usual))


@contextmanager
def working_folder() -> Iterator[Path]:
    """The folder that is to be kept, or else a temporary one."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        Path(named).mkdir(parents=True, exist_ok=True)
        yield Path(named)
        return
    with TemporaryDirectory() as folder:
        yield Path(folder)


def make_image(path: Path, side: int) -> Path:
    """Write a square uint16 image of coins with noise, chunk by chunk."""
    coins = load_sample("coins").image
    tile = np.tile(coins, (4, 4))[:_CHUNK, :_CHUNK].astype(np.uint16) * 100
    array = zarr.open_array(
        str(path), mode="w", shape=(side, side), chunks=(_CHUNK, _CHUNK), dtype=np.uint16
    )
    rng = np.random.default_rng(0)
    for row in range(0, side, _CHUNK):
        for column in range(0, side, _CHUNK):
            noise = rng.integers(0, 3000, tile.shape, dtype=np.uint16)
            part = (tile + noise)[: side - row, : side - column]
            array[row : row + _CHUNK, column : column + _CHUNK] = part
    return path


def make_model(path: Path) -> Path:
    """Write the instant answer of the default network on the coins."""
    from napari_unet.api import fit

    coins = load_sample("coins")
    fit(coins.image.astype(np.uint16) * 100, coins.paint, max_seconds=0).save(path, overwrite=True)
    return path


def predict_apart(
    model: Path,
    image: Path,
    out: Path,
    *,
    tile: int | None = None,
    kill_after: float | None = None,
) -> dict[str, Any] | None:
    """Predict in a process of its own; None if it was killed."""
    command = [sys.executable, "-m", "benchmarks._streaming", str(model), str(image), str(out)]
    for name, value in (("--tile", tile), ("--kill-after", kill_after)):
        command += [] if value is None else [name, str(value)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode == -signal.SIGKILL:
        return None
    if done.returncode:
        sys.exit(f"predicting {image} ended with exit code {done.returncode}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _predict(
    model: Path, image: Path, out: Path, tile: int | None, kill_after: float | None
) -> dict[str, Any]:
    from napari_unet.api import predict
    from napari_unet.learn.checkpoint import load_model

    loaded = load_model(model)
    predict(loaded, load_sample("coins").image)  # everything that loads once is loaded
    idle = psutil.Process().memory_info().rss
    timer = None

    def begun(event: object) -> None:
        nonlocal timer
        if timer is None and kill_after is not None and isinstance(event, TileDone):
            timer = threading.Timer(kill_after, os.kill, (os.getpid(), signal.SIGKILL))
            timer.daemon = True
            timer.start()

    begin = time.perf_counter()
    result = predict_to_zarr(
        loaded, image, out, block_size=_TARGET_CHUNKS, on_event=begun, tile_size=tile
    )
    seconds = time.perf_counter() - begin
    if timer is not None:
        timer.cancel()
    kilobytes = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * kilobytes
    return {
        "idle": idle,
        "peak": peak,
        "seconds": seconds,
        "blocks": result.blocks,
        "computed": result.computed,
    }


def main() -> None:
    """Predict as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "image", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--tile", type=int)
    parser.add_argument("--kill-after", type=float)
    told = _predict(**vars(parser.parse_args()))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
