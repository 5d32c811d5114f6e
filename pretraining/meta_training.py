"""Meta-training: episodes until the time is up; resumable, seeded, stopped by a signal."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from napari_unet.core.config import preset
from napari_unet.learn.unet import UNet
from pretraining.episodes import play
from pretraining.feed import Feed
from pretraining.network import retie, tied
from pretraining.team import Team

WIDE = 3
"""Channels of the network that holds the weights; those for fewer are slices of it."""


@dataclass(frozen=True)
class Plan:
    """How a run goes.

    Parameters
    ----------
    seed : int
        Decides the first weights, the tasks and the strokes.
    minutes : float
        Time to train, all sittings together.
    max_steps : int or None
        Steps to train, whatever they take.
    batch : int
        Episodes per step.
    learning_rate, weight_decay : float
        Of AdamW; the rate falls along a cosine.
    reuse : int
        How often each task is played, each time with other strokes.
    keep : int
        Tasks to draw from at any time.
    decay : float
        Of the moving average of the weights, per step.
    checkpoint_minutes : float
        Time between checkpoints.
    """

    seed: int = 0
    minutes: float = 60.0
    max_steps: int | None = None
    batch: int = 2
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    reuse: int = 2
    keep: int = 128
    decay: float = 0.998
    checkpoint_minutes: float = 3.0


class Learner(nn.Module):
    """What is learned: the trunk, and how its head is solved.

    Attributes
    ----------
    net : UNet
        For three channels; networks for fewer share its weights.
    log_scale : Parameter
        Logarithm of the factor that sharpens the answer.
    """

    def __init__(self, base_width: int | None = None) -> None:
        super().__init__()
        changes = {} if base_width is None else {"base_width": base_width}
        self.net = UNet(preset("fast", input_channels=WIDE, **changes))
        self.net.to(memory_format=torch.channels_last)
        self.log_scale = nn.Parameter(torch.tensor(0.5))
        self._narrow = {1: [tied(self.net, 1)], 2: [tied(self.net, 2)]}

    def for_channels(self, channels: int) -> UNet:
        """The network for images of one, two or three channels, with the present weights."""
        if channels == WIDE:
            return self.net
        narrow = self._narrow[channels][0]
        retie(self.net, narrow)
        return narrow.train(self.training)


class MetaTraining:
    """One run: its learner, its optimiser, the average of its weights, its checkpoint.

    Parameters
    ----------
    plan : Plan
        How it goes.
    feed : Feed
        Where tasks come from.
    folder : Path
        Where the checkpoint lies; a run continues from it if there is one.
    base_width : int, optional
        Another width than the preset's, for tests.
    team : Team, optional
        Processes that train together; on its own if not given.
    begin_from : Path, optional
        Folder of another run, whose averaged weights this one begins with.
    """

    def __init__(
        self, plan: Plan, feed: Feed, folder: Path, base_width: int | None = None,
        team: Team | None = None, begin_from: Path | None = None,
    ) -> None:  # fmt: skip
        torch.manual_seed(plan.seed)
        self._plan, self._feed, self._file = plan, feed, folder / "checkpoint.pt"
        self._team = team or Team()
        self.learner = Learner(base_width).train()
        if begin_from is not None:
            earlier = torch.load(begin_from / "checkpoint.pt", weights_only=True)
            self.learner.load_state_dict(earlier["average"])
        self.average = {k: v.clone() for k, v in self.learner.state_dict().items()}
        self._optimiser = torch.optim.AdamW(
            self._groups(), lr=plan.learning_rate, weight_decay=plan.weight_decay
        )
        self.step, self._seconds, self._stopped = 0, 0.0, False
        if self._file.exists():
            self._restore()

    def run(self, stop: Tensor | None = None) -> Iterator[dict[str, float]]:
        """Train until time or steps are used up; yield figures about every fifty steps.

        Parameters
        ----------
        stop : Tensor, optional
            A flag that ends training after the step at hand; see `stoppable`.
        """
        figures: list[tuple[float, float, float]] = []
        saved = time.monotonic()
        began = time.monotonic()
        while self._progress() < 1 and not self._stopped:
            figures += self._one_step(began, bool(stop is not None and stop))
            began = time.monotonic()
            if began - saved > 60 * self._plan.checkpoint_minutes:
                self.save()
                saved = began
            if self.step % 50 == 0 or self._progress() >= 1:
                loss, painted, other = np.nanmean(figures, 0)
                figures = []
                yield {"step": self.step, "minutes": self._seconds / 60, "loss": loss,
                       "painted": painted, "other": other,
                       "scale": float(self.learner.log_scale.detach().exp())}  # fmt: skip

    def save(self) -> None:
        """Write the checkpoint in one move; the first of a team does."""
        if self._team.rank:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        beside = self._file.with_suffix(".part")
        torch.save(
            {"learner": self.learner.state_dict(), "average": self.average,
             "optimiser": self._optimiser.state_dict(), "step": self.step,
             "episodes": self.step * self._plan.batch * self._team.size, "seconds": self._seconds},
            beside,
        )  # fmt: skip
        beside.replace(self._file)

    def _restore(self) -> None:
        stored = torch.load(self._file, weights_only=True)
        self.learner.load_state_dict(stored["learner"])
        self._optimiser.load_state_dict(stored["optimiser"])
        self.average, self.step = stored["average"], stored["step"]
        self._seconds = stored["seconds"]

    def _groups(self) -> list[dict[str, object]]:
        solver = [self.learner.log_scale]
        trunk = [p for name, p in self.learner.net.named_parameters() if "head" not in name]
        return [
            {"params": trunk, "pace": 1.0},
            {"params": solver, "weight_decay": 0.0, "pace": 10.0},
        ]

    def _progress(self) -> float:
        shares = [self._seconds / (60 * self._plan.minutes)]
        if self._plan.max_steps is not None:
            shares.append(self.step / self._plan.max_steps)
        return max(shares)

    def _one_step(self, began: float, stop: bool) -> list[tuple[float, float, float]]:
        """Play a batch of episodes and move the weights once."""
        rng = np.random.default_rng([self._plan.seed, 1 + self._team.rank, self.step])
        rate = self._plan.learning_rate * (0.02 + 0.98 * (1 + cos(pi * self._progress())) / 2)
        for group in self._optimiser.param_groups:
            group["lr"] = group["pace"] * rate * min(1, (self.step + 1) / 50)
        self._optimiser.zero_grad(set_to_none=True)
        figures = []
        for episode in range(self._plan.batch):
            task = self._feed[self._number(self.step * self._plan.batch + episode, rng)]
            judged = play(
                self.learner.for_channels(len(task.painted.image)), task, rng,
                self.learner.log_scale.exp(),
            )  # fmt: skip
            if torch.isfinite(judged.loss):
                (judged.loss / self._plan.batch).backward()
            figures.append((judged.loss.item(), judged.painted, judged.other))
        seconds, stops = self._team.average(
            self.learner.parameters(), time.monotonic() - began, float(stop)
        )
        self._seconds += seconds
        self._stopped = stops > 0
        nn.utils.clip_grad_norm_(self.learner.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1
        self._follow()
        return figures

    def _number(self, episode: int, rng: np.random.Generator) -> int:
        """Which task an episode plays: a new one every few episodes, else a recent one."""
        newest = episode // self._plan.reuse
        if episode % self._plan.reuse == 0:
            return newest
        return int(rng.integers(max(0, newest - self._plan.keep + 1), newest + 1))

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average of the weights towards the weights."""
        decay = min(self._plan.decay, (1 + self.step) / (10 + self.step))
        for name, value in self.learner.state_dict().items():
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - decay)
            else:
                self.average[name].copy_(value)


@contextmanager
def stoppable() -> Iterator[Tensor]:
    """Turn SIGTERM and SIGINT into a flag, a tensor of one bool, while the context lasts."""
    flag = torch.zeros(1, dtype=torch.bool)

    def stop(*_: object) -> None:
        flag.fill_(True)

    before = {s: signal.signal(s, stop) for s in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
