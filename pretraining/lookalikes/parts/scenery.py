"""Scenes that answer several questions, and what makes a kind with one question of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from pretraining.lookalikes.parts.exposure import exposed
from pretraining.lookalikes.parts.tapering import fine_noise
from pretraining.microscope import Camera

Answers = dict[str, np.ndarray]
"""Classes (side, side) for each question that a scene answers."""


class Scenery(Protocol):
    """What is in front of the camera, the same for a whole series."""

    def render(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, Answers]:
        """A field of view: (C, side, side), about 0 to 1, and the answers to questions about it."""


@dataclass(frozen=True, eq=False)
class Imaged:
    """A series of images of one scenery with one question.

    Parameters
    ----------
    scenery : Scenery
        What is seen.
    question : str
        Which of its answers is asked for.
    mixing : ndarray, shape (C, 3)
        Channels of the image.
    camera : Camera
        How it is taken.
    natural : float
        How much of its own brightness range an image keeps.
    """

    scenery: Scenery
    question: str
    mixing: np.ndarray
    camera: Camera
    natural: float

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Image float32 (C, side, side) in 0 to 1, and its classes uint8 (side, side)."""
        scene, answers = self.scenery.render(rng, side)
        if len(scene) == self.mixing.shape[1]:
            scene = np.tensordot(self.mixing, scene, 1)
        image = exposed(self.camera, scene.astype(np.float32), rng, self.natural)
        return image, answers[self.question].astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Frame:
    """Coordinates of a field of view.

    Parameters
    ----------
    y, x : ndarray of float32
        Rows (side, 1) and columns (1, side) in pixels.
    """

    y: np.ndarray
    x: np.ndarray

    @classmethod
    def of(cls, side: int) -> Frame:
        """All pixels of a square."""
        steps = np.arange(side, dtype=np.float32)
        return cls(steps[:, None], steps[None])

    def ellipse(
        self, centre: np.ndarray, radii: tuple[float, float], angle: float = 0.0
    ) -> np.ndarray:
        """Distance from a centre, 1 on an ellipse with a radius along and one across `angle`."""
        y, x = self.y - np.float32(centre[0]), self.x - np.float32(centre[1])
        cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        along, across = (cosine * y + sine * x), (cosine * x - sine * y)
        return np.hypot(along / np.float32(radii[0]), across / np.float32(radii[1]))


def rough_patch(
    rng: np.random.Generator, frame: Frame, centre: np.ndarray, radius: float, rough: float
) -> np.ndarray:
    """How deep pixels lie in an irregular patch, in pixels, negative outside (float32, about)."""
    side = frame.y.shape[0]
    stretch = np.exp(rng.normal(0, 0.2))
    away = frame.ellipse(centre, (radius * stretch, radius / stretch), rng.uniform(0, np.pi))
    ragged = fine_noise(rng, side, 0.6 * radius) + 0.45 * fine_noise(rng, side, 0.22 * radius)
    ragged += 0.2 * fine_noise(rng, side, max(0.07 * radius, 1.0))
    return ((1 - away + rough * ragged) * radius).astype(np.float32)


def off_centre(rng: np.random.Generator, side: int, radius: float) -> np.ndarray:
    """A centre such that a thing of that radius is seen in part or as a whole."""
    angle, away = rng.uniform(0, 2 * np.pi), max(radius - 0.15 * side, 0.25 * side)
    off = away * np.sqrt(rng.random()) * np.array([np.sin(angle), np.cos(angle)])
    return side / 2 + off


def toward(image: np.ndarray, cover: np.ndarray, colour: np.ndarray) -> None:
    """Paint a colour (3,) or (3, side, side) over an image (3, side, side), in place."""
    colour = np.asarray(colour, np.float32)
    colour = colour[:, None, None] if colour.ndim == 1 else colour
    image += cover.astype(np.float32) * (colour - image)
