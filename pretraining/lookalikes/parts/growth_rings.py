"""Things that grow in layers: wood, otoliths of fish, shells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.aerial import blend
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import fractal


@dataclass(frozen=True, eq=False)
class Layers:
    """One sort of layered growth.

    Parameters
    ----------
    form : str
        ``"wood"``, ``"otolith"`` or ``"shell"``.
    width, regular : float
        Mean width of a layer in pixels; how alike they are, 0 to 1.
    late : float
        Share of a layer that is dense.
    sharp : float
        How suddenly it becomes dense.
    early, dense, ground : ndarray, shape (3,)
        Colours.
    radius : float
        Of the whole in pixels, where it ends.
    pores, rays : float
        Strength of pores of early wood, of rays or ribs.
    """

    form: str
    width: float
    regular: float
    late: float
    sharp: float
    early: np.ndarray
    dense: np.ndarray
    ground: np.ndarray
    radius: float
    pores: float
    rays: float

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Colours (3, side, side), where the dense layers, their ends, and the whole are."""
        far = rng.uniform(0.2, 8) if self.form == "wood" else rng.uniform(0, 0.5)
        turn = rng.uniform(0, 2 * np.pi)
        centre = side / 2 + (far * side if self.form == "wood" else far * self.radius) * np.array(
            [np.sin(turn), np.cos(turn)]
        )
        y, x = np.mgrid[:side, :side].astype(np.float32)
        y, x = y - np.float32(centre[0]), x - np.float32(centre[1])
        theta = np.arctan2(y, x)
        reach = np.hypot(y, x)
        shape = np.ones_like(reach)
        if self.form != "wood":
            for wave in (1, 2, 3, 5, 9):
                shape += rng.normal(0, 0.16 / wave) * np.cos(wave * theta + rng.uniform(0, 6.3))
        reach = reach / shape
        bent = 0.35 * fractal(rng, side, 6 * self.width, 0.4) * self.width * (1.1 - self.regular)
        age = reach + bent
        count = int((age.max() - age.min()) / (0.3 * self.width)) + 8
        steps = np.exp(rng.normal(0, 0.7 * (1 - self.regular) + 0.05, count))
        slow = np.interp(np.arange(count), np.arange(0, count + 9, 8),
                         np.exp(rng.normal(0, 0.3, len(np.arange(0, count + 9, 8)))))  # fmt: skip
        ends = np.cumsum(np.maximum(self.width * steps * slow, 2.5))
        ends += float(age.min()) - 2 - ends[0]
        layer = np.clip(np.searchsorted(ends, age), 1, count - 1)
        part = np.clip((age - ends[layer - 1]) / (ends[layer] - ends[layer - 1]), 0, 1)
        late = np.clip((part - 1 + self.late) * self.sharp + 0.5, 0, 1)
        # The next layer begins within a pixel.
        late = late * np.clip(ends[layer] - age + 0.3, 0, 1)
        late = late * rng.uniform(0.55, 1, count)[layer]
        image = self.early[:, None, None] * (1 + 0.05 * fractal(rng, side, 0.4 * side))
        blend(image, late, self.dense)
        image = image * self._detail(rng, side, theta, reach, part)
        whole = np.ones((side, side), bool)
        if self.form != "wood":
            inside = np.clip((self.radius - reach) * shape + 0.5, 0, 1)
            rim = 1 - 0.35 * np.exp(-np.maximum(self.radius - reach, 0) / (0.06 * self.radius))
            ground = self.ground[:, None, None] * (1 + 0.05 * fractal(rng, side, 0.3 * side))
            blend(ground, inside, image * rim)
            image, whole = ground, inside > 0.5
        ending = (np.minimum(ends[layer] - age, age - ends[layer - 1]) * shape < 1.3) & whole
        return image, {"dense": (late > 0.45) & whole, "ends": ending, "whole": whole}

    def _detail(self, rng: np.random.Generator, side: int, theta: np.ndarray, reach: np.ndarray,
                part: np.ndarray) -> np.ndarray:  # fmt: skip
        """Relative brightness by rays, pores, cells, cracks, saw marks."""
        fine = rng.standard_normal(4096)
        arc = theta * max(float(np.median(reach)), 20.0)
        thin = fine[(arc * 0.8 + 0.4 * fine_noise(rng, side, 25)).astype(int) % 4096]
        tone = 1 + 0.05 * thin * (fine_noise(rng, side, 9) > -0.5)
        tone = tone + 0.05 * fine_noise(rng, side, 0.8)
        if self.form == "shell":
            tone = tone + 0.2 * self.rays * np.sin(theta * rng.integers(20, 60))
        elif self.form == "wood":
            tone = tone + 0.1 * self.rays * (thin > 1.5)
            hole = np.clip((fine_noise(rng, side, 1.1) - 1.3) * 2, 0, 1) * (part < 0.35)
            tone = tone * (1 - 0.7 * self.pores * hole)
            tone = tone + 0.03 * np.sin(reach.T * 0.7 + rng.uniform(0, 6))
            if rng.random() < 0.3:
                gap = np.abs((theta - rng.uniform(-np.pi, np.pi) + np.pi) % (2 * np.pi) - np.pi)
                crack = np.clip(1.4 - gap * reach + 0.4 * fine_noise(rng, side, 5), 0, 1)
                tone = tone * (1 - 0.75 * crack)
        return np.maximum(tone, 0.05)
