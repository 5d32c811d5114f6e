"""Projections: X-ray films of chests, of bones and joints, of teeth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.scenery import Answers
from pretraining.lookalikes.parts.slices import Slice
from pretraining.lookalikes.parts.stamps import draw_stamps
from pretraining.lookalikes.parts.tapering import fine_noise, stroke


def _band(off: np.ndarray, half: float) -> tuple[np.ndarray, np.ndarray]:
    """A hollow band's shadow, edges brighter, 0 to 1, and where it is."""
    across = np.clip(off / half, -1, 1)
    inside = np.clip((half - np.abs(off)) / 1.2 + 0.5, 0, 1)
    return inside * (0.45 + 0.55 * np.abs(across) ** 4), inside


@dataclass(frozen=True, eq=False)
class ChestFilm:
    """Films of chests.

    Parameters
    ----------
    pixels : float
        Pixels per half width of the chest.
    air, ribs, vessels, haze, heart : float
        How dark lungs are, strength of ribs and vessels, of shadows in the lungs; heart's width.
    question : str
        What the windows look at.
    """

    pixels: float
    air: float
    ribs: float
    vessels: float
    haze: float
    heart: float
    question: str

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A window on a film, (1, side, side), and its answers."""
        places = {"heart": (0.3, 0.15), "ribs": (-0.1, 0.45), "clavicles": (-0.62, 0.3)}
        down, right = places.get(self.question, (0.1, 0.35))
        loose = 0.35 * max(1 - 0.3 * side / self.pixels, 0.2)
        right *= rng.choice([-1, 1])
        at = (down + rng.normal(0, loose), right + rng.normal(0, loose))
        if self.question == "heart":
            at = (at[0], abs(at[1]))
        view = Slice(rng, side, at, self.pixels, 0.02, rng.normal(0, 0.05))
        px, u, v = self.pixels, view.u, view.v
        shoulders = 0.9 * np.clip(-v - 0.4, 0, 0.5) - 1.5 * np.clip(-v - 0.9, 0, 1)
        body = np.clip((1.1 + shoulders - np.abs(u)) * 4, 0, 1) ** 0.7
        image: np.ndarray = 0.62 * body * (1 + 0.08 * view.noise(0.3))
        lungs, image = self._lungs(view, image)
        middle = np.exp(-((u / 0.13) ** 2)) * 0.32
        heart = self._heart(view)
        hump = np.clip(heart / (0.35 * px), 0, 1) ** 0.5
        image += middle + 0.3 * hump * body
        below = np.clip((v - 0.62 - 0.3 * (np.abs(u) - 0.45) ** 2 * 4) * 5, 0, 1)
        image += 0.18 * below
        ribs, image = self._ribs(view, image)
        spine = np.exp(-((u / 0.075) ** 6)) * (0.1 + 0.05 * np.sign(np.sin(v * 28)))
        clavicles = [self._clavicle(view, hand) for hand in (-1, 1)]
        collar = np.max(clavicles, axis=0)
        shade, _ = _band(np.clip(0.035 * px - collar, 0, None), 0.035 * px)
        image += spine + 0.2 * shade * (collar > -1)
        image += 0.012 * view.noise(0.02) + 0.008 * view.noise(0.008)
        if rng.random() < 0.3:
            self._wire(view, image)
        return image[None], {
            "lungs": lungs, "heart": heart > 0, "ribs": ribs & (np.abs(u) < 0.9),
            "clavicles": collar > 0,
            "all": np.select([collar > 0, heart > 0, lungs], [3, 2, 1], 0),
        }  # fmt: skip

    def _heart(self, view: Slice) -> np.ndarray:
        """How deep pixels lie in the shadow of the heart."""
        left = view.oval(0.3, 0.16, 0.33, self.heart, 0.75)
        right = view.oval(0.24, -0.04, 0.27, 0.15)
        knob = view.oval(-0.22, 0.09, 0.13, 0.1)
        trunk = view.oval(-0.02, 0.08, 0.25, 0.14)
        return np.max([left, right, knob, trunk], axis=0)

    def _lungs(self, view: Slice, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Lungs with vessels and haze: where they are, and the film."""
        rng, px, inside = view.rng, self.pixels, np.zeros(image.shape, bool)
        for hand in (-1, 1):
            tall = view.oval(0.0, 0.42 * hand, 0.86, 0.36, 0.14 * hand, 0.015, 2.3)
            floor = (0.55 + 0.04 * hand + 0.9 * (view.u - 0.36 * hand) ** 2 - view.v) * px
            depth = np.minimum(tall, floor)
            if hand == 1:
                depth = np.minimum(depth, -self._heart(view))
            fill = np.clip(depth / (0.1 * px), 0, 1) ** 0.6
            root = np.hypot(view.u - 0.16 * hand, (view.v - 0.02) * 0.8)
            net = view.ridges(0.09, 0.12) + 0.6 * view.ridges(0.045, 0.12)
            marks = self.vessels * net * np.exp(-root / 0.3)
            hilum = 0.12 * np.exp(-((root / 0.12) ** 2))
            haze = self.haze * np.clip(view.noise(0.22) + 0.4 * view.noise(0.06) - 0.4, 0, 2)
            edge = np.clip(depth / 2 + 0.5, 0, 1)
            dark = self.air * (0.6 + 0.4 * fill) * edge
            image = image - dark * np.clip(1 - 0.55 * haze, 0, 1) + edge * (0.22 * marks + hilum)
            inside |= depth > 0
        if rng.random() < 0.2:  # a round shadow that is no part of the question
            spot = view.oval(rng.normal(0, 0.3), rng.choice([-0.4, 0.4]), 0.07, 0.07, 0, 0.1)
            image = image + 0.15 * np.clip(spot / (0.03 * px), 0, 1)
        return inside, image

    def _ribs(self, view: Slice, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ribs behind and, fainter, in front."""
        found = np.zeros(image.shape, bool)
        away = np.abs(view.u)
        arch = np.sqrt(np.clip(1 - (away / 0.93) ** 2, 0.0, 1))
        for number in range(10):
            top = -0.98 + 0.165 * number + view.rng.normal(0, 0.008)
            line = view.v - top + 0.16 * arch - 0.24 * away + 0.5 * np.clip(away - 0.6, 0, 1) ** 2
            half = 0.032 * self.pixels * (1 + 0.1 * view.noise(0.3))
            shade, inside = _band(line * self.pixels, float(half.mean()))
            on = (away > 0.07) & (away < 0.93)
            image = image + self.ribs * shade * on
            found |= (inside > 0.5) & on
            front = view.v - top - 0.42 + 0.5 * (away - 0.25) * (away > 0.25)
            shade, inside = _band(front * self.pixels, 0.036 * self.pixels)
            image = image + 0.4 * self.ribs * shade * (away > 0.32) * (away < 0.88)
        return found, image

    def _clavicle(self, view: Slice, hand: int) -> np.ndarray:
        """How deep pixels lie in a collar bone."""
        along = hand * view.u
        middle = -0.62 - 0.12 * (along - 0.1) + 0.05 * np.sin(along * 7)
        depth = (0.04 - np.abs(view.v - middle)) * self.pixels
        return np.where((along > 0.08) & (along < 0.85), depth, -99).astype(np.float32)

    def _wire(self, view: Slice, image: np.ndarray) -> None:
        """A thin lead or tube."""
        turn = view.rng.uniform(0, 3.1)
        off = np.cos(turn) * view.v + np.sin(turn) * view.u + 0.06 * view.noise(0.5)
        image += 0.25 * np.exp(-(((off - view.rng.normal(0, 0.3)) * self.pixels / 1.2) ** 2))


@dataclass(frozen=True, eq=False)
class BoneFilm:
    """Films of limbs: shafts and joints.

    Parameters
    ----------
    width, count : float and int
        Half width of a shaft in pixels, and how many lie side by side.
    flesh, cortex, mesh : float
        Brightness of soft tissue, of the bones' shells, and of their inner mesh.
    broken : bool
        Whether there are fractures.
    """

    width: float
    count: int
    flesh: float
    cortex: float
    mesh: float
    broken: bool

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A window on a film, (1, side, side), and its answers."""
        w, turn = self.width, rng.uniform(0, np.pi)
        lie = np.array([np.cos(turn), np.sin(turn)])
        beside = np.array([-lie[1], lie[0]])
        pitch, first = w * rng.uniform(2.7, 3.8), rng.uniform(-0.5, 0.5)
        image = np.zeros((side, side), np.float32)
        bones = np.zeros((side, side), bool)
        flesh = np.zeros((side, side), np.float32)
        for number in range(self.count):
            off = (number - (self.count - 1) / 2 + 0.3 * first) * pitch
            fan = rng.normal(0, 0.06) + 0.06 * (number - self.count / 2)
            way = lie * np.cos(fan) + beside * np.sin(fan)
            start = side / 2 + off * beside - way * side * rng.uniform(0.9, 1.1)
            at = 0.0
            while at < 2.2 * side:
                length = w * rng.uniform(6, 16)
                depth = self._bone(rng, side, start + at * way, way, beside, length)
                image, bones = self._add(rng, image, bones, depth)
                at += length + w * rng.uniform(0.15, 0.5)
        near = ndimage.distance_transform_edt(~bones).astype(np.float32)
        rim = w * rng.uniform(0.8, 2.2) * (1 + 0.12 * fine_noise(rng, side, 8 * w))
        flesh = np.clip((rim - near) / (0.5 * w) + 0.3, 0, 1) ** 0.6 * self.flesh
        flesh *= 1 + 0.06 * fine_noise(rng, side, 3 * w)
        return (image + flesh + 0.008 * fine_noise(rng, side, 1.0))[None], {"bones": bones}

    def _bone(
        self, rng: np.random.Generator, side: int, start: np.ndarray, way: np.ndarray,
        beside: np.ndarray, length: float,
    ) -> np.ndarray:  # fmt: skip
        """How deep pixels lie in one bone with thick ends."""
        w = self.width
        at = np.arange(0, length, max(0.3 * w, 1.0))
        share = at / length
        ends = 0.55 * np.exp(-share * length / (1.3 * w)) + 0.5 * np.exp(-(1 - share) * length / w)
        radius = w * (0.72 + ends) * np.minimum(1, 0.55 + np.minimum(share, 1 - share) * length / w)
        sway = w * rng.normal(0, 0.25) * np.sin(np.pi * share)
        points = start + at[:, None] * way + sway[:, None] * beside
        drawn = stroke(points, radius, side, 2.0)
        return -drawn.outside + 0.05 * w * fine_noise(rng, side, 0.6 * w)

    def _add(
        self, rng: np.random.Generator, image: np.ndarray, bones: np.ndarray, depth: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The shadow of one bone on the film."""
        side, w = image.shape[0], self.width
        inside = np.clip(depth / 1.2 + 0.5, 0, 1)
        if not inside.any():
            return image, bones
        thick = np.clip(depth / w, 0, 1)
        shell = np.exp(-(((thick - 0.14) / 0.14) ** 2)) * self.cortex
        mesh = self.mesh * fine_noise(rng, side, max(0.07 * w, 0.8)) * thick
        shadow = inside * (0.2 + 0.25 * np.sqrt(thick) + 0.25 * shell + 0.06 * mesh)
        if self.broken and rng.random() < 0.4:
            crack = np.abs(fine_noise(rng, side, 4 * w)) * w * 4
            shadow *= 1 - 0.5 * np.exp(-(crack**2))
        return np.maximum(image, shadow) + 0.3 * np.minimum(image, shadow), bones | (depth > 0)


@dataclass(frozen=True, eq=False)
class TeethFilm:
    """Panoramic films of teeth.

    Parameters
    ----------
    width : float
        Half width of a tooth in pixels.
    jaw, tooth, filled : float
        Brightness of jaw and teeth, share of teeth with fillings.
    """

    width: float
    jaw: float
    tooth: float
    filled: float

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A window on a film, (1, side, side), and its answers."""
        w, bite = self.width, side * rng.uniform(0.3, 0.7)
        places, turns, sizes = [], [], []
        sag, middle = rng.uniform(-1.5, 1.5) / side, rng.uniform(0, side)
        for hand in (-1, 1):
            x = -2 * w
            while x < side + 2 * w:
                size = w * rng.uniform(0.75, 1.25)
                x += size
                if rng.random() < 0.93:
                    row = bite + hand * 2.6 * w + sag * (x - middle) ** 2 * 0.3 + rng.normal(0, 2)
                    places.append((row, x))
                    turns.append(rng.normal(0, 0.08) + (0 if hand == 1 else np.pi))
                    sizes.append(size)
                x += size * 0.98
        count = len(sizes)
        stamps = draw_stamps(rng, side, np.array(places), np.array(sizes) * 0.98,
                             stretch=rng.uniform(2.2, 2.8, count), angle=np.array(turns),
                             rough=0.04, corners=3.0)  # fmt: skip
        teeth = stamps.painted()
        taper = np.abs(teeth.across) < 1 - 0.35 * np.clip(teeth.along + 0.2, 0, 1)
        inside = teeth.inside & taper
        cover = ndimage.gaussian_filter(inside.astype(np.float32), 0.8)
        y = np.arange(side)[:, None]
        jaw = np.exp(-((np.abs(y - bite) / (7.5 * w)) ** 4)) * self.jaw
        jaw = jaw * (1 + 0.14 * fine_noise(rng, side, 0.2 * w) + 0.2 * fine_noise(rng, side, 3 * w))
        gums = np.exp(-(((y - bite) / (1.4 * w)) ** 2))
        image: np.ndarray = jaw * (1 - 0.65 * gums) + 0.05
        crown = np.clip(-teeth.along * 3 - 0.6, 0, 1)
        pulp = np.exp(-((teeth.across / 0.22) ** 2)) * (teeth.along > -0.5)
        tone = self.tooth * (
            0.8 + 0.35 * crown - 0.22 * pulp + 0.1 * np.clip(teeth.depth / w, 0, 1)
        )
        tone = tone * np.where(inside, 1 + 0.1 * teeth.spread(rng.standard_normal(count)), 1)
        ligament = np.clip(ndimage.gaussian_filter(cover, 2) - cover, 0, 1)
        image = image * (1 - 0.5 * ligament) * (1 - cover) + cover * tone
        metal = teeth.spread(rng.random(count) < self.filled) * (
            fine_noise(rng, side, 0.5 * w) > 0.3
        )
        image = np.where((metal > 0) & inside & (teeth.along < -0.4), 1.0, image)
        image = ndimage.gaussian_filter(image, 0.05 * w + 0.4)
        return (image + 0.1 * fine_noise(rng, side, 60))[None], {"bones": inside}
