"""Slices through a body: coordinates of the anatomy, and structures laid one over the other."""

from __future__ import annotations

import numpy as np

from pretraining.lookalikes.parts.tapering import fine_noise


class Slice:
    """A window on a slice, being drawn.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides how the anatomy is bent.
    side : int
        Side of the window in pixels.
    centre : tuple of float
        What the window looks at: down and right, in units of the anatomy.
    pixels : float
        Pixels per unit.
    bent : float, optional
        How far the anatomy is bent, in units.
    turn : float, optional
        By how much it is turned, in radians.
    """

    def __init__(
        self, rng: np.random.Generator, side: int, centre: tuple[float, float], pixels: float,
        bent: float = 0.02, turn: float = 0.0,
    ) -> None:  # fmt: skip
        steps = (np.arange(side, dtype=np.float32) - side / 2) / np.float32(pixels)
        y, x = steps[:, None] + np.float32(centre[0]), steps[None] + np.float32(centre[1])
        cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
        self.pixels, self.rng, self.side = pixels, rng, side
        self.v = cosine * y + sine * x + np.float32(bent) * self.noise(0.35)
        self.u = cosine * x - sine * y + np.float32(bent) * self.noise(0.35)
        self.values = np.zeros((side, side), np.float32)
        self.labels = np.zeros((side, side), np.int16)
        self._names: dict[str, int] = {}

    def noise(self, scale: float) -> np.ndarray:
        """Noise of a correlation length in units."""
        return fine_noise(self.rng, self.side, max(scale * self.pixels, 0.7))

    def oval(
        self, v: float, u: float, down: float, right: float, turn: float = 0.0, rough: float = 0.0,
        power: float = 2.0,
    ) -> np.ndarray:  # fmt: skip
        """How deep pixels lie in an oval, in pixels, about; negative outside."""
        y, x = self.v - np.float32(v), self.u - np.float32(u)
        if turn:
            cosine, sine = np.float32(np.cos(turn)), np.float32(np.sin(turn))
            y, x = cosine * y + sine * x, cosine * x - sine * y
        y, x = np.abs(y / np.float32(down)), np.abs(x / np.float32(right))
        away = np.hypot(y, x) if power == 2 else (y**power + x**power) ** (1 / power)
        small = min(down, right)
        if rough:
            away = away + rough * (self.noise(0.8 * small) + 0.4 * self.noise(0.3 * small))
        return ((1 - away) * small * self.pixels).astype(np.float32)

    def lay(
        self, depth: np.ndarray, value: np.ndarray | float, name: str, soft: float = 1.2,
        within: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        """Put a structure over what is there.

        Parameters
        ----------
        depth : ndarray, shape (side, side)
            How deep pixels lie in it, in pixels, negative outside.
        value : ndarray or float
            Its brightness.
        name : str
            What it is.
        soft : float, optional
            Width of its edge in pixels.
        within : ndarray of bool, shape (side, side), optional
            Where it may be.
        """
        if within is not None:
            depth = np.where(within, depth, -99)
        cover = np.clip(depth / np.float32(soft) + 0.5, 0, 1)
        self.values += cover * (value - self.values)
        self.labels[depth > 0] = self._names.setdefault(name, len(self._names) + 1)

    def where(self, *names: str) -> np.ndarray:
        """Where the uppermost structure is one of these."""
        return np.isin(self.labels, [self._names[name] for name in names if name in self._names])

    def ridges(self, scale: float, width: float) -> np.ndarray:
        """A net of winding lines, 0 to 1: vessels that run in and out of the slice."""
        line = np.exp(-((self.noise(scale) / width) ** 2))
        return line * np.clip(0.4 + 0.8 * self.noise(1.5 * scale), 0, 1)
