"""Axial slices through chest and belly in computed tomography or magnetic resonance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pretraining.lookalikes.parts.scenery import Answers
from pretraining.lookalikes.parts.slices import Slice

BRIGHTNESS = {
    "ct": {"air": 0.0, "lung": 0.04, "fat": 0.27, "muscle": 0.5, "liver": 0.57, "spleen": 0.59,
        "kidney": 0.68, "cortex": 0.8, "vessel": 0.75, "heart": 0.62, "bowel": 0.47, "fluid": 0.4,
        "marrow": 0.74, "bone": 1.0},
    "t1": {"air": 0.02, "lung": 0.04, "fat": 0.95, "muscle": 0.42, "liver": 0.55, "spleen": 0.42,
        "kidney": 0.4, "cortex": 0.5, "vessel": 0.12, "heart": 0.45, "bowel": 0.4, "fluid": 0.2,
        "marrow": 0.7, "bone": 0.12},
    "t2": {"air": 0.02, "lung": 0.05, "fat": 0.75, "muscle": 0.2, "liver": 0.3, "spleen": 0.55,
        "kidney": 0.7, "cortex": 0.6, "vessel": 0.08, "heart": 0.35, "bowel": 0.45, "fluid": 1.0,
        "marrow": 0.45, "bone": 0.08},
}  # fmt: skip
"""Brightness of tissues."""

TARGETS = {
    "liver": (-0.08, -0.4), "lesion": (-0.08, -0.42), "kidneys": (0.26, 0.4), "spleen": (0.1, 0.6),
    "bones": (0.3, 0.0), "vessels": (0.1, 0.0), "lungs": (0.0, 0.4), "heart": (-0.15, 0.15),
    "infection": (0.1, 0.4), "nodule": (0.0, 0.42), "body": (0.0, 0.8), "organs": (0.1, 0.0),
    "muscle": (0.4, 0.2), "fat": (0.3, 0.6),
}  # fmt: skip
"""Where to look for what is asked, down and right (or mirrored)."""

PAIRED = ("kidneys", "lungs", "infection", "nodule", "body", "muscle", "fat")


@dataclass(frozen=True, eq=False)
class Torso:
    """Slices of one region of the body.

    Parameters
    ----------
    chest : bool
        Whether through the chest, else through the belly.
    question : str
        What the windows look at.
    tissues : dict of str to float
        Brightness of tissues.
    pixels, flat, fat : float
        Pixels per half width of the body; its height over its width; thickness of its fat.
    texture, lesion, ill : float
        Grain of the tissues; brightness of lesions relative to the liver; amount of disease.
    bias : float
        Unevenness of the field.
    """

    chest: bool
    question: str
    tissues: dict[str, float]
    pixels: float
    flat: float
    fat: float
    texture: float
    lesion: float
    ill: float
    bias: float

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A window on a slice, (1, side, side), and its answers."""
        v, u = TARGETS[self.question]
        if self.question in PAIRED and rng.random() < 0.5:
            u = -u
        reach = max(0.3, 0.15 * side / self.pixels)
        whole = min(0.45 * side / self.pixels, 1)
        shrink = 1 - max(whole - 0.4, 0) / 0.6
        centre = (v * shrink + rng.normal(0, 0.4 * reach), u * shrink + rng.normal(0, 0.5 * reach))
        view = Slice(rng, side, centre, self.pixels, 0.025, rng.normal(0, 0.06))
        t = {name: value * rng.uniform(0.97, 1.03) for name, value in self.tissues.items()}
        cavity = self._wall(view, t)
        if self.chest:
            self._chest(view, t, cavity)
        else:
            self._belly(view, t, cavity)
        self._bones(view, t)
        grain = view.noise(0.012) + 0.6 * view.noise(0.03)
        solid = ~view.where("lung", "air")
        view.values *= 1 + self.texture * grain * np.where(solid, 1, 0.4)
        view.values *= np.exp(self.bias * view.noise(0.8))
        return view.values[None], self._answers(view)

    def _wall(self, view: Slice, t: dict[str, float]) -> np.ndarray:
        """Skin, fat and muscle around the cavity; returns how deep pixels lie in the cavity."""
        view.values += t["air"]
        body = view.oval(0, 0, self.flat, 1.0, power=2.3)
        px = self.pixels
        if view.rng.random() < 0.6:  # the table of the scanner
            table = 2.0 - np.abs(view.v - self.flat - 0.06 - 0.08 * view.u**2) * px
            view.lay(table, 0.3 * t["muscle"], "table")
        view.lay(body, t["fat"] * (1 + 0.05 * view.noise(0.05)), "fat")
        view.lay(np.minimum(body, 0.012 * px + 0.8 - body), t["muscle"] * 0.9, "skin")
        septa = view.ridges(0.08, 0.1) * (body > 0)
        view.values += 0.25 * septa * (t["muscle"] - t["fat"])
        inner = body - self.fat * px * (1 + 0.25 * view.noise(0.5))
        strands = 1 - 0.12 * np.clip(view.noise(0.02) * view.noise(0.1), -1, 2)
        view.lay(inner, t["muscle"] * strands, "muscle")
        fasciae = np.exp(-(((inner - 0.05 * px) / 1.2) ** 2)) * (view.noise(0.3) > -0.3)
        view.values += 0.6 * fasciae * (t["fat"] - t["muscle"])
        cavity = inner - 0.1 * px * (1 + 0.2 * view.noise(0.3))
        front = view.oval(-0.06, 0, 0.8 * self.flat, 0.9, power=2.2)
        cavity = np.minimum(cavity, front)
        view.lay(cavity, t["fat"] * (1 + 0.06 * view.noise(0.04)), "inner fat")
        return cavity

    def _belly(self, view: Slice, t: dict[str, float], cavity: np.ndarray) -> None:
        """Bowel, stomach, liver, spleen, kidneys and great vessels."""
        rng, inside = view.rng, cavity > 2
        f = self.flat / 0.72
        for _ in range(int(rng.integers(3, 10))):
            v, u = rng.uniform(-0.45, 0.15) * f, rng.uniform(-0.2, 0.65)
            self._gut(view, t, inside, v, u, rng.uniform(0.06, 0.13))
        self._gut(view, t, inside, -0.25 * f, rng.uniform(0.2, 0.4), rng.uniform(0.15, 0.22))
        for hand in (-1, 1):
            muscle = view.oval(0.3 * f, 0.2 * hand, 0.11, 0.08, rough=0.06)
            view.lay(muscle, t["muscle"], "muscle", within=inside)
        for hand in (-1, 1):
            self._kidney(view, t, inside, 0.26 * f + rng.normal(0, 0.03), 0.42 * hand)
        spleen = view.oval(0.08 * f, 0.66, 0.26, 0.13, rng.normal(-0.3, 0.1), 0.08)
        mottle = 1 + 0.06 * view.noise(0.05) * self.ill
        view.lay(spleen, t["spleen"] * mottle, "spleen", within=cavity > 3)
        right = view.oval(-0.08 * f, -0.48, 0.45 * f, 0.38, rng.normal(0, 0.15), 0.05)
        left = view.oval(-0.32 * f, -0.05, 0.17, rng.uniform(0.2, 0.45), 0.2, 0.08)
        liver = np.maximum(right, left)
        flesh = np.full_like(liver, t["liver"])
        flesh += 0.8 * (t["vessel"] - t["liver"]) * view.ridges(0.11, 0.16) * rng.uniform(0.2, 1)
        view.lay(liver, flesh, "liver", within=cavity > 3)
        self._lesions(view, t)
        for v, u, radius in ((0.13, 0.05, 0.06), (0.12, -0.1, 0.07)):
            vessel = view.oval(v * f, u + rng.normal(0, 0.02), radius * 0.85, radius, 0, 0.04)
            view.lay(vessel, t["vessel"] * rng.uniform(0.92, 1.05), "vessel")
        dots = view.noise(0.035) - 2.1
        view.lay(8 * dots, t["vessel"] * 0.9, "small", within=view.where("inner fat"))

    def _gut(
        self, view: Slice, t: dict[str, float], inside: np.ndarray, v: float, u: float, size: float
    ) -> None:
        """A loop of bowel or the stomach: wall, contents, gas above."""
        rng = view.rng
        loop = view.oval(v, u, size, size * rng.uniform(0.8, 1.8), rng.normal(0, 0.6), 0.1)
        view.lay(loop, t["bowel"] * rng.uniform(0.95, 1.25), "gut", within=inside)
        lumen = loop - rng.uniform(0.012, 0.03) * self.pixels
        filled = t["fluid"] * rng.uniform(0.85, 1.3) * (1 + 0.12 * view.noise(0.04))
        view.lay(lumen, filled, "gut", within=inside)
        if rng.random() < 0.5:
            gas = np.minimum(lumen, (v - view.v + rng.uniform(-0.4, 0.4) * size) * self.pixels)
            view.lay(gas, t["air"], "gut", within=inside)

    def _kidney(
        self, view: Slice, t: dict[str, float], inside: np.ndarray, v: float, u: float
    ) -> None:
        """A kidney with cortex, pyramids and a hilum of fat."""
        rng, px = view.rng, self.pixels
        kidney = view.oval(v, u, rng.uniform(0.13, 0.18), 0.125, rng.normal(0, 0.4), 0.05)
        hilum = view.oval(v - 0.01, u * 0.78, 0.05, 0.07, 0, 0.15)
        kidney = np.minimum(kidney, -hilum)
        flesh = np.where(kidney > 0.03 * px + 0.02 * px * view.noise(0.05), t["kidney"],
                         t["cortex"])  # fmt: skip
        view.lay(kidney, flesh, "kidney", within=inside)

    def _lesions(self, view: Slice, t: dict[str, float]) -> None:
        """Tumours and cysts of the liver."""
        rng = view.rng
        for _ in range(rng.poisson(2.5 * self.ill) + (self.question == "lesion")):
            size = rng.uniform(0.03, 0.17)
            v, u = -0.08 + rng.normal(0, 0.15), -0.45 + rng.normal(0, 0.15)
            depth = view.oval(v, u, size, size * rng.uniform(0.7, 1.3), 0, rng.uniform(0.03, 0.14))
            core = t["liver"] * self.lesion * (1 + 0.12 * view.noise(0.3 * size))
            rim = np.exp(-((depth / (0.02 * self.pixels + 1)) ** 2))
            core = core + rng.choice([0, 0.12]) * rim
            view.lay(depth, core, "lesion", rng.uniform(1.5, 5), view.where("liver", "lesion"))

    def _chest(self, view: Slice, t: dict[str, float], cavity: np.ndarray) -> None:
        """Lungs, heart and great vessels."""
        rng, f = view.rng, self.flat / 0.72
        middle = view.oval(0.05, 0.03, 0.6, 0.2, 0, 0.05)
        view.lay(np.minimum(cavity, middle), t["fat"], "inner fat")
        level = rng.uniform(0, 1)
        for hand in (-1, 1):
            lung = view.oval(0.02, 0.47 * hand, 0.56 * f, 0.37, 0.12 * hand, 0.03, 2.3)
            lung = np.minimum(lung, cavity)
            reach = np.hypot(view.u - 0.15 * hand, view.v)
            trunk = view.ridges(0.09, 0.13) * np.exp(-reach / 0.35)
            twigs = np.clip(view.noise(0.02) - 1.5, 0, 1) + 0.7 * view.ridges(0.05, 0.08)
            air = t["lung"] + 0.5 * t["vessel"] * np.clip(1.5 * trunk + 0.5 * twigs, 0, 1)
            view.lay(lung, air + 0.012 * view.noise(0.06), "lung")
        self._diseased(view, t)
        heart = view.oval(-0.16, 0.13, 0.24 + 0.12 * level, 0.28 + 0.1 * level, 0.5, 0.05)
        chambers = 1 + 0.2 * np.clip(2 * view.noise(0.14), -1, 1) * (t["vessel"] - t["heart"])
        view.lay(heart, t["heart"] * chambers, "heart", rng.uniform(1, 4))
        view.lay(view.oval(0.2, 0.1, 0.07, 0.07), t["vessel"], "vessel")
        if level < 0.6:
            view.lay(view.oval(-0.1, -0.05, 0.09, 0.1, 0, 0.05), t["vessel"], "vessel")
            for hand in (-1, 1):
                view.lay(view.oval(0.07, 0.11 * hand, 0.03, 0.04), t["air"], "airway")

    def _diseased(self, view: Slice, t: dict[str, float]) -> None:
        """Nodules, and patches of infection, in the lungs."""
        rng, lung = view.rng, view.where("lung")
        if self.question == "infection" or rng.random() < 0.2 * self.ill:
            outer = np.clip(np.abs(view.u) - 0.35, 0, 1) + 0.5 * np.clip(view.v, -0.3, 0.6)
            haze = view.noise(0.13) + 0.5 * view.noise(0.045) + 1.5 * outer - 1.0
            dense = t["muscle"] * rng.uniform(0.35, 0.9)
            patch = dense * (1 + 0.2 * view.noise(0.02)) + 0.4 * view.values
            view.lay(haze * 0.08 * self.pixels, patch, "infection", rng.uniform(3, 9), lung)
        for _ in range(rng.poisson(self.ill) + 2 * (self.question == "nodule")):
            v, u = rng.normal(0, 0.2), rng.choice([-1, 1]) * rng.uniform(0.3, 0.65)
            size = rng.uniform(0.02, 0.08)
            nodule = view.oval(v, u, size, size * rng.uniform(0.8, 1.25), 0, 0.12)
            view.lay(nodule, t["muscle"] * rng.uniform(0.8, 1.1), "nodule", 2, view.where("lung"))

    def _bones(self, view: Slice, t: dict[str, float]) -> None:
        """Spine, ribs and, in the chest, shoulder blades and breastbone."""
        rng, f = view.rng, self.flat / 0.72
        back = 0.33 * f
        parts = [
            view.oval(back, 0, 0.105, 0.135, 0, 0.03, 2.4),
            np.minimum(
                view.oval(back + 0.14, 0, 0.1, 0.1), -view.oval(back + 0.14, 0, 0.055, 0.06)
            ),
            view.oval(back + 0.27, 0, 0.1, 0.022),
        ]
        parts += [view.oval(back + 0.15, 0.16 * hand, 0.025, 0.1, 0.3 * hand) for hand in (-1, 1)]
        around = rng.uniform(0, 0.5)
        for step in range(12):
            angle = around + step * 0.53
            v, u = 0.83 * self.flat * np.sin(angle), (1 - self.fat) * 0.93 * np.cos(angle)
            if abs(u) < 0.3 or (not self.chest and v < -0.25):
                continue
            tilt = np.arctan2(-np.cos(angle), np.sin(angle) * self.flat)
            parts.append(view.oval(v * (1 - self.fat), u, 0.03, rng.uniform(0.06, 0.16), -tilt))
        if self.chest:
            parts.append(view.oval(-0.83 * self.flat + self.fat * 0.6, 0, 0.04, 0.1))
        bone = np.max(parts, axis=0)
        shell = np.exp(-bone / (0.014 * self.pixels + 0.6))
        spongy = t["marrow"] * (1 + 0.12 * view.noise(0.02))
        view.lay(bone, spongy + shell * (t["bone"] - spongy), "bone", 1.5)
        cord = view.oval(back + 0.14, 0, 0.05, 0.055)
        view.lay(cord, t["fluid"] * 1.05, "cord")

    def _answers(self, view: Slice) -> Answers:
        """What is where."""
        organs = [view.where("liver", "lesion"), view.where("kidney"), view.where("spleen")]
        if self.chest:
            organs = [view.where("lung", "nodule", "infection"), view.where("heart"),
                      view.where("bone", "cord")]  # fmt: skip
        return {
            "liver": view.where("liver", "lesion"), "lesion": view.where("lesion"),
            "kidneys": view.where("kidney"), "spleen": view.where("spleen"),
            "bones": view.where("bone"), "vessels": view.where("vessel"),
            "lungs": view.where("lung", "nodule", "infection"), "heart": view.where("heart"),
            "infection": view.where("infection"), "nodule": view.where("nodule"),
            "body": (view.labels > 0) & ~view.where("table"),
            "organs": np.select(organs, [1, 2, 3], 0), "muscle": view.where("muscle"),
            "fat": view.where("fat"),
        }  # fmt: skip
