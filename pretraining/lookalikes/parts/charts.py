"""Maps with contour lines, and engineering drawings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pretraining.lookalikes.parts.aerial import blend
from pretraining.lookalikes.parts.lettering import worn
from pretraining.lookalikes.parts.paper import Paper
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import fractal

FINE = 2
"""Pixels of a pen's canvas per pixel of the image."""


def canvas(side: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """An empty picture to draw lines on with `FINE` times the resolution."""
    page = Image.new("L", (FINE * side, FINE * side))
    return page, ImageDraw.Draw(page)


def covered(page: Image.Image) -> np.ndarray:
    """Cover (side, side) of what was drawn on a canvas."""
    fine = np.asarray(page, np.float32) / 255
    side = fine.shape[0] // FINE
    return fine.reshape(side, FINE, side, FINE).mean((1, 3))


def level_line(field: np.ndarray, level: float, half: float) -> np.ndarray:
    """Cover of the line where a field has a level; `half` its half width in pixels."""
    slope = np.maximum(np.hypot(*np.gradient(field)), 1e-4)
    return np.clip(half + 0.5 - np.abs(field - level) / slope, 0, 1) * min(2 * half, 1)


@dataclass(frozen=True, eq=False)
class ContourMap:
    """A sort of topographic map.

    Parameters
    ----------
    paper : Paper
        What it is printed on.
    gap, half : float
        Distance of contour lines, half width of lines, in pixels.
    contour, water, road, black, wood : ndarray, shape (3,)
        Colours of inks.
    wear, busy : float
        How frayed lines are; how much else there is.
    """

    paper: Paper
    gap: float
    half: float
    contour: np.ndarray
    water: np.ndarray
    road: np.ndarray
    black: np.ndarray
    wood: np.ndarray
    wear: float
    busy: float

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Colours (3, side, side), and where contours, water, roads and woods are."""
        image = self.paper.paint(rng, side)
        field = fractal(rng, side, 0.4 * side, 0.3)
        woods = np.clip((fractal(rng, side, 50, 0.5) - 0.6 + 0.5 * self.busy) * 12, 0, 1)
        blend(image, 0.85 * woods, self.wood)
        lines = self._contours(rng, side)
        blend(image, worn(rng, lines, self.wear), self.contour)
        river = fine_noise(rng, side, 0.35 * side) + 0.08 * fine_noise(rng, side, 12)
        slope = float(np.hypot(*np.gradient(river)).mean())
        wet = level_line(river, rng.uniform(-0.5, 0.5), self.half * rng.uniform(1, 2.5))
        lake = np.clip((field - 2.1) / slope, 0, 1)
        blend(image, 0.6 * lake, self.water * 0.5 + 0.45)
        wet = np.maximum(wet, level_line(field, 2.1, self.half) * (lake < 1))
        blend(image, worn(rng, wet, self.wear), self.water)
        way = fine_noise(rng, side, 0.5 * side)
        roads = np.zeros((side, side))
        if rng.random() < 0.6 + 0.8 * self.busy:
            wide = self.half + rng.uniform(0.8, 2)
            row, column = rng.integers(side // 4, 3 * side // 4, 2)
            at = float(way[row, column])  # So that it crosses the image.
            roads = level_line(way, at, wide)
            blend(image, roads, self.black)
            inner = level_line(way, at, wide - 0.9)
            blend(image, inner, self.road)
        black = self._symbols(rng, side)
        blend(image, worn(rng, black, self.wear), self.black)
        free = (black < 0.5) & (roads < 0.5)
        blue = ((wet > 0.45) | (lake > 0.5)) & free
        return image, {
            "contours": (lines > 0.42) & free & ~blue, "water": blue,
            "roads": (roads > 0.5) & (black < 0.5),
            "woods": (woods > 0.5) & (roads < 0.5) & (lake < 0.5), "black": black > 0.45,
        }  # fmt: skip

    def _contours(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Cover of contour lines, every fifth one thicker."""
        height = fractal(rng, side, 0.45 * side, 0.28)
        slope = np.hypot(*np.gradient(height))
        interval = self.gap * float(np.median(slope))
        number = height / interval
        nearest = np.round(number)
        off = np.abs(number - nearest) * interval / np.maximum(slope, 1e-4)
        thick = self.half * np.where(nearest % 5 == 0, 1.7, 1.0)
        # Lines too close to each other are left out, as cartographers do.
        keep = (slope * 2.2 < interval) | (nearest % 5 == 0)
        return np.clip(thick + 0.5 - off, 0, 1) * np.minimum(2 * thick, 1) * keep

    def _symbols(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Cover of houses, names, tracks, hachures and the grid."""
        page, pen = canvas(side)
        for _ in range(rng.poisson(14 * self.busy)):
            at, size = rng.uniform(0, FINE * side, 2), rng.uniform(2, 5, 2) * FINE * self.half
            pen.rectangle((*at, *(at + size)), 255)
        for _ in range(rng.poisson(1 + 3 * self.busy)):
            name = "".join(rng.choice(list("aeinorstldmbk"), rng.integers(3, 9))).capitalize()
            font = ImageFont.load_default(FINE * rng.uniform(9, 16) * max(self.half, 0.8))
            pen.text(tuple(rng.uniform(-0.1, 0.85, 2) * FINE * side), name, 255, font)
        if rng.random() < 0.3:
            for at in np.arange(rng.uniform(0, 1), 2) * 0.6 * FINE * side:
                pen.line((at, 0, at, FINE * side), 255, 1)
                pen.line((0, at, FINE * side, at), 255, 1)
        marks = covered(page)
        track = level_line(fine_noise(rng, side, 0.4 * side), 0.3, 0.8 * self.half)
        y, x = np.mgrid[:side, :side]
        return np.maximum(marks, track * (((y + x) // 5) % 2) * (self.busy > 0.3))


@dataclass(frozen=True, eq=False)
class Drawing:
    """A sort of engineering drawing.

    Parameters
    ----------
    paper : Paper
        What it is drawn on.
    ink : ndarray, shape (3,)
        Colour of lines.
    thick, unit, wear : float
        Half width of outlines and typical size of parts in pixels; how frayed lines are.
    """

    paper: Paper
    ink: np.ndarray
    thick: float
    unit: float
    wear: float

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Colours (3, side, side), and where ink, outlines and hatched parts are."""
        outlines, pen = canvas(side)
        fine, thin = canvas(side)
        part, fill = canvas(side)
        bold = max(round(2 * FINE * self.thick), 3)
        light = max(round(0.7 * FINE * self.thick), 1)
        for _ in range(int(rng.integers(4, 9) * max(side / (5 * self.unit), 0.6))):
            middle = rng.uniform(0, FINE * side, 2)
            size = FINE * self.unit * np.exp(rng.normal(0, 0.5, 2))
            box = (*(middle - size), *(middle + size))
            form = rng.integers(4)
            if form == 0:
                round_box = (*(middle - size[0]), *(middle + size[0]))
                pen.ellipse(round_box, outline=255, width=bold)
                self._cross(thin, middle, 1.3 * size[0], light)
            elif form == 1:
                pen.rectangle(box, outline=255, width=bold)
                if rng.random() < 0.5:
                    fill.rectangle(box, 255)
            elif form == 2:
                pen.line((box[0], box[1], box[2], box[1], box[2], box[3]), 255, bold)
                first = rng.uniform(0, 360)
                pen.arc(box, first, first + rng.uniform(60, 200), 255, bold)
            else:
                self._dimension(rng, thin, box, light)
        away = rng.choice([-1, 1])
        y, x = np.mgrid[:side, :side]
        hatch = np.clip(1 - np.abs(((x + away * y) % max(0.22 * self.unit, 4)) - 1.2), 0, 1)
        inside = covered(part)
        thick_cover, thin_cover = covered(outlines), covered(fine)
        thin_cover = np.maximum(thin_cover, hatch * inside)
        every = np.maximum(thick_cover, thin_cover)
        image = self.paper.paint(rng, side)
        blend(image, worn(rng, every, self.wear), self.ink)
        heavy = thick_cover > 0.45
        thinner = (thin_cover > 0.42) & ~heavy
        return image, {
            "ink": heavy | thinner, "outlines": heavy, "weights": heavy + 2 * thinner,
            "hatched": inside > 0.5,
        }  # fmt: skip

    def _cross(self, pen: ImageDraw.ImageDraw, middle: np.ndarray, size: float, light: int) -> None:
        """Centre lines with dashes."""
        for at in np.arange(-size, size, 9 * FINE):
            pen.line((middle[0] + at, middle[1], middle[0] + at + 6 * FINE, middle[1]), 255, light)
            pen.line((middle[0], middle[1] + at, middle[0], middle[1] + at + 6 * FINE), 255, light)

    def _dimension(
        self, rng: np.random.Generator, pen: ImageDraw.ImageDraw, box: tuple, light: int
    ) -> None:
        """A dimension with arrows and a number."""
        left, top, right, _ = box
        head = 3.5 * FINE * max(self.thick, 0.8)
        pen.line((left, top, right, top), 255, light)
        for x, step in ((left, head), (right, -head)):
            pen.polygon([(x, top), (x + step, top - head / 3), (x + step, top + head / 3)], 255)
            pen.line((x, top - head, x, top + 4 * head), 255, light)
        font = ImageFont.load_default(FINE * 9 * max(self.thick, 0.9))
        pen.text(((left + right) / 2, top - 1.4 * head - 8 * FINE), str(rng.integers(5, 300)), 255,
                 font)  # fmt: skip
