"""Seeds, beans and eggs spread out on something, touching, heaped, among chaff."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.aerial import blend
from pretraining.lookalikes.parts.stamps import Painted, apart, draw_stamps
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.lookalikes.parts.terrain import fractal
from pretraining.textures import Texture


@dataclass(frozen=True, eq=False)
class Seeds:
    """One sort of seed, and another between them.

    Parameters
    ----------
    radius, stretch, rough : float
        Half the width in pixels; length over width; how uneven.
    colours : ndarray, shape (2, 3)
        Of both sorts.
    crease, gloss, spotted : float
        Strength of a furrow along it, of the highlight, of a pattern.
    clear : bool
        Whether they are eggs that let light through.
    other : float
        Share of the other sort.
    touching : float
        0 apart, 1 heaped.
    cover : float
        Share of the image.
    ground : ndarray, shape (3,)
        Colour of what they lie on.
    texture : Texture
        And its texture.
    strength : float
        Contrast of that.
    sun : float
        Where light comes from.
    """

    radius: float
    stretch: float
    rough: float
    colours: np.ndarray
    crease: float
    gloss: float
    spotted: float
    clear: bool
    other: float
    touching: float
    cover: float
    ground: np.ndarray
    texture: Texture
    strength: float
    sun: float

    def paint(
        self, rng: np.random.Generator, side: int
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Colours (3, side, side), and where seeds, the others, and the borders are."""
        image = self.ground[:, None, None] * (1 + self.strength * self.texture(rng, side))
        image = image * (1 + 0.06 * fine_noise(rng, side, 0.5 * side)) + 0.0
        area = np.pi * self.radius**2 * self.stretch
        count = int(np.clip(self.cover * (1 + self.touching) * side**2 / area, 3, 400))
        centres = rng.uniform(-0.05 * side, 1.05 * side, (count, 2))
        radii = self.radius * np.exp(rng.normal(0, 0.1, count))
        reach = radii * (0.5 + 0.5 * self.stretch)
        stays = apart(centres, reach, 1.25 - 0.75 * self.touching)
        centres, radii = centres[stays], radii[stays]
        count = len(radii)
        odd = rng.random(count) < self.other
        stretch = self.stretch * np.exp(rng.normal(0, 0.08, count))
        stretch = np.where(odd, 1 + 0.45 * (stretch - 1), stretch)
        angle = rng.uniform(0, 2 * np.pi, count)
        stamps = draw_stamps(rng, side, centres, radii * np.where(odd, 0.8, 1), stretch=stretch,
                             angle=angle, rough=self.rough)  # fmt: skip
        seen = stamps.painted()
        inside = seen.inside
        away = 0.35 * self.radius
        shift = round(away * np.sin(self.sun)), round(away * np.cos(self.sun))
        shadow = ndimage.gaussian_filter(
            np.roll(inside, shift, (0, 1)).astype("f4"), 0.4 + 0.3 * away
        )
        image = image * (1 - (0.15 if self.clear else 0.55) * shadow)
        self._chaff(rng, image)
        face = self._face(rng, side, seen, angle, odd)
        edge = np.where(inside, np.clip(seen.depth + 0.3, 0, 1), 0)
        blend(image, edge, face)
        grey = ndimage.grey_dilation(seen.instances, 3) != ndimage.grey_erosion(seen.instances, 3)
        borders = ndimage.binary_dilation(grey) & ndimage.binary_dilation(inside)
        return image, {
            "seeds": inside, "others": seen.spread(odd) > 0.5, "borders": borders,
            "both": inside + (seen.spread(odd) > 0.5),
        }  # fmt: skip

    def _face(self, rng: np.random.Generator, side: int, seen: Painted, angle: np.ndarray,
              odd: np.ndarray) -> np.ndarray:  # fmt: skip
        """Colours of the seeds, (3, side, side)."""
        count = len(odd)
        distance = np.clip(seen.distance, 0, 1)
        high = np.sqrt(1 - distance**2)
        cosine, sine = seen.spread(np.cos(angle)), seen.spread(np.sin(angle))
        down = cosine * seen.along - sine * seen.across
        right = sine * seen.along + cosine * seen.across
        lit = -(down * np.sin(self.sun) + right * np.cos(self.sun))
        light = 0.55 + 0.4 * high + 0.28 * lit
        tone = seen.spread(rng.normal(1, 0.1, count)) + 0.05 * fine_noise(rng, side, 0.9)
        tone = tone + 0.07 * fractal(rng, side, self.radius) + 0.05 * np.sin(
            seen.across * 9 + seen.spread(rng.uniform(0, 6, count))
        )  # fmt: skip
        tint = self.colours[odd.astype(int)] * (1 + 0.05 * rng.standard_normal((count, 3)))
        face = np.stack([seen.spread(column) for column in tint.T])
        if self.clear:
            ring = np.exp(-(((1 - distance) * self.radius / 1.2) ** 2))
            yolk = np.clip((0.62 - np.hypot(seen.along - 0.12, seen.across)) * 8, 0, 1)
            embryo = np.exp(-(((np.hypot(seen.along, seen.across) - 0.55) / 0.13) ** 2))
            light = 1 - 0.45 * ring - 0.3 * yolk - 0.35 * embryo * (seen.across > 0)
        marks = np.clip((fractal(rng, side, 0.4 * self.radius) - 0.7) * 3, 0, 1)
        face = face * (1 - 0.6 * self.spotted * marks) * light * tone
        back = seen.spread(rng.random(count) < 0.6)
        bent = seen.across + 0.06 * np.sin(4 * seen.along)
        furrow = np.exp(-((bent / 0.09) ** 2)) * (np.abs(seen.along) < 0.85) * back
        face = face * (1 - 0.65 * self.crease * furrow)
        off = 0.35 * np.sin(self.sun), 0.35 * np.cos(self.sun)
        spot = np.exp(-((down + off[0]) ** 2 + (right + off[1]) ** 2) / 0.03)
        return face + 0.6 * self.gloss * spot * seen.inside

    def _chaff(self, rng: np.random.Generator, image: np.ndarray) -> None:
        """Crumbs, husks and straw between them, in place."""
        side = image.shape[-1]
        count = rng.poisson(6)
        if not count or rng.random() < 0.4:
            return
        bits = draw_stamps(rng, side, rng.uniform(0, side, (count, 2)),
                           self.radius * rng.uniform(0.1, 0.35, count),
                           stretch=rng.uniform(1, 6, count), rough=0.25)  # fmt: skip
        seen = bits.painted()
        tint = self.colours[0] * 0.6 + 0.25
        blend(image, 0.75 * seen.inside, tint[:, None, None] * (0.85 + 0.25 * seen.depth / 3))
