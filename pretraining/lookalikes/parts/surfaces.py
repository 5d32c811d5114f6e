"""Surfaces that are inspected: metal, leather, cloth, tiles, wood, boards, solar cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.soil import lit
from pretraining.lookalikes.parts.wandering import drawn, walk
from pretraining.shapes import log_uniform
from pretraining.textures import nearest_points, smooth_noise, standardised

MATERIALS = (
    "steel", "casting", "leather", "cloth", "tile", "wood", "concrete", "board", "solar",
)  # fmt: skip

COLOURS = {
    "steel": ((0.5, 0.5, 0.5), (0.55, 0.54, 0.52), (0.38, 0.39, 0.41)),
    "casting": ((0.5, 0.5, 0.5), (0.6, 0.6, 0.6), (0.3, 0.3, 0.31)),
    "leather": ((0.45, 0.30, 0.20), (0.15, 0.14, 0.14), (0.62, 0.55, 0.46), (0.36, 0.18, 0.13)),
    "cloth": ((0.6, 0.58, 0.54), (0.33, 0.37, 0.48), (0.28, 0.28, 0.29), (0.58, 0.45, 0.38)),
    "tile": ((0.66, 0.62, 0.56), (0.5, 0.5, 0.5), (0.72, 0.72, 0.70), (0.35, 0.33, 0.33)),
    "wood": ((0.64, 0.48, 0.32), (0.72, 0.60, 0.44), (0.45, 0.30, 0.20), (0.55, 0.38, 0.22)),
    "concrete": ((0.58, 0.57, 0.54), (0.48, 0.48, 0.47), (0.65, 0.62, 0.57)),
    "board": ((0.14, 0.38, 0.22), (0.12, 0.24, 0.42), (0.20, 0.30, 0.12), (0.12, 0.12, 0.12)),
    "solar": ((0.55, 0.55, 0.55), (0.30, 0.34, 0.46)),
}
"""Colours of the materials."""


@dataclass(frozen=True, eq=False)
class Surface:
    """A material under a camera.

    Parameters
    ----------
    material : str
        One of `MATERIALS`.
    colour : ndarray of float, shape (3,)
        Its mean colour.
    grain : float
        Size of its pattern in pixels.
    rough : float
        Strength of its pattern.
    turn : float
        Direction of its pattern in radians.
    style : int
        A variant of the pattern, 0 to 2.
    light : float
        Angle of the light.
    """

    material: str
    colour: np.ndarray
    grain: float
    rough: float
    turn: float
    style: int
    light: float

    def tone(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Brightness of a piece of it without faults, float32 (side, side), about 1."""
        pattern = _PATTERNS[self.material](self, rng, side)
        slow = 0.06 * smooth_noise(rng, side, side / 2) + 0.03 * smooth_noise(rng, side, 25)
        return np.clip(1 + self.rough * pattern + slow, 0.1, 2.5).astype(np.float32)

    def along(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates along and across the direction of the pattern, shifted by chance."""
        y, x = np.mgrid[:side, :side].astype(np.float32) + float(rng.uniform(0, 500))
        sine, cosine = float(np.sin(self.turn)), float(np.cos(self.turn))
        return y * sine + x * cosine, y * cosine - x * sine

    def _steel(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Marks of rolling or brushing: noise drawn out along one direction."""
        long = (4.0, 20.0, 60.0)[self.style]
        base = rng.standard_normal((side, side)).astype(np.float32)
        sigma = (long, 0.5) if abs(np.sin(self.turn)) > 0.7 else (0.5, long)
        streaks = standardised(ndimage.gaussian_filter(base, sigma, mode="wrap"))
        wide = tuple(4 * s if s < 1 else s for s in sigma)
        base = rng.standard_normal((side, side)).astype(np.float32)
        streaks = 0.7 * streaks + standardised(ndimage.gaussian_filter(base, wide, mode="wrap"))
        mottle = smooth_noise(rng, side, self.grain) + 0.7 * smooth_noise(rng, side, 2)
        return 0.065 * streaks + 0.07 * mottle + 0.03 * base

    def _casting(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Sand-cast, blasted or turned metal."""
        height = np.zeros((side, side), np.float32)
        for scale in (1.3, 2.5, self.grain):
            height += 0.4 * scale**0.4 * smooth_noise(rng, side, scale)
        relief = lit(height, self.light, 0.3) - 1
        if self.style == 2:
            y, x = np.mgrid[:side, :side].astype(np.float32)
            at = rng.uniform(-1.5, -0.2, 2) * side
            rings = np.hypot(y - at[0], x - at[1])
            profile = rng.standard_normal(int(rings.max()) * 2 + 3)
            relief = 0.5 * relief + 0.13 * profile[(rings * 1.3).astype(int) % len(profile)]
        return relief + 0.05 * rng.standard_normal((side, side))

    def _leather(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Pebbles with furrows between them."""
        near, second, _ = nearest_points(rng, side, self.grain * 1.2, 0.2 * self.grain)
        furrow = np.clip((second - near) / (0.35 * self.grain), 0, 1)
        height = self.grain * 0.25 * furrow + 0.4 * smooth_noise(rng, side, 2)
        wrinkles = np.abs(smooth_noise(rng, side, self.grain * 5))
        height += self.grain * 0.2 * np.clip(wrinkles * 3, 0, 1) * (self.style == 1)
        return lit(ndimage.gaussian_filter(height, 0.7), self.light, 0.35) - 1.05 + 0.1 * furrow

    def _cloth(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """A weave: threads over and under each other, each a little different."""
        period = max(self.grain * 0.7, 2.6)
        first, second = self.along(rng, side)
        first = first + 0.12 * period * smooth_noise(rng, side, 6 * period)
        second = second + 0.12 * period * smooth_noise(rng, side, 6 * period)
        a, b = first / period, second / period
        step = (1, 1, 2)[self.style]
        over = np.cos(np.pi * (np.floor(a) * (1 if step == 1 else 0.5) + np.floor(b) / step))
        warp, weft = np.abs(np.sin(np.pi * a)) ** 0.6, np.abs(np.sin(np.pi * b)) ** 0.6
        yarns = rng.standard_normal((2, 4096))
        tones = 0.05 * np.where(
            over > 0,
            yarns[0][np.floor(a).astype(int) % 4096],
            yarns[1][np.floor(b).astype(int) % 4096],
        )
        weave = np.where(over > 0, warp * 0.35 + 0.1 * weft, weft * 0.35 + 0.1 * warp) - 0.3
        return weave + tones + 0.06 * rng.standard_normal((side, side))

    def _tile(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Granite, terrazzo, or glaze."""
        if self.style == 0:
            return 0.03 * smooth_noise(rng, side, 2) + 0.05 * smooth_noise(rng, side, self.grain)
        _, _, index = nearest_points(rng, side, max(self.grain * 0.5, 2.2), 0.25 * self.grain)
        grains = rng.standard_normal(int(index.max()) + 1)
        skewed = grains if self.style == 1 else np.where(grains > 1, 1.5, -0.2) * abs(grains)
        return 0.2 * skewed[index] + 0.05 * smooth_noise(rng, side, 1.5)

    def _wood(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Growth rings cut lengthwise, fibres and pores."""
        first, second = self.along(rng, side)
        period = self.grain * 1.6
        middle = float(first.mean()) + float(rng.normal(0, 0.3)) * side
        if self.style == 2:  # Cut off the middle of the trunk, rings end in arches.
            second = np.hypot(second - float(rng.uniform(0, 500)), (first - middle) / 4)
        bent = 0.9 * smooth_noise(rng, side, side) + 0.05 * smooth_noise(rng, side, 15)
        year = np.cumsum(rng.gamma(6, 1 / 6, 2000)) - 1000
        phase = np.interp(second / period + bent, np.arange(2000) - 1000, year)
        strong = rng.uniform(0.4, 1.2, 4096)[np.floor(phase).astype(int) % 4096]
        saw = strong * (phase % 1) ** 2
        base = rng.standard_normal((side, side)).astype(np.float32)
        rows, columns = np.abs(np.sin(self.turn)) * 9 + 0.4, np.abs(np.cos(self.turn)) * 9 + 0.4
        fibres = standardised(ndimage.gaussian_filter(base, (rows, columns)))
        pores = np.clip(fibres - 1.6, 0, 1)
        slow = 0.03 * np.sin(first / 60)
        return -0.3 * saw + 0.09 * fibres - 0.3 * pores + 0.03 * base + slow

    def _concrete(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Cement with sand, stains and pores; asphalt where the grain is strong."""
        tone = 0.10 * smooth_noise(rng, side, self.grain * 3) + 0.06 * smooth_noise(rng, side, 4)
        tone += 0.09 * ndimage.gaussian_filter(rng.standard_normal((side, side)), 0.5)
        if self.style:
            height = smooth_noise(rng, side, 2.2) + smooth_noise(rng, side, self.grain)
            tone += 0.5 * (lit(height, self.light, 0.35) - 1)
        holes = smooth_noise(rng, side, 3)
        return tone - 0.35 * np.clip(holes - 2.4, 0, 1)

    def _board(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Traces that run in parallel and bend by 45 degrees, and pads with holes."""
        half = max(self.grain * 0.35, 1.5)
        pitch, paths = half * 4, []
        for lane in np.arange(0, side, pitch):
            if rng.random() < 0.7:
                flat = self.turn if self.style else self.turn + np.pi / 2 * (rng.random() < 0.2)
                start = (
                    np.array([lane, -4.0]) if abs(np.cos(flat)) > 0.7 else np.array([-4.0, lane])
                )
                flat = 0.0 if abs(np.cos(flat)) > 0.7 else np.pi / 2
                path = walk(rng, start, flat, side + 8, (half, half), (0.0, 30))
                bend = np.zeros(len(path.points))
                at = int(rng.integers(len(bend)))
                bend[at : at + int(pitch * 2.8 * rng.integers(1, 4))] = 0.785
                angles = path.angles + bend * (1 if self.style != 1 else -1)
                step = 0.5 * np.stack([np.sin(angles), np.cos(angles)], 1)
                path = type(path)(start + np.cumsum(step, 0), angles, path.widths)
                paths.append(path)
        copper, across, _ = drawn(paths, side)
        pads = rng.uniform(0, side, (int(rng.integers(2, 14)), 2))
        y, x = np.mgrid[:side, :side].astype(np.float32)
        for pad in pads:
            distance = np.hypot(y - pad[0], x - pad[1])
            copper = np.maximum(copper, 1.6 * np.clip(2.2 * half - distance + 0.5, 0, 1))
            copper = copper * (1 - np.clip(half - distance + 0.5, 0, 1) * (self.style != 2))
        tone = 0.7 * copper * (1 - 0.1 * np.clip(np.abs(across), 0, 1))
        return tone + 0.04 * smooth_noise(rng, side, 2) - 0.2

    def _solar(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Cells with fingers and busbars, crystals, dark edges."""
        first, second = self.along(rng, side)
        cell = self.grain * 14 + 40
        finger = 0.06 * np.cos(2 * np.pi * first / max(self.grain * 0.5, 3))
        edge = np.minimum(
            np.abs((first / cell) % 1 - 0.5), np.abs((second / cell) % 1 - 0.5)
        )  # Largest in the middle of a seam between two cells.
        inner = np.maximum(np.abs((first / cell) % 1 - 0.5), np.abs((second / cell) % 1 - 0.5))
        bars = np.abs((second / cell * 3) % 1 - 0.5) * cell / 3
        tone = (
            finger
            - 0.6 * np.clip(1.6 - bars, 0, 1)
            - 0.7 * np.clip(inner * cell - 0.485 * cell, 0, 1)
        )
        tone += 0.05 * edge
        if self.style:
            _, _, index = nearest_points(rng, side, self.grain * 1.6, 0.5 * self.grain)
            tone += 0.11 * rng.standard_normal(int(index.max()) + 1)[index]
        return tone + 0.08 * smooth_noise(rng, side, self.grain * 2)


_PATTERNS = {
    "steel": Surface._steel,
    "casting": Surface._casting,
    "leather": Surface._leather,
    "cloth": Surface._cloth,
    "tile": Surface._tile,
    "wood": Surface._wood,
    "concrete": Surface._concrete,
    "board": Surface._board,
    "solar": Surface._solar,
}


def draw_surface(rng: np.random.Generator, material: str, zoom: float) -> Surface:
    """Draw a surface of a material; `zoom` is the enlargement."""
    colours = COLOURS[material]
    colour = np.array(colours[rng.integers(len(colours))]) * rng.uniform(0.8, 1.2)
    # Contrast is stretched by the camera, and with it hue: begin with less of it.
    colour = colour + rng.uniform(0.3, 0.85) * (colour.mean() - colour)
    straight = material in ("steel", "board", "solar", "wood") or rng.random() < 0.6
    quarter = np.pi / 2 * float(rng.integers(2))
    return Surface(
        material=material,
        colour=colour * (1 + 0.02 * rng.standard_normal(3)),
        grain=zoom * log_uniform(rng, 4, 14),
        rough=log_uniform(rng, 0.35, 1.4),
        turn=quarter + (0.0 if material == "board" else float(rng.normal(0, 0.06)))
        if straight
        else rng.uniform(0, np.pi),
        style=int(rng.integers(3)),
        light=rng.uniform(0, 2 * np.pi),
    )
