"""A stream of tasks, numbered, each made from its number alone; a process makes them ahead."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pretraining.images import draw_photographed
from pretraining.lookalikes import draw_lookalike
from pretraining.materials import draw_taken_apart
from pretraining.tasks import Kind, draw_scene

LEAST_SHARE = 0.004
"""Every class must cover this share of an image, or another one is drawn."""

TAKEN_APART, LOOKALIKE = 0.1, 0.6
"""Shares of the kinds without annotated images: photographs taken apart, drawn lookalikes."""

_ATTEMPTS = 8


@dataclass(frozen=True, eq=False)
class Shot:
    """An image ready for the network, and its truth.

    Parameters
    ----------
    image : ndarray of float16, shape (C, side, side)
        Normalised as the program does it: percentiles 0.5 and 99.5 at -1 and 1, within -3 to 3.
    truth : ndarray of uint8, shape (side, side)
        Class numbers.
    """

    image: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True, eq=False)
class Task:
    """Two images of one kind with the same question."""

    painted: Shot
    other: Shot
    classes: int


def normalised(image: np.ndarray) -> np.ndarray:
    """Each channel with its percentiles 0.5 and 99.5 at -1 and 1, within -3 to 3, float16."""
    low, high = np.percentile(image[:, ::2, ::2], (0.5, 99.5), axis=(1, 2))
    wide = np.maximum(high - low, 1e-6)[:, None, None]
    return np.clip((image - low[:, None, None]) / wide * 2 - 1, -3, 3).astype(np.float16)


def make_task(
    number: int, *, seed: int, folders: tuple[Path, ...], real_share: float, side: int
) -> Task:
    """Make one task; the same arguments give the same task.

    Parameters
    ----------
    number : int
        Number of the task in the stream.
    seed : int
        Seed of the stream.
    folders : tuple of Path
        Data sets with real images; may be empty.
    real_share : float
        Share of tasks that are made from them.
    side : int
        Side of the images in pixels.
    """
    for attempt in range(10_000):
        rng = np.random.default_rng([seed, number, attempt])
        real = bool(folders) and rng.random() < real_share
        kind = draw_photographed(rng, folders) if real else _draw_made(rng)
        task = _task_of(kind, rng, side)
        if task is not None:
            return task
    raise RuntimeError("no task has enough of each class; make the images larger")


def _draw_made(rng: np.random.Generator) -> Kind:
    """A kind without annotated images: a scene, a lookalike, or a photograph taken apart."""
    draw = (draw_taken_apart, draw_lookalike, draw_scene)
    shares = (TAKEN_APART, LOOKALIKE, 1 - TAKEN_APART - LOOKALIKE)
    return draw[int(rng.choice(len(draw), p=shares))](rng)


def _task_of(kind: Kind, rng: np.random.Generator, side: int) -> Task | None:
    """Two images of a kind with enough of each class, or None."""
    painted = _shot(kind, rng, side)
    if painted is None:
        return None
    present = np.unique(painted.truth)
    other = _shot(kind, rng, side)
    if other is None or not np.isin(np.unique(other.truth), present).all():
        other = painted
    if len(present) != present[-1] + 1:
        order = np.zeros(256, np.uint8)
        order[present] = np.arange(len(present))
        painted, other = (Shot(s.image, order[s.truth]) for s in (painted, other))
    return Task(painted, other, len(present))


def _shot(kind: Kind, rng: np.random.Generator, side: int) -> Shot | None:
    for _ in range(_ATTEMPTS):
        image, truth = kind.sample(rng, side)
        share = np.bincount(truth.ravel()) / truth.size
        if (share > 0).sum() >= 2 and share[share > 0].min() >= LEAST_SHARE:
            return Shot(normalised(image), np.ascontiguousarray(truth))
    return None


class Feed:
    """Tasks by number, made ahead in other processes, kept for a while.

    Parameters
    ----------
    make : callable
        ``number -> Task``; must be picklable if there are workers.
    keep : int
        How many of the newest tasks stay in memory.
    ahead : int
        How many are made before they are asked for.
    workers : int
        Processes; 0 makes each task when it is asked for.
    """

    def __init__(
        self, make: Callable[[int], Task], keep: int, ahead: int = 16, workers: int = 1
    ) -> None:
        self._make, self._keep, self._ahead = make, keep, ahead
        self._tasks: dict[int, Task | Future[Task]] = {}
        self._pool = None
        if workers:
            self._pool = ProcessPoolExecutor(
                workers, multiprocessing.get_context("spawn"), initializer=_background
            )

    def __getitem__(self, number: int) -> Task:
        """The task of that number; waits for it if need be."""
        if self._pool is not None:
            for following in range(number, number + self._ahead):
                if following not in self._tasks:
                    self._tasks[following] = self._pool.submit(self._make, following)
        task = self._tasks.get(number)
        if isinstance(task, Future):
            task = task.result()
        if task is None:
            task = self._make(number)
        self._tasks[number] = task
        for old in [n for n in self._tasks if n <= number - self._keep]:
            del self._tasks[old]
        return task

    def close(self) -> None:
        """Stop making tasks."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)


def _background() -> None:
    """Give way to the training process."""
    os.environ["OMP_NUM_THREADS"] = "1"
    os.nice(5)


def feed_of(
    seed: int, folders: tuple[Path, ...], real_share: float, side: int, keep: int, workers: int = 1
) -> Feed:
    """The stream of tasks of one run."""
    make = partial(make_task, seed=seed, folders=folders, real_share=real_share, side=side)
    return Feed(make, keep, workers=workers)
