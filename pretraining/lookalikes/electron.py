"""Electron micrographs of tissue: neuropil, cells with organelles, virions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from pretraining.lookalikes.parts.mitochondria import MitochondriaLook, add_mitochondria
from pretraining.lookalikes.parts.organelles import (
    Section,
    add_granules,
    add_membranes,
    add_myelin,
    add_nuclei,
    add_reticulum,
    add_synapses,
    add_vesicles,
    borders,
    draw_profiles,
)
from pretraining.lookalikes.parts.tissue import Tissue, draw_cells, draw_neuropil, draw_virions
from pretraining.lookalikes.parts.tubes import Tubes, bent_path
from pretraining.microscope import Camera, draw_camera
from pretraining.scenes import Relabel
from pretraining.shapes import log_uniform
from pretraining.textures import smooth_noise


@dataclass(frozen=True)
class Electron:
    """A series of electron micrographs with one question.

    Parameters
    ----------
    tissue : Tissue
        What is there.
    look : MitochondriaLook
        How mitochondria look.
    unit : float
        The zoom.
    question : str
        ``"membranes"``, ``"mitochondria"``, ``"nuclei"``, ``"granules"``, ``"profiles"``
        (insides of cells), ``"organelles"`` (membranes and mitochondria as two classes) or
        ``"outlined"`` (mitochondria and their borders as two classes).
    camera : Camera
        How it is imaged.
    smear : tuple of float
        Blur along rows and columns (sections imaged across the stack are anisotropic).
    """

    tissue: Tissue
    look: MitochondriaLook
    unit: float
    question: str
    camera: Camera
    smear: tuple[float, float]

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Another field of view; see `pretraining.tasks.Kind`."""
        section, sheaths = self._ground(rng, side)
        found = {"nuclei": self._nuclei(rng, section)}
        free = (found["nuclei"] == 0) & ~sheaths
        tissue, unit = self.tissue, self.unit
        if tissue.reticulum:
            add_reticulum(rng, section, unit, free)
        add_vesicles(rng, section, tissue.crowd, 0.75 * unit, free)
        add_synapses(rng, section, self._count(rng, side, tissue.synapses), 0.75 * unit, 0.02, free)
        found["granules"] = add_granules(
            rng, section, tissue.granule_radius * unit, self._count(rng, side, tissue.granules),
            tissue.granule_core, free,
        ) if tissue.granules else np.zeros_like(section.profiles)  # fmt: skip
        free &= found["granules"] == 0
        many = self._count(rng, side, tissue.mitochondria)
        found["mitochondria"] = add_mitochondria(rng, section, self.look, many, free)
        membrane = np.zeros((side, side), bool)
        if tissue.membrane:
            width = tissue.membrane * unit
            membrane = add_membranes(rng, section, width, tissue.oblique, tissue.cleft)
        image = section.density + tissue.grain * rng.standard_normal((side, side))
        image = ndimage.gaussian_filter(image, self.smear)
        image = self.camera.varied(rng).shoot(1 - image[None].astype(np.float32), rng)
        return image, self._answer(found, membrane | sheaths)

    def _count(self, rng: np.random.Generator, side: int, rate: float) -> int:
        """How many of something are in this field of view."""
        mean = rate * side**2 / 1e4 / self.unit**2 * rng.uniform(0.6, 1.4)
        return int(min(rng.poisson(mean), 250))

    def _ground(self, rng: np.random.Generator, side: int) -> tuple[Section, np.ndarray]:
        """Cytoplasm of all profiles, and the myelin sheaths among them."""
        tissue, unit = self.tissue, self.unit
        profiles = draw_profiles(
            rng, side, tissue.spacing * unit, tissue.merged, tissue.stretch, tissue.bent
        )
        axons = Tubes.empty(side)
        first = int(profiles.max()) + 1
        for number in range(self._count(rng, side, tissue.myelin)):
            at = rng.uniform(0, side, 2)
            radius = log_uniform(rng, 14, 45) * unit
            path = bent_path(rng, at, rng.uniform(0, 6.3), radius * rng.uniform(0.2, 2), 0.5)
            axons.add(path, radius * rng.uniform(0.85, 1.1, 5), first + number, over=True)
        profiles = np.where(axons.inside, axons.index, profiles)
        tones = 0.22 + tissue.variety * rng.standard_normal(int(profiles.max()) + 1)
        density = np.clip(tones, 0.05, 0.6)[profiles].astype(np.float32)
        for scale, share in ((1.3, 0.06), (4, 0.04), (15, 0.03)):
            density += share * smooth_noise(rng, side, scale * max(unit, 0.8))
        depth = ndimage.distance_transform_edt(~borders(profiles)).astype(np.float32)
        section = Section(density, profiles, depth)
        if not axons.inside.any():
            return section, np.zeros((side, side), bool)
        sheaths = add_myelin(rng, section, axons, rng.uniform(4, 9) * unit, 2.8 * unit)
        return section, sheaths

    def _nuclei(self, rng: np.random.Generator, section: Section) -> np.ndarray:
        """Nuclei, each in the middle of a profile of its own if there is one."""
        side, radius = section.side, self.tissue.nucleus_radius * self.unit
        count = self._count(rng, side, self.tissue.nuclei)
        if not self.tissue.nuclei:
            return np.zeros_like(section.profiles)
        tubes = Tubes.empty(side, reach=40 * self.unit)
        alone = self.tissue.spacing < 60
        homes = np.zeros(max(count, 1) + 1, np.int32)
        for number in range(1, len(homes)):
            at = rng.integers(0, side, (12, 2))
            best = at[int(np.argmax(section.depth[at[:, 0], at[:, 1]]))]
            homes[number] = 1e6 + number if alone else section.profiles[tuple(best)]
            size = radius * rng.uniform(0.75, 1.15)
            path = bent_path(rng, best.astype(float), rng.uniform(0, 6.3), size * 0.7, 0.5, 4)
            tubes.add(path, size * rng.uniform(0.7, 1.0, 4), number)
        # A cell grows round its nucleus, so profiles make way for it.
        margin = 14 + 9 * smooth_noise(rng, side, 50 * self.unit)
        body = (tubes.distance < np.maximum(margin, 4) * self.unit) & (tubes.index > 0)
        _, small = np.unique(np.where(body, homes[tubes.index], section.profiles), False, True)
        section.profiles[:] = small.reshape(side, side)
        section.depth[:] = ndimage.distance_transform_edt(~borders(section.profiles))
        section.density[body] = (0.25 + 0.05 * smooth_noise(rng, side, 1.5 * self.unit))[body]
        return add_nuclei(rng, section, tubes, self.unit, self.tissue.clumps)

    def _answer(self, found: dict[str, np.ndarray], membrane: np.ndarray) -> np.ndarray:
        """The classes asked for."""
        if self.question == "membranes":
            return membrane.astype(np.uint8)
        if self.question == "profiles":
            return (~membrane).astype(np.uint8)
        if self.question == "organelles":
            inside = found["mitochondria"] > 0
            return np.where(membrane, 1, 2 * inside).astype(np.uint8)
        if self.question == "outlined":
            return Relabel("inside and outline", 1)(
                (found["mitochondria"] > 0).astype(np.uint8), found["mitochondria"]
            )
        visible = found[self.question] > 0
        if self.question != "nuclei":
            visible &= ~membrane
        return visible.astype(np.uint8)


def draw_electron(rng: np.random.Generator) -> Electron:
    """Draw a series: neuropil more often than cells, now and then virions.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.

    Returns
    -------
    Electron
        Its `sample` renders images of it.
    """
    draw = (draw_neuropil, draw_cells, draw_virions)[rng.choice(3, p=(0.58, 0.3, 0.12))]
    tissue, question = draw(rng)
    unit = log_uniform(rng, 0.6, 2)
    if question == "nuclei":
        unit = log_uniform(rng, 0.5, 1.1)
    look = MitochondriaLook(
        unit=0.8 * unit,
        radius=log_uniform(rng, 7, 14) * unit,
        length=rng.uniform(2, 8),
        matrix=rng.uniform(0.42, 0.66),
        folds=rng.uniform(0.05, 0.28),
        period=rng.uniform(4, 8) * unit,
        ordered=bool(rng.random() < 0.6),
    )
    if tissue.granules:
        # Granules and mitochondria may look alike, but an expert can still tell them apart.
        larger = max(look.radius, 1.5 * tissue.granule_radius * unit * (question == "granules"))
        look = replace(look, radius=larger, folds=max(look.folds, 0.15))
    smear = rng.uniform(0, 1.6, 2) if rng.random() < 0.25 else np.full(2, rng.uniform(0, 0.7))
    camera = draw_camera(rng) if rng.random() < 0.35 else _camera(rng)
    # Small structures must survive the optics, else nobody could paint them.
    camera = replace(
        camera, blur=min(camera.blur, 0.3 + 0.8 * unit), inverted=bool(rng.random() < 0.12)
    )
    return Electron(tissue, look, unit, question, camera, (float(smear[0]), float(smear[1])))


def _camera(rng: np.random.Generator) -> Camera:
    """A camera of an electron microscope: noise, seldom stripes of charging or inverted."""
    return Camera(
        shade=rng.uniform(0.05, 0.25) if rng.random() < 0.4 else 0.0,
        glow=rng.uniform(0.1, 0.5) if rng.random() < 0.3 else 0.0,
        light_scale=rng.uniform(80, 300),
        blur=rng.uniform(0.3, 1.3),
        noise=log_uniform(rng, 0.03, 0.35),
        grainy=rng.uniform(0.05, 0.3) if rng.random() < 0.4 else 0.0,
        stripes=rng.uniform(0.03, 0.12) if rng.random() < 0.1 else 0.0,
        gamma=float(np.exp(rng.normal(0, 0.35))),
        inverted=bool(rng.random() < 0.12),
        jpeg=int(rng.integers(40, 92)) if rng.random() < 0.25 else 0,
    )
