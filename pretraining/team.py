"""Several processes that train one network: each plays its own episodes, gradients are averaged.

Two processes of one thread each get more done than one process of two threads, because episodes
are many small operations.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
import torch.distributed
from torch import Tensor


class Team:
    """The processes of one run, as seen by one of them.

    Parameters
    ----------
    rank : int, optional
        Which of them this is; 0 writes files and prints.
    size : int, optional
        How many there are.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    def average(self, parameters: Iterable[torch.nn.Parameter], *figures: float) -> list[float]:
        """Average the gradients of all members, and some figures, in place of their own.

        Parameters
        ----------
        parameters : iterable of Parameter
            The same, in the same order, in every process.
        *figures : float
            Returned averaged.
        """
        if self.size == 1:
            return list(figures)
        learned = [p for p in parameters if p.requires_grad]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in learned]
        flat = torch.cat([torch.tensor(figures), *(g.flatten().float() for g in gradients)])
        torch.distributed.all_reduce(flat)
        flat /= self.size
        for parameter, gradient in zip(
            learned, flat[len(figures) :].split([p.numel() for p in learned]), strict=True
        ):
            parameter.grad = gradient.view_as(parameter)
        averaged: Tensor = flat[: len(figures)]
        return [float(value) for value in averaged]


def run_as_team(size: int, meeting: Path, work: Callable[[Team], None]) -> None:
    """Do the same work in several processes; this one is the first of them.

    Parameters
    ----------
    size : int
        How many.
    meeting : Path
        A file, not there yet, by which they find each other.
    work : callable
        Must be picklable.
    """
    if size == 1:
        work(Team())
        return
    meeting.unlink(missing_ok=True)
    context = multiprocessing.get_context("spawn")
    others = [
        context.Process(target=_take_part, args=(rank, size, meeting, work))
        for rank in range(1, size)
    ]
    for other in others:
        other.start()
    _take_part(0, size, meeting, work)
    for other in others:
        other.join()


def _take_part(rank: int, size: int, meeting: Path, work: Callable[[Team], None]) -> None:
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{meeting.resolve()}", rank=rank, world_size=size
    )
    try:
        work(Team(rank, size))
    finally:
        torch.distributed.destroy_process_group()
