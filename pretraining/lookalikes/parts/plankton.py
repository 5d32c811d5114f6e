"""Single cells under a microscope: yeast with buds, oocytes, pollen, diatoms and algae."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.agar import bordered
from pretraining.lookalikes.parts.crumbs import draw_crumbs
from pretraining.lookalikes.parts.scenery import Answers
from pretraining.lookalikes.parts.stamps import Painted, Stamps, apart, draw_stamps
from pretraining.lookalikes.parts.tapering import fine_noise


@dataclass(frozen=True, eq=False)
class Plankton:
    """Cells of one or two sorts; lengths in pixels.

    Parameters
    ----------
    sort : str
        ``"yeast"``, ``"oocyte"``, ``"pollen"``, ``"diatom"`` or ``"alga"``.
    unit, radius, spread, number, stretch : float
        The zoom; half width, deviation of its logarithm, mean number per 192 pixels squared; length
        over width.
    absorbed : ndarray, shape (2, 3)
        What the contents of the sorts absorb of red, green and blue.
    other : float
        Share of the second sort.
    dark, rim, halo, grain, ribs, defocus : float
        Density; strength of the rim, of the bright (or, negative, dark) halo and of the texture;
        period of ribs in pixels; how the middle shines (positive) or is dark.
    dirt : float
        Amount of debris.
    ground : ndarray, shape (3,)
        Colour of the light.
    """

    sort: str
    unit: float
    radius: float
    spread: float
    number: float
    stretch: float
    absorbed: np.ndarray
    other: float
    dark: float
    rim: float
    halo: float
    grain: float
    ribs: float
    defocus: float
    dirt: float
    ground: np.ndarray

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A field of view, (3, side, side), and its answers."""
        unit = self.unit
        stamps, sorts = self._placed(rng, side)
        cells = stamps.painted()
        plain = 0.03 * fine_noise(rng, side, 20 * unit) + 0.015 * fine_noise(rng, side, 2.2)
        plain += draw_crumbs(rng, side, self.dirt, unit, (0.8, 1.8, 3.5))
        cover = ndimage.gaussian_filter(cells.inside.astype(np.float32), 0.6)
        draw = {"yeast": self._yeast, "oocyte": self._oocyte, "pollen": self._pollen,
                "diatom": self._diatom, "alga": self._alga}[self.sort]  # fmt: skip
        content, edge = draw(rng, side, cells, len(sorts))
        second = cells.spread(sorts)[None]
        stain = (
            self.absorbed[0][:, None, None] * (1 - second)
            + self.absorbed[1][:, None, None] * second
        )
        tone = np.exp(cells.spread(rng.normal(0, 0.15, len(sorts))))
        thickness = stain * (content * tone * cover) + (edge * cover + plain)[None]
        ring = ndimage.gaussian_filter(cells.inside.astype(np.float32), 2.0 * unit) * (1 - cover)
        light = self.ground[:, None, None] * (1 + 0.06 * fine_noise(rng, side, 90 * unit))
        image = light * np.exp(-np.clip(thickness, -0.5, 5)) + self.halo * ring
        pair = cells.spread(sorts + 1)
        return image.astype(np.float32), {
            "objects": cells.inside,
            "bordered": bordered(cells.inside, cells.depth, max(0.22 * self.radius, 1.6)),
            "one sort": pair == 2, "sorts": pair,
        }  # fmt: skip

    def _placed(self, rng: np.random.Generator, side: int) -> tuple[Stamps, np.ndarray]:
        """Cells, and the sort of each, 0 or 1; yeast bears buds and lies in heaps."""
        count = rng.poisson(self.number * (side / 192) ** 2) + 1
        reach = 0.3 * self.radius
        centres = rng.uniform(-reach, side + reach, (count, 2))
        radii = self.radius * np.exp(rng.normal(0, self.spread, count))
        sorts = (rng.random(count) < self.other).astype(int)
        radii = np.where(sorts > 0, radii * 0.8, radii)
        angle = rng.uniform(0, np.pi, count)
        stretch = np.where(sorts > 0, 1 + 0.4 * (self.stretch - 1), self.stretch)
        stretch = 1 + (stretch - 1) * rng.uniform(0.75, 1.25, count)
        if self.sort == "yeast":
            budding = rng.random(count) < 0.5
            turn = rng.uniform(0, 6.3, budding.sum())
            small = radii[budding] * rng.uniform(0.4, 0.9, len(turn))
            gap = (radii[budding] + 0.85 * small)[:, None]
            buds = centres[budding] + gap * np.stack([np.cos(turn), np.sin(turn)], 1)
            centres, radii = np.concatenate([centres, buds]), np.concatenate([radii, small])
            sorts = np.concatenate([sorts, sorts[budding]])
            angle, stretch = (
                np.concatenate([angle, turn]),
                np.concatenate([stretch, stretch[budding]]),
            )
        wide = radii * np.sqrt(stretch) if self.sort not in ("diatom", "alga") else radii
        kept = apart(centres, wide, 0.85 if self.sort != "yeast" else 0.8)
        centres, radii, sorts = centres[kept], np.maximum(radii[kept], 1.5), sorts[kept]
        stamps = draw_stamps(
            rng, side, centres, radii, stretch=stretch[kept], angle=angle[kept],
            rough=0.012 if self.sort == "oocyte" else 0.035,
            corners=2.4 if self.sort == "diatom" else 2.0, capsule=self.sort == "alga",
            bend=rng.normal(0, 0.25, len(radii)) if self.sort == "alga" else 0.0,
        )  # fmt: skip
        return stamps, sorts

    def _rim(self, cells: Painted, at: float, width: float) -> np.ndarray:
        """A line along the outline, so many pixels inside."""
        return np.exp(-(((cells.depth - at) / width) ** 2)) * cells.inside

    def _yeast(
        self, rng: np.random.Generator, side: int, cells: Painted, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Refractive cells: a dark rim, a bright or dark middle, a vacuole."""
        r = self.radius
        edge = self.rim * self._rim(cells, 0.1 * r, max(0.16 * r, 0.9))
        edge -= self.defocus * 0.45 * np.exp(-((cells.distance / 0.55) ** 2)) * cells.inside
        edge += 0.6 * self.grain * fine_noise(rng, side, 0.18 * r + 0.5) * cells.inside
        angle, off = rng.uniform(0, 6.3, count), rng.uniform(0.1, 0.4, count)
        y = cells.along - cells.spread(off * np.cos(angle))
        x = cells.across - cells.spread(off * np.sin(angle))
        hole = np.hypot(y, x) / 0.35
        edge += 0.35 * self.grain * np.exp(-(((hole - 1) / 0.25) ** 2)) * cells.inside
        return self.dark * np.where(cells.inside, 0.5, 0), edge

    def _oocyte(
        self, rng: np.random.Generator, side: int, cells: Painted, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """A clear shell, a gap, granular plasma with a pale nucleus or cells of an embryo."""
        r, unit = self.radius, self.unit
        shell = rng.uniform(0.1, 0.2)
        inner = 1 - shell - rng.uniform(0, 0.06)
        edge = self.rim * (
            self._rim(cells, 0, 1.2 * unit) + self._rim(cells, shell * r, 1.1 * unit)
        )
        grains = fine_noise(rng, side, 1.3 * unit) + 0.8 * fine_noise(rng, side, 4 * unit)
        grains = grains * cells.spread(rng.uniform(0.6, 1.4, count))
        plasma = np.clip((inner - cells.distance) * r / (1.5 * unit), 0, 1) * cells.inside
        body = self.dark * (0.6 + self.grain * grains) * plasma
        if rng.random() < 0.5:
            nucleus = np.hypot(cells.along - 0.1, cells.across + 0.15) / 0.28
            body *= 1 - 0.6 * np.clip((1 - nucleus) * 5, 0, 1)
            edge += 0.3 * np.exp(-(((nucleus - 1) / 0.08) ** 2)) * cells.inside
        else:
            folds = np.abs(fine_noise(rng, side, 0.45 * r))
            edge += 0.5 * np.exp(-((folds / 0.07) ** 2)) * plasma
        return body, edge

    def _pollen(
        self, rng: np.random.Generator, side: int, cells: Painted, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Stained grains with a sculptured wall and pores."""
        r, unit = self.radius, self.unit
        angle = np.arctan2(cells.across, cells.along)
        lobes = cells.spread(rng.integers(3, 5, count).astype(float))
        pores = np.clip(np.cos(angle * lobes) - 0.85, 0, 1) / 0.15
        wall = self._rim(cells, 0.08 * r, max(0.12 * r, 1.2))
        spines = np.clip(np.cos(angle * 26), 0, 1) * self._rim(cells, 0, 0.1 * r + 0.8)
        net = fine_noise(rng, side, 1.5 * unit) * cells.inside
        ball = np.sqrt(np.clip(1 - cells.distance**2, 0, 1))
        body = self.dark * (0.35 + 0.65 * ball) * (1 + self.grain * net)
        body += self.dark * self.rim * wall * (1 - 0.7 * pores)
        return body * cells.inside, 0.3 * self.rim * wall + 0.35 * spines * (self.grain > 0.2)

    def _diatom(
        self, rng: np.random.Generator, side: int, cells: Painted, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Shells of glass: a double rim, a middle line, ribs, brown plastids."""
        r, unit = self.radius, self.unit
        edge = self.rim * (
            self._rim(cells, 0.6 * unit, unit) + 0.6 * self._rim(cells, 0.3 * r, unit)
        )
        period = self.ribs / (r * self.stretch)
        ribs = np.sin(2 * np.pi * cells.along / max(period, 1e-3))
        if self.stretch < 1.3:  # round ones have rays and dots
            angle = np.arctan2(cells.across, cells.along)
            ribs = np.sin(angle * max(int(2 * np.pi * r / self.ribs), 8))
            ribs = ribs * np.sin(2 * np.pi * cells.depth / self.ribs)
        sides = np.clip((np.abs(cells.across) - 0.12) * 6, 0, 1)
        edge += 0.22 * self.grain * ribs * sides * cells.inside
        edge += 0.4 * self.rim * np.exp(-((cells.across * r / (0.9 * unit)) ** 2)) * cells.inside
        patches = np.clip(1.5 * fine_noise(rng, side, 0.4 * r + 2) + 0.6, 0, 1)
        patches *= cells.spread(rng.uniform(0.1, 1.3, count))
        inner = np.clip((0.85 - cells.distance) * 5, 0, 1)
        return self.dark * patches * inner, edge

    def _alga(
        self, rng: np.random.Generator, side: int, cells: Painted, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Green threads with cross walls, or green balls in slime."""
        r, unit = self.radius, self.unit
        edge = self.rim * self._rim(cells, 0.5 * unit, 1.1 * unit)
        length = r * self.stretch
        cross = np.abs((cells.along * length / (2.6 * r) + 0.5) % 1 - 0.5) * 2.6 * r
        if self.stretch > 2:
            edge += 0.7 * self.rim * np.exp(-((cross / (1.1 * unit)) ** 2)) * cells.inside
        clumps = cells.spread(rng.uniform(0.6, 1.3, count))
        clumps *= np.clip(0.7 + 0.7 * fine_noise(rng, side, 0.35 * r + 1), 0, 1.6)
        inner = np.clip(cells.depth / (0.25 * r + 0.5), 0, 1)
        body = self.dark * clumps * inner * (1 + self.grain * fine_noise(rng, side, 1.1 * unit))
        return body, edge
