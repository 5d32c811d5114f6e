"""Tells who answers for it what is on screen: at most a few times a second, newest wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication

from napari_unet.app.ports import LayerId
from napari_unet.core.axes import Spatial
from napari_unet.core.errors import UNetError
from napari_unet.core.source import Box
from napari_unet.gui.layer_store import id_of
from napari_unet.gui.lifecycle import Lifecycle
from napari_unet.gui.view import view_of

_PAUSE_MS = 120

_SETTLED_MS = 400
"""The view has come to rest when it was left alone for so long and no mouse button is down."""


class PreviewWatch(QObject):
    """Follows camera and sliders over one image.

    Parameters
    ----------
    viewer : napari.Viewer
    look : callable
        Takes the image, the sample and the box that are on screen.
    settled : callable
        Called when the view has come to rest after it was said what is on screen.
    lifecycle : Lifecycle
    parent : QObject
    """

    def __init__(
        self,
        viewer: Any,
        look: Callable[[LayerId, int, Box], None],
        settled: Callable[[], None],
        lifecycle: Lifecycle,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._look, self._settled = viewer, look, settled
        self._image: Any | None = None
        self._spatial: Spatial = "YX"
        self._timer = self._new_timer(_PAUSE_MS, self.post)
        self._rest = self._new_timer(_SETTLED_MS, self._on_rest)
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
        """Say what is on screen now."""
        if self._image is None:
            return
        try:
            view = view_of(self._image, tuple(self._viewer.dims.point), self._spatial)
            if view is not None:
                self._look(id_of(self._image), view.sample, view.box)
                self._rest.start()
        except UNetError:
            return  # axes were changed or a layer removed; the next training finds out

    def _new_timer(self, milliseconds: int, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(act)
        return timer

    def _on_rest(self) -> None:
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._rest.start()
        else:
            self._settled()

    def _on_move(self, _: Any = None) -> None:
        # Not restarted while it runs: a long drag still brings requests.
        if self._image is not None and not self._timer.isActive():
            self._timer.start()
