"""How a scene becomes an image: light, optics, sensor and file.

A camera is drawn once per task; each shot varies it a little, as two images of one series differ.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from scipy import ndimage

from pretraining.textures import smooth_noise


@dataclass(frozen=True)
class Camera:
    """Everything between a scene and the file.

    Strengths are in units of the scene's deviation; 0 switches a defect off.

    Parameters
    ----------
    shade, glow : float
        Multiplicative and additive unevenness of the light.
    light_scale : float
        Size of that unevenness in pixels.
    blur : float
        Sigma of the optics in pixels.
    noise, grainy, shot, speckle : float
        White, correlated, brightness-dependent and multiplicative noise.
    stripes : float
        Row-wise noise.
    gamma : float
        Exponent of the response.
    inverted : bool
        Whether dark and bright are exchanged.
    jpeg : int
        Quality of a lossy file, 0 for none.
    """

    shade: float = 0.0
    glow: float = 0.0
    light_scale: float = 150.0
    blur: float = 0.0
    noise: float = 0.0
    grainy: float = 0.0
    shot: float = 0.0
    speckle: float = 0.0
    stripes: float = 0.0
    gamma: float = 1.0
    inverted: bool = False
    jpeg: int = 0

    def varied(self, rng: np.random.Generator) -> Camera:
        """The same camera on another day."""
        return replace(
            self,
            noise=self.noise * rng.uniform(0.8, 1.25),
            blur=self.blur * rng.uniform(0.85, 1.15),
            gamma=self.gamma * rng.uniform(0.9, 1.1),
            glow=self.glow * rng.uniform(0.6, 1.4),
        )

    def shoot(self, scene: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Take an image of a scene.

        Parameters
        ----------
        scene : ndarray of float32, shape (C, side, side)
            Brightness of each channel.
        rng : numpy.random.Generator
            Decides the noise.

        Returns
        -------
        ndarray of float32, shape (C, side, side)
            Between 0 and 1.
        """
        side = scene.shape[-1]
        image = self._light(scene, rng)
        if self.blur > 0.2:
            image = np.stack([ndimage.gaussian_filter(plane, self.blur) for plane in image])
        image = _to_unit(image)
        if self.inverted:
            image = 1 - image
        image = image**self.gamma
        deviation = float(image.std()) + 1e-3
        shape = image.shape
        sensor = self.noise * rng.standard_normal(shape, np.float32)
        if self.grainy:
            wide = ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), (0, 1.2, 1.2))
            sensor += self.grainy * 4 * wide
        if self.shot:
            sensor += self.shot * np.sqrt(image) * 2 * rng.standard_normal(shape, np.float32)
        if self.stripes:
            sensor += self.stripes * rng.standard_normal((shape[0], side, 1), np.float32)
        if self.speckle:
            image = image * (1 + self.speckle * rng.standard_normal(shape, np.float32))
        image = np.clip(image + deviation * sensor, -0.2, 1.2)
        return _through_file(image, self.jpeg) if self.jpeg else image.astype(np.float32)

    def _light(self, scene: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The scene under uneven light."""
        side = scene.shape[-1]
        image = scene - scene.min()
        if self.shade:
            image = image * np.exp(self.shade * smooth_noise(rng, side, self.light_scale))
        if self.glow:
            glow = smooth_noise(rng, side, self.light_scale)
            image = image + self.glow * float(scene.std()) * glow
        return image.astype(np.float32)


def draw_camera(rng: np.random.Generator) -> Camera:
    """Draw a camera; most defects are absent from most cameras."""

    def sometimes(share: float, low: float, high: float) -> float:
        return rng.uniform(low, high) if rng.random() < share else 0.0

    return Camera(
        shade=sometimes(0.35, 0.1, 0.6),
        glow=sometimes(0.3, 0.2, 1.0),
        light_scale=rng.uniform(60, 300),
        blur=sometimes(0.7, 0.4, 2.2),
        noise=sometimes(0.7, 0.02, 0.35),
        grainy=sometimes(0.2, 0.05, 0.25),
        shot=sometimes(0.3, 0.05, 0.25),
        speckle=sometimes(0.12, 0.05, 0.3),
        stripes=sometimes(0.06, 0.05, 0.3),
        gamma=float(np.exp(rng.normal(0, 0.35))),
        inverted=bool(rng.random() < 0.4),
        jpeg=int(rng.integers(25, 90)) if rng.random() < 0.25 else 0,
    )


def _to_unit(image: np.ndarray) -> np.ndarray:
    """Scale all channels together so that nearly all values lie in 0 to 1."""
    low, high = np.percentile(image[:, ::3, ::3], (0.2, 99.8))
    return np.clip((image - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)


def _through_file(image: np.ndarray, quality: int) -> np.ndarray:
    """Write and read again as JPEG; channels are written as one RGB image or each as grey."""
    pixels = (np.clip(image, 0, 1) * 255).astype(np.uint8)
    groups = [pixels.transpose(1, 2, 0)] if len(pixels) == 3 else list(pixels)
    read = []
    for group in groups:
        file = io.BytesIO()
        Image.fromarray(group).save(file, "JPEG", quality=quality)
        back = np.asarray(Image.open(file), np.float32) / 255
        read.append(back.transpose(2, 0, 1) if back.ndim == 3 else back[None])
    return np.concatenate(read)
