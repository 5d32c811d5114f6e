"""Outlines of particles, and the film, metal or tape that they lie on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.stains import fine_noise, stretched_noise
from pretraining.lookalikes.parts.stamps import Painted, apart, draw_stamps
from pretraining.shapes import log_uniform
from pretraining.textures import Texture, draw_texture, smooth_noise, standardised

FORMS = ("sphere", "rough", "rod", "cube", "crystal", "plate", "flake")


@dataclass(frozen=True)
class Shape:
    """What particles look like from outside.

    Parameters
    ----------
    form : str
        One of `FORMS`.
    radius, spread : float
        Typical radius in pixels, and deviation of its logarithm.
    stretch, rough : float
        Length over width; how uneven the outline is.
    facets : int
        Edges of a crystal.
    """

    form: str
    radius: float
    spread: float
    stretch: float
    rough: float
    facets: int

    def painted(
        self, rng: np.random.Generator, side: int, cover: float, touching: float, heap: float
    ) -> Painted:
        """Place particles, the later ones over the earlier ones.

        Parameters
        ----------
        rng : numpy.random.Generator
            Decides where.
        side : int
            Side of the image.
        cover : float
            Tries, as a share of the image's area.
        touching : float
            Least distance as a share of the sum of radii; 0 for heaps.
        heap : float
            How far they keep to a part of the image.
        """
        r = self.radius
        reach = r * (1 + 0.4 * (self.stretch - 1))
        count = int(np.clip(cover * (side + 2 * r) ** 2 / (3 * r * r * self.stretch), 3, 1000))
        radii = np.minimum(r * np.exp(rng.normal(0, self.spread, count)), side / 3)
        centres = rng.uniform(-r, side + r, (count, 2))
        at = tuple(np.clip(centres, 0, side - 1).astype(int).T)
        dense = smooth_noise(rng, side, 5 * reach)[at] + 0.3 * rng.standard_normal(count)
        kept = apart(centres, radii * reach / r, touching) & (dense > heap)
        centres, radii = centres[kept], radii[kept]
        count = len(radii)
        turn = rng.uniform(0, np.pi)
        at = tuple(np.clip(centres, 0, side - 1).astype(int).T)
        turn = turn + smooth_noise(rng, side, 6 * reach)[at]
        aligned = self.form == "rod" and rng.random() < 0.5
        angle = turn + rng.normal(0, 0.1, count) if aligned else rng.uniform(0, np.pi, count)
        length = 1 + (self.stretch - 1) * rng.uniform(0.6, 1.3, count)
        corners = rng.uniform(5, 10) if self.form == "cube" else 2.0
        return draw_stamps(
            rng, side, centres, radii, stretch=length, angle=angle, rough=self.rough,
            waves=(2, 3, 4, 6, 9), corners=corners, facets=self.facets,
            capsule=self.form == "rod",
        ).painted()  # fmt: skip


def draw_shape(rng: np.random.Generator, look: str) -> Shape:
    """Draw the outside of particles that go with a microscope."""
    share = {
        "scanning": (0.3, 0.22, 0.15, 0.1, 0.15, 0.04, 0.04),
        "transmission": (0.45, 0.1, 0.17, 0.1, 0.12, 0.06, 0),
        "bubbles": (1, 0, 0, 0, 0, 0, 0),
        "matrix": (0.15, 0.4, 0.05, 0.05, 0.25, 0, 0.1),
        "pores": (0.3, 0.7, 0, 0, 0, 0, 0),
    }[look]
    form = str(rng.choice(FORMS, p=share))
    zoom = log_uniform(rng, 0.6, 2.0)
    stretch = {"rod": log_uniform(rng, 2, 8), "flake": 1.8, "rough": rng.uniform(1, 1.6),
               "crystal": rng.uniform(1, 1.5)}.get(form, rng.uniform(1, 1.1))  # fmt: skip
    return Shape(
        form=form,
        radius=max(
            zoom * (log_uniform(rng, 2, 7) if form == "rod" else log_uniform(rng, 4, 22)), 2
        ),
        spread=float(rng.choice([0.06, rng.uniform(0.1, 0.5)])),
        stretch=stretch,
        rough={"rough": rng.uniform(0.03, 0.1), "flake": 0.06}.get(
            form, float(rng.choice([0, 0, 0.015]))
        ),
        facets={
            "crystal": int(rng.integers(5, 9)),
            "plate": 6,
            "flake": 7,
            "rough": int(rng.integers(6, 10)) * int(rng.random() < 0.5),
        }.get(form, 0),
    )


def draw_ground(rng: np.random.Generator, look: str) -> Texture:
    """Carbon film, scratched metal, tape or nothing in particular."""
    if look == "transmission":
        scale, holes = rng.uniform(0.6, 2.0), rng.random() < 0.2

        def film(rng: np.random.Generator, side: int) -> np.ndarray:
            grain = fine_noise(rng, side, scale)
            return grain - 3.0 * (smooth_noise(rng, side, 60) > 1.0) if holes else grain

        return film
    if look == "matrix" and rng.random() < 0.5:
        direction, width = rng.uniform(0, np.pi), rng.uniform(0.7, 2)

        def scratched(rng: np.random.Generator, side: int) -> np.ndarray:
            lines = stretched_noise(rng, side, np.full((side, side), direction), width, 300)
            return np.where(np.abs(lines) > 1.8, lines, 0.3 * fine_noise(rng, side, 0.7))

        return scratched
    return draw_surface(rng)


def draw_surface(rng: np.random.Generator) -> Texture:
    """Roughness at many scales; now and then any material."""
    if rng.random() < 0.15:
        return draw_texture(rng)
    scales = [log_uniform(rng, 0.5, 2), log_uniform(rng, 1.5, 6), log_uniform(rng, 6, 40)]
    weights = rng.dirichlet((1, 1, 1))
    skew = rng.normal(0, 0.4)

    def rough(rng: np.random.Generator, side: int) -> np.ndarray:
        values = weights[0] * fine_noise(rng, side, scales[0])
        for scale, weight in zip(scales[1:], weights[1:]):
            values += weight * smooth_noise(rng, side, scale)
        values = standardised(values)
        return standardised(values + skew * values * values)

    return rough
