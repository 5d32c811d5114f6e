"""Prediction on several processes or machines: the workers of Dask compute tiles.

The model is sent to each worker once, to those that come later too; the image lies where all of
them can read it. Workers send back the probabilities of a tile, and this process puts them
together, in order, exactly as if it had computed them. So no tile is computed twice, only one
process writes, and a result can be begun on a cluster and continued without one. What a lost worker
was at, another one computes; a tile whose computation fails is tried again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np

from napari_unet.core.cancel import CancelToken
from napari_unet.core.channels import Channel
from napari_unet.core.config import PredictConfig
from napari_unet.core.errors import JobFailed, MissingPackage
from napari_unet.core.tiles import Tile

if TYPE_CHECKING:
    from napari_unet.learn.fitting import AnyPredictor
    from napari_unet.learn.model import Model

_TRIES_AGAIN = 3
_AHEAD = 2
"""Tasks each worker has at hand, so that it never waits for this process."""

_LOOK_SECONDS = 0.5


@contextmanager
def connected(*, workers: int | None = None, scheduler: str | None = None) -> Iterator[Any]:
    """A client of the scheduler at an address, or of so many processes on this machine.

    Parameters
    ----------
    workers : int, optional
        Processes of one thread each.
    scheduler : str, optional
        For example ``"tcp://node7:8786"``.

    Yields
    ------
    distributed.Client

    Raises
    ------
    MissingPackage
        If Dask's distributed is not installed.
    JobFailed
        If no scheduler answers.
    """
    try:
        from dask import config as dask_config
        from distributed import Client, LocalCluster
    except ImportError as err:
        raise MissingPackage(
            "Working on several machines or processes needs the package distributed. "
            "Install it with: pip install 'napari-unet-paint[cluster]'"
        ) from err
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=20)
        except (OSError, ValueError) as err:
            raise JobFailed(
                f"No scheduler answers at {scheduler} ({err}). Check the address, or start one "
                "with: dask scheduler"
            ) from err
        with client:
            yield client
        return
    with (
        dask_config.set({"distributed.worker.profile.enabled": False}),  # takes a tenth of the time
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


class ClusterAnswers:
    """Tiles as the workers of a cluster compute them; in place of `Predictor.answers`.

    Parameters
    ----------
    client : distributed.Client
    model : Model
    image : Path
        Where every worker can read it.
    axes : str
        Of the image.
    config : PredictConfig
    cancel : CancelToken, optional
    channels : sequence of int, str or None, optional
        Which channels of the image are used; all when not given.
    level : int, optional
        Which level of a pyramid is looked at.
    """

    def __init__(
        self,
        client: Any,
        model: Model,
        image: Path,
        axes: str,
        config: PredictConfig,
        cancel: CancelToken | None = None,
        channels: Sequence[Channel] | None = None,
        level: int = 0,
    ) -> None:
        self._client, self._model, self._channels = client, model, channels
        self._level = level
        self._image, self._axes, self._config = image.resolve(), axes, config
        self._cancel = cancel or CancelToken()

    def __call__(
        self, predictor: AnyPredictor, wanted: Sequence[tuple[int, Tile]]
    ) -> Iterator[tuple[int, Tile, np.ndarray]]:
        """Compute tiles, in the given order.

        Raises
        ------
        JobFailed
            If a tile ends one worker after the other.
        Stopped
            If the cancel token says so.
        """
        from napari_unet.cluster_worker import Errand, TileWorker, compute_tiles

        errand = Errand(
            self._image, self._axes, self._config, predictor.setup, self._channels, self._level
        )
        name, batch = f"unet-paint-{uuid4().hex}", predictor.plan.batch
        groups = deque(wanted[i : i + batch] for i in range(0, len(wanted), batch))
        ahead: deque[tuple[Any, Sequence[tuple[int, Tile]]]] = deque()
        self._client.register_plugin(TileWorker(self._model, errand), name=name)
        try:
            while groups or ahead:
                while groups and len(ahead) < _AHEAD * max(1, len(self._client.ncores())):
                    some = groups.popleft()
                    task = self._client.submit(
                        compute_tiles, name, some, retries=_TRIES_AGAIN, pure=False
                    )
                    ahead.append((task, some))
                task, some = ahead[0]
                for (sample, tile), values in zip(some, self._result(task), strict=True):
                    yield sample, tile, values
                ahead.popleft()
        finally:
            self._client.cancel([task for task, _ in ahead])
            self._client.unregister_worker_plugin(name)

    def _result(self, task: Any) -> list[np.ndarray]:
        """What a task returns; if there is no worker yet, it waits for one, as queues are long."""
        from distributed import KilledWorker, wait

        from napari_unet.learn.stopping import Stopped

        while not task.done():
            if self._cancel.cancelled:
                raise Stopped
            try:
                wait(task, timeout=_LOOK_SECONDS)
            except TimeoutError:
                continue
        try:
            values: list[np.ndarray] = task.result()
        except KilledWorker as err:
            raise JobFailed(
                "A part of the image ended several workers, most likely for lack of memory. Give "
                "workers more of it or choose smaller tiles, and start it again: what is written "
                "stays."
            ) from err
        return values
