"""Satellite and aerial images of land and sea: water, clouds, woods, crops, snow, ships, panels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pretraining.lookalikes.parts.aerial import House, blend
from pretraining.lookalikes.parts.exposure import exposed
from pretraining.lookalikes.parts.panels import Panels
from pretraining.lookalikes.parts.ships import paint_ship
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import (
    Clouds,
    Land,
    draw_clouds,
    draw_land,
    fractal,
    ridged,
    shaded,
)
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.tasks import Kind

Found = dict[str, np.ndarray]
"""Classes by what may be asked."""

QUESTIONS = {
    "shores": (("water", "woods"), (0.9, 0.1)),
    "sky": (("clouds", "clouds and shadows", "shadows"), (0.75, 0.15, 0.1)),
    "fields": (("woods", "crop", "woods and crop"), (0.4, 0.45, 0.15)),
    "scars": (("scar",), (1.0,)),
    "snow": (("snow", "clouds"), (0.85, 0.15)),
    "sea": (("ships",), (1.0,)),
    "solar": (("panels", "roofs"), (0.85, 0.15)),
}
"""What may be asked about each style, and how often."""


@dataclass(frozen=True, eq=False)
class Landscapes:
    """One series of images from above.

    Parameters
    ----------
    style, question : str
        One of `QUESTIONS`, and one of its own.
    zoom : float
        Enlargement.
    land : Land
        What is not water.
    clouds : Clouds
        What may lie over it.
    cloudy : float
        How often clouds are there where they are not asked for.
    water : ndarray, shape (3,)
        Its colour.
    tint : ndarray, shape (3,)
        Colour of scars: burnt, flooded, cleared or built land; of hulls and panels.
    amount : float
        About 0 to 1: how much there is.
    radar : float
        Looks of a radar image; 0 for light.
    camera : Camera
        How it is taken.
    natural : float
        How much of its own brightness range an image keeps.
    mixing : ndarray, shape (C, 3)
        Colours of the scene to channels.
    """

    style: str
    question: str
    zoom: float
    land: Land
    clouds: Clouds
    cloudy: float
    water: np.ndarray
    tint: np.ndarray
    amount: float
    radar: float
    camera: Camera
    natural: float
    mixing: np.ndarray

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Render another field of view; see `pretraining.tasks.Kind`."""
        image, found = _PAINTERS[self.style](self, rng, side)
        classes = found[self.question].astype(np.uint8)
        if self.style not in ("sky", "snow", "solar") and rng.random() < self.cloudy:
            hidden, _ = replace(self.clouds, share=0.06).paint(rng, image)
            classes[hidden] = 0
        image = np.tensordot(self.mixing, np.clip(image, 0.01, 3 if self.radar else 1.1), 1)
        if self.radar:
            image = image * rng.gamma(self.radar, 1 / self.radar, image.shape)
        shot = exposed(self.camera, np.clip(image, 0, 1.3).astype("f4"), rng, self.natural)
        return shot, classes

    def _sheet(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Open water with its swell and slow changes of colour, (3, side, side)."""
        turn, period = rng.uniform(0, np.pi), self.zoom * rng.uniform(2.5, 8)
        y, x = np.mgrid[:side, :side].astype(np.float32)
        phase = (np.cos(turn) * y + np.sin(turn) * x) / period + 0.5 * fine_noise(rng, side, 12)
        swell = np.sin(2 * np.pi * phase) * (0.5 + 0.5 * fine_noise(rng, side, 20))
        rough = 0.05 * self.amount * swell + 0.03 * fine_noise(rng, side, 0.9)
        slow = fractal(rng, side, 0.4 * side, 0.55)
        murky = np.array([1.3, 1.1, 0.7])[:, None, None] ** (0.22 * slow)
        return self.water[:, None, None] * murky * (1 + rough + 0.05 * slow)

    def _shores(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Found]:
        """Rivers, lakes and coasts, with shallows, sand and foam."""
        image, _, woods = self.land.paint(rng, side)
        field = fractal(rng, side, side * rng.uniform(0.15, 0.5), rng.uniform(0.25, 0.6))
        form = rng.choice(3)
        if form == 0:  # A river that wanders, with islands.
            river = fine_noise(rng, side, side * rng.uniform(0.2, 0.45))
            field = 0.9 - np.abs(river) * rng.uniform(3, 9) + 0.12 * field
            level = 0.2
        else:
            if form == 1:
                y, x = np.mgrid[:side, :side] / side - 0.5
                turn = rng.uniform(0, 2 * np.pi)
                field = 0.5 * field + 4 * (np.cos(turn) * y + np.sin(turn) * x)
            level = float(np.quantile(field[::3, ::3], 1 - rng.uniform(0.15, 0.6)))
        down, right = np.gradient(field)
        slope = np.maximum(np.hypot(down, right), 0.004)
        inland = (field - level) / slope  # About pixels from the shore line, positive in water.
        cover = np.clip(inland + 0.5, 0, 1)
        beach = np.exp(-((np.minimum(inland, 0) / (self.zoom * 3)) ** 2)) * self.amount
        sand = np.array([0.72, 0.66, 0.54]) * (1 - 0.35 * (self.amount < 0.5))
        blend(image, beach * (inland < 0), sand[:, None, None] * np.ones((side, side)))
        water = self._sheet(rng, side)
        shallow = 0.6 * self.amount * np.exp(-np.clip(field - level, 0, 9) * 5)
        blend(water, shallow, np.clip(0.5 * self.water + 0.5 * sand, 0, 1))
        foam = (np.abs(inland - 2 - fine_noise(rng, side, 6)) < 0.8) & (self.amount > 0.75)
        blend(water, 0.6 * foam, np.array([0.85, 0.87, 0.88]))
        blend(image, cover, water)
        wet = cover > 0.5
        return image, {"water": wet, "woods": woods & ~wet & (beach < 0.5)}

    def _sky(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Found]:
        """Clouds over land or water."""
        image = self._shores(rng, side)[0] if rng.random() < 0.4 else self.land.paint(rng, side)[0]
        if self.amount > 0.6:  # Bare bright ground that looks like clouds.
            bright = np.clip(fractal(rng, side, 30 * self.zoom) * 4 - 6, 0, 0.8)
            blend(image, bright, np.array([0.82, 0.78, 0.72]))
        cloud, shadow = self.clouds.paint(rng, image)
        return image, {
            "clouds": cloud, "shadows": shadow, "clouds and shadows": cloud + 2 * shadow,
        }  # fmt: skip

    def _fields(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Found]:
        """Farmland and woods, villages, sometimes pivots."""
        image, crop, woods = self.land.paint(rng, side)
        built = np.clip(fractal(rng, side, 25 * self.zoom) * 2 - 3.2, 0, 1)
        roofs = np.clip(fine_noise(rng, side, 0.8) * 1.5, 0, 1) * built
        blend(image, 0.4 * built, np.array([0.5, 0.48, 0.45]))
        blend(image, 0.8 * roofs, np.array([0.75, 0.68, 0.62]))
        free = built < 0.5
        crop, woods = crop & free, woods & free
        return image, {"woods": woods, "crop": crop, "woods and crop": woods + 2 * crop}

    def _scars(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Found]:
        """Burnt, flooded or cleared land: what was there shines through."""
        image, _, woods = self.land.paint(rng, side)
        wet = self.tint[2] > self.tint[0]
        ragged = rng.uniform(0.45, 0.7)
        field = fractal(rng, side, 70 * self.zoom, ragged) + (-0.7 if wet else 0.3) * woods
        level = np.quantile(field[::3, ::3], 1 - rng.uniform(0.1, 0.5))
        cover = np.clip((field - level) * 9 + 0.5, 0, 1)
        patchy = 1 + 0.12 * fractal(rng, side, 10 * self.zoom)
        strength = np.clip(0.85 - 0.12 * fractal(rng, side, 5 * self.zoom), 0.35, 1)
        blend(image, cover * strength, self.tint[:, None, None] * patchy)
        if self.amount > 0.5:  # Water or shadows as dark as the scar.
            pond = np.clip((fractal(rng, side, 30) - 1.9) * 9, 0, 1) * (cover < 0.5)
            blend(image, pond, (0.3 * self.water + 0.7 * self.tint * 0.9))
        return image, {"scar": cover > 0.5}

    def _snow(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Found]:
        """Mountains with snow or ice above the snow line, clouds at times."""
        size = 75 * self.zoom
        height = ridged(rng, side, size)
        light = shaded(height, self.land.sun, rng.uniform(6, 14) * self.zoom)
        rock = np.array([0.42, 0.38, 0.34]) * (1 + 0.3 * (self.land.colours[0] - 0.4))
        image = rock[:, None, None] * (1 + 0.15 * fractal(rng, side, 8))
        low = np.clip(0.5 - 1.5 * height + 0.5 * fractal(rng, side, 12), 0, 1)
        green = self.land.wood[:, None, None] * (1 + 0.2 * fine_noise(rng, side, 0.8))
        blend(image, low * self.amount, 1.4 * green)
        field = height + 0.5 * fractal(rng, side, 15 * self.zoom, 0.65) - 0.5 * (light - 1)
        level = np.quantile(field[::3, ::3], 1 - rng.uniform(0.15, 0.65))
        snow = np.clip((field - level) * 5 + 0.5, 0, 1)
        blend(image, snow, np.array([0.93, 0.94, 0.96]) * rng.uniform(0.9, 1))
        image = image * np.clip(light, 0.3, 1.35) * np.array([0.95, 0.98, 1.05])[:, None, None]
        clouds = np.zeros((side, side), bool)
        if self.question == "clouds" or rng.random() < self.cloudy:
            clouds, _ = self.clouds.paint(rng, image)
        return image, {"snow": (snow > 0.5) & ~clouds, "clouds": clouds}

    def _sea(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Found]:
        """Ships with wakes on the sea, in ports beside piers."""
        image = self._sheet(rng, side)
        if rng.random() < 0.4 * self.amount + 0.1:
            coast = self.land.paint(rng, side)[0]
            y, x = np.mgrid[:side, :side] / side - 0.5
            turn = rng.uniform(0, 2 * np.pi)
            off = (np.cos(turn) * y + np.sin(turn) * x - rng.uniform(0.2, 0.4)) * side
            blend(image, np.clip(off + 3 * fine_noise(rng, side, 10), 0, 1), coast)
            for _ in range(rng.integers(0, 5)):
                at, size = rng.uniform(0, side, 2), (0.2 * side, 2.5 * self.zoom)
                pier = House(at, turn + np.pi / 2, size, np.array([0.55, 0.54, 0.52]), "flat", 0.0)
                pier.paint(image, np.zeros((side, side)), rng, self.land.sun)
        for _ in range(rng.poisson(1.0)):  # Breakers and buoys.
            spot = rng.integers(0, side - 2, 2)
            image[:, spot[0] : spot[0] + 2, spot[1] : spot[1] + rng.integers(1, 4)] += 0.35
        ships = np.zeros((side, side), np.float32)
        heading = rng.uniform(0, 2 * np.pi)
        for _ in range(2 + rng.poisson(1 + 6 * self.amount**2)):
            angle = heading + rng.normal(0, 0.2) if rng.random() < 0.5 else rng.uniform(0, 6.3)
            long = self.zoom * log_uniform(rng, 6, 30)
            colour = np.clip(self.tint * rng.uniform(0.6, 1.5) + rng.normal(0, 0.06, 3), 0.05, 1)
            moving = rng.random() < 0.6
            colour = 3 * colour if self.radar else colour
            sun = None if self.radar else self.land.sun
            paint_ship(rng, image, ships, angle, long, colour, moving, sun)
        return image, {"ships": ships > 0.5}

    def _solar(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Found]:
        """Photovoltaic panels in rows on open ground, or on roofs."""
        image, _, _ = self.land.paint(rng, side)
        panels, roofs = np.zeros((side, side), np.float32), np.zeros((side, side), np.float32)
        ground = self.land.colours[1] * 0.5 + np.array([0.3, 0.29, 0.24])
        sort = Panels(self.zoom, self.tint, ground, self.land.sun)
        if self.amount < 0.55 or self.question == "roofs":
            sort.roofs(rng, image, panels, roofs)
        else:
            sort.farm(rng, image, panels)
        return image, {"panels": panels > 0.5, "roofs": roofs > 0.5}


_PAINTERS = {
    "shores": Landscapes._shores, "sky": Landscapes._sky, "fields": Landscapes._fields,
    "scars": Landscapes._scars, "snow": Landscapes._snow, "sea": Landscapes._sea,
    "solar": Landscapes._solar,
}  # fmt: skip

TINTS = {
    "scars": ((0.16, 0.12, 0.10), (0.22, 0.15, 0.11), (0.16, 0.20, 0.24), (0.30, 0.29, 0.33),
              (0.62, 0.50, 0.38)),
    "sea": ((0.62, 0.60, 0.58), (0.55, 0.28, 0.22), (0.85, 0.85, 0.85), (0.3, 0.34, 0.4)),
    "solar": ((0.12, 0.16, 0.30), (0.10, 0.11, 0.15), (0.18, 0.24, 0.40), (0.22, 0.22, 0.26)),
}  # fmt: skip
"""Colours of what is asked for."""


def _draw_mixing(rng: np.random.Generator) -> np.ndarray:
    """Natural colours, near infrared instead of red, or one grey channel."""
    near = np.array([-0.5, 2.4, -0.8])  # Leaves are bright, water is dark.
    if rng.random() < 0.62:
        return np.array([near, [1, 0, 0], [0, 1, 0]]) if rng.random() < 0.2 else np.eye(3)
    return near[None] if rng.random() < 0.25 else rng.dirichlet((3, 4, 3))[None]


def draw_landscapes(rng: np.random.Generator) -> Kind:
    """Draw a series of images from above.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    style = str(rng.choice(list(QUESTIONS), p=(0.22, 0.17, 0.17, 0.13, 0.08, 0.12, 0.11)))
    names, share = QUESTIONS[style]
    zoom = log_uniform(rng, 0.6, 2)
    land = draw_land(rng, zoom if style != "solar" else 3 * zoom)
    if style == "solar":
        land = replace(land, rugged=0.0)
    camera = Camera(blur=rng.uniform(0, 0.9), noise=rng.uniform(0, 0.1),
                    gamma=rng.uniform(0.65, 1.25),
                    jpeg=int(rng.integers(35, 95)) if rng.random() < 0.5 else 0)  # fmt: skip
    if rng.random() < 0.3:
        other = draw_camera(rng)
        camera = replace(other, inverted=False, blur=min(other.blur, 1.1), shade=0.5 * other.shade,
                         glow=0.4 * other.glow, noise=min(other.noise, 0.2))  # fmt: skip
    tints = TINTS.get(style, TINTS["scars"])
    radar = style in ("shores", "sea", "scars") and rng.random() < 0.2
    water = np.array(((0.08, 0.13, 0.17), (0.12, 0.22, 0.26), (0.30, 0.29, 0.22),
                      (0.10, 0.30, 0.36), (0.05, 0.07, 0.09))[rng.integers(5)])  # fmt: skip
    return Landscapes(
        style=style, question=str(rng.choice(names, p=share)), zoom=zoom, land=land,
        clouds=draw_clouds(rng, zoom, land.sun), cloudy=rng.choice([0, 0, 0.4]),
        water=water * rng.uniform(0.7, 1.4), amount=rng.random(),
        tint=np.array(tints[rng.integers(len(tints))]) * rng.uniform(0.85, 1.2),
        radar=log_uniform(rng, 1.5, 12) if radar else 0.0, camera=camera,
        natural=float(rng.choice([0.0, 1.0, rng.uniform(0.4, 1)], p=(0.3, 0.4, 0.3))),
        mixing=rng.dirichlet((3, 3, 3))[None] if radar else _draw_mixing(rng),
    )  # fmt: skip
