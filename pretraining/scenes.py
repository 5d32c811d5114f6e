"""Synthetic image kinds: a ground and layers of things on it, some of them asked for.

Each kind is one segmentation task: what counts as the object differs from what else is there by
shape, size, texture, brightness or colour, often by one of them only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pretraining.microscope import Camera
from pretraining.shapes import Layout
from pretraining.textures import Texture, smooth_noise


@dataclass(frozen=True, eq=False)
class Look:
    """How a thing appears.

    Parameters
    ----------
    colour : ndarray of float, shape (3,)
        Its mean in red, green and blue.
    texture : Texture
        What its inside looks like.
    contrast : ndarray of float, shape (3,)
        Strength of the texture in each colour.
    dome : float
        How much its middle is brighter than its edge.
    rim : float
        How much its outline is brighter than its inside.
    halo : float
        Brightness of a ring around it.
    variety : float
        Deviation of brightness from object to object.
    opacity : float
        1 hides what is beneath; less lets it shine through.
    """

    colour: np.ndarray
    texture: Texture
    contrast: np.ndarray
    dome: float = 0.0
    rim: float = 0.0
    halo: float = 0.0
    variety: float = 0.0
    opacity: float = 1.0

    def paint(self, canvas: np.ndarray, instances: np.ndarray, rng: np.random.Generator) -> None:
        """Draw objects onto a canvas (3, side, side), in place; `instances` says where."""
        side = canvas.shape[-1]
        inside = instances > 0
        if not inside.any():
            return
        value = self.contrast[:, None, None] * self.texture(rng, side)[None]
        value = value + self.colour[:, None, None]
        if self.variety:
            tone = self.variety * rng.standard_normal(int(instances.max()) + 1)
            value = value + tone[instances][None]
        if self.dome or self.rim:
            depth = ndimage.distance_transform_edt(inside)
            value = value + self.rim * (depth <= 2.5)
            value = value + self.dome * np.minimum(depth / (np.percentile(depth[inside], 95)), 1)
        np.copyto(canvas, self.opacity * value + (1 - self.opacity) * canvas, where=inside[None])
        if self.halo:
            outside = ndimage.distance_transform_edt(~inside)
            canvas += self.halo * (np.exp(-outside / 3) * ~inside)[None]


@dataclass(frozen=True, eq=False)
class Layer:
    """Things of one sort.

    Parameters
    ----------
    layout : Layout
        Where they lie.
    look : Look
        How they appear.
    class_number : int or None
        The class they count as; None leaves what is beneath (clutter that counts as ground
        where it lies on the ground).
    """

    layout: Layout
    look: Look
    class_number: int | None


@dataclass(frozen=True, eq=False)
class Scene:
    """One kind of synthetic image with its task.

    Parameters
    ----------
    ground : Look
        What is between the things.
    layers : tuple of Layer
        From the lowest to the highest.
    camera : Camera
        How it is imaged.
    channels : int
        1 or 3; grey images mix the colours by `grey`.
    grey : ndarray of float, shape (3,)
        Share of each colour in a grey image.
    relabel : callable
        Turns classes and the instances of the asked layer into the final classes.
    uneven_ground : float
        Strength of slow brightness changes of the ground itself.
    """

    ground: Look
    layers: tuple[Layer, ...]
    camera: Camera
    channels: int
    grey: np.ndarray
    relabel: Relabel
    uneven_ground: float = 0.0

    def sample(self, rng: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
        """Render an image of this kind.

        Returns
        -------
        image : ndarray of float32, shape (channels, side, side)
        truth : ndarray of uint8, shape (side, side)
            Class numbers, 0 for the ground.
        """
        canvas = np.zeros((3, side, side))
        self.ground.paint(canvas, np.ones((side, side), np.int32), rng)
        if self.uneven_ground:
            canvas += self.uneven_ground * smooth_noise(rng, side, side / 4)
        classes = np.zeros((side, side), np.uint8)
        asked = np.zeros((side, side), np.int32)
        for layer in self.layers:
            instances = layer.layout(rng, side)
            layer.look.paint(canvas, instances, rng)
            if layer.class_number is not None:
                classes[instances > 0] = layer.class_number
                asked[instances > 0] = instances[instances > 0] if layer.class_number else 0
        image = self.camera.varied(rng).shoot(self._mixed(canvas), rng)
        return image, self.relabel(classes, asked)

    def _mixed(self, canvas: np.ndarray) -> np.ndarray:
        """The canvas in the channels of this kind."""
        if self.channels == 3:
            return canvas.astype(np.float32)
        return np.tensordot(self.grey, canvas, 1)[None].astype(np.float32)


@dataclass(frozen=True)
class Relabel:
    """What is asked about the asked layer.

    Parameters
    ----------
    mode : str
        ``"as is"``; ``"outline"`` (the borders of the objects against everything);
        ``"inside and outline"`` (two classes); ``"large"`` or ``"small"`` (objects above or
        below an area).
    limit : float
        Area in pixels, or half thickness of the outline.
    """

    mode: str = "as is"
    limit: float = 0.0

    def __call__(self, classes: np.ndarray, instances: np.ndarray) -> np.ndarray:
        """Final classes (uint8) from classes and instances, all of shape (side, side)."""
        if self.mode == "as is":
            return classes
        if self.mode in ("large", "small"):
            area = np.bincount(instances.ravel())
            wanted = area > self.limit if self.mode == "large" else area <= self.limit
            wanted[0] = False
            return wanted[instances].astype(np.uint8)
        change = ndimage.morphological_gradient(instances, 3) > 0
        outline = ndimage.binary_dilation(change, iterations=max(int(self.limit) - 1, 0) or 1)
        if self.mode == "outline":
            return outline.astype(np.uint8)
        inside = (instances > 0).astype(np.uint8)
        inside[outline & (instances > 0)] = 2
        return inside
