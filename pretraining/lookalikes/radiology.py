"""What hospitals see of bodies: tomography, resonance, ultrasound, X-rays, retinal layers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pretraining.lookalikes.parts.eye_layers import EyeLayers
from pretraining.lookalikes.parts.films import BoneFilm, ChestFilm, TeethFilm
from pretraining.lookalikes.parts.heads import CONTRASTS, Head, Heart
from pretraining.lookalikes.parts.scenery import Imaged, Scenery
from pretraining.lookalikes.parts.sonography import Ultrasound
from pretraining.lookalikes.parts.torso import BRIGHTNESS, Torso
from pretraining.microscope import Camera, draw_camera
from pretraining.shapes import log_uniform


@dataclass(frozen=True, eq=False)
class Radiology(Imaged):
    """A series of radiological images; see `Imaged`."""


def draw_radiology(rng: np.random.Generator) -> Radiology:
    """Draw a series of images of one modality with one question.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    draws = (_torso, _head, _heart, _ultrasound, _eye, _film)
    draw = draws[rng.choice(6, p=(0.24, 0.2, 0.08, 0.2, 0.14, 0.14))]
    scenery, question = draw(rng)
    waves = draw in (_ultrasound, _eye)
    return Radiology(
        scenery, question, np.eye(1, dtype=np.float32), _camera(rng, waves),
        float(rng.choice([0.0, 1.0, rng.random()])),
    )  # fmt: skip


def _camera(rng: np.random.Generator, waves: bool) -> Camera:
    """A scanner; waves bring their own noise."""
    if rng.random() < 0.25:
        any_ = draw_camera(rng)
        return replace(
            any_, inverted=any_.inverted and not waves, stripes=0, blur=min(any_.blur, 1.4),
            speckle=0 if waves else any_.speckle, noise=min(any_.noise, 0.2),
            glow=0.4 * any_.glow, shade=0.6 * any_.shade,
        )  # fmt: skip
    return Camera(
        blur=rng.uniform(0.2, 0.7 if waves else 1.1),
        noise=rng.uniform(0, 0.03 if waves else 0.12),
        grainy=0.0 if waves else float(rng.choice([0.0, rng.uniform(0.02, 0.12)])),
        gamma=float(np.exp(rng.normal(0, 0.2))),
        jpeg=int(rng.integers(40, 95)) if rng.random() < 0.35 else 0,
    )  # fmt: skip


def _either(rng: np.random.Generator, shares: dict[str, float]) -> str:
    """One of some names, as often as it should be."""
    share = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=share / share.sum()))


def _jittered(rng: np.random.Generator, tissues: dict[str, float]) -> dict[str, float]:
    """Brightness of tissues as another scanner and window has them."""
    return {name: max(value + rng.normal(0, 0.03), 0.0) for name, value in tissues.items()}


def _torso(rng: np.random.Generator) -> tuple[Scenery, str]:
    """Chest or belly in tomography or resonance."""
    chest = rng.random() < 0.4
    modality = "ct" if chest else _either(rng, {"ct": 0.65, "t1": 0.15, "t2": 0.2})
    asked = {"lungs": 0.3, "heart": 0.12, "infection": 0.2, "nodule": 0.12, "bones": 0.12,
             "body": 0.06, "organs": 0.08}  # fmt: skip
    if not chest:
        asked = {"liver": 0.24, "lesion": 0.2, "kidneys": 0.18, "spleen": 0.1, "bones": 0.1,
                 "vessels": 0.06, "organs": 0.06, "muscle": 0.05, "fat": 0.05}  # fmt: skip
    question = _either(rng, asked)
    tissues = _jittered(rng, BRIGHTNESS[modality])
    if modality == "ct" and rng.random() < 0.4:  # a narrow window, or a wide one for bones
        width, low = rng.choice([(0.55, 0.25), (1.5, 0.0)])
        tissues = {k: float(np.clip((v - low) / width, 0, 1)) for k, v in tissues.items()}
    if modality == "ct" and question == "vessels":
        tissues["vessel"] = max(tissues["vessel"], 0.85)
    small = question in ("lesion", "nodule", "vessels", "spleen", "kidneys")
    scenery = Torso(
        chest=chest, question=question, tissues=tissues,
        pixels=log_uniform(rng, 150 if small else 80, 340), flat=rng.uniform(0.62, 0.78),
        fat=rng.uniform(0.03, 0.16), texture=log_uniform(rng, 0.01, 0.09),
        lesion=float(rng.choice([rng.uniform(0.6, 0.85), rng.uniform(1.15, 1.4)], p=(0.75, 0.25))),
        ill=rng.uniform(0, 1), bias=0.0 if modality == "ct" else rng.uniform(0.05, 0.35),
    )  # fmt: skip
    return scenery, question


def _head(rng: np.random.Generator) -> tuple[Scenery, str]:
    """Heads in resonance, rarely tomography."""
    contrast = _either(rng, {"t1": 0.22, "t1c": 0.2, "t2": 0.2, "flair": 0.28, "ct": 0.1})
    question = _either(rng, {"lesion": 0.52, "parts": 0.08, "brain": 0.12, "ventricles": 0.14,
                             "matter": 0.1, "skull": 0.04})  # fmt: skip
    if question in ("lesion", "parts") and contrast == "t1":
        contrast = "t1c"
    sick = question in ("lesion", "parts")
    ill = sick or rng.random() < 0.2
    many = question == "lesion" and contrast in ("flair", "t2") and rng.random() < 0.35
    scenery = Head(
        question="lesion" if sick else question,
        tissues=_jittered(rng, CONTRASTS[contrast]),
        pixels=log_uniform(rng, 110 if many else 62, 210),
        long=rng.uniform(1.15, 1.35),
        stripped=bool(rng.random() < 0.35) and question not in ("brain", "skull"),
        sulci=rng.uniform(0.1, 0.4), ventricles=rng.uniform(0.6, 1.8),
        tumour=log_uniform(rng, 0.1, 0.35) if ill and not many else 0.0,
        spots=rng.uniform(0.9, 1.7) if many else 0.0,
        texture=log_uniform(rng, 0.01, 0.08), bias=rng.uniform(0.0, 0.3),
    )  # fmt: skip
    if question == "lesion" and contrast in ("t1c", "ct"):  # swelling is hardly seen there
        question = "tumour"
    return scenery, question


def _heart(rng: np.random.Generator) -> tuple[Scenery, str]:
    """Hearts in resonance."""
    scenery = Heart(
        pixels=log_uniform(rng, 18, 60), wall=rng.uniform(0.22, 0.5),
        muscle=rng.uniform(0.2, 0.45), blood=rng.uniform(0.7, 1.0), lung=rng.uniform(0.03, 0.12),
        fat=rng.uniform(0.5, 0.95), bias=rng.uniform(0.1, 0.4),
        texture=log_uniform(rng, 0.02, 0.1),
    )  # fmt: skip
    return scenery, _either(rng, {"cavity": 0.4, "muscle": 0.25, "chambers": 0.35})


def _ultrasound(rng: np.random.Generator) -> tuple[Scenery, str]:
    """Examinations by ultrasound."""
    subject = _either(rng, {"nodule": 0.55, "head": 0.15, "heart": 0.2, "vessel": 0.1})
    unit = log_uniform(rng, 0.6, 1.7)
    size = {"nodule": (20, 75), "head": (55, 120), "heart": (30, 65), "vessel": (12, 45)}[subject]
    shadow = rng.uniform(-0.7, 1.0) if rng.random() < 0.6 else 0.0
    scenery = Ultrasound(
        subject=subject, unit=unit, radius=unit * log_uniform(rng, *size),
        grain=(unit * rng.uniform(0.6, 1.3), unit * rng.uniform(1.0, 2.8)),
        echo=rng.uniform(-16, -6) if rng.random() < 0.85 else rng.uniform(5, 9), shadow=shadow,
        rough=log_uniform(rng, 0.03, 0.16), layers=rng.uniform(0.2, 1.2),
        decibels=rng.uniform(32, 55), bend=rng.uniform(1.1, 2.2), attenuation=rng.uniform(0, 6),
        sector=bool(rng.random() < (0.15 if subject == "nodule" else 0.5)),
    )  # fmt: skip
    asked = subject in ("head", "heart") and rng.random() < 0.15
    return scenery, "wall" if asked else "lesion"


def _eye(rng: np.random.Generator) -> tuple[Scenery, str]:
    """Scans of the retina."""
    question = _either(rng, {"fluid": 0.5, "kinds of fluid": 0.06, "retina": 0.14, "layers": 0.14,
                             "nerve fibres": 0.06, "epithelium": 0.06,
                             "outer nuclear": 0.04})  # fmt: skip
    unit, wet = log_uniform(rng, 0.6, 1.8), "fluid" in question
    both = question == "kinds of fluid"
    cysts = rng.uniform(0.5, 1.3) if both or (wet and rng.random() < 0.75) else 0.0
    below = rng.uniform(0.8, 2.0) if both or (wet and (not cysts or rng.random() < 0.4)) else 0.0
    scenery = EyeLayers(
        unit=unit, squeezed=rng.uniform(0.75, 1.3),
        grain=(unit * rng.uniform(0.5, 0.9), unit * rng.uniform(0.6, 1.5)),
        averaged=int(rng.choice([1, 2, 4])), decibels=rng.uniform(24, 38),
        slope=rng.uniform(0, 0.15), pit=rng.uniform(0.3, 1.0), cysts=cysts, below=below,
        drusen=float(rng.choice([0.0, rng.uniform(0.2, 1)])), shadows=rng.uniform(0, 3.5),
        choroid=rng.uniform(0.2, 1),
    )  # fmt: skip
    return scenery, question


def _film(rng: np.random.Generator) -> tuple[Scenery, str]:
    """X-ray films."""
    region = _either(rng, {"chest": 0.5, "bones": 0.32, "teeth": 0.18})
    if region == "teeth":
        return TeethFilm(log_uniform(rng, 8, 22), rng.uniform(0.25, 0.5), rng.uniform(0.65, 0.85),
                         float(rng.choice([0.0, 0.3]))), "bones"  # fmt: skip
    if region == "bones":
        count = int(rng.integers(1, 5))
        return BoneFilm(log_uniform(rng, 8, 40) / count**0.4, count, rng.uniform(0.12, 0.4),
                        rng.uniform(0.4, 1.2), rng.uniform(0, 1.2),
                        bool(rng.random() < 0.3)), "bones"  # fmt: skip
    question = _either(rng, {"lungs": 0.6, "heart": 0.15, "ribs": 0.08, "clavicles": 0.07,
                             "all": 0.1})  # fmt: skip
    return ChestFilm(
        pixels=log_uniform(rng, 70, 240), air=rng.uniform(0.3, 0.52), ribs=rng.uniform(0.06, 0.2),
        vessels=rng.uniform(0.3, 1.2), haze=float(rng.choice([0.0, rng.uniform(0, 1)])),
        heart=rng.uniform(0.24, 0.36), question=question,
    ), question  # fmt: skip
