"""A button that copies a short log for bug reports."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import qtpy
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QApplication, QPushButton

from napari_unet import __version__
from napari_unet.app.session import Session
from napari_unet.app.session_log import SessionLog
from napari_unet.core.errors import UNetError
from napari_unet.core.stroke_errors import errors_in_words
from napari_unet.gui.advanced_form import AdvancedSettings
from napari_unet.gui.layer_store import id_of
from napari_unet.gui.layers import axes_of
from napari_unet.gui.paint_step import PaintStep
from napari_unet.gui.place import level_zero

_PACKAGES = ("napari", "numpy", "scipy", "torch", "zarr", "dask")


class LogButton(QObject):
    """Copies versions, device, what the layers are, and what happened lately.

    Parameters
    ----------
    session : Session
    log : SessionLog
    paint_step : PaintStep
    settings : callable
        Gives the settings of the moment.
    parent : QObject
    """

    def __init__(
        self,
        session: Session,
        log: SessionLog,
        paint_step: PaintStep,
        settings: Callable[[], AdvancedSettings],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._log = session, log
        self._paint, self._settings = paint_step, settings

    def made(self) -> QPushButton:
        """A new button; the caller puts it somewhere."""
        button = QPushButton("Copy log")
        button.setObjectName("copy_log_button")
        button.setToolTip(
            "Copy a short log for a bug report: versions, device, sizes, classes, last events.\n"
            "It holds the names of layers, and no files."
        )
        button.clicked.connect(self.copy)
        return button

    def copy(self) -> None:
        """Put the log on the clipboard, and say so."""
        text = self._log.text(list(self._facts()))
        QApplication.clipboard().setText(text)
        lines = text.count("\n")
        self._session.state.say(f"{lines} lines are on the clipboard. Paste them into the report.")

    def _facts(self) -> Iterator[str]:
        yield f"napari-unet-paint {__version__}, Python {platform.python_version()}"
        yield f"{platform.system()} {platform.release()} {platform.machine()}"
        yield f"Qt {qtpy.QT_VERSION} through {qtpy.API_NAME}"
        yield ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
        yield f"device: {self._session.state.device or 'not chosen yet'}"
        settings = self._settings()
        yield (
            f"network: {settings.preset}, {settings.model.dimensions}D, starts from "
            f"{settings.start}, precision {settings.train.precision}"
        )
        if self._paint.image is not None:
            yield f"image {_in_words(self._paint.image)}"
        if self._paint.paint is not None:
            yield f"paint {_of_paint(self._paint.paint)}, read as {self._mode()}"
            for row in self._paint.editor.table.value():
                yield f"  {row.value} {row.name}: {row.pixels} pixels"
            judged = self._session.judge.series(id_of(self._paint.paint))
            if judged:
                yield f"strokes over an answer: {len(judged)}. {errors_in_words(judged)}"
        current = self._session.state.model
        if current is not None:
            yield f"model: {', '.join(current.model.classes.names)}, score {current.score}"

    def _mode(self) -> str:
        return self._paint.editor.table.mode() or "nothing yet"


def _in_words(image: Any) -> str:
    data = level_zero(image)
    try:
        axes = axes_of(image)
    except UNetError:
        axes = "axes unknown"
    size = " x ".join(str(n) for n in data.shape)
    scale = " x ".join(f"{s:g}" for s in image.scale)
    pyramid = ", pyramid" if image.multiscale else ""
    kind = type(data).__module__.split(".")[0]
    return f"{image.name!r}: {axes} {size} {data.dtype} ({kind}), scale {scale}{pyramid}"


def _of_paint(paint: Any) -> str:
    data = level_zero(paint)
    return f"{paint.name!r}: {' x '.join(str(n) for n in data.shape)} {data.dtype}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
