"""Axial slices of heads and short axes of hearts in magnetic resonance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.scenery import Answers
from pretraining.lookalikes.parts.slices import Slice

CONTRASTS = {
    "t1": {"scalp": 0.95, "skull": 0.1, "water": 0.15, "grey": 0.5, "white": 0.72, "oedema": 0.5,
        "core": 0.28, "rim": 0.55},
    "t1c": {"scalp": 0.85, "skull": 0.1, "water": 0.15, "grey": 0.5, "white": 0.62,
        "oedema": 0.45, "core": 0.25, "rim": 1.0},
    "t2": {"scalp": 0.7, "skull": 0.08, "water": 1.0, "grey": 0.6, "white": 0.42, "oedema": 0.85,
        "core": 0.95, "rim": 0.65},
    "flair": {"scalp": 0.6, "skull": 0.07, "water": 0.08, "grey": 0.55, "white": 0.45,
        "oedema": 0.92, "core": 0.5, "rim": 0.8},
    "ct": {"scalp": 0.4, "skull": 1.0, "water": 0.3, "grey": 0.52, "white": 0.46, "oedema": 0.38,
        "core": 0.75, "rim": 0.7},
}  # fmt: skip
"""Brightness of tissues."""


@dataclass(frozen=True, eq=False)
class Head:
    """Slices of heads.

    Parameters
    ----------
    question : str
        What the windows look at.
    tissues : dict of str to float
        Brightness of tissues.
    pixels, long : float
        Pixels per half width of the head; its length over its width.
    stripped : bool
        Whether skull and scalp are cut away.
    sulci, ventricles, tumour, spots, texture, bias : float
        How wide sulci and ventricles are; radius of the tumour; number of small lesions; grain;
        unevenness of the field.
    """

    question: str
    tissues: dict[str, float]
    pixels: float
    long: float
    stripped: bool
    sulci: float
    ventricles: float
    tumour: float
    spots: float
    texture: float
    bias: float

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A window on a slice, (1, side, side), and its answers."""
        px, long = self.pixels, self.long
        wide = max(1 - 0.45 * side / px, 0)
        centre = rng.normal(0, 0.08, 2) + rng.uniform(-1, 1, 2) * wide * np.array([long, 0.8])
        hand = rng.choice([-1, 1])
        place = np.array([rng.uniform(-0.5, 0.5) * long, hand * rng.uniform(0.2, 0.55)])
        if self.question == "lesion":
            centre += (place - centre) * 0.7
        if self.question == "ventricles":
            centre *= 0.4
        view = Slice(rng, side, (centre[0], centre[1]), px, 0.02, rng.normal(0, 0.12))
        t = {name: value * rng.uniform(0.97, 1.03) for name, value in self.tissues.items()}
        brain = self._shell(view, t)
        self._matter(view, t, brain)
        self._ventricles(view, t)
        if self.tumour:
            self._tumour(view, t, brain, place)
        if self.spots:
            spots = (view.noise(0.04) + 0.8 * view.noise(0.25) - 4 + self.spots) * 0.04 * px
            view.lay(spots, t["oedema"], "spot", 1.5, view.where("white"))
        blur = max(0.011 * px, 0.5)  # slices are thick
        view.values = ndimage.gaussian_filter(view.values, blur)
        if self.stripped:
            view.values[brain < 0] = 0
        view.values *= 1 + self.texture * (view.noise(0.012) + 0.5 * view.noise(0.05))
        view.values *= np.exp(self.bias * view.noise(1.0))
        return view.values[None], self._answers(view)

    def _shell(self, view: Slice, t: dict[str, float]) -> np.ndarray:
        """Scalp, skull and water around the brain; returns how deep pixels lie in the brain."""
        px, rng = self.pixels, view.rng
        head = view.oval(0, 0, self.long, 1.0, power=2.15)
        scalp = rng.uniform(0.05, 0.09) * px
        skull = rng.uniform(0.06, 0.1) * px * (1 + 0.2 * view.noise(0.4))
        water = rng.uniform(0.01, 0.04) * px
        view.lay(head, t["scalp"] * (1 + 0.15 * view.noise(0.05)), "scalp")
        view.lay(head - scalp, t["skull"], "skull")
        marrow = np.minimum(head - scalp - 0.3 * skull, scalp + 0.75 * skull - head)
        view.lay(marrow, t["skull"] + 0.35 * (t["white"] - t["skull"]), "skull", 3)
        view.lay(head - scalp - skull, t["water"], "water")
        return head - scalp - skull - water

    def _matter(self, view: Slice, t: dict[str, float], brain: np.ndarray) -> None:
        """Grey and white matter, folded."""
        px = self.pixels
        shallow = np.clip(1 - brain / (0.34 * px), 0, 1)
        fold = np.abs(view.noise(0.1) + 0.3 * view.noise(0.05))
        wide = np.clip(1 + 0.6 * view.noise(0.15), 0.2, 2)
        sulcus = fold < self.sulci * wide * shallow**0.7
        gap = np.exp(-((view.u / 0.012) ** 2)) * (np.abs(view.v) > 0.25 * self.long)
        water = (brain < 0) | sulcus | (gap > 0.5)
        depth = ndimage.distance_transform_edt(~water).astype(np.float32)
        depth -= ndimage.distance_transform_edt(water).astype(np.float32) * 0.6
        near = fold < (self.sulci + 0.14) * shallow**0.5
        thick = 0.065 * px * (1 + 0.2 * view.noise(0.1))
        view.lay(depth, t["grey"] * (1 + 0.03 * view.noise(0.05)), "grey", 1.8)
        view.lay(np.where(near, -1, depth - thick), t["white"] * (1 + 0.02 * view.noise(0.2)),
                 "white", 2)  # fmt: skip
        for hand in (-1, 1):
            for v, u, down, right in ((0.08, 0.16, 0.16, 0.11), (-0.2, 0.27, 0.2, 0.08)):
                nucleus = view.oval(v, u * hand, down, right, 0.35 * hand, 0.08)
                tone = 0.75 * t["grey"] + 0.25 * t["white"]
                view.lay(nucleus, tone, "grey", 3, brain > 0)

    def _ventricles(self, view: Slice, t: dict[str, float]) -> None:
        """The lateral ventricles, like a butterfly, and the third."""
        wide = self.ventricles * view.rng.uniform(0.8, 1.2)
        parts = [view.oval(0.08, 0, 0.1, 0.012 + 0.02 * wide)]
        for hand in (-1, 1):
            skew = view.rng.uniform(0.9, 1.1)
            parts.append(view.oval(-0.28, 0.1 * hand, 0.19, 0.055 * wide * skew, -0.35 * hand, 0.1))
            parts.append(view.oval(0.38, 0.2 * hand, 0.24, 0.06 * wide * skew, 0.3 * hand, 0.1))
        depth = np.max(parts, axis=0)
        view.lay(depth, t["water"], "ventricle", 2, view.where("grey", "white"))
        plexus = view.noise(0.03) - 1.6
        view.lay(9 * plexus, t["grey"], "ventricle", 4, view.where("ventricle"))

    def _tumour(
        self, view: Slice, t: dict[str, float], brain: np.ndarray, place: np.ndarray
    ) -> None:
        """A tumour with a dark core and a rim, in a swelling that spreads in white matter."""
        rng, size = view.rng, self.tumour * view.rng.uniform(0.6, 1.3)
        where = brain > 1
        swell = view.oval(place[0], place[1], size * 1.9, size * 1.5, rng.uniform(0, 3), 0.3)
        tissue = t["oedema"] * (1 + 0.06 * view.noise(0.06))
        view.lay(swell, tissue, "oedema", 0.06 * self.pixels,
                 where & ~view.where("water", "ventricle"))  # fmt: skip
        whole = view.oval(
            place[0], place[1], size, size * rng.uniform(0.7, 1.2), rng.uniform(0, 3), 0.12
        )
        patchy = 1 + 0.2 * view.noise(0.05)
        view.lay(whole, t["rim"] * patchy, "tumour", 2.5, where)
        thick = rng.uniform(0.1, 0.6) * size * self.pixels
        view.lay(whole - thick * (1 + 0.4 * view.noise(0.08)), t["core"] * patchy, "core", 2.5,
                 where)  # fmt: skip

    def _answers(self, view: Slice) -> Answers:
        """What is where."""
        tumour = view.where("tumour", "core")
        ill = tumour | view.where("oedema", "spot")
        grey, white = view.where("grey"), view.where("white")
        water = view.where("ventricle") | view.where("water")
        return {
            "lesion": ill,
            "tumour": tumour,
            "parts": np.select([view.where("core"), tumour, ill], [3, 2, 1], 0),
            "brain": grey | white | ill | view.where("ventricle"),
            "ventricles": view.where("ventricle"),
            "matter": np.select([white, grey, water], [2, 1, 3], 0),
            "skull": view.where("skull"),
        }


@dataclass(frozen=True, eq=False)
class Heart:
    """Short axes of hearts.

    Parameters
    ----------
    pixels : float
        Pixels per radius of the left ventricle.
    wall, muscle, blood, lung, fat : float
        Thickness of its wall, and brightness of what is seen.
    bias, texture : float
        Unevenness of the field, and grain.
    """

    pixels: float
    wall: float
    muscle: float
    blood: float
    lung: float
    fat: float
    bias: float
    texture: float

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A window on a slice, (1, side, side), and its answers."""
        far = 0.25 * side / self.pixels
        at = rng.uniform(-far, far, 2)
        view = Slice(rng, side, (at[0], at[1]), self.pixels, 0.06, rng.uniform(-0.6, 0.6))
        flesh = self.muscle * (1 + 0.1 * view.noise(0.15))
        view.values += self.fat * np.clip(0.8 + 0.3 * view.noise(0.8), 0.1, 1.2)
        dark = view.oval(0.6, 2.2, 2.4, 1.6, 0.3, 0.08)
        vessels = 0.5 * self.blood * np.clip(view.noise(0.06) - 1.6, 0, 1)
        view.lay(dark, self.lung + vessels, "lung", 3)
        view.lay(view.oval(-1.4, -2.8, 1.6, 1.2, 0.3, 0.08), self.lung + vessels, "lung", 3)
        liver = view.oval(2.9, -1.4, 1.4, 2.2, 0.2, 0.06)
        view.lay(liver, 0.9 * self.muscle + 0.3 * view.ridges(0.3, 0.12), "liver", 3)
        sac = view.oval(0, -0.55, 1.7, 2.1, 0.3, 0.05)
        view.lay(sac, self.fat * 0.8, "fat", 3)
        right = np.minimum(view.oval(-0.05, -1.35, 1.15, 0.95, 0.2, 0.06),
                           -view.oval(0, 0, 1.12, 1.12))  # fmt: skip
        view.lay(right + 0.1 * self.pixels, flesh, "wall", 2)
        trabecles = self.blood * (1 - 0.3 * np.clip(view.noise(0.08) - 0.7, 0, 1))
        view.lay(right, trabecles, "right", 2.5)
        outer = view.oval(0, 0, 1.0, rng.uniform(0.93, 1.05), 0, 0.03)
        view.lay(outer, flesh, "muscle", 2.5)
        wall = self.wall * rng.uniform(0.8, 1.25) * self.pixels
        cavity = outer - wall * (1 + 0.12 * view.noise(0.5))
        view.lay(cavity, self.blood * (1 + 0.05 * view.noise(0.2)), "cavity", 2.5)
        for _ in range(2):
            angle = rng.uniform(0, 6.3)
            v, u = (0.85 - self.wall) * 0.7 * np.array([np.sin(angle), np.cos(angle)])
            papilla = view.oval(v, u, 0.1, 0.13, 0, 0.1)
            view.lay(papilla, flesh, "cavity", 2.5, view.where("cavity"))
        view.values *= 1 + self.texture * view.noise(0.04)
        view.values *= np.exp(self.bias * view.noise(2.5))
        parts = [view.where(name) for name in ("cavity", "muscle", "right")]
        return view.values[None], {
            "cavity": parts[0], "muscle": parts[1], "chambers": np.select(parts, [1, 2, 3], 0),
        }  # fmt: skip
