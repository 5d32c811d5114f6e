"""Plants from above: seedlings, rows, rosettes, ears in a canopy, fruits, spots on a leaf."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.leaves import draw_leaf
from pretraining.lookalikes.parts.plant_parts import Plant, paint_ear, paint_fruit, paint_spots
from pretraining.lookalikes.parts.soil import Soil, draw_soil
from pretraining.lookalikes.parts.wandering import drawn, walk
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise

STYLES = ("seedlings", "rows", "rosettes", "ears", "fruits", "spots")


@dataclass(frozen=True, eq=False)
class Crops:
    """One series of images of plants.

    Parameters
    ----------
    style : str
        One of `STYLES`.
    question : str
        ``"first"``: what the style is about; ``"both"``: two classes; ``"second"``: the other.
    zoom : float
        Enlargement.
    soil : Soil
        The ground.
    crop, weed : Plant
        The two sorts of plants.
    density : float
        How many there are, about 1.
    thing : ndarray of float, shape (3,)
        Colour of ears, fruits or spots.
    camera : Camera
        How it is imaged.
    grey : ndarray of float or None
        Share of each colour in a grey image.
    """

    style: str
    question: str
    zoom: float
    soil: Soil
    crop: Plant
    weed: Plant
    density: float
    thing: np.ndarray
    camera: Camera
    grey: np.ndarray | None

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Render another field of view; see `pretraining.tasks.Kind`."""
        canvas, classes = _PAINTERS[self.style](self, rng, side)
        if self.question == "first" and self.style in ("seedlings", "rows", "rosettes"):
            classes = np.minimum(classes, 1)
        elif self.question == "first":
            classes = (classes == 1).astype(np.uint8)
        elif self.question == "second":
            classes = (classes == 2).astype(np.uint8)
        canvas = np.clip(canvas, 0, 1.3)
        scene = canvas if self.grey is None else np.tensordot(self.grey, canvas, 1)[None]
        return self.camera.varied(rng).shoot(scene.astype(np.float32), rng), classes

    def _field(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Seedlings and weeds, scattered, in rows, or a few big rosettes."""
        canvas, classes = self.soil.paint(rng, side), np.zeros((side, side), np.uint8)
        places = self._rows(rng, side) if self.style == "rows" else self._scattered(rng, side)
        area = side**2 / (1.2 * self.weed.size) ** 2
        weeds = 0.25 * self.density * area if self.style != "rosettes" else 0.03 * area
        todo = [(self.weed, rng.uniform(0, side, 2), 2) for _ in range(min(rng.poisson(weeds), 18))]
        todo += [(self.crop, place, 1) for place in places]
        for plant, place, number in todo:
            plant.paint(rng, canvas, classes, place, number, self.soil.light)
        return canvas, classes

    def _scattered(self, rng: np.random.Generator, side: int) -> list[np.ndarray]:
        """Middles of plants."""
        share = 0.5 if self.style == "rosettes" else 0.16
        count = rng.poisson(share * self.density * side**2 / self.crop.size**2) + 1
        return [rng.uniform(0, side, 2) for _ in range(min(count, 24))]

    def _rows(self, rng: np.random.Generator, side: int) -> list[np.ndarray]:
        """Middles of plants in rows."""
        gap = self.crop.size * (1.8 + 1.5 / self.density)
        step = self.crop.size * rng.uniform(0.5, 1.3)
        angle, shift = 0.1 * rng.standard_normal(), rng.uniform(0, 1)
        places = []
        for row in np.arange(-1, 2 + side / gap):
            for at in np.arange(-step, side + step, step):
                place = np.array([at, (row + shift) * gap + angle * at])
                place += rng.normal(0, 0.1 * self.crop.size, 2)
                if rng.random() < 0.85:
                    places.append(place)
        rng.shuffle(places)
        return places[:30]

    def _gloom(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """What lies deep between leaves: dim greens and browns, out of focus."""
        deep = smooth_noise(rng, side, 14) + 0.7 * smooth_noise(rng, side, 6)
        tone = 0.35 * np.exp(0.45 * deep + 0.1 * smooth_noise(rng, side, 1.5))
        share = np.clip(0.5 + 0.4 * smooth_noise(rng, side, 20), 0, 1)
        mixed = self.crop.leaf.colour[:, None, None] * share
        mixed = mixed + self.soil.colour[:, None, None] * 0.7 * (1 - share)
        return (mixed * tone).astype(np.float32)

    def _canopy(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Blades of grass over each other, with ears on top."""
        canvas = self._gloom(rng, side)
        direction, leaf = rng.uniform(0, 6.3), self.crop.leaf
        half = self.zoom * 2.6
        classes = np.zeros((side, side), np.uint8)
        for layer in range(4):
            paths = [
                walk(
                    rng, rng.uniform(-0.2, 1.2, 2) * side, direction + rng.normal(0, 0.9),
                    self.zoom * rng.uniform(40, 120), (half * rng.uniform(0.5, 1.7), 0.5),
                    (0.22, 40 * self.zoom),
                )
                for _ in range(min(int(self.density * 1.5e-3 * side**2 / self.zoom**1.5) + 3, 90))
            ]  # fmt: skip
            # Blades begin narrow, widen and end in a tip.
            taper = [np.sin(np.pi * np.linspace(0.12, 0.97, len(p.points))) for p in paths]
            paths = [replace(p, widths=p.widths[0] * t**0.7) for p, t in zip(paths, taper)]
            cover, across, owner = drawn(paths, side)
            tone = (0.4 + 0.22 * layer) * rng.uniform(0.75, 1.3, len(paths))
            shade = tone[owner] * (1 + leaf.gloss * 0.25 * np.tanh(4 * across))
            shade *= 1 + 0.06 * smooth_noise(rng, side, 2) + 0.14 * smooth_noise(rng, side, 18)
            shade += leaf.rib * 0.4 * np.exp(-((across * 4) ** 2))
            tint = leaf.colour[:, None] * (1 + 0.06 * rng.standard_normal((3, len(paths))))
            canvas *= 1 - 0.4 * ndimage.gaussian_filter(cover, 1 + self.zoom)
            canvas += cover * (tint[:, owner] * shade - canvas)
            classes[cover > 0.5] = 2
        ears = min(int(self.density * 3.5e-4 * side**2 / self.zoom**2) + 1, 30)
        for _ in range(ears):
            paint_ear(
                rng, canvas, classes, direction + rng.normal(0, 0.8), self.zoom, self.thing,
                self.soil.light, self.weed.leaf.gloss > 0.3,
            )  # fmt: skip
        return canvas, classes

    def _orchard(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Fruits between leaves, some in front of and some behind them."""
        canvas = self._gloom(rng, side)
        classes = np.zeros((side, side), np.uint8)
        radius = self.crop.size * 0.45
        count = int(np.clip(self.density * 0.22 * side**2 / radius**2 / 3, 1, 45))
        leaves = int(np.clip(self.density * 3.5 * side**2 / self.crop.size**2, 12, 80))
        todo = [True] * count + [False] * (leaves // 2)
        rng.shuffle(todo)
        heap = rng.uniform(0.1, 0.9, (3, 2)) * side
        for number, fruit in enumerate([False] * (leaves - leaves // 2) + todo):
            place = rng.uniform(0, side, 2)
            if fruit:
                if self.weed.count > 7:
                    place = heap[rng.integers(3)] + rng.normal(0, 2.2 * radius, 2)
                paint_fruit(
                    rng, canvas, classes, place, radius, self.thing, self.crop.leaf,
                    self.soil.light,
                )  # fmt: skip
            else:
                self.crop.leaf.paint(
                    rng, canvas, classes, place, rng.uniform(0, 6.3),
                    self.crop.size * rng.uniform(0.6, 1.4), 2, self.soil.light, 0.45,
                    0.4 + 0.7 * number / (leaves + count),
                )  # fmt: skip
        return canvas, classes

    def _blade(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """A leaf from near with spots of a disease."""
        plain = self.soil.stones > 0
        canvas = self.soil.paint(rng, side)
        if plain:
            canvas = np.clip(self.soil.colour * 1.6, 0, 1)[:, None, None] * np.exp(
                0.1 * smooth_noise(rng, side, side / 2)
            )
        canvas = canvas.astype(np.float32)
        classes = np.zeros((side, side), np.uint8)
        length = side * self.density * rng.uniform(1.0, 1.6)
        angle = rng.uniform(0, 6.3)
        base = side * rng.uniform(0.4, 0.6, 2) - 0.5 * length * np.array(
            [np.sin(angle), np.cos(angle)]
        )
        self.crop.leaf.paint(rng, canvas, classes, base, angle, length, 2, self.soil.light)
        fine = smooth_noise(rng, side, 1.6) + 0.5 * np.abs(smooth_noise(rng, side, 5))
        on_leaf = classes == 2
        canvas *= 1 + on_leaf * 0.05 * fine
        radius = min(max(self.weed.size * 0.35, 2.0), 11 * self.zoom)
        strength, pale = 0.75 * self.weed.leaf.gloss, self.weed.leaf.rib > 0.15
        paint_spots(rng, canvas, classes, on_leaf, radius, self.thing, strength, pale)
        return canvas, classes


_PAINTERS = {
    "seedlings": Crops._field,
    "rows": Crops._field,
    "rosettes": Crops._field,
    "ears": Crops._canopy,
    "fruits": Crops._orchard,
    "spots": Crops._blade,
}

THINGS = {
    "ears": ((0.62, 0.60, 0.36), (0.50, 0.58, 0.30), (0.72, 0.60, 0.36), (0.45, 0.52, 0.34)),
    "fruits": ((0.75, 0.16, 0.10), (0.85, 0.50, 0.12), (0.62, 0.68, 0.25), (0.28, 0.14, 0.30)),
    "spots": ((0.35, 0.22, 0.12), (0.50, 0.33, 0.16), (0.22, 0.16, 0.11), (0.62, 0.50, 0.34)),
}
"""Colours of what is asked for."""


def _draw_plant(rng: np.random.Generator, zoom: float, style: str) -> Plant:
    """Draw a sort of plant that fits the style."""
    sort = str(rng.choice(["grass", "oval", "rosette", "toothed", "lobed", "cotyledon"]))
    size = zoom * log_uniform(rng, 9, 40)
    count = rng.uniform(2, 8)
    if style == "rosettes":
        sort = str(rng.choice(["rosette", "rosette", "oval", "toothed"]))
        size, count = zoom * log_uniform(rng, 30, 80), rng.uniform(5, 14)
    elif style in ("fruits", "spots"):
        sort = str(rng.choice(["oval", "toothed"]))
        size, count = zoom * log_uniform(rng, 18, 60), rng.uniform(5, 10)
    return Plant(draw_leaf(rng, sort), count, size, rng.uniform(0.1, 0.4))


def draw_crops(rng: np.random.Generator) -> Crops:
    """Draw a series of images of plants.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Crops
        Its `sample` renders images of it.
    """
    style = str(rng.choice(STYLES, p=(0.27, 0.16, 0.18, 0.14, 0.12, 0.13)))
    zoom = log_uniform(rng, 0.6, 2)
    camera = Camera(
        shade=rng.uniform(0.02, 0.35), light_scale=rng.uniform(60, 250),
        blur=rng.uniform(0.2, 0.8) * max(zoom, 0.8), noise=rng.uniform(0.01, 0.12),
        gamma=rng.uniform(0.7, 1.3), jpeg=int(rng.integers(40, 92)) if rng.random() < 0.6 else 0,
    )  # fmt: skip
    if rng.random() < 0.25:
        camera = replace(draw_camera(rng), inverted=False)
    crop, weed = _draw_plant(rng, zoom, style), _draw_plant(rng, zoom, "seedlings")
    weed = replace(weed, size=min(weed.size, 0.8 * crop.size))
    colours = THINGS.get(style, THINGS["ears"])
    thing = np.array(colours[rng.integers(4)]) * rng.uniform(0.85, 1.2)
    soil, grey = draw_soil(rng, zoom), rng.dirichlet((3, 3, 3))
    if style in ("seedlings", "rows", "rosettes") and (
        rng.random() < 0.4 or abs(grey @ (crop.leaf.colour - soil.colour)) < 0.1
    ):
        grey = np.array((-0.35, 1.3, 0.05))  # Like near infrared, where leaves are bright.
    return Crops(
        style=style,
        question=str(rng.choice(["first", "both", "second"], p=(0.82, 0.1, 0.08))),
        zoom=zoom,
        soil=soil,
        crop=crop,
        weed=weed,
        density=log_uniform(rng, 0.5, 1.8),
        thing=thing * (1 + 0.06 * rng.standard_normal(3)),
        camera=camera,
        grey=None if rng.random() < 0.66 else grey,
    )
