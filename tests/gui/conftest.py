"""Widgets as they stand in napari: in its style sheet, as wide as the dock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from napari_unet.gui.style import follow_theme


@pytest.fixture(autouse=True)
def _deleted() -> Iterator[None]:
    """Delete what qtbot has closed: without a running event loop it would only be marked."""
    yield
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def docked(qtbot: QtBot) -> Callable[..., QWidget]:
    """Show a widget in a host that is styled by napari and as wide as asked for."""
    from napari.qt import get_stylesheet

    hosts = []  # qtbot keeps weak references only

    def show(widget: QWidget, *, theme: str = "dark", width: int = 320) -> QWidget:
        host = QWidget()
        hosts.append(host)
        qtbot.addWidget(host)
        layout = QVBoxLayout(host)
        layout.setContentsMargins(8, 6, 8, 6)
        inner = QWidget(host)
        layout.addWidget(inner)
        QVBoxLayout(inner).addWidget(widget)
        inner.layout().setContentsMargins(0, 0, 0, 0)
        host.setStyleSheet(get_stylesheet(theme))
        follow_theme(inner)
        host.resize(width, 500)
        with qtbot.waitExposed(host):
            host.show()
        host.resize(width, host.sizeHint().height())
        QApplication.processEvents()
        return host

    return show
