"""Tells the running training what is on screen: at most a few times a second, newest wins."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, QTimer

from napari_unet.app.train_controller import TrainController
from napari_unet.core.axes import Spatial
from napari_unet.core.errors import UNetError
from napari_unet.gui.layer_store import id_of
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.view import view_of

_PAUSE_MS = 120


class PreviewWatch(QObject):
    """Follows camera and sliders while something learns.

    Parameters
    ----------
    viewer : napari.Viewer
    train : TrainController
    lifecycle : Lifecycle
    parent : QObject
    """

    def __init__(
        self, viewer: Any, train: TrainController, lifecycle: Lifecycle, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._viewer, self._train = viewer, train
        self._image: Any | None = None
        self._spatial: Spatial = "YX"
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self.post)
        camera = getattr(viewer, "scene", viewer).camera
        for event in (camera.events.zoom, camera.events.center):
            lifecycle.connect(event, self._on_move)
        lifecycle.connect(viewer.dims.events.point, self._on_move)
        lifecycle.connect(viewer.dims.events.order, self._on_move)

    def watch(self, image: Any | None, spatial: Spatial = "YX") -> None:
        """Follow the view of this image from now on, and say at once what is seen of it."""
        self._image, self._spatial = image, spatial
        if image is not None:
            self.post()

    def post(self) -> None:
        """Leave what is on screen on the desk."""
        if self._image is None:
            return
        try:
            view = view_of(self._image, tuple(self._viewer.dims.point), self._spatial)
        except UNetError:
            return  # the axes were changed meanwhile; the next training reads them
        if view is not None:
            self._train.look(id_of(self._image), view.sample, view.box)

    def _on_move(self, _: Any = None) -> None:
        # Not restarted while it runs: a long drag still brings requests.
        if self._image is not None and not self._timer.isActive():
            self._timer.start()
