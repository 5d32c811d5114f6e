"""Memory and time of predicting a zarr image that streams into OME-Zarr, and of one twice as wide.

Each is predicted in a process of its own, whose memory at rest (torch loaded, one small prediction
done) is taken off its peak. ``STREAM_SIDE=20480`` in the environment asks for a larger image;
``STREAM_FOLDER`` names a folder that keeps what was measured: a run that was cut short goes on
with the image it was at.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks._streaming import (
    chosen_side,
    make_image,
    make_model,
    predict_apart,
    working_folder,
)
from benchmarks.report import Report, progress

SIDE = 4096
MOST_BYTES = 1.5 * 2**30
GROWTH = 1.10
LINEAR = 1.15


def run() -> Report:
    """Predict both images and compare."""
    large = chosen_side(2 * SIDE)
    with working_folder() as folder:
        told = {side: _measured(folder, side) for side in (large // 2, large)}
    above = {side: one["peak"] - one["idle"] for side, one in told.items()}
    rate = {side: side**2 / one["seconds"] for side, one in told.items()}
    growth = above[large] / above[large // 2]
    slower = rate[large // 2] / rate[large]
    return Report(
        name="stream_memory",
        figures={
            "side": large,
            "peak_above_idle_megabytes": round(above[large] / 2**20),
            "peak_above_idle_megabytes_of_a_quarter": round(above[large // 2] / 2**20),
            "idle_megabytes": round(told[large]["idle"] / 2**20),
            "uncompressed_image_megabytes": round(2 * large**2 / 2**20),
            "pixels_per_second": round(rate[large]),
            "time_per_pixel_against_a_quarter": slower,
        },
        reference="an image of a quarter of the pixels",
        ratio=growth,
        target={"growth": GROWTH, "peak_above_idle_megabytes": 1536, "time_per_pixel": LINEAR},
        met=growth <= GROWTH and above[large] <= MOST_BYTES and slower <= LINEAR,
    )


def _measured(folder: Path, side: int) -> dict[str, Any]:
    """What predicting an image of this side takes; as measured before, if it was."""
    known, image = folder / f"{side}.json", folder / f"{side}.zarr"
    labels = folder / f"{side}_labels.ome.zarr"
    if known.exists():
        progress(f"{side} x {side} pixels were measured before")
        found: dict[str, Any] = json.loads(known.read_text("utf-8"))
        return found
    model = folder / "model.unet"
    if not model.exists():
        make_model(model)
    progress(f"making {side} x {side} pixels")
    make_image(image, side)
    shutil.rmtree(labels, ignore_errors=True)  # half a prediction would be continued
    progress(f"predicting {side} x {side} pixels")
    one = predict_apart(model, image, labels)
    assert one is not None
    progress(f"{one['seconds']:.0f} s, {(one['peak'] - one['idle']) / 2**20:.0f} MB above idle")
    known.write_text(json.dumps(one), "utf-8")
    for path in (image, labels):
        shutil.rmtree(path)
    return one
