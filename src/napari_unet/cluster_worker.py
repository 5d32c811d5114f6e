"""What a worker of a cluster does: open the image once, then compute tiles of it."""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from distributed import WorkerPlugin, get_worker

from napari_unet.core.axes import Spatial
from napari_unet.core.blocks import Setup
from napari_unet.core.channels import Channel
from napari_unet.core.config import PredictConfig
from napari_unet.core.tiles import Tile
from napari_unet.data.files import read_image
from napari_unet.data.pyramid import source_at

if TYPE_CHECKING:
    from napari_unet.learn.fitting import AnyPredictor
    from napari_unet.learn.model import Model

_MAP_FROM, _TRIM_FROM = (-3, 32 * 2**20), (-1, 64 * 2**20)
"""Number and value of M_MMAP_THRESHOLD and M_TRIM_THRESHOLD: what glibc itself ends up with."""


@dataclass(frozen=True)
class Errand:
    """All a worker has to know, but for the model.

    Parameters
    ----------
    image : Path
        Where every worker can read it.
    axes : str
        Of the image.
    config : PredictConfig
    setup : Setup
        How tiles are computed, on every worker alike.
    channels : sequence of int, str or None, optional
        Which channels of the image are used.
    level : int, optional
        Which level of a pyramid is looked at.
    """

    image: Path
    axes: str
    config: PredictConfig
    setup: Setup
    channels: Sequence[Channel] | None = None
    level: int = 0


class TileWorker(WorkerPlugin):
    """Model and image on one worker; every worker gets one, those that come later too.

    Parameters
    ----------
    model : Model
    errand : Errand
    """

    def __init__(self, model: Model, errand: Errand) -> None:
        self._model, self._errand = model, errand
        self._predictor: AnyPredictor | None = None
        self._lock: threading.Lock | None = None

    def setup(self, worker: Any) -> None:
        """Begin on a worker; the image is opened for the first tile."""
        del worker
        self._lock = threading.Lock()
        keep_freed_memory()

    def compute(self, tiles: Sequence[tuple[int, Tile]]) -> list[np.ndarray]:
        """Compute some tiles together."""
        assert self._lock is not None
        with self._lock:  # a worker may have several threads
            self._predictor = self._predictor or self._opened()
            answers = self._predictor.answers(tiles)
            return [np.ascontiguousarray(values) for _, _, values in answers]

    def _opened(self) -> AnyPredictor:
        from napari_unet.learn.fitting import predictor_for

        errand = self._errand
        loaded = read_image(errand.image, errand.axes)
        spatial: Spatial = "ZYX" if self._model.config.dimensions == 3 else "YX"
        source = source_at(loaded, errand.level, spatial, errand.channels)
        return predictor_for(self._model, source, errand.config, setup=errand.setup)


def keep_freed_memory() -> bool:
    """Let this process keep memory that it frees, as far as glibc does by itself.

    Dask starts workers with ``MALLOC_TRIM_THRESHOLD_=65536``: memory goes back to the system
    with every map a network frees, and comes back page by page, which doubles the time of a tile.

    Returns
    -------
    bool
        False where the C library is another one, which Dask does not change either.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018  # other libraries lack it
        return bool(library.mallopt(*_MAP_FROM) and library.mallopt(*_TRIM_FROM))
    return False


def compute_tiles(name: str, tiles: Sequence[tuple[int, Tile]]) -> list[np.ndarray]:
    """On a worker: compute some tiles together.

    Parameters
    ----------
    name : str
        Of the worker's `TileWorker`.
    tiles : sequence of (int, Tile)
        Sample numbers and tiles.

    Returns
    -------
    list of ndarray of float32, each of shape (K, *tile.reach)
    """
    plugin = get_worker().plugins[name]
    assert isinstance(plugin, TileWorker)
    return plugin.compute(tiles)
