"""Faults of surfaces: where each lies, and by how much it changes what is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.soil import lit
from pretraining.lookalikes.parts.wandering import drawn, walk
from pretraining.shapes import log_uniform
from pretraining.textures import nearest_points, smooth_noise


@dataclass(frozen=True)
class Fault:
    """A sort of fault.

    Parameters
    ----------
    kind : str
        A key of `FAULTS`.
    size : float
        Its typical size in pixels.
    count : float
        Mean number per image of side 192, besides the first.
    turn : float
        Direction it follows.
    strict : bool
        Whether it keeps to that direction.
    strength : float
        How much brighter (positive) or darker it is.
    light : float
        Angle of the light.
    """

    kind: str
    size: float
    count: float
    turn: float
    strict: bool
    strength: float
    light: float

    def paint(self, rng: np.random.Generator, tone: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The surface with such faults, and how much of each pixel is faulty."""
        cover, change = FAULTS[self.kind](self, rng, tone.shape[0])
        ragged = 1 + 0.12 * smooth_noise(rng, tone.shape[0], 2.5)
        if self.kind == "etching":
            low, high = np.percentile(tone, (10, 95))
            return (tone + cover * (low + high - 2 * tone)).astype(np.float32), cover
        # What is fainter than the pattern it lies on nobody could mark.
        strength = np.sign(self.strength) * max(abs(self.strength), 1.4 * float(tone.std()))
        changed = tone * (1 + np.clip(strength * change * ragged, -0.92, 1.5))
        return changed.astype(np.float32), cover

    def _number(self, rng: np.random.Generator, side: int) -> int:
        return min(1 + int(rng.poisson(self.count * (side / 192) ** 2)), 40)

    def _angle(self, rng: np.random.Generator) -> float:
        return self.turn + rng.normal(0, 0.08) if self.strict else rng.uniform(0, 6.3)

    def _blobs(
        self, rng: np.random.Generator, side: int, rough: float, stretch: float = 1.0,
        heap: bool = False,
    ) -> np.ndarray:  # fmt: skip
        """Depth inside irregular spots in pixels, negative outside."""
        y, x = np.mgrid[:side, :side].astype(np.float32)
        depth = np.full((side, side), -99, np.float32)
        middle = rng.uniform(0.1, 0.9, 2) * side
        for _ in range(self._number(rng, side)):
            at = (
                middle + rng.normal(0, 0.12 * side, 2)
                if heap
                else rng.uniform(0.03, 0.97, 2) * side
            )
            radius, angle = self.size * float(np.exp(rng.normal(-0.1, 0.4))), self._angle(rng)
            own = stretch * float(np.exp(rng.normal(0, 0.2)))
            sine, cosine = float(np.sin(angle)), float(np.cos(angle))
            down, right = y - float(at[0]), x - float(at[1])
            along, across = (down * sine + right * cosine) / own, down * cosine - right * sine
            np.maximum(depth, radius - np.hypot(along, across), out=depth)
        for scale in (self.size, self.size / 3, 2.0):
            depth += rough * min(scale, self.size) * smooth_noise(rng, side, max(scale, 1.2))
        return depth

    def _scratches(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Straight grooves with a light and a dark flank."""
        half = max(self.size * 0.1, 0.6)
        paths = [
            walk(
                rng, rng.uniform(0, 1, 2) * side, self._angle(rng),
                side * log_uniform(rng, 0.2, 0.9), (half * rng.uniform(0.6, 1.3), 0.45),
                (0.05, 60),
            )
            for _ in range(self._number(rng, side))
        ]  # fmt: skip
        cover, across, _ = drawn(paths, side)
        broken = np.clip(1.2 + 0.6 * smooth_noise(rng, side, 10), 0.25, 1)
        return cover, cover * broken * (1 + 0.5 * np.clip(across, -1, 1))

    def _cracks(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Jagged lines that branch."""
        half, paths = max(self.size * 0.12, 0.8), []
        for _ in range(max(self._number(rng, side) // 2, 1)):
            start, angle = rng.uniform(0.05, 0.95, 2) * side, self._angle(rng)
            length = side * rng.uniform(0.4, 1.1)
            path = walk(rng, start, angle, length, (half, 0.5), (0.55, 5))
            paths.append(path)
            for at in rng.integers(0, len(path.points), rng.poisson(1.3)):
                fork = angle + rng.choice([-1, 1]) * rng.uniform(0.4, 1.2)
                short = 0.4 * length * rng.random()
                paths.append(walk(rng, path.points[at], fork, short, (0.7 * half, 0.4), (0.6, 4)))
        cover, _, _ = drawn(paths, side)
        return cover, cover + 0.15 * ndimage.gaussian_filter(cover, 2)

    def _pits(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Small hollows in heaps, each with a lit and a shaded wall."""
        small = Fault("pits", max(self.size * 0.3, 1.6), self.count * 3 + 4, 0, False, 1, 0)
        depth = small._blobs(rng, side, 0.35, 1.2, heap=self.strict)
        cover = np.clip(depth + 0.5, 0, 1)
        wall = lit(-np.clip(depth, 0, 3), self.light, 0.5) - 1
        return cover, cover * (0.8 + 1.0 * wall)

    def _patches(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Areas of another finish with ragged edges."""
        big = Fault("patches", self.size * 1.8, self.count / 3, self.turn, self.strict, 1, 0)
        depth = big._blobs(rng, side, 0.4, 1.7)
        cover = np.clip(0.7 * depth + 0.5, 0, 1)
        return cover, 0.6 * cover * (1 + 0.25 * smooth_noise(rng, side, 4))

    def _inclusions(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Slivers rolled out along one direction."""
        thin = Fault("inclusions", max(self.size * 0.28, 1.5), self.count, self.turn, True, 1, 0)
        cover = np.clip(thin._blobs(rng, side, 0.45, 7.0) + 0.5, 0, 1)
        return cover, cover * (1 + 0.3 * smooth_noise(rng, side, 2))

    def _scale(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Many flakes pressed into the surface."""
        field = smooth_noise(rng, side, self.size * 4)
        flakes = smooth_noise(rng, side, max(self.size * 0.5, 2)) + 0.5 * smooth_noise(rng, side, 2)
        depth = 2 * (flakes + 0.8 * field - 1.6)
        cover = np.clip(depth + 0.5, 0, 1)
        return cover, cover * (lit(depth, self.light, 0.3) - 0.2)

    def _stains(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Dried drops: faint inside, strong at their edge."""
        big = Fault("stains", self.size * 1.3, self.count / 2, 0, False, 1, 0)
        depth = big._blobs(rng, side, 0.22, 1.3)
        cover = np.clip(0.5 * depth + 0.5, 0, 1)
        return cover, 0.5 * cover + 0.4 * np.exp(-((depth / 1.8) ** 2))

    def _holes(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Round holes or blow holes with a rim."""
        few = Fault("holes", max(self.size * 0.7, 3), self.count / 1.5, 0, False, 1, 0)
        depth = few._blobs(rng, side, 0.16, 1.15)
        cover = np.clip(depth + 0.5, 0, 1)
        rim = np.exp(-(((depth + 1.2) / 1.2) ** 2)) * (1 - cover)
        return cover, cover * (1.1 + 0.15 * smooth_noise(rng, side, 3)) - 0.3 * rim

    def _dents(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Dimples that only the light shows."""
        few = Fault("dents", self.size * 0.9, self.count / 3, 0, False, 1, 0)
        depth = few._blobs(rng, side, 0.15, 1.3)
        bowl = -np.minimum(np.clip(depth, 0, None), self.size * 0.5)
        cover = np.clip(depth + 0.5, 0, 1)
        smooth = ndimage.gaussian_filter(bowl, 0.1 * self.size + 0.5)
        return cover, cover * (lit(smooth, self.light, 0.8) - 1)

    def _threads(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Yarns that are missing, doubled, pulled."""
        half, paths = max(self.size * 0.16, 0.9), []
        for _ in range(self._number(rng, side)):
            angle = self.turn + np.pi / 2 * rng.integers(2)
            length = side * log_uniform(rng, 0.2, 1.2)
            start = rng.uniform(0, 0.9, 2) * side
            paths.append(walk(rng, start, angle, length, (half, half), (0.02, 40)))
        cover, across, _ = drawn(paths, side)
        return cover, cover * (1.1 - 0.4 * np.clip(np.abs(across), 0, 1))

    def _etching(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Copper that is missing, or too much: open lines, bites, spurs, shorts."""
        small = Fault("etching", max(self.size * 0.4, 2), self.count + 3, self.turn, True, 1, 0)
        cover = np.clip(small._blobs(rng, side, 0.3, 1.6) + 0.5, 0, 1)
        return cover, cover

    def _knots(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Knots of wood: rings of their own, darker, with a rim."""
        few = Fault("knots", max(self.size, 4), self.count / 4, self.turn, True, 1, 0)
        depth = few._blobs(rng, side, 0.1, 1.4)
        cover = np.clip(0.7 * depth + 0.5, 0, 1)
        rings = 0.25 * np.cos(depth * 6.3 / max(self.size * 0.25, 2.5))
        return cover, cover * (0.75 + rings) + 0.25 * np.clip(1 + depth / self.size, 0, 1)

    def _crazing(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """A net of hair cracks in some places."""
        near, second, _ = nearest_points(rng, side, self.size * 1.2, 0.3 * self.size)
        somewhere = np.clip(2 * (smooth_noise(rng, side, side / 4) - 0.2), 0, 1)
        cover = np.clip(1.5 - 0.8 * (second - near), 0, 1) * somewhere
        return cover, 0.8 * cover


FAULTS: dict[str, Callable[..., tuple[np.ndarray, np.ndarray]]] = {
    "scratches": Fault._scratches,
    "cracks": Fault._cracks,
    "pits": Fault._pits,
    "patches": Fault._patches,
    "inclusions": Fault._inclusions,
    "scale": Fault._scale,
    "stains": Fault._stains,
    "holes": Fault._holes,
    "dents": Fault._dents,
    "threads": Fault._threads,
    "etching": Fault._etching,
    "knots": Fault._knots,
    "crazing": Fault._crazing,
}
"""How each sort of fault is drawn."""

TYPICAL = {
    "steel": ("scratches", "inclusions", "patches", "pits", "scale", "crazing"),
    "casting": ("pits", "holes", "cracks", "scratches", "dents"),
    "leather": ("scratches", "holes", "stains", "dents", "patches"),
    "cloth": ("threads", "holes", "stains", "threads", "patches"),
    "tile": ("cracks", "stains", "scratches", "patches", "holes", "crazing"),
    "wood": ("knots", "cracks", "holes", "stains", "scratches", "knots"),
    "concrete": ("cracks", "cracks", "stains", "holes", "crazing"),
    "board": ("etching", "etching", "holes", "scratches", "stains", "inclusions"),
    "solar": ("cracks", "patches", "scratches", "stains"),
}
"""Which faults a material has."""


def draw_fault(
    rng: np.random.Generator, material: str, zoom: float, turn: float, light: float
) -> Fault:
    """Draw a sort of fault that the material has."""
    kind = str(rng.choice(TYPICAL[material]))
    bright = {"scratches": 0.6, "threads": 0.5, "patches": 0.4, "stains": 0.25, "pits": 0.15}
    strength = log_uniform(rng, 0.28, 0.9)
    return Fault(
        kind=kind,
        size=zoom * log_uniform(rng, 5, 16),
        count=log_uniform(rng, 0.8, 8),
        turn=turn + np.pi / 2 * float(rng.random() < 0.2),
        strict=bool(rng.random() < 0.5),
        strength=strength if rng.random() < bright.get(kind, 0.1) else -strength,
        light=light,
    )
