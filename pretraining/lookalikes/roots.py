"""Roots of plants: in soil behind glass, on paper, in gel, on a scanner."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.root_systems import Habit, draw_habit
from pretraining.lookalikes.parts.soil import Soil, draw_soil, lit
from pretraining.lookalikes.parts.wandering import Path, drawn, walk
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise

STYLES = ("window", "tube", "scanner", "gel", "paper")
QUESTIONS = ("roots", "orders", "thick", "borders")


@dataclass(frozen=True, eq=False)
class Roots:
    """One series of images of roots.

    Parameters
    ----------
    style : str
        One of `STYLES`.
    question : str
        One of `QUESTIONS`.
    habit : Habit
        How they grow.
    soil : Soil
        What they grow in, behind glass.
    ground, young, old : ndarray of float, shape (3,)
        Colours of a plain background and of roots.
    ageing : float
        0 all roots young, 1 all old.
    hidden : float
        How much of the roots soil covers.
    mess : float
        Strength of scratches, drops and dirt.
    camera : Camera
        How it is imaged.
    grey : ndarray of float or None
        Share of each colour in a grey image.
    """

    style: str
    question: str
    habit: Habit
    soil: Soil
    ground: np.ndarray
    young: np.ndarray
    old: np.ndarray
    ageing: float
    hidden: float
    mess: float
    camera: Camera
    grey: np.ndarray | None

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Render another field of view; see `pretraining.tasks.Kind`."""
        orders = self.habit.grow(rng, side)
        in_soil = self.style in ("window", "tube")
        canvas = self.soil.paint(rng, side) if in_soil else self._plain(rng, side)
        cracks = np.zeros((side, side), np.float32)
        if self.hidden:
            buried = smooth_noise(rng, side, 14) + 0.5 * smooth_noise(rng, side, 4)
            cracks = np.clip(3 * (buried - 2.6 + 1.8 * self.hidden), 0, 1)
        covers = []
        for number in (2, 1, 0):
            cover = self._paint_roots(rng, canvas, orders[number], 1 - cracks, number)
            covers.append(cover)
        if self.habit.hairs:
            self._grow_hairs(rng, canvas, orders)
        self._dirty(rng, canvas)
        classes = self._answer(covers[::-1])
        scene = canvas if self.grey is None else np.tensordot(self.grey, canvas, 1)[None]
        return self.camera.varied(rng).shoot(scene.astype(np.float32), rng), classes

    def _paint_roots(
        self, rng: np.random.Generator, canvas: np.ndarray, paths: list[Path],
        seen: np.ndarray, order: int,
    ) -> np.ndarray:  # fmt: skip
        """Draw the roots of one order; returns how much of each pixel they cover."""
        side = canvas.shape[-1]
        cover, across, owner = drawn(paths, side)
        if order < 2:
            # Pixels between two roots that overlap count as beside the thinner one.
            cover = ndimage.grey_closing(cover, (3, 3))
        cover = cover * seen
        if not cover.any():
            return cover
        inside = np.clip(across, -1, 1)
        age = np.clip(self.ageing + rng.normal(0, 0.25, len(paths)), 0, 1)[owner]
        age = np.clip(age + 0.15 * smooth_noise(rng, side, 12), 0, 1)
        face = self.young[:, None, None] * (1 - age) + self.old[:, None, None] * age
        round_shade = 1 - 0.35 * inside**2
        if self.style in ("window", "tube"):
            shape = np.sqrt(np.clip(1 - inside**2, 0, 1))
            shape = shape * (paths[0].widths.mean() if paths else 1)
            round_shade *= lit(ndimage.gaussian_filter(shape, 0.7), self.soil.light, 0.13)
            # Crumbs stick to it, so that some of the soil's own relief shows on it.
            local = canvas.mean(0)
            round_shade *= np.clip(local / ndimage.gaussian_filter(local, 6), 0.4, 1.8) ** 0.4
            beneath = ndimage.gaussian_filter(cover, 1.2 + self.habit.main / 2)
            canvas *= 1 - 0.35 * beneath
        elif self.style in ("scanner", "gel"):
            # Roots are clear: their edges refract, their middle lets the light through.
            round_shade = (
                1 - 0.25 * (1 - np.abs(inside)) + 0.12 * (order == 0) * (np.abs(inside) < 0.3)
            )
        grain = 1 + 0.07 * smooth_noise(rng, side, 2) + 0.09 * smooth_noise(rng, side, 10)
        opacity = np.clip((0.95, 0.85, 0.7)[order] + 0.12 * smooth_noise(rng, side, 25), 0.4, 1)
        canvas += cover * opacity * (face * round_shade * grain - canvas)
        return cover

    def _plain(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Paper with fibres, gel with haze, or the empty bed of a scanner."""
        tone = np.ones((side, side), np.float32)
        if self.style == "paper":
            weave = ndimage.gaussian_filter(rng.standard_normal((side, side)), 0.8)
            tone += 0.12 * weave + 0.04 * smooth_noise(rng, side, 5)
        tone += 0.015 * self.mess * smooth_noise(rng, side, 20)
        if self.style == "gel":
            tone += 0.2 * self.mess * smooth_noise(rng, side, side / 2)
        return (self.ground[:, None, None] * tone[None]).astype(np.float32)

    def _grow_hairs(
        self, rng: np.random.Generator, canvas: np.ndarray, orders: list[list[Path]]
    ) -> None:
        """A fuzz of hairs along parts of the roots; it is not asked for."""
        side, hairs = canvas.shape[-1], []
        for path in orders[0] + orders[1][:20]:
            stretch = rng.integers(0, len(path.points), 2)
            number = int(abs(np.diff(stretch)[0]) / 6)
            for at in rng.integers(stretch.min(), stretch.max() + 1, min(number, 30)):
                angle = path.angles[at] + rng.choice([-1, 1]) * rng.normal(1.5, 0.25)
                length = self.habit.hairs * rng.uniform(0.5, 1.2) + path.widths[at]
                hairs.append(walk(rng, path.points[at], angle, length, (0.3, 0.2), (0.3, 4)))
        if hairs:
            cover = ndimage.gaussian_filter(drawn(hairs, side)[0], 0.4)
            canvas += 0.45 * cover * (self.young[:, None, None] - canvas)

    def _dirty(self, rng: np.random.Generator, canvas: np.ndarray) -> None:
        """Scratches of the glass, drops and bubbles, dust."""
        side = canvas.shape[-1]
        bright = float(np.percentile(canvas, 95))
        scratches = [
            walk(
                rng, rng.uniform(0, side, 2), rng.choice([0.1, 1.5]) + rng.normal(0, 0.3),
                rng.uniform(0.1, 0.7) * side, (0.4, 0.3), (0.03, 40),
            )
            for _ in range(rng.poisson(2.5 * self.mess) if self.style != "paper" else 0)
        ]  # fmt: skip
        if scratches:
            tone = bright if self.style in ("window", "tube", "gel") else 0.6 * bright
            canvas += rng.uniform(0.15, 0.6) * drawn(scratches, side)[0] * (tone - canvas)
        y, x = np.mgrid[:side, :side].astype(np.float32)
        for _ in range(min(rng.poisson(3 * self.mess), 14)):
            at, radius = rng.uniform(0, side, 2), log_uniform(rng, 1.5, 9)
            down, right = (y - at[0]) / radius, (x - at[1]) / radius / rng.uniform(0.8, 1.2)
            distance = np.hypot(down, right)
            rim = np.exp(-(((distance - 1) * radius / 1.2) ** 2))
            if self.style == "paper":
                canvas *= 1 - 0.12 * np.clip((1 - distance) * 3, 0, 1)
            else:
                turned = down * np.sin(self.soil.light) + right * np.cos(self.soil.light)
                canvas += 0.35 * bright * rim * np.clip(turned, -0.6, 1)
                canvas += 0.5 * bright * (np.hypot(down + 0.4, right + 0.3) < 0.22)
        if self.style in ("scanner", "gel", "paper"):
            dust = rng.random((side, side)) < 0.0006 * self.mess
            dust = np.clip(3.5 * ndimage.gaussian_filter(dust.astype(np.float32), 0.8), 0, 1)
            canvas += dust * rng.uniform(0.3, 0.9) * (self.old[:, None, None] * 0.6 - canvas)
        np.clip(canvas, 0.0, 1.6, out=canvas)

    def _answer(self, covers: list[np.ndarray]) -> np.ndarray:
        """Classes of the question; `covers` from main roots to the finest."""
        main, fine = covers[0] > 0.5, np.maximum(covers[1], covers[2]) > 0.45
        any_root = main | fine
        if self.question == "orders":
            return np.where(main, 1, 2 * fine).astype(np.uint8)
        if self.question == "thick":
            return main.astype(np.uint8)
        if self.question == "borders":
            border = ndimage.binary_dilation(any_root) & ~ndimage.binary_erosion(any_root)
            return border.astype(np.uint8)
        return any_root.astype(np.uint8)


def _draw_colours(
    rng: np.random.Generator, style: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Colours of the plain ground, of young and of old roots."""
    young = np.array((0.86, 0.82, 0.72)) * rng.uniform(0.8, 1.1)
    old = np.array((0.55, 0.42, 0.27)) * rng.uniform(0.6, 1.1)
    ground = np.array((0.93, 0.93, 0.92)) * rng.uniform(0.85, 1)
    if style == "scanner" and rng.random() < 0.75:
        young, old = young * (0.75, 0.66, 0.5), old * rng.uniform(0.4, 0.8)
    elif style in ("scanner", "gel"):
        ground = np.array((0.10, 0.11, 0.11)) * rng.uniform(0.5, 2.5)
        old = young * rng.uniform(0.5, 0.9)
    elif style == "paper":
        papers = ((0.36, 0.42, 0.56), (0.75, 0.72, 0.66), (0.30, 0.22, 0.17), (0.10, 0.10, 0.12))
        ground = np.array(papers[rng.choice(4, p=(0.45, 0.15, 0.2, 0.2))])
        old = young * (0.85, 0.75, 0.6)
    jitter = 1 + 0.06 * rng.standard_normal((3, 3))
    return ground * jitter[0], young * jitter[1], old * jitter[2]


def draw_roots(rng: np.random.Generator) -> Roots:
    """Draw a series of images of roots.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Roots
        Its `sample` renders images of it.
    """
    style = str(rng.choice(STYLES, p=(0.33, 0.24, 0.17, 0.13, 0.13)))
    zoom = log_uniform(rng, 0.6, 2)
    camera = Camera(
        shade=rng.uniform(0.02, 0.3), light_scale=rng.uniform(100, 300),
        blur=rng.uniform(0.3, 1.0) * max(zoom, 0.8), noise=rng.uniform(0.01, 0.15),
        shot=rng.uniform(0, 0.1), gamma=rng.uniform(0.75, 1.3),
        jpeg=int(rng.integers(40, 92)) if rng.random() < 0.5 else 0,
    )  # fmt: skip
    if rng.random() < 0.3:
        camera = replace(draw_camera(rng), inverted=bool(rng.random() < 0.1))
    ground, young, old = _draw_colours(rng, style)
    in_soil = style in ("window", "tube")
    soil = draw_soil(rng, zoom)
    if in_soil and np.abs(old - soil.colour).mean() < 0.12:
        old = 0.5 * (old + young)
    return Roots(
        style=style,
        question=str(rng.choice(QUESTIONS, p=(0.84, 0.06, 0.06, 0.04))),
        habit=draw_habit(rng, zoom, style),
        soil=soil,
        ground=ground,
        young=young,
        old=old,
        ageing=rng.uniform(0, 0.75) if in_soil else rng.uniform(0, 0.6),
        hidden=rng.uniform(0.1, 0.9) if in_soil and rng.random() < 0.7 else 0.0,
        mess=float(rng.choice([0.1, rng.uniform(0.2, 1), rng.uniform(0.8, 2.5)])),
        camera=camera,
        grey=None if rng.random() < 0.6 else rng.dirichlet((3, 3, 3)),
    )
