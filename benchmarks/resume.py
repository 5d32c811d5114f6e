"""A streaming prediction killed with kill -9 at random moments ends in the undisturbed result.

The ratio is the number of blocks all runs computed to the number there are: what was written before
a kill is not computed again. ``STREAM_SIDE`` in the environment asks for another size.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import zarr

from benchmarks._streaming import chosen_side, make_image, make_model, predict_apart
from benchmarks.report import Report, progress
from napari_unet.data.work_log import WorkLog

SIDE = 2048
KILLS = 3
TILE = 512


def run() -> Report:
    """Kill, resume, kill, resume, and compare."""
    side = chosen_side(SIDE)
    rng = np.random.default_rng()
    with TemporaryDirectory() as name:
        folder = Path(name)
        model, image = make_model(folder / "model.unet"), make_image(folder / "image.zarr", side)
        progress("an undisturbed run")
        whole = predict_apart(model, image, folder / "whole.ome.zarr", tile=TILE)
        assert whole is not None
        out = folder / "killed.ome.zarr"
        there = [0]
        for number in range(KILLS):
            progress(f"kill {number + 1} of {KILLS}")
            moment = float(rng.uniform(0, whole["seconds"] / (KILLS + 1)))
            predict_apart(model, image, out, tile=TILE, kill_after=moment)
            there.append(_written(out))
        progress("going on to the end")
        last = predict_apart(model, image, out, tile=TILE)
        assert last is not None
        expected, found = (
            np.asarray(zarr.open_group(str(path), mode="r")["0"][:])
            for path in (folder / "whole.ome.zarr", out)
        )
    computed = there[-1] + last["computed"]
    same = bool(np.array_equal(expected, found))
    return Report(
        name="resume",
        figures={
            "side": side,
            "blocks": whole["blocks"],
            "blocks_there_after_each_kill": there[1:],
            "blocks_computed_at_last": last["computed"],
            "identical": same,
        },
        reference={"seconds_undisturbed": whole["seconds"]},
        ratio=computed / whole["blocks"],
        target="1, and identical",
        met=same and computed == whole["blocks"],
    )


def _written(out: Path) -> int:
    """How many blocks the log of a result has."""
    log = WorkLog.read(out / "0" / ".unet-paint.jsonl")
    return 0 if log is None else len(log.done("0"))
