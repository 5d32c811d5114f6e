"""One of several processes that learn together; run by `test_team`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from napari_unet.core.assemble import assemble_arrays
from napari_unet.core.config import ModelConfig, TrainConfig
from napari_unet.learn.run import TrainingRun
from napari_unet.learn.team import follow, gather_team


def main(folder: Path, devices: int = 2) -> None:
    """Take a few steps, and write down the weights and what was drawn."""
    team = gather_team(devices, "cpu")
    image = np.random.default_rng(0).normal(0, 0.1, (48, 48)).astype(np.float32)
    image[:, 24:] += 1
    paint = np.zeros((48, 48), np.uint8)
    paint[10:13, 2:20], paint[30:33, 28:46] = 1, 2
    training = assemble_arrays(image, paint, mode="strokes").training
    config = TrainConfig(patch_size=32, precision="float32", agreement=1.0)
    shape = ModelConfig(base_width=4, depth=2)
    run = TrainingRun(
        training, shape, config, start="scratch", validation=None, preset=None, team=team
    )
    drawn = run.material.draw().image.double().sum()
    if team.leads:
        with team.leading():
            run.answer_at_once()
            for _ in range(4):
                run.step()
            run.learner.restart_from(run.learner.shown_copy())
            run.step()
    else:
        follow(run, team)
    state = {name: value.double().sum() for name, value in run.learner.net.named_parameters()}
    torch.save({"drawn": drawn, **state}, folder / f"{team.rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
