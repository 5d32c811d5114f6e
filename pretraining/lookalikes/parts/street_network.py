"""Where streets and country roads run: a bent grid with gaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


@dataclass(frozen=True, eq=False)
class Network:
    """Centre lines of roads.

    Parameters
    ----------
    points : ndarray, shape (N, 2)
        Rows and columns.
    half : ndarray, shape (N,)
        Half width in pixels.
    angle : ndarray, shape (N,)
        Direction.
    """

    points: np.ndarray
    half: np.ndarray
    angle: np.ndarray


@dataclass(frozen=True, eq=False)
class Plan:
    """How the roads of one place are laid out; lengths in pixels.

    Parameters
    ----------
    half : float
        Typical half width of a road.
    block : ndarray, shape (2,)
        Distances between parallel roads in both directions.
    bend : float
        How curved roads are, 0 to 1.
    wave : float
        Length of the shortest bends.
    gaps : float
        Share of the pieces of cross roads that is missing.
    """

    half: float
    block: np.ndarray
    bend: float
    wave: float
    gaps: float

    def drawn(self, rng: np.random.Generator, side: int) -> Network:
        """Centre lines of the roads of one image, one of them near its middle."""
        lines = self._lines(rng, 0.8 * side, 0.32 * side)
        points = np.concatenate(lines)
        ahead = np.concatenate([np.gradient(line[:, :2], axis=0) for line in lines])
        turn = rng.uniform(0, np.pi)
        spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        bent = self._bent(rng)
        here, onward = (spin @ bent(points[:, :2] + far * ahead).T for far in (0, 1))
        angle = np.arctan2(*(onward - here))
        return Network(here.T + side / 2, np.maximum(points[:, 2], 0.8), angle)

    def _lines(self, rng: np.random.Generator, span: float, near: float) -> list[np.ndarray]:
        """Straight roads, (N, 3) each: position from the middle and half width."""
        step = max(0.5, 0.25 * self.half)
        long = _stations(rng, span, self.block[0], near)
        cross = _stations(rng, span, self.block[1], span)
        lines = []
        for at in long:
            wide = self.half * rng.choice([1, 1, 1, 0.75, 1.5])
            first = rng.choice(cross) if len(cross) and rng.random() < 0.12 else -span
            along = np.arange(first, span, step)
            lines.append(np.stack([np.full_like(along, at), along, np.full_like(along, wide)], 1))
        ends = np.concatenate([[-span], long, [span]])
        for at in cross:
            wide = self.half * rng.uniform(0.65, 1)
            for low, high in pairwise(ends):
                along = np.arange(low, high, step)
                piece = np.stack([along, np.full_like(along, at), np.full_like(along, wide)], 1)
                if rng.random() > self.gaps:
                    lines.append(piece)
        return [line for line in lines if len(line) > 1]

    def _bent(self, rng: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
        """A smooth bending of the plane that leaves its middle where it is."""
        length = rng.uniform(1, 4.5, 4) * self.wave
        direction, phase = rng.uniform(0, np.pi, 4), rng.uniform(0, 6.3, 4)
        wave = 2 * np.pi * np.stack([np.sin(direction), np.cos(direction)]) / length
        push = rng.standard_normal((4, 2)) * (self.bend * length / 14)[:, None]

        def bend(points: np.ndarray) -> np.ndarray:
            return points + (np.sin(points @ wave + phase) - np.sin(phase)) @ push

        return bend


def _stations(rng: np.random.Generator, span: float, gap: float, near: float) -> np.ndarray:
    """Positions of parallel roads; one of them less than `near` from the middle."""
    first = rng.uniform(-near, near)
    gaps = np.cumsum(gap * rng.uniform(0.6, 1.4, (2, int(2 * span / gap) + 2)), axis=1)
    every = np.concatenate([first - gaps[0][::-1], [first], first + gaps[1]])
    return every[np.abs(every) < span]
