"""Memory and time of predicting a zarr image that streams into OME-Zarr, and of one twice as wide.

Each is predicted in a process of its own, whose memory at rest (torch loaded, one small prediction
done) is taken off its peak. ``STREAM_SIDE=20480`` in the environment asks for a larger image.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._streaming import chosen_side, make_image, make_model, predict_apart
from benchmarks.report import Report, progress

SIDE = 4096
MOST_BYTES = 1.5 * 2**30
GROWTH = 1.10
LINEAR = 1.15


def run() -> Report:
    """Predict both images and compare."""
    large = chosen_side(2 * SIDE)
    told: dict[int, dict[str, Any]] = {}
    with TemporaryDirectory() as folder:
        model = make_model(Path(folder) / "model.unet")
        for side in (large // 2, large):
            progress(f"predicting {side} x {side} pixels")
            image = make_image(Path(folder) / f"{side}.zarr", side)
            one = predict_apart(model, image, Path(folder) / f"{side}_labels.ome.zarr")
            assert one is not None
            told[side] = one
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
