"""Camera and sliders taken to a place in an image, and back again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_unet.core.axes import Spatial
from napari_unet.gui.layers import axes_of, source_of
from napari_unet.gui.place import level_zero, pixel_at, point_of

_SHOWN_PIXELS = 280
"""About so many pixels of the image are in view at a place: enough to see what it is part of."""

_CANVAS_PIXELS = 600
"""Height of the canvas that is reckoned with; the plugin interface does not tell it."""

_MOST_STEPS = 50


@dataclass(frozen=True)
class _Standpoint:
    """Where somebody looked from."""

    centre: tuple[float, ...]
    zoom: float
    angles: tuple[float, ...]
    point: tuple[float, ...]


class Travel:
    """Moves what is on screen; no layer is changed.

    Parameters
    ----------
    viewer : napari.Viewer
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._camera = getattr(viewer, "scene", viewer).camera
        self._trail: deque[_Standpoint] = deque(maxlen=_MOST_STEPS)

    def __len__(self) -> int:
        """How many steps lead back."""
        return len(self._trail)

    def go(self, layer: Any, sample: int, centre: tuple[int, ...]) -> None:
        """Bring a pixel of an image layer into the middle of the canvas, large enough to see.

        Parameters
        ----------
        layer : napari image layer
        sample : int
            Canonical sample number.
        centre : tuple of int
            Pixel along Y and X, or Z, Y and X.
        """
        dims, camera = self._viewer.dims, self._camera
        point = tuple(float(value) for value in dims.point)
        self._trail.append(
            _Standpoint(tuple(camera.center), float(camera.zoom), tuple(camera.angles), point)
        )
        pixel = _pixel(layer, sample, centre, point)
        world = np.array(point)
        world[-layer.ndim :] = point_of(layer, pixel)
        displayed = list(dims.displayed)
        for axis in set(range(dims.ndim)) - set(displayed):
            dims.set_point(axis, float(world[axis]))
        camera.center = (*camera.center[: 3 - len(displayed)], *map(float, world[displayed]))
        step = np.zeros(layer.ndim)
        step[displayed[-1] - dims.ndim] = 1
        width = np.linalg.norm(np.subtract(point_of(layer, pixel + step), world[-layer.ndim :]))
        camera.zoom = max(camera.zoom, _CANVAS_PIXELS / (_SHOWN_PIXELS * max(float(width), 1e-9)))

    def back(self) -> None:
        """Look from where the last step began."""
        if not self._trail:
            return
        before = self._trail.pop()
        dims, camera = self._viewer.dims, self._camera
        if len(before.point) == dims.ndim:
            for axis in set(range(dims.ndim)) - set(dims.displayed):
                dims.set_point(axis, before.point[axis])
        camera.angles, camera.center, camera.zoom = before.angles, before.centre, before.zoom


def _pixel(
    layer: Any, sample: int, centre: tuple[int, ...], point: tuple[float, ...]
) -> np.ndarray:
    """Data coordinates of a place along the axes of the layer; those of C stay as they are."""
    spatial: Spatial = "ZYX" if len(centre) == 3 else "YX"
    axes = source_of(layer, spatial).axes
    where = dict(zip(axes.spatial, centre, strict=True))
    index = axes.sample_index(sample, tuple(level_zero(layer).shape))
    where.update(zip(axes.sample_axes, index, strict=True))
    here = pixel_at(layer, point)
    letters = axes_of(layer)[: layer.ndim]
    return np.array([where.get(a, h) for a, h in zip(letters, here, strict=True)], float)
