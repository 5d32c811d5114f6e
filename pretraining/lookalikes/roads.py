"""Aerial and satellite photographs of towns and country: roads, houses or water are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pretraining.lookalikes.parts.aerial import (
    ROOFS,
    House,
    blend,
    cast,
    fields,
    lots,
    palette,
    park,
    plant,
    wood,
)
from pretraining.lookalikes.parts.exposure import exposed
from pretraining.lookalikes.parts.street_network import Network, Plan
from pretraining.lookalikes.parts.tapering import Strokes, fine_noise, stroke
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform
from pretraining.tasks import Kind


@dataclass(frozen=True, eq=False)
class Roads:
    """One series of aerial images with one question.

    Parameters
    ----------
    question : str
        ``"roads"``, ``"houses"``, ``"water"`` or ``"roads and houses"`` (two classes).
    camera : Camera
        How it is photographed.
    natural : float
        How much of its own brightness range an image keeps.
    mixing : ndarray, shape (3,), or None
        Share of each colour in a grey image; None keeps the colours.
    scale : float
        Pixels per metre.
    half : float
        Typical half width of a road in metres.
    block : ndarray, shape (2,)
        Distances between roads in metres.
    bend, gaps : float
        How curved roads are; share of the cross roads that is missing.
    road, grass, tree, water : ndarray, shape (3,)
        Colours.
    soils : ndarray, shape (N, 3)
        Colours of fields; none in towns.
    roofs : ndarray, shape (N, 3)
        Colours of roofs.
    built, wooded : float
        Share of the lots with a house; how much wood there is.
    lot : ndarray, shape (3,)
        Distance of houses, their depth and length in metres.
    paved : bool
        Whether roads have marks and pavements.
    wet : float
        Share of water, if any.
    hidden : bool
        Whether a road beneath a crown no longer counts.
    sun : float
        Direction shadows fall.
    """

    question: str
    camera: Camera
    natural: float
    mixing: np.ndarray | None
    scale: float
    half: float
    block: np.ndarray
    bend: float
    gaps: float
    road: np.ndarray
    grass: np.ndarray
    tree: np.ndarray
    water: np.ndarray
    soils: np.ndarray
    roofs: np.ndarray
    built: float
    wooded: float
    lot: np.ndarray
    paved: bool
    wet: float
    hidden: bool
    sun: float

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Image float32 (C, side, side) in 0 to 1, and its classes uint8 (side, side)."""
        plan = Plan(self.half * self.scale, self.block * self.scale, self.bend, 90 * self.scale,
                    self.gaps)  # fmt: skip
        network = plan.drawn(rng, side)
        roads = stroke(network.points, network.half, side, 3 * self.scale + 2)
        image = self._ground(rng, side).astype(np.float32)
        water = self._water(rng, image, side)
        off, index = roads.everywhere()
        self._wood(rng, image, side, off, water)
        houses = self._houses(rng, side, network, off, index, water)
        water = water * (1 - lots(image, rng, houses, network, self.road, self.scale))
        cover = self._pave(rng, image, network, roads)
        if self.paved:
            park(image, rng, network, self.scale)
        roofs, built = np.zeros_like(image), np.zeros((side, side), np.float32)
        for house in houses:
            house.paint(roofs, built, rng, self.sun)
        high = float(np.median([house.high for house in houses] or [0]))
        image *= 1 - 0.5 * cast(built, high, self.sun)
        blend(image, (built > 0).astype(np.float32), roofs)
        crowns = self._trees(rng, image, side, off, np.maximum(built, water))
        road = (cover > 0.5) & (built < 0.5) & ~((crowns > 0.5) & self.hidden)
        house_mask = (built > 0.5) & ~((crowns > 0.5) & self.hidden)
        classes = {"roads": road, "houses": house_mask,
                   "water": (water > 0.5) & (cover < 0.5) & (built < 0.5) & (crowns < 0.5),
                   "roads and houses": road + 2 * house_mask}[self.question]  # fmt: skip
        image = np.clip(image * (1 + 0.03 * fine_noise(rng, side, 0.6 * side)), 0.01, 1)
        if self.mixing is not None:
            image = np.tensordot(self.mixing, image, 1)[None]
        shot = exposed(self.camera, image.astype(np.float32), rng, self.natural)
        return shot, classes.astype(np.uint8)

    def _ground(self, rng: np.random.Generator, side: int) -> np.ndarray:
        """Grass or fields."""
        mottled = 0.1 * fine_noise(rng, side, 25 * self.scale) + 0.05 * fine_noise(rng, side, 0.9)
        mottled = mottled + 0.08 * fine_noise(rng, side, 3 * self.scale)
        if len(self.soils):
            image = fields(rng, side, self.block.mean() * 0.8 * self.scale, self.soils, self.scale)
            return image * (1 + 0.5 * mottled)
        image = self.grass[:, None, None] * (1 + mottled)
        bare = np.clip(fine_noise(rng, side, 12 * self.scale) * 1.5 - 0.6, 0, 1) * 0.7
        soil = np.array([0.52, 0.46, 0.38]) * rng.uniform(0.8, 1.15)
        blend(image, bare, soil[:, None, None] * (1 + mottled))
        return image

    def _water(self, rng: np.random.Generator, image: np.ndarray, side: int) -> np.ndarray:
        """A river, or lakes and ponds."""
        if not self.wet or (self.question != "water" and rng.random() < 0.5):
            return np.zeros((side, side))
        field = fine_noise(rng, side, 0.35 * side) + 0.06 * fine_noise(rng, side, 3 * self.scale)
        if rng.random() < 0.4:
            field = -np.abs(field - rng.uniform(-0.3, 0.3))
        level = np.quantile(field[::4, ::4], 1 - self.wet * rng.uniform(0.6, 1.4))
        cover = np.clip((field - level) * 0.16 * side + 0.5, 0, 1)
        bank = np.exp(-(((field - level) * 25) ** 2))
        image *= 1 - 0.25 * bank
        ripple = 1 + 0.03 * fine_noise(rng, side, 1) + 0.08 * fine_noise(rng, side, 0.5 * side)
        blend(image, cover, self.water[:, None, None] * ripple)
        return cover

    def _wood(self, rng: np.random.Generator, image: np.ndarray, side: int, off: np.ndarray,
              water: np.ndarray) -> None:  # fmt: skip
        """Closed woods away from roads."""
        field = fine_noise(rng, side, 45 * self.scale) + 0.2 * fine_noise(rng, side, 2)
        cover = np.clip((field - 1.6 + 2 * self.wooded) * 6, 0, 1) * (water < 0.5)
        cover = cover * np.clip(off - 1.5 * self.scale, 0, 1)
        crowns = wood(rng, side, 3.5 * self.scale, self.sun)
        blend(image, cover, self.tree[:, None, None] * crowns)

    def _houses(self, rng: np.random.Generator, side: int, network: Network, off: np.ndarray,
                index: np.ndarray, water: np.ndarray) -> list[House]:  # fmt: skip
        """Houses along the roads, each with its ridge along or across them."""
        houses: list[House] = []
        back, depth, length = self.lot * self.scale
        wanted = rng.uniform(0, side, (int(500 * self.built), 2))
        order = np.argsort(np.abs(off[tuple(wanted.astype(int).T)] - back - depth / 2))
        taken = np.zeros((side, side), bool)
        for centre in wanted[order]:
            row, column = centre.astype(int)
            free = off[row, column]
            size = np.array([length, depth]) / 2 * rng.uniform(0.75, 1.25, 2)
            if free < size[1] + 2 * self.scale or water[row, column] > 0.3 or len(houses) > 70:
                continue
            gap = int(size.sum() * rng.uniform(0.95, 1.25) + 1.5 * self.scale)
            box = (slice(max(row - gap, 0), row + gap), slice(max(column - gap, 0), column + gap))
            if taken[box].any() or free > 45 * self.scale + back:
                continue
            taken[row, column] = True
            angle = network.angle[index[row, column]] + rng.choice([0, 0, np.pi / 2])
            free_size = np.minimum(size, max(free - self.scale, 2.0))
            colour = self.roofs[rng.integers(len(self.roofs))] * rng.uniform(0.8, 1.2)
            form = "flat" if size.min() > 8 * self.scale else str(rng.choice(["gable", "hip"]))
            high = self.scale * rng.uniform(3, 5) * (2 if form == "flat" else 1)
            house = House(centre, angle + rng.normal(0, 0.03), tuple(free_size), colour, form, high)
            houses.append(house)
            if rng.random() < 0.4 and form != "flat":
                aside = free_size[0] * rng.uniform(-0.5, 0.5)
                wing = np.array([np.sin(angle), np.cos(angle)]) * aside
                houses.append(replace(house, centre=centre + wing, angle=house.angle + np.pi / 2,
                                      size=(free_size[1] * 1.25, free_size[1] * 0.6)))  # fmt: skip
        return houses

    def _pave(self, rng: np.random.Generator, image: np.ndarray, network: Network,
              roads: Strokes) -> np.ndarray:  # fmt: skip
        """Draw the roads; returns where they are."""
        side = image.shape[-1]
        outside = roads.outside
        if self.paved:
            walk = np.clip(0.5 - np.abs(outside - 1.6 * self.scale) + 0.7 * self.scale, 0, 1)
            blend(image, 0.6 * walk, np.clip(self.road + 0.15, 0, 0.9))
        else:
            outside = outside + 0.35 * self.scale * fine_noise(rng, side, 2 * self.scale)
        cover = np.clip(0.5 - outside, 0, 1)
        across = roads.across(network.half)
        worn = 0.05 * np.cos(2 * np.pi * across) + 0.05 * fine_noise(rng, side, 15 * self.scale)
        tone = 1 + worn + 0.03 * fine_noise(rng, side, 0.8)
        patches = np.sign(fine_noise(rng, side, 20 * self.scale) - 1.3)
        blend(image, cover, self.road[:, None, None] * (tone - 0.05 * (patches + 1)))
        if self.paved and self.scale > 0.9:
            dashed = (roads.nearest // max(int(4 / (0.25 * self.half)), 2)) % 2
            line = np.exp(-((across * network.half[roads.nearest] / 0.6) ** 2)) * dashed
            blend(image, 0.35 * min(self.scale / 2, 1) * line * cover, np.array([0.9, 0.88, 0.8]))
        return cover

    def _trees(self, rng: np.random.Generator, image: np.ndarray, side: int, off: np.ndarray,
               built: np.ndarray) -> np.ndarray:  # fmt: skip
        """Single trees, some of them over roads and roofs."""
        count = rng.poisson(min((side / self.scale) ** 2 * 0.004 * self.wooded, 260))
        centres = rng.uniform(0, side, (count, 2))
        at = tuple(centres.astype(int).T)
        keep = (off[at] > 0.5 * self.scale) & ((built[at] < 0.5) | (rng.random(count) < 0.05))
        radius = np.clip(rng.lognormal(1.1, 0.35, count), 1.2, 7)[keep] * self.scale
        return plant(image, rng, centres[keep], np.maximum(radius, 1), self.sun, self.tree)


def draw_roads(rng: np.random.Generator) -> Kind:
    """Draw a series of aerial photographs.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    questions = ("roads", "houses", "water", "roads and houses")
    question = str(rng.choice(questions, p=(0.8, 0.1, 0.05, 0.05)))
    shares = (0.65, 0.35, 0) if question == "houses" else (0.45, 0.25, 0.3)
    setting = str(rng.choice(("suburb", "city", "country"), p=shares))
    country, city = setting == "country", setting == "city"
    colours = palette(rng, rng.random() < 0.3)
    paved = not country or rng.random() < 0.4
    if not paved:
        colours["road"] = np.array([0.66, 0.57, 0.45]) * rng.uniform(0.8, 1.2)
    crops = np.array([[0.3, 0.38, 0.2], [0.58, 0.52, 0.34], [0.45, 0.36, 0.27], [0.4, 0.43, 0.25]])
    camera = Camera(blur=rng.uniform(0, 1.0), noise=rng.uniform(0, 0.12),
                    gamma=rng.uniform(0.7, 1.3),
                    jpeg=int(rng.integers(35, 95)) if rng.random() < 0.6 else 0)  # fmt: skip
    if rng.random() < 0.4:
        other = draw_camera(rng)
        camera = replace(other, inverted=False, blur=min(other.blur, 1.2), stripes=0,
                         glow=min(other.glow, 0.4), shade=min(other.shade, 0.25),
                         noise=min(other.noise, 0.2))  # fmt: skip
    block = {"suburb": (65, 130), "city": (80, 110), "country": (320, 260)}[setting]
    lot = {"suburb": (7, 9, 14), "city": (6, 18, 30), "country": (12, 10, 16)}[setting]
    return Roads(
        question, camera, rng.choice([0.0, 1.0, rng.uniform(0.5, 1)], p=(0.3, 0.4, 0.3)),
        rng.dirichlet((3, 4, 3)) if rng.random() < 0.35 else None,
        scale=log_uniform(rng, 0.6, 2) * rng.choice([1.0, 1.5]), sun=rng.uniform(0, 2 * np.pi),
        half=rng.uniform(3.2, 5.5) * (0.7 if not paved else 1.3 if city else 1),
        block=np.array(block) * rng.uniform(0.75, 1.3),
        bend=rng.uniform(0, 0.25) if city else rng.uniform(0.1, 0.75), gaps=rng.uniform(0.1, 0.7),
        soils=crops[rng.permutation(4)[:3]] + rng.normal(0, 0.03, (3, 3)) if country
        and rng.random() < 0.75 else np.zeros((0, 3)),
        roofs=ROOFS[rng.permutation(len(ROOFS))[: rng.integers(1, 5)]],
        built=rng.uniform(0.05, 0.12) if country else rng.uniform(0.6, 1),
        wooded=log_uniform(rng, 0.1, 0.8) if city else log_uniform(rng, 0.2, 1.3),
        lot=np.array(lot) * rng.uniform(0.8, 1.25), paved=paved,
        wet=rng.uniform(0.15, 0.4) if question == "water" else rng.choice([0, 0.15]),
        hidden=bool(rng.random() < 0.4), **colours,
    )  # fmt: skip
