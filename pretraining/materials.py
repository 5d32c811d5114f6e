"""Photographs taken apart: what is made of the same stuff is one class.

A photograph of scikit-image's wheel is clustered by colour and roughness, once for each task; the
task asks for one cluster or all of them, on a piece of the photograph as a poor camera shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.cluster.vq import kmeans2, vq
from skimage import data, io

from pretraining.microscope import Camera, draw_camera
from pretraining.textures import PHOTOGRAPHS

_FITTED = 4000
"""Pixels the clusters are found from."""


@dataclass(frozen=True, eq=False)
class TakenApart:
    """A kind made of one photograph and its clusters.

    Parameters
    ----------
    photo : ndarray of float32, shape (3, Y, X)
        Between 0 and 1.
    classes : ndarray of uint8, shape (Y, X)
        Class of each of its pixels.
    mixing : ndarray, shape (channels, 3)
        How red, green and blue make the channels of the task.
    camera : Camera
        How poor the pictures are.
    """

    photo: np.ndarray
    classes: np.ndarray
    mixing: np.ndarray
    camera: Camera

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Image float32 (channels, side, side) in 0 to 1, and its classes uint8 (side, side)."""
        photo, classes = self.photo, self.classes
        short = [max(side - n, 0) for n in classes.shape]
        if any(short):
            pads = [(0, n) for n in short]
            photo = np.pad(photo, [(0, 0), *pads], mode="reflect")
            classes = np.pad(classes, pads, mode="reflect")
        y, x = (int(rng.integers(n - side + 1)) for n in classes.shape)
        piece = photo[:, y : y + side, x : x + side]
        image = np.tensordot(self.mixing, piece, 1).astype(np.float32)
        return self.camera.varied(rng).shoot(image, rng), classes[y : y + side, x : x + side]


def draw_taken_apart(rng: np.random.Generator) -> TakenApart:
    """Draw a photograph, its enlargement, its clusters, the question and the camera.

    Parameters
    ----------
    rng : numpy.random.Generator
        Decides everything.
    """
    photo = colour_photographs()[int(rng.integers(len(PHOTOGRAPHS)))]
    zoom = max(float(np.exp(rng.uniform(-0.9, 0.7))), 220 / min(photo.shape[1:]))
    photo = np.stack([ndimage.zoom(plane, zoom, order=1) for plane in photo]).clip(0, 1)
    classes = _cluster(rng, photo)
    if rng.random() < 0.75:
        classes = (classes == rng.choice(np.unique(classes))).astype(np.uint8)
    colour = rng.random() < 0.45
    mixing = np.eye(3) if colour else rng.dirichlet((3, 3, 3))[None]
    return TakenApart(photo, classes, mixing, draw_camera(rng))


def _cluster(rng: np.random.Generator, photo: np.ndarray) -> np.ndarray:
    """Cluster pixels by smoothed colour and by roughness, in smooth regions."""
    sigma = float(np.exp(rng.uniform(np.log(0.7), np.log(5))))
    smooth = ndimage.gaussian_filter(photo, (0, sigma, sigma))
    detail = np.square(photo - smooth).mean(0)
    rough = np.sqrt(ndimage.gaussian_filter(detail, 2 * sigma))
    features = np.concatenate([smooth, rng.uniform(0, 4) * rough[None]]).reshape(4, -1).T
    features = features / (features.std(0).mean() + 1e-6)
    some = features[rng.integers(len(features), size=_FITTED)]
    count = int(rng.choice([2, 3, 4], p=(0.5, 0.3, 0.2)))
    centres, _ = kmeans2(some, count, minit="++", seed=rng)
    classes = vq(features, centres)[0].reshape(photo.shape[1:]).astype(np.uint8)
    return ndimage.median_filter(classes, int(2 * (sigma // 1) + 1))


@lru_cache(maxsize=1)
def colour_photographs() -> tuple[np.ndarray, ...]:
    """Photographs of scikit-image's wheel, float32 in 0 to 1, each of shape (3, Y, X)."""
    read = []
    for name in PHOTOGRAPHS:
        photo = io.imread(Path(data.__file__).parent / name).astype(np.float32) / 255
        photo = np.stack([photo] * 3, -1) if photo.ndim == 2 else photo[..., :3]
        step = max(1, min(photo.shape[:2]) // 500)
        read.append(np.ascontiguousarray(photo[::step, ::step].transpose(2, 0, 1)))
    return tuple(read)
